"""The bootstrap by the criterion: what it refits, what it counts, what it refuses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import parity
from parity.casefile import SHIPPED, load_suite
from parity.certificate import from_json
from parity.criterion.lmm import Criterion
from parity.criterion.optimum import find
from parity.criterion.refit import Fitter
from parity.design.statement import state
from parity.examination import InputError
from parity.formula import parse
from parity.resampling import subject as module
from parity.resampling.interval import interval
from parity.resampling.subject import Subject, names_of, of_model, parameters_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMULA = "Reaction ~ Days + (Days | Subject)"
CASES = {case.name: case for case in load_suite().cases}


@pytest.fixture(scope="module")
def sleep() -> pd.DataFrame:
    return CASES["sleepstudy-slope-reml"].dataset.load()


@pytest.fixture(scope="module")
def dyestuff2() -> pd.DataFrame:
    return CASES["dyestuff2-reml"].dataset.load()


def test_the_estimates_are_the_fits_own(sleep: pd.DataFrame) -> None:
    found = parity.bootstrap(FORMULA, sleep, 10, seed=1)
    path = SHIPPED.parent / "certified" / "sleepstudy-slope-reml.json"
    proven = from_json(path.read_text(encoding="utf-8")).values
    expected = {
        "sd_(Intercept)|Subject": proven["sd"]["Subject", "(Intercept)"],
        "cor_Days.(Intercept)|Subject": proven["correlation"]["Subject", "Days", "(Intercept)"],
        "sd_Days|Subject": proven["sd"]["Subject", "Days"],
        "sigma": proven["sigma"][()],
        "(Intercept)": proven["fixef"]["(Intercept)",],
        "Days": proven["fixef"]["Days",],
    }
    numbers = {name: float(text) for name, text in expected.items()}
    assert found.estimates.to_dict() == pytest.approx(numbers, rel=1e-11)
    assert list(found.replicates.columns) == list(found.estimates.index)
    assert (found.seed, found.reml, len(found.replicates)) == (1, True, 10)


def test_each_refit_is_the_optimum_of_its_own_response(sleep: pd.DataFrame) -> None:
    spec = parse(FORMULA, criterion="ML")
    statement = state(spec, sleep)
    rng = np.random.default_rng(3)
    responses = statement.model.y[:, None] + 30.0 * rng.normal(size=(180, 6))
    found = parity.bootstrap(spec, sleep, responses=responses)
    assert found.seed is None
    for place, y in enumerate(responses.T):
        criterion = Criterion(replace(statement.model, y=y), reml=False)
        lowest = find(criterion)
        point = criterion.at(lowest.theta)
        assert found.deviance[place] == pytest.approx(lowest.deviance, rel=1e-14)
        row = parameters_of(
            statement.model, lowest.theta[None], point.beta[None], np.array([point.sigma])
        )[0]
        assert found.replicates.iloc[place].to_numpy() == pytest.approx(row, rel=1e-6, nan_ok=True)


def test_a_seed_gives_the_same_and_its_absence_another_that_is_kept(sleep: pd.DataFrame) -> None:
    one, other = (parity.bootstrap(FORMULA, sleep, 5, seed=9) for _ in range(2))
    pd.testing.assert_frame_equal(one.replicates, other.replicates)
    drawn = parity.bootstrap(FORMULA, sleep, 5)
    again = parity.bootstrap(FORMULA, sleep, 5, seed=drawn.seed)
    pd.testing.assert_frame_equal(drawn.replicates, again.replicates)
    assert not np.allclose(drawn.replicates, one.replicates)


def test_the_intervals_are_those_of_each_column(sleep: pd.DataFrame) -> None:
    found = parity.bootstrap(FORMULA, sleep, 60, seed=2)
    for kind in ("perc", "basic", "norm"):
        table = found.confint(0.9, kind=kind)
        assert list(table.columns) == ["5 %", "95 %"]
        for name, column in found.replicates.items():
            defined = column.dropna().to_numpy()
            expected = interval(found.estimates[str(name)], defined, 0.9, kind)
            assert tuple(table.loc[str(name)]) == expected


def test_singular_refits_are_counted_and_their_correlation_is_undefined(
    sleep: pd.DataFrame,
) -> None:
    found = parity.bootstrap(FORMULA, sleep, 400, seed=1)
    singular = found.singular.sum()
    assert singular > 0
    correlation = found.replicates["cor_Days.(Intercept)|Subject"]
    zero = (found.replicates[["sd_(Intercept)|Subject", "sd_Days|Subject"]] == 0).any(axis=1)
    assert (correlation.isna() == zero).all()
    # a singular fit without a vanishing SD has a correlation of 1
    at_one = correlation[found.singular & ~zero].abs()
    assert at_one.to_numpy() == pytest.approx(1.0, abs=1e-12)
    assert found.undefined == ({correlation.name: int(zero.sum())} if zero.any() else {})
    assert f"400 responses: {singular} refits are singular, 0 failed" in str(found)


def test_at_the_boundary_half_of_the_refits_are_singular(dyestuff2: pd.DataFrame) -> None:
    found = parity.bootstrap("Yield ~ 1 + (1 | Batch)", dyestuff2, 2000, seed=4)
    assert found.estimates["sd_(Intercept)|Batch"] == 0.0
    # P(F(5, 24) < 1), the chance that the mean squares leave no variance between batches
    assert found.singular.mean() == pytest.approx(0.561, abs=4 * np.sqrt(0.25 / 2000))
    assert (found.replicates.loc[found.singular, "sd_(Intercept)|Batch"] == 0).all()
    assert not found.undefined


def test_failed_refits_are_counted_and_in_no_interval(
    sleep: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(Fitter):
        def resample(self, *args: Any) -> Any:  # noqa: ANN401
            for fits in super().resample(*args):
                fits.converged[3] = False
                yield fits

    whole = parity.bootstrap(FORMULA, sleep, 20, seed=1)
    monkeypatch.setattr(module, "Fitter", Failing)
    found = parity.bootstrap(FORMULA, sleep, 20, seed=1)
    assert np.flatnonzero(found.failed).tolist() == [3]
    assert found.replicates.loc[3].isna().all()
    assert "1 failed" in str(found)
    assert not found.undefined
    left = whole.replicates["sigma"].drop(3).to_numpy()
    limits = interval(found.estimates["sigma"], left, 0.95, "perc")
    assert tuple(found.confint().loc["sigma"]) == limits


def test_coverage_of_the_intervals_of_a_fixed_effect() -> None:
    """Of 200 samples of a known model, the 90 % intervals hold the truth in 90 %."""
    rng = np.random.default_rng(11)
    groups = np.repeat(np.arange(20), 6)
    x = rng.normal(size=120)
    held = 0
    for number in range(200):
        y = 1.0 + 0.5 * x + rng.normal(size=20)[groups] + rng.normal(size=120)
        data = pd.DataFrame({"y": y, "x": x, "g": groups.astype(str)})
        limits = parity.bootstrap("y ~ x + (1 | g)", data, 199, seed=number).confint(0.9)
        held += bool(limits.loc["x"].iloc[0] <= 0.5 <= limits.loc["x"].iloc[1])
    assert held / 200 == pytest.approx(0.9, abs=4 * np.sqrt(0.09 / 200))


@dataclass(frozen=True)
class FakeTerm:
    codes: NDArray[np.intp]
    columns: NDArray[np.float64]
    levels: int


@dataclass(frozen=True)
class FakeFit:
    """A fit of another program, away from the optimum."""

    subject: Subject

    def arrays(self) -> Any:  # noqa: ANN401
        model, where = self.subject.fitter.model, self.subject.parameters
        terms = [FakeTerm(b.codes, b.columns, b.levels) for b in model.blocks]
        fields = {
            "formula": self.subject.formula, "y": model.y, "X": model.X, "weights": model.weights,
            "offset": model.offset, "terms": terms, "theta": 2.0 * where.theta,
            "beta": where.beta + 1.0, "sigma": 3.0 * where.sigma, "reml": False,
            "names": self.subject.names,
        }  # fmt: skip
        return type("Arrays", (), fields)


def test_a_fit_is_bootstrapped_where_it_is(sleep: pd.DataFrame) -> None:
    subject = of_model(parse(FORMULA), sleep)
    found = parity.bootstrap(FakeFit(subject), n=300, seed=1)
    own = parity.bootstrap(FORMULA, sleep, 2, seed=1).estimates
    assert not found.reml
    assert found.estimates["sigma"] == pytest.approx(3.0 * own["sigma"])
    assert found.estimates["sd_Days|Subject"] == pytest.approx(6.0 * own["sd_Days|Subject"])
    mean = found.replicates.mean()
    assert mean["sigma"] == pytest.approx(3.0 * own["sigma"], rel=0.02)
    assert mean["Days"] == pytest.approx(own["Days"] + 1.0, abs=2.0)


def test_a_fits_offset_and_weights_count_in_every_refit(sleep: pd.DataFrame) -> None:
    subject = of_model(parse(FORMULA), sleep)
    model, rng = subject.fitter.model, np.random.default_rng(5)
    offset, weights = 50.0 * rng.normal(size=180), rng.uniform(0.5, 2.0, 180)
    dressed = replace(model, offset=offset, weights=weights)
    fit = FakeFit(replace(subject, fitter=Fitter(dressed, reml=False)))
    responses = model.y[:, None] + 30.0 * rng.normal(size=(180, 3))
    found = parity.bootstrap(fit, responses=responses + offset[:, None])
    expected = Fitter(replace(model, weights=weights), reml=False).fit(responses)
    assert found.deviance == pytest.approx(expected.deviance, rel=1e-13)
    # where a flat minimum is costs half of the digits
    assert found.replicates["Days"].to_numpy() == pytest.approx(expected.beta[:, 1], rel=1e-8)


def test_what_cannot_be_bootstrapped_is_one_sentence(sleep: pd.DataFrame) -> None:
    fit = FakeFit(of_model(parse(FORMULA), sleep))
    weighed, ends = parse(FORMULA, weights="w"), np.arange(180.0)  # a weight of 0 is no data
    few = pd.DataFrame({"y": [1.0, 2.0, 4.0], "x": list("abc"), "g": list("uuv")})
    refusals: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
        ("needs data", (FORMULA,), {}),
        ("leave data out", (fit, sleep), {}),
        ("for linear mixed models", (parse("Reaction ~ Days"), sleep), {}),
        ("no column 'Day'", ("Reaction ~ Day + (1 | Subject)", sleep), {}),
        ("n is 0; expected a whole number", (FORMULA, sleep, 0), {}),
        ("n is True", (FORMULA, sleep, True), {}),
        ("seed is -1", (FORMULA, sleep, 5), {"seed": -1}),
        ("shape", (FORMULA, sleep), {"responses": np.ones((3, 2))}),
        ("not finite", (FORMULA, sleep), {"responses": np.full((180, 2), np.nan)}),
        ("not finite", (FORMULA, sleep), {"responses": np.full((180, 2), np.inf)}),
        (r"shape \(180,\)", (FORMULA, sleep), {"responses": np.ones(180)}),
        (r"shape \(180, 0\)", (FORMULA, sleep), {"responses": np.ones((180, 0))}),
        ("responses are <U1", (FORMULA, sleep), {"responses": np.full((180, 1), "a")}),
        ("responses are complex", (FORMULA, sleep), {"responses": np.ones((180, 1)) * 1j}),
        ("model is a NoneType", (None, sleep), {}),
        ("data are a dict; expected a pandas DataFrame", (FORMULA, sleep.to_dict()), {}),
        ("cannot be fitted: .* of positive weight", (weighed, sleep.assign(w=ends)), {}),
        (
            "'y ~ x .* cannot be fitted: .* more rows than coefficients",
            ("y ~ x + (1 | g)", few),
            {},
        ),
    ]
    for sentence, asked, named in refusals:
        with pytest.raises(InputError, match=sentence):
            parity.bootstrap(*asked, **named)
    found = parity.bootstrap(FORMULA, sleep, 3, seed=1)
    with pytest.raises(InputError, match="kind is 'bca'"):
        found.confint(kind="bca")  # type: ignore[arg-type]
    for level in (95, 1.0, 0.0, True):
        with pytest.raises(InputError, match="expected a number between 0 and 1"):
            found.confint(level)


def test_a_fit_with_a_weight_of_zero_is_refused_in_a_sentence(sleep: pd.DataFrame) -> None:
    subject = of_model(parse(FORMULA), sleep)
    weights = np.arange(180.0)
    fitter = Fitter(replace(subject.fitter.model, weights=weights), reml=False)
    fit = FakeFit(replace(subject, fitter=fitter))
    with pytest.raises(InputError, match=r"cannot be fitted: a row whose weight is not positive"):
        parity.bootstrap(fit, n=3, seed=1)


def test_fixed_effects_that_span_the_random_ones_leave_reml_nothing(sleep: pd.DataFrame) -> None:
    for spanned in ("factor(Subject)", "factor(Subject) * Days"):
        effects = "Days" if "Days" in spanned else "1"
        with pytest.raises(InputError, match="take all that the random effects of Subject"):
            parity.bootstrap(f"Reaction ~ {spanned} + ({effects} | Subject)", sleep, 5)
    formula = "Reaction ~ factor(Subject) + (0 + Days | Subject)"
    assert parity.bootstrap(formula, sleep, 5, seed=1).estimates["sd_Days|Subject"] > 1.0
    formula = "Reaction ~ factor(Subject) + (1 | Subject)"
    found = parity.bootstrap(formula, sleep, 5, seed=1, REML=False)
    assert found.estimates["sd_(Intercept)|Subject"] == 0.0


def test_a_formula_is_fitted_by_the_criterion_that_is_asked_for(sleep: pd.DataFrame) -> None:
    for asked, name in ((True, "reml"), (False, "ml")):
        found = parity.bootstrap(FORMULA, sleep, 3, seed=1, REML=asked)
        case = CASES[f"sleepstudy-slope-{name}"]
        own = parity.bootstrap(case.spec, sleep, 3, seed=1)
        assert found.reml == own.reml == asked
        pd.testing.assert_frame_equal(found.replicates, own.replicates)


def test_a_fixed_effect_that_is_called_sigma_has_limits_of_its_own(sleep: pd.DataFrame) -> None:
    named = sleep.rename(columns={"Days": "sigma"})
    found = parity.bootstrap("Reaction ~ sigma + (1 | Subject)", named, 60, seed=3)
    plain = parity.bootstrap("Reaction ~ Days + (1 | Subject)", sleep, 60, seed=3)
    assert list(found.estimates.index).count("sigma") == 2
    assert found.confint().to_numpy().tolist() == plain.confint().to_numpy().tolist()
    assert found.summary().to_numpy().tolist() == plain.summary().to_numpy().tolist()
    assert str(found).count("\nsigma ") == 2


def test_parameters_are_named_in_the_order_of_their_numbers(sleep: pd.DataFrame) -> None:
    data = sleep.assign(late=np.where(sleep["Days"] > 4, 1.0, 0.0), odd=sleep["Days"] % 2)
    statement = state(parse("Reaction ~ 1 + (late + odd | Subject)"), data)
    names = names_of(statement)
    theta = np.array([[2.0, 0.5, -1.0, 1.5, 0.25, 1.0]])
    row = parameters_of(statement.model, theta, np.array([[7.0]]), np.array([3.0]))[0]
    factor = np.array([[2.0, 0.0, 0.0], [0.5, 1.5, 0.0], [-1.0, 0.25, 1.0]])
    D = factor @ factor.T
    columns, spread = ["(Intercept)", "late", "odd"], np.sqrt(np.diag(D))
    expected = {f"sd_{c}|Subject": 3.0 * s for c, s in zip(columns, spread, strict=True)}
    for j, i in ((0, 1), (0, 2), (1, 2)):
        name = f"cor_{columns[i]}.{columns[j]}|Subject"
        expected[name] = D[i, j] / spread[i] / spread[j]
    expected |= {"sigma": 3.0, "(Intercept)": 7.0}
    assert dict(zip(names, row, strict=True)) == pytest.approx(expected, rel=1e-14)


def test_no_correlation_is_beyond_one(sleep: pd.DataFrame) -> None:
    """The third row of the factor is a multiple of the second: rounding would leave 1 + 2e-16."""
    data = sleep.assign(odd=sleep["Days"] % 2)
    model = state(parse("Reaction ~ 1 + (Days + odd | Subject)"), data).model
    rng = np.random.default_rng(1)
    a, b, c, times, zero = *rng.uniform(0.1, 9.0, (4, 500)), np.zeros(500)
    theta = np.column_stack([a, b, times * b, c, times * c, zero])
    found = parameters_of(model, theta, np.zeros((500, 1)), np.ones(500))[:, 4]
    assert found == pytest.approx(1.0, abs=1e-14)
    assert found.max() == 1.0


def test_a_covariance_that_nothing_determines_is_refused(sleep: pd.DataFrame) -> None:
    data = sleep.assign(none=0.0, flat=3.0)
    for term in ("none", "flat", "Days + I(2 * Days)"):
        with pytest.raises(InputError, match="are not determined"):
            parity.bootstrap(f"Reaction ~ Days + ({term} | Subject)", data, 5)
    for terms in ("(1 | Subject) + (Days | Subject)", "(1 | Subject) + (1 | Subject)"):
        with pytest.raises(InputError, match=r"have the column \(Intercept\)"):
            parity.bootstrap(f"Reaction ~ Days + {terms}", data, 5)
    found = parity.bootstrap("Reaction ~ Days + (Days || Subject)", data, 5)
    assert list(found.estimates.index)[:2] == ["sd_(Intercept)|Subject", "sd_Days|Subject"]


def test_a_response_without_error_is_refused(sleep: pd.DataFrame) -> None:
    for offset in (0.0, 1e9):
        exact = sleep.assign(Reaction=offset + 10.0 * sleep["Days"])
        with pytest.raises(InputError, match="did not arrive at one with a residual"):
            parity.bootstrap("Reaction ~ Days + (1 | Subject)", exact, 5)
        noise = 1e-6 * np.random.default_rng(1).normal(size=180)
        near = exact.assign(Reaction=exact["Reaction"] + noise)
        found = parity.bootstrap("Reaction ~ Days + (1 | Subject)", near, 5)
        assert found.estimates["sigma"] == pytest.approx(1e-6, rel=0.2)


def test_the_summary_is_of_the_replicates(sleep: pd.DataFrame) -> None:
    found = parity.bootstrap(FORMULA, sleep, 40, seed=5)
    table = found.summary()
    for name, estimate in found.estimates.items():
        column = found.replicates[str(name)].dropna().to_numpy()
        expected = [estimate, column.mean() - estimate, column.std(ddof=1)]
        found_here = table.loc[str(name), ["estimate", "bias", "se"]].to_numpy()
        assert found_here == pytest.approx(expected)
        assert table.loc[str(name), "replicates"] == len(column)
    assert table[["2.5 %", "97.5 %"]].equals(found.confint())


def test_two_responses_have_an_interval(sleep: pd.DataFrame) -> None:
    assert parity.bootstrap(FORMULA, sleep, 2, seed=1).confint().notna().all(axis=None)


def test_one_response_has_no_interval(sleep: pd.DataFrame) -> None:
    found = parity.bootstrap(FORMULA, sleep, 1, seed=1)
    assert found.confint().isna().all(axis=None)
    assert found.summary()["replicates"].tolist() == [1] * 6
