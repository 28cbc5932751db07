"""The shipped data: their checksums, their provenance, and the programs that wrote them."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from parity.casefile import SHIPPED, load_suite

if TYPE_CHECKING:
    from parity.dataset import Dataset

REPOSITORY = Path(__file__).parents[2]
FOLDER = SHIPPED.parent / "datasets"
PROVENANCE = (SHIPPED.parent / "PROVENANCE.md").read_text(encoding="utf-8")
SUITE = load_suite()
ALL = {case.dataset.name: case.dataset for case in SUITE.cases}
DATASETS = [dataset for dataset in ALL.values() if dataset.url is None]
NOT_FROM_R = {"jsp.csv", "hunt-three.csv"}
FROM_R = sorted(path.name for path in FOLDER.iterdir() if path.name not in NOT_FROM_R)


def named(dataset: Dataset) -> str:
    return dataset.name


def table_row(file: str) -> list[str]:
    """Cells of the file's row in PROVENANCE.md."""
    (line,) = [line for line in PROVENANCE.splitlines() if line.startswith(f"| {file} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def content(path: Path) -> bytes:
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.suffix == ".gz" else raw


def test_every_shipped_file_has_a_case() -> None:
    assert {dataset.file for dataset in DATASETS} == set(FOLDER.iterdir())


@pytest.mark.parametrize("dataset", DATASETS, ids=named)
def test_case_file_and_provenance_state_the_files_checksum(dataset: Dataset) -> None:
    found = hashlib.sha256(dataset.file.read_bytes()).hexdigest()
    assert dataset.sha256 == found
    assert table_row(dataset.file.name)[-1] == found


@pytest.mark.parametrize("dataset", DATASETS, ids=named)
def test_provenance_states_source_licence_rows_and_columns(dataset: Dataset) -> None:
    lines = content(dataset.file).decode().splitlines()
    _, source, licence, rows, columns, original, _ = table_row(dataset.file.name)
    assert source == dataset.source
    assert licence == dataset.licence
    assert int(rows) == len(lines) - 1
    assert columns.split(", ") == lines[0].split(",")
    assert original


@pytest.mark.parametrize("dataset", DATASETS, ids=named)
def test_files_are_ascii_with_line_feeds_and_without_quotes_or_gaps(dataset: Dataset) -> None:
    text = content(dataset.file).decode("ascii")
    assert text.endswith("\n")
    assert "\r" not in text
    assert '"' not in text
    cells = {cell for line in text.splitlines() for cell in line.split(",")}
    assert cells.isdisjoint({"", "NA"})


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.gz")), ids=lambda path: path.name)
def test_gzipped_files_carry_no_time_stamp(path: Path) -> None:
    assert path.read_bytes()[4:8] == bytes(4)


@pytest.mark.parametrize("dataset", DATASETS, ids=named)
def test_formulas_name_columns_that_the_data_have(dataset: Dataset) -> None:
    columns = set(dataset.load().columns)
    used = [case.spec for case in SUITE.cases if case.dataset == dataset]
    assert {name for spec in used for name in spec.variables} <= columns
    grouping = {name for spec in used for term in spec.random for name in term.factors}
    assert grouping <= set(dataset.factors)


def test_the_seeds_data_are_fetched_and_never_shipped() -> None:
    seed = ALL["jsp2"]
    assert seed.url is not None
    assert str(seed.sha256) in PROVENANCE
    assert not list(REPOSITORY.glob("parity/**/jsp2*"))


def test_names_say_the_criterion() -> None:
    for case in SUITE.cases:
        assert case.name == case.name.lower()
        if case.spec.kind == "lmm":
            assert case.name.endswith(f"-{case.spec.criterion.lower()}")


def test_junior_school_project_is_written_anew(tmp_path: Path) -> None:
    pytest.importorskip("faraway", reason="the PyPI package faraway holds the data")
    script = REPOSITORY / "tools" / "datasets_jsp.py"
    spec = importlib.util.spec_from_file_location("datasets_jsp", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.write_first_year(tmp_path / "jsp.csv")
    assert (tmp_path / "jsp.csv").read_bytes() == (FOLDER / "jsp.csv").read_bytes()


@pytest.fixture(scope="module")
def rewritten(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("Rscript is not on the PATH")
    folder = tmp_path_factory.mktemp("datasets")
    script = REPOSITORY / "r_scripts" / "datasets.R"
    subprocess.run([rscript, str(script), str(folder)], check=True, capture_output=True)
    return folder


@pytest.mark.r
def test_r_writes_these_files_and_no_others(rewritten: Path) -> None:
    assert sorted(path.name for path in rewritten.iterdir()) == FROM_R


# Compressed bytes depend on zlib's version, so gzipped files are compared by what they hold.
@pytest.mark.r
@pytest.mark.parametrize("file", FROM_R)
def test_r_writes_the_same_bytes_anew(file: str, rewritten: Path) -> None:
    assert content(rewritten / file) == content(FOLDER / file)


@pytest.mark.r
def test_python_reads_the_numbers_that_r_holds(tmp_path: Path) -> None:
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("Rscript is not on the PATH")
    script = Path(__file__).with_name("package_numbers.R")
    answer = subprocess.run(
        [rscript, str(script), str(REPOSITORY / "r_scripts" / "datasets.R")],
        cwd=tmp_path, check=True, capture_output=True, encoding="ascii",
    )  # fmt: skip
    frames = {dataset.name: dataset.load() for dataset in DATASETS}
    lines = [line.split("\t") for line in answer.stdout.splitlines()]
    for name, column, *cells in lines:
        mine = [float(cell) for cell in frames[name][column]]
        assert mine == [float.fromhex(cell) for cell in cells], (name, column)
    assert {name for name, *_ in lines} == set(frames) - {"jsp", "hunt-three"}
