"""How lme4 is asked to search: its optimisers, their tight settings, and one evaluation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge import Fit
    from parity.spec import ModelSpec

TOLERANCES = (1e-13, 1e-10)
"""glmer's inner tolerances (tolPwrss), in the order in which they are tried.

The inner iterations double their digits: they end right, or one step early. At lme4's 1e-7 that
step is worth 6e-4 of cbpp's deviance and the third digit of its standard errors, at 1e-10 still
5e-5 on grouseticks and 7e-4 on jsp2's fail. Where rounding lets them never end at the first, the
second has to do.
"""

# nloptwrap's COBYLA and Nelder-Mead look at the start first; BOBYQA would move it off a bound.
_LOOK = {"algorithm": "NLOPT_LN_NELDERMEAD", "maxeval": 1}
# Said of a first stage that ends at once, as it is asked to, and of the other stage's settings.
_EXPECTED = (
    "unused control arguments ignored",
    "convergence code 5 from nloptwrap: NLOPT_MAXEVAL_REACHED",
    "failure to converge in 1 evaluations",
    "convergence code 4 from Nelder_Mead: failure to converge in 1 evaluations",
)
_UNLIMITED = 20_000


@dataclass(frozen=True, slots=True)
class Search:
    """One of lme4's optimisers with its stopping rules.

    Attributes
    ----------
    optimizer
        lme4's name of it.
    settings
        Its ``optCtrl``.
    """

    optimizer: str
    settings: Mapping[str, float] = field(default_factory=dict)

    def control(self, spec: ModelSpec, tolerance: float) -> dict[str, object]:
        """Return the settings of lmerControl, or of glmerControl at an inner tolerance.

        glmer has two stages: one by the fast approximation (nAGQ = 0), whose theta the other
        starts from, and whose linear predictor every inner iteration of the other starts from.
        Without the first the inner iterations start far off (at 1e-10 cbpp's deviance is 2e-5 too
        high for it), so it is held to one evaluation at the start instead.
        """
        if spec.kind == "lmm":
            return {"optimizer": self.optimizer, "optCtrl": dict(self.settings)}
        # Both stages read one optCtrl: the first must stop by a setting that the second has not.
        nlopt = self.optimizer == "nloptwrap"
        first, once = ("Nelder_Mead", {"maxfun": 1}) if nlopt else ("nloptwrap", _LOOK)
        return {
            "optimizer": [first, self.optimizer],
            "optCtrl": {**once, **self.settings},
            "tolPwrss": tolerance,
        }


BOBYQA_LMM = Search("bobyqa", {"rhoend": 1e-10, "maxfun": _UNLIMITED})
BOBYQA_GLMM = Search("bobyqa", {"rhobeg": 2e-3, "rhoend": 1e-9, "maxfun": _UNLIMITED})
_NELDER_MEAD = Search(
    "Nelder_Mead", {"FtolAbs": 1e-13, "FtolRel": 1e-15, "XtolRel": 1e-13, "maxfun": _UNLIMITED}
)
_NLMINB = Search("nlminbwrap", {"rel.tol": 1e-14, "x.tol": 1e-12})


def _nlopt(tolerance: float) -> Search:
    rules = dict.fromkeys(("xtol_abs", "xtol_rel", "ftol_abs"), tolerance)
    return Search("nloptwrap", {**rules, "maxeval": _UNLIMITED})


LMM = (_nlopt(1e-15), BOBYQA_LMM, _NELDER_MEAD, _NLMINB)
"""The searches of a linear mixed model, in order."""

# glmer's deviance is good to some 1e-10: a finer rule of stopping walks on noise.
GLMM = (BOBYQA_GLMM, _nlopt(1e-12), _NELDER_MEAD, _NLMINB)
"""The searches of a generalised mixed model, in order."""


def evaluation(tolerance: float) -> dict[str, object]:
    """Return glmerControl of a fit that stays at its start: glmer's deviance there."""
    return {
        "optimizer": ["nloptwrap", "nloptwrap"],
        "optCtrl": _LOOK,
        "tolPwrss": tolerance,
        "calc.derivs": False,
        "restart_edge": False,
        # lme4 moves what is nearer to a bound than this onto it; 0 is refused.
        "boundary.tol": 1e-300,
    }


def said(fit: Fit, spec: ModelSpec) -> list[str]:
    """Return lme4's conditions, without those of a first stage that was to end at once."""
    told = [condition for condition in fit.messages if condition.text]
    if spec.kind == "glmm":
        told = [condition for condition in told if not condition.text.startswith(_EXPECTED)]
    return [str(condition) for condition in told]
