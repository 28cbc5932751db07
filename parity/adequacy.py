"""Whether the quadrature that a generalised mixed model asks for is close to its likelihood.

Laplace's approximation is the default of every program here, and on binary data with large
variances it can be far from the likelihood that it approximates (Pinheiro & Chao 2006, section 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from parity.criterion.glmm import Criterion
from parity.criterion.glmm_answers import vcov_joint
from parity.criterion.glmm_optimum import Optimum, find, reach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parity.criterion.model import Model, Vector
    from parity.design.statement import Statement

Verdict = Literal["adequate", "poor"]

FAMILIES = ("binomial", "poisson")
"""Those without a dispersion of their own: theta is the SD of the random effect."""
RUNGS = (25, 49, 99, 199, 399)
"""Nodes that are tried until the optimum stands still."""
OFFERED = (1, 5, 9, 15, 25, 49, 99)
"""Nodes among which the fewest that suffice are sought."""
LIMIT = 100
"""The largest nAGQ that lme4 takes (its GHrule)."""
STILL = 1e-5
"""A change between two rungs that is none: five digits of theta, 1e-5 standard errors of beta."""
SUFFICIENT = (5e-4, 0.01)
"""Nodes suffice within this share of theta (three digits) and standard errors of each beta."""
POOR = (0.05, 0.1)
"""Beyond this share of theta a printed SD misleads; beyond a tenth of a standard error, beta's
bias adds more than 0.5 % to its root mean squared error."""
_NO_SPREAD = 0.1
"""An SD of Z b that hardly moves eta: theta below it is held against it instead of itself."""


@dataclass(frozen=True)
class Approximation:
    """A maximum of the approximated likelihood.

    Attributes
    ----------
    nodes
        How many: 1 is Laplace's approximation.
    theta
        The SD of the random effect (the scale is 1).
    beta
        Fixed effects, in the order of `Statement.coefficients`.
    loglik
        The approximated log-likelihood there, with all constants.
    """

    nodes: int
    theta: float
    beta: tuple[float, ...]
    loglik: float

    @property
    def label(self) -> str:
        """What it is called in a sentence."""
        return "Laplace" if self.nodes == 1 else f"nAGQ = {self.nodes}"


@dataclass(frozen=True)
class Adequacy:
    """What was asked for, beside the likelihood to five digits.

    Attributes
    ----------
    asked
        The approximation that the model's specification names.
    settled
        The one whose optimum stands still.
    drift
        How far it moved when the nodes were last doubled: the larger of theta's share and beta's
        standard errors.
    theta_excess
        The asked theta over the settled one, less 1; a reason where the settled one is 0.
    theta_error
        The same distance, unsigned, theta below an SD of 0.1 on eta's scale held against that.
    beta_shift
        The asked beta less the settled one, in standard errors of the settled fit.
    loglik_excess
        The asked log-likelihood less the settled one, each at its own maximum.
    nodes
        The fewest nodes offered that suffice: theta to three digits, beta to 0.01 standard errors;
        the settled ones where none of lme4's do.
    """

    asked: Approximation
    settled: Approximation
    drift: float
    theta_excess: float | str
    theta_error: float
    beta_shift: tuple[float, ...]
    loglik_excess: float
    nodes: int

    @property
    def verdict(self) -> Verdict:
        """``"poor"`` where theta is 5 %, or a beta a tenth of a standard error, from its place."""
        shift = max(map(abs, self.beta_shift))
        return "poor" if self.theta_error > POOR[0] or shift > POOR[1] else "adequate"

    @property
    def sentence(self) -> str:
        """What a user should know, and do."""
        label = self.asked.label
        shift = f"{max(0.001, *map(abs, self.beta_shift)):.2g} standard errors"
        if self.verdict == "adequate":
            return f"{label} is adequate here: {self._theta}, its fixed effects within {shift}."
        off = f"{label} is poor here: {self._theta}, its fixed effects up to {shift} away"
        if self.nodes > LIMIT:
            return f"{off}; lme4's largest nAGQ, {LIMIT}, does not suffice."
        return f"{off}; use nAGQ = {self.nodes}."

    @property
    def _theta(self) -> str:
        """How theta compares, in words."""
        one, other, nodes = self.asked.theta, self.settled.theta, self.settled.nodes
        if isinstance(self.theta_excess, str):
            return f"its theta is {one:.4g} and that of {nodes} nodes 0"
        if self.theta_error <= SUFFICIENT[0]:
            return f"its theta is that of {nodes} nodes to three digits ({other:.4g})"
        size = 100.0 * abs(self.theta_excess)
        percent = f"{size:.0f} %" if size >= 10.0 else f"{size:.2g} %"  # noqa: PLR2004 - two digits
        side = "above" if self.theta_excess > 0.0 else "below"
        return f"its theta is {percent} {side} that of {nodes} nodes ({one:.4g}, {other:.4g})"


def check(statement: Statement) -> Adequacy | str:
    """Return how far the asked approximation is from the likelihood, or why that is not known.

    Parameters
    ----------
    statement
        A generalised mixed model; `ModelSpec.nagq` is what is asked.

    Returns
    -------
    Adequacy or str
        A reason where the model is of another structure than one scalar random effect, where it
        has no maximum, and where the quadrature does not stand still.
    """
    reason = _inapplicable(statement.model)
    if reason is not None:
        return reason
    try:
        return _held(statement.model, statement.spec.nagq)
    except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
        return f"{error.args[0]}"


def _inapplicable(model: Model) -> str | None:
    if model.family == "gaussian":
        return "a linear mixed model's likelihood is exact: nothing is approximated"
    if model.family not in FAMILIES:
        return f"measured for {' and '.join(FAMILIES)} models, whose scale is 1, not {model.family}"
    if len(model.blocks) > 1 or model.blocks[0].width > 1:
        return (
            "more than one quadrature node needs a model of one scalar random effect; how far "
            "Laplace's approximation is from the likelihood of this one is not measured"
        )
    return None


def _held(model: Model, nodes: int) -> Adequacy:
    asked = find(Criterion(model, nodes))
    _require(asked, nodes)
    settled, size, drift, errors = _settle(model, asked)
    scale = float(np.sqrt((model.blocks[0].columns ** 2).mean()))
    floor = _NO_SPREAD / scale if scale > 0.0 else np.inf

    def apart(found: Optimum) -> tuple[float, float]:
        theta = abs(found.theta[0] - settled.theta[0]) / max(settled.theta[0], floor)
        return float(theta), float(np.max(np.abs(found.beta - settled.beta) / errors))

    enough = size
    for count, found in _offers(model, settled, asked if nodes == 1 else None):
        if count >= size or all(a <= b for a, b in zip(apart(found), SUFFICIENT, strict=True)):
            enough = min(count, size)
            break
    one, other = _said(asked, nodes), _said(settled, size)
    excess = one.theta / other.theta - 1.0 if other.theta > 0.0 else "the settled theta is 0"
    shift = tuple(((asked.beta - settled.beta) / errors).tolist())
    apartness = apart(asked)[0]
    return Adequacy(one, other, drift, excess, apartness, shift, one.loglik - other.loglik, enough)


def _settle(model: Model, start: Optimum) -> tuple[Optimum, int, float, Vector]:
    """Return the optimum that stands still, its nodes, its last move and beta's errors ``(p,)``.

    Raises
    ------
    ArithmeticError
        Where it still moves at the last rung.
    """
    criterion = Criterion(model, RUNGS[0])
    last = find(criterion, [(start.theta, start.beta)])
    drift = np.inf
    for nodes in RUNGS[1:]:
        criterion = Criterion(model, nodes)
        found = reach(criterion, criterion.at(last.theta, last.beta))
        _require(found, nodes)
        errors = np.sqrt(np.diag(vcov_joint(found.hessian, model.p)))
        moved = abs(found.theta[0] - last.theta[0])
        share = moved / found.theta[0] if found.theta[0] > 0.0 else moved
        drift = float(max(share, np.max(np.abs(found.beta - last.beta) / errors)))
        if drift <= STILL:
            return found, nodes, drift, errors
        last = found
    raise ArithmeticError(
        f"the optimum still moves by {drift:.1g} between {RUNGS[-2]} and {RUNGS[-1]} nodes; there "
        "is no likelihood to hold the approximation against"
    )


def _offers(model: Model, near: Optimum, laplace: Optimum | None) -> Iterator[tuple[int, Optimum]]:
    """Yield the optimum of each number of nodes that is offered, sought when asked for."""
    for nodes in OFFERED:
        if nodes == 1:
            yield nodes, laplace or find(Criterion(model, 1))
            continue
        criterion = Criterion(model, nodes)
        yield nodes, reach(criterion, criterion.at(near.theta, near.beta))


def _require(found: Optimum, nodes: int) -> None:
    if not found.converged:
        name = "Laplace's approximation" if nodes == 1 else f"the quadrature of {nodes} nodes"
        raise ArithmeticError(f"{name} has no optimum here that the search could reach")


def _said(found: Optimum, nodes: int) -> Approximation:
    beta = tuple(found.beta.tolist())
    return Approximation(nodes, float(found.theta[0]), beta, -0.5 * found.deviance)
