"""What statsmodels' defects measure, each by a route that does not use the function in question.

A function bears its entry's name, and returns the program's number minus the right one, their
ratio, or a count, as the entry's direction has it.
"""

from __future__ import annotations

import math
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams

from parity.casefile import load_suite

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from parity.case import Case

L = -0.44
STEP = 1e-5
SLEEPSTUDY = 1743.62827195849
"""The certified least -2 restricted log-likelihood of sleepstudy-slope-reml."""


def case_of(name: str) -> Case:
    """Return a shipped case."""
    return next(case for case in load_suite().cases if case.name == name)


@cache
def data_of(name: str) -> pd.DataFrame:
    """Return the data of a shipped case."""
    return case_of(name).dataset.load()


def model_of(formula: str, case: str, kind: Any = MixedLM, **how: str) -> Any:  # noqa: ANN401 - untyped
    """Return MixedLM, or a class of its kind, on the data of a shipped case."""
    return kind.from_formula(formula, data_of(case), **how)


def jsp(fixed: str = "raven") -> Any:  # noqa: ANN401 - untyped
    return model_of(f"math ~ {fixed}", "jsp-raven-reml", groups="school")


def fit(model: Any, **how: Any) -> Any:  # noqa: ANN401 - untyped
    """Return a fit whatever it warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(**how)


class Mended(MixedLM):
    """MixedLM with the score of the factor it is given, not of the one with a positive diagonal.

    l(L) = l(L S) for any S of signs, so that the column j of the score at L is the sign of L_jj
    times that at L S.
    """

    def score(self, params: Any, profile_fe: bool = True) -> NDArray[np.float64]:  # noqa: ANN401, FBT001, FBT002 - MixedLM's signature
        plain: Any = super()
        score = np.array(plain.score(params, profile_fe))
        if isinstance(params, MixedLMParams):
            return score
        rows, columns = np.tril_indices(self.k_re)
        factor = np.asarray(params)[-len(rows) :]
        signs = np.where(factor[rows == columns] < 0, -1.0, 1.0)
        score[-len(rows) :] *= signs[columns]
        return score


def orthodont(kind: type[MixedLM], formula: str = "distance ~ age * Sex") -> Any:  # noqa: ANN401 - untyped
    how = {"groups": "Subject", "re_formula": "~ age"}
    return model_of(formula, "orthodont-slope-reml", kind, **how)


def group_parts(model: Any, ratio: NDArray[np.float64]) -> list[tuple[Any, Any, Any]]:  # noqa: ANN401 - untyped
    """Return V, X and y of each group, V = I + Z D Z'."""
    return [
        (np.eye(len(y)) + Z @ ratio @ Z.T, X, y)
        for X, Z, y in zip(model.exog_li, model.exog_re_li, model.endog_li, strict=True)
    ]


def gls_errors(model: Any, result: Any) -> NDArray[np.float64]:  # noqa: ANN401 - untyped
    """Return the roots of the diagonal of sigma^2 (X'V^-1 X)^-1, from dense V."""
    ratio = np.asarray(result.cov_re) / result.scale
    normal = sum(X.T @ np.linalg.solve(V, X) for V, X, _ in group_parts(model, ratio))
    return np.asarray(np.sqrt(result.scale * np.diag(np.linalg.inv(normal))))


def reml_criterion(model: Any, result: Any) -> float:  # noqa: ANN401 - untyped
    """Return lme4's REML criterion at a fit's estimates (Bates et al. 2015, equation 41)."""
    parts = group_parts(model, np.asarray(result.cov_re) / result.scale)
    beta = np.asarray(result.fe_params)
    normal = sum(X.T @ np.linalg.solve(V, X) for V, X, _ in parts)
    rss = sum((y - X @ beta) @ np.linalg.solve(V, y - X @ beta) for V, X, y in parts)
    free = sum(len(y) for _, _, y in parts) - len(beta)
    logs = sum(np.linalg.slogdet(V)[1] for V, _, _ in parts) + np.linalg.slogdet(normal)[1]
    return float(logs + free * (1 + math.log(2 * math.pi * rss / free)))


def statsmodels_score_sign() -> float:
    model = jsp()
    fit(model, reml=False)  # states the criterion
    slope = (
        model.loglike(np.array([L + STEP]), profile_fe=True)
        - model.loglike(np.array([L - STEP]), profile_fe=True)
    ) / (2 * STEP)
    return float(model.score(np.array([L]))[0] / slope)


def statsmodels_score_sign_stop() -> float:
    return float(2 * (fit(orthodont(Mended)).llf - fit(orthodont(MixedLM)).llf))


def statsmodels_joint_se() -> float:
    model = jsp("raven + gender")
    result = fit(model)
    return float(np.max(result.bse_fe / gls_errors(model, result) - 1))


def statsmodels_bse_re() -> float:
    data = data_of("dyestuff-reml")
    result = fit(model_of("Yield ~ 1", "dyestuff-reml", groups="Batch"))
    # Balanced: with lambda = sigma^2 + n tau^2, -2l = (k-1)(log lambda + MSB/lambda) +
    # (N-k)(log sigma^2 + MSW/sigma^2): a diagonal information, and lambda = MSB at the optimum.
    batches = data.groupby("Batch", observed=True)["Yield"]
    n, k, total = int(batches.size().iloc[0]), batches.ngroups, len(data)
    between = n * batches.mean().var()
    within = batches.var().mean()
    right = math.sqrt(2 * between**2 / (k - 1) + 2 * within**2 / (total - k)) / n
    return float(result.bse_re.iloc[0] / right - 1)


def statsmodels_params_scale() -> float:
    result = fit(jsp())
    return float(result.params["school Var"] / result.cov_re.iloc[0, 0] - 1)


def statsmodels_lbfgs_inf() -> float:
    results = [
        fit(jsp(fixed), reml=reml, method="lbfgs")
        for fixed in ("raven", "raven + gender", "raven + social")
        for reml in (True, False)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(sum(bool(r.converged) and math.isinf(r.llf) for r in results))


def intercepts(variance: float) -> tuple[float, float]:
    """Return MixedLM's intercept at a ratio of variances, and the right one, by dense GLS."""
    model = jsp()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found, _ = model.get_fe_params(np.array([[variance]]), np.array([]))
    parts = group_parts(model, np.array([[variance]]))
    normal = sum(X.T @ np.linalg.solve(V, X) for V, X, _ in parts)
    right = np.linalg.solve(normal, sum(X.T @ np.linalg.solve(V, y) for V, X, y in parts))
    return float(found[0]), float(right[0])


def statsmodels_10239() -> float:
    found, right = intercepts(0.99e-10)
    return found / right - 1


def statsmodels_singular_raises() -> float:
    mixed: Any = MixedLM
    data = data_of("penicillin-reml")
    raised = 0
    for first in (60, 72, 90):
        rows = data.iloc[first : first + 11]
        model = mixed.from_formula("diameter ~ 1", rows, groups="plate")
        try:
            fit(model)
        except np.linalg.LinAlgError:
            raised += 1
    return float(raised)


def statsmodels_covariate_unit() -> float:
    mixed: Any = MixedLM
    rows = data_of("sleepstudy-slope-reml")
    rows = rows.assign(thousandths=rows["Days"] / 1000)
    found = fit(
        mixed.from_formula(
            "Reaction ~ thousandths", rows, groups="Subject", re_formula="~thousandths"
        )
    )
    assert found.converged
    return float(-2.0 * found.llf + 2.0 * math.log(1000) - SLEEPSTUDY)


def statsmodels_large_variance() -> float:
    """By the closed form of a balanced one-way layout (Searle et al. 1992, chapter 3)."""
    model = model_of("Yield ~ 1", "dyestuff-reml", groups="Batch")
    fit(model)  # states the criterion
    sd = 1e7
    y = np.stack(model.endog_li)
    batches, size = y.shape
    means, spread = y.mean(axis=1), 1.0 + size * sd**2
    within = ((y - means[:, None]) ** 2).sum()
    between = size * ((means - y.mean()) ** 2).sum()
    free = y.size - 1
    known = free * (1.0 + math.log(2.0 * math.pi * (within + between / spread) / free))
    known += batches * math.log(spread) + math.log(y.size / spread)
    return float(-2.0 * model.loglike(np.array([sd]), profile_fe=True) - known)


def statsmodels_do_cg() -> float:
    try:
        fit(jsp(), do_cg=False)
    except UnboundLocalError:
        return 1.0
    return 0.0


def statsmodels_lazy_llf() -> float:
    model = jsp()
    first = fit(model, reml=True)
    fit(model, reml=False)
    return float(-2 * first.llf - reml_criterion(model, first))


_FUNCTIONS: tuple[Callable[[], float], ...] = (
    statsmodels_score_sign,
    statsmodels_score_sign_stop,
    statsmodels_joint_se,
    statsmodels_bse_re,
    statsmodels_params_scale,
    statsmodels_lbfgs_inf,
    statsmodels_10239,
    statsmodels_singular_raises,
    statsmodels_covariate_unit,
    statsmodels_large_variance,
    statsmodels_do_cg,
    statsmodels_lazy_llf,
)
MEASURES = {function.__name__.replace("_", "-"): function for function in _FUNCTIONS}
