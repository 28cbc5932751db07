"""The commands: what they print, and their exit codes; on engines made for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from parity import engine as engine_module
from parity.cli import main
from parity.quantity import QUANTITIES
from tests.parity.fake_engines import FakeEngine, with_element

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from parity.result import FitResult

ROWS = [(float(3 * g + (x * g) % 4 + x), float(x), g) for g in range(5) for x in range(4)]


@dataclass(frozen=True)
class Point:
    """What an entry point is to `discover` and `create`."""

    name: str
    made: FakeEngine

    def load(self) -> Callable[[], FakeEngine]:
        return lambda: self.made


@dataclass(frozen=True)
class Bench:
    """A folder with data, a case file and tolerances, and the engines that are installed."""

    folder: Path
    patch: pytest.MonkeyPatch

    @property
    def files(self) -> list[str]:
        return [f"--{name}={self.folder / name}.toml" for name in ("cases", "tolerances", "known")]

    @property
    def csv(self) -> str:
        return str(self.folder / "toy.csv")

    def install(self, *engines: FakeEngine) -> None:
        points = [Point(one.name, one) for one in engines]
        self.patch.setattr(engine_module, "entry_points", lambda **_: points)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    text = "y,x,g\n" + "".join(f"{y},{x},{g}\n" for y, x, g in ROWS)
    (tmp_path / "toy.csv").write_text(text)
    (tmp_path / "cases.toml").write_text(
        '[dataset.toy]\nfile = "toy.csv"\nfactors = ["g"]\n[[case]]\nname = "toy-reml"\n'
        'dataset = "toy"\nformula = "y ~ x + (1 | g)"\n[[case]]\nname = "toy-ml"\n'
        'dataset = "toy"\nformula = "y ~ x + (1 | g)"\ncriterion = "ML"\n'
    )
    rules = (
        f'[[tolerance]]\nquantity = "{name}"\nlimit = {0 if entry.unit == "exact" else 1e-6}\n'
        'why = "for tests"\n'
        for name, entry in QUANTITIES.items()
    )
    (tmp_path / "tolerances.toml").write_text("".join(rules))
    (tmp_path / "known.toml").write_text("")
    bench = Bench(tmp_path, monkeypatch)
    bench.install(FakeEngine("lme4"), FakeEngine("other"))
    return bench


def off(result: FitResult) -> FitResult:
    return with_element(result, "fixef", ("x",), result.values["fixef"]["x",] + 1.0)


def test_run_is_green(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", *bench.files]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Reference: lme4")
    assert out.splitlines()[-1].startswith("All green: ")
    assert err == ""


def test_run_is_red(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.install(FakeEngine("lme4"), FakeEngine("other", off))
    assert main(["run", *bench.files]) == 1
    out = capsys.readouterr().out
    assert "fixef[x]" in out
    assert out.splitlines()[-1].startswith("2 of 2 pairs differ: toy-reml in other DIFFER")


def test_patterns_choose(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "*-ml", "--format", "json", *bench.files]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [case["case"] for case in document["cases"]] == ["toy-ml"]


@pytest.mark.parametrize(
    ("name", "start"), [("text", "Reference: "), ("markdown", "# Parity"), ("json", "{\n")]
)
def test_formats_go_to_a_file_and_the_answer_to_the_terminal(
    bench: Bench, capsys: pytest.CaptureFixture[str], name: str, start: str
) -> None:
    path = bench.folder / "report"
    assert main(["run", "--format", name, f"--output={path}", *bench.files]) == 0
    assert path.read_text(encoding="utf-8").startswith(start)
    assert capsys.readouterr().out.startswith("All green: ")


def test_verbose_shows_more(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", *bench.files])
    short = capsys.readouterr().out
    main(["run", "--verbose", *bench.files])
    assert len(capsys.readouterr().out) > 2 * len(short)


def test_a_declared_difference_counts_only_where_it_is_given(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.install(FakeEngine("lme4"), FakeEngine("other", off))
    (bench.folder / "known.toml").write_text(
        '[[known]]\nname = "one-off"\ncandidate = "other"\ncase = "toy-*"\n'
        'sizes = { fixef = 100.0 }\nreason = "planted"\nsee = "this test"\nupstream = "none"\n'
    )
    cases, tolerances, known = bench.files
    assert main(["run", cases, tolerances]) == 1
    assert main(["run", cases, tolerances, known]) == 0
    assert "one-off: planted" in capsys.readouterr().out


def test_the_shipped_register_is_not_for_cases_of_ones_own(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwanted(*_: object) -> None:
        pytest.fail("the register was read")

    monkeypatch.setattr("parity.known.load_known", unwanted)
    assert main(["run", *bench.files[:2]]) == 0


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_missing_engine_is_3(
    bench: Bench, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    question = ["y ~ x + (1 | g)", bench.csv] if command == "check" else [bench.files[0]]
    for wanted in ("--engine", "--reference"):
        assert main([command, *question, bench.files[1], wanted, "nope"]) == 3
        assert "'nope'" in capsys.readouterr().err
    bench.install(FakeEngine("lme4"), FakeEngine("other", absent="not today"))
    assert main([command, *question, bench.files[1], "--engine", "other"]) == 3
    assert capsys.readouterr().err == "parity: The engine other cannot run here: not today\n"


def test_check_of_ones_own_data(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", "y ~ x + (1 | g)", bench.csv, "--factor", "g", "--ml", bench.files[1]]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "toy: y ~ x + (1 | g); ML, 20 rows of" in out


def test_a_run_without_any_data_is_2(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    (bench.folder / "toy.csv").unlink()
    assert main(["run", *bench.files]) == 2
    out = capsys.readouterr().out
    assert "toy-reml, toy-ml: The data file" in out
    assert out.endswith("Nothing was compared: no case ran.\n")


def test_list_and_engines(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.install(FakeEngine("lme4", absent="no R"), FakeEngine("other"))
    assert main(["list", bench.files[0]]) == 0
    assert "toy-ml    ML      toy   y ~ x + (1 | g)" in capsys.readouterr().out
    assert main(["engines"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert ["lme4", "missing", "no", "R"] in [line.split() for line in lines]
    assert lines[-1].startswith("No reference is here")


def test_shipped_cases_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert "sleepstudy-slope-reml" in capsys.readouterr().out


def test_explain(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    listed = capsys.readouterr().out
    assert all(f"\n{name} " in listed for name in QUANTITIES)
    assert main(["explain", "theta[Subject]", *bench.files[1:]]) == 0
    out = capsys.readouterr().out
    for words in ("Cholesky", "theta[group, term, term]", "D estimates", "1e-06", "for tests"):
        assert words in out
    assert main(["explain", "fixeff"]) == 2
    assert "did you mean fixef" in capsys.readouterr().err


def test_record_writes_where_it_is_told(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    folder = bench.folder / "answers"
    assert main(["record", "toy-ml", bench.files[0], f"--folder={folder}"]) == 0
    assert capsys.readouterr().out == f"{folder / 'toy-ml.json'}\n"
    assert (folder / "toy-ml.json").is_file()


def test_interruption_is_one_line(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(_: FitResult) -> FitResult:
        raise KeyboardInterrupt

    bench.install(FakeEngine("lme4"), FakeEngine("other", interrupt))
    assert main(["run", *bench.files]) == 130
    assert capsys.readouterr().err == "parity: interrupted\n"


def test_a_fault_of_ours_is_not_hidden(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("parity.commands.run.run", broken)
    with pytest.raises(ZeroDivisionError):
        main(["run", *bench.files])
