"""`parity certify`: the optimum of a case's own criterion, proven, with certified digits."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from parity import casefile
from parity.case import CaseError
from parity.certificate import to_json
from parity.commands.output import say
from parity.engine import EngineError

if TYPE_CHECKING:
    import argparse

    from parity.certificate import Certificate

_BITS_A_DIGIT = 3.33
_SPARE_BITS = 90
"""What the proofs use up: 212 of 256 bits are certain in the hardest of the shipped cases."""
_FEWEST_BITS = 128


def execute(arguments: argparse.Namespace) -> int:
    """Certify one case or pair and print its page, or its JSON; ``--store`` writes both files.

    Raises
    ------
    EngineError
        Where python-flint, the ball arithmetic, is not installed.
    CaseError
        Where there is no such case, or its optimum cannot be proven.
    """
    if find_spec("flint") is None:
        raise EngineError(
            "`parity certify` computes with python-flint, which is not installed: install the "
            "extra `lme4-parity[referee]`."
        )
    from parity.referee import store, table  # noqa: PLC0415 - needs python-flint

    suite = casefile.load_suite(arguments.cases or casefile.SHIPPED)
    try:
        bits = _bits(arguments.digits)
        made = store.certified(arguments.case, suite, bits, arguments.objective)
    except _refusals() as error:
        raise CaseError(f"{arguments.case} is not certified: {error}") from error
    certificate, dataset = made
    if arguments.store:
        files = store.write(certificate, dataset, arguments.folder or store.SHIPPED)
        say("".join(f"{file}\n" for file in files))
        return 0
    shown = certificate if arguments.digits is None else shortened(certificate, arguments.digits)
    say(to_json(shown) if arguments.format == "json" else table.render(shown, dataset))
    return 0


def _refusals() -> tuple[type[Exception], ...]:
    """Return the errors in which the referee says, in a sentence, what it cannot read or prove."""
    from parity.design.terms import (  # noqa: PLC0415 - with python-flint only
        NotExpressibleError,
        UnusableDataError,
    )
    from parity.referee.certify import NoCertificateError  # noqa: PLC0415 - needs python-flint
    from parity.referee.exact import InexactError  # noqa: PLC0415 - as above
    from parity.referee.glmm_cells import UncertifiableError  # noqa: PLC0415 - as above
    from parity.referee.glmm_search import SearchError  # noqa: PLC0415 - as above
    from parity.referee.numerals import UncertainError  # noqa: PLC0415 - as above
    from parity.referee.pair import PairError  # noqa: PLC0415 - as above
    from parity.referee.proof import ProofError  # noqa: PLC0415 - as above

    return (
        InexactError, NoCertificateError, NotExpressibleError, PairError, ProofError,
        SearchError, UncertainError, UncertifiableError, UnusableDataError,
    )  # fmt: skip


def shortened(certificate: Certificate, most: int) -> Certificate:
    """Return the certificate with every number rounded to at most so many significant digits."""
    return replace(
        certificate,
        values={
            name: {key: _rounded(number, most) for key, number in elements.items()}
            for name, elements in certificate.values.items()
        },
    )


def _rounded(number: str, most: int) -> str:
    from fractions import Fraction  # noqa: PLC0415 - with python-flint only

    from parity.certificate import digits  # noqa: PLC0415 - as above
    from parity.referee.numerals import rounded  # noqa: PLC0415 - needs python-flint

    if "." not in number or digits(number) <= most:
        return number
    return rounded(Fraction(number), most)


def _bits(wanted: int | None) -> int | None:
    """Return the precision that so many digits need; None, the referee's own choice, for none."""
    if wanted is None:
        return None
    return max(_FEWEST_BITS, int(_BITS_A_DIGIT * wanted) + _SPARE_BITS)
