"""The register of declared differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parity.known import Known, KnownError, load_known

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = """
[[known]]
name = "early-stop"
candidate = "statsmodels"
case = "seed-*"
sizes = {fixef = 0.01, loglik = -0.02}
reason = "it stops early"
see = "fit it"
upstream = "statsmodels issue 1"
versions = {statsmodels = ">=0.14,<0.16"}
"""


def read(folder: Path, text: str) -> tuple[Known, ...]:
    file = folder / "known.toml"
    file.write_text(text, encoding="utf-8")
    return load_known(file)


@pytest.fixture
def known(tmp_path: Path) -> Known:
    (entry,) = read(tmp_path, ENTRY)
    return entry


def test_an_entry_covers_what_its_patterns_match(known: Known) -> None:
    assert known.covers("lme4", "statsmodels", "seed-raven")
    assert known.covers("lme4-recorded", "statsmodels", "seed-raven")
    assert not known.covers("lme4", "statsmodels-polished", "seed-raven")
    assert not known.covers("lme4", "statsmodels", "sleepstudy")


@pytest.mark.parametrize(
    ("versions", "holds"),
    [
        ({"statsmodels": "0.15.0"}, True),
        ({"statsmodels": "0.14"}, True),
        ({"statsmodels": "0.16.0"}, False),
        ({"statsmodels": "0.13.5"}, False),
        ({"statsmodels": "0.14, 0.15"}, False),
        ({"lme4": "1.1-31"}, False),
        ({}, False),
    ],
)
def test_an_entry_holds_for_its_versions(
    known: Known,
    versions: dict[str, str],
    holds: bool,  # noqa: FBT001 - a parameter
) -> None:
    assert known.holds_for(versions) is holds


def test_r_s_versions_are_read() -> None:
    entry = Known("n", "c", "*", {"fixef": 1.0}, "why", "where", versions={"lme4": ">=1.1.30,<2"})
    assert entry.holds_for({"lme4": "1.1-31"})
    assert not entry.holds_for({"lme4": "2.0-1"})


def test_an_entry_spans_up_to_twice_its_size_and_its_sign(known: Known) -> None:
    assert known.spans("fixef", 0.02)
    assert not known.spans("fixef", 0.0201)
    assert known.spans("loglik", -0.04)
    assert not known.spans("loglik", 0.01)
    assert not known.spans("sigma", 1e-9)


def test_a_wavering_quantity_is_one_of_several_that_have_a_size(tmp_path: Path) -> None:
    (entry,) = read(tmp_path, ENTRY + 'wavering = ["loglik"]\n')
    assert list(entry.wavering) == ["loglik"]
    with pytest.raises(KnownError, match=r"wavering names \['sigma'\]; expected some, not all"):
        read(tmp_path, ENTRY + 'wavering = ["sigma"]\n')
    with pytest.raises(KnownError, match="wavering names every quantity"):
        read(tmp_path, ENTRY + 'wavering = ["loglik", "fixef"]\n')


def test_an_entry_may_show_itself_in_several_places(tmp_path: Path) -> None:
    text = ENTRY.replace('case = "seed-*"\n', "").replace(
        "sizes = {fixef = 0.01, loglik = -0.02}\n", ""
    )
    text += '[[known.where]]\ncase = "one"\nsizes = {fixef = 1}\n'
    text += '[[known.where]]\ncase = "two"\nsizes = {sigma = 2}\n'
    one, two = read(tmp_path, text)
    assert (one.name, one.case, dict(one.sizes)) == ("early-stop", "one", {"fixef": 1})
    assert (two.name, two.case, dict(two.sizes)) == ("early-stop", "two", {"sigma": 2})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('reason = "it stops early"', "", "is off: .*missing.*'reason'"),
        ('reason = "it stops early"', 'reason = " "', "early-stop needs a reason and where to see"),
        ('see = "fit it"', 'see = ""', "early-stop needs a reason and where to see"),
        ('see = "fit it"', "see = 1", "is off: "),
        (
            'upstream = "statsmodels issue 1"',
            "",
            "early-stop needs `upstream`: where it is reported",
        ),
        ('"statsmodels issue 1"', '" "', "early-stop needs `upstream`: where it is reported"),
        ('"statsmodels issue 1"', "1", "is off: "),
        ('name = "early-stop"', "name = 3", "are text, in quotes"),
        ("fixef = 0.01", "beta = 0.01", r"early-stop sizes \['beta'\]; name quantities"),
        ("{fixef = 0.01, loglik = -0.02}", "{}", "early-stop sizes nothing; name quantities"),
        ("{fixef = 0.01, loglik = -0.02}", "3", "is off: "),
        ("fixef = 0.01", "fixef = 0", "the size of fixef is 0; expected a finite error"),
        ("fixef = 0.01", "fixef = -0.01", "the size of fixef is -0.01"),
        ("fixef = 0.01", "fixef = inf", "the size of fixef is inf"),
        ("fixef = 0.01", "fixef = nan", "the size of fixef is nan"),
        ("fixef = 0.01", 'fixef = "1"', "is off: "),
        (">=0.14,<0.16", "about 0.15", "is off: Invalid specifier"),
        ("[[known]]", "[[knowns]]", "expected nothing but"),
        ("[[known]]", "[[known", "is no TOML"),
    ],
)
def test_an_unusable_entry_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in ENTRY
    with pytest.raises(KnownError, match=message):
        read(tmp_path, ENTRY.replace(old, new))


@pytest.mark.parametrize("text", ["known = 3\n", "known = [3]\n"])
def test_an_unusable_register_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(KnownError, match="expected nothing but"):
        read(tmp_path, text)


def test_an_unusable_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="where"):
        read(tmp_path, ENTRY + "where = 3\n")


def test_a_place_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="twice"):
        read(tmp_path, ENTRY + ENTRY)


def test_a_register_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match=r"known\.toml cannot be read: No such file"):
        load_known(tmp_path / "known.toml")


def test_an_empty_register_is_fine(tmp_path: Path) -> None:
    assert read(tmp_path, "") == ()


def test_a_register_holds_defects_of_programs_beside(tmp_path: Path) -> None:
    assert len(read(tmp_path, ENTRY + '[[defect]]\nname = "another list"\n')) == 1


def test_the_shipped_register_says_of_each_difference_where_it_is_reported() -> None:
    register = load_known()
    assert register
    for known in register:
        looked = "no report found" in known.upstream and "2026" in known.upstream
        said = looked or any(
            word in known.upstream for word in ("issue", "as statsmodels-", "report")
        )
        assert said, known.name
