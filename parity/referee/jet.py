"""Values with their first and second derivatives in some parameters, in ball arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flint import arb, arb_mat

if TYPE_CHECKING:
    from typing import TypeAlias

    Scalar: TypeAlias = arb | int


@dataclass(frozen=True, slots=True)
class Jet:
    """An enclosure of a function's value, gradient and Hessian at one point or over one box.

    Attributes
    ----------
    value
        Of the function.
    gradient
        Its first derivatives, ``(d, 1)``.
    hessian
        Its second derivatives, ``(d, d)``.
    """

    value: arb
    gradient: arb_mat
    hessian: arb_mat

    @classmethod
    def constant(cls, value: arb, dimension: int) -> Jet:
        """Return a function of no parameter."""
        return cls(value, arb_mat(dimension, 1), arb_mat(dimension, dimension))

    @classmethod
    def variable(cls, value: arb, index: int, dimension: int) -> Jet:
        """Return the parameter of that number itself, counted from 0."""
        slope = arb_mat(dimension, 1, [int(k == index) for k in range(dimension)])
        return cls(value, slope, arb_mat(dimension, dimension))

    @property
    def dimension(self) -> int:
        """The number d of parameters."""
        return self.gradient.nrows()

    def __add__(self, other: Jet | Scalar) -> Jet:
        """Return the sum."""
        if isinstance(other, Jet):
            return Jet(
                self.value + other.value,
                self.gradient + other.gradient,
                self.hessian + other.hessian,
            )
        return Jet(self.value + other, self.gradient, self.hessian)

    def __neg__(self) -> Jet:
        """Return minus this."""
        return Jet(-self.value, -self.gradient, -self.hessian)

    def __sub__(self, other: Jet | Scalar) -> Jet:
        """Return the difference."""
        return self + (-other)

    def __mul__(self, other: Jet | Scalar) -> Jet:
        """Return the product."""
        if not isinstance(other, Jet):
            return Jet(self.value * other, self.gradient * other, self.hessian * other)
        cross = self.gradient * other.gradient.transpose()
        return Jet(
            self.value * other.value,
            self.gradient * other.value + other.gradient * self.value,
            self.hessian * other.value + other.hessian * self.value + cross + cross.transpose(),
        )

    def compose(self, value: arb, first: arb, second: arb) -> Jet:
        """Return f of this function, from f's value and two derivatives at this value."""
        outer = self.gradient * self.gradient.transpose()
        return Jet(value, self.gradient * first, outer * second + self.hessian * first)

    def exp(self) -> Jet:
        """Return the exponential."""
        power = self.value.exp()
        return self.compose(power, power, power)

    def log(self) -> Jet:
        """Return the natural logarithm."""
        inverse = 1 / self.value
        return self.compose(self.value.log(), inverse, -(inverse * inverse))

    def sqrt(self) -> Jet:
        """Return the square root."""
        root = self.value.sqrt()
        first = 1 / (2 * root)
        return self.compose(root, first, -first / (2 * self.value))

    def reciprocal(self) -> Jet:
        """Return one over this."""
        inverse = 1 / self.value
        square = inverse * inverse
        return self.compose(inverse, -square, 2 * square * inverse)


def total(jets: list[Jet]) -> Jet:
    """Return the sum of one or more jets."""
    head, *rest = jets
    for jet in rest:
        head = head + jet
    return head
