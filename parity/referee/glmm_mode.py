"""Conditional modes: floats first, then enclosures that are proven to hold the one root.

With b = tau v the mode solves ``F(v) = v - sum z (y - m B'(x'beta + z tau v)) = 0``, whose slope
``1 + tau sum z^2 m B''`` is at least 1 for every tau >= 0, tau = 0 included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from flint import arb, ctx

from parity.referee.glmm_group import groups
from parity.referee.jet import Jet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    from parity.referee.glmm_cells import Cells
    from parity.referee.glmm_group import Group

    Vector: TypeAlias = NDArray[np.float64]

_STEPS = 200
_STRIDE = 2.0
"""The longest step of a mode: exp(eta) cannot overflow on the way."""


def start_modes(cells: Cells, tau: float, beta: Sequence[float]) -> Vector:
    """Return v of each group nearly at its root, ``(J,)``: a start that nothing depends on."""
    return np.array([_start_mode(cells, group, tau, beta) for group in range(len(cells.groups))])


def _start_mode(cells: Cells, group: int, tau: float, beta: Sequence[float]) -> float:
    members = cells.groups[group]
    z = np.array([float(cell.z) for cell in members])
    m = np.array([cell.size for cell in members], dtype=float)
    y = np.array([cell.count for cell in members], dtype=float)
    fixed = np.array([[float(number) for number in cell.x] for cell in members]) @ np.asarray(beta)
    fixed += np.array([float(cell.offset) for cell in members])
    b = 0.0
    low, high = -np.inf, np.inf
    for _ in range(_STEPS):
        mean, variance = _moments(cells.family.name, fixed + z * b)
        # tau F, increasing in b, so that its sign says on which side the root lies
        value = b - tau * float(z @ (y - m * mean))
        low, high = (b, high) if value < 0 else (low, b)
        step = -value / (1 + tau * float(z**2 @ (m * variance)))
        new = b + float(np.clip(step, -_STRIDE, _STRIDE))
        if not low < new < high and np.isfinite(low + high):
            new = (low + high) / 2
        if new == b:
            break
        b = new
    return float(z @ (y - m * _moments(cells.family.name, fixed + z * b)[0]))


def _moments(family: str, eta: Vector) -> tuple[Vector, Vector]:
    if family == "poisson":
        mean = np.exp(np.minimum(eta, 700.0))
        return mean, mean
    mean = 1 / (1 + np.exp(-np.clip(eta, -700.0, 700.0)))
    return mean, mean * (1 - mean)


@dataclass(frozen=True)
class Mode:
    """A group at its conditional mode.

    Attributes
    ----------
    group
        Its cells.
    fixed
        ``exp(x'beta + offset)`` of each cell.
    b
        The mode, a jet in (tau, beta).
    v
        ``b / tau``.
    weight
        ``sum m z^2 B''`` at the mode, a jet.
    nll
        ``sum m B - y eta`` at the mode, a jet.
    """

    group: Group
    fixed: tuple[arb, ...]
    v: Jet
    b: Jet
    weight: Jet
    nll: Jet


def enclose(cells: Cells, psi: Sequence[arb]) -> list[Mode]:
    """Return every group's mode for all (tau, beta) of a box, with its derivatives.

    Parameters
    ----------
    psi
        tau (the variance of the random effects, >= 0) and beta, ``(p + 1,)``.
    """
    tau, beta = psi[0], psi[1:]
    rough = start_modes(cells, float(tau.mid()), [float(number.mid()) for number in beta])
    return [
        _enclosed(group, psi, arb(float(v))) for group, v in zip(groups(cells), rough, strict=True)
    ]


def _enclosed(group: Group, psi: Sequence[arb], start: arb) -> Mode:
    fixed = group.fixed_odds(psi[1:])
    root = _root(group, fixed, psi[0], start)
    return _differentiated(group, fixed, psi, root)


def _root(group: Group, fixed: Sequence[arb], tau: arb, start: arb) -> arb:
    """Return an enclosure of the root of F: one interval Newton step from a ball that holds it."""
    point = start.mid()
    for _ in range(60):  # doubles the digits each time, so that a few steps are enough
        value, slope = _newton_terms(group, fixed, tau, point)
        step = (value / slope).mid()
        new = (point - step).mid()
        if abs(step) < value.rad() + abs(new) * arb(2) ** -ctx.prec:
            break
        point = new
    value, _ = _newton_terms(group, fixed, tau, point)
    # the slope is at least 1, hence |root - point| <= |F(point)|
    around = arb(point, abs(value).upper())
    _, slope = _newton_terms(group, fixed, tau, around)
    return point - value / slope


def _newton_terms(group: Group, fixed: Sequence[arb], tau: arb, v: arb) -> tuple[arb, arb]:
    """Return F(v) and F'(v)."""
    value, slope = v - group.response[group.response.nrows() - 1, 0], arb(1)
    odds = group.odds(fixed, tau * v)
    for m, z, q in zip(group.sizes, group.z, odds, strict=True):
        first, second = group.family.cumulants(q, 2)
        value += m * z * first
        slope += tau * m * z * z * second
    return value, slope


def _differentiated(group: Group, fixed: list[arb], psi: Sequence[arb], root: arb) -> Mode:
    """Return the mode's derivatives by the implicit function theorem: F = 0 to second order."""
    dimension = len(psi)
    tau = Jet.variable(psi[0], 0, dimension)
    odds = group.odds(fixed, psi[0] * root)
    by_cell = [group.family.cumulants(q, 4) for q in odds]
    first, second, third, fourth = (list(row) for row in zip(*by_cell, strict=True))
    z, zz = group.z, [c * c for c in group.z]
    expected, weight = (
        sum((m * c for m, c in zip(group.sizes, column, strict=True)), arb(0))
        for column in (_products(z, first), _products(zz, second))
    )
    slope = 1 + psi[0] * weight
    v = Jet.constant(root, dimension)
    scored = _column(_products(z, second)), _column(_products(z, third))
    v = Jet(root, -(v + group.chain(expected, scored, tau * v)).gradient / slope, v.hessian)
    v = Jet(root, v.gradient, -(v + group.chain(expected, scored, tau * v)).hessian / slope)
    b = tau * v
    (cumulant,), *derivatives = group.family.tally(group.sizes, _column(odds))
    curved = _column(_products(zz, third)), _column(_products(zz, fourth))
    return Mode(
        group=group,
        fixed=tuple(fixed),
        v=v,
        b=b,
        weight=group.chain(weight, curved, b),
        nll=group.chain(cumulant, (derivatives[0], derivatives[1]), b) - group.linear(psi[1:], b),
    )


def _products(weights: Sequence[arb], numbers: Sequence[arb]) -> list[arb]:
    return [weight * number for weight, number in zip(weights, numbers, strict=True)]


def _column(numbers: Sequence[arb]) -> list[list[arb]]:
    return [[number] for number in numbers]
