"""The pytest plugin, run on case files of its own with fake engines."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from parity import panel, pytest_items, run
from parity.casefile import load_suite
from parity.engine import Engine, EngineError
from parity.finding import Comparison
from parity.panel import Panel
from parity.result import FitResult, unsupported
from parity.verdict import Verdict
from tests.parity.fake_engines import (
    FakeEngine,
    uniform,
    with_element,
    without,
    write_tolerances,
    write_toy,
)

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = """
[dataset.toy]
file = "toy.csv"
factors = ["g"]

[[case]]
name = "small"
dataset = "toy"
formula = "y ~ x + (1 | g)"
criterion = "ML"

[[case]]
name = "large"
dataset = "toy"
formula = "y ~ x + z + (1 | g)"
criterion = "ML"

[[lrt]]
name = "z"
small = "small"
large = "large"
"""


@pytest.fixture(scope="module", autouse=True)
def _everything_imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Take the whole way once: pytester forgets what an inner run imports, pandas included."""
    folder = tmp_path_factory.mktemp("warm")
    write_toy(folder)
    (folder / "cases.toml").write_text(CASES, encoding="utf-8")
    panel = Panel(FakeEngine("lme4"), (FakeEngine("candidate"),))
    report = run.run(load_suite(folder / "cases.toml"), panel, uniform())
    assert report.agrees, str(report)


@dataclass
class Bed:
    """A folder with a case file, and the engines that a run in it sees."""

    pytester: pytest.Pytester
    engines: dict[str, Engine]

    def add(self, engine: Engine) -> None:
        self.engines[engine.name] = engine

    def run(self, *arguments: str) -> pytest.RunResult:
        return self.pytester.runpytest_inprocess(
            "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-rsx",
            "--parity-tolerances", "tolerances.toml", *arguments,
        )  # fmt: skip


@pytest.fixture
def bed(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Bed:
    """A test bed whose reference is called lme4 and whose candidate is called candidate."""
    write_toy(pytester.path)
    write_tolerances(pytester.path / "tolerances.toml", uniform(1e-6))
    (pytester.path / "cases.toml").write_text(CASES, encoding="utf-8")
    monkeypatch.delenv("PARITY_REQUIRE", raising=False)
    engines: dict[str, Engine] = {}

    def create(name: str) -> Engine:
        if name not in engines:
            raise EngineError(f"No engine is called {name!r}; installed are {', '.join(engines)}.")
        return engines[name]

    monkeypatch.setattr(panel, "discover", lambda: dict.fromkeys(engines))
    monkeypatch.setattr(panel, "create", create)
    bed = Bed(pytester, engines)
    bed.add(FakeEngine("lme4"))
    bed.add(FakeEngine("candidate"))
    return bed


def on(case: str, change: Callable[[FitResult], FitResult]) -> Callable[[FitResult], FitResult]:
    """Return a change of the answers to one case only."""
    return lambda result: change(result) if result.case == case else result


def wrong_slope(result: FitResult) -> FitResult:
    return with_element(result, "fixef", ("x",), 7.5)


def test_two_engines_that_agree_are_green(bed: Bed) -> None:
    result = bed.run("cases.toml", "-v")
    outcomes = result.parseoutcomes()
    assert result.ret == 0
    assert outcomes["passed"] > 50
    assert set(outcomes) == {"passed", "skipped"}
    result.stdout.fnmatch_lines(
        [
            "cases.toml::small::candidate::gate PASSED*",
            "cases.toml::small::candidate::fixef PASSED*",
            "cases.toml::z::candidate::lrt_chisq PASSED*",
        ]
    )


def test_what_an_engine_does_not_give_is_skipped_with_its_reason(bed: Bed) -> None:
    result = bed.run("cases.toml::small::candidate::se_joint")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*cases.toml*this engine knows the conditional errors*"])


def test_each_case_is_fitted_once_by_each_engine(bed: Bed) -> None:
    bed.run("cases.toml")
    for engine in bed.engines.values():
        assert isinstance(engine, FakeEngine)
        assert sorted(engine.fits) == ["large", "small"]


def test_one_test_can_be_named_and_fits_only_what_it_needs(bed: Bed) -> None:
    result = bed.run("cases.toml::small::candidate::fixef")
    result.assert_outcomes(passed=1)
    reference = bed.engines["lme4"]
    assert isinstance(reference, FakeEngine)
    assert reference.fits == ["small"]


def test_a_wrong_number_fails_its_quantity_with_both_numbers_and_no_traceback(bed: Bed) -> None:
    bed.add(FakeEngine("candidate", on("small", wrong_slope)))
    result = bed.run("cases.toml")
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 1
    assert outcomes["passed"] > 50
    result.stdout.fnmatch_lines(
        [
            "DIFFER: candidate against lme4 on small: fixef, layer D (estimates)",
            "  fixef?x?: lme4 0.80468*, candidate 7.5; error * (se), tolerance 1e-06, 0.0 *",
            "unit se: absolute difference over the reference's standard error*",
            "why this tolerance: for tests",
            "again: pytest 'cases.toml::small::candidate::fixef'",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_items.py*")


def test_many_wrong_numbers_show_the_worst_and_a_count(bed: Bed) -> None:
    def doubled(result: FitResult) -> FitResult:
        for key, number in result.values["fitted"].items():
            result = with_element(result, "fitted", key, 2 * number)
        return result

    bed.add(FakeEngine("candidate", doubled))
    result = bed.run("cases.toml::small::candidate::fitted")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  and 16 more"])


def test_an_element_that_is_missing_is_said_to_be(bed: Bed) -> None:
    def dropped(result: FitResult) -> FitResult:
        numbers = dict(result.values["fitted"])
        del numbers["3",]
        return FitResult(**{**vars(result), "values": {**result.values, "fitted": numbers}})

    bed.add(FakeEngine("candidate", dropped))
    result = bed.run("cases.toml::small::candidate::fitted")
    result.stdout.fnmatch_lines(["  fitted?3?: lme4 *, candidate has none; error inf (sigma)*"])


def test_an_unsupported_model_is_one_skip_with_the_reason(bed: Bed) -> None:
    bed.add(FakeEngine("candidate", cannot={"large": "two slopes are too many"}))
    result = bed.run("cases.toml", "-k", "large or z")
    result.assert_outcomes(skipped=2, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(["SKIPPED*UNSUPPORTED: candidate: *two slopes are too many*"])


def test_a_closed_gate_is_one_failure_and_the_rest_skips(bed: Bed) -> None:
    def fewer_rows(result: FitResult) -> FitResult:
        changed = {**vars(result), "rows": (*result.rows[:-1], "99")}
        return FitResult(**changed)

    bed.add(FakeEngine("candidate", on("small", fewer_rows)))
    result = bed.run("cases.toml", "-k", "small")
    assert result.parseoutcomes()["failed"] == 1
    assert "passed" not in result.parseoutcomes()
    result.stdout.fnmatch_lines(
        [
            "INCOMPARABLE: *another set of rows: 24 in lme4, 24 in candidate; only in lme4: 24; *",
            "SKIPPED*gate closed: another set of rows*",
        ]
    )


def test_an_engine_that_raises_fails_the_gate_with_its_message(bed: Bed) -> None:
    def boom(_: FitResult) -> FitResult:
        raise ZeroDivisionError("the Hessian is singular")

    bed.add(FakeEngine("candidate", boom))
    result = bed.run("cases.toml", "-k", "small")
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["FAILED: *ZeroDivisionError: the Hessian is singular"])


def test_an_engine_that_cannot_say_what_it_supports_fails_the_gate(bed: Bed) -> None:
    class Confused(FakeEngine):
        def unsupported(self, case: object) -> str | None:
            raise KeyError(str(case)[:4])

    bed.add(Confused("candidate"))
    result = bed.run("cases.toml::small::candidate::gate")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["FAILED: *KeyError: 'Case'"])


def test_a_fit_that_turns_out_unsupported_skips_every_test_of_the_pair(bed: Bed) -> None:
    def too_large(result: FitResult) -> FitResult:
        return unsupported("candidate", result.case, "lmm", "too large")

    bed.add(FakeEngine("candidate", too_large))
    result = bed.run("cases.toml::small")
    assert set(result.parseoutcomes()) == {"skipped"}


KNOWN = """
[[known]]
name = "slope"
candidate = "candidate"
case = "small"
sizes = {fixef = 50.0, tvalue = 1e3, wald_ci = 1e3, wald_p = 1e3}
reason = "it rounds"
see = "here"
upstream = "nowhere"
"""


def test_a_declared_difference_is_an_expected_failure(bed: Bed) -> None:
    (bed.pytester.path / "known.toml").write_text(
        KNOWN.replace(", tvalue = 1e3, wald_ci = 1e3, wald_p = 1e3", ""), encoding="utf-8"
    )
    bed.add(FakeEngine("candidate", on("small", wrong_slope)))
    result = bed.run("cases.toml", "-k", "small", "--parity-known", "known.toml")
    assert result.ret == 0
    assert result.parseoutcomes()["xfailed"] == 1
    result.stdout.fnmatch_lines(
        ["XFAIL cases.toml::small::candidate::fixef*KNOWN: slope, error 67.*"]
    )


def test_a_declared_difference_that_vanished_fails(bed: Bed) -> None:
    (bed.pytester.path / "known.toml").write_text(KNOWN, encoding="utf-8")
    result = bed.run("cases.toml", "-k", "small", "--parity-known", "known.toml")
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["*the declared difference slope has vanished: no fixef is*"])


def test_a_declared_difference_of_another_version_is_skipped(bed: Bed) -> None:
    text = KNOWN + 'versions = {candidate = ">=2"}\n'
    (bed.pytester.path / "known.toml").write_text(text, encoding="utf-8")
    result = bed.run("cases.toml::small::candidate::known:slope", "--parity-known", "known.toml")
    result.assert_outcomes(skipped=1)


PUBLISHED = CASES.replace(
    'criterion = "ML"\n',
    'criterion = "ML"\npublished_in = "a book"\npublished = {nobs = [["24"]], npar = [["5"]]}\n',
    1,
)


def test_published_figures_are_held_against_every_engine(bed: Bed) -> None:
    (bed.pytester.path / "cases.toml").write_text(PUBLISHED, encoding="utf-8")
    result = bed.run("cases.toml::small::published", "-v")
    result.assert_outcomes(passed=4, failed=2)
    result.stdout.fnmatch_lines(
        [
            "cases.toml::small::published::lme4::nobs PASSED*",
            "cases.toml::small::published::candidate::npar FAILED*",
            "  npar: published 5.0, candidate 4.0; error 2 (printed), tolerance 1, *",
        ]
    )


def test_two_left_outs_of_a_quantity_are_not_silent(bed: Bed) -> None:
    bed.add(FakeEngine("candidate", lambda result: without(result, "icc", "no idea")))
    result = bed.run("cases.toml::small::candidate::icc")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*candidate: no idea"])


def test_a_missing_engine_is_shown_and_fails_where_it_is_required(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    bed.add(FakeEngine("julia", absent="install Julia"))
    result = bed.run("cases.toml::engine:julia")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*julia cannot run here: install Julia"])
    monkeypatch.setenv("PARITY_REQUIRE", "lme4 julia")
    result = bed.run("cases.toml::engine:julia")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["PARITY_REQUIRE asks for julia, which is missing: install Julia"])


def test_missing_data_skip_and_fail_where_all_is_required(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = CASES.replace('factors = ["g"]', 'factors = ["g"]\nsha256 = "0"', 1)
    (bed.pytester.path / "cases.toml").write_text(text, encoding="utf-8")
    result = bed.run("cases.toml::small::candidate::fixef")
    result.assert_outcomes(skipped=1)
    monkeypatch.setenv("PARITY_REQUIRE", "lme4")
    result = bed.run("cases.toml::small::candidate::fixef")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["toy.csv is not the file that was declared*"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--parity-engine", "nobody"], "No engine is called 'nobody'; installed are *"),
        (["--parity-reference", "nobody"], "No engine is called 'nobody'; installed are *"),
        (["--parity-known", "bad.toml"], "bad.toml: * sizes nothing; name quantities."),
    ],
)
def test_unusable_options_are_one_sentence(bed: Bed, arguments: list[str], sentence: str) -> None:
    (bed.pytester.path / "bad.toml").write_text(
        KNOWN.replace("fixef = 50.0, tvalue = 1e3, wald_ci = 1e3, wald_p = 1e3", ""),
        encoding="utf-8",
    )
    result = bed.run("cases.toml", *arguments)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([sentence])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_two_case_files_share_the_engines_and_not_the_fits(bed: Bed) -> None:
    (bed.pytester.path / "more.toml").write_text(CASES, encoding="utf-8")
    result = bed.run("cases.toml::small::candidate", "more.toml::small::candidate")
    assert result.ret == 0
    reference = bed.engines["lme4"]
    assert isinstance(reference, FakeEngine)
    assert reference.fits == ["small", "small"]


def test_a_quantity_that_is_neither_compared_nor_absent_fails(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(answers: tuple[FitResult, ...], *_: object) -> tuple[Comparison, ...]:
        return (Comparison(answers[0].case, "lme4", "candidate", Verdict.AGREE, "", "fine"),)

    monkeypatch.setattr(pytest_items, "judge", nothing)
    result = bed.run("cases.toml::small::candidate::fixef")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*: fixef was left out silently"])


def test_an_unusable_case_file_is_one_sentence(bed: Bed) -> None:
    (bed.pytester.path / "cases.toml").write_text("[dataset.toy]\n", encoding="utf-8")
    result = bed.run("cases.toml")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["cases.toml: an entry lacks or misuses 'file'."])


def test_a_bug_of_ours_keeps_its_traceback(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    def boom(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(pytest_items, "load_suite", boom)
    result = bed.run("cases.toml")
    result.assert_outcomes(errors=1)
    monkeypatch.undo()


def test_a_bug_in_a_test_keeps_its_traceback(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    def boom(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(pytest_items, "judge", boom)
    result = bed.run("cases.toml::small::candidate::fixef")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*RuntimeError: a bug"])


def test_candidates_and_reference_can_be_chosen(bed: Bed) -> None:
    bed.add(FakeEngine("third"))
    result = bed.run(
        "cases.toml", "--collect-only", "-q",
        "--parity-engine", "lme4", "--parity-reference", "third",
    )  # fmt: skip
    result.stdout.fnmatch_lines(["cases.toml::small::lme4::fixef"])
    result.stdout.no_fnmatch_line("*::candidate::*")


def test_no_toml_file_is_collected_unless_it_is_asked_for(bed: Bed) -> None:
    bed.pytester.makepyprojecttoml("[project]\nname = 'other'\n")
    assert bed.run().ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert bed.run(".").ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result = bed.run("pyproject.toml")
    assert "passed" not in result.parseoutcomes()


def test_the_ini_option_names_files_that_a_bare_run_collects(bed: Bed) -> None:
    bed.pytester.makeini("[pytest]\nparity_cases = cases.toml\n")
    (bed.pytester.path / "test_other.py").write_text("def test(): pass\n", encoding="utf-8")
    assert bed.run().parseoutcomes()["passed"] > 50
    bed.run("test_other.py").assert_outcomes(passed=1)
    assert bed.run(".").parseoutcomes()["passed"] > 50


def test_the_plugin_is_light_until_asked() -> None:
    program = (
        "import sys, time, pytest; before = set(sys.modules); start = time.perf_counter();"
        "import parity.pytest_plugin; seconds = time.perf_counter() - start;"
        "new = {name.split('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(new)); print(seconds)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    imported, seconds = done.stdout.splitlines()
    assert imported == "['parity']"
    assert float(seconds) < 0.1
