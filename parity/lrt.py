"""The likelihood-ratio test of two nested models, from an engine's two answers; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scipy import stats

from parity.result import FitResult, Status, failed, unsupported

if TYPE_CHECKING:
    from parity.result import Key


def likelihood_ratio(name: str, small: FitResult, large: FitResult) -> FitResult:
    """Return statistic, df and p-value of a likelihood-ratio test as one engine's answer.

    Parameters
    ----------
    name
        Of the pair of models.
    small, large
        One engine's ML fits of the two models to the same rows. The statistic is
        ``2 (loglik large - loglik small)``, its df the difference of ``npar``; p is the upper
        tail of chi-square, which is conservative where a variance is tested at its boundary.
    """
    engine = small.engine
    for result in (small, large):
        if not result.fitted:
            reason = f"{result.case}: {result.message}"
            return FitResult(engine, name, "lrt", result.status, reason)
    for result in (small, large):
        for need in ("loglik", "npar"):
            if need in result.absent:
                reason = f"{result.case}: {result.absent[need]}"
                return unsupported(engine, name, "lrt", reason)
    if {small.criterion, large.criterion} != {"ML"} or small.rows != large.rows:
        reason = "the two fits are not ML fits of the same rows"
        return failed(engine, name, "lrt", reason)
    statistic = 2.0 * (large.values["loglik"][()] - small.values["loglik"][()])
    freedom = large.values["npar"][()] - small.values["npar"][()]
    if freedom <= 0:
        return failed(engine, name, "lrt", "the large model has no more parameters than the small")
    numbers: dict[str, dict[Key, float]] = {
        "lrt_chisq": {(): statistic},
        "lrt_df": {(): freedom},
        "lrt_p": {(): float(stats.chi2.sf(statistic, freedom))},
    }
    return FitResult(
        engine=engine,
        case=name,
        kind="lrt",
        status=Status.FITTED,
        criterion="ML",
        rows=small.rows,
        values=numbers,
        conditions=(*small.conditions, *large.conditions),
        versions=large.versions,
    )
