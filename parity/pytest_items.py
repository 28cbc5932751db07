"""The tests of a case file: one for each case × engine × quantity.

Below a file stands each case and each pair of nested models; below it each engine, and below that

``gate``
    Was the same question answered? Where it was not, this one test fails (or is skipped: the
    engine cannot express the model) and those of the quantities are skipped.
a quantity
    Fails where a number differs; is an expected failure where the difference is declared; is
    skipped, with the engine's own reason, where one side does not give the quantity.
``known:NAME``
    A declared difference: fails where it has vanished.

Published figures stand below ``CASE::published::ENGINE`` in the same way. Each (case, engine) is
fitted once, by the first test that needs it. With the environment variable ``PARITY_REQUIRE`` set,
missing data fail instead of skip, and so do the missing engines that it names.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from parity.bench import Bench
from parity.case import Case, CaseError, NestedPair
from parity.casefile import SHIPPED, load_suite
from parity.compare import PUBLISHED, compare_published, vanished
from parity.court import Court
from parity.dataset import DataMissingError
from parity.engine import EngineError
from parity.known import KnownError, load_known
from parity.panel import Panel, assemble
from parity.quantity import LAYERS, QUANTITIES, UNITS, applicable
from parity.run import judge
from parity.tolerance import ToleranceError, load_tolerances
from parity.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from _pytest._code.code import TerminalRepr
    from _pytest._code.code import TracebackStyle as Style

    from parity.case import Suite
    from parity.engine import Engine
    from parity.finding import Comparison, Finding
    from parity.known import Known
    from parity.tolerance import Tolerances

REQUIRE = "PARITY_REQUIRE"
_CLOSED = frozenset({Verdict.FAILED, Verdict.INCOMPARABLE, Verdict.UNSUPPORTED})
_SHOWN = 8
_WHY = {Verdict.WORSE: "why it is off"}


class Disagreement(Exception):  # noqa: N818 - a finding, not an error
    """What a test found; its text is all that the report shows."""


@dataclass
class Sheet:
    """A case file, and what came of it so far in this session."""

    suite: Suite
    panel: Panel
    court: Court
    tolerances: Tolerances
    register: Sequence[Known]
    found: dict[tuple[str, str, bool], Comparison] = field(default_factory=dict)

    @property
    def bench(self) -> Bench:
        """The answers."""
        return self.court.bench

    @property
    def questions(self) -> tuple[Case | NestedPair, ...]:
        """Cases, then pairs of nested models."""
        return (*self.suite.cases, *self.suite.pairs)

    def comparison(
        self, question: Case | NestedPair, engine: Engine, *, published: bool = False
    ) -> Comparison:
        """Return what came of an engine's answer; `DataMissingError` where there are no data."""
        key = (question.name, engine.name, published)
        if key not in self.found:
            answer = self.bench.answer(question, engine)
            if published:
                self.found[key] = compare_published(question.published, answer, self.register)
            else:
                reference = self.bench.answer(question, self.panel.reference)
                (pair,) = judge((reference, answer), self.tolerances, self.register)
                engines = (self.panel.reference, engine)
                self.found[key] = self.court.hear(question, pair, engines)
        return self.found[key]

    def declared(
        self, question: Case | NestedPair, engine: Engine, *, published: bool = False
    ) -> list[Known]:
        """Return the declared differences about this engine on this case, of any version."""
        reference = PUBLISHED if published else self.panel.reference.name
        return [k for k in self.register if k.covers(reference, engine.name, question.name)]


_PANEL = pytest.StashKey[Panel]()
_SHEETS = pytest.StashKey[dict[Path, Sheet]]()


def sheet_of(config: pytest.Config, path: Path) -> Sheet:
    """Return the session's one sheet of a case file."""
    sheets = config.stash.setdefault(_SHEETS, {})
    path = path.resolve()
    if path not in sheets:
        suite = load_suite(path)
        if _PANEL not in config.stash:
            wanted = config.getoption("--parity-engine")
            config.stash[_PANEL] = assemble(wanted, config.getoption("--parity-reference"))
        panel = config.stash[_PANEL]
        tolerances, known = (config.getoption(f"--parity-{o}") for o in ("tolerances", "known"))
        table = load_tolerances(*([tolerances] if tolerances else []))
        sheets[path] = Sheet(
            suite=suite,
            panel=panel,
            court=Court(Bench(panel), table),
            tolerances=table,
            register=_register(known, path),
        )
    return sheets[path]


def _register(known: Path | None, cases: Path) -> Sequence[Known]:
    if known is not None:
        return load_known(known)
    return load_known() if cases == SHIPPED.resolve() else ()


def required() -> frozenset[str]:
    """Return the names in the environment variable ``PARITY_REQUIRE``."""
    return frozenset(os.environ.get(REQUIRE, "").split())


class CaseFile(pytest.File):
    """A case file."""

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield the engines that cannot run here, the cases and the pairs of nested models."""
        sheet = sheet_of(self.config, self.path)
        if not self.config.getoption("--parity-engine"):
            for engine, reason in sheet.panel.left_out.items():
                name = f"engine:{engine}"
                yield MissingEngine.from_parent(self, name=name, engine=engine, reason=reason)
        for question in sheet.questions:
            yield Question.from_parent(self, name=question.name, sheet=sheet, question=question)

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: Style | None = None,  # noqa: ARG002 - pytest's signature
    ) -> str | TerminalRepr:
        """Show an unusable file, engine or table as its one sentence."""
        if isinstance(excinfo.value, CaseError | EngineError | ToleranceError | KnownError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class Question(pytest.Collector):
    """A case, or a pair of nested models."""

    def __init__(self, *, sheet: Sheet, question: Case | NestedPair, **rest: Any) -> None:  # noqa: ANN401 - pytest's
        super().__init__(**rest)
        self.sheet = sheet
        self.question = question

    def collect(self) -> Iterator[pytest.Collector]:
        """Yield the candidates, then the published figures."""
        for engine in self.sheet.panel.candidates:
            yield Pairing.from_parent(self, name=engine.name, question=self, engine=engine)
        if self.question.published:
            yield Figures.from_parent(self, name=PUBLISHED, question=self)


class Figures(pytest.Collector):
    """The published figures of a case."""

    def __init__(self, *, question: Question, **rest: Any) -> None:  # noqa: ANN401 - pytest's
        super().__init__(**rest)
        self.question = question

    def collect(self) -> Iterator[pytest.Collector]:
        """Yield every engine: the reference too is held against what was printed."""
        for engine in self.question.sheet.panel.engines:
            yield Pairing.from_parent(
                self, name=engine.name, question=self.question, engine=engine, published=True
            )


class Pairing(pytest.Collector):
    """An engine on a case, held against the reference or against published figures."""

    def __init__(
        self,
        *,
        question: Question,
        engine: Engine,
        published: bool = False,
        **rest: Any,  # noqa: ANN401 - pytest's
    ) -> None:
        super().__init__(**rest)
        self.sheet = question.sheet
        self.question = question.question
        self.engine = engine
        self.published = published

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the gate, each quantity and each declared difference; the gate alone where the
        engine says at once that it cannot express the model.
        """  # noqa: D205 - one sentence
        yield Gate.from_parent(self, name="gate", pairing=self)
        if self._unsupported():
            return
        for quantity in self._quantities():
            yield Quantity.from_parent(self, name=quantity, pairing=self)
        for known in self.declared():
            yield Declared.from_parent(self, name=f"known:{known.name}", pairing=self, known=known)

    def _unsupported(self) -> bool:
        """Whether an engine refuses at once; one that raises is asked again by the gate."""
        question = self.question
        cases = [question] if isinstance(question, Case) else [question.small, question.large]
        engines = [self.engine] if self.published else [self.engine, self.sheet.panel.reference]
        try:
            return any(engine.unsupported(case) for engine in engines for case in cases)
        except Exception:  # noqa: BLE001 - whatever it raised is the gate's finding
            return False

    def _quantities(self) -> tuple[str, ...]:
        question = self.question
        if self.published:
            return tuple(question.published)
        return applicable(question.spec.kind if isinstance(question, Case) else "lrt")

    def declared(self) -> list[Known]:
        """Return the declared differences about this pairing."""
        return self.sheet.declared(self.question, self.engine, published=self.published)

    def comparison(self) -> Comparison:
        """Return what came of it; without data, skip, or fail where all is required."""
        try:
            return self.sheet.comparison(self.question, self.engine, published=self.published)
        except DataMissingError as error:
            if required():
                raise Disagreement(f"{error} ({REQUIRE} is set: nothing may be missing)") from error
            pytest.skip(str(error))


class _Test(pytest.Item):
    """A test of a case file: its failures are sentences, without a traceback."""

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Style | None = None
    ) -> str | TerminalRepr:
        """Show what was found, and how to see it again."""
        if isinstance(excinfo.value, Disagreement):
            return f"{excinfo.value}\nagain: pytest '{self.nodeid}'"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return file and heading."""
        return self.path, None, " · ".join(self.nodeid.split("::")[1:])


class MissingEngine(_Test):
    """An engine that cannot run here."""

    def __init__(self, *, engine: str, reason: str, **rest: Any) -> None:  # noqa: ANN401 - pytest's
        super().__init__(**rest)
        self.engine = engine
        self.reason = reason

    def runtest(self) -> None:
        """Skip with the reason, or fail where the engine is required."""
        if self.engine in required():
            raise Disagreement(f"{REQUIRE} asks for {self.engine}, which is missing: {self.reason}")
        pytest.skip(f"{self.engine} cannot run here: {self.reason}")


class _PairTest(_Test):
    def __init__(self, *, pairing: Pairing, **rest: Any) -> None:  # noqa: ANN401 - pytest's
        super().__init__(**rest)
        self.pairing = pairing

    def open_comparison(self) -> Comparison:
        """Return the comparison; skip where its gate is closed."""
        comparison = self.pairing.comparison()
        if comparison.verdict in _CLOSED:
            pytest.skip(f"gate closed: {comparison.message}")
        return comparison


class Gate(_PairTest):
    """The question whether the same question was answered."""

    def runtest(self) -> None:
        """Fail where it was not; skip where the engine cannot express the model."""
        comparison = self.pairing.comparison()
        if comparison.verdict is Verdict.UNSUPPORTED:
            pytest.skip(f"UNSUPPORTED: {comparison.message}")
        if comparison.verdict in _CLOSED:
            raise Disagreement(f"{_heading(comparison)}: {comparison.message}")


class Quantity(_PairTest):
    """One quantity, every element of it."""

    def runtest(self) -> None:
        """Fail where a number differs beyond its tolerance and the difference is not declared."""
        comparison = self.open_comparison()
        findings = [f for f in comparison.findings if f.quantity == self.name]
        if not findings:
            reasons = [f"{who}: {why}" for what, who, why in comparison.absent if what == self.name]
            if not reasons:
                raise Disagreement(f"{_heading(comparison)}: {self.name} was left out silently")
            pytest.skip("; ".join(dict.fromkeys(reasons)))
        red = [finding for finding in findings if not finding.verdict.green]
        if red:
            raise Disagreement(_text(comparison, self.name, red))
        known = [finding for finding in findings if finding.verdict is Verdict.KNOWN]
        if known:
            name = known[0].why.split(":")[0]
            pytest.xfail(f"KNOWN: {name}, error {comparison.worst(self.name).error:.3g}")


class Declared(_PairTest):
    """A declared difference."""

    def __init__(self, *, known: Known, **rest: Any) -> None:  # noqa: ANN401 - pytest's
        super().__init__(**rest)
        self.known = known

    def runtest(self) -> None:
        """Fail where the difference is no longer seen."""
        comparison = self.open_comparison()
        pairing = self.pairing
        engines = [] if pairing.published else [pairing.sheet.panel.reference]
        versions: dict[str, str] = {}
        for engine in (*engines, pairing.engine):
            versions |= pairing.sheet.bench.answer(pairing.question, engine).versions
        if not self.known.holds_for(versions):
            pytest.skip(f"{self.known.name} is declared for other versions: {self.known.versions}")
        gone = vanished(comparison.findings, (self.known,), comparison.absent)
        if gone:
            raise Disagreement(f"{_heading(comparison)}: {gone}")


def _heading(comparison: Comparison) -> str:
    return (
        f"{comparison.verdict}: {comparison.candidate} against {comparison.reference} "
        f"on {comparison.case}"
    )


def _text(comparison: Comparison, quantity: str, red: Sequence[Finding]) -> str:
    """Return the finding in words: both numbers, the error in its unit, the tolerance."""
    layer = QUANTITIES[quantity].layer
    worst_first = sorted(red, key=lambda finding: -abs(finding.error))
    unit = red[0].unit
    more = len(red) - _SHOWN
    return "\n".join(
        [
            f"{_heading(comparison)}: {quantity}, layer {layer} ({LAYERS[layer]})",
            *(_line(comparison, finding) for finding in worst_first[:_SHOWN]),
            *([f"  and {more} more"] if more > 0 else []),
            f"unit {unit}: {UNITS.get(unit, unit)}",  # type: ignore[call-overload] # a finding's unit is text
            f"{_WHY.get(red[0].verdict, 'why this tolerance')}: {red[0].why}",
            f"all in all: {comparison.message}",
            *([f"the criterion: {comparison.diagnosis}"] if comparison.diagnosis else []),
        ]
    )


def _line(comparison: Comparison, finding: Finding) -> str:
    numbers = ", ".join(
        f"{who} {'has none' if number is None else repr(number)}"
        for who, number in (
            (comparison.reference, finding.reference),
            (comparison.candidate, finding.candidate),
        )
    )
    return (
        f"  {finding.name}: {numbers}; error {finding.error:.3g} ({finding.unit}), tolerance "
        f"{finding.tolerance:.3g}, {finding.digits:.1f} digits agree"
    )
