"""lme4 at Python's hand: ``lm``, ``lmer``, ``glmer`` are R's own, their results plain and frozen.

Importing this package starts nothing: neither R nor pandas is loaded before a name is used.

>>> from bridge import lmer  # doctest: +SKIP
>>> fit = lmer("math ~ raven + gender + (1 | school)", pupils)  # doctest: +SKIP
>>> fit.fixef["gendergirl"]  # doctest: +SKIP
2.5111866...
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.conditions import Condition
    from bridge.errors import (
        BridgeError,
        DataError,
        EngineMissingError,
        FitError,
        FormulaError,
        NotAskedError,
    )
    from bridge.fit import Fit
    from bridge.formula import check_formula
    from bridge.inference import Anova, anova
    from bridge.models import glmer, lm, lmer

__all__ = [
    "Anova",
    "BridgeError",
    "Condition",
    "DataError",
    "EngineMissingError",
    "Fit",
    "FitError",
    "FormulaError",
    "NotAskedError",
    "anova",
    "check_formula",
    "glmer",
    "lm",
    "lmer",
]

_HOMES = {
    "Anova": "bridge.inference",
    "BridgeError": "bridge.errors",
    "Condition": "bridge.conditions",
    "DataError": "bridge.errors",
    "EngineMissingError": "bridge.errors",
    "Fit": "bridge.fit",
    "FitError": "bridge.errors",
    "FormulaError": "bridge.errors",
    "NotAskedError": "bridge.errors",
    "anova": "bridge.inference",
    "check_formula": "bridge.formula",
    "glmer": "bridge.models",
    "lm": "bridge.models",
    "lmer": "bridge.models",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'bridge' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
