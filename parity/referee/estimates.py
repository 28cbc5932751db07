"""Estimates and their covariances at the optimum, as balls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from parity.referee.matrices import block, cholesky

if TYPE_CHECKING:
    from parity.referee.chart import Face
    from parity.referee.criterion import Criterion
    from parity.referee.optimum import Optimum


@dataclass(frozen=True)
class Estimates:
    """What follows from the optimum alone.

    Attributes
    ----------
    deviance
        -2 log-likelihood of the criterion, with all constants.
    beta
        ``(p,)``.
    sigma2
        The residual variance.
    conditional
        sigma^2 (X'V^-1 X)^-1, ``(p, p)``.
    joint
        The fixed effects' part of the inverse joint observed information of (beta, vech D) with
        sigma^2 profiled out, ``(p, p)``; None at the boundary.
    relative
        D of each block, ``(r, r)``, over sigma^2.
    factors
        Its lower Cholesky factor Lambda.
    """

    deviance: arb
    beta: tuple[arb, ...]
    sigma2: arb
    conditional: arb_mat
    joint: arb_mat | None
    relative: tuple[arb_mat, ...]
    factors: tuple[arb_mat, ...]


def estimate(criterion: Criterion, optimum: Optimum) -> Estimates:
    """Return the estimates over the proven enclosure of the optimum."""
    S, p = optimum.evaluation.parts.S, criterion.p
    inverse = block(S, range(p), range(p)).inv()
    sxy = block(S, range(p), range(p, p + 1))
    beta = inverse * sxy
    rest = S[p, p] - (sxy.transpose() * beta)[0, 0]
    sigma2 = rest / criterion.freedom
    faces, parts = optimum.chart.faces, optimum.chart.split(optimum.psi)
    relative = tuple(face.covariance(part) for face, part in zip(faces, parts, strict=True))
    return Estimates(
        deviance=criterion.value_of(criterion.system.logdet(optimum.phi), S),
        beta=tuple(beta.entries()),
        sigma2=sigma2,
        conditional=inverse * sigma2,
        joint=None if optimum.singular else inverse * sigma2 + _spread(optimum, inverse, beta),
        relative=relative,
        factors=tuple(_factor(D, face.rank) for face, D in zip(faces, relative, strict=True)),
    )


def _spread(optimum: Optimum, inverse: arb_mat, beta: arb_mat) -> arb_mat:
    """Return J Hp^-1 J': what the covariance parameters' uncertainty adds to that of beta.

    J = dbeta/dphi = Sxx^-1 (dsxy - dSxx beta), and Hp = H / 2 is the Hessian of minus the
    profile log-likelihood.
    """
    p = inverse.nrows()
    columns = [
        (inverse * (block(S, range(p), range(p, p + 1)) - block(S, range(p), range(p)) * beta))
        for S in optimum.evaluation.parts.S_first
    ]
    J = arb_mat([column.entries() for column in columns]).transpose()
    return J * (optimum.evaluation.hessian / 2).inv() * J.transpose()


def _factor(D: arb_mat, rank: int) -> arb_mat:
    """Return the lower Cholesky factor of a D of this rank, ``(r, r)``, its last columns 0.

    Its first rows have to be independent, else the balls are not finite.
    """
    width = D.nrows()
    if rank == width:
        return cholesky(D)
    L = arb_mat(width, width)
    if not rank:
        return L
    top = cholesky(block(D, range(rank), range(rank)))
    lower = block(D, range(rank, width), range(rank)) * top.inv().transpose()
    for j in range(rank):
        for i in range(width):
            L[i, j] = top[i, j] if i < rank else lower[i - rank, j]
    return L


def correlation(face: Face, D: arb_mat, i: int, j: int) -> arb:
    """Return the correlation of two effects of positive variance; exactly +-1 on rank 1."""
    if face.rank == 1:
        return arb(1) if bool(D[i, j] > 0) else arb(-1)
    return D[i, j] / (D[i, i] * D[j, j]).sqrt()
