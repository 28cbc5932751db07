"""What a certificate says is what was proven."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from parity.case import Case
from parity.criterion import lmm
from parity.criterion.optimum import find
from parity.dataset import Dataset
from parity.design.statement import state
from parity.formula import parse
from parity.referee.certify import certify, certify_from
from tests.parity.referee.corners import TWO_MINIMA, lines_through_one_point
from tests.parity.referee.shipped import stored

if TYPE_CHECKING:
    from pathlib import Path

    from parity.certificate import Certificate
    from parity.spec import Criterion


def _case(formula: str, path: Path, criterion: Criterion = "ML") -> Case:
    dataset = Dataset("own", path / "own.csv", None, factors=("g",))
    return Case("own", dataset, replace(parse(formula), criterion=criterion))


def _frame(which: str) -> pd.DataFrame:
    groups, y = TWO_MINIMA[which]
    return pd.DataFrame({"g": pd.Categorical([str(group) for group in groups]), "y": y})


@pytest.mark.parametrize("which", TWO_MINIMA)
def test_of_two_minima_the_lower_is_called_global(which: str, tmp_path: Path) -> None:
    case = _case("y ~ 1 + (1 | g)", tmp_path)
    certificate = certify(case, _frame(which))
    assert _says(certificate, "whose positive roots, 2 in number, were isolated")
    singular = certificate.values["singular"][()]
    other = _of_the_other_minimum(case, _frame(which), singular=singular == "1")
    assert other.values["singular"][()] != singular
    assert float(other.values["deviance"][()]) > float(certificate.values["deviance"][()])


@pytest.mark.parametrize("which", TWO_MINIMA)
def test_of_two_minima_the_higher_is_called_local(which: str, tmp_path: Path) -> None:
    case = _case("y ~ 1 + (1 | g)", tmp_path)
    lowest = certify(case, _frame(which)).values["singular"][()]
    other = _of_the_other_minimum(case, _frame(which), singular=lowest == "1")
    assert _says(other, "strict local one; that no other is lower is not proven")
    assert not _says(other, "global")


def _of_the_other_minimum(case: Case, frame: pd.DataFrame, *, singular: bool) -> Certificate:
    statement = state(case.spec, frame)
    theta = find(lmm.Criterion(statement.model, reml=False)).theta
    theta[:] = 1.5 if singular else 0.0
    return certify_from(case, statement, theta)


def test_a_covariance_of_rank_1_is_told(tmp_path: Path) -> None:
    model = lines_through_one_point(0)
    frame = pd.DataFrame(
        {
            "g": pd.Categorical([str(code) for code in model.blocks[0].codes]),
            "x": model.X[:, 1],
            "y": model.y,
        }
    )
    certificate = certify(_case("y ~ x + (x | g)", tmp_path, "REML"), frame)
    assert _says(certificate, "The covariance of g has rank 1 of 2")
    assert certificate.values["correlation"] == {("g", "x", "(Intercept)"): f"-1.{'0' * 49}"}
    assert certificate.values["theta"]["g", "x", "x"] == "0"
    assert certificate.values["singular"] == {(): "1"}
    assert set(certificate.values["theta"].values()) != {"0"}


def test_every_certificate_says_how_the_data_were_read_and_what_the_digits_mean() -> None:
    for name in ("dyestuff2-reml", "jsp-slope-ml", "penicillin-reml"):
        assert _says(stored(name), "Each cell is the decimal number written in the file")
        assert _says(stored(name), "enclosed over the proven box")


def test_uniqueness_is_claimed_within_the_box_only() -> None:
    assert _says(
        stored("jsp-slope-ml"), "exactly one stationary point within a relative distance of 1e-8"
    )
    assert _says(stored("jsp-class-ml"), "on this face of the boundary")


def _says(certificate: Certificate, words: str) -> bool:
    return any(words in sentence for sentence in certificate.statements)
