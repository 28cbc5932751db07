"""A GLMM's formula: random terms by lme4's grammar, columns by statsmodels' formula manager."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from parity.design.terms import arithmetic, check
from parity.engines.statsmodels_glmm_columns import Columns
from parity.engines.statsmodels_glmm_random import RandomEffects
from parity.formula import parse
from parity.syntax import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from parity.criterion.model import Vector
    from parity.spec import ModelSpec, RandomTerm
    from parity.syntax import Node

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_ALGEBRA = {"+": "+", "-": "-", "*": "*", "/": "/", ":": ":", "%in%": ":", "^": "**"}


@dataclass(frozen=True, eq=False)
class Stated:
    """A formula on data.

    Attributes
    ----------
    spec
        What the formula says.
    data
        Its rows, indexed from 0.
    names
        What the formula may refer to besides the data's columns.
    """

    spec: ModelSpec
    data: pd.DataFrame = field(repr=False)
    names: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, formula: str, data: pd.DataFrame, names: Mapping[str, Any]) -> Stated:
        """Return the formula on these rows.

        Raises
        ------
        ValueError
            Where it has no random term, or does not parse.
        """
        # the family is a matter of the model; here it only keeps the formula from being lmer's
        spec = parse(formula, family="binomial")
        if not spec.random:
            raise ValueError(
                f"The formula {formula!r} has no random term such as (1 | group); without one it "
                "is statsmodels' GLM."
            )
        return cls(spec, data.reset_index(drop=True), names)

    @cached_property
    def fixed(self) -> Columns:
        """X, named as statsmodels names it."""
        terms = [term for term in self.spec.fixed if not _is_offset(term)]
        return self._columns(" + ".join(map(_spelled, terms)))

    @cached_property
    def response(self) -> pd.DataFrame:
        """One column, or successes and failures, ``(n, 1)`` or ``(n, 2)``.

        ``cbind(successes, failures)`` and ``successes + failures`` are the same; the arguments of
        the first are R's arithmetic, the second is the formula manager's. Of labels or
        flags the first level is failure, as in R's glm; statsmodels' GLM takes it for success.

        Raises
        ------
        ValueError
            Where cbind's arguments cannot be computed.
        """
        node = read(self.spec.response)
        if node.kind == "call" and node.value == "cbind":
            return self._counts(node)
        plain = self.data.get(self.spec.response)
        if plain is not None and plain.dtype.kind in "iuf":
            return plain.to_frame()
        columns = self._columns(f"0 + {_spell(node)}")
        frame = columns.frame
        if len(columns.terms) == 1 and frame.shape[1] > 1:
            known = frame.notna().all(axis=1)
            success = (1.0 - frame.iloc[:, 0]).where(known)
            return pd.DataFrame({self.spec.response: success})
        if frame.shape[1] == 1:
            frame = frame.set_axis([self.spec.response], axis=1)
        return frame.rename_axis(self.spec.response, axis=1)

    def _counts(self, node: Node) -> pd.DataFrame:
        for child in node.children:
            check(child)
        counts = {child.source: arithmetic(child, self.data) for child in node.children}
        return pd.DataFrame(counts).rename_axis(self.spec.response, axis=1)

    @cached_property
    def random(self) -> tuple[RandomEffects, ...]:
        """The random effects."""
        return tuple(
            _block(term, self.data, None if columns is None else columns.frame)
            for term, columns in zip(self.spec.random, self._varying, strict=True)
        )

    @property
    def offset(self) -> Vector:
        """The sum of the formula's offset() terms, ``(n,)``."""
        frames = [columns.frame for columns in self._offsets]
        return sum((f.to_numpy().sum(axis=1) for f in frames), np.zeros(len(self.data)))

    def random_on(self, data: pd.DataFrame) -> tuple[RandomEffects, ...]:
        """Return the random effects' groupings and columns of other data."""
        plain = data.reset_index(drop=True)
        return tuple(
            _block(term, plain, None if columns is None else columns.on(plain))
            for term, columns in zip(self.spec.random, self._varying, strict=True)
        )

    def offset_on(self, data: pd.DataFrame) -> Vector:
        """Return the sum of the offset() terms of other data, ``(k,)``."""
        frames = [columns.on(data) for columns in self._offsets]
        return sum((f.to_numpy().sum(axis=1) for f in frames), np.zeros(len(data)))

    @cached_property
    def _varying(self) -> tuple[Columns | None, ...]:
        """Each block's columns, None for an intercept alone."""
        return tuple(
            None if term.intercept_only else self._columns(_side(term)) for term in self.spec.random
        )

    @cached_property
    def _offsets(self) -> tuple[Columns, ...]:
        inner = [read(term).children[0] for term in self.spec.fixed if _is_offset(term)]
        return tuple(self._columns(f"0 + I({node.source})") for node in inner)

    def _columns(self, text: str) -> Columns:
        mentioned = set(_IDENTIFIER.findall(text)) & set(self.names)
        own = [name for name in self.data.columns if str(name) in text]
        return Columns(text, self.data[own], {name: self.names[name] for name in mentioned})

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is made of the formula, and the caller's names: `Columns` says why."""
        return {"spec": self.spec, "data": self.data}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        """Make the rest anew when it is asked for; of the caller's names np is left."""
        self.__dict__.update(kept, names={"np": np})


def _is_offset(term: str) -> bool:
    node = read(term)
    return node.kind == "call" and node.value == "offset"


def _side(term: RandomTerm) -> str:
    columns = term.columns if term.columns[0] in {"0", "1"} else ("0", *term.columns)
    return " + ".join(map(_spelled, columns))


def _spelled(term: str) -> str:
    return _spell(read(term))


def _spell(node: Node) -> str:
    """Return a term in the formula manager's syntax: powers are ``**``, within I() too."""
    if node.kind == "paren":
        return f"({_spell(node.children[0])})"
    if node.kind == "binary" and node.value in _ALGEBRA:
        return _ALGEBRA[node.value].join(f" {side} " for side in _sides(node)).strip()
    if node.kind == "call" and node.value == "I" and len(node.children) == 1:
        return f"I({_spell(node.children[0])})"
    if node.kind == "name" and node.source.startswith("`"):
        return f"Q({node.value!r})"
    return node.source


def _sides(node: Node) -> Iterator[str]:
    return (_spell(child) for child in node.children)


def _block(term: RandomTerm, data: pd.DataFrame, columns: pd.DataFrame | None) -> RandomEffects:
    missing = [name for name in term.factors if name not in data.columns]
    if missing:
        raise ValueError(f"The data have no column {missing[0]!r}, which the formula groups by.")
    groups = data[list(term.factors)]
    return RandomEffects.of(groups, columns, group=term.group)
