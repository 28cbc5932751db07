"""Tables of tolerances: complete, reasoned, and no rule without effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parity.quantity import QUANTITIES
from parity.tolerance import Tolerance, ToleranceError, Tolerances, load_tolerances
from tests.parity.fake_engines import uniform, write_tolerances

if TYPE_CHECKING:
    from pathlib import Path

GENERAL = Tolerance("fixef", 1e-3, "the field's band")
TIGHT = Tolerance("fixef", 1e-6, "it polishes", candidate="*-polished")
LOOSE = Tolerance("fixef", 1e-2, "flat optimum", candidate="*", case="flat-*")
TABLE = Tolerances((GENERAL, TIGHT, LOOSE))


@pytest.mark.parametrize(
    ("candidate", "case", "rule"),
    [
        ("statsmodels", "sleepstudy", GENERAL),
        ("statsmodels-polished", "sleepstudy", TIGHT),
        ("statsmodels", "flat-one", LOOSE),
        ("statsmodels-polished", "flat-one", LOOSE),
    ],
)
def test_the_last_rule_that_covers_holds(candidate: str, case: str, rule: Tolerance) -> None:
    assert TABLE.resolve("fixef", candidate, case) is rule


def test_no_rule_is_an_error() -> None:
    with pytest.raises(ToleranceError, match="No tolerance covers sigma of julia on sleepstudy"):
        TABLE.resolve("sigma", "julia", "sleepstudy")


def test_stale_rules_are_refused() -> None:
    TABLE.refuse_stale(["statsmodels-polished"], ["flat-one"])
    with pytest.raises(ToleranceError, match=r"names '\*-polished', which matches none of julia"):
        TABLE.refuse_stale(["julia"], ["flat-one"])
    with pytest.raises(ToleranceError, match=r"names 'flat-\*', which matches none of sleepstudy"):
        TABLE.refuse_stale(["statsmodels-polished"], ["sleepstudy"])


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    table = Tolerances((*uniform().rules, TIGHT))
    assert load_tolerances(write_tolerances(tmp_path / "t.toml", table)) == table


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('quantity = "fixef"\nlimit = 1', "is off: .*missing.*'why'"),
        ('quantity = "fixef"\nlimit = 1\nwhy = "x"\nunit = "se"', "is off: .*unexpected.*'unit'"),
        ('quantity = "beta"\nlimit = 1\nwhy = "x"', "'beta' is no quantity; see `parity explain`"),
        ('quantity = "fixef"\nlimit = 1\nwhy = " "', "for fixef gives no reason"),
        ('quantity = "fixef"\nlimit = 1\nwhy = 3', "is off: "),
        ('quantity = "fixef"\nlimit = -1\nwhy = "x"', "the tolerance for fixef is -1"),
        ('quantity = "fixef"\nlimit = inf\nwhy = "x"', "the tolerance for fixef is inf"),
        ('quantity = "fixef"\nlimit = nan\nwhy = "x"', "the tolerance for fixef is nan"),
        ('quantity = "fixef"\nlimit = "1"\nwhy = "x"', "is off: "),
        ('quantity = "fixef"\nlimit = 1\nwhy = "x"\ncase = 3', "patterns of names, in quotes"),
        ('quantity = "nobs"\nlimit = 1\nwhy = "x"', "nobs is compared exactly; its limit must be"),
        ('quantity = "fixef"\nlimit = 1\nwhy = "x"', "the general tolerance for fixef comes after"),
    ],
)
def test_an_unusable_entry_is_named(tmp_path: Path, entry: str, message: str) -> None:
    file = write_tolerances(tmp_path / "t.toml", uniform())
    special = "case = " not in entry and "comes after" not in message
    where = 'case = "one"\n' if special else ""
    text = f"{file.read_text(encoding='utf-8')}\n[[tolerance]]\n{where}{entry}\n"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ToleranceError, match=message):
        load_tolerances(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[tolerance", "t.toml is no TOML"),
        ("[[tolerances]]\n", "expected nothing but"),
        ("tolerance = 3\n", "expected nothing but"),
        ("tolerance = [3]\n", "expected nothing but"),
        ("", "no general tolerance for adj_r2, aic, "),
    ],
)
def test_an_unusable_table_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "t.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ToleranceError, match=message):
        load_tolerances(tmp_path / "t.toml")


def test_a_table_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToleranceError, match=r"t\.toml cannot be read: No such file"):
        load_tolerances(tmp_path / "t.toml")
    (tmp_path / "t.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ToleranceError, match=r"t\.toml is no TOML"):
        load_tolerances(tmp_path / "t.toml")


def test_the_shipped_table_speaks_of_every_quantity() -> None:
    assert {rule.quantity for rule in load_tolerances().rules} == set(QUANTITIES)
