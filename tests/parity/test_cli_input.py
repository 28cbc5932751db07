"""Whatever a user gives the program: one sentence on stderr, exit code 2, no traceback."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from parity.cli import main
from parity.commands.spreadsheet import TableError, read_spreadsheet

if TYPE_CHECKING:
    from pathlib import Path

GOOD = b"y,x,g\n1,2,a\n2,1,a\n3.5,4,b\n4,3,b\n"
FORMULA = "y ~ x + (1 | g)"

TABLES = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\n", "is empty"),
    "header only": (b"y,x,g\n", "no row to fit"),
    "binary": (b"y,x\x00\n1,2\n", "binary"),
    "spreadsheet": (b"PK\x03\x04 and so on", "binary"),
    "utf-16": ("y,x\n1,2\n".encode("utf-16"), "UTF-16"),
    "latin-1": (b"y,x,g\n1,2,\xe5s\n", "byte 0xe5 in line 2"),
    "semicolons": (b"y;x;g\n1,5;2;a\n", "separated by semicolons"),
    "tabs": (b"y\tx\tg\n1\t2\ta\n", "separated by tabs"),
    "one column": (b"y\n1\n2\n", "no column 'x'"),
    "long row": (b"y,x,g\n1,2,a,9\n", "line 2 has 4 cells, the line of names has 3"),
    "short row": (b"y,x,g\n1,2,a\n1\n", "line 3 has 1 cell"),
    "open quote": (b'y,x,g\n1,2,"a\n', "line 2: unexpected end of data"),
    "twice": (b"y,x,g,x\n1,2,a,3\n", "more than one column called x"),
    "unknown column": (b"y,z,g\n1,2,a\n2,1,b\n", "no column 'x'"),
    "stray text": (b"y,x,g\n1,2,a\n2,?,a\n3,4,b\n4,5,b\n", "the text '?' (row 2)"),
    "decimal commas": (b'y,x,g\n1,"2,5",a\n2,"1,5",a\n3,"4,5",b\n', "decimal commas"),
    "infinite": (b"y,x,g\n1,2,a\n2,Inf,a\n3,4,b\n4,5,b\n", "infinite value in row 2"),
    "no response": (b"y,x,g\nNA,2,a\nNA,3,a\nNA,4,b\n", "missing in every row"),
    "text response": (b"y,x,g\nup,2,a\ndown,3,a\nup,4,b\n", "holds text"),
    "one group": (b"y,x,g\n1,2,a\n2,3,a\n4,4,a\n", "has one level"),
    "group a row": (b"y,x,g\n1,2,a\n2,3,b\n4,4,c\n", "3 levels for 3 rows"),
}

QUESTIONS = {
    "no formula": (["y x"], "parity: "),
    "no response": (["~ x + (1 | g)"], "parity: "),
    "no random term": (["y ~ x"], "no random term"),
    "broken formula": (["y ~ x + (1 | g"], "parity: "),
    "unknown family": ([FORMULA, "--family", "cauchy"], "Unknown family 'cauchy'"),
    "unknown factor": ([FORMULA, "--factor", "school"], "no column 'school'; it has y, x, g"),
    "output in no folder": ([FORMULA, "--output", "nowhere/r.txt"], "There is no folder"),
    "output a folder": ([FORMULA, "--output", "."], "is a folder"),
}  # fmt: skip


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Return the sentence on stderr after checking the manners of a refusal."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("parity: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "d.csv"
    path.write_bytes(GOOD)
    return path


@pytest.mark.parametrize("name", TABLES)
def test_table(data: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    content, words = TABLES[name]
    data.write_bytes(content)
    assert words in refused(["check", FORMULA, str(data)], capsys)


@pytest.mark.parametrize("name", QUESTIONS)
def test_question(data: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (formula, *rest), words = QUESTIONS[name]
    assert words in refused(["check", formula, str(data), *rest], capsys)


def test_no_such_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "There is no file" in refused(["check", FORMULA, str(tmp_path / "no.csv")], capsys)
    assert "is a folder" in refused(["check", FORMULA, str(tmp_path)], capsys)
    broken = tmp_path / "d.csv.gz"
    broken.write_bytes(gzip.compress(GOOD)[:-5])
    assert "not gzipped" in refused(["check", FORMULA, str(broken)], capsys)


BAD_TOML = (b"[[", b"\xff", b"case = 5", b"tolerance = 5", b"known = 5", b"known = [3]")


@pytest.mark.parametrize("content", BAD_TOML)
@pytest.mark.parametrize("option", ["--cases", "--tolerances", "--known"])
def test_tables_of_ones_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, content: bytes
) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    given = {"--tolerances": str(tolerances(tmp_path)), option: str(path)}
    err = refused(["run", *(f"{name}={file}" for name, file in given.items())], capsys)
    assert "mine.toml" in err
    path.unlink()
    assert "mine.toml" in refused(["run", *(f"{n}={f}" for n, f in given.items())], capsys)


def tolerances(folder: Path) -> Path:
    from parity.quantity import QUANTITIES  # noqa: PLC0415 - of use here only

    path = folder / "tolerances.toml"
    path.write_text(
        "".join(
            f'[[tolerance]]\nquantity = "{name}"\nlimit = 0\nwhy = "w"\n' for name in QUANTITIES
        )
    )
    return path


def test_unknown_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    err = refused(["run", "nope*", f"--tolerances={tolerances(tmp_path)}",
                   f"--known={empty(tmp_path)}"], capsys)  # fmt: skip
    assert "'nope*'" in err
    assert "'nope*'" in refused(["list", "nope*"], capsys)


def empty(folder: Path) -> Path:
    path = folder / "known.toml"
    path.write_text("")
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"], ["run", "--format", "html"], ["check"], ["check", FORMULA], ["run", "--engine"],
        ["explain", "a", "b", "c"],
    ],
)  # fmt: skip
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "error: " in capsys.readouterr().err


def test_as_a_program(data: Path) -> None:
    data.write_bytes(TABLES["semicolons"][0])
    done = subprocess.run(
        [sys.executable, "-m", "parity.cli", "check", FORMULA, str(data)],
        check=False, capture_output=True, text=True, env=dict(os.environ),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("parity: d.csv is separated by semicolons")


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf" + GOOD, GOOD.replace(b"\n", b"\r\n")])
def test_a_byte_order_mark_or_windows_lines_are_no_matter(data: Path, content: bytes) -> None:
    data.write_bytes(content)
    frame = read_spreadsheet(data)
    assert list(frame.columns) == ["y", "x", "g"]
    assert frame["y"].tolist() == [1.0, 2.0, 3.5, 4.0]
    assert list(frame["g"].cat.categories) == ["a", "b"]


def test_gzipped_and_factor(tmp_path: Path) -> None:
    path = tmp_path / "d.csv.gz"
    path.write_bytes(gzip.compress(b"y,g\n0.1,1\nNA,10\n0.3,2\n"))
    frame = read_spreadsheet(path, ("g",))
    assert frame["g"].tolist() == ["1", "10", "2"]
    assert frame["y"].isna().tolist() == [False, True, False]
    with pytest.raises(TableError, match="no column 'h'"):
        read_spreadsheet(path, ("h",))
