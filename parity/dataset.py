"""Data with their provenance: located, checked by SHA-256, read to the last bit."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from parity.table import read_csv

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

DATA_FOLDER_VARIABLE = "PARITY_DATA"


class DataMissingError(RuntimeError):
    """Data that are not there, or are not what the case file declares."""


class NotShippedError(DataMissingError):
    """Data that are not shipped and could not be fetched: the report says so, and stays green."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A derived column: 1 where a column lies below a number, else 0."""

    column: str
    below: float


@dataclass(frozen=True, slots=True)
class Dataset:
    """Data with their provenance.

    Attributes
    ----------
    name, file
        The file is a CSV, perhaps gzipped; relative to the case file, or to the folder that the
        environment variable ``PARITY_DATA`` names where `url` is set.
    sha256
        Of the file's bytes; None only for a user's own data.
    factors
        Columns that are categories, whatever their cells look like.
    derived
        Columns that are computed after reading.
    source, licence
        Where they come from, and on which terms.
    url
        Where they are fetched from if they are not shipped.
    """

    name: str
    file: Path
    sha256: str | None
    factors: tuple[str, ...] = ()
    derived: Mapping[str, Threshold] = field(default_factory=dict)
    source: str = ""
    licence: str = ""
    url: str | None = None

    def locate(self) -> Path:
        """Return the file, fetched if need be; `DataMissingError` says why there is none."""
        if self.url is None:
            if not self.file.is_file():
                raise DataMissingError(f"The data file {self.file} does not exist.")
            return self.file
        folder = os.environ.get(DATA_FOLDER_VARIABLE)
        if folder:
            path = Path(folder) / self.file.name
            if not path.is_file():
                raise NotShippedError(
                    f"{DATA_FOLDER_VARIABLE} names {folder}, which holds no {self.file.name}."
                )
            return path
        return self._fetch(self.url)

    def _fetch(self, url: str) -> Path:
        import pooch  # noqa: PLC0415 - costs 0.1 s and is seldom needed

        pooch.get_logger().setLevel("ERROR")
        try:
            path = pooch.retrieve(
                url, known_hash=f"sha256:{self.sha256}", fname=self.file.name,
                path=pooch.os_cache("lme4-parity"),
            )  # fmt: skip
        except Exception as error:
            raise NotShippedError(
                f"{self.file.name} is not shipped (no licence is stated for it) and could not be "
                f"fetched from {url}: {error}. Set {DATA_FOLDER_VARIABLE} to a folder that "
                "holds it."
            ) from error
        return Path(path)

    def load(self) -> pd.DataFrame:
        """Return the data frame: numbers exact to the last bit, factors as categories of text.

        Levels are ordered by code point; rows keep the file's order and are numbered from 0.

        Raises
        ------
        DataMissingError
            The file is not there, or is not the one that the checksum names.
        """
        path = self.locate()
        content = path.read_bytes()
        found = hashlib.sha256(content).hexdigest()
        if self.sha256 is not None and found != self.sha256:
            raise DataMissingError(
                f"{path.name} is not the file that was declared: its SHA-256 is {found}, "
                f"expected {self.sha256}."
            )
        try:
            frame = read_csv(path, self.factors)
        except (OSError, EOFError, ValueError) as error:
            raise DataMissingError(f"{path.name} cannot be read as CSV: {error}.") from error
        for name in self.factors:
            if name not in frame:
                raise DataMissingError(f"{path.name} has no column {name!r}, a declared factor.")
        for name, rule in self.derived.items():
            frame[name] = _derive(frame, rule)
        return frame


def _derive(frame: pd.DataFrame, rule: Threshold) -> pd.Series:
    """Return 1 where the column lies below the number, else 0; missing where it is missing."""
    if rule.column not in frame or frame[rule.column].dtype == "category":
        raise DataMissingError(f"The data have no column of numbers {rule.column!r}.")
    column = frame[rule.column]
    flags = (column < rule.below).astype("int64")
    return flags.where(column.notna()) if column.isna().any() else flags
