"""One MixedLM object per fit, and its parameters by block."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from statsmodels.regression import mixed_linear_model as mixed

from parity.design.coding import Coded, code, independent
from parity.design.frame import Frame, model_frame
from parity.design.terms import UnusableDataError, translate
from parity.engines.statsmodels_layout import Layout, lay_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from parity.result import Key
    from parity.spec import ModelSpec

_mixed: Any = mixed


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything of a case that does not depend on the parameters.

    Attributes
    ----------
    spec
        The question.
    frame
        The rows used.
    fixed
        X without the columns that R drops.
    notes
        What was done to the user's model, in sentences.
    layout
        The random effects; None for a linear model.
    """

    spec: ModelSpec
    frame: Frame
    fixed: Coded
    notes: tuple[str, ...]
    layout: Layout | None

    @property
    def reml(self) -> bool:
        """Whether the criterion is the restricted likelihood."""
        return self.spec.criterion == "REML"


def pose(spec: ModelSpec, data: pd.DataFrame) -> Problem:
    """Return the problem that a specification and data pose.

    Raises
    ------
    NotExpressibleError, UnusableDataError
        With the reason.
    """
    frame = model_frame(spec, data)
    coded = code(translate(spec.fixed), frame.table)
    fixed = coded.keep(independent(coded.design.matrix))
    dropped = [name for name in coded.design.columns if name not in fixed.design.columns]
    if not fixed.design.columns:
        raise UnusableDataError("The model has no fixed effect that could be estimated.")
    if len(fixed.design.columns) >= len(frame.rows):
        raise UnusableDataError(
            f"{len(fixed.design.columns)} fixed effects on {len(frame.rows)} rows leave nothing to "
            "estimate the residual variance from."
        )
    note = (
        f"fixed-effect model matrix is rank deficient so dropping {len(dropped)} column(s), as R "
        f"does: {', '.join(dropped)}; statsmodels itself drops none"
    )
    layout = lay_out(spec, frame) if spec.random else None
    return Problem(spec, frame, fixed, (note,) if dropped else (), layout)


def exog(problem: Problem) -> NDArray[np.float64]:
    """Return X ``(n, p)`` with the columns in patsy's order."""
    return problem.fixed.design.matrix[:, list(problem.fixed.patsy_order)]


def build(problem: Problem, layout: Layout) -> Any:  # noqa: ANN401 - statsmodels is untyped
    """Return a fresh MixedLM, the same that ``MixedLM.from_formula`` makes of the user's call."""
    names, colnames, mats = [], [], []
    for i in layout.components:
        pieces = list(layout.component_matrices(i))
        names.append(f"{i}:{layout.blocks[i].group}")
        colnames.append([[str(level) for level in levels] for levels, _ in pieces])
        mats.append([design for _, design in pieces])
    main = layout.main
    block = None if main is None else layout.blocks[main]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=FutureWarning)
        return _mixed.MixedLM(
            problem.frame.response,
            exog(problem),
            groups=layout.groups,
            exog_re=None if block is None else block.exog,
            exog_vc=_mixed.VCSpec(names, colnames, mats),
        )


def covariances_in_units(
    layout: Layout,
    model: Any,  # noqa: ANN401 - statsmodels is untyped
    values: NDArray[np.float64],
) -> list[NDArray[np.float64]]:
    """Return each block's covariance over sigma^2, ``(r, r)`` in R's order, in the block's units.

    Parameters
    ----------
    layout, model
        The blocks, and the MixedLM built of them.
    values
        Its packed variance parameters, ``(k,)``.
    """
    covariances = [np.zeros((len(b.names), len(b.names))) for b in layout.blocks]
    rows, columns = np.tril_indices(model.k_re)
    if layout.main is not None:
        order = np.array(layout.blocks[layout.main].patsy_order)
        covariances[layout.main][order[rows], order[columns]] = values[: len(rows)]
        covariances[layout.main][order[columns], order[rows]] = values[: len(rows)]
    for i, value in zip(layout.components, values[len(rows) :], strict=True):
        covariances[i][0, 0] = value
    return covariances


def relative_covariances(
    layout: Layout,
    model: Any,  # noqa: ANN401 - statsmodels is untyped
    values: NDArray[np.float64],
) -> list[NDArray[np.float64]]:
    """Return each block's covariance over sigma^2, ``(r, r)`` in R's order, in the user's units."""
    return [
        covariance / np.outer(block.units, block.units)
        for block, covariance in zip(
            layout.blocks, covariances_in_units(layout, model, values), strict=True
        )
    ]


def pack(layout: Layout, covariances: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the packed parameters of covariances in the blocks' units."""
    values = [covariances[i][0, 0] for i in layout.components]
    if layout.main is None:
        return np.array(values)
    order = list(layout.blocks[layout.main].patsy_order)
    triangle = covariances[layout.main][np.ix_(order, order)][np.tril_indices(len(order))]
    return np.concatenate([triangle, values])


def at_theta(layout: Layout, theta: Mapping[Key, float]) -> NDArray[np.float64]:
    """Return MixedLM's packed parameters at the named elements of theta."""
    covariances = []
    for block in layout.blocks:
        factor = np.array(
            [
                [
                    theta[block.group, row, column] if j <= i else 0.0
                    for j, column in enumerate(block.names)
                ]
                for i, row in enumerate(block.names)
            ]
        )
        factor *= np.array(block.units)[:, None]
        covariances.append(factor @ factor.T)
    return pack(layout, covariances)


def packed(params: Any) -> NDArray[np.float64]:  # noqa: ANN401 - statsmodels is untyped
    """Return the variance parameters over sigma^2: lower triangle of cov_re row by row, vcomp."""
    return np.asarray(params.get_packed(use_sqrt=False, has_fe=False), dtype=np.float64)


def unpacked(model: Any, values: NDArray[np.float64]) -> Any:  # noqa: ANN401 - statsmodels is untyped
    """Return MixedLMParams at these variance parameters, fixed effects by GLS.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where a variance is below 1e-10: MixedLM would return zeros for fixed effects there
        (statsmodels issue 10239).
    """
    params = _mixed.MixedLMParams.from_packed(
        values, model.k_fe, model.k_re, use_sqrt=False, has_fe=False
    )
    params.fe_params, singular = model.get_fe_params(params.cov_re, params.vcomp)
    if singular:
        raise np.linalg.LinAlgError("MixedLM takes the random effects' covariance for singular")
    return params
