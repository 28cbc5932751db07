"""The random effects of a fit, one term of one grouping factor at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.errors import ArgumentError, BridgeError
from bridge.varcorr import covariance_blocks, grouping_factor

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from bridge.fit import Fit


@dataclass(frozen=True, slots=True)
class Effect:
    """The conditional modes of one term of one grouping factor.

    Attributes
    ----------
    group, term
        lme4's names, as ``school`` and ``(Intercept)``.
    levels
        (k,) levels of the factor, as text, in R's order.
    modes
        (k,) conditional modes, on the scale of the linear predictor.
    """

    group: str
    term: str
    levels: tuple[str, ...]
    modes: NDArray[np.float64]

    @property
    def name(self) -> str:
        """The group and the term, as a title."""
        return f"{self.group}: {self.term}"


def effects(fit: Fit, group: str | None = None, term: str | None = None) -> tuple[Effect, ...]:
    """Return the random effects of `fit`, of all groups and terms or of those named; at least one.

    Raises
    ------
    ArgumentError
        When there are none, or none of that name; the text names those there are.
    """
    tables = _tables(fit)
    if group is not None and group not in tables:
        raise ArgumentError(f"The model has no grouping factor {group!r}. It has {_names(tables)}.")
    chosen = tables if group is None else {group: tables[group]}
    found = tuple(
        Effect(key, name, tuple(map(str, table.index)), np.asarray(table[name], dtype=np.float64))
        for key, table in chosen.items()
        for name in table.columns
        if term in (None, name)
    )
    if not found:
        terms = dict.fromkeys(name for table in chosen.values() for name in table.columns)
        raise ArgumentError(f"No random effect is named {term!r}. There are {_names(terms)}.")
    return found


def _tables(fit: Fit) -> dict[str, pd.DataFrame]:
    if not fit.ranef:
        raise ArgumentError(
            f"This {fit.kind} has no random effects to draw. Models of lmer and glmer have, as "
            "'y ~ x + (1 | group)'."
        )
    return dict(fit.ranef)


def _names(known: dict[str, object] | dict[str, pd.DataFrame]) -> str:
    return ", ".join(map(repr, known))


def conditional_sd(fit: Fit, effect: Effect) -> NDArray[np.float64]:
    """Return (k,) the conditional SD of each mode, given the data and the estimates."""
    table = fit.ranef_sd[effect.group]
    if tuple(map(str, table.index)) != effect.levels:
        raise BridgeError(f"The levels of {effect.group!r} in ranef and in ranef_sd differ.")
    return np.asarray(table[effect.term], dtype=np.float64)


def fitted_sd(fit: Fit, effect: Effect) -> float:
    """Return the SD of the effects that was estimated: the square root of the model's variance.

    Raises
    ------
    BridgeError
        When the table of variances has not exactly one for the term.
    """
    if fit.varcorr is None:
        raise BridgeError(f"The fit has no variance of {effect.name}.")
    blocks = covariance_blocks(fit.varcorr, "sdcor")
    found = [
        float(np.diag(block)[list(block.index).index(effect.term)])
        for name, block in blocks.items()
        if grouping_factor(name, fit.ranef or ()) == effect.group and effect.term in block.index
    ]
    if len(found) != 1:
        raise BridgeError(f"The fit has {len(found)} variances of {effect.name}; expected one.")
    return found[0]


def axis_name(fit: Fit, effect: Effect) -> str:
    """Return the label of an axis of the effect: its term, and its scale where there is a link."""
    if fit.link in (None, "identity"):
        return effect.term
    return f"{effect.term}, {fit.link} scale"
