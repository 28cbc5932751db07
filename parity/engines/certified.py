"""The certified values as an engine: what the referee proved, read from the package's data."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from parity.certificate import Certificate, CertificateError, from_json, objective_of
from parity.result import Design, FitResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from parity.case import Case, NestedPair
    from parity.design.statement import Statement
    from parity.result import Key

_STANDING = "The optimum is "
"""How the sentence begins that says what kind of optimum was proven."""
SHIPPED = Path(__file__).parents[1] / "data" / "certified"


class Certified:
    """Reads the certificates that ship with the package; `parity certify` writes them anew.

    Takes part in a run only where it is asked for.
    """

    name = "certified"
    on_request = True

    def __init__(self, folder: Path = SHIPPED) -> None:
        """Read from a folder of ``CASE.json`` files."""
        self.folder = folder

    def missing(self) -> str | None:
        """Return None where there is a certificate at all."""
        if any(self.folder.glob("*.json")):
            return None
        return f"nothing is certified in {self.folder}; run `parity certify` with --store"

    def unsupported(self, case: Case) -> str | None:
        """Return None where the case was certified."""
        if self._file(case.name).is_file():
            return None
        return f"{case.name} is not certified; `parity certify {case.name}` tries to"

    def fit(self, case: Case, data: pd.DataFrame) -> FitResult:
        """Return the certified values, each as the double nearest to its decimal.

        Fitted values and residuals follow from the certified fixed and random effects, in exact
        arithmetic on the doubles of the data.

        Raises
        ------
        CertificateError
            Where the certificate is of other data or of another question.
        """
        from parity.design.statement import state  # noqa: PLC0415 - patsy takes 0.2 s to import

        certificate = self._read(case.name)
        _require_same(certificate, case)
        statement = state(case.spec, data)
        values: dict[str, Mapping[Key, float]] = {**_doubles(certificate)}
        absent = dict(certificate.absent)
        if case.spec.kind == "lmm" and "ranef" in values:
            values |= _by_row(statement, certificate)
            absent = {name: why for name, why in absent.items() if name not in values}
        levels = (term.group for term in case.spec.random)
        return FitResult(
            engine=self.name,
            case=case.name,
            kind=case.spec.kind,
            criterion=certificate.criterion,
            rows=statement.rows,
            groups=dict(zip(levels, statement.levels, strict=True)),
            design=Design(statement.coefficients, statement.model.X),
            values=values,
            absent=absent,
            conditions=tuple(s for s in certificate.statements if s.startswith(_STANDING)),
            versions=certificate.versions,
        )

    def test(self, pair: NestedPair, small: FitResult) -> FitResult | None:
        """Return the certified likelihood-ratio test, None where there is no certificate of it.

        Parameters
        ----------
        pair
            The two models.
        small
            The answer to the small one, whose rows the test is of.
        """
        if not self._file(pair.name).is_file():
            return None
        certificate = self._read(pair.name)
        return FitResult(
            engine=self.name,
            case=pair.name,
            kind="lrt",
            rows=small.rows,
            values=_doubles(certificate),
            absent=certificate.absent,
            versions=certificate.versions,
        )

    def versions(self) -> dict[str, str]:
        """Return the versions that the values were certified with."""
        return self._versions

    @cached_property
    def _versions(self) -> dict[str, str]:
        seen: dict[str, set[str]] = {}
        for file in sorted(self.folder.glob("*.json")):
            for program, version in from_json(file.read_text("utf-8")).versions.items():
                seen.setdefault(program, set()).add(version)
        return {program: ", ".join(sorted(versions)) for program, versions in seen.items()}

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _read(self, name: str) -> Certificate:
        return from_json(self._file(name).read_text(encoding="utf-8"))


def _doubles(certificate: Certificate) -> dict[str, dict[Key, float]]:
    """Return the double nearest to each decimal."""
    decimals = certificate.values  # noqa: PD011 - Certificate.values, no data frame's
    return {
        name: {key: float(number) for key, number in elements.items()}
        for name, elements in decimals.items()
    }


def _require_same(certificate: Certificate, case: Case) -> None:
    expected = {
        "name": case.name,
        "objective": objective_of(case.spec.kind, case.spec.nagq),
        "formula": case.spec.formula,
        "criterion": case.spec.criterion,
        "family": case.spec.family,
        "link": case.spec.link,
        "weights": case.spec.weights,
        "sha256": case.dataset.sha256,
    }
    for name, wanted in expected.items():
        if getattr(certificate, name) != wanted:
            raise CertificateError(
                f"The certificate of {case.name} has {name} {getattr(certificate, name)!r}, the "
                f"case {wanted!r}; certify it anew with `parity certify {case.name} --store`."
            )


def _by_row(statement: Statement, certificate: Certificate) -> dict[str, dict[Key, float]]:
    """Return fitted values and residuals by row."""
    fitted: dict[Key, float] = {}
    resid: dict[Key, float] = {}
    y = statement.model.y.tolist()
    for row, response, value in zip(
        statement.rows, y, _predictors(statement, certificate), strict=True
    ):
        fitted[(row,)] = float(value)
        resid[(row,)] = float(Fraction(response) - value)
    return {"fitted": fitted, "resid": resid}


def _predictors(statement: Statement, certificate: Certificate) -> Iterator[Fraction]:
    """Yield X beta + Z b of each row."""
    decimals = certificate.values  # noqa: PD011 - Certificate.values, no data frame's
    beta = [Fraction(decimals["fixef"][(name,)]) for name in statement.coefficients]
    effects = {key: Fraction(number) for key, number in decimals["ranef"].items()}
    blocks = list(
        zip(statement.spec.random, statement.terms, statement.levels, statement.model.blocks,
            strict=True)
    )  # fmt: skip
    for i, cells in enumerate(statement.model.X.tolist()):
        value = sum(
            (Fraction(cell) * slope for cell, slope in zip(cells, beta, strict=True)), Fraction(0)
        )
        for term, names, levels, block in blocks:
            level = levels[block.codes[i]]
            for name, cell in zip(names, block.columns[i].tolist(), strict=True):
                value += Fraction(cell) * effects[term.group, level, name]
        yield value
