"""How the optimizer ended, and the F test of a linear model: small parts of a fit."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class OptInfo:
    """How lme4's optimizer ended (its ``optinfo``).

    Attributes
    ----------
    optimizer
        Its name; glmer's two stages are separated by a blank.
    code
        What the optimizer returned; 0 is a regular end.
    message
        The optimizer's words.
    evaluations
        Number of evaluations of the criterion; None where the optimizer does not count them.
    gradient
        (k,) finite-difference gradient of the deviance (or REML criterion) at the estimate, by
        theta, and for glmer by theta and beta; empty where lme4 did not compute it.
    hessian
        (k, k) finite-difference Hessian of the same, or None.
    lme4_code
        Codes of lme4's own convergence checks; negative ones are failed checks.
    lme4_messages
        Their words.
    warnings
        What the optimizer warned of.
    """

    optimizer: str
    code: int
    message: str
    evaluations: int | None
    gradient: NDArray[np.float64]
    hessian: pd.DataFrame | None
    lme4_code: tuple[int, ...]
    lme4_messages: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def max_gradient(self) -> float | None:
        """Largest absolute component of the gradient, None where lme4 did not compute it."""
        return float(np.abs(self.gradient).max()) if self.gradient.size else None


@dataclass(frozen=True, slots=True)
class FStatistic:
    """F statistic of a linear model against its mean, with its degrees of freedom."""

    value: float
    numdf: float
    dendf: float
