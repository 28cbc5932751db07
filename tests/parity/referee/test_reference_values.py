"""Certified values against closed forms, and against digits that were found independently."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import pytest

from parity.certificate import Certificate, digits
from parity.referee.numerals import rounded
from tests.parity.referee.shipped import CASES, stored

if TYPE_CHECKING:
    import pandas as pd

    Table: TypeAlias = list[list[Fraction]]

# balanced designs: the estimates are rational (Corbeil & Searle 1976, on the analysis of variance)
CLOSED = {
    ("sleepstudy-slope-reml", "sigma2"): Fraction(778069940161891, 1188000000000),
    ("sleepstudy-slope-ml", "sigma2"): Fraction(778069940161891, 1188000000000),
    ("pastes-reml", "sigma2"): Fraction(678, 1000),
    ("pastes-ml", "sigma2"): Fraction(678, 1000),
    ("dyestuff2-reml", "sigma2"): Fraction(125119681, 9062500),
    ("dyestuff2-ml", "sigma2"): Fraction(125119681, 9375000),
    ("dyestuff2-reml", "fixef"): Fraction(3541, 625),
    ("dyestuff2-ml", "fixef"): Fraction(3541, 625),
}
RATIOS = {"dyestuff-reml": Fraction(35281, 49025), "dyestuff-ml": Fraction(3332, 5883)}

# -2 log-likelihood and theta as a separate program of this project's study printed them; the last
# digit is cut off or rounded
DEVIANCES = {
    "seed-gender-reml": "6772.375446155666255768945",
    "seed-raven-reml": "6856.939107575218993152576",
    "seed-social-reml": "6849.178100163205142568803",
    "seed-slope-reml": "4537.613691040064193471567",
    "seed-raven-ml": "6850.884097769951896502533",
    "seed-social-ml": "6842.766603638490033441810",
    "sleepstudy-slope-reml": "1743.628271958490760688055",
    "sleepstudy-slope-ml": "1751.939344463197620766681",
}
THETAS = {
    "seed-gender-reml": [".44923001496855278625"],
    "seed-raven-reml": [".43958961316703213546"],
    "seed-social-reml": [".44088305378958685385"],
    "seed-slope-reml": [".49979797998285", "-.22808253812758", ".52730651629282"],
}


@pytest.mark.parametrize(("name", "quantity"), CLOSED)
def test_rational_estimates_are_found(name: str, quantity: str) -> None:
    (number,) = stored(name).values[quantity].values()
    assert number == rounded(CLOSED[name, quantity], digits(number))


@pytest.mark.parametrize("name", RATIOS)
def test_rational_variance_ratios_are_found(name: str) -> None:
    (theta,) = stored(name).values["theta"].values()
    assert digits(theta) == 50
    assert abs(Fraction(theta) ** 2 - RATIOS[name]) < Fraction(1, 10**49)


@pytest.mark.parametrize("name", DEVIANCES)
def test_deviances_continue_the_digits_found_before(name: str) -> None:
    assert _continues(stored(name).values["deviance"][()], DEVIANCES[name])


@pytest.mark.parametrize("name", THETAS)
def test_theta_continues_the_digits_found_before(name: str) -> None:
    numbers = stored(name).values["theta"].values()
    pairs = zip(numbers, THETAS[name], strict=True)
    assert all(_continues(number, known) for number, known in pairs)


def test_sleepstudy_s_covariance_is_that_of_the_closed_form() -> None:
    """Equal designs: D = S / sigma^2 - (Z'Z)^-1, S the covariance of the subjects' own lines."""
    frame = CASES["sleepstudy-slope-reml"].dataset.load()
    S, sigma2, inverse = _lines(frame)
    D = [[S[i][j] / sigma2 - inverse[i][j] for j in (0, 1)] for i in (0, 1)]
    variances = stored("sleepstudy-slope-reml").values["variance"]
    for i, term in enumerate(("(Intercept)", "Days")):
        number = variances["Subject", term]
        assert number == rounded(D[i][i] * sigma2, digits(number))
    theta = [Fraction(x) for x in stored("sleepstudy-slope-reml").values["theta"].values()]
    products = [theta[0] ** 2, theta[0] * theta[1], theta[1] ** 2 + theta[2] ** 2]
    for own, exact in zip(products, (D[0][0], D[1][0], D[1][1]), strict=True):
        assert abs(own - exact) < Fraction(1, 10**48)


def _lines(frame: pd.DataFrame) -> tuple[Table, Fraction, Table]:
    """Return the covariance of intercepts and slopes, the residual variance, and (Z'Z)^-1."""
    days = [Fraction(i) for i in range(10)]
    total, squares = sum(days, Fraction(0)), sum((x * x for x in days), Fraction(0))
    size = 10 * squares - total**2
    inverse = [[squares / size, -total / size], [-total / size, Fraction(10) / size]]
    lines, rss = [], Fraction(0)
    for _, rows in frame.groupby("Subject", observed=True):
        y = [Fraction(repr(cell)) for cell in rows["Reaction"].tolist()]
        assert rows["Days"].tolist() == list(range(10))
        sums = sum(y), sum((x * v for x, v in zip(days, y, strict=True)), Fraction(0))
        line = [inverse[i][0] * sums[0] + inverse[i][1] * sums[1] for i in (0, 1)]
        pairs = zip(days, y, strict=True)
        rss = sum(((v - line[0] - line[1] * x) ** 2 for x, v in pairs), rss)
        lines.append(line)
    means = [sum((line[i] for line in lines), Fraction(0)) / len(lines) for i in (0, 1)]
    S = [
        [
            sum(((a[i] - means[i]) * (a[j] - means[j]) for a in lines), Fraction(0))
            / (len(lines) - 1)
            for j in (0, 1)
        ]
        for i in (0, 1)
    ]
    return S, rss / (len(lines) * 8), inverse


def test_the_seed_s_likelihood_ratio_test() -> None:
    test = stored("seed-social-lrt")
    assert test.values["lrt_chisq"][()].startswith("8.117494131461863060723")
    assert test.values["lrt_p"][()].startswith("0.0436448525980791524")
    assert test.values["lrt_df"][()] == "3"


def test_insteval_s_log_likelihood() -> None:
    assert stored("insteval-reml").values["loglik"][()].startswith("-118866.917063759545")


def test_jsp_s_slopes_are_lower_than_lme4_found_them() -> None:
    assert stored("jsp-slope-reml").values["deviance"][()].startswith("7311.5821541")


@pytest.mark.parametrize(
    ("name", "slope"), [("dyestuff2-reml", "9.90486236933"), ("dyestuff2-ml", "14.3843403821")]
)
def test_the_slope_at_dyestuff2_s_boundary_is_stated(name: str, slope: str) -> None:
    assert _states(stored(name), f"is {slope} there, above 0")
    assert _states(stored(name), "The optimum is global")


@pytest.mark.parametrize("name", ["dyestuff2-reml", "dyestuff2-ml", "jsp-class-ml"])
def test_the_boundary_is_exact(name: str) -> None:
    certificate = stored(name)
    assert certificate.values["singular"] == {(): "1"}
    assert "0" in certificate.values["theta"].values()
    assert "0" in certificate.values["variance"].values()
    assert certificate.absent["se_joint"].startswith("at the boundary")


def _continues(number: str, known: str) -> bool:
    """Return whether a number is within one unit of the last digit that was printed."""
    unit = Fraction(1, 10 ** len(known.partition(".")[2]))
    return abs(Fraction(number) - Fraction(known)) <= unit


def _states(certificate: Certificate, words: str) -> bool:
    return any(words in sentence for sentence in certificate.statements)
