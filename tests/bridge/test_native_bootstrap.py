"""The bootstrap by the criterion of a fit of lme4's: names, intervals, and lme4's own refits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pytest

import bridge
import parity
from bridge import bootstrap as bootstraps
from parity.casefile import load_suite
from parity.criterion.lmm import Criterion
from parity.criterion.model import Block, Model
from parity.resampling.interval import interval

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from bridge import Fit

pytestmark = pytest.mark.r

CASES = {case.name: case for case in load_suite().cases}
ABOVE = 1e-9
"""Deviance that a refit may lie above a full lmer fit to the same response."""


def fitted(name: str, **options: Any) -> Fit:  # noqa: ANN401
    case = CASES[name]
    reml = case.spec.criterion == "REML"
    return bridge.lmer(case.spec.formula, case.dataset.load(), REML=reml, **options)


def criterion_of(fit: Fit) -> Criterion:
    arrays = fit.arrays()
    blocks = tuple(Block(term.codes, term.columns, term.levels) for term in arrays.terms)
    model = Model(arrays.y, arrays.X, blocks, arrays.weights, arrays.offset)
    return Criterion(model, arrays.reml)


@pytest.mark.parametrize(
    "name",
    ["sleepstudy-slope-reml", "sleepstudy-uncorrelated-ml", "penicillin-reml", "jsp-class-ml"],
)
def test_the_arrays_are_the_model(name: str) -> None:
    fit = fitted(name)
    arrays = fit.arrays()
    point = criterion_of(fit).at(arrays.theta)
    wanted = fit.reml_criterion if fit.reml else fit.deviance
    assert point.deviance == pytest.approx(wanted, rel=1e-13)
    assert arrays.names == tuple(fit.bootstrap(2, seed=1).estimates.index)
    assert arrays.beta == pytest.approx(fit.fixef.to_numpy(), rel=1e-15)


def test_weights_offset_and_missing_rows_are_in_the_arrays() -> None:
    data = CASES["sleepstudy-slope-reml"].dataset.load()
    data["w"] = np.linspace(0.5, 2.0, len(data))
    data["o"] = np.linspace(-3.0, 3.0, len(data))
    data.loc[[3, 77], "Reaction"] = np.nan
    fit = bridge.lmer("Reaction ~ Days + (Days | Subject)", data, weights="w", offset="o")
    arrays = fit.arrays()
    assert len(arrays.y) == len(data) - 2
    point = criterion_of(fit).at(arrays.theta)
    assert point.deviance == pytest.approx(fit.reml_criterion, rel=1e-13)
    native = fit.bootstrap(400, seed=2, engine="native")
    lme4 = fit.bootstrap(60, seed=2)
    assert native.estimates.to_dict() == pytest.approx(lme4.estimates.to_dict(), rel=1e-12)
    error = lme4.replicates.std() * np.sqrt(1 / 60 + 1 / 400)
    assert ((native.replicates.mean() - lme4.replicates.mean()).abs() / error).max() < 5


def test_the_intervals_are_rs_own() -> None:
    fit = fitted("sleepstudy-slope-reml")
    for kind in ("perc", "basic", "norm"):
        table = fit.confint("boot", engine="native", n_boot=333, seed=5, level=0.9, boot_type=kind)
        found = table.attrs["bootstrap"]
        assert (found.engine, found.seed, found.anew) == ("native", 5, False)
        own = parity.bootstrap(fit, n=333, seed=5)
        pd.testing.assert_frame_equal(own.replicates, found.replicates)
        expected = own.confint(0.9, kind=kind).to_numpy()
        assert table.to_numpy() == pytest.approx(expected, rel=1e-12)


def test_a_parameter_that_is_undefined_in_some_refits_takes_none_from_the_others() -> None:
    """An SD of 0 leaves no correlation: its row counts for every other parameter."""
    fit = fitted("sleepstudy-slope-reml")
    found = fit.bootstrap(50, seed=1, engine="native")
    found.replicates.loc[:9, "cor_Days.(Intercept)|Subject"] = np.nan
    limits = found.confint()
    for name, estimate in found.estimates.items():
        defined = found.replicates[name].dropna().to_numpy()
        assert len(defined) == (40 if str(name).startswith("cor_") else 50)
        expected = interval(float(estimate), defined, 0.95, "perc")
        assert limits.loc[str(name)].to_numpy() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("kind", ["perc", "basic", "norm"])
def test_what_has_one_value_has_that_for_limits_and_what_has_none_has_none(
    kind: Literal["perc", "basic", "norm"],
) -> None:
    found = fitted("sleepstudy-slope-reml").bootstrap(30, seed=1, engine="native")
    whole = found.confint(kind=kind)
    found.replicates["sd_(Intercept)|Subject"] = 0.0
    found.replicates.loc[1:, "cor_Days.(Intercept)|Subject"] = np.nan
    limits = found.confint(kind=kind)
    value = 0.0 if kind == "perc" else 2.0 * found.estimates["sd_(Intercept)|Subject"]
    assert limits.loc["sd_(Intercept)|Subject"].to_numpy().tolist() == [value, value]
    assert np.isnan(limits.loc["cor_Days.(Intercept)|Subject"].to_numpy()).all()
    pd.testing.assert_frame_equal(limits.iloc[2:], whole.iloc[2:])
    assert limits.columns.equals(whole.columns)
    assert list(found.confint(0.9).columns) == ["5 %", "95 %"]


def test_a_single_draw_has_no_limits_by_either_engine() -> None:
    fit = fitted("dyestuff2-reml")
    for engine in ("lme4", "native"):
        limits = fit.confint("boot", n_boot=1, seed=1, engine=engine)
        assert limits.index.tolist() == ["sd_(Intercept)|Batch", "sigma", "(Intercept)"]
        assert limits.isna().all().all()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "dyestuff2-reml", "sleepstudy-slope-reml", "sleepstudy-uncorrelated-ml", "pastes-reml",
        "penicillin-ml", "machines-slope-reml", "orthodont-slope-ml",
    ],
)  # fmt: skip
def test_no_refit_lies_above_a_full_fit_of_lme4s_to_the_same_response(name: str) -> None:
    fit = fitted(name)
    responses = fit.simulate(25, seed=7).to_numpy()
    found = parity.bootstrap(fit, responses=responses)
    assert not found.failed.any()
    criterion = criterion_of(fit)
    case = CASES[name]
    data, response = case.dataset.load(), case.spec.response
    for place, y in enumerate(responses.T):
        full = bridge.lmer(case.spec.formula, data.assign(**{response: y}), REML=bool(fit.reml))
        theirs = criterion.of(y).deviance(full.arrays().theta)
        assert found.deviance[place] <= theirs + ABOVE


def test_an_engine_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = fitted("dyestuff-reml")
    with pytest.raises(bridge.EngineMissingError, match="No engine 'julia' of bootstraps"):
        fit.bootstrap(5, engine="julia")
    with pytest.raises(bridge.ArgumentError):
        fit.bootstrap(5, engine=3)  # type: ignore[arg-type]
    monkeypatch.setattr(bootstraps, "entry_points", lambda group: [])  # noqa: ARG005
    with pytest.raises(bridge.EngineMissingError, match="there are 'lme4'"):
        fit.bootstrap(5, engine="native")


def test_what_another_program_gives_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = fitted("dyestuff-reml")
    own = parity.bootstrap(fit, n=6, seed=1)
    own.failed[2] = True
    own.replicates.iloc[2] = np.nan

    class Loaded:
        name = "mine"

        @staticmethod
        def load() -> Any:  # noqa: ANN401
            return lambda _model, _n, _seed: own

    points: list[EntryPoint] = [Loaded()]  # type: ignore[list-item]
    monkeypatch.setattr(bootstraps, "entry_points", lambda group: points)  # noqa: ARG005
    found = fit.bootstrap(6, seed=4, engine="mine")
    assert found.errors == {2: "The search did not arrive at a minimum."}
    assert found.replicates.isna().all(axis=1).tolist() == [False, False, True] + [False] * 3
    assert "by mine: " in repr(found)
    own.failed[:] = True
    with pytest.raises(bridge.FitError, match="every simulated response failed"):
        fit.bootstrap(6, seed=4, engine="mine")


def test_it_is_for_lmer_alone() -> None:
    data = CASES["cbpp"].dataset.load()
    fit = bridge.glmer(CASES["cbpp"].spec.formula, data, family="binomial")
    with pytest.raises(bridge.NotDefinedError, match="for lmer; this one is fitted by glmer"):
        fit.bootstrap(5, engine="native")
    plain = bridge.lm("Reaction ~ Days", CASES["sleepstudy-slope-reml"].dataset.load())
    with pytest.raises(bridge.NotDefinedError):
        plain.bootstrap(5, engine="native")
    with pytest.raises(bridge.NotDefinedError, match="for lmer"):
        plain.arrays()


def test_a_weight_of_zero_has_a_sentence() -> None:
    data = CASES["sleepstudy-slope-reml"].dataset.load()
    data["w"] = np.arange(float(len(data)))
    fit = bridge.lmer("Reaction ~ Days + (1 | Subject)", data, weights="w")
    with pytest.raises(ValueError, match="whose weight is not positive"):
        fit.bootstrap(5, engine="native")


def test_a_model_without_fixed_effects_is_bootstrapped() -> None:
    fit = bridge.lmer("Yield ~ 0 + (1 | Batch)", CASES["dyestuff-reml"].dataset.load())
    found = fit.bootstrap(200, seed=1, engine="native")
    assert list(found.replicates.columns) == ["sd_(Intercept)|Batch", "sigma"]
    assert found.replicates["sigma"].mean() == pytest.approx(found.estimates["sigma"], rel=0.05)
    own = parity.bootstrap(fit, n=200, seed=1).confint(0.9).to_numpy()
    assert found.confint(np.float64(0.9)).to_numpy() == pytest.approx(own, rel=1e-12)


def test_a_fixed_effect_that_is_called_sigma_has_limits_of_its_own() -> None:
    data = CASES["sleepstudy-slope-reml"].dataset.load().rename(columns={"Days": "sigma"})
    fit = bridge.lmer("Reaction ~ sigma + (1 | Subject)", data)
    found = fit.bootstrap(99, seed=1, engine="native").confint()
    assert list(found.index).count("sigma") == 2
    own = parity.bootstrap(fit, n=99, seed=1).confint()
    assert own.to_numpy() == pytest.approx(found.to_numpy(), rel=1e-12)
    with pytest.raises(bridge.ArgumentError, match="which 2 parameters bear"):
        fit.confint("boot", engine="native", n_boot=9, parm="sigma")
