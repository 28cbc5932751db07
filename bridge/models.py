"""lm, glm, lmer, glmer and glmer_nb: check, send, fit in R, receive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from bridge import session as sessions
from bridge.arguments import (
    Options,
    as_control,
    as_name,
    as_names,
    as_number,
    as_numbers,
    as_start,
    as_truth,
    as_whole,
)
from bridge.extract import to_fit
from bridge.failures import raise_failure, require_no_overflow
from bridge.formula import columns_used, inspect, require_random_terms
from bridge.frame import as_table
from bridge.handle import Handle, gone_from
from bridge.request import Request
from bridge.transfer import require_rows, send_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bridge.arguments import Contrasts, Control, PerRow, Start
    from bridge.fit import Fit
    from bridge.request import Kind
    from bridge.session import Argument, Session

    Family = Literal["binomial", "poisson", "Gamma", "inverse.gaussian", "gaussian"]
    GlmFamily = Family | Literal["quasibinomial", "quasipoisson"]
    NaAction = Literal["omit", "exclude", "fail"]


def lm(  # noqa: PLR0913  (R's own arguments)
    formula: str,
    data: object,
    *,
    weights: PerRow | None = None,
    offset: PerRow | None = None,
    subset: PerRow | None = None,
    na_action: NaAction = "omit",
    contrasts: Contrasts | None = None,
    reference: Mapping[str, object] | None = None,
    allow: tuple[str, ...] = (),
    session: Session | None = None,
) -> Fit:
    """Return a linear model fitted by R's ``lm``.

    Parameters
    ----------
    formula
        R's formula, as ``"math ~ raven + gender"``.
    data
        pandas or polars data frame, Arrow table, or dict of columns; see :mod:`bridge.encode` for
        what becomes what in R.
    weights
        Name of a column, or (n,) values, none negative: inverse variances up to a factor.
    offset
        Name of a column, or (n,) values: a known part of the linear predictor.
    subset
        Name of a column of bools, or (n,) bools: the rows to use.
    na_action
        What becomes of rows with a missing value: ``"omit"`` drops them; ``"exclude"`` drops them
        and gives `fitted` and `resid` for them too, as NaN; ``"fail"`` refuses them.
    contrasts
        By column, the name of R's contrasts (``"treatment"``, ``"sum"``, ``"helmert"``, ``"poly"``,
        ``"SAS"``) or a matrix level x column. Every factor has treatment contrasts by default,
        ordered ones too.
    reference
        By column, the level that comes first: the reference of treatment contrasts.
    allow
        Names of functions that the formula may call beside the usual ones; see
        :func:`bridge.check_formula`.
    session
        The R that fits; by default the one of this process.

    Raises
    ------
    FormulaError, DataError, ArgumentError
        For what cannot be sent; nothing has been evaluated then.
    FitError
        When R refuses to fit; the text has R's own words.
    """
    options = Options(weights, offset, subset, na_action, contrasts, reference, allow, session)
    return _fit("lm", formula, data, options, {})


def glm(  # noqa: PLR0913  (R's own arguments)
    formula: str,
    data: object,
    *,
    family: GlmFamily = "binomial",
    link: str | None = None,
    weights: PerRow | None = None,
    offset: PerRow | None = None,
    subset: PerRow | None = None,
    na_action: NaAction = "omit",
    contrasts: Contrasts | None = None,
    reference: Mapping[str, object] | None = None,
    start: Sequence[float] | None = None,
    control: Control | None = None,
    allow: tuple[str, ...] = (),
    session: Session | None = None,
) -> Fit:
    """Return a generalized linear model fitted by R's ``glm``.

    Parameters
    ----------
    formula, data, weights, offset, subset, na_action, contrasts, reference, allow, session
        As in :func:`lm`; for a binomial response of proportions `weights` are numbers of trials.
    family
        Name of the distribution of the response.
    link
        Name of the link, as ``"probit"``; None is the family's canonical one.
    start
        (p,) coefficients from which the iterations start.
    control
        Settings of R's ``glm.control``: ``epsilon``, ``maxit``.

    Raises
    ------
    FormulaError, DataError, ArgumentError, FitError
        As :func:`lm`.
    """
    options = Options(weights, offset, subset, na_action, contrasts, reference, allow, session)
    arguments = {
        **_family(family, link),
        "start": None if start is None else as_numbers("start", start),
        "control": as_control(control),
    }
    return _fit("glm", formula, data, options, arguments)


def lmer(  # noqa: PLR0913  (lme4's own arguments)
    formula: str,
    data: object,
    *,
    REML: bool = True,
    weights: PerRow | None = None,
    offset: PerRow | None = None,
    subset: PerRow | None = None,
    na_action: NaAction = "omit",
    contrasts: Contrasts | None = None,
    reference: Mapping[str, object] | None = None,
    start: Start | None = None,
    control: Control | None = None,
    verbose: int = 0,
    allow: tuple[str, ...] = (),
    cond_var: bool = False,
    session: Session | None = None,
) -> Fit:
    """Return a linear mixed model fitted by lme4's ``lmer``.

    Parameters
    ----------
    formula, data, weights, offset, subset, na_action, contrasts, reference, allow, session
        As in :func:`lm`; the formula has random terms, as ``"math ~ raven + (1 | school)"``.
    REML
        Whether to maximize the restricted likelihood (lme4's default) or the likelihood.
    start
        theta where the search starts, or ``{"theta": ...}``.
    control
        Settings of lme4's ``lmerControl`` by name, as ``{"optimizer": "bobyqa",
        "optCtrl": {"maxfun": 20000}}``. Values are numbers, bools, text or mappings of them.
    verbose
        Above 0, the search prints its way; what it printed is in `Fit.messages`, as output.
    cond_var
        Whether to compute `Fit.ranef_sd` with the fit; it is computed at its first use otherwise.
        On large data this can take as long as the fit.

    Raises
    ------
    FormulaError, DataError, ArgumentError, FitError
        As :func:`lm`.
    """
    options = Options(weights, offset, subset, na_action, contrasts, reference, allow, session)
    arguments = {
        "REML": as_truth("REML", REML),
        **_search(start, ("theta",), control, verbose),
    }
    return _fit("lmer", formula, data, options, arguments, cond_var=cond_var)


def glmer(  # noqa: PLR0913  (lme4's own arguments)
    formula: str,
    data: object,
    *,
    family: Family = "binomial",
    link: str | None = None,
    weights: PerRow | None = None,
    offset: PerRow | None = None,
    subset: PerRow | None = None,
    na_action: NaAction = "omit",
    contrasts: Contrasts | None = None,
    reference: Mapping[str, object] | None = None,
    nAGQ: int = 1,
    start: Start | None = None,
    control: Control | None = None,
    verbose: int = 0,
    allow: tuple[str, ...] = (),
    cond_var: bool = False,
    session: Session | None = None,
) -> Fit:
    """Return a generalized linear mixed model fitted by lme4's ``glmer``.

    Parameters
    ----------
    formula, data, weights, offset, subset, na_action, contrasts, reference, allow, session
        As in :func:`lm`; for a binomial response of proportions `weights` are numbers of trials.
        ``"cbind(incidence, size - incidence) ~ period + (1 | herd)"`` is a formula.
    family
        Name of the conditional distribution of the response.
    link
        Name of the link, as ``"probit"``; None is the family's canonical one.
    nAGQ
        Points of quadrature: 1 is Laplace's approximation, 0 a faster, less exact fit.
    start
        theta where the search starts, or ``{"theta": ..., "fixef": ...}``.
    control
        Settings of lme4's ``glmerControl`` by name, as ``{"tolPwrss": 1e-10}``.
    verbose, cond_var
        As in :func:`lmer`.

    Raises
    ------
    FormulaError, DataError, ArgumentError, FitError
        As :func:`lm`.
    """
    options = Options(weights, offset, subset, na_action, contrasts, reference, allow, session)
    arguments = {
        **_family(family, link),
        "nAGQ": as_whole("nAGQ", nAGQ),
        **_search(start, ("theta", "fixef"), control, verbose),
    }
    return _fit("glmer", formula, data, options, arguments, cond_var=cond_var)


def glmer_nb(  # noqa: PLR0913  (lme4's own arguments)
    formula: str,
    data: object,
    *,
    weights: PerRow | None = None,
    offset: PerRow | None = None,
    subset: PerRow | None = None,
    na_action: NaAction = "omit",
    contrasts: Contrasts | None = None,
    reference: Mapping[str, object] | None = None,
    nAGQ: int = 1,
    start: Start | None = None,
    control: Control | None = None,
    init_theta: float | None = None,
    verbose: int = 0,
    allow: tuple[str, ...] = (),
    cond_var: bool = False,
    session: Session | None = None,
) -> Fit:
    """Return a negative binomial mixed model (log link) fitted by lme4's ``glmer.nb``.

    The size (R calls it theta) is estimated with the rest: the variance is mu + mu^2 / size.

    Parameters
    ----------
    formula, data, weights, offset, subset, na_action, contrasts, reference, allow, session
        As in :func:`lm`.
    nAGQ, start, control, verbose, cond_var
        As in :func:`glmer`.
    init_theta
        Size at which the search starts, instead of a first estimate from a Poisson fit.

    Raises
    ------
    FormulaError, DataError, ArgumentError, FitError
        As :func:`lm`.
    """
    options = Options(weights, offset, subset, na_action, contrasts, reference, allow, session)
    arguments = {
        "nAGQ": as_whole("nAGQ", nAGQ),
        **_search(start, ("theta", "fixef"), control, verbose),
        "init_theta": None if init_theta is None else as_number("init_theta", init_theta, low=0.0),
    }
    return _fit("glmer_nb", formula, data, options, arguments, cond_var=cond_var)


def _family(family: object, link: object) -> dict[str, Argument]:
    return {
        "family": as_name("family", family),
        "link": None if link is None else as_name("link", link),
    }


def _search(
    start: Start | None, parts: tuple[str, ...], control: object, verbose: object
) -> dict[str, Argument]:
    return {
        "start": as_start(start, parts),
        "control": as_control(control),
        "verbose": as_whole("verbose", verbose) or None,
    }


def _fit(
    kind: Kind,
    formula: str,
    data: object,
    options: Options,
    arguments: Mapping[str, Argument],
    *,
    cond_var: bool | None = None,
) -> Fit:
    running = options.session or sessions.current()
    table = as_table(data)
    allow = tuple(as_names("allow", options.allow))
    inspected = inspect(running, formula, allow, columns=table.names)
    require_random_terms(inspected, kind)
    used = columns_used(inspected, table)
    frame, names = send_columns(table, used, inspected, options)
    require_rows(inspected, frame)
    sent = {**arguments, **options.sent(), **names}
    sent = {name: value for name, value in sent.items() if value is not None}
    request = Request(kind, formula, frame, sent, dict(options.reference or {}))
    return fit_request(running, request, cond_var=cond_var)


def fit_request(session: Session, request: Request, *, cond_var: bool | None = None) -> Fit:
    """Return the fit of a model that was checked and encoded before.

    Raises
    ------
    FitError
        When R refuses to fit; the text has R's own words.
    """
    handle = Handle(session)
    extra: dict[str, Any] = {"keep": handle.key, "gone": gone_from(session)}
    if cond_var is not None and as_truth("cond_var", cond_var):
        extra["cond_var"] = True
    answer = session.call(f"fit_{request.kind}", {**request.sent(), **extra})
    require_no_overflow(answer)
    if answer.failure is not None:
        raise_failure(answer, request.formula)
    return to_fit(request, handle, answer.value, answer.conditions, session.versions())
