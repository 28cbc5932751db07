"""The log-likelihood of a GLMM and its derivatives, as statsmodels' models have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from statsmodels.base.model import LikelihoodModel

from parity.criterion.dispersion import criterion_of
from parity.criterion.glmm_hessian import differentiate, widths
from parity.criterion.glmm_search import Search
from parity.criterion.glmm_start import guess_inverse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parity.criterion.glmm import Criterion, Point
    from parity.criterion.model import Matrix, Model, Vector


class MarginalLikelihood(LikelihoodModel):
    """A likelihood whose random effects are integrated out; params are beta and then theta."""

    k_fe: int
    """The number p of fixed effects."""
    k_theta: int
    """The number m of elements of theta."""
    _criteria: dict[int, Criterion]
    _model: Model

    def criterion(self, nagq: int = 1) -> Criterion:
        """Return the deviance as a function of theta and beta, with so many quadrature nodes.

        Raises
        ------
        ValueError
            Where the model cannot be integrated with these.
        """
        if nagq not in self._criteria:
            self._criteria[nagq] = criterion_of(self._model, nagq)
        return self._criteria[nagq]

    def loglike(self, params: Any, nagq: int = 1) -> float:  # noqa: ANN401 - array-like
        """Return the log-likelihood, all constants kept.

        Parameters
        ----------
        params : array_like
            Fixed effects and then theta, ``(p + m,)``.
        nagq : int
            Quadrature nodes; 1 is Laplace's approximation.
        """
        return -0.5 * self._at(params, nagq).deviance

    def score(self, params: Any, nagq: int = 1) -> Vector:  # noqa: ANN401 - array-like
        """Return the log-likelihood's exact derivative in the params, ``(p + m,)``."""
        return self.ordered(-0.5 * self._at(params, nagq).gradient)

    def hessian(self, params: Any, nagq: int = 1) -> Matrix:  # noqa: ANN401 - array-like
        """Return its second derivative, ``(p + m, p + m)``: differences of the exact score."""
        point = self._at(params, nagq)
        search = Search(point.criterion, point.state)
        wide = widths(search, point, guess_inverse(search, point))
        return self.ordered(-0.5 * differentiate(search, point, wide))

    def information(self, params: Any, nagq: int = 1) -> Matrix:  # noqa: ANN401 - array-like
        """Return the observed information: minus the Hessian, ``(p + m, p + m)``."""
        return -self.hessian(params, nagq)

    def ordered(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the criterion's vector or square matrix, theta first, in the order of params."""
        order = np.roll(np.arange(self.k_theta + self.k_fe), -self.k_theta)
        return values[order] if values.ndim == 1 else values[np.ix_(order, order)]

    def parted(self, params: Any) -> tuple[Vector, Vector]:  # noqa: ANN401 - array-like
        """Return theta ``(m,)`` and beta ``(p,)`` of params.

        Raises
        ------
        ValueError
            Where there are too many or too few.
        """
        values = np.asarray(params, dtype=np.float64)
        if values.shape != (self.k_fe + self.k_theta,):
            raise ValueError(f"params have shape {values.shape}; {self.data.param_names} are due.")
        return values[self.k_fe :], values[: self.k_fe]

    def _at(self, params: Any, nagq: int) -> Point:  # noqa: ANN401 - array-like
        return self.criterion(nagq).at(*self.parted(params))

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is made again when it is asked for."""
        return {**self.__dict__, "_criteria": {}}
