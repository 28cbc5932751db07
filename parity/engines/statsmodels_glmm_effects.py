"""A fitted GLMM's random effects, and the means and residuals at their conditional modes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from statsmodels.base.model import LikelihoodModelResults

from parity.criterion.covariance import covariances
from parity.criterion.dispersion import DispersedPoint
from parity.criterion.glmm_answers import Answers

if TYPE_CHECKING:
    from parity.criterion.glmm_optimum import Optimum
    from parity.criterion.model import Vector
    from parity.engines.statsmodels_glmm import GLMM


class ConditionalModes(LikelihoodModelResults):
    """What follows from the optimum by way of the conditional modes, lists block by block."""

    model: GLMM
    optimum: Optimum

    @cached_property
    def implied(self) -> Answers:
        """What follows from the criterion at the optimum."""
        return Answers(self.optimum.point)

    @property
    def theta(self) -> Vector:
        """The random effects' Cholesky factors, ``(m,)``, as lme4's ``getME(fit, "theta")``."""
        return self.optimum.theta

    @property
    def sigma(self) -> float:
        """The root of the dispersion, by lme4's convention; 1 for a family without one.

        It is what theta is over: a random effect's SD is theta times sigma.
        """
        point = self.optimum.point
        return point.sigma if isinstance(point, DispersedPoint) else 1.0

    @property
    def cov_re(self) -> list[pd.DataFrame]:
        """Each block's covariance matrix ``(r, r)``, variances on its diagonal, as MixedLM's."""
        matrices = covariances(self.optimum.point.criterion.model, self.theta)
        return [
            pd.DataFrame(self.sigma**2 * matrix, index=list(block.names), columns=list(block.names))
            for block, matrix in zip(self.model.random, matrices, strict=True)
        ]

    @property
    def random_effects(self) -> list[pd.DataFrame]:
        """Each block's conditional modes, a level a row; lme4's ``ranef``."""
        return self._by_block(self.implied.b)

    @property
    def random_effects_sd(self) -> list[pd.DataFrame]:
        """Their conditional standard deviations given the fixed effects, a level a row."""
        return self._by_block(self.sigma * np.sqrt(self.implied.variances))

    @property
    def fittedvalues(self) -> Vector:
        """The mean at the conditional modes, ``(n,)``; of a binomial response a share."""
        return self.implied.fitted

    @property
    def resid(self) -> Vector:
        """Response less fitted values, ``(n,)``."""
        return np.asarray(self.model.endog - self.fittedvalues)

    @property
    def resid_response(self) -> Vector:
        """The same, under GLM's name, ``(n,)``."""
        return self.resid

    @property
    def resid_pearson(self) -> Vector:
        """Residuals over the square root of the family's variance over the weight, ``(n,)``."""
        return self.implied.pearson_residuals

    @property
    def resid_deviance(self) -> Vector:
        """Signed roots of the rows' shares of the conditional deviance, ``(n,)``; lme4's resid."""
        return self.implied.deviance_residuals

    def _by_block(self, effects: Vector) -> list[pd.DataFrame]:
        sizes = [len(block.levels) * len(block.names) for block in self.model.random]
        pieces = np.split(effects, np.cumsum(sizes)[:-1])
        return [
            block.effects(piece) for block, piece in zip(self.model.random, pieces, strict=True)
        ]

    def zb(self, random: Any) -> Vector:  # noqa: ANN401 - a sequence of RandomEffects
        """Return Z b ``(k,)`` of rows with these groupings; 0 of levels that are new."""
        tables = self.random_effects
        return np.asarray(
            sum(
                block.contribution(table.to_numpy().ravel(), rows)
                for block, table, rows in zip(self.model.random, tables, random, strict=True)
            )
        )
