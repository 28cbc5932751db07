"""A fit as a table of a notebook: one piece of HTML that needs no other file, every text escaped.

Lines are grey and all text has the page's own colour, so that it reads on a dark page as on a
light one.
"""

from __future__ import annotations

from html import escape
from math import isfinite
from typing import TYPE_CHECKING

from bridge.hypothesis import natural_df
from bridge.varcorr import variance_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.conditions import Condition
    from bridge.fitted import Estimates

# Rows of a table, and messages, beyond which the rest is only counted.
_MOST_ROWS = 40
_MOST_MESSAGES = 8
# Below it a p-value is shown as smaller.
_SMALLEST = 1e-4

_LINE = "1px solid rgba(128,128,128,.45)"
_CELL = "padding:.1em .8em .1em 0;border:0;background:none;color:inherit;white-space:pre"
_NUMBER = f"{_CELL};text-align:right;font-variant-numeric:tabular-nums"
_TEXT = f"{_CELL};text-align:left"
_TABLE = "border-collapse:collapse;font-size:inherit;border:0;margin:.5em 0;background:none"
_ALARM = "border-left:4px solid #d1495b;padding:.15em .6em;margin:.4em 0"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:#.5g}"


def _probability(value: float) -> str:
    return f"<{_SMALLEST:g}" if value < _SMALLEST else f"{value:.2g}"


def _tag(name: str, style: str, text: str) -> str:
    return f'<{name} style="{style}">{escape(text)}</{name}>'


def table_of(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], names: int) -> str:
    """Return a table, its first `names` columns being text, the others numbers."""
    styles = [_TEXT if k < names else _NUMBER for k in range(len(head))]
    titles = "".join(
        _tag("th", f"{style};border-bottom:{_LINE}", title)
        for style, title in zip(styles, head, strict=True)
    )
    shown = rows[:_MOST_ROWS]
    body = "".join(
        "<tr>"
        + "".join(_tag("td", style, cell) for style, cell in zip(styles, row, strict=True))
        + "</tr>"
        for row in shown
    )
    left = len(rows) - len(shown)
    more = f"<div>{left} more rows</div>" if left else ""
    heading = _tag("caption", "text-align:left;color:inherit;font-weight:bold", caption)
    return (
        f'<table style="{_TABLE}">{heading}<thead><tr>{titles}</tr></thead>'
        f"<tbody>{body}</tbody></table>{more}"
    )


def _fixed_effects(fit: Estimates) -> str:
    # The p-values of an lmer cost a call of R, and a notebook shows a fit unasked.
    judged = fit.kind != "lmer"
    by_t = fit.kind == "lmer" or isfinite(natural_df(fit.kind, fit.family, fit.df_resid))
    letter = "t" if by_t else "z"
    head = ["term", "estimate", "std. error", letter, *([f"P>|{letter}|"] if judged else [])]
    columns = [
        list(map(str, fit.fixef.index)),
        *(list(map(_number, series)) for series in (fit.fixef, fit.bse, fit.tvalues)),
    ]
    if judged:
        columns.append(list(map(_probability, fit.pvalues)))
    rows = list(zip(*columns, strict=True))
    return table_of("Fixed effects" if fit.is_mixed else "Coefficients", head, rows, names=1)


def _random_effects(fit: Estimates) -> str:
    if fit.varcorr is None:
        return ""
    deviations = variance_parameters(fit.varcorr, "sdcor")
    variances = variance_parameters(fit.varcorr, "vcov")
    rows: list[tuple[str, ...]] = []
    for one, other in zip(deviations, variances, strict=True):
        if one.second is None:
            term = one.first or ""
            rows.append((one.block, term, _number(one.value), _number(other.value), ""))
        else:
            term = f"{one.first} : {one.second}"
            rows.append((one.block, term, "", "", f"{one.value:.3f}"))
    head = ["group", "term", "SD", "variance", "corr."]
    if not any(one.second for one in deviations):
        head.pop()
        rows = [row[:-1] for row in rows]
    return table_of("Random effects", head, rows, names=2)


def _heading(fit: Estimates) -> str:
    family = f", {fit.family} ({fit.link})" if fit.family else ""
    formula = f'<code style="color:inherit;background:none">{escape(fit.formula)}</code>'
    return (
        f"<div><b>{escape(fit.kind)}</b> {formula}{escape(family)}, {escape(fit.criterion)}</div>"
    )


def _alarms(fit: Estimates) -> str:
    found = []
    if not fit.converged:
        found.append("Not converged: the numbers below are not the optimum.")
    if fit.singular:
        found.append("Singular: a variance is 0 or a correlation is 1 in absolute value.")
    if fit.dropped_columns:
        found.append(f"Dropped, since the others give them: {', '.join(fit.dropped_columns)}.")
    return "".join(_tag("div", f"{_ALARM};font-weight:bold", text) for text in found) + "".join(
        _tag("div", f"{_ALARM};white-space:pre-wrap", text) for text in _said(fit.messages)
    )


def _said(messages: Sequence[Condition]) -> list[str]:
    shown = [f"R's {message}" for message in messages[:_MOST_MESSAGES]]
    left = len(messages) - len(shown)
    return [*shown, f"{left} more messages"] if left else shown


def _footer(fit: Estimates) -> str:
    sizes = [f"{fit.nobs} rows"]
    sizes += [f"{name} {count}" for name, count in (fit.ngroups or {}).items()]
    figures = [("logLik", fit.loglik), ("AIC", fit.aic), ("BIC", fit.bic)]
    if fit.reml_criterion is not None:
        figures.insert(0, ("REML criterion", fit.reml_criterion))
    if not fit.is_mixed:
        figures.insert(0, ("sigma", fit.sigma))
    text = "; ".join((", ".join(sizes), ", ".join(f"{name} {x:.2f}" for name, x in figures)))
    return _tag("div", f"border-top:{_LINE};padding-top:.3em", text)


def as_html(fit: Estimates) -> str:
    """Return the fit as HTML: the model, what went wrong, its effects, its sizes and likelihood."""
    parts = (
        _heading(fit),
        _alarms(fit),
        _fixed_effects(fit),
        _random_effects(fit),
        _footer(fit),
    )
    return f'<div style="display:inline-block;color:inherit">{"".join(parts)}</div>'


class Notebook:
    """How notebooks show a fit."""

    def _repr_html_(self: Estimates) -> str:
        return as_html(self)
