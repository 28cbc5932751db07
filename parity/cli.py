"""The program `parity`: its arguments, its exit codes, and one sentence for what goes wrong."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

GREEN, RED, UNUSABLE, NO_ENGINE, INTERRUPTED = 0, 1, 2, 3, 130

_EPILOG = """\
exit codes:
  0  every pair is green: AGREE, KNOWN, UNSUPPORTED or BETTER
  1  something differs
  2  wrong usage, or input that cannot be used; one sentence says why
  3  an engine that is needed is missing
"""


_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no other name


class _Command(Protocol):
    """A module of `parity.commands`."""

    def execute(self, arguments: argparse.Namespace) -> int:
        """Do what was asked and return the exit code."""
        ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    parser = _parser()
    try:
        arguments = parser.parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    if arguments.module is None:
        parser.print_help(sys.stderr)
        return UNUSABLE
    try:
        _consult_oracle(arguments)
        command = cast("_Command", import_module(f"parity.commands.{arguments.module}"))
        return command.execute(arguments)
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)
    except Exception as error:
        code = _exit_code(error)
        if code is None:
            raise
        return _complain(_sentence(error), code)


def _consult_oracle(arguments: argparse.Namespace) -> None:
    """Make the engine that ``--oracle`` names the reference."""
    if getattr(arguments, "oracle", "default") == "default":
        return
    from parity.case import CaseError  # noqa: PLC0415 - `parity --help` starts nothing
    from parity.panel import TIGHT  # noqa: PLC0415 - as above

    if arguments.reference not in {None, TIGHT}:
        raise CaseError(
            f"--oracle tight makes {TIGHT} the reference; --reference {arguments.reference} "
            "names another. Give one of the two."
        )
    arguments.reference = TIGHT


def _complain(sentence: str, code: int) -> int:
    sys.stderr.write(f"parity: {sentence}\n")
    return code


def _exit_code(error: Exception) -> int | None:
    """Return the exit code of an error that the user can mend, None for a fault of ours."""
    from parity.case import CaseError  # noqa: PLC0415 - `parity --help` starts nothing
    from parity.commands.spreadsheet import TableError  # noqa: PLC0415 - as above
    from parity.dataset import DataMissingError  # noqa: PLC0415 - as above
    from parity.engine import EngineError  # noqa: PLC0415 - as above
    from parity.examination import InputError  # noqa: PLC0415 - as above
    from parity.known import KnownError  # noqa: PLC0415 - as above
    from parity.sweep.refusal import SweepError  # noqa: PLC0415 - as above
    from parity.syntax import FormulaError  # noqa: PLC0415 - as above
    from parity.tolerance import ToleranceError  # noqa: PLC0415 - as above

    if isinstance(error, EngineError):
        return NO_ENGINE
    refusals = (
        CaseError, DataMissingError, FormulaError, InputError, KnownError, OSError, SweepError,
        TableError, ToleranceError,
    )  # fmt: skip
    return UNUSABLE if isinstance(error, refusals) else None


def _sentence(error: Exception) -> str:
    """Return what went wrong in one line."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}."
    return " ".join(str(error).split())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="parity",
        description="Fit the same mixed model in lme4 and in Python, compare every number, judge.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(module=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    engines, report, tables = _engine_options(), _report_options(), _table_options()
    run = commands.add_parser(
        "run", parents=[engines, report, tables], help="fit and compare the cases of a case file"
    )
    run.set_defaults(module="run")
    _add_cases(run)
    run.add_argument(
        "--jobs", type=_count, metavar="N",
        help="fit in so many processes, each with an R of its own (as many as there are cores, "
        "where that is sooner done); the report is the same",
    )  # fmt: skip
    check = commands.add_parser(
        "check", parents=[engines, report, tables], help="fit and compare a model of your own"
    )
    check.set_defaults(module="check")
    _add_question(check)
    listing = commands.add_parser("list", help="the cases, with their models")
    listing.set_defaults(module="listing")
    _add_cases(listing)
    commands.add_parser("engines", help="which engines are here").set_defaults(module="engines")
    explain = commands.add_parser(
        "explain", parents=[tables],
        help="what a quantity is, its unit and its tolerance; or the story of CASE ENGINE",
    )  # fmt: skip
    explain.set_defaults(module="explanation")
    explain.add_argument(
        "subject", nargs="?", metavar="QUANTITY | CASE", help="a name; all quantities without one"
    )
    explain.add_argument(
        "engine", nargs="?", metavar="ENGINE", help="tell layer by layer how it does on the case"
    )
    explain.add_argument("--cases", type=Path, metavar="FILE", help="a case file of yours (TOML)")
    explain.add_argument(
        "--reference", metavar="NAME", help="the engine to hold it against (lme4 by default)"
    )
    _add_deeper(commands)
    _add_hunt(commands, engines)
    _add_sweep(commands)
    record = commands.add_parser("record", help="write live lme4's answers, for use without R")
    record.set_defaults(module="record")
    _add_cases(record)
    record.add_argument(
        "--folder", type=Path, metavar="DIR", help="where to (the package's own data by default)"
    )
    return parser


def _add_deeper(commands: _Commands) -> None:
    """Add the commands that look into one case."""
    certify = commands.add_parser(
        "certify", help="prove a case's optimum in interval arithmetic, and print its values"
    )
    certify.set_defaults(module="certify")
    _add_certify(certify)
    marginal = commands.add_parser(
        "marginal", help="conditional and population-averaged effects of a generalised case"
    )
    marginal.set_defaults(module="marginal")
    marginal.add_argument("case", metavar="CASE", help="a case's name")
    marginal.add_argument("--cases", type=Path, metavar="FILE", help="a case file of yours (TOML)")


def _add_hunt(commands: _Commands, engines: argparse.ArgumentParser) -> None:
    hunt = commands.add_parser(
        "hunt", parents=[engines],
        help="draw random models, fit and judge them, shrink what loses to a case file",
    )  # fmt: skip
    hunt.set_defaults(module="hunt")
    hunt.add_argument("--models", type=int, default=200, metavar="N", help="how many to draw")
    hunt.add_argument("--seed", type=int, default=0, metavar="S", help="of all that is drawn")
    hunt.add_argument(
        "--family", action="append", choices=("gaussian", "binomial", "poisson"),
        help="of the response; may be repeated (all by default)",
    )  # fmt: skip
    hunt.add_argument(
        "--effort", type=int, default=300, metavar="N", help="most fits to shrink one loss by"
    )
    hunt.add_argument(
        "--time-limit", type=float, default=120.0, metavar="SECONDS",
        help="of one fit by R, which has a process of its own; its death is a fit that failed",
    )  # fmt: skip
    hunt.add_argument(
        "--folder", type=Path, default=Path("hunt"), metavar="DIR", help="where the case files go"
    )


def _add_sweep(commands: _Commands) -> None:
    sweep = commands.add_parser(
        "sweep", help="fit random models by the thousand, one row a fit, resumed where it stopped"
    )
    sweep.set_defaults(module="sweep")
    sweep.add_argument(
        "design", nargs="?", type=Path, metavar="DESIGN.toml",
        help="what is drawn; the package ships an example, parity/data/sweep.toml",
    )  # fmt: skip
    sweep.add_argument(
        "--models", type=_count, metavar="N", help="so many instead of the file's number"
    )
    sweep.add_argument(
        "--jobs", type=_count, metavar="N", help="models fitted at a time (all processors)"
    )
    sweep.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a dask cluster to fit on, tcp://host:port"
    )
    sweep.add_argument(
        "--output", type=Path, metavar="DIR", help="the folder of rows (DESIGN.parquet here)"
    )
    sweep.add_argument("--anew", action="store_true", help="forget the rows that are there")


def _count(text: str) -> int:
    """Return a whole number above 0 of the command line."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return number


def _add_cases(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "patterns", nargs="*", metavar="PATTERN", help="names of cases, as in 'sleepstudy*'"
    )
    parser.add_argument("--cases", type=Path, metavar="FILE", help="a case file of yours (TOML)")


def _add_certify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", metavar="CASE", help="a case's name, or a pair's")
    parser.add_argument("--cases", type=Path, metavar="FILE", help="a case file of yours (TOML)")
    parser.add_argument(
        "--objective", choices=("Laplace", "AGQ 9", "AGQ 25", "integral"),
        help="what is optimised in a generalised model (what the case fits by default)",
    )  # fmt: skip
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--digits", type=int, metavar="N", help="at most so many digits of each value, at most 50"
    )
    parser.add_argument(
        "--store", action="store_true", help="write both files of the case instead of printing"
    )
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="where to (the package's own data by default)"
    )


def _add_question(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("formula", metavar="FORMULA", help="as in 'math ~ raven + (1 | school)'")
    parser.add_argument("csv", type=Path, metavar="CSV", help="the data, with a line of names")
    parser.add_argument("--ml", action="store_true", help="maximum likelihood instead of REML")
    parser.add_argument("--family", default="gaussian", help="gaussian, binomial, poisson, ...")
    parser.add_argument("--link", help="the family's canonical one by default")
    parser.add_argument(
        "--nagq", type=int, default=1, metavar="N", help="quadrature nodes; 1, Laplace, by default"
    )
    parser.add_argument(
        "--weights", metavar="COL", help="prior weights; the sizes of a response of shares"
    )
    parser.add_argument(
        "--factor", action="append", default=[], metavar="COL",
        help="a column of numbers that are labels; may be repeated",
    )  # fmt: skip


def _engine_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        "--engine", action="append", default=[], metavar="NAME",
        help="hold this engine against the reference; may be repeated (all by default)",
    )  # fmt: skip
    parser.add_argument(
        "--reference", metavar="NAME", help="the engine to hold them against (lme4 by default)"
    )
    parser.add_argument(
        "--oracle", choices=("default", "tight"), default="default",
        help="tight: the reference is lme4 refitted until no optimiser goes lower (its default, "
        "restarts from the theta of every engine, then several optimisers with tight stops), and "
        "lme4's default is held against it like any other engine; minutes on large models",
    )  # fmt: skip
    return parser


def _report_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the report there, print the answer only"
    )
    parser.add_argument(
        "--verbose", action="store_true", help="every quantity of every pair (JSON is always whole)"
    )
    return parser


def _table_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        "--known", type=Path, metavar="FILE", help="declared differences of yours (TOML)"
    )
    parser.add_argument(
        "--tolerances", type=Path, metavar="FILE", help="tolerances of yours (TOML)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
