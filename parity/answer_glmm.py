"""What a generalised linear mixed model's parameters imply, from the criterion alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from parity import derived
from parity.answer import NO_PAIR, components, counts, named, result, square
from parity.criterion.dispersion import DispersedPoint
from parity.criterion.glmm_answers import Answers, vcov_joint

if TYPE_CHECKING:
    from parity.criterion.glmm import Point
    from parity.criterion.model import Matrix
    from parity.design.statement import Statement
    from parity.result import FitResult, Key

    Numbers = dict[str, dict[Key, float]]


def answer(
    statement: Statement, point: Point, hessian: Matrix, *, engine: str, case: str, converged: bool
) -> FitResult:
    """Return every quantity of a generalised linear mixed model at one theta and beta.

    Parameters
    ----------
    statement
        Names of the parts of the model.
    point
        The criterion at theta and beta.
    hessian
        Of the deviance there, in theta and then beta, ``(m + p, m + p)``.
    engine, case
        Whose answer it is, and to what.
    converged
        Whether the parameters are an optimum.
    """
    names, implied = statement.coefficients, Answers(point)
    dispersed = isinstance(point, DispersedPoint)
    sigma = point.sigma if isinstance(point, DispersedPoint) else 1.0
    values: Numbers = {
        **counts(statement, scale=dispersed),
        **components(statement, point.theta, sigma),
        **_predictions(statement, implied, sigma),
        "loglik": {(): -0.5 * point.deviance},
        "deviance": {(): point.deviance},
        "fixef": named([(name,) for name in names], point.beta),
        "vcov_conditional": square(names, sigma**2 * implied.vcov_conditional),
        "converged": {(): float(converged)},
    }
    absent: dict[str, str] = {} if "correlation" in values else {"correlation": NO_PAIR}
    try:
        joint = vcov_joint(hessian, len(names))
    except np.linalg.LinAlgError as error:
        absent |= dict.fromkeys(("vcov_joint", "se_joint", "corr_joint", "pvalue"), f"{error}")
    else:
        values["vcov_joint"] = square(names, joint)
        tail = 2 * stats.norm.sf(np.abs(point.beta) / np.sqrt(np.diag(joint)))
        values["pvalue"] = named([(name,) for name in names], np.asarray(tail))
    return result(statement, values, absent, engine=engine, case=case)


def _predictions(statement: Statement, implied: Answers, sigma: float) -> Numbers:
    rows: list[Key] = [(row,) for row in statement.rows]
    keys = list(statement.effects)
    return {
        "ranef": named(keys, implied.b),
        "ranef_sd": named(keys, sigma * np.sqrt(implied.variances)),
        "fitted": named(rows, implied.fitted),
        "resid": named(rows, implied.deviance_residuals),
        "scaled_resid_quantile": derived.quantiles(implied.pearson_residuals / sigma),
    }
