"""Tests of fixed and random effects, of one fit and of several."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from bridge.arguments import as_name, as_names, as_truth, shown
from bridge.errors import ArgumentError, DataError
from bridge.handle import ask, ask_all
from bridge.record import Record
from bridge.session import Vector
from bridge.values import as_columns, as_mapping, as_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bridge.conditions import Condition
    from bridge.session import Argument, Value

    Ddf = Literal["Satterthwaite", "Kenward-Roger"]

DEGREES = ("Satterthwaite", "Kenward-Roger")
_REFITTED = "refitting model(s) with ML"
# Of R's tables of coefficients, what each column is.
_COLUMNS = {
    "Estimate": "estimate",
    "Std. Error": "std_error",
    "df": "df",
    "t value": "statistic",
    "z value": "statistic",
    "Pr(>|t|)": "p_value",
    "Pr(>|z|)": "p_value",
}


@dataclass(frozen=True, eq=False, repr=False)
class TestTable:
    """A table of tests as R made it.

    Attributes
    ----------
    table
        R's columns; NaN where R's table is blank.
    text
        What R prints.
    messages
        All that R said, in order.
    """

    __test__ = False  # pytest takes names that begin with Test for its own

    table: pd.DataFrame
    text: str
    messages: tuple[Condition, ...]

    def __str__(self) -> str:
        """Return what R prints."""
        return self.text

    def __repr__(self) -> str:
        """Return what R prints."""
        return self.text

    def _repr_html_(self) -> str:
        return self.table.to_html()


class Inference(Record):
    """Tests and tables of one model."""

    @cached_property
    def pvalues(self) -> pd.Series[float]:
        """(p,) two-sided p-values of the coefficients.

        lm and glm, glmer: as R's summary prints them, by t or by the normal distribution. lmer:
        lme4 defines none; these are lmerTest's, by t with Satterthwaite's degrees of freedom (see
        `coef_table` for those of Kenward and Roger).

        Raises
        ------
        EngineMissingError
            For an lmer where R has no lmerTest.
        """
        if self._pvalues is not None:
            return self._pvalues
        return self.coef_table(ddf="Satterthwaite")["p_value"]

    def coef_table(self, ddf: Ddf | None = None) -> pd.DataFrame:
        """Return the table of the fixed coefficients.

        Parameters
        ----------
        ddf
            lmer: how degrees of freedom are found, ``"Satterthwaite"`` (lmerTest) or
            ``"Kenward-Roger"`` (pbkrtest; its standard errors are adjusted too). None: R's own
            table, which for lmer has no p-values.

        Returns
        -------
        DataFrame
            By coefficient: ``estimate``, ``std_error`` (SD), with degrees of freedom ``df``,
            ``statistic`` (t or z), and where it is defined ``p_value``.
        """
        if ddf is None:
            columns = {"estimate": self.fixef, "std_error": self.bse}
            if self.kind == "lm":
                columns["df"] = pd.Series(float(self.df_resid), index=self.fixef.index)
            columns["statistic"] = self.tvalues
            if self._pvalues is not None:
                columns["p_value"] = self._pvalues
            return pd.DataFrame(columns)
        require_lmer(self, "ddf")
        parts = as_mapping(ask(self, "coefficient_table", {"ddf": as_ddf(ddf)}).value)
        names = pd.Index(as_words(parts["names"]), dtype=object)
        table = as_columns(parts["columns"], names)
        return table.rename(columns=_COLUMNS)

    def summary(self, ddf: Ddf | None = None) -> str:
        """Return what R prints for ``summary(model)``, unedited.

        With `ddf` it is lmerTest's summary of an lmer, which has degrees of freedom and p-values.
        """
        if ddf is None:
            return "\n".join(self._summary)
        require_lmer(self, "ddf")
        return "\n".join(as_words(ask(self, "summary_text", {"ddf": as_ddf(ddf)}).value))

    def anova(
        self,
        *,
        type: Literal[1, 2, 3] | None = None,  # noqa: A002  (R's name)
        ddf: Ddf = "Satterthwaite",
    ) -> TestTable:
        """Return tests of the terms of the fixed effects.

        Parameters
        ----------
        type
            1: in sequence; 2: each term after those that do not contain it; 3: each after all
            others. lmer: 3 by default, as in lmerTest; the others: 1 only.
        ddf
            lmer: how the degrees of freedom of the F tests are found.

        Raises
        ------
        ArgumentError
            For a type that is not defined for this kind of model.
        """
        kind = type if type is not None else (3 if self.kind == "lmer" else 1)
        if isinstance(kind, bool) or kind not in (1, 2, 3):
            raise ArgumentError(f"type is {type!r}; expected 1, 2 or 3.")
        sent: dict[str, Argument] = {"type": kind, "ddf": as_ddf(ddf)}
        return _tests(self, "anova_terms", sent)

    def drop1(
        self, *, test: Literal["none", "Chisq", "F"] = "Chisq", scope: Sequence[str] | None = None
    ) -> TestTable:
        """Return R's ``drop1``: the model without each of its terms, compared with it.

        Parameters
        ----------
        test
            ``"Chisq"``: likelihood-ratio tests (REML fits are fitted anew by ML); ``"F"`` for lm
            and glm; ``"none"``: AIC alone.
        scope
            Labels of the terms to drop; by default all that no other term contains.
        """
        sent: dict[str, Argument] = {"test": as_name("test", test, ("none", "Chisq", "F"))}
        if scope is not None:
            sent["scope"] = as_names("scope", scope)
            if not sent["scope"]:
                raise ArgumentError("scope names no term; None is all of them.")
        return _tests(self, "drop_terms", sent)

    def contest(
        self,
        L: NDArray[np.float64],
        rhs: NDArray[np.float64],
        *,
        joint: bool = True,
        ddf: Ddf = "Satterthwaite",
    ) -> pd.DataFrame:
        """Return lmerTest's tests of L beta = rhs of an lmer; `t_test` and `wald_test` read text.

        Parameters
        ----------
        L
            (k, p) coefficients of the contrasts.
        rhs
            (k,) their values under the null hypothesis.
        joint
            Whether all are tested together (F), or each alone (t).
        ddf
            How degrees of freedom are found.
        """
        require_lmer(self, "ddf")
        matrix, targets = _contrasts(L, rhs, len(self.fixef))
        sent: dict[str, Argument] = {
            "L": matrix,
            "rhs": targets,
            "joint": as_truth("joint", joint),
            "ddf": as_ddf(ddf),
        }
        return as_columns(as_mapping(ask(self, "test_contrasts", sent).value)["columns"])

    def ranova(self, *, reduce_terms: bool = True) -> TestTable:
        """Return lmerTest's likelihood-ratio tests of the random terms of an lmer.

        Parameters
        ----------
        reduce_terms
            Whether ``(x | g)`` is compared with ``(1 | g)``, or with no term at all.

        Notes
        -----
        The null hypothesis lies on the boundary, where the chi-square distribution that R uses
        gives p-values that are too large: for one variance, twice the right one.
        """
        require_lmer(self, "ranova")
        sent: dict[str, Argument] = {"reduce_terms": as_truth("reduce_terms", reduce_terms)}
        return _tests(self, "random_terms", sent)


def _contrasts(L: object, rhs: object, p: int) -> tuple[Vector, Vector]:
    try:
        cells, targets = np.asarray(L, dtype=np.float64), np.asarray(rhs, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"L is {shown(L)}, rhs {shown(rhs)}; expected numbers.") from error
    if cells.ndim != 2 or cells.shape[1] != p or targets.shape != cells.shape[:1]:  # noqa: PLR2004
        raise ArgumentError(
            f"L has shape {cells.shape} and rhs {targets.shape}; expected (k, {p}), a row for each "
            "contrast and a column for each coefficient, and (k,)."
        )
    if not (np.isfinite(cells).all() and np.isfinite(targets).all()):
        raise ArgumentError("L or rhs holds a value that is missing or infinite.")
    shape = (cells.shape[0], cells.shape[1])
    return Vector(cells.ravel(order="F"), shape=shape), Vector(targets)


def as_ddf(value: object) -> str:
    """Return a name of degrees of freedom."""
    return as_name("ddf", value, DEGREES)


def require_lmer(fit: Record, what: str) -> None:
    """Raise ArgumentError unless the model is an lmer."""
    if fit.kind != "lmer":
        raise ArgumentError(
            f"{what} is for models fitted by lmer; this one is fitted by {fit.kind}."
        )


def _tests(fit: Record, question: str, arguments: dict[str, Argument]) -> TestTable:
    answer = ask(fit, question, arguments)
    parts = as_mapping(answer.value)
    rows = pd.Index(as_words(parts["rows"]), dtype=object)
    table = as_columns(parts["table"], rows)
    return TestTable(table, "\n".join(as_words(parts["text"])), answer.conditions)


@dataclass(frozen=True, eq=False, repr=False)
class Anova:
    """R's comparison of nested models.

    Attributes
    ----------
    table
        A row a model, ``model1``, ``model2``, ... being the order given to :func:`anova`; the
        rows are ordered as R orders them, by number of parameters. Mixed models: columns npar, AIC,
        BIC, logLik, deviance (-2 logLik), Chisq, Df, Pr(>Chisq), by the ML likelihood. Only lm
        fits: Res.Df, RSS, Df, Sum of Sq, F, Pr(>F). NaN where R's table is blank.
    formulas
        The model's name -> its formula.
    refitted
        Whether REML fits were fitted anew by ML, as lme4 does before it compares them.
    message
        lme4's words about that; empty unless `refitted`.
    messages
        All that R said, in order.
    text
        What R prints.
    """

    table: pd.DataFrame
    formulas: dict[str, str]
    refitted: bool
    message: str
    messages: tuple[Condition, ...]
    text: str

    def __str__(self) -> str:
        """Return what R prints, with what it said of refitting."""
        return f"{self.message}\n{self.text}" if self.message else self.text

    def __repr__(self) -> str:
        """Return a line, and what R prints."""
        return f"<Anova of {len(self.formulas)} models>\n{self}"


def anova(first: Record, *others: Record, refit: bool = True) -> Anova:
    """Return R's likelihood-ratio (lm alone: F) tests between nested models.

    REML fits are fitted anew by ML first, as lme4 does, since restricted likelihoods of models with
    different fixed effects cannot be compared.

    Parameters
    ----------
    first, *others
        Two or more fits to the same rows. One fit has its own :meth:`Fit.anova`.
    refit
        Whether REML fits are fitted anew; without it models that differ in their random terms
        alone may be compared by REML.

    Raises
    ------
    ArgumentError
        For fewer than two fits, and for families whose likelihoods cannot be compared.
    DataError
        For fits of other rows or another response.
    FitError
        When R refuses the comparison.
    """
    fits = (first, *others)
    if not others or not all(isinstance(fit, Record) for fit in fits):
        raise ArgumentError("anova compares two or more fits: anova(small, large).")
    _require_same_rows(fits)
    _require_same_likelihood(fits)
    _require_same_weights(fits)
    _require_same_family(fits)
    _require_same_fixed(fits, refit=as_truth("refit", refit))
    formulas = {f"model{k}": fit.formula for k, fit in enumerate(fits, start=1)}
    answer = ask_all(fits, "compare_models", {"refit": refit})
    said = next((c.text for c in answer.conditions if c.text.startswith(_REFITTED)), "")
    table, text = _read(answer.value)
    return Anova(table, formulas, bool(said), said, answer.conditions, text)


def _require_same_rows(fits: tuple[Record, ...]) -> None:
    first = fits[0]
    for fit in fits[1:]:
        if not first.response.index.equals(fit.response.index):
            raise DataError(
                f"The models were fitted to different rows ({first.nobs} and {fit.nobs} of them): "
                "a column of one has missing values, or the data differ. Fit both to the rows that "
                "are complete in both."
            )
        if not np.array_equal(first.response, fit.response):
            raise DataError("The models have different responses, and cannot be compared.")


def _support(fit: Record) -> str:
    """Return what a likelihood is of: counts have one for the Poisson family and for others."""
    family = fit.family or "gaussian"
    return "counts" if family == "poisson" or family.startswith("Negative Binomial") else family


def _require_same_family(fits: tuple[Record, ...]) -> None:
    first = fits[0]
    for fit in fits[1:]:
        if _support(fit) != _support(first):
            raise ArgumentError(
                f"The models have the families {first.family or 'gaussian'} and "
                f"{fit.family or 'gaussian'}, whose likelihoods cannot be compared."
            )


def _require_same_likelihood(fits: tuple[Record, ...]) -> None:
    """Refuse glmer fits whose likelihoods leave out different constants."""
    points = {fit.arguments.get("nAGQ", 1) for fit in fits if fit.kind in ("glmer", "glmer_nb")}
    if len(points) > 1 and max(points) > 1:
        raise ArgumentError(
            f"The models have nAGQ = {', '.join(map(str, sorted(points)))}: lme4's log-likelihood "
            "with more than one point leaves out a constant, so that these cannot be compared. Fit "
            "them with the same nAGQ."
        )


def _require_same_weights(fits: tuple[Record, ...]) -> None:
    """Refuse fits to other weights; a binomial response has its trials in either place."""
    if any(fit.family is not None and "binomial" in fit.family for fit in fits):
        return
    first, *others = (_weights(fit) for fit in fits)
    if any(not np.array_equal(first, other) for other in others):
        raise DataError("The models have different weights, and cannot be compared.")


def _weights(fit: Record) -> NDArray[np.float64]:
    name = fit.arguments.get("weights")
    if name is None:
        return np.ones(len(fit.rows))
    return np.asarray(fit.frame.columns[name].cells[fit.rows], dtype=np.float64)


def _require_same_fixed(fits: tuple[Record, ...], *, refit: bool) -> None:
    first = fits[0]
    if refit or not any(fit.reml for fit in fits):
        return
    if any(not fit.model_matrix.columns.equals(first.model_matrix.columns) for fit in fits):
        raise ArgumentError(
            "These REML fits differ in their fixed effects, so that their restricted likelihoods "
            "cannot be compared: leave refit=True."
        )


def _read(value: Value) -> tuple[pd.DataFrame, str]:
    parts = as_mapping(value)
    models = pd.Index(as_words(parts["models"]), dtype=object)
    return as_columns(parts["table"], models), "\n".join(as_words(parts["text"]))
