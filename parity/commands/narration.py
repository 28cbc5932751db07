"""`parity explain CASE ENGINE`: one fit, told layer by layer."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from parity import casefile, known, tolerance
from parity.bench import Bench
from parity.case import CaseError, NestedPair
from parity.court import Court
from parity.panel import LIVE, assemble
from parity.reports.as_text import WIDTH
from parity.reports.blocks import printable
from parity.run import judge
from parity.story import tell
from parity.verdict import MEANING

if TYPE_CHECKING:
    import argparse

    from parity.case import Case, Suite
    from parity.finding import Comparison


def narrate(arguments: argparse.Namespace) -> str:
    """Return the headline, and the story of the engine on the case."""
    suite = casefile.load_suite(arguments.cases or casefile.SHIPPED)
    question = _find(suite, arguments.subject)
    if arguments.engine == (arguments.reference or LIVE):
        raise CaseError(
            f"{arguments.engine} is the reference; name another one with --reference, to hold it "
            "against."
        )
    panel = assemble([arguments.engine], arguments.reference)
    tolerances = tolerance.load_tolerances(arguments.tolerances or tolerance.SHIPPED)
    court = Court(Bench(panel), tolerances)
    engines = (panel.reference, panel.candidates[0])
    answers = tuple(court.bench.answer(question, engine) for engine in engines)
    register = known.load_known(arguments.known or known.SHIPPED)
    (pair,) = judge(answers, tolerances, register)
    heard = court.hear(question, pair, engines)
    if isinstance(question, NestedPair):
        text = _of_a_pair(heard)
    else:
        words = tuple(court.cross_examine(question, *both) for both in (engines, engines[::-1]))
        text = tell(heard, (answers[0], words[0]), (answers[1], words[1]))
    title = f"{question.name}: {panel.candidates[0].name} against {panel.reference.name}"
    return "\n".join([title, *textwrap.wrap(printable(text), WIDTH, break_on_hyphens=False)]) + "\n"


def _find(suite: Suite, name: str) -> Case | NestedPair:
    questions: tuple[Case | NestedPair, ...] = (*suite.cases, *suite.pairs)
    for question in questions:
        if question.name == name:
            return question
    raise CaseError(f"No case is called {name!r}; `parity list` shows their names.")


def _of_a_pair(comparison: Comparison) -> str:
    """Return the story of a likelihood-ratio test."""
    if not comparison.findings:
        return f"{comparison.verdict}: {comparison.message}."
    found = comparison.worst("lrt_chisq")
    return (
        f"The statistic is {found.reference:.10g} in {comparison.reference} and "
        f"{found.candidate:.10g} in {comparison.candidate}: {comparison.verdict} "
        f"({MEANING[comparison.verdict]}). {comparison.diagnosis or comparison.message}."
    )
