"""Case files of a hunt: they load, hold the data to the last bit, and show the loss again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from parity.casefile import load_suite
from parity.formula import parse
from parity.hunt.casebook import as_csv, write_case
from parity.hunt.chase import Plan, hunt
from parity.hunt.prey import Prey, settle
from parity.hunt.signature import Signature, kind_of
from parity.hunt.tally import Capture, Tally
from parity.run import run
from tests.parity.hunt.planted import TABLE, Planted, ground, wrong_errors_of_slopes

if TYPE_CHECKING:
    from pathlib import Path

    from parity.hunt.trial import Ground

SIGNATURE = Signature("own", "DIFFER", "E", "se_conditional", "lmm", "ML")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parity.hunt.strategy._SHAPES", ((None,), (None, None)))
    monkeypatch.setattr("parity.hunt.strategy._MOST_ROWS", 24)


def prey() -> Prey:
    data = pd.DataFrame(
        {
            "y": [0.1 + 0.2, 1e-17, -1e300, 2.0],
            "n": [3.0, 1e15, -4.0, 0.0],
            "g": pd.Categorical(["10", "9", "10", "9"], ["9", "10", "11"]),
        }
    )
    return Prey(parse("y ~ n + (1 | g)", criterion="ML"), settle(data), "made\nby hand")


def test_data_are_read_back_to_the_last_bit(tmp_path: Path) -> None:
    file = write_case(tmp_path, SIGNATURE, Capture(prey(), "off by 3"), {"own": "1"}, 7)
    (case,) = load_suite(file).cases
    assert_frame_equal(case.dataset.load(), prey().data, check_exact=True)
    assert case.spec == prey().spec
    assert prey().data["n"].dtype == np.int64


def test_a_number_has_the_fewest_digits() -> None:
    assert as_csv(prey()).splitlines()[1] == "0.30000000000000004,3,10"


def test_a_generalised_model_keeps_its_family_and_link(tmp_path: Path) -> None:
    spec = parse("y ~ 1 + (1 | g)", family="binomial", link="probit")
    data = settle(pd.DataFrame({"y": [0, 1], "g": pd.Categorical(["a", "b"])}))
    file = write_case(tmp_path, SIGNATURE, Capture(Prey(spec, data, "."), "."), {}, 0)
    (case,) = load_suite(file).cases
    assert case.spec == spec


def test_the_file_says_what_was_found_by_how_much_with_what_and_from_where(
    tmp_path: Path,
) -> None:
    capture = Capture(prey(), "off by\n3 miles", shrunk=True)
    text = write_case(tmp_path, SIGNATURE, capture, {"R": "4.2", "own": "1"}, 7).read_text()
    for said in ("seed 7", "shrunk to this", str(SIGNATURE), "off by 3 miles", "R 4.2, own 1",
                 "made by hand", f"parity run --cases {SIGNATURE.slug}.toml"):  # fmt: skip
        assert said in text
    assert all(line.startswith("#") for line in text.splitlines()[:5])


def test_a_slug_is_a_short_name_of_a_file_and_tells_signatures_apart() -> None:
    assert SIGNATURE.slug == "own-differ-e-se-conditional-lmm-ml"
    long = [Signature("own", "FAILED", "", "x" * 200 + end, "lmm", "ML") for end in "ab"]
    assert long[0].slug != long[1].slug
    assert len(long[0].slug) < 110


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("there are 3 of 1.5e-9 in 'y ~ x'", "there are # of # in '...'"),
        ("no lme4 for (1 + x | g1:g2)", "no lme4 for (...)"),
        ("two\n lines", "two lines"),
    ],
)
def test_a_kind_of_message_has_no_numbers_and_names(message: str, kind: str) -> None:
    assert kind_of(message) == kind


def held(place: Ground, file: Path) -> str:
    (comparison,) = run(load_suite(file), place.panel, TABLE).comparisons
    return comparison.verdict


def test_a_written_case_shows_the_loss_again(tmp_path: Path) -> None:
    place, tally = ground(Planted("own", wrong_errors_of_slopes)), Tally()
    hunt(place, Plan(20, 1, ("gaussian",), 10), tally)
    assert tally.captures
    for signature, capture in tally.captures.items():
        file = write_case(tmp_path, signature, capture, {"own": "1"}, 1)
        assert held(place, file) == "DIFFER"
        assert held(ground(Planted("own")), file) == "AGREE"
