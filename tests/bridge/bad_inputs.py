"""Inputs that must be refused: what is asked, the class of the error, the words of the culprit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

import bridge
from bridge import (
    ArgumentError,
    DataError,
    FitError,
    FormulaError,
    NotDefinedError,
)
from bridge.plots import pairs
from bridge.pool import Pool
from bridge.session import connect

if TYPE_CHECKING:
    from bridge.session import Session

Change = Callable[[pd.DataFrame], object]

ROWS = 60


def table() -> pd.DataFrame:
    """Return the data that every entry changes: numbers, labels, counts, two ways to group."""
    random = np.random.default_rng(3)
    row = np.arange(ROWS)
    x = random.normal(size=ROWS)
    trials = 5 + row % 4
    successes = random.binomial(trials, 0.4)
    return pd.DataFrame(
        {
            "y": 2 + x + random.normal(size=12)[row % 12] + random.normal(size=ROWS),
            "x": x,
            "z": row % 7 + 0.5,
            "f": pd.Categorical(np.array(["a", "b", "c"])[row % 3]),
            "g": pd.Categorical(np.array(list("ABCDEFGHIJKL"))[row % 12]),
            "k": pd.Categorical(row // 12),
            "label": np.array(["p", "q"])[row % 2],
            "count": random.negative_binomial(2, 0.3, size=ROWS),
            "yes": row % 2 ^ (random.random(ROWS) < 0.3),
            "trials": trials,
            "successes": successes,
            "rate": successes / trials,
            "positive": random.gamma(2.0, size=ROWS),
            "early": row < ROWS // 2,
        }
    )


# The fits that follow-ups are asked of: function and formula, which is also that of an entry that
# names none. The last three are fitted to 50 rows, by another family, and with values as offset.
FITS = {
    "lm": ("lm", "y ~ x + f"),
    "glm": ("glm", "yes ~ x + f"),
    "lmer": ("lmer", "y ~ x + f + (1 | g)"),
    "glmer": ("glmer", "yes ~ x + f + (1 | g)"),
    "glmer_nb": ("glmer_nb", "count ~ x + (1 | k)"),
    "few": ("lmer", "y ~ x + (1 | g)"),
    "line": ("lm", "yes ~ x"),
    "shifted": ("lmer", "y ~ x + (1 | g)"),
}


@dataclass(frozen=True, slots=True)
class BadInput:
    """One input that must be refused, or at least remarked upon.

    Attributes
    ----------
    id
        Its area, and what is wrong with it.
    function
        Of the package, as ``"lmer"``; of a fit by that, as ``"lmer.predict"``.
    error
        The class of its error; None where R fits, and says the words among the fit's messages.
    words
        Regular expression of the words that name the culprit.
    formula
        None: that of `FITS`.
    data
        From the table to the data given.
    arguments
        The other ones, by name.
    """

    id: str
    function: str
    error: type[Exception] | None
    words: str
    formula: object
    data: Change | None
    arguments: Mapping[str, Any]


ENTRIES: list[BadInput] = []
# What takes neither a formula nor a fit.
OTHERS: dict[str, Callable[..., object]] = {"connect": connect, "Pool": Pool}
FUNCTIONS = ("lm", "glm", "lmer", "glmer", "glmer_nb")
# Stands for a formula that is left to `FITS`, since None is a formula to refuse.
USUAL = object()


def bad(
    id: str,  # noqa: A002
    function: str,
    error: type[Exception] | None,
    words: str,
    *,
    formula: object = USUAL,
    data: object = None,
    **arguments: object,
) -> None:
    """Add an entry; `formula` and `data` of a question to a fit are arguments of it."""
    if "." in function:
        given = {"formula": formula, "data": data}
        asked = {k: v for k, v in given.items() if v is not USUAL and v is not None}
        ENTRIES.append(BadInput(id, function, error, words, None, None, asked | arguments))
        return
    usual = FITS.get(function, ("", None))[1]
    given_formula = usual if formula is USUAL else formula
    ENTRIES.append(
        BadInput(id, function, error, words, given_formula, cast("Any", data), arguments)
    )


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the entries are asked: a session, its data, and the fits that follow-ups are about."""

    session: Session
    data: pd.DataFrame
    fits: dict[str, Any]

    def fit(self, name: object) -> Any:  # noqa: ANN401  (what is no name is handed on as it is)
        """Return one of `FITS`, fitted once."""
        if name not in FITS:
            return name
        key = str(name)
        if key not in self.fits:
            function, formula = FITS[key]
            data = self.data.iloc[:50] if key == "few" else self.data
            offset = data["x"].to_numpy() if key == "shifted" else None
            fitter: Any = getattr(bridge, function)
            self.fits[key] = fitter(formula, data, offset=offset, session=self.session)
        return self.fits[key]

    def ask(self, entry: BadInput) -> Any:  # noqa: ANN401
        """Return what the entry gives, which most raise instead."""
        arguments = dict(entry.arguments)
        if "." in entry.function:
            name, *path = entry.function.split(".")
            asked: Any = self.fit(name)
            for step in path:
                asked = getattr(asked, step)
            return asked(**arguments)
        if entry.function in OTHERS:
            return OTHERS[entry.function](**arguments)
        if entry.function == "anova":
            return bridge.anova(*map(self.fit, arguments.pop("fits")), **arguments)
        data = self.data if entry.data is None else entry.data(self.data)
        if entry.function == "pairs":
            return pairs(data, **arguments)
        fitter: Any = getattr(bridge, entry.function)
        return fitter(entry.formula, data, **{"session": self.session, **arguments})


def having(**columns: object) -> Change:
    """Return the change that puts other columns in place of the table's."""
    return lambda data: data.assign(**columns)  # type: ignore[arg-type]


def instead(value: object) -> Change:
    """Return the change that gives something else."""
    return lambda _data: value


def one_cell(column: str, value: object) -> Change:
    """Return the change of the cell in row 7."""

    def change(data: pd.DataFrame) -> pd.DataFrame:
        cells = data[column].astype(object)
        cells.iloc[7] = value
        return data.assign(**{column: cells})

    return change


def lazy(data: pd.DataFrame) -> object:
    import polars as pl  # noqa: PLC0415  (of one entry alone)

    return pl.from_pandas(data[["y", "x", "f", "g"]]).lazy()


NAN = float("nan")
ROW = np.arange(ROWS)
LONG = "z" * 9_999
TOO_LONG = "z" * 100_000
DEEP_LIST: list[Any] = []
DEEP_MAPPING: dict[str, Any] = {}
for _ in range(100_000):
    DEEP_LIST, DEEP_MAPPING = [DEEP_LIST], {"optCtrl": DEEP_MAPPING}
THOUSAND = " + ".join(["x"] * 1000)

# fmt: off
# --- formulas -----------------------------------------------------------------------------------

WORST = (
    ("holds 0", ""),
    ("holds 0", "   "),
    ("no `~`", "y"),
    ("no response", "~ x + (1 | g)"),
    ("too long", f"y ~ {THOUSAND} + (1 | g)"),
    ("too long", f"y ~ {' + '.join(f'I(x^{k})' for k in range(1000))} + (1 | g)"),
    ("100015 characters", f"y ~ x + (1 | {'g' * 100_001})"),
    ("NUL", "y ~ x\0 + (1 | g)"),
    ("surrogate", "y ~ x\ud800 + (1 | g)"),
    ("nested deeper", f"y ~ {'(' * 400}x{')' * 400} + (1 | g)"),
    ("nested deeper", f"y ~ {'(' * 20_000}x{')' * 20_000} + (1 | g)"),
    ("`system`", "y ~ x + system('touch pwned') + (1 | g)"),
    ("base::system", "y ~ base::system('touch pwned') + (1 | g)"),
    ("`system`", "y ~ `system`('touch pwned') + (1 | g)"),
    ("`eval`", "y ~ x + (1 | eval(parse(text = 'q()')))"),
    ("`quit`", "quit() ~ x + (1 | g)"),
    ("function", "y ~ (function(a) a)(x) + (1 | g)"),
    ("`{`", "y ~ {x} + (1 | g)"),
    ("no `~`", "y <- x"),
    ("`<-`", "y ~ (x <- z) + (1 | g)"),
    ("holds 2", "y ~ x + (1 | g)\nsystem('touch pwned')"),
    ("holds 2", "y ~ x + (1 | g); quit()"),
    ("no random term", "y ~ x # + (1 | g)"),
    ("TILDE OPERATOR", "y \u223c x + (1 | g)"),
    ("MINUS SIGN", "y ~ x \u2212 1 + (1 | g)"),
    ("FULLWIDTH", "y ~ x \uff0b z + (1 | g)"),
    ("ZERO WIDTH", "y ~ x\u200b + (1 | g)"),
    ("'\u0445'", "y ~ \u0445 + (1 | g)"),
    ("`?..1", "y ~ ..1 + (1 | g)"),
    (r"\.\.\.", "y ~ ... + (1 | g)"),
    ("'zz'", "y ~ zz + (1 | g)"),
    ("`foo`", "y ~ foo(x) + (1 | g)"),
    ("Is `log` meant", "y ~ Log(x) + (1 | g)"),
    ("no random term", "y ~ x"),
    ("inside another", "y ~ x + (1 | (1 | g))"),
    ("y | x", "y | x ~ z + (1 | g)"),
    ("one `~`", "y ~ x ~ z + (1 | g)"),
    (r"`\[`", "y ~ x[1] + (1 | g)"),
    (r"`\$`", "y ~ x$a + (1 | g)"),
    ("does not parse", "y ~ x + (1 | g))"),
    ("does not parse", "y ~ x +"),
    ("empty argument", "y ~ log(x, ) + (1 | g)"),
    ("power", "y ~ (x + z)^1000 + (1 | g)"),
)
for number, (words, text) in enumerate(WORST):
    bad(f"formula {number} {words}", "lmer", FormulaError, words, formula=text)
bad("formula random", "lm", FormulaError, r"\(1 \| g\)", formula="y ~ x + (1 | g)")
bad("formula number", "lmer", FormulaError, "formula is an int", formula=3)
bad("formula none", "lmer", FormulaError, "NoneType", formula=None)
bad("formula bytes", "lmer", FormulaError, "bytes", formula=b"y ~ x + (1 | g)")
bad("formula list", "lm", FormulaError, "formula is a list", formula=["y ~ x"])
bad("formula string term", "lm", FitError, "'z'.*quoted text", formula="y ~ x + 'z'")
bad("formula number term", "lm", FitError, r"number.*x \+ 5|x \+ 5.*number", formula="y ~ x + 5")
bad("formula number group", "lmer", FitError, r"\(1 \| 2\).*number", formula="y ~ x + (1 | 2)")
for word in ("TRUE", "FALSE", "NULL", "NA", "Inf"):
    said = f"`{word}` is no column"
    bad(f"formula term {word}", "lm", FormulaError, said, formula=f"y ~ x + {word}")
    bad(f"formula inner {word}", "lm", FormulaError, said, formula=f"y ~ f * (x - {word})")
    bad(f"formula slope {word}", "lmer", FormulaError, said, formula=f"y ~ x + (x + {word} | g)")
for word in ("TRUE", "NA"):
    bad(f"update term {word}", "lmer.update", FormulaError, f"`{word}` is no column",
        formula=f". ~ . + {word}")
bad("formula poly degree", "lm", FitError, r"poly\(z, 20\).*'degree'", formula="y ~ poly(z, 20)")
bad("formula ns df", "lm", None, "'df' was too small", formula="y ~ ns(x, df = -1)")
bad("formula division by zero", "lm", FitError, r"1 / \(z - 0.5\).*infinite",
    formula="y ~ I(1 / (z - 0.5))")
bad("formula log of zero response", "lm", FitError, r"log\(count\).*response is infinite",
    formula="log(count) ~ x")
bad("formula log of zero mixed", "lmer", FitError, r"log\(count\).*response is infinite",
    formula="log(count) ~ x + (1 | g)")
bad("formula division by zero mixed", "glmer", FitError, r"1 / \(z - 0.5\).*infinite",
    formula="yes ~ I(1 / (z - 0.5)) + (1 | g)")
bad("formula log of negative alone", "lmer", FitError, "No row is left.*computes",
    formula="log(y) ~ x + (1 | g)", data=having(y=-1.0 - ROW))
bad("formula log negative", "lm", None, "NaNs produced", formula="log(x) ~ z")
bad("formula offset of labels", "lm", FitError, r"offset\(f\).*must be numbers",
    formula="y ~ x + offset(f)")
bad("formula scale labels", "lm", FitError, r"scale\(f\).*must be numbers", formula="y ~ scale(f)")
bad("formula log labels", "lm", FitError, r"log\(f\).*must be numbers", formula="y ~ log(f)")
bad("formula log text", "lmer", FitError, r"log\(label\).*must be numbers",
    formula="y ~ log(label) + (1 | g)")
bad("formula too long rep", "lm", FitError, r"rep\(x, 2\)", formula="y ~ rep(x, 2)")
bad("formula function as column", "lm", FormulaError, "'mean'", formula="y ~ mean")
bad("formula interaction group", "lmer", FormulaError, "'zz'", formula="y ~ x + (1 | g:zz)")
bad("formula scalar group", "lmer", FitError, r"found for 'mean\(x\)'",
    formula="y ~ x + (1 | mean(x))")
bad("formula cut", "lm", FitError, r"cut\(x, 0\).*number of intervals", formula="y ~ cut(x, 0)")
bad("formula relevel", "lm", FitError, "'ref' must be an existing level",
    formula="y ~ relevel(f, 'zz')")
bad("formula bs", "lm", FitError, "'degree' must be integer >= 1", formula="y ~ bs(x, degree = 0)")
bad("formula response twice", "lm", None, "response appeared on the right-hand side",
    formula="y ~ y")
bad("formula constant response", "lm", FitError, "1 ~ x.*not one value a row", formula="1 ~ x")
bad("formula string response", "lm", FitError, '`"y"`', formula="'y' ~ x")
bad("formula factor labels", "lm", FitError, "invalid 'labels'",
    formula="y ~ factor(z, labels = c('a', 'b'))")
bad("formula no terms", "lmer", FitError, r"\(0 \| g\)", formula="y ~ 0 + (0 | g)")
bad("formula weird ifelse", "lm", FitError, r'ifelse\(x\).*\"yes\" is missing',
    formula="y ~ ifelse(x)")
bad("formula %in%", "lm", FormulaError, "'zz'", formula="y ~ x %in% zz")
bad("formula allow code", "lm", ArgumentError, r"allow.*system\('id'\)", formula="y ~ foo(x)",
    allow=("system('id')",))
bad("formula allow eval", "lm", ArgumentError, "allow.*`eval`", formula="y ~ eval(x)",
    allow=("eval",))
bad("formula allow unknown", "lm", ArgumentError, "allow.*`foo`", formula="y ~ foo(x)",
    allow=("foo",))
bad("formula allow package", "lm", ArgumentError, "allow.*`zz::foo`", formula="y ~ foo(x)",
    allow=("zz::foo",))
bad("formula allow nul", "lm", ArgumentError, "allow is", allow=("mad\0",))
bad("formula allow deep", "lm", ArgumentError, r"allow is \[\[", allow=DEEP_LIST)
bad("formula allow number", "lm", ArgumentError, "allow is 3", allow=3)
bad("formula allow numbers", "lm", ArgumentError, r"allow is \(3,\)", allow=(3,))

# --- data ---------------------------------------------------------------------------------------

NO_FRAMES: dict[str, object] = {
    "NoneType": None,
    "str": "pupils.csv",
    "list": [1, 2, 3],
    r"\.dict|list": [{"y": 1, "x": 2}],
    "int": 3,
    "ndarray": np.zeros((60, 4)),
    "generator": (k for k in range(3)),
    "Series": pd.Series([1.0, 2.0]),
    "bytes": b"y,x",
    "no rows": {},
    "have no rows": pd.DataFrame(),
    "set": {"y", "x"},
    "type": pd.DataFrame,
}
for words, given in NO_FRAMES.items():
    bad(f"data {words}", "lm", DataError, words, data=instead(given))
bad("data no rows", "lmer", DataError, "no rows", data=lambda data: data.iloc[:0])
bad("data lazy", "lm", DataError, r"LazyFrame.*\.collect\(\)", data=lazy)
bad("data twice", "lm", DataError, "'x'", data=lambda data: data[["y", "x", "x", "f"]])
bad("data unequal", "lm", DataError, "'x': 2",
    data=instead({"y": [1, 2, 3], "x": [1, 2], "f": list("abc")}))
bad("data levels of names", "lm", DataError, "names have 2 levels",
    data=lambda data: pd.concat({"t": data}, axis=1))
bad("data number names", "lm", DataError, "named 0, 1, 2",
    data=lambda data: data.set_axis(range(14), axis=1))
bad("data infinite", "lmer", DataError, "'x' holds inf in row 7", data=one_cell("x", np.inf))
bad("data big", "lmer", DataError, "Column 'x' (is|has|holds)", data=having(x=ROW + 2**53))
bad("data bigger", "lmer", DataError, "Column 'x' (is|has|holds)", data=one_cell("x", 2**70))
bad("data dates", "lm", DataError, "'x'",
    data=having(x=pd.Timestamp("2020-01-01") + pd.to_timedelta(ROW, "D")))
bad("data date objects", "lm", DataError, "'x'", data=having(x=[dt.date(2020, 1, 1)] * ROWS))
bad("data durations", "lm", DataError, "'x'", data=having(x=pd.to_timedelta(ROW, "D")))
bad("data lists", "lm", DataError, "'x'", data=having(x=[[1, 2]] * ROWS))
bad("data dicts", "lm", DataError, "'x'", data=having(x=[{"a": 1}] * ROWS))
bad("data mixed", "lm", DataError, "'x'", data=one_cell("x", "seven"))
bad("data bool and number", "lm", DataError, "'x'", data=one_cell("x", np.True_))
bad("data complex", "lm", DataError, "'x'", data=having(x=ROW * 1j))
bad("data decimal", "lm", DataError, "'x'", data=having(x=[Decimal("1.5")] * ROWS))
bad("data bytes cells", "lm", DataError, "'x'", data=having(x=[b"a"] * ROWS))
bad("data objects", "lm", DataError, "'x'", data=having(x=[object()] * ROWS))
bad("data sparse", "lm", DataError, "'x'", data=having(x=pd.arrays.SparseArray(ROW * 1.0)))
bad("data interval", "lm", DataError, "'x'",
    data=having(x=pd.arrays.IntervalArray.from_breaks(range(61))))
bad("data nul text", "lm", DataError, "'f'", data=one_cell("f", "a\0b"))
bad("data surrogate text", "lm", DataError, "'f'", data=one_cell("f", "\ud800"))
bad("data alike categories", "lm", DataError, "'f'", data=having(f=pd.Categorical([1, "1"] * 30)))
bad("data matrix column", "lm", DataError, "'x'",
    data=instead({"y": ROW, "x": np.zeros((60, 2)), "f": list("abc") * 20}))
bad("data scalar column", "lm", DataError, "'x'",
    data=instead({"y": ROW, "x": 3, "f": list("abc") * 20}))
bad("data text column", "lm", DataError, "'x'",
    data=instead({"y": ROW, "x": "abc", "f": list("abc") * 20}))
bad("data generator column", "lm", DataError, "'x'",
    data=instead({"y": ROW, "x": (k for k in ROW), "f": list("abc") * 20}))
bad("data set column", "lm", DataError, "'x'",
    data=instead({"y": ROW, "x": set(range(60)), "f": list("abc") * 20}))
bad("data other labels", "lm", DataError, "'x'",
    data=instead({"y": pd.Series(ROW), "x": pd.Series(ROW, ROW + 1), "f": list("abc") * 20}))
bad("data missing column", "lm", DataError, "'x'.*60 rows", data=having(x=NAN))
bad("data never complete", "lm", DataError, "'y', 'x', 'f'",
    data=having(x=np.where(ROW < 30, NAN, 1.0), y=np.where(ROW < 30, 1.0, NAN)))
bad("data one complete", "lmer", FitError, "here: `f`, `g`",
    data=having(x=np.where(ROW < 59, NAN, 1.0)))
bad("data overflow", "lm", FitError, "32-bit", formula="y ~ I(a * a)", data=having(a=ROW + 2**30))
bad("data extension name", "lm", DataError, "named ''", formula="y ~ .",
    data=lambda data: data[["y", "x"]].rename(columns={"x": ""}))
bad("data dots name", "lm", FormulaError, r"'\.\.\.'", formula="y ~ .",
    data=lambda data: data[["y", "x"]].rename(columns={"x": "..."}))

# --- responses ----------------------------------------------------------------------------------

bad("response text", "lm", FitError, "`label` holds labels.*for lm", formula="label ~ x")
bad("response text mixed", "lmer", FitError, "`label` holds labels.*for lmer",
    formula="label ~ x + (1 | g)")
bad("response factor", "lm", FitError, "`f` holds labels", formula="f ~ x")
bad("response three levels", "glm", None, "`f` has 3 levels: `a` is failure", formula="f ~ x")
bad("response three levels mixed", "glmer", None, "`f` has 3 levels: `a` is failure",
    formula="f ~ x + (1 | g)")
bad("response constant", "lmer", FitError, "`y` is constant: every row has 1", data=having(y=1.0))
bad("response constant lm", "lm", None, "essentially perfect fit", data=having(y=1.0))
bad("response constant glmer", "glmer", FitError, "Response is constant", data=having(yes=1))
bad("response zero counts", "glmer", FitError, "Response is constant",
    formula="count ~ x + (1 | g)", family="poisson", data=having(count=0))
bad("response missing", "lmer", DataError, "response 'y'", data=having(y=NAN))
bad("response zero counts nb", "glmer_nb", FitError, "Response is constant", data=having(count=0))
bad("response negative counts", "glm", FitError, "'y ~ x'.*negative values.*'Poisson'",
    formula="y ~ x", family="poisson")
bad("response negative counts mixed", "glmer", FitError, "'y ~ x .*negative values.*'Poisson'",
    formula="y ~ x + (1 | g)", family="poisson")
bad("response negative counts nb", "glmer_nb", FitError, "'y ~ x .*negative values.*'Poisson'",
    formula="y ~ x + (1 | k)")
bad("response halves", "glm", None, "non-integer x = 4.5", formula="z ~ x", family="poisson")
bad("response above one", "glm", FitError, "'count ~ x'.*0 <= y <= 1", formula="count ~ x")
bad("response above one mixed", "glmer", FitError, "'count ~ x .*0 <= y <= 1",
    formula="count ~ x + (1 | g)")
bad("response rate without trials", "glmer", None, "non-integer #successes",
    formula="rate ~ x + (1 | g)")
bad("response rate without trials glm", "glm", None, "non-integer #successes", formula="rate ~ x")
bad("response negative gamma", "glmer", FitError, "'y ~ x .*non-positive values.*'Gamma'",
    formula="y ~ x + (1 | g)", family="Gamma", link="log")
bad("response negative gamma glm", "glm", FitError, "'y ~ x'.*non-positive values.*'Gamma'",
    formula="y ~ x", family="Gamma")
bad("response zero inverse", "glm", FitError, "'count ~ x'.*positive values only",
    formula="count ~ x", family="inverse.gaussian")
bad("response two columns lm", "lm", FitError, r"`cbind\(y, x\)` has 2 columns",
    formula="cbind(y, x) ~ z")
bad("response two columns", "lmer", FitError, r"`cbind\(y, x\)` has 2 columns",
    formula="cbind(y, x) ~ z + (1 | g)")
bad("response two columns poisson", "glmer", FitError, r"`cbind\(count, yes\)` has 2 columns",
    formula="cbind(count, yes) ~ x + (1 | g)", family="poisson")
bad("response two columns nb", "glmer_nb", FitError, r"`cbind\(count, yes\)` has 2 columns",
    formula="cbind(count, yes) ~ x + (1 | k)")
bad("response two columns poisson glm", "glm", FitError, r"`cbind\(count, yes\)` has 2 columns",
    formula="cbind(count, yes) ~ x", family="poisson")
bad("response three columns", "glmer", FitError, r"`cbind\(yes, count, trials\)` has 3 columns",
    formula="cbind(yes, count, trials) ~ x + (1 | g)")
bad("response three columns glm", "glm", FitError, r"`cbind\(yes, count, trials\)` has 3 columns",
    formula="cbind(yes, count, trials) ~ x")
bad("response negative failures", "glmer", FitError,
    r"successes - trials\)` holds a negative count: -2 in row 0",
    formula="cbind(trials, successes - trials) ~ x + (1 | g)")
bad("response negative failures glm", "glm", FitError,
    r"successes - trials\)` holds a negative count: -2 in row 0",
    formula="cbind(trials, successes - trials) ~ x")
bad("response poly", "lm", FitError, r"`poly\(y, 2\)` has 2 columns", formula="poly(y, 2) ~ x")

# --- groups -------------------------------------------------------------------------------------

bad("group only one", "lmer", FitError, "one group only.*here: `g`", data=having(g="A"))
bad("group a row", "lmer", FitError, "one group a row.*problems: g",
    data=having(g=list(map(str, ROW))))
bad("group number a row", "lmer", FitError, "one group a row.*problems: g",
    data=having(g=ROW * 1.0))
bad("group slopes as rows", "lmer", FitError, r"as many random effects as rows.*\(x \| g\)",
    formula="y ~ x + (x | g)", data=having(g=ROW // 2))
# lme4 would bring R down, and this process with it
bad("slope of zeros", "lmer", FitError, r"random effect of \(0 \+ z \| g\) is multiplied by 0",
    formula="y ~ x + (0 + z | g)", data=having(z=0.0))
bad("slope of zeros, weighed", "lmer", FitError, "multiplied by 0 in every row that is used",
    formula="y ~ x + (z - 1 | g)", data=having(z=0, w=1.0 + ROW), weights="w", REML=False)
bad("slope of zeros in the subset", "lmer", FitError, "multiplied by 0",
    formula="y ~ x + (0 + z | g)", data=having(z=1.0 * (ROW % 2)), subset=ROW % 2 == 0)
bad("slope of zeros glmer", "glmer", FitError, "multiplied by 0",
    formula="hit ~ x + (0 + z | g)", data=having(z=0.0, hit=ROW % 2))
bad("group missing", "lmer", DataError, "'g'", data=having(g=None))
bad("group infinite", "lmer", DataError, "'g'", data=having(g=np.where(ROW == 3, np.inf, ROW % 5)))
bad("group dates", "lmer", DataError, "'g'", data=having(g=pd.Timestamp("2020-01-01")))
bad("group only one glmer", "glmer", FitError, "one group only.*here: `g`", data=having(g="A"))
bad("group one after subset", "lmer", FitError, "one group only.*`g`", subset=ROW % 12 == 0)
bad("group one level factor", "lm", FitError, "one level only.*here: `f`", data=having(f="a"))
bad("group one level factor mixed", "lmer", FitError, "one level only.*here: `f`",
    data=having(f="a"))
bad("group one level after missing", "lmer", FitError, "problems: g",
    data=having(f=["a" if k > 49 else None for k in ROW]))

# --- designs ------------------------------------------------------------------------------------

bad("design more columns than rows", "lmer", FitError, "as many coefficients as rows",
    formula="y ~ factor(x) + (1 | g)")
bad("design fail rank", "lmer", FitError, r"rank\(X\) = 2 < 3",
    formula="y ~ x + I(2 * x) + (1 | g)", control={"check.rankX": "stop.deficient"})
bad("design zero column", "lmer", None, "dropping 1 column", formula="y ~ 0 + x + (1 | g)",
    data=having(x=0.0))
bad("design huge scale", "lmer", FitError, "values too large", data=having(x=ROW * 1e300))
bad("design huge response", "lmer", FitError, "values too large", data=having(y=ROW * 1e300))
bad("design huge response glm", "glm", FitError, "No start for the iterations", family="gaussian",
    formula="y ~ x", data=having(y=ROW * 1e300))

# --- weights, offset, subset --------------------------------------------------------------------

WEIGHTS = (
    ("weights hold a negative", [-1.0] * ROWS),
    ("weights are missing in every row", [NAN] * ROWS),
    ("weights' holds inf in row 4", np.where(ROW == 4, np.inf, 1.0)),
    ("weights are 0 in all 60 rows", np.zeros(ROWS)),
    ("weights are labels", ["a"] * ROWS),
    (r"weights is .*\(3,\)", [1, 2, 3]),
)
for kind in FUNCTIONS:
    for number, (words, values) in enumerate(WEIGHTS):
        bad(f"weights {number} of {kind}", kind, DataError, words, weights=values)
bad("weights other index", "lmer", DataError, "weights have other row labels",
    weights=pd.Series(1.0, ROW + 1))
bad("weights unknown column", "lmer", DataError, "weights.*'w'", weights="w")
bad("weights label column", "lmer", DataError, "weights 'f'", weights="f")
bad("weights number", "lmer", DataError, "weights is 2.0", weights=2.0)
bad("weights generator", "lmer", DataError, "weights is <generator", weights=(1.0 for _ in ROW))
bad("weights matrix", "lmer", DataError, r"weights.*\(60, 2\)", weights=np.ones((60, 2)))
bad("weights dict", "lmer", DataError, "weights is {'a': 1}", weights={"a": 1})
bad("weights bool", "lmer", DataError, "weights 'early' are truth values", weights="early")
bad("weights ragged", "lm", DataError, r"weights is \[\[1, 2\]", weights=[[1, 2], [3]] * 30)
bad("weights deep", "lm", DataError, r"weights is \[\[", weights=DEEP_LIST)
bad("weights with dot", "lm", FormulaError, "weights", formula="y ~ .",
    data=lambda data: data[["y", "x"]], weights=np.ones(ROWS))
bad("offset missing", "lmer", DataError, "offset are missing in every row", offset=[NAN] * ROWS)
bad("offset infinite", "glm", DataError, "offset' holds -inf in row 4",
    offset=np.where(ROW == 4, -np.inf, 1.0))
bad("offset text", "glmer", DataError, "offset are labels", offset=["a"] * ROWS)
bad("offset short", "lm", DataError, r"offset is .*\(1,\)", offset=[1.0])
bad("offset number", "lm", DataError, "offset is 1.0", offset=1.0)
bad("offset label column", "lm", DataError, "offset 'f'", offset="f")
bad("offset unknown column", "lm", DataError, "offset.*'o'", offset="o")
bad("offset huge", "glmer", FitError, "offset has values too large", offset=np.full(ROWS, 1e308))
bad("subset false", "lm", DataError, "subset.*False in every row", subset=[False] * ROWS)
bad("subset integers", "lmer", DataError, "subset holds whole numbers", subset=list(range(ROWS)))
bad("subset rows", "lmer", DataError, r"subset is .*\(3,\)", subset=[0, 1, 2])
bad("subset missing", "lmer", DataError, "subset misses values",
    subset=[None, *[True] * (ROWS - 1)])
bad("subset short", "lmer", DataError, r"subset is .*\(3,\)", subset=[True] * 3)
bad("subset code", "lmer", DataError, "subset.*'y > 2'", subset="y > 2")
bad("subset column of numbers", "lmer", DataError, "subset 'x'", subset="x")
bad("subset true", "lmer", DataError, "subset is True", subset=True)
bad("subset leaves missing", "lmer", DataError, "subset 'early' is complete", subset="early",
    data=having(x=np.where(ROW < 30, NAN, 1.0)))

# --- contrasts and references -------------------------------------------------------------------

bad("contrasts unknown", "lm", ArgumentError, "`zz` is not .*`f`", contrasts={"f": "zz"})
bad("contrasts code", "lm", ArgumentError, r"`contr\.sum; quit\(\)`",
    contrasts={"f": "contr.sum; quit()"})
bad("contrasts full name", "lm", ArgumentError, "`contr.sum`", contrasts={"f": "contr.sum"})
bad("contrasts shape", "lm", ArgumentError,
    "`f`: the matrix has 2 rows; expected one for each of its 3 levels",
    contrasts={"f": np.ones((2, 2))})
bad("contrasts shape mixed", "lmer", ArgumentError, "`f`: the matrix has 4 rows",
    contrasts={"f": np.eye(4)})
bad("contrasts columns", "lm", ArgumentError, "`f`: the matrix has 3 columns; expected 2 at most",
    contrasts={"f": np.eye(3)})
bad("contrasts nul", "lm", ArgumentError, r"contrasts\['f'\] is 'sum", contrasts={"f": "sum\0"})
bad("contrasts number name", "lm", ArgumentError, "column of contrasts is 3", contrasts={3: "sum"})
bad("contrasts singular", "lmer", None, "dropping 2 columns", contrasts={"f": np.zeros((3, 2))})
bad("contrasts missing cell", "lm", ArgumentError, "contrasts.*'f'",
    contrasts={"f": np.full((3, 2), NAN)})
bad("contrasts vector", "lm", ArgumentError, "contrasts.*'f'", contrasts={"f": [1, 0, -1]})
bad("contrasts other levels", "lm", ArgumentError, "`f`.*named p, q, r.*a, b, c",
    contrasts={"f": pd.DataFrame(np.eye(3)[:, 1:], index=list("pqr"))})
bad("contrasts unknown column", "lm", ArgumentError, "`zz`", contrasts={"zz": "sum"})
bad("contrasts unused column", "lm", ArgumentError, "`k`", contrasts={"k": "sum"})
bad("contrasts group", "lmer", None, "'g' is absent, its contrast will be ignored",
    contrasts={"g": "sum"})
bad("contrasts deep", "lm", ArgumentError, r"'f'\] is \[\[", contrasts={"f": DEEP_LIST})
bad("contrasts long", "lm", ArgumentError, r"contrasts names `z+\.\.\.`", contrasts={LONG: "sum"})
bad("contrasts numbers", "lm", ArgumentError, "`x`", contrasts={"x": "sum"})
bad("contrasts text", "lm", ArgumentError, "contrasts is 'sum'", contrasts="sum")
bad("contrasts none", "lm", ArgumentError, "contrasts.*'f'", contrasts={"f": None})
bad("reference unknown level", "lm", DataError, "'f'.*'z'", reference={"f": "z"})
bad("reference unused level", "lm", DataError, "'f'.*'z'", reference={"f": "z"},
    data=having(f=pd.Categorical(list("ab") * 30, list("abz"))))
bad("reference unknown column", "lm", DataError, "'zz'", reference={"zz": "a"})
bad("reference numbers", "lm", DataError, "'x'", reference={"x": 1})
bad("reference text", "lm", ArgumentError, "reference is 'a'; expected a mapping", reference="a")
bad("reference none", "lm", DataError, "'f'.*NoneType", reference={"f": None})
bad("reference dropped level", "lm", DataError, "'f'", reference={"f": "c"}, subset=ROW % 3 != 2)

# --- start, control, nAGQ, family, switches -----------------------------------------------------

bad("start length", "lmer", FitError, "start does not fit.*theta", start=[1, 2, 3])
bad("start length glm", "glm", FitError, "length of 'start' should equal 4", start=[1.0])
bad("start length theta", "glmer", FitError, "start does not fit.*theta", start={"theta": [1, 2]})
bad("start length fixef", "glmer", FitError, "start does not fit.*fixef",
    start={"theta": [1], "fixef": [1]})
bad("start missing", "lmer", ArgumentError, "start", start=[NAN])
bad("start infinite", "glmer", ArgumentError, r"start\['theta'\]", start={"theta": [np.inf]})
bad("start names", "lmer", ArgumentError, "'sigma'", start={"sigma": [1]})
bad("start fixef of lmer", "lmer", ArgumentError, "'fixef'", start={"fixef": [1, 2, 3, 4]})
bad("start text", "lmer", ArgumentError, "start is 'a'", start="a")
bad("start deep", "lmer", ArgumentError, r"start is \[\[", start=DEEP_LIST)
bad("start texts", "glm", ArgumentError, "start", start=["a", "b"])
bad("start matrix", "glm", ArgumentError, "start", start=np.ones((2, 2)))
bad("start number name", "lmer", ArgumentError, "start is 3", start={3: [1]})
bad("start negative", "lmer", FitError, "start does not fit.*no SD is negative", start=[-1])
bad("start empty", "lmer", FitError, "start does not fit.*theta", start=[])
bad("start nb", "glmer_nb", FitError, "start does not fit.*theta", start={"theta": [1, 2, 3]})
bad("control unknown", "lmer", ArgumentError, "`zz` is not a setting", control={"zz": 1})
bad("control unknown glm", "glm", ArgumentError, "`optimizer`", control={"optimizer": "bobyqa"})
bad("control optimizer", "lmer", ArgumentError, "`system`", control={"optimizer": "system"})
bad("control optimizer code", "glmer", ArgumentError, r"quit",
    control={"optimizer": "function(x) quit()"})
bad("control second optimizer", "glmer", ArgumentError, "`eval`",
    control={"optimizer": ["bobyqa", "eval"]})
bad("control optimizer number", "lmer", ArgumentError, "`3` is not an optimizer",
    control={"optimizer": 3})
bad("control algorithm", "lmer", ArgumentError, "`NLOPT_LD_LBFGS`",
    control={"optCtrl": {"algorithm": "NLOPT_LD_LBFGS"}})
bad("control optCtrl unknown", "lmer", ArgumentError, "`zz`.*optCtrl of nloptwrap",
    control={"optCtrl": {"zz": 1}})
bad("control optCtrl text", "lmer", ArgumentError, "maxeval.*many",
    control={"optCtrl": {"maxeval": "many"}})
bad("control optCtrl number", "lmer", ArgumentError, "optCtrl of control is 3",
    control={"optCtrl": 3})
bad("control optCtrl bobyqa", "lmer", ArgumentError, "`zz`.*optCtrl of bobyqa",
    control={"optimizer": "bobyqa", "optCtrl": {"zz": 1}})
bad("control maxfun negative", "lmer", None, "maximum number of function evaluations exceeded",
    control={"optimizer": "bobyqa", "optCtrl": {"maxfun": -1}})
bad("control maxfun missing", "lmer", ArgumentError, "maxfun",
    control={"optimizer": "bobyqa", "optCtrl": {"maxfun": NAN}})
bad("control function", "lmer", ArgumentError, "optimizer", control={"optimizer": print})
bad("control text", "lmer", ArgumentError, "control is 'bobyqa'", control="bobyqa")
bad("control surrogate", "lmer", ArgumentError, "setting of control is", control={"\ud800": 1})
bad("control text nul", "lmer", ArgumentError, r"'optimizer'\] is 'bobyqa",
    control={"optimizer": "bobyqa\0"})
bad("control standardize.X", "lmer", ArgumentError, "standardize.X of control is .a",
    control={"standardize.X": "a"})
bad("control mod.type", "lmer", ArgumentError, "`mod.type` is not a setting",
    control={"mod.type": "a"})
bad("control check of gradient", "lmer", FitError, "check.conv.grad",
    control={"check.conv.grad": "a"})
bad("control check of rank", "lmer", FitError, r"stop\.deficient", control={"check.rankX": "zz"})
bad("control deep", "lmer", ArgumentError, "'optCtrl'.*expected a mapping", control=DEEP_MAPPING)
bad("control long", "lmer", ArgumentError, r"`z+\.\.\.` is not a setting", control={LONG: 1})
bad("control list", "lmer", ArgumentError, "control", control=[1])
bad("control number name", "lmer", ArgumentError, "setting of control is 3", control={3: 1})
bad("control check word", "lmer", FitError, "invalid control level .zz. in check.nobs.vs.nlev",
    control={"check.nobs.vs.nlev": "zz"})
bad("control check number", "lmer", FitError, "invalid control level .3. in check.nobs.vs.nlev",
    control={"check.nobs.vs.nlev": 3})
bad("control checkConv", "lmer", ArgumentError, "`checkConv`", control={"checkConv": {"zz": 1}})
bad("control epsilon", "glm", FitError, "epsilon", control={"epsilon": -1})
bad("control maxit", "glm", FitError, "iterations", control={"maxit": 0})
bad("control maxit text", "glm", ArgumentError, "maxit of control is .many",
    control={"maxit": "many"})
bad("control trace code", "glm", ArgumentError, r"trace of control is .quit\(\)",
    control={"trace": "quit()"})
bad("control tolPwrss", "glmer", ArgumentError, "tolPwrss of control is -1",
    control={"tolPwrss": -1})
bad("control tolPwrss text", "glmer", ArgumentError, "tolPwrss of control is .a",
    control={"tolPwrss": "a"})
bad("control calc.derivs", "lmer", ArgumentError, "calc.derivs of control is .a",
    control={"calc.derivs": "a"})
bad("control boundary.tol", "lmer", ArgumentError, "boundary.tol of control is .a",
    control={"boundary.tol": "a"})
bad("control compDev", "glmer", ArgumentError, "compDev of control is .a", control={"compDev": "a"})
bad("control nested code", "lmer", ArgumentError, r"control\['optCtrl'\]\['f'\]",
    control={"optCtrl": {"f": [1, 2]}})
bad("nAGQ negative", "glmer", ArgumentError, "nAGQ is -1", nAGQ=-1)
bad("nAGQ fraction", "glmer", ArgumentError, "nAGQ is 1.5", nAGQ=1.5)
bad("nAGQ true", "glmer", ArgumentError, "nAGQ is True", nAGQ=True)
bad("nAGQ text", "glmer", ArgumentError, "nAGQ is '5'", nAGQ="5")
bad("nAGQ thousand", "glmer", FitError, "nAGQ is too large", nAGQ=1000)
bad("nAGQ huge", "glmer", ArgumentError, "nAGQ is 1099511627776.*at most", nAGQ=2**40)
bad("nAGQ two factors", "glmer", FitError, "nAGQ > 1 is only available", nAGQ=5,
    formula="yes ~ x + (1 | g) + (1 | k)")
bad("nAGQ slopes", "glmer", FitError, "nAGQ > 1 is only available", nAGQ=5,
    formula="yes ~ x + (x | g)")
bad("nAGQ nb", "glmer_nb", ArgumentError, "nAGQ is -1", nAGQ=-1)
bad("nAGQ nb two factors", "glmer_nb", FitError, "nAGQ > 1 is only available", nAGQ=5,
    formula="count ~ x + (1 | g) + (1 | k)")
bad("family unknown", "glmer", ArgumentError, "`binomal`", family="binomal")
bad("family code", "glm", ArgumentError, r"quit", family="binomial(link = quit())")
bad("family quasi", "glmer", ArgumentError, "`quasipoisson`", family="quasipoisson")
bad("family nul", "glm", ArgumentError, "family is 'binomial", family="binomial\0")
bad("family surrogate", "glmer", ArgumentError, "family is", family="\ud800")
bad("family long", "glm", ArgumentError, r"^`z+\.\.\.` is not a family", family=LONG)
bad("family too long", "glm", ArgumentError, r"^family is '?z+\.\.\.", family=TOO_LONG)
bad("family deep", "glm", ArgumentError, r"family is \[\[", family=DEEP_LIST)
bad("family number", "glmer", ArgumentError, "family is 3", family=3)
bad("family function", "glm", ArgumentError, "family is", family=print)
bad("family empty", "glm", ArgumentError, "``", family="")
bad("family none", "glm", ArgumentError, "family is None", family=None)
bad("family gaussian", "glmer", ArgumentError, "use lmer", formula="y ~ x + (1 | g)",
    family="gaussian")
bad("family gaussian identity", "glmer", ArgumentError, "use lmer", formula="y ~ x + (1 | g)",
    family="gaussian", link="identity")
bad("link of another", "glmer", ArgumentError, "`sqrt` is not a link of the family binomial",
    link="sqrt")
bad("link of poisson", "glm", ArgumentError, "`logit` is not a link of the family poisson",
    formula="count ~ x", family="poisson", link="logit")
bad("link code", "glm", ArgumentError, r"quit", link="quit()")
bad("link number", "glm", ArgumentError, "link is 3", link=3)
bad("REML number", "lmer", ArgumentError, "REML is 1", REML=1)
bad("REML text", "lmer", ArgumentError, "REML is 'no'", REML="no")
bad("verbose negative", "lmer", ArgumentError, "verbose is -1", verbose=-1)
bad("verbose text", "glmer", ArgumentError, "verbose is 'yes'", verbose="yes")
bad("cond_var", "lmer", ArgumentError, "cond_var is 'yes'", cond_var="yes")
bad("na_action unknown", "lm", ArgumentError, "na_action is 'drop'", na_action="drop")
bad("na_action r name", "lm", ArgumentError, "na_action is 'na.omit'", na_action="na.omit")
bad("na_action code", "lmer", ArgumentError, "na_action", na_action="function(x) x")
bad("na_action none", "lmer", ArgumentError, "na_action is None", na_action=None)
bad("na_action fail", "lmer", FitError, "missing values", na_action="fail", data=one_cell("x", NAN))
bad("init_theta zero", "glmer_nb", ArgumentError, "init_theta is 0", init_theta=0)
bad("init_theta negative", "glmer_nb", ArgumentError, "init_theta is -1", init_theta=-1)
bad("init_theta missing", "glmer_nb", ArgumentError, "init_theta is nan", init_theta=NAN)
bad("init_theta infinite", "glmer_nb", ArgumentError, "init_theta is inf", init_theta=np.inf)
bad("init_theta text", "glmer_nb", ArgumentError, "init_theta is 'a'", init_theta="a")
bad("session text", "lm", ArgumentError, "session is 'x'", session="x")
bad("session number", "lmer", ArgumentError, "session is 3", session=3)
bad("session class", "lmer", ArgumentError, "session is", session=int)
bad("connect r", "connect", ArgumentError, "'r' is no backend", backend="r")
bad("connect none", "connect", ArgumentError, "None is no backend", backend=None)
bad("connect list", "connect", ArgumentError, "worker", backend=["worker"])
bad("connect limit negative", "connect", ArgumentError, "time_limit is -1", backend="worker",
    time_limit=-1)
bad("connect limit zero", "connect", ArgumentError, "time_limit is 0", backend="worker",
    time_limit=0)
bad("connect limit text", "connect", ArgumentError, "time_limit is 'x'", backend="worker",
    time_limit="x")
bad("connect limit missing", "connect", ArgumentError, "time_limit is nan", backend="worker",
    time_limit=NAN)
bad("connect limit embedded", "connect", ArgumentError, "time limit", backend="embedded",
    time_limit=5)
bad("connect limit true", "connect", ArgumentError, "time_limit is True", backend="worker",
    time_limit=True)

# --- follow-ups ---------------------------------------------------------------------------------

GRID = {"x": [0.0, 1.0], "f": ["a", "b"], "g": ["A", "B"]}

NO_X = {"f": ["a"], "g": ["A"]}
NEW_F = GRID | {"f": ["a", "zz"]}
TEXT_X = GRID | {"x": ["a", "b"]}
for kind in ("lm", "glm", "lmer", "glmer"):
    predict = f"{kind}.predict"
    bad(f"predict missing column {kind}", predict, DataError, "'x'", newdata=NO_X)
    bad(f"predict new level {kind}", predict, DataError, "`f`.*`zz`", newdata=NEW_F)
    bad(f"predict text for number {kind}", predict, DataError, "'x'.*labels", newdata=TEXT_X)
bad("predict no group", "lmer.predict", DataError, "'g'", newdata={"x": [0.0], "f": ["a"]})
bad("predict new group", "lmer.predict", FitError, "allow_new_levels=True.*zz",
    newdata=GRID | {"g": ["A", "zz"]})
bad("predict new group glmer", "glmer.predict", FitError, "allow_new_levels=True.*zz",
    newdata=GRID | {"g": ["A", "zz"]})
bad("predict infinite", "lmer.predict", DataError, "'x'", newdata=GRID | {"x": [0, np.inf]})
bad("predict bool for number", "lmer.predict", DataError, "'x'",
    newdata=GRID | {"x": [True, False]})
bad("predict offset", "lmer.predict", ArgumentError, "offset", newdata=GRID, offset=[1.0, 2.0])
bad("predict offset of own rows", "lmer.predict", ArgumentError, "offset", offset=[1.0, 2.0])
bad("predict rows", "lmer.predict", DataError, "list", newdata=[1, 2])
bad("predict no rows", "lmer.predict", DataError, "no rows", newdata=pd.DataFrame(GRID).iloc[:0])
bad("predict unequal", "lmer.predict", DataError, "length", newdata=GRID | {"x": [1.0]})
bad("predict offset text", "shifted.predict", DataError, r"offset is \['a', 'b'\]", newdata=GRID,
    offset=["a", "b"])
bad("predict offset none", "shifted.predict", ArgumentError, "give offset=", newdata=GRID)
bad("predict offset short", "shifted.predict", DataError, r"offset is \[1.0\]", newdata=GRID,
    offset=[1.0])
bad("predict offset infinite", "shifted.predict", DataError, "inf.*2 finite numbers", newdata=GRID,
    offset=[1.0, np.inf])
bad("predict type", "glmer.predict", ArgumentError, "type is 'probs'", type="probs")
bad("predict type terms", "lm.predict", ArgumentError, "type is 'terms'", type="terms")
bad("predict re_form of lm", "lm.predict", NotDefinedError, "re_form", re_form="~0")
bad("predict re_form text", "lmer.predict", FormulaError, "`system`",
    re_form="~ (1 | system('id'))")
bad("predict re_form no formula", "lmer.predict", FormulaError, "no `~`", re_form="NA")
bad("predict re_form two sides", "lmer.predict", FormulaError, "response", re_form="y ~ (1 | g)")
bad("predict re_form other group", "lmer.predict", ArgumentError, r"\(1 \| k\)",
    re_form="~ (1 | k)")
bad("predict re_form other term", "lmer.predict", ArgumentError, r"\(x \| g\)", re_form="~ (x | g)")
bad("predict re_form fixed term", "lmer.predict", FitError, "No random effects terms",
    re_form="~ x")
bad("predict re_form number", "lmer.predict", ArgumentError, "re_form is 0", re_form=0)
bad("predict allow", "lmer.predict", ArgumentError, "allow_new_levels is 1", allow_new_levels=1)
bad("predict se", "lmer.predict", ArgumentError, "se is 'yes'", se="yes")
bad("simulate none", "lmer.simulate", ArgumentError, "n is 0", n=0)
bad("simulate half", "lmer.simulate", ArgumentError, "n is 1.5", n=1.5)
bad("simulate beyond memory", "lmer.simulate", ArgumentError, "n is 2147483647", n=2**31 - 1)
bad("simulate seed negative", "lmer.simulate", ArgumentError, "seed is -1", n=1, seed=-1)
bad("simulate seed large", "lmer.simulate", ArgumentError, "seed is 1099511627776.*2147483647",
    n=1, seed=2**40)
bad("simulate seed text", "glmer.simulate", ArgumentError, "seed is 'a'", n=1, seed="a")
bad("simulate huge", "lm.simulate", ArgumentError, "n is 2147483647", n=2**31 - 1)
bad("simulate use_u of lm", "lm.simulate", NotDefinedError, "use_u", use_u=True)
bad("simulate use_u", "lmer.simulate", ArgumentError, "use_u is 'no'", use_u="no")
bad("refit length", "lmer.refit", DataError, r"\(3,\)", response=[1, 2, 3])
bad("refit missing", "lmer.refit", DataError, "response", response=[NAN] * ROWS)
bad("refit text", "lmer.refit", DataError, "response", response=["a"] * ROWS)
bad("refit none", "lmer.refit", DataError, "response", response=None)
bad("refit number", "lmer.refit", DataError, "response", response=1.0)
bad("refit ragged", "lmer.refit", DataError, "response", response=[[1, 2], [3]] * 30)
bad("refit deep", "lmer.refit", DataError, r"response is \[\[", response=DEEP_LIST)
bad("refit cube", "lmer.refit", DataError, "response", response=np.ones((ROWS, 2, 2)))
bad("refit matrix", "lmer.refit", DataError, "response", response=np.ones((ROWS, 2)))
bad("refit three columns", "glmer.refit", DataError, "response", response=np.ones((ROWS, 3)))
bad("refit above one", "glmer.refit", FitError, "0 <= y <= 1", response=np.full(ROWS, 3.0))
bad("refit negative counts", "glmer_nb.refit", FitError, "negative values",
    response=np.full(ROWS, -3.0))
bad("refit constant", "lmer.refit", FitError, "constant", response=np.ones(ROWS))
bad("refit lm", "lm.refit", NotDefinedError, "(by|this|an) lm", response=ROW)
bad("update nonsense", "lmer.update", FormulaError, "does not parse", formula=". ~ . +")
bad("update code", "lmer.update", FormulaError, "`system`", formula=". ~ . + system('id')")
bad("update no bars", "lmer.update", FormulaError, "no random term", formula=". ~ . - (1 | g)")
bad("update unknown column", "lmer.update", FormulaError, "'k'", formula=". ~ . + (1 | k)")
bad("update number", "lmer.update", FormulaError, "formula is an int", formula=3)
bad("update argument", "lmer.update", TypeError, "'zz'", zz=3)
bad("update argument of another", "lm.update", TypeError, "'REML'", REML=False)
bad("update reml", "lmer.update", ArgumentError, "REML is 'no'", REML="no")
bad("update data", "lmer.update", DataError, "str", data="x.csv")
bad("update data columns", "lmer.update", FormulaError, "'y'", data={"x": [1.0, 2.0]})
bad("update offset", "shifted.update", ArgumentError, "give offset=", data=table())
bad("update session", "lmer.update", ArgumentError, "session is 'x'", session="x")
bad("confint method", "lmer.confint", ArgumentError, "method is 'wild'", method="wild")
bad("confint method none", "lmer.confint", ArgumentError, "method is None", method=None)
for level in (0, 1, 95, -0.5, NAN, "0.95", None):
    words = f"level is {level!r}; expected a finite number above 0 and below 1"
    bad(f"confint level {level!r}", "lmer.confint", ArgumentError, words, level=level)
bad("confint level lm", "lm.confint", ArgumentError, "level is 95", level=95)
bad("confint parm", "lmer.confint", ArgumentError, "'zz'", parm="zz")
bad("confint parm list", "lm.confint", ArgumentError, "'zz'", parm=["x", "zz"])
bad("confint parm none", "lmer.confint", ArgumentError, "parm names no parameter", parm=[])
bad("confint parm long", "lmer.confint", ArgumentError, r"parm names '?z+\.\.\.", parm=LONG)
bad("confint parm number", "lmer.confint", ArgumentError, "parm is 1", parm=1)
bad("confint parm profile", "lmer.confint", ArgumentError, "'zz'", method="profile", parm="zz")
bad("confint profile of lm", "lm.confint", NotDefinedError, "wald", method="profile")
bad("confint boot of lm", "lm.confint", NotDefinedError, "(by|this|an) lm", method="boot")
bad("confint boot none", "lmer.confint", ArgumentError, "n_boot is 0", method="boot", n_boot=0)
bad("confint boot type", "lmer.confint", ArgumentError, "boot_type is 'bca'", method="boot",
    n_boot=2, boot_type="bca")
bad("confint boot parm", "lmer.confint", ArgumentError, "'zz'", method="boot", n_boot=2, parm="zz")
bad("bootstrap none", "lmer.bootstrap", ArgumentError, "n is 0", n=0)
bad("bootstrap workers", "lmer.bootstrap", ArgumentError, "workers is 0", n=2, workers=0)
bad("bootstrap workers half", "lmer.bootstrap", ArgumentError, "workers is 1.5", n=2, workers=1.5)
bad("bootstrap many workers", "lmer.bootstrap", ArgumentError, "workers is 1000000000", n=2,
    workers=10**9)
bad("bootstrap beyond memory", "lmer.bootstrap", ArgumentError, "n is 2147483647", n=2**31 - 1)
bad("bootstrap seed", "lmer.bootstrap", ArgumentError, "seed is -1", n=2, seed=-1)
bad("bootstrap lm", "lm.bootstrap", NotDefinedError, "(by|this|an) lm", n=2)
bad("profile lm", "lm.profile", NotDefinedError, "(by|this|an) lm")
bad("profile level", "lmer.profile", ArgumentError, "level is 95", level=95)
bad("profile parm none", "lmer.profile", ArgumentError, "parm names no parameter", parm=[])
bad("profile parm", "lmer.profile", ArgumentError, "'zz'", parm=["zz"])
bad("drop1 F of lmer", "lmer.drop1", ArgumentError, "no F test", test="F")
bad("drop1 test", "lmer.drop1", ArgumentError, "test is 'LRT'", test="LRT")
bad("drop1 scope", "lmer.drop1", ArgumentError, "`zz` is not a term", scope=["zz"])
bad("drop1 scope of lm", "lm.drop1", ArgumentError, "`zz` is not a term", scope=["zz"])
bad("drop1 scope code", "lmer.drop1", ArgumentError, r"`quit\(\)` is not a term", scope=["quit()"])
bad("drop1 scope none", "lmer.drop1", ArgumentError, "scope names no term", scope=[])
bad("drop1 scope nul", "lmer.drop1", ArgumentError, r"scope is \['x", scope=["x\0"])
bad("drop1 scope number", "lmer.drop1", ArgumentError, "scope is 1", scope=1)
bad("anova type", "lmer.anova", ArgumentError, "type is 4", type=4)
bad("anova type roman", "lmer.anova", ArgumentError, "type is 'III'", type="III")
bad("anova type true", "lmer.anova", ArgumentError, "type is True", type=True)
bad("anova type list", "lmer.anova", ArgumentError, "type is", type=[3])
bad("anova type 3 of glmer", "glmer.anova", ArgumentError, "type 3", type=3)
bad("anova type 2 of lm", "lm.anova", ArgumentError, "type 2", type=2)
bad("anova ddf", "lmer.anova", ArgumentError, "ddf is 'between'", ddf="between")
bad("anova one", "anova", ArgumentError, "two or more", fits=("lmer",))
bad("anova text", "anova", ArgumentError, "two or more", fits=("lmer", "zz"))
bad("anova texts", "anova", ArgumentError, "two or more", fits=("zz", "zzz"))
bad("anova none", "anova", ArgumentError, "two or more", fits=("lmer", None))
bad("anova responses", "anova", DataError, "responses", fits=("lmer", "glmer"))
bad("anova rows", "anova", DataError, "different rows", fits=("lmer", "few"))
bad("anova kinds", "anova", ArgumentError, "gaussian and binomial", fits=("line", "glmer"))
bad("anova refit", "anova", ArgumentError, "refit is 'no'", fits=("lmer", "lmer"), refit="no")
bad("contest shape", "lmer.contest", ArgumentError, r"L has shape \(1, 3\).*\(k, 4\)",
    L=np.ones((1, 3)), rhs=np.ones(1))
bad("contest rhs", "lmer.contest", ArgumentError, r"rhs \(5,\)", L=np.ones((1, 4)), rhs=np.ones(5))
bad("contest vector", "lmer.contest", ArgumentError, r"L has shape \(4,\)", L=np.ones(4),
    rhs=np.ones(4))
bad("contest text", "lmer.contest", ArgumentError, "L is 'x'", L="x", rhs="y")
bad("contest missing", "lmer.contest", ArgumentError, "missing or infinite",
    L=np.full((1, 4), NAN), rhs=np.ones(1))
bad("contest of glmer", "glmer.contest", ArgumentError, "by glmer", L=np.ones((1, 4)),
    rhs=np.ones(1))
bad("ranova glmer", "glmer.ranova", ArgumentError, "by glmer")
bad("ranova lm", "lm.ranova", ArgumentError, "by lm")
bad("ranova reduce", "lmer.ranova", ArgumentError, "reduce_terms is 1", reduce_terms=1)
bad("table ddf", "lmer.coef_table", ArgumentError, "ddf is 'kr'", ddf="kr")
bad("table ddf of glmer", "glmer.coef_table", ArgumentError, "by glmer", ddf="Satterthwaite")
bad("table summary ddf", "lm.summary", ArgumentError, "by lm", ddf="Satterthwaite")
bad("emmeans unknown", "lmer.emmeans", FitError, "named zz", specs="zz")
bad("emmeans formula", "lmer.emmeans", FitError, "named ~ f", specs="~ f")
bad("emmeans code", "lmer.emmeans", FitError, r"named quit\(\)", specs="quit()")
bad("emmeans code formula", "lmer.emmeans", FitError, "system", specs="~ f | system('touch pwned')")
bad("emmeans by", "lmer.emmeans", FitError, "named zz", specs="f", by="zz")
bad("emmeans group", "lmer.emmeans", FitError, "named g", specs="g")
bad("emmeans contrast", "lmer.emmeans", ArgumentError, "`zz`", specs="f", contrast="zz")
bad("emmeans contrast code", "lmer.emmeans", ArgumentError, "quit", specs="f", contrast="quit")
bad("emmeans adjust", "lmer.emmeans", ArgumentError, "`zz`", specs="f", contrast="pairwise",
    adjust="zz")
bad("emmeans type", "lmer.emmeans", ArgumentError, "type is 'mu'", specs="f", type="mu")
bad("emmeans level", "lmer.emmeans", ArgumentError, "level is 95", specs="f", level=95)
bad("emmeans at", "lmer.emmeans", ArgumentError, "`zz` is not a covariate that `at`", specs="f",
    at={"zz": [1]})
bad("emmeans at text", "lmer.emmeans", ArgumentError, "at is 'x'", specs="f", at="x")
bad("emmeans at label", "lmer.emmeans", ArgumentError, r"at\['x'\]", specs="f", at={"x": ["a"]})
bad("emmeans at factor", "lmer.emmeans", ArgumentError, "`f` is not a covariate that `at`",
    specs="f", at={"f": [1.0]})
bad("emmeans ddf", "lmer.emmeans", ArgumentError, "ddf is 'zz'", specs="f", ddf="zz")
bad("emmeans specs number", "lmer.emmeans", ArgumentError, "specs is 1", specs=1)
bad("emmeans nul", "lmer.emmeans", ArgumentError, "specs is", specs="f\0")
bad("emmeans at number", "lmer.emmeans", ArgumentError, "name in at is 3", specs="f", at={3: [1]})
bad("emmeans specs none", "lmer.emmeans", ArgumentError, "specs is empty", specs=[])
bad("get_me unknown", "lmer.get_me", ArgumentError, "`zz`", name="zz")
bad("get_me function", "lmer.get_me", ArgumentError, "`devfun`", name="devfun")
bad("get_me nul", "lmer.get_me", ArgumentError, "name is 'X", name="X\0zz")
bad("get_me long", "lmer.get_me", ArgumentError, r"`z+\.\.\.` is not a part", name=LONG)
bad("get_me number", "lmer.get_me", ArgumentError, "name is 1", name=1)
bad("get_me lm", "lm.get_me", NotDefinedError, "(by|this|an) lm", name="X")
bad("get_me size of lmer", "lmer.get_me", ArgumentError, "glmer.nb.theta", name="glmer.nb.theta")
bad("covariance full of lmer", "lmer.covariance", ArgumentError, "Hessian", full=True)
bad("covariance full of lm", "lm.covariance", ArgumentError, "Hessian", full=True)
bad("covariance hessian of lmer", "lmer.covariance", ArgumentError, "use_hessian", use_hessian=True)
bad("covariance hessian", "glmer.covariance", ArgumentError, "use_hessian is 1", use_hessian=1)
bad("covariance full", "glmer.covariance", ArgumentError, "full is 'a'", full="a")
bad("covariance both", "glmer.covariance", ArgumentError, "use_hessian", full=True,
    use_hessian=False)
bad("singular tol", "lmer.is_singular", ArgumentError, "tol is -1", tol=-1)
bad("singular tol text", "lmer.is_singular", ArgumentError, "tol is 'a'", tol="a")
bad("singular lm", "lm.is_singular", NotDefinedError, "(by|this|an) lm")
bad("pca lm", "lm.re_pca", NotDefinedError, "(by|this|an) lm")
bad("ranef_table lm", "lm.ranef_table", NotDefinedError, "(by|this|an) lm")
bad("influence unknown", "lmer.influence", ArgumentError, "`zz`", group="zz")
bad("influence number", "lmer.influence", ArgumentError, "group is 1", group=1)
bad("influence lm", "lm.influence", NotDefinedError, "(by|this|an) lm", group="f")
bad("residuals type", "lmer.residuals", ArgumentError, "type is 'zz'", type="zz")
bad("residuals scaled", "lm.residuals", ArgumentError, "scaled is 1", scaled=1)
bad("all_fit lm", "lm.all_fit", NotDefinedError, "(by|this|an) lm")
bad("all_fit maxfun", "lmer.all_fit", ArgumentError, "maxfun is 0", maxfun=0)
bad("rds folder", "lmer.to_rds", ArgumentError, "/nowhere/at/all", path="/nowhere/at/all/m.rds")
bad("rds is folder", "lmer.to_rds", ArgumentError, "'/'", path="/")
bad("rds empty", "lmer.to_rds", ArgumentError, "path is ''", path="")
bad("rds number", "lmer.to_rds", ArgumentError, "path is 3", path=3)
bad("rds nul", "lmer.to_rds", ArgumentError, "path is", path="a\0b")
bad("rds url", "lmer.to_rds", ArgumentError, "http:", path="http://localhost/m.rds")
CODE, DDF = "__import__('os')", "Satterthwaite"
for test in ("t_test", "wald_test"):
    bad(f"{test} unknown", f"lmer.{test}", ArgumentError, "coefficient 'zz'", r_matrix="zz = 0")
    bad(f"{test} nonsense", f"lmer.{test}", ArgumentError, "has '=' where", r_matrix="= = x")
    bad(f"{test} empty", f"lmer.{test}", ArgumentError, "hypothesis '' ends", r_matrix="")
    bad(f"{test} shape", f"lmer.{test}", ArgumentError, r"\(1, 2\)", r_matrix=[1, 2])
    bad(f"{test} zero", f"lmer.{test}", ArgumentError, "no coefficient", r_matrix=[0, 0, 0, 0])
    bad(f"{test} missing", f"lmer.{test}", ArgumentError, "missing", r_matrix=[0, NAN, 0, 0])
    bad(f"{test} product", f"lmer.{test}", ArgumentError, r"x \* x = 0", r_matrix="x * x = 0")
    bad(f"{test} code", f"lmer.{test}", ArgumentError, "__import__", r_matrix=f"{CODE} = 0")
    bad(f"{test} ddf", f"lmer.{test}", ArgumentError, "ddf is 'zz'", r_matrix="x = 0", ddf="zz")
    bad(f"{test} of glmer", f"glmer.{test}", ArgumentError, "by glmer", r_matrix="x = 0", ddf=DDF)
    bad(f"{test} none", f"lmer.{test}", ArgumentError, "hypothesis is None", r_matrix=None)
    bad(f"{test} no matrix", f"lmer.{test}", ArgumentError, "is .None, 0", r_matrix=(None, 0))
    bad(f"{test} triple", f"lmer.{test}", ArgumentError, "tuple of 3", r_matrix=(1, 0, 0))
    for text in ("x = 1e999", "1e999 * x = 0", "x / 1e-320 = 1", "x = 1e999 - 1e999"):
        bad(f"{test} {text}", f"lmer.{test}", ArgumentError, "infinite", r_matrix=text)
    words = "more than 50 parentheses"
    bad(f"{test} deep", f"lmer.{test}", ArgumentError, words, r_matrix="(" * 10_000 + "x")
bad("wald_test twice", "lmer.wald_test", ArgumentError, "repeat", r_matrix="x = 0, x = 1")
bad("wald_test scalar", "lmer.wald_test", ArgumentError, "scalar", r_matrix="x = 0", scalar=False)
bad("wald_test use_f", "lmer.wald_test", ArgumentError, "t or F needs degrees", r_matrix="x = 0",
    use_f=True)
bad("t_test use_t", "lmer.t_test", ArgumentError, "t or F needs degrees", r_matrix="x = 0",
    use_t=True)
bad("tidy effects", "lmer.tidy", ArgumentError, "effects is 'zz'", effects="zz")
bad("tidy effects number", "lmer.tidy", ArgumentError, "effects is 3", effects=3)
bad("tidy effects numbers", "lm.tidy", ArgumentError, r"effects is \[3\]", effects=[3])
bad("tidy effects of lm", "lm.tidy", ArgumentError, "ran_pars", effects="ran_pars")
bad("tidy none", "lmer.tidy", ArgumentError, "effects", effects=[])
bad("tidy scales", "lmer.tidy", ArgumentError, "scales", scales="zz")
bad("tidy scales number", "lmer.tidy", ArgumentError, "scales", scales=[1, 2, 3])
bad("tidy level", "lmer.tidy", ArgumentError, "conf_level is 95", conf_int=True, conf_level=95)
bad("tidy method", "lmer.tidy", ArgumentError, "conf_method is 'zz'", conf_int=True,
    conf_method="zz")
bad("tidy method number", "lmer.tidy", ArgumentError, "conf_method is 3", conf_int=True,
    conf_method=3)
bad("tidy level text", "lmer.tidy", ArgumentError, "conf_level is '95'", conf_int=True,
    conf_level="95")
bad("tidy level missing", "lm.tidy", ArgumentError, "conf_level is nan", conf_int=True,
    conf_level=NAN)
bad("tidy option", "lmer.tidy", ArgumentError, "zz was given", zz=3)
bad("tidy option of wald", "lmer.tidy", ArgumentError, "n_boot", conf_int=True, n_boot=3)
bad("tidy option unknown", "lmer.tidy", TypeError, "'zz'", conf_int=True, conf_method="boot", zz=3)
bad("tidy ddf", "lmer.tidy", ArgumentError, "ddf is 'zz'", ddf="zz")
bad("augment rows", "lmer.augment", DataError, "3 rows", data=pd.DataFrame({"x": [1, 2, 3]}))
bad("augment text", "lmer.augment", DataError, "data is 'x.csv'", data="x.csv")
bad("augment number", "lm.augment", DataError, "data is 3", data=3)
bad("augment list", "lm.augment", DataError, "data is .*pandas", data=[0.0] * ROWS)
bad("conf_int alpha", "lmer.conf_int", ArgumentError, "alpha is 95", alpha=95)
bad("conf_int alpha text", "lmer.conf_int", ArgumentError, "alpha is '0.05'", alpha="0.05")
bad("conf_int alpha missing", "lm.conf_int", ArgumentError, "alpha is nan", alpha=NAN)
bad("conf_int column", "lmer.conf_int", ArgumentError, "coefficient 9", cols=9)
bad("conf_int column text", "lmer.conf_int", ArgumentError, "coefficient 'zz'", cols="zz")
bad("conf_int column half", "lmer.conf_int", ArgumentError, "coefficient 1.5", cols=1.5)
bad("conf_int column true", "lmer.conf_int", ArgumentError, "coefficient True", cols=True)
bad("conf_int cols", "lmer.conf_int", ArgumentError, "'zz'", cols=["zz"])
bad("cov_params shape", "lmer.cov_params", ArgumentError, r"\(1, 2\)", r_matrix=[1, 2])
bad("cov_params text", "lmer.cov_params", ArgumentError, "'zz'", r_matrix="zz")
bad("r2 lm", "lm.r2", NotDefinedError, "(by|this|an) lm")
bad("r2 approximation", "glmer_nb.r2", ArgumentError, "approximation is 'zz'", approximation="zz")
for kind in ("lmer", "glmer", "glmer_nb"):
    for name in ("r2", "icc"):
        bad(f"{name} null", f"{kind}.{name}", ArgumentError, "null is 'zz'", null="zz")
bad("coef lm", "lm.coef", NotDefinedError, "(by|this|an) lm")
bad("ranef_sd lm", "glm.ranef_sd", NotDefinedError, "by glm")
bad("random_effects lm", "lm.random_effects", NotDefinedError, "(by|this|an) lm")
bad("plot group", "lmer.plot.caterpillar", ArgumentError, "'zz'", group="zz")
bad("plot term", "lmer.plot.caterpillar", ArgumentError, "'zz'", term="zz")
bad("plot level", "lmer.plot.caterpillar", ArgumentError, "level is 95", level=95)
bad("plot sort", "lmer.plot.caterpillar", ArgumentError, "named 'zz'", sort="zz")
bad("plot lm", "lm.plot.caterpillar", ArgumentError, "lm has no random effects")
bad("plot covariate", "lmer.plot.lines", ArgumentError, "'zz'", covariate="zz")
bad("plot lines group", "lmer.plot.lines", ArgumentError, "'zz'", group="zz")
bad("plot lines at", "lmer.plot.lines", ArgumentError, "'zz'", at={"zz": 1})
bad("plot qq group", "lmer.plot.qq_ranef", ArgumentError, "'zz'", group="zz")
bad("plot density group", "lmer.plot.density", ArgumentError, "'zz'", group="zz")
bad("plot span", "lmer.plot.residuals", ArgumentError, "span is -1", span=-1)
bad("plot qq level", "lmer.plot.qq", ArgumentError, "level is 95", level=95)
for picture in ("caterpillar", "lines", "qq", "qq_ranef", "density", "residuals"):
    bad(f"plot {picture} ax", f"lmer.plot.{picture}", ArgumentError, "ax is 'zz'", ax="zz")
bad("plot axes", "lmer.plot.caterpillar", ArgumentError, "ax is 3", ax=[3])
for workers in (0, 257, 10**9, True, "2", 1.5, None):
    bad(f"pool {workers!r}", "Pool", ArgumentError, f"workers is {workers!r}", workers=workers)
bad("pairs unknown", "pairs", ArgumentError, "'zz'", columns=["x", "zz"])
bad("pairs one", "pairs", ArgumentError, "1 columns", columns=["x"])
bad("pairs text", "pairs", ArgumentError, "'x'", columns="x")
bad("pairs hue", "pairs", ArgumentError, "'zz'", columns=["x", "z"], hue="zz")
bad("pairs hue number", "pairs", ArgumentError, "'x'", columns=["y", "z"], hue="x")
bad("pairs data", "pairs", DataError, "str", columns=["y", "z"], data=instead("zz"))
# fmt: on

BAD_INPUTS = tuple(entry for entry in ENTRIES if entry.error is not None)
REMARKED = tuple(entry for entry in ENTRIES if entry.error is None)
