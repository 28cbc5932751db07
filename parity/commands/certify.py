"""`parity certify`: the optimum of a case's own criterion, proven, with certified digits."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from parity import casefile
from parity.certificate import to_json
from parity.commands.output import say
from parity.engine import EngineError

if TYPE_CHECKING:
    import argparse

    from parity.certificate import Certificate

_BITS_A_DIGIT = 3.33
_SPARE_BITS = 90
"""What the proofs use up: a 256-bit certificate of the shipped cases has more than 50 digits."""
_FEWEST_BITS = 128


def execute(arguments: argparse.Namespace) -> int:
    """Certify one case or pair and print its page, or its JSON; ``--store`` writes both files.

    Raises
    ------
    EngineError
        Where python-flint, the ball arithmetic, is not installed.
    """
    if find_spec("flint") is None:
        raise EngineError(
            "`parity certify` computes with python-flint, which is not installed: install the "
            "extra `lme4-parity[referee]`."
        )
    from parity.referee import store, table  # noqa: PLC0415 - needs python-flint

    suite = casefile.load_suite(arguments.cases or casefile.SHIPPED)
    certificate, dataset = store.certified(arguments.case, suite, bits=_bits(arguments.digits))
    if arguments.store:
        files = store.write(certificate, dataset, arguments.folder or store.SHIPPED)
        say("".join(f"{file}\n" for file in files))
        return 0
    shown = certificate if arguments.digits is None else shortened(certificate, arguments.digits)
    say(to_json(shown) if arguments.format == "json" else table.render(shown, dataset))
    return 0


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
