"""The optimum of a linear mixed model's criterion, of one response or of many at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from parity.criterion.boundary import are_minima, settle, ways_off
from parity.criterion.components import are_narrow
from parity.criterion.coordinates import natural, ordered
from parity.criterion.covariance import factors, pack
from parity.criterion.derivative import differentiate
from parity.criterion.descent import Reached, descend, newton_steps
from parity.criterion.joint import Joint
from parity.criterion.lmm import Criterion
from parity.criterion.objective import Separate
from parity.criterion.reduction import Reduction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from parity.criterion.coordinates import Coordinates
    from parity.criterion.model import Matrix, Model, Vector
    from parity.criterion.objective import Objective

    Positions = NDArray[np.intp]
    Flags = NDArray[np.bool_]

ESCAPES = 3
_FEW = 500
"""Rows up to which a search goes down from every start."""
_SAMPLE = 1 << 16
"""Rows, evenly apart, whose weights say what a middling one is."""
_ROUNDING = 1e-13
"""Share of a deviance by which another minimum has to be lower."""
STARTS = (1.0, 0.3, 0.1, 3.0)


@dataclass(frozen=True)
class Optimum:
    """Where a search ended.

    Attributes
    ----------
    theta
        ``(m,)``, over sigma; the diagonal of Lambda is at least 0.
    deviance
        The profiled deviance there.
    decrement
        Newton decrement g' H^-1 g / 2: the deviance still to be gained, to second order.
    steps
        Newton steps taken.
    converged
        Whether the decrement is below rounding and no direction leads down.
    singular
        Whether a combination of random effects has a variance of 0.
    """

    theta: Vector
    deviance: float
    decrement: float
    steps: int
    converged: bool
    singular: bool


@dataclass(frozen=True)
class Optima(Reached):
    """Where the searches of many responses ended, theta in the model's own order of columns.

    Attributes
    ----------
    singular
        Whether a combination of random effects has a variance of 0, ``(b,)``.
    """

    singular: Flags


def find(criterion: Criterion, starts: Iterable[Vector] = ()) -> Optimum:
    """Return the lowest deviance that Newton's method reaches from some starts: see `lowest`.

    Parameters
    ----------
    criterion
        What is minimised.
    starts
        Points theta ``(m,)`` to begin at, besides a few multiples of the identity.

    Raises
    ------
    ValueError
        Where no start has a finite deviance.
    """
    model = criterion.model
    units = units_of(model)
    offered = [theta_in_units(model, start, units)[None] for start in starts]
    found = lowest(_objective(criterion, units), [*offered, *identities(model, 1)])
    if not np.isfinite(found.heights[0]):
        message = "the deviance is not finite at any start; the data or the model are degenerate"
        raise ValueError(message)
    theta = theta_in_units(model, found.theta[0], [1.0 / unit for unit in units])
    return Optimum(
        theta=theta,
        deviance=criterion.deviance(theta),
        decrement=float(found.decrements[0]),
        steps=int(found.steps[0]),
        converged=bool(found.converged[0]),
        singular=bool(found.singular[0]),
    )


def _objective(criterion: Criterion, units: Sequence[Vector]) -> Objective:
    """Return what is minimised, the random effects' columns divided by units."""
    model, reml = criterion.model, criterion.reml
    if not are_narrow(model.blocks):
        return Separate([Criterion(in_units(model, units), reml)])
    reduction = Reduction(model, units)
    return Joint(reduction, reduction.reduce(model.y[:, None]), reml=reml)


def decrement(criterion: Criterion, theta: Vector) -> float:
    """Return the deviance that Newton's method expects to gain from theta, at least 0.

    ``g' |H|^-1 g / 2`` in theta, the curvature of the wrong sign turned round. Beside a saddle at
    the boundary the gradient in theta is as small as theta; there it is ``g' H^-1 g / 2`` in
    vech(D), where that Hessian is positive definite.
    """
    units = units_of(criterion.model)
    scaled = Criterion(in_units(criterion.model, units), criterion.reml)
    point = scaled.at(theta_in_units(criterion.model, theta, units))
    there = differentiate(point)
    gradient, hessian = natural(scaled.model, 1).in_theta(
        point.theta[None], there.gradient[None], there.hessian[None]
    )
    gain = float(newton_steps(gradient, hessian)[1][0])
    if are_minima(hessian)[0] or np.linalg.eigvalsh(there.hessian)[0] <= 0:
        return gain
    return max(gain, 0.5 * float(there.gradient @ np.linalg.solve(there.hessian, there.gradient)))


def lowest(objective: Objective, starts: Sequence[Matrix]) -> Optima:
    """Return the lowest of the minima reached from some starts, ``(b, m)`` each.

    On few rows a deviance may have several, and each start is gone down from; on more than a few
    hundred the best one alone, as `minimise` does.
    """
    if objective.model.n > _FEW:
        return minimise(objective, starts)
    # from the last one, the most ordinary of them
    whole = minimise(objective, starts[-1:])
    for start in starts[:-1]:
        try:
            other = minimise(objective, [start])
        except np.linalg.LinAlgError:  # so far out that nothing is finite there
            continue
        at = np.flatnonzero(_are_better(other, whole))
        _store(whole, at, _taken(other, at))
    return whole


def _are_better(found: Optima, known: Optima) -> Flags:
    """Whether other minima are lower beyond rounding, or as low and arrived at, ``(b,)``."""
    heights = np.where(np.isfinite(known.heights), known.heights, np.inf)
    margin = _ROUNDING * np.abs(np.where(np.isfinite(heights), heights, 0.0))
    lower = found.heights < heights - margin
    return lower | (found.converged & ~known.converged & (found.heights <= heights + margin))


def _taken(found: Optima, at: Positions) -> Optima:
    """Return the minima of some of the responses."""
    return Optima(**{name: values[at] for name, values in vars(found).items()})


@np.errstate(over="ignore", invalid="ignore")
def minimise(objective: Objective, starts: Sequence[Matrix]) -> Optima:
    """Return the minima reached from the best of some starts, ``(b, m)`` each.

    The columns of the random effects should be of the order of 1. Where no start has a finite
    deviance the height is infinite.
    """
    model, count = objective.model, len(starts[0])
    theta = _best(objective, starts)
    which = np.flatnonzero(np.isfinite(theta).all(axis=1))
    plain = natural(model, count)
    whole = Optima(
        theta, np.full(count, np.inf), np.full(count, np.inf), np.zeros(count, dtype=np.intp),
        np.zeros(count, dtype=bool), np.zeros(count, dtype=bool),
    )  # fmt: skip
    for _ in range(ESCAPES + len(model.blocks)):
        if not len(which):
            break
        # with the largest variance first: where the first one's goes to 0 and another's does not,
        # theta says the same D in many ways, and Newton's method crawls
        covered = plain.take(which).covariances(whole.theta[which])
        turned = ordered(model, covered)
        found = _to_the_bottom(objective, turned, turned.theta(covered), which)
        reached = plain.take(which).theta(turned.covariances(found.theta))
        steps = whole.steps[which] + found.steps
        _store(whole, which, replace(found, theta=reached, steps=steps))
        which = which[~found.converged]
    return whole


def _store(whole: Optima, which: Positions, found: Optima) -> None:
    for name in ("theta", "heights", "decrements", "steps", "converged", "singular"):
        getattr(whole, name)[which] = getattr(found, name)


def _best(objective: Objective, starts: Sequence[Matrix]) -> Matrix:
    """Return each one's lowest start, ``(b, m)``; NaN where none has a finite deviance."""
    count = len(starts[0])
    plain, which = natural(objective.model, count), np.arange(count)
    if len(starts) == 1:
        return starts[0].copy()
    heights = np.stack([objective.heights(plain.factors(start), which) for start in starts])
    heights[~np.isfinite(heights)] = np.inf
    best = np.stack(starts)[np.argmin(heights, axis=0), which]
    best[np.isinf(heights).all(axis=0)] = np.nan
    return np.asarray(best)


def _to_the_bottom(
    objective: Objective, coordinates: Coordinates, start: Matrix, which: Positions
) -> Optima:
    """Return the minima from starts, saddles at the boundary left behind."""
    found = descend(objective, coordinates, start, which)
    whole = Optima(**vars(found), singular=np.zeros(len(which), dtype=bool))
    at = np.arange(len(which))
    for escapes in range(ESCAPES + len(objective.model.blocks) + 1):
        here, own = coordinates.take(at), which[at]
        theta, heights, singular = settle(objective, here, found, own)
        settled = Optima(theta, heights, found.decrements, found.steps, found.converged, singular)
        _store(whole, at, settled)
        falling, lower = ways_off(objective, here, theta, own)
        if not len(falling):
            break
        steps, at = found.steps[falling], at[falling]
        if escapes == ESCAPES + len(objective.model.blocks):
            whole.converged[at] = False
            break
        found = descend(objective, coordinates.take(at), lower, which[at])
        found = replace(found, steps=steps + found.steps)
    return whole


def identities(model: Model, count: int) -> list[Matrix]:
    """Return a few multiples of the identity to start at, ``(b, m)`` each."""
    return [
        np.tile(pack([size * np.eye(block.width) for block in model.blocks]), (count, 1))
        for size in STARTS
    ]


def units_of(model: Model) -> list[Vector]:
    """Return the power of two nearest to each column's root mean square, ``(r,)`` a block.

    It is over the residual SD of a row of middling weight: the weights' unit does not count either.
    """
    root = np.sqrt(np.median(model.weights[:: 1 + model.n // _SAMPLE]))
    sizes = [
        root * np.sqrt(np.einsum("nr,nr->r", block.columns, block.columns) / model.n)
        for block in model.blocks
    ]
    return [
        np.asarray(2.0 ** np.round(np.log2(np.where(size > 0, size, 1.0))), dtype=np.float64)
        for size in sizes
    ]


def in_units(model: Model, units: Sequence[Vector]) -> Model:
    """Return the model with the random effects' columns divided by units ``(r,)`` a block."""
    blocks = [
        replace(block, columns=block.columns / unit)
        for block, unit in zip(model.blocks, units, strict=True)
    ]
    return replace(model, blocks=tuple(blocks))


def theta_in_units(model: Model, theta: Vector, units: Sequence[Vector]) -> Vector:
    """Return theta with the rows of each factor multiplied by units ``(r,)``."""
    pieces = [
        unit[:, None] * factor for factor, unit in zip(factors(model, theta), units, strict=True)
    ]
    return pack(pieces)
