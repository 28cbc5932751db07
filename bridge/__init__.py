"""lme4 at Python's hand: ``lmer``, ``glmer`` and their kin, their results plain and frozen.

Importing this package starts nothing: neither R nor pandas is loaded before a name is used.

>>> from bridge import lmer  # doctest: +SKIP
>>> fit = lmer("math ~ raven + gender + (1 | school)", pupils)  # doctest: +SKIP
>>> fit.fixef["gendergirl"]  # doctest: +SKIP
2.5111866...
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.bootstrap import Bootstrap
    from bridge.conditions import Condition
    from bridge.diagnosis import Influence, MarginalMeans
    from bridge.errors import (
        ArgumentError,
        BridgeError,
        DataError,
        EngineMissingError,
        FitError,
        FormulaError,
        NotDefinedError,
        RWarning,
        TimeLimitError,
        WorkerDiedError,
    )
    from bridge.fit import Fit
    from bridge.formula import check_formula
    from bridge.inference import Anova, TestTable, anova
    from bridge.models import glm, glmer, glmer_nb, lm, lmer
    from bridge.pool import Pool
    from bridge.record import Contrast
    from bridge.session import Session, connect
    from bridge.worker import Worker

__all__ = [
    "Anova",
    "ArgumentError",
    "Bootstrap",
    "BridgeError",
    "Condition",
    "Contrast",
    "DataError",
    "EngineMissingError",
    "Fit",
    "FitError",
    "FormulaError",
    "Influence",
    "MarginalMeans",
    "NotDefinedError",
    "Pool",
    "RWarning",
    "Session",
    "TestTable",
    "TimeLimitError",
    "Worker",
    "WorkerDiedError",
    "anova",
    "check_formula",
    "connect",
    "glm",
    "glmer",
    "glmer_nb",
    "lm",
    "lmer",
    "pairs",
]

_HOMES = {
    "Anova": "bridge.inference",
    "ArgumentError": "bridge.errors",
    "Bootstrap": "bridge.bootstrap",
    "BridgeError": "bridge.errors",
    "Condition": "bridge.conditions",
    "Contrast": "bridge.record",
    "DataError": "bridge.errors",
    "EngineMissingError": "bridge.errors",
    "Fit": "bridge.fit",
    "FitError": "bridge.errors",
    "FormulaError": "bridge.errors",
    "Influence": "bridge.diagnosis",
    "MarginalMeans": "bridge.diagnosis",
    "NotDefinedError": "bridge.errors",
    "Pool": "bridge.pool",
    "RWarning": "bridge.errors",
    "Session": "bridge.session",
    "TestTable": "bridge.inference",
    "TimeLimitError": "bridge.errors",
    "Worker": "bridge.worker",
    "WorkerDiedError": "bridge.errors",
    "anova": "bridge.inference",
    "check_formula": "bridge.formula",
    "connect": "bridge.session",
    "glm": "bridge.models",
    "glmer": "bridge.models",
    "glmer_nb": "bridge.models",
    "lm": "bridge.models",
    "lmer": "bridge.models",
    "pairs": "bridge.plots",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'bridge' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
