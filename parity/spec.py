"""The question: which model is to be fitted, said without naming an engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["lm", "lmm", "glmm"]
Criterion = Literal["ML", "REML"]


@dataclass(frozen=True, slots=True)
class RandomTerm:
    """One covariance block of random effects: some columns that vary over one grouping factor.

    Attributes
    ----------
    columns
        The design of the block as formula terms, the intercept written as ``"1"``:
        ``("1", "Days")`` for ``(Days | Subject)``, ``("Days",)`` for ``(0 + Days | Subject)``.
    group
        The grouping factor's name as lme4 prints it: ``"Subject"``, ``"cask:batch"``.
    factors
        The variables whose interaction is the grouping factor, in lme4's order:
        ``("cask", "batch")`` for the inner factor of ``(1 | batch/cask)``.
    """

    columns: tuple[str, ...]
    group: str
    factors: tuple[str, ...]

    @property
    def intercept_only(self) -> bool:
        """Whether the block is a single random intercept."""
        return self.columns == ("1",)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model, free of any engine.

    Attributes
    ----------
    formula
        The user's lme4 formula, never edited.
    response
        Text left of ``~``.
    fixed
        The additive terms of the fixed part as the user wrote them, after a leading ``"1"`` (or
        ``"0"`` for a model without intercept): ``("1", "raven", "gender")``.
    variables
        Names of the data's columns that the formula mentions, in order of appearance.
    random
        Its random-effects blocks with ``/`` and ``||`` expanded; empty for a linear model.
    criterion
        ``"REML"`` or ``"ML"``. Generalised models and linear models are ``"ML"``.
    family, link
        Of the response; ``gaussian`` with ``identity`` is a linear model.
    nagq
        Quadrature nodes of a generalised mixed model: 1 is Laplace's approximation, lme4's nAGQ.
    weights
        Name of the column of prior weights, the sizes of a binomial response of shares; None for
        none.
    """

    formula: str
    response: str
    fixed: tuple[str, ...]
    random: tuple[RandomTerm, ...]
    variables: tuple[str, ...]
    criterion: Criterion = "REML"
    family: str = "gaussian"
    link: str = "identity"
    nagq: int = 1
    weights: str | None = None

    @property
    def kind(self) -> Kind:
        """``"lm"``, ``"lmm"`` or ``"glmm"``."""
        if self.family != "gaussian":
            return "glmm"
        return "lmm" if self.random else "lm"

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the grouping factors, each once, in the formula's order."""
        return tuple(dict.fromkeys(term.group for term in self.random))
