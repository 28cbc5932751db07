"""Data sets: found, checked by SHA-256, read to the last bit."""

from __future__ import annotations

import gzip
import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pooch
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.dataset import DATA_FOLDER_VARIABLE, DataMissingError, Dataset, Threshold

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def writer(text: str) -> Path:
        path = tmp_path / "pupils.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return writer


def dataset(path: Path, **facts: object) -> Dataset:
    return Dataset(name="pupils", file=path, sha256=None, **facts)  # type: ignore[arg-type]


def test_another_file_than_declared_is_refused_with_both_checksums(
    write: Callable[[str], Path],
) -> None:
    path = write("math\n1\n")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(DataMissingError) as caught:
        Dataset(name="pupils", file=path, sha256="0" * 64).load()
    assert str(caught.value) == (
        "pupils.csv is not the file that was declared: its SHA-256 is "
        f"{found}, expected {'0' * 64}."
    )


def test_the_declared_file_is_read(write: Callable[[str], Path]) -> None:
    path = write("math\n1\n")
    declared = hashlib.sha256(path.read_bytes()).hexdigest()
    assert list(Dataset(name="pupils", file=path, sha256=declared).load()["math"]) == [1]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    with pytest.raises(DataMissingError) as caught:
        dataset(path).load()
    assert str(caught.value) == f"The data file {path} does not exist."


class TestFetchedData:
    URL = "https://data.invalid/pupils.csv"

    def data(self) -> Dataset:
        return Dataset(name="pupils", file=Path("pupils.csv"), sha256="0" * 64, url=self.URL)

    def test_are_looked_for_in_the_named_folder(
        self, write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write("math\n1\n")
        monkeypatch.setenv(DATA_FOLDER_VARIABLE, str(path.parent))
        assert self.data().locate() == path

    def test_are_not_fetched_where_the_named_folder_lacks_them(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(DATA_FOLDER_VARIABLE, str(tmp_path))
        with pytest.raises(DataMissingError) as caught:
            self.data().locate()
        sentence = f"PARITY_DATA names {tmp_path}, which holds no pupils.csv."
        assert str(caught.value) == sentence

    def test_say_why_they_could_not_be_fetched(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def offline(*_: object, **__: object) -> str:
            raise OSError("no route to host")

        monkeypatch.delenv(DATA_FOLDER_VARIABLE, raising=False)
        monkeypatch.setattr(pooch, "retrieve", offline)
        with pytest.raises(DataMissingError) as caught:
            self.data().locate()
        assert f"could not be fetched from {self.URL}: no route to host." in str(caught.value)
        assert "Set PARITY_DATA to a folder that holds it." in str(caught.value)

    def test_are_fetched_by_their_checksum(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: dict[str, object] = {}

        def retrieve(url: str, **arguments: object) -> str:
            asked.update(arguments, url=url)
            return str(tmp_path / "pupils.csv")

        monkeypatch.delenv(DATA_FOLDER_VARIABLE, raising=False)
        monkeypatch.setattr(pooch, "retrieve", retrieve)
        assert self.data().locate() == tmp_path / "pupils.csv"
        assert (asked["url"], asked["known_hash"]) == (self.URL, "sha256:" + "0" * 64)


def test_declared_factors_are_categories_of_text(write: Callable[[str], Path]) -> None:
    frame = dataset(write("school,math\n2,1\n1,2\n"), factors=("school",)).load()
    assert list(frame["school"]) == ["2", "1"]
    assert list(frame["school"].cat.categories) == ["1", "2"]
    assert not frame["school"].cat.ordered


def test_levels_of_text_are_ordered_by_code_point(write: Callable[[str], Path]) -> None:
    frame = dataset(write("g\nb\nB\na\né\n")).load()
    assert list(frame["g"].cat.categories) == ["B", "a", "b", "é"]


def test_a_factor_that_the_file_lacks_is_named(write: Callable[[str], Path]) -> None:
    with pytest.raises(DataMissingError, match=r"^pupils\.csv has no column 'class', a declared "):
        dataset(write("math\n1\n"), factors=("class",)).load()


def test_missing_cells_stay_missing_and_other_words_are_text(
    write: Callable[[str], Path],
) -> None:
    path = write("x,g,word\n1.5,a,null\n,NA,None\nNA,b,n/a\n")
    frame = dataset(path, factors=("g",)).load()
    assert frame["x"].isna().tolist() == [False, True, True]
    assert frame["g"].isna().tolist() == [False, True, False]
    assert list(frame["g"].cat.categories) == ["a", "b"]
    assert frame["word"].tolist() == ["null", "None", "n/a"]


def test_rows_are_numbered_from_zero_in_the_files_order(write: Callable[[str], Path]) -> None:
    frame = dataset(write("x\n3\n1\n2\n")).load()
    assert frame.index.tolist() == [0, 1, 2]
    assert frame["x"].tolist() == [3, 1, 2]


def test_a_gzipped_file_reads_as_a_plain_one(write: Callable[[str], Path]) -> None:
    path = write("x,g\n0.1,a\n0.2,b\n")
    zipped = path.with_suffix(".csv.gz")
    zipped.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    pd.testing.assert_frame_equal(dataset(zipped).load(), dataset(path).load())


def test_a_derived_column_is_one_below_the_threshold(write: Callable[[str], Path]) -> None:
    data = dataset(write("math\n-11\n-10\n-9\n"), derived={"fail": Threshold("math", -10.0)})
    assert data.load()["fail"].tolist() == [1, 0, 0]


def test_a_derived_column_is_missing_where_its_source_is(write: Callable[[str], Path]) -> None:
    data = dataset(write("math\n-11\nNA\n-9\n"), derived={"fail": Threshold("math", -10.0)})
    fail = data.load()["fail"]
    assert fail.isna().tolist() == [False, True, False]
    assert fail.dropna().tolist() == [1.0, 0.0]


@pytest.mark.parametrize("column", ["raven", "school"])
def test_a_threshold_needs_a_column_of_numbers(write: Callable[[str], Path], column: str) -> None:
    data = dataset(write("math,school\n1,a\n"), derived={"fail": Threshold(column, 0.0)})
    with pytest.raises(DataMissingError, match=f"^The data have no column of numbers '{column}'"):
        data.load()


@st.composite
def decimals(draw: DrawFn) -> str:
    """Draw a decimal of up to 25 digits, many of them half way between doubles."""
    digits = draw(st.integers(min_value=1, max_value=10**25))
    power = draw(st.integers(min_value=-330, max_value=280))
    return draw(st.sampled_from([f"{digits}e{power}", f"0.{digits}", f"{digits}.5"]))


@settings(deadline=None)  # a busy machine is no failure
@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False).map(repr) | decimals(), min_size=1)
)
def test_every_number_is_the_nearest_double(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str]
) -> None:
    path = tmp_path_factory.mktemp("numbers") / "x.csv"
    path.write_text("\n".join(["x", *cells, ""]), encoding="ascii")
    read = [float(number) for number in dataset(path).load()["x"]]
    assert [number.hex() for number in read] == [float(cell).hex() for cell in cells]


def test_the_largest_double_is_read(write: Callable[[str], Path]) -> None:
    assert dataset(write(f"x\n{sys.float_info.max!r}\n")).load()["x"][0] == sys.float_info.max
