"""Case → certificate, for generalised mixed models with one scalar random effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flint
from flint import ctx

from parity.certificate import Certificate
from parity.referee.glmm_cells import UncertifiableError, gather
from parity.referee.glmm_optimum import OBJECTIVES, optimise
from parity.referee.glmm_sentences import statements
from parity.referee.glmm_values import Found, absent, balls, counts
from parity.referee.writing import write

if TYPE_CHECKING:
    from parity.case import Case
    from parity.design.statement import Statement

BITS = 256
INTEGRAL_BITS = 176
"""The integral's nodes and their cost grow with the precision; this gives 30 digits and more."""
STORED_BITS = 256
_VANISHING = "1e-25"


def certify_glmm(
    case: Case, statement: Statement, *, objective: str = "Laplace", bits: int | None = None
) -> Certificate:
    """Return the certificate of a generalised mixed model.

    Parameters
    ----------
    case, statement
        The question, and its arrays.
    objective
        ``"Laplace"``, ``"AGQ 9"``, ``"AGQ 25"`` or ``"integral"``: what is maximised.
    bits
        Working precision of the balls; by default 256, for the integral 176.

    Raises
    ------
    UncertifiableError
        Where the model has more than one scalar random effect or another family, or the data are
        not exact.
    ProofError, SearchError, UncertainError
        Where no optimum is found, or not proven at this precision.
    """
    if objective not in OBJECTIVES:
        raise UncertifiableError(
            f"The objective {objective!r} is unknown; expected one of {', '.join(OBJECTIVES)}."
        )
    precision = bits or (INTEGRAL_BITS if objective == "integral" else BITS)
    with ctx.workprec(precision):
        cells = gather(statement.model)
        found = Found(statement, cells, optimise(cells, objective))
        values, proven = write("glmm", counts(found), balls(found), _VANISHING)
        sentences = statements(found, objective)
    return Certificate(
        case=case.name,
        formula=case.spec.formula,
        criterion="ML",
        family=case.spec.family,
        link=case.spec.link,
        objective=objective,
        dataset=case.dataset.name,
        sha256=case.dataset.sha256,
        bits=precision,
        values=values,
        proven=proven,
        statements=sentences,
        absent=absent(found),
        versions={"python-flint": flint.__version__, "FLINT": flint.__FLINT_VERSION__},
        weights=case.spec.weights,
    )
