"""A fitted GLMM as a table to print, in the manner of MixedLM's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from statsmodels.iolib import summary2

if TYPE_CHECKING:
    from parity.engines.statsmodels_glmm_results import GLMMResults

_summary: Any = summary2  # untyped
_METHODS = {"joint": "Hessian in all parameters", "rx": "given theta (RX)"}


def summarise(results: GLMMResults, title: str | None, alpha: float) -> Any:  # noqa: ANN401 - statsmodels is untyped
    """Return statsmodels' Summary of the results."""
    summary = _summary.Summary()
    summary.add_dict(_facts(results))
    summary.add_title(title or "Generalized Linear Mixed Model Regression Results")
    names = list(results.model.data.param_names)
    columns = ["Coef.", "Std.Err.", "z", "P>|z|", f"[{alpha / 2}", f"{1 - alpha / 2}]"]
    table = pd.DataFrame(results.wald(alpha), index=names, columns=columns)
    summary.add_df(table.map(_spelled), align="r")
    summary.add_df(_variances(results), align="r")
    return summary


def _facts(results: GLMMResults) -> dict[str, str]:
    model = results.model
    nodes = "Laplace" if results.nagq == 1 else f"AGHQ, {results.nagq} nodes"
    facts = {
        "Model:": "GLMM",
        "Dependent Variable:": str(model.endog_names),
        "Family:": type(model.family).__name__,
        "Link:": type(model.family.link).__name__,
        "Method:": f"ML ({nodes})",
        "Std. errors:": _METHODS[results.cov_type],
        "No. Observations:": str(model.nobs),
    }
    groups = {block.group: len(block.levels) for block in model.random}
    facts |= {f"No. Groups, {name}:": str(levels) for name, levels in groups.items()}
    return facts | {
        "Log-Likelihood:": f"{results.llf:.4f}",
        "AIC:": f"{results.aic:.4f}",
        "BIC:": f"{results.bic:.4f}",
        "Converged:": "Yes" if results.converged else "No",
    }


def _variances(results: GLMMResults) -> pd.DataFrame:
    """Return variance, SD and correlations of each random effect."""
    rows: dict[str, list[str]] = {}
    for block, matrix in zip(results.model.random, results.cov_re, strict=True):
        spread = np.sqrt(np.diag(matrix))
        for i, name in enumerate(block.names):
            pairs = matrix.to_numpy()[i, :i], spread[i] * spread[:i]
            ratios = [_spelled(c / s) if s > 0 else "" for c, s in zip(*pairs, strict=True)]
            numbers = [_spelled(spread[i] ** 2), _spelled(spread[i]), " ".join(ratios)]
            rows[f"{block.group} {name}"] = numbers
    return pd.DataFrame.from_dict(rows, orient="index", columns=["Variance", "Std.Dev.", "Corr."])


def _spelled(number: float) -> str:
    return f"{number:.3f}" if np.isfinite(number) else ""
