"""Bootstrap intervals of one parameter, by the rules of R's ``boot.ci``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind = Literal["perc", "basic", "norm"]
KINDS = ("perc", "basic", "norm")


def interval(
    estimate: float, replicates: NDArray[np.float64], level: float, kind: Kind
) -> tuple[float, float]:
    """Return the limits of an interval (Davison & Hinkley 1997, section 5.2.1 and 5.3.1).

    Parameters
    ----------
    estimate
        The parameter of the fit itself.
    replicates
        Those of the refits, ``(n,)``, finite.
    level
        Coverage, between 0 and 1.
    kind
        ``"perc"``: quantiles of the replicates; ``"basic"``: these mirrored at the estimate;
        ``"norm"``: estimate minus bias, plus or minus a normal quantile times their SD.
    """
    tail = (1.0 - level) / 2.0
    if kind == "norm":
        centre = 2.0 * estimate - float(np.mean(replicates))
        reach = float(special.ndtri(1.0 - tail) * np.std(replicates, ddof=1))
        return centre - reach, centre + reach
    ordered = np.sort(replicates)
    low, high = quantile(ordered, tail), quantile(ordered, 1.0 - tail)
    if kind == "basic":
        return 2.0 * estimate - high, 2.0 * estimate - low
    return low, high


def quantile(ordered: NDArray[np.float64], share: float) -> float:
    """Return a quantile of ordered numbers ``(n,)``, interpolated on the normal scale.

    The (n + 1) share-th of them (Davison & Hinkley 1997, equation 5.8); beyond the first or last
    it is that one.
    """
    count = len(ordered)
    rank = (count + 1) * share
    # (n + 1) share is a whole number but for rounding where it is meant to be one
    below = round(rank) if math.isclose(rank, round(rank), rel_tol=1e-12) else math.floor(rank)
    if below < 1:
        return float(ordered[0])
    if below >= count:
        return float(ordered[-1])
    left, right = float(ordered[below - 1]), float(ordered[below])
    if math.isclose(rank, below, rel_tol=1e-12):
        return left
    places = special.ndtri(np.array([share, below / (count + 1), (below + 1) / (count + 1)]))
    return left + float((places[0] - places[1]) / (places[2] - places[1])) * (right - left)
