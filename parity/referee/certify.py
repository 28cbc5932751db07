"""Case → certificate: the criterion's optimum, proven, and every quantity enclosed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flint
from flint import ctx

from parity.certificate import Certificate, objective_of
from parity.criterion import optimum as search
from parity.criterion.lmm import Criterion as FloatCriterion
from parity.design.statement import state
from parity.referee import exact
from parity.referee.criterion import Criterion
from parity.referee.eliminated import eliminated
from parity.referee.estimates import estimate
from parity.referee.one_factor import one_factor
from parity.referee.optimum import prove
from parity.referee.quantities import Found, quantities
from parity.referee.sentences import statements
from parity.referee.start import candidates
from parity.referee.writing import write

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from parity.case import Case
    from parity.criterion.model import Model
    from parity.design.statement import Statement

BITS, FEWER_BITS = 320, 128
_LARGE = 400
"""Effects left after elimination beyond which a matrix inverse at 320 bits takes minutes."""


class NoCertificateError(ValueError):
    """A case of a kind that the referee has no proofs for."""


def certify(
    case: Case, data: pd.DataFrame, *, bits: int | None = None, objective: str | None = None
) -> Certificate:
    """Return the certificate of a mixed model on its data.

    Parameters
    ----------
    case, data
        The question, and the frame that its dataset loads.
    bits
        Working precision of the balls; by default 320, and 128 where more than 400 random effects
        remain when the largest factor is eliminated.
    objective
        Of a generalised model: ``"Laplace"``, ``"AGQ 9"``, ``"AGQ 25"`` or ``"integral"``; by
        default what the case itself fits.

    Raises
    ------
    NoCertificateError, InexactError
        Where the model is not one that can be certified, or the data are not exact decimals.
    NotExpressibleError, UnusableDataError
        Where the model cannot be stated on the data.
    ProofError, UncertainError
        Where the proof does not succeed at this precision.
    """
    if case.spec.kind == "lm":
        raise NoCertificateError(
            f"{case.name} has no random effects; the referee certifies mixed models."
        )
    statement = state(case.spec, data)
    if case.spec.kind == "glmm":
        from parity.referee.glmm import certify_glmm  # noqa: PLC0415 - needed by no linear model

        wanted = objective or objective_of(case.spec.kind, case.spec.nagq)
        return certify_glmm(case, statement, objective=wanted, bits=bits)
    if objective not in {None, "likelihood"}:
        raise NoCertificateError(
            f"{case.name} is a linear mixed model, whose likelihood has a closed form; {objective} "
            "is for generalised ones."
        )
    reml = case.spec.criterion == "REML"
    start = search.find(FloatCriterion(statement.model, reml)).theta
    return certify_from(case, statement, start, bits=bits)


def certify_from(
    case: Case, statement: Statement, theta: NDArray[np.float64], *, bits: int | None = None
) -> Certificate:
    """Return the certificate of a linear mixed model from a start theta ``(m,)``.

    Nothing that is certified depends on the start but which local optimum is found.
    """
    model = statement.model
    data = exact.read(model)
    precision = default_bits(model) if bits is None else bits
    with ctx.workprec(precision):
        one = len(data.factors) == 1
        system = one_factor(model, data) if one else eliminated(model, data)
        criterion = Criterion(system, data.n, data.p, case.spec.criterion == "REML")
        optimum = prove(criterion, candidates(model, theta))
        estimates = estimate(criterion, optimum)
        effects = system.effects(optimum.phi, estimates.beta)
        found = Found(statement, data, optimum, estimates, effects)
        numbers = quantities(found)
        values, proven = write("lmm", numbers.counts, numbers.balls)
        sentences = statements(criterion, found)
    return Certificate(
        case=case.name,
        formula=case.spec.formula,
        criterion=case.spec.criterion,
        family=case.spec.family,
        link=case.spec.link,
        objective="likelihood",
        dataset=case.dataset.name,
        sha256=case.dataset.sha256,
        bits=precision,
        values=values,
        proven=proven,
        statements=sentences,
        absent=numbers.absent,
        versions=versions(),
    )


def default_bits(model: Model) -> int:
    """Return the working precision that a model's size allows."""
    sizes = [block.levels * block.width for block in model.blocks]
    return FEWER_BITS if sum(sizes) - max(sizes) > _LARGE else BITS


def versions() -> dict[str, str]:
    """Return the versions of the programs whose arithmetic the proofs rest on."""
    return {"python-flint": flint.__version__, "FLINT": flint.__FLINT_VERSION__}
