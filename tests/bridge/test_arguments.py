"""Each argument reaches R: with it R's own plain call gives the same numbers, without it others."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bridge import DataError, Fit, FitError, glm, glmer, glmer_nb, lm, lmer

pytestmark = pytest.mark.r
HERE = Path(__file__).parent
DATASETS = HERE.parents[1] / "parity" / "data" / "datasets"
FUNCTIONS: Mapping[str, Callable[..., Fit]] = {
    "lm": lm, "glm": glm, "lmer": lmer, "glmer": glmer, "glmer_nb": glmer_nb,
}  # fmt: skip
FORMULAS = {
    "lm": "Reaction ~ Days + week",
    "lmer": "Reaction ~ Days + week + (Days | Subject)",
    "glm": "cbind(incidence, size - incidence) ~ period",
    "glmer": "cbind(incidence, size - incidence) ~ period + (1 | herd)",
    "glmer_nb": "TICKS ~ YEAR + (1 | BROOD)",
}
FEW = {"optCtrl": {"maxeval": 3}}
Arguments = dict[str, Any]

# Label as in arguments.R -> what is asked of the bridge; the function is the label's first word.
CASES: dict[str, Arguments] = {
    "lm": {},
    "lm weights": {"weights": "w"},
    "lm offset": {"offset": "o"},
    "lm subset": {"subset": "early"},
    "lm contrasts": {"contrasts": {"week": "helmert"}},
    "lm contrasts matrix": {"contrasts": {"week": np.array([[1, 0], [0, 1], [-1, -1]])}},
    "lm reference": {"reference": {"week": 2}},
    "lmer": {},
    "lmer REML": {"REML": False},
    "lmer weights": {"weights": "w"},
    "lmer offset": {"offset": "o"},
    "lmer subset": {"subset": "early"},
    "lmer contrasts": {"contrasts": {"week": "helmert"}},
    "lmer reference": {"reference": {"week": "2"}},
    "lmer start": {"start": [2, 0.1, 1], "control": FEW},
    "lmer start list": {"start": {"theta": [2, 0.1, 1]}, "control": FEW},
    "lmer control": {"control": {"optimizer": "Nelder_Mead", "optCtrl": {"maxfun": 25}}},
    "glm": {},
    "glm family": {"formula": "incidence ~ period", "family": "poisson"},
    "glm link": {"link": "probit"},
    "glm weights": {"formula": "rate ~ period", "weights": "size"},
    "glm offset": {"offset": "o"},
    "glm subset": {"subset": "odd"},
    "glm contrasts": {"contrasts": {"period": "sum"}},
    "glm reference": {"reference": {"period": "3"}},
    "glm control": {"control": {"maxit": 2}},
    "glm start": {"start": [0, 0, 0, 1], "control": {"maxit": 2}},
    "glmer": {},
    "glmer family": {"formula": "incidence ~ period + (1 | herd)", "family": "poisson"},
    "glmer link": {"link": "cloglog"},
    "glmer weights": {"formula": "rate ~ period + (1 | herd)", "weights": "size"},
    "glmer offset": {"offset": "o"},
    "glmer subset": {"subset": "odd"},
    "glmer contrasts": {"contrasts": {"period": "sum"}},
    "glmer reference": {"reference": {"period": "3"}},
    "glmer nAGQ": {"nAGQ": 9},
    "glmer start": {
        "start": {"theta": [2], "fixef": [0, 0, 0, 1]},
        "control": {"optimizer": "bobyqa", "nAGQ0initStep": False, "optCtrl": {"maxfun": 15}},
    },
    "glmer control": {"control": {"tolPwrss": 1e-3}},
    "glmer_nb": {},
    "glmer_nb offset": {"offset": "o"},
    "glmer_nb subset": {"subset": "odd"},
    "glmer_nb weights": {"weights": "w"},
    "glmer_nb contrasts": {"contrasts": {"YEAR": "sum"}},
    "glmer_nb reference": {"reference": {"YEAR": "97"}},
    "glmer_nb nAGQ": {"nAGQ": 3},
    "glmer_nb init_theta": {"init_theta": 2.0},
    "glmer_nb control": {"control": {"tolPwrss": 1e-4}},
    "glmer_nb start": {"start": {"theta": [2]}, "control": {"optCtrl": {"maxfun": 12}}},
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[float]]:
    """R's numbers: label -> log-likelihood, coefficients, last fitted value."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("there is no Rscript here")
    folder = tmp_path_factory.mktemp("arguments")
    subprocess.run([rscript, str(HERE / "arguments.R"), str(folder)], check=True)
    found: dict[str, list[float]] = {}
    for line in (folder / "arguments.txt").read_text(encoding="utf-8").splitlines():
        label, _, number = line.split("\t")
        found.setdefault(label, []).append(float.fromhex(number))
    return found


@pytest.fixture(scope="module")
def tables(sleepstudy: pd.DataFrame, cbpp: pd.DataFrame) -> dict[str, pd.DataFrame]:
    row = np.arange(180)
    sleep = sleepstudy.assign(w=1 + row % 3, o=row / 10, early=sleepstudy["Days"] < 6)
    sleep["week"] = pd.Categorical(sleep["Days"] // 4)
    row = np.arange(56)
    herds = cbpp.assign(rate=cbpp["incidence"] / cbpp["size"], o=row / 50, odd=row % 2 == 0)
    text = {"YEAR": "str", "BROOD": "str"}
    ticks = pd.read_csv(DATASETS / "grouseticks.csv", dtype=text)
    row = np.arange(403)
    ticks = ticks.assign(o=row / 400, odd=row % 2 == 0, w=1 + row % 2)
    return {"lm": sleep, "lmer": sleep, "glm": herds, "glmer": herds, "glmer_nb": ticks}


def fitted(label: str, tables: dict[str, pd.DataFrame], **changes: Any) -> Fit:  # noqa: ANN401
    kind = label.partition(" ")[0]
    arguments = {"formula": FORMULAS[kind], **CASES[label], **changes}
    return FUNCTIONS[kind](arguments.pop("formula"), tables[kind], **arguments)


def numbers(fit: Fit) -> list[float]:
    return [fit.loglik, *fit.fixef, fit.fitted.iloc[-1]]


@pytest.mark.parametrize("label", CASES)
def test_the_fit_is_r_s_with_the_argument(
    label: str, tables: dict[str, pd.DataFrame], plain: dict[str, list[float]]
) -> None:
    assert numbers(fitted(label, tables)) == plain[label]


@pytest.mark.parametrize("label", [label for label in CASES if " " in label])
def test_without_the_argument_it_is_another(label: str, plain: dict[str, list[float]]) -> None:
    if label in ("glm weights", "glmer weights"):
        return  # proportions with their trials are the same model as counts
    assert plain[label] != plain[label.partition(" ")[0]]


def test_every_call_of_r_is_held_against_ours(plain: dict[str, list[float]]) -> None:
    assert set(plain) == set(CASES)


@pytest.mark.parametrize("label", ["lm", "glm", "lmer", "glmer", "glmer_nb"])
@pytest.mark.parametrize("argument", ["weights", "offset", "subset"])
def test_values_are_taken_as_columns_are(
    label: str, argument: str, tables: dict[str, pd.DataFrame]
) -> None:
    table = tables[label]
    name = {"weights": "w", "offset": "o", "subset": "odd" if "odd" in table else "early"}[argument]
    if name not in table:
        table = table.assign(w=1.0 + np.arange(len(table)) % 2)
    given = dict.fromkeys(tables, table)
    by_name = fitted(label, given, **{argument: name})
    for values in (table[name], table[name].to_numpy(), table[name].tolist()):
        assert numbers(fitted(label, given, **{argument: values})) == numbers(by_name)


@pytest.mark.parametrize("label", ["lm", "glm", "lmer", "glmer", "glmer_nb"])
def test_rows_with_gaps_are_dropped_kept_or_refused(
    label: str, tables: dict[str, pd.DataFrame]
) -> None:
    table = tables[label].copy()
    column = {"lm": "Days", "lmer": "Days", "glm": "size", "glmer": "size", "glmer_nb": "TICKS"}
    table[column[label]] = table[column[label]].astype(float)
    table.loc[[3, 7], column[label]] = np.nan
    given = dict.fromkeys(tables, table)
    omitted, kept = fitted(label, given), fitted(label, given, na_action="exclude")
    assert omitted.omitted.tolist() == kept.omitted.tolist() == [3, 7]
    assert list(omitted.dropped_rows) == [3, 7]
    assert len(omitted.fitted) == omitted.nobs == len(table) - 2
    assert kept.fitted.index.equals(table.index)
    assert kept.fitted.isna().tolist() == [k in (3, 7) for k in range(len(table))]
    assert kept.resid.dropna().tolist() == omitted.resid.tolist()
    assert numbers(omitted) == numbers(kept)
    with pytest.raises(FitError, match="missing values"):
        fitted(label, given, na_action="fail")


def test_gaps_within_a_subset_keep_the_rows_apart(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["lmer"].copy()
    table.loc[[3, 7], "Reaction"] = np.nan
    subset = np.arange(180) % 3 != 1
    fit = fitted("lmer", {"lmer": table}, subset=subset, na_action="exclude")
    used = [k for k in range(180) if subset[k] and k != 3]
    assert fit.rows.tolist() == used
    assert fit.omitted.tolist() == [3]
    assert fit.fitted.index.tolist() == sorted([*used, 3])
    assert np.isnan(fit.fitted[3])


@pytest.mark.parametrize("label", ["lmer", "glmer", "glmer_nb"])
def test_verbose_prints_and_is_kept(label: str, tables: dict[str, pd.DataFrame]) -> None:
    def printed(fit: Fit) -> str:
        return "".join(said.text for said in fit.messages if said.kind == "output")

    assert printed(fitted(label, tables)) == ""
    assert len(printed(fitted(label, tables, verbose=2)).splitlines()) > 5


def test_contrasts_are_reported(tables: dict[str, pd.DataFrame]) -> None:
    plain_ = fitted("lmer", tables).contrasts["week"]
    assert plain_.kind == "treatment"
    assert list(plain_.coding.loc["0"]) == [0.0, 0.0]
    assert fitted("lmer reference", tables).contrasts["week"].coding.index[0] == "2"
    helmert = fitted("lm contrasts", tables).contrasts["week"]
    assert helmert.kind == "helmert"
    assert helmert.coding.to_numpy().tolist() == [[-1, -1], [1, -1], [0, 2]]
    given = fitted("lm contrasts matrix", tables).contrasts["week"]
    assert (given.kind, given.coding.to_numpy().tolist()) == ("matrix", [[1, 0], [0, 1], [-1, -1]])


def test_ordered_categories_get_polynomials_on_request(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["lm"].assign(week=pd.Categorical(tables["lm"]["Days"] // 4, ordered=True))
    assert list(fitted("lm", {"lm": table}).fixef.index[2:]) == ["week1", "week2"]
    fit = fitted("lm", {"lm": table}, contrasts={"week": "poly"})
    assert list(fit.fixef.index[2:]) == ["week.L", "week.Q"]


def test_a_subset_of_no_row_is_refused(tables: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(DataError, match="False in every row"):
        fitted("lm", tables, subset=[False] * 180)
    with pytest.raises(DataError, match="expected True or False"):
        fitted("lm", tables, subset="Days")
