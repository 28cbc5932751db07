"""R's errors as the bridge's: R's own words, and a plain sentence where one helps."""

import re
from typing import NoReturn

from bridge.errors import (
    ArgumentError,
    BridgeError,
    DataError,
    EngineMissingError,
    FitError,
    FormulaError,
)
from bridge.session import Answer

# R marks what its side of the bridge refuses by these classes.
_REFUSALS: dict[str, type[BridgeError]] = {
    "bridge_formula": FormulaError,
    "bridge_data": DataError,
    "bridge_argument": ArgumentError,
    "bridge_missing": EngineMissingError,
}

# Words of R's or lme4's -> what they mean for the user's model.
_MEANINGS = (
    (
        r"new levels detected in newdata",
        (
            "A grouping factor of the new data has groups that the model has not seen: pass "
            "allow_new_levels=True, and their random effects are 0."
        ),
    ),
    (
        r"profiling detected new, lower deviance",
        (
            "The fit is not at its optimum, so that no profile starts from it: fit again with "
            "another optimizer (all_fit shows what each finds) or with tighter tolerances."
        ),
    ),
    (
        r"grouping factors must have > 1 sampled level",
        (
            "A grouping factor has one group only, so that nothing varies between groups: "
            "use lm, or group by another column."
        ),
    ),
    (
        r"number of levels of each grouping factor must be < number of observations",
        (
            "A grouping factor has one group a row, so that its effect cannot be told from the "
            "residual: group by another column."
        ),
    ),
    (
        r"number of observations .* random effects",
        (
            "There are as many random effects as rows: leave a random slope out, or group by "
            "another column."
        ),
    ),
    (
        r"contrasts can be applied only to factors with 2 or more levels",
        "A categorical column has one level only in the rows used: leave it out.",
    ),
    (
        r"PIRLS|Downdated VtV is not positive definite",
        (
            "The iteration inside glmer broke down: scale the covariates, or set "
            "control={'nAGQ0initStep': False}."
        ),
    ),
    (
        r"must be numeric|non-numeric|invalid type|factor.* response",
        "A column that must be numbers is not: check the types of the data.",
    ),
)


def raise_failure(answer: Answer, formula: str, *, asked: str = "fit") -> NoReturn:
    """Raise the bridge's error for R's.

    Parameters
    ----------
    answer
        One that holds a failure.
    formula
        Of the model.
    asked
        What R was to do with it.

    Raises
    ------
    BridgeError
        The child that fits; its text is R's, and what it means where that is known.
    """
    failure = answer.failure
    if failure is None:
        raise BridgeError("There is no failure to raise.")
    for mark, error in _REFUSALS.items():
        if mark in failure.classes:
            raise error(failure.text)
    meaning = next((f"{said} " for words, said in _MEANINGS if re.search(words, failure.text)), "")
    before = "".join(f" Before that it said: {said.text}" for said in answer.conditions)
    raise FitError(f"R could not {asked} {formula!r}. {meaning}R said: {failure.text}{before}")


def require_no_overflow(answer: Answer) -> None:
    """Raise FitError where R lost rows because a product of integers left its 32 bits.

    R says so by a warning only and goes on without the rows.
    """
    for said in answer.conditions:
        if "integer overflow" in said.text:
            raise FitError(
                f"R computed with 32-bit integers and said: {said.text}. The rows would be lost: "
                "make the columns that the formula multiplies floating-point numbers, as in "
                "data.astype({'a': float})."
            )
