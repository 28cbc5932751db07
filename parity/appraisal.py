"""What the criterion says of one engine's answer: whether it is an optimum and holds together.

An answer names its parameters, and everything else in it follows from them. So the criterion asks
two things: how far above the lowest deviance do these parameters lie (layer C), and which of the
answer's other numbers contradict them (layers B and D to H)?
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING

from parity import unit
from parity.quantity import LAYERS, QUANTITIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from parity.quantity import Layer
    from parity.result import FitResult, Key

LIMIT = 1e-8
"""Error, in a quantity's unit, up to which a number follows from the parameters: a thousand times
what rounding leaves in any engine's answer to a shipped case."""
ARRIVED = 1e-8
"""Deviance above the optimum below which an answer is at it: rounding hides less."""
_FIGURES, _MOST_FIGURES = 8, 17
ROUNDING = 1e-14
"""Share of a deviance that its evaluation may be off by."""
CONVERGED = 1e-3
"""Deviance above the optimum beyond which an engine that says it converged is wrong: a
likelihood-ratio p-value of 0.05 on 1 df changes by 4e-5."""
_NEARER = 0.5
"""Share of the other's distance within which one is the nearer to the optimum: two that stopped on
either side of a flat one are equally short."""


def nearer(one: float, other: float) -> bool:
    """Whether one distance from the optimum, in deviance, is small and clearly below the other."""
    return one <= min(max(ARRIVED, _NEARER * other), CONVERGED)


def apart(one: float, other: float) -> tuple[str, str]:
    """Return two numbers in as many digits as show that they differ, and one more."""
    figures = min(max(_FIGURES, math.ceil(unit.digits(one, other)) + 2), _MOST_FIGURES)
    return f"{one:.{figures}g}", f"{other:.{figures}g}"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A number of an answer that does not follow from the answer's parameters.

    Attributes
    ----------
    quantity, key
        The element.
    given, implied
        What the engine gives, None where it lacks the element, and what its parameters imply.
    error
        In the quantity's unit.
    """

    quantity: str
    key: Key
    given: float | None
    implied: float | None
    error: float

    @property
    def layer(self) -> Layer:
        """Where it belongs in a diagnosis; a likelihood off at given parameters is algebra."""
        layer = QUANTITIES[self.quantity].layer
        return "B" if layer == "C" else layer

    @property
    def name(self) -> str:
        """The element as reports write it."""
        return self.quantity + (f"[{', '.join(self.key)}]" if self.key else "")

    @property
    def told(self) -> str:
        """What is wrong with it, in words."""
        where = LAYERS[self.layer]
        if self.given is None:
            return f"{self.name} is missing ({where})"
        if self.implied is None:
            return f"{self.name} is none of the model's ({where})"
        one, other = apart(self.given, self.implied)
        return f"{self.name} is {one}, and its own parameters imply {other} ({where})"


@dataclass(frozen=True, slots=True)
class Appraisal:
    """The criterion's word on one answer.

    Attributes
    ----------
    engine, case
        Whose answer, and to what.
    deviance
        The criterion's deviance at the answer's parameters.
    optimum
        The lowest deviance that is known.
    decrement
        Newton decrement at the answer's parameters: the deviance still to be gained, to second
        order.
    contradictions
        The worst element of each quantity that does not follow from the parameters, by layer.
    stated
        The deviance that the engine reports; the criterion's where it reports none.
    judged
        The quantities that follow from the parameters here.
    digits
        In how many digits the engine's deviance agrees with the criterion's at its parameters.
    evaluated
        At another engine's parameters: its name → digits in which this engine's own likelihood
        agrees with the criterion's, or the reason why it cannot be asked there.
    silence
        Why the criterion has nothing to say; empty where it has.
    """

    engine: str
    case: str
    deviance: float = 0.0
    optimum: float = 0.0
    decrement: float = 0.0
    contradictions: tuple[Contradiction, ...] = ()
    stated: float = 0.0
    judged: frozenset[str] = frozenset()
    digits: float = 0.0
    evaluated: Mapping[str, float | str] = field(default_factory=dict)
    silence: str = ""

    @property
    def above(self) -> float:
        """By how much deviance the answer lies above the optimum."""
        return self.deviance - self.optimum

    @property
    def arrived(self) -> bool:
        """Whether it is at the optimum, as far as rounding lets one see."""
        return self.above <= ARRIVED + ROUNDING * abs(self.optimum)

    @property
    def layer(self) -> Layer | None:
        """The first layer at which the answer goes wrong; None where it does not."""
        layers: list[Layer] = [found.layer for found in self.contradictions]
        if not self.arrived:
            layers.append("C")
        return min(layers, default=None)

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """How its own likelihood does at other engines' parameters, in words."""
        return tuple(
            f"at {name}'s parameters its own likelihood "
            + (f"cannot be asked ({found})" if isinstance(found, str) else "is the criterion's to "
               f"{found:.1f} digits")
            for name, found in self.evaluated.items()
        )  # fmt: skip

    @property
    def place(self) -> str:
        """Where the parameters lie, in words without the engine's name."""
        if self.arrived:
            return "is at the optimum of the criterion"
        return (
            f"stopped {self.above:.2g} of deviance short of the optimum "
            f"(Newton decrement {self.decrement:.2g})"
        )

    @property
    def sentence(self) -> str:
        """What there is to say of the answer, in one sentence without its engine's name."""
        if self.silence:
            return f"could not be judged: {self.silence}"
        parts = [self.place]
        if self.contradictions:
            first = self.contradictions[0]
            more = len(self.contradictions) - 1
            rest = f" (and {more} more quantities)" if more else ""
            parts.append(f"its {first.told}{rest}")
        elif self.digits:
            parts.append(
                f"its likelihood is the criterion's at its own parameters to {self.digits:.1f} "
                "digits, and all its other numbers follow from them"
            )
        return "; ".join(parts)


def appraise(
    result: FitResult, implied: FitResult, *, optimum: float, decrement: float
) -> Appraisal:
    """Return the criterion's word on an answer, from what its parameters imply.

    Parameters
    ----------
    result
        The answer.
    implied
        What the criterion makes of its parameters; its deviance is the one there.
    optimum
        The lowest deviance that is known from elsewhere.
    decrement
        Newton decrement at the parameters.
    """
    deviance = implied.values["deviance"][()]
    said = reported(result)
    return Appraisal(
        result.engine,
        result.case,
        deviance=deviance,
        optimum=min(optimum, deviance),
        decrement=decrement,
        contradictions=contradictions(result, implied),
        stated=deviance if said is None else said,
        judged=frozenset(implied.values),
        digits=0.0 if said is None else unit.digits(deviance, said),
    )


def reported(result: FitResult) -> float | None:
    """Return -2 log-likelihood as an engine reports it, None where it does not."""
    for quantity, factor in (("deviance", 1.0), ("loglik", -2.0)):
        if quantity in result.values:
            return factor * result.values[quantity][()]
    return None


def contradictions(given: FitResult, implied: FitResult) -> tuple[Contradiction, ...]:
    """Return the worst element of each quantity that does not follow from the parameters.

    Parameters
    ----------
    given
        An engine's answer.
    implied
        What the criterion makes of the same parameters. Quantities that either lacks are left
        aside; the convergence flag is no function of the parameters, and is judged by the
        deviance above the optimum instead.
    """
    found = [
        worst
        for quantity in given.values
        if quantity in implied.values and quantity != "converged"
        for worst in [_worst(quantity, given, implied)]
        if worst is not None
    ]
    return tuple(sorted(found, key=lambda one: (one.layer, -one.error)))


def _worst(quantity: str, given: FitResult, implied: FitResult) -> Contradiction | None:
    error, key = max(_errors(quantity, given, implied), key=itemgetter(0), default=(0.0, ()))
    if error <= LIMIT:
        return None
    one, other = given.values[quantity], implied.values[quantity]
    return Contradiction(quantity, key, one.get(key), other.get(key), error)


def _errors(quantity: str, given: FitResult, implied: FitResult) -> Iterator[tuple[float, Key]]:
    """Yield the error of each element, infinite where one side lacks it."""
    one, other = given.values[quantity], implied.values[quantity]
    for key in dict.fromkeys([*one, *other]):
        if unit.undefined(quantity, key, implied):
            continue
        mine, theirs = one.get(key), other.get(key)
        error = math.inf
        if mine is not None and theirs is not None:
            error = abs(unit.error(quantity, key, (theirs, mine), implied))
        yield error, key
