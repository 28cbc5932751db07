"""What a test of linear hypotheses R b = q gives, and how it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from bridge.arguments import as_number
from bridge.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.constraint import Constraints


@dataclass(frozen=True, slots=True, eq=False)
class WaldTest:
    """The joint test of k constraints.

    Attributes
    ----------
    statistic
        Wald's chi-squared, or F: that divided by k.
    pvalue
        Its upper tail.
    distribution
        ``"chi2"`` or ``"F"``.
    df_num
        Number of constraints k.
    df_denom
        F: denominator degrees of freedom. chi2: k too, as in statsmodels.
    labels
        (k,) the constraints in words.
    """

    statistic: float
    pvalue: float
    distribution: str
    df_num: int
    df_denom: float
    labels: tuple[str, ...]

    @property
    def fvalue(self) -> float:
        """The F statistic.

        Raises
        ------
        ArgumentError
            For a chi-squared test.
        """
        if self.distribution != "F":
            raise ArgumentError("The test is a chi-squared one and has no F: see statistic.")
        return self.statistic

    def summary(self) -> str:
        """Return the constraints, and a line with the test."""
        name = "F" if self.distribution == "F" else "chi2"
        df = f"{self.df_num}, {self.df_denom:g}" if name == "F" else f"{self.df_num}"
        lines = [*self.labels, f"{name}({df}) = {self.statistic:.6g}, p-value = {self.pvalue:.4g}"]
        return "\n".join(lines)

    def __str__(self) -> str:
        """Return the summary."""
        return self.summary()


@dataclass(frozen=True, slots=True, eq=False)
class ContrastTest:
    """k sums of coefficients, each tested on its own; p-values are not adjusted for their number.

    Attributes
    ----------
    effect
        (k,) R b: the estimates of the sums.
    value
        (k,) q: what they are under the hypothesis.
    sd
        (k,) standard errors of `effect`.
    tvalue
        (k,) (effect - value) / sd, a z value where `distribution` is ``"norm"``.
    pvalue
        (k,) two-sided.
    distribution
        ``"norm"`` or ``"t"``.
    df_denom
        (k,) degrees of freedom of t; infinite for the normal distribution.
    labels
        (k,) the constraints in words.
    """

    effect: NDArray[np.float64]
    value: NDArray[np.float64]
    sd: NDArray[np.float64]
    tvalue: NDArray[np.float64]
    pvalue: NDArray[np.float64]
    distribution: str
    df_denom: NDArray[np.float64]
    labels: tuple[str, ...]

    @property
    def statistic(self) -> NDArray[np.float64]:
        """`tvalue`, by statsmodels' general name."""
        return self.tvalue

    def conf_int(self, alpha: float = 0.05) -> NDArray[np.float64]:
        """Return (k, 2) limits of `effect` at the level 1 - alpha."""
        reach = _quantiles(alpha, self.df_denom) * self.sd
        return np.column_stack((self.effect - reach, self.effect + reach))

    def summary_frame(self, alpha: float = 0.05) -> pd.DataFrame:
        """Return statsmodels' columns: coef, std err, t or z, P>|t|, Conf. Int. Low and Upp."""
        letter = "t" if self.distribution == "t" else "z"
        limits = self.conf_int(alpha)
        columns = {
            "coef": self.effect,
            "std err": self.sd,
            letter: self.tvalue,
            f"P>|{letter}|": self.pvalue,
            "Conf. Int. Low": limits[:, 0],
            "Conf. Int. Upp.": limits[:, 1],
        }
        return pd.DataFrame(columns, index=list(self.labels))

    def summary(self, alpha: float = 0.05) -> str:
        """Return the table as text, under a line that says by what it is judged."""
        df = ", ".join(f"{df:g}" for df in np.unique(self.df_denom))
        judge = f"t with {df} df" if self.distribution == "t" else "normal"
        return f"Tests of linear hypotheses ({judge})\n{self.summary_frame(alpha).to_string()}"

    def __str__(self) -> str:
        """Return the summary."""
        return self.summary()


def _quantiles(alpha: float, df: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (k,) two-sided quantiles of t, of the normal distribution where df is infinite."""
    as_number("alpha", alpha, low=0, high=1)
    # SciPy's t with infinite df is the normal distribution itself.
    return np.asarray(stats.t.isf(alpha / 2, df), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What tests stand on: (p,) beta, their (p, p) covariance, (k,) degrees of freedom."""

    beta: NDArray[np.float64]
    vcov: NDArray[np.float64]
    df: NDArray[np.float64]


def judge_each(constraints: Constraints, ground: Ground) -> ContrastTest:
    """Return the tests of each row of R b = q by (R b - q) / sqrt(diag(R V R'))."""
    R = constraints.matrix
    effect = R @ ground.beta
    sd = np.sqrt(np.einsum("kp,pq,kq->k", R, ground.vcov, R))
    tvalue = (effect - constraints.targets) / sd
    return ContrastTest(
        effect=effect,
        value=constraints.targets,
        sd=sd,
        tvalue=tvalue,
        pvalue=np.asarray(2 * stats.t.sf(np.abs(tvalue), ground.df), dtype=np.float64),
        distribution="norm" if np.isinf(ground.df).all() else "t",
        df_denom=ground.df,
        labels=constraints.labels,
    )


def judge_jointly(constraints: Constraints, ground: Ground) -> WaldTest:
    """Return the test of R b = q by d' (R V R')^-1 d with d = R b - q.

    Where the degrees of freedom are infinite it is chi-squared with k of them, else it is divided
    by k and is F with k and those of the first constraint.
    """
    R = constraints.matrix
    distance = R @ ground.beta - constraints.targets
    wald = float(distance @ np.linalg.solve(R @ ground.vcov @ R.T, distance))
    k, df = len(R), float(ground.df[0])
    if np.isinf(df):
        tail = float(stats.chi2.sf(wald, k))
        return WaldTest(wald, tail, "chi2", k, float(k), constraints.labels)
    tail = float(stats.f.sf(wald / k, k, df))
    return WaldTest(wald / k, tail, "F", k, df, constraints.labels)
