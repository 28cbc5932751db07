"""Certificates in files: one for programs (JSON) and one page for readers (text) a case."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from parity.case import CaseError
from parity.certificate import OBJECTIVES, from_json, to_json
from parity.referee.certify import certify
from parity.referee.glmm import STORED_BITS
from parity.referee.pair import certify_pair
from parity.referee.table import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from parity.case import Case, NestedPair, Suite
    from parity.certificate import Certificate
    from parity.dataset import Dataset

SHIPPED = Path(__file__).parents[1] / "data" / "certified"


def write(certificate: Certificate, dataset: Dataset, folder: Path = SHIPPED) -> tuple[Path, Path]:
    """Write a certificate's two files and return their paths, JSON first."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"{certificate.name}.json", folder / f"{certificate.name}.txt"
    paths[0].write_text(to_json(certificate), encoding="utf-8")
    paths[1].write_text(render(certificate, dataset), encoding="utf-8")
    return paths


def read(name: str, folder: Path = SHIPPED) -> Certificate | None:
    """Return a stored certificate, None where none is stored.

    Raises
    ------
    CertificateError
        Where the file holds none.
    """
    path = folder / f"{name}.json"
    return from_json(path.read_text(encoding="utf-8")) if path.is_file() else None


def certify_all(
    suite: Suite, patterns: Sequence[str] = (), kinds: Sequence[str] = ("lmm",)
) -> Iterator[tuple[Certificate, Dataset]]:
    """Yield a certificate for each case, then each pair, whose name matches one of the patterns.

    Parameters
    ----------
    suite
        The cases and pairs.
    patterns
        Shell patterns; all match where none is given.
    kinds
        Of the models that are certified: ``"lmm"``, ``"glmm"``.
    """

    def chosen(name: str) -> bool:
        return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)

    made: dict[str, Certificate] = {}
    for case in suite.cases:
        if not chosen(case.name) or case.spec.kind not in kinds:
            continue
        for objective in objectives(case):
            found = certify(case, case.dataset.load(), bits=stored_bits(case), objective=objective)
            made.setdefault(case.name, found)
            yield found, case.dataset
    for pair in suite.pairs:
        if chosen(pair.name) and pair.large.spec.kind in kinds:
            yield certified_pair(pair, made), pair.large.dataset


def objectives(case: Case) -> tuple[str, ...]:
    """Return what is certified of a case, first what the case itself fits.

    Nothing of one that asks for quadrature: its certificate comes with the case of Laplace's.
    """
    if case.spec.kind == "lmm":
        return ("likelihood",)
    if case.spec.nagq > 1:
        return ()
    return tuple(name for name in OBJECTIVES if name != "likelihood")


def stored_bits(case: Case) -> int | None:
    """Return the precision of stored certificates; None is the referee's own choice."""
    return None if case.spec.kind == "lmm" else STORED_BITS


def certified_pair(pair: NestedPair, made: dict[str, Certificate]) -> Certificate:
    """Return a pair's certificate; what `made` lacks of its two cases is certified first."""
    for case in (pair.small, pair.large):
        if case.name not in made:
            made[case.name] = certify(case, case.dataset.load())
    return certify_pair(pair, made[pair.small.name], made[pair.large.name])


def certified(
    name: str, suite: Suite, bits: int | None = None, objective: str | None = None
) -> tuple[Certificate, Dataset]:
    """Return a new certificate of the case or pair of this name, and its data.

    Raises
    ------
    CaseError
        Where the suite has none of this name; `certify` says what else.
    """
    for case in suite.cases:
        if case.name == name:
            found = certify(case, case.dataset.load(), bits=bits, objective=objective)
            return found, case.dataset
    for pair in suite.pairs:
        if pair.name == name:
            return certified_pair(pair, {}), pair.large.dataset
    raise CaseError(f"No case is called {name!r}; `parity list` shows their names.")
