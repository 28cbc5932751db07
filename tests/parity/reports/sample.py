"""A report made by hand, with every verdict that a renderer must show."""

from __future__ import annotations

import math

from parity.finding import Comparison, Finding
from parity.report import CaseReport, Report
from parity.verdict import Verdict

KNOWN_WHY = "stops-short: the optimiser's gradient has the wrong sign | so it stops <early>"
CONDITION = "ConvergenceWarning: no\nconvergence \x1b[31m"


def finding(  # noqa: PLR0913 - the fields of one finding
    quantity: str,
    key: tuple[str, ...],
    numbers: tuple[float | None, float | None],
    *,
    error: float,
    unit: str,
    verdict: Verdict = Verdict.AGREE,
    digits: float = 6.5,
    tolerance: float = 1e-4,
    why: str = "ten times what optimisers leave",
    printed: str = "",
) -> Finding:
    return Finding(
        quantity, key, *numbers, error, unit, tolerance, digits, verdict, why, printed
    )  # fmt: skip


AGREEING = (
    finding("nobs", (), (180.0, 180.0), error=0.0, unit="exact", digits=15.9, tolerance=0.0),
    finding("fixef", ("Days",), (10.4672859, 10.4672860), error=3e-5, unit="se", digits=8.1),
    finding("fixef", ("(Intercept)",), (251.405105, 251.405104), error=1e-6, unit="se"),
)
DRIFTED = (
    finding(
        "loglik", (), (-3421.38330, -3421.38947), error=0.0123, unit="deviance",
        digits=5.7, verdict=Verdict.KNOWN, why=KNOWN_WHY,
    ),
    finding(
        "deviance", (), (6842.7666, 6842.7789), error=0.0124, unit="deviance",
        digits=5.7, verdict=Verdict.KNOWN, why=KNOWN_WHY,
    ),
    finding(
        "sd", ("school", "(Intercept)"), (1.97413, 2.00214), error=0.0142, unit="sd",
        digits=1.8, verdict=Verdict.KNOWN, why=KNOWN_WHY,
    ),
    finding(
        "fixef", ("raven",), (0.2068, 0.2069), error=0.004, unit="se", digits=3.3,
        verdict=Verdict.KNOWN, why=KNOWN_WHY,
    ),
)  # fmt: skip
WORSE = (
    finding(
        "loglik", (), (-100.0, -100.5), error=1.0, unit="deviance", digits=2.3,
        verdict=Verdict.WORSE,
    ),
    finding(
        "fixef", ("x|y",), (1.0, None), error=math.inf, unit="se", digits=0.0,
        verdict=Verdict.DIFFER,
    ),
)  # fmt: skip
FIGURES = (
    finding(
        "lrt_chisq", (), (8.1175, 8.11749413), error=0.117, unit="printed", tolerance=1.0,
        printed="8.1175",
    ),
    finding(
        "lrt_p", (), (2e-16, 6.41e-19), error=0.0, unit="printed", tolerance=1.0,
        printed="< 2e-16",
    ),
)  # fmt: skip
MISSED = (
    finding(
        "lrt_chisq", (), (8.1175, 8.10915908), error=166.8, unit="printed", tolerance=1.0,
        verdict=Verdict.KNOWN, why=KNOWN_WHY, printed="8.1175",
    ),
    finding(
        "lrt_p", (), (2e-16, 3e-16), error=math.inf, unit="printed", tolerance=1.0,
        verdict=Verdict.DIFFER, printed="< 2e-16",
    ),
)  # fmt: skip


def case(name: str, *pairs: Comparison, message: str = "", published_in: str = "") -> CaseReport:
    return CaseReport(
        name, "school|data", "y ~ x + (1 | g)", "gaussian(identity)",
        "LRT" if published_in else "ML", None if message else 180, pairs, message, published_in,
    )  # fmt: skip


def pair(  # noqa: PLR0913 - the fields of one comparison
    name: str,
    verdict: Verdict,
    *,
    findings: tuple[Finding, ...] = (),
    candidate: str = "other",
    reference: str = "lme4",
    layer: str = "",
    message: str = "a sentence of the pair",
    conditions: tuple[str, ...] = (),
) -> Comparison:
    absent = (("aic", candidate, "undefined under REML"),) if findings else ()
    return Comparison(
        name, reference, candidate, verdict, layer, message, findings, absent, conditions
    )


def report(*cases: CaseReport) -> Report:
    return Report(
        "lme4", "Reference: lme4 (live) - held against it: other", {"R": "4.2.2"}, cases, 1.25
    )


GREEN = report(case("calm", pair("calm", Verdict.AGREE, findings=AGREEING)))
ALL = report(
    case("calm", pair("calm", Verdict.AGREE, findings=AGREEING)),
    case(
        "drifted",
        pair(
            "drifted", Verdict.KNOWN, findings=DRIFTED, layer="C",
            conditions=(CONDITION, "a second"),
        ),
        pair("drifted", Verdict.WORSE, findings=WORSE, layer="C", candidate="third"),
    ),
    case("cannot", pair("cannot", Verdict.UNSUPPORTED, message="other: no crossed effects")),
    case("broken", pair("broken", Verdict.FAILED, message="other failed: ValueError: singular")),
    case("absent", pair("absent", Verdict.UNSUPPORTED), message="jsp2.csv is not here"),
    case("away", pair("away", Verdict.UNSUPPORTED), message="jsp2.csv is not here"),
    case(
        "printed",
        pair("printed", Verdict.AGREE, findings=AGREEING[:1]),
        pair(
            "printed", Verdict.AGREE, findings=FIGURES, candidate="lme4", reference="published"
        ),
        pair("printed", Verdict.DIFFER, findings=MISSED, layer="G", reference="published"),
        published_in="a paper of 2024",
    ),
)  # fmt: skip
