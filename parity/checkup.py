"""A user's own model and data: fitted by every engine, compared, judged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from parity.case import Case, Suite
from parity.dataset import Dataset
from parity.engine import EngineError
from parity.examination import InputError, examine
from parity.formula import parse
from parity.known import load_known
from parity.panel import RECORDED, assemble
from parity.run import run
from parity.tolerance import load_tolerances

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from parity.report import Report


_NOWHERE = Path()


@dataclass(frozen=True, slots=True)
class FrameDataset(Dataset):
    """Data that are in memory already."""

    frame: pd.DataFrame | None = None

    def load(self) -> pd.DataFrame:
        """Return a copy of the frame, its rows numbered from 0."""
        if self.frame is None:
            raise ValueError("a FrameDataset needs its frame")
        return self.frame.reset_index(drop=True)


def check(  # noqa: PLR0913 - the arguments of one question
    formula: str,
    data: pd.DataFrame,
    *,
    REML: bool = True,
    family: str = "gaussian",
    link: str | None = None,
    nagq: int = 1,
    weights: str | None = None,
    engines: Sequence[str] = (),
    reference: str | None = None,
    name: str = "check",
    known: Path | None = None,
    tolerances: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Fit one model with every engine and say whether they agree.

    Parameters
    ----------
    formula
        An lme4 formula, ``"math ~ raven + (1 | school)"``.
    data
        The data frame; rows with a missing value in the formula's variables are left out.
    REML
        REML or ML, for a linear mixed model.
    family, link
        Of the response.
    nagq, weights
        Of a generalised model: quadrature nodes (1 is Laplace's approximation), and the column of
        prior weights, the sizes of a response of shares.
    engines
        Names of the candidates; all that can run for none.
    reference
        The engine to hold them against; live lme4 for None.
    name
        How the report calls the case.
    known, tolerances
        A register of declared differences and a table of tolerances of your own.
    progress
        Called with the name of each fit before it starts.

    Returns
    -------
    Report
        ``report.agrees`` is the answer, ``print(report)`` the evidence.

    Raises
    ------
    FormulaError, InputError
        The model cannot be read, or cannot be asked of these data; one sentence says why.
    EngineError
        lme4 or an engine that was asked for cannot run here.
    """
    spec = parse(
        formula,
        criterion="REML" if REML else "ML",
        family=family,
        link=link,
        nagq=nagq,
        weights=weights,
    )
    examine(spec, data)
    panel = assemble(engines, reference)
    if not engines:
        # Nothing is recorded of a user's own model.
        live = tuple(engine for engine in panel.candidates if engine.name != RECORDED)
        panel = replace(panel, candidates=live)
    if panel.reference.name == RECORDED:
        raise EngineError(
            "A model of your own needs live lme4, which cannot run here: "
            f"{panel.left_out.get('lme4', 'only its recorded answers were asked for')}"
        )
    dataset = FrameDataset(name="data", file=_NOWHERE, sha256=None, frame=data)
    case = Case(name, dataset, spec)
    refusal = panel.reference.unsupported(case)
    if refusal is not None:
        raise InputError(refusal)
    table = load_tolerances(tolerances) if tolerances else load_tolerances()
    register = load_known(known) if known else ()
    return run(Suite((case,), ()), panel, table, register, progress)


def assert_parity(  # noqa: PLR0913 - the arguments of one question
    formula: str,
    data: pd.DataFrame,
    *,
    engine: str,
    reference: str | None = None,
    REML: bool = True,
    family: str = "gaussian",
    link: str | None = None,
    nagq: int = 1,
    weights: str | None = None,
    known: Path | None = None,
    tolerances: Path | None = None,
) -> Report:
    """Fit one model with one engine and the reference; raise unless the report is green.

    It is where the two agree, and where the criterion finds the engine right and the reference
    short of its optimum (BETTER).

    Parameters are those of `check`; `engine` is the candidate's name.

    Raises
    ------
    AssertionError
        Where a number differs: the text names the quantity, both numbers, the error in its
        unit and the tolerance. Also where the engine cannot express the model.
    """
    __tracebackhide__ = True
    report = check(
        formula,
        data,
        REML=REML,
        family=family,
        link=link,
        nagq=nagq,
        weights=weights,
        engines=(engine,),
        reference=reference,
        known=known,
        tolerances=tolerances,
    )
    unsupported = [pair.message for pair in report.comparisons if not pair.findings]
    if unsupported or not report.agrees:
        raise AssertionError(str(report))
    return report
