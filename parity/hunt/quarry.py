"""A quarry: a design with the last touches that let its data be simple, or hard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parity.hunt.prey import Prey, settle
from parity.simulation import simulate

if TYPE_CHECKING:
    import pandas as pd

    from parity.simulation import Design

RESPONSE = "y"


@dataclass(frozen=True, slots=True)
class Quarry:
    """What hypothesis draws.

    Attributes
    ----------
    design
        The true model and the shape of its data.
    decimals
        To how many decimals response and covariates are rounded, each in its own unit; None for
        all that were drawn.
    factor, shift
        The gaussian response is multiplied by the one, and the other is added.
    """

    design: Design
    decimals: int | None = None
    factor: float = 1.0
    shift: float = 0.0

    def prey(self) -> Prey:
        """Return the model and the data.

        Raises
        ------
        DesignError
            Where a count would be too large to be drawn.
        """
        data = simulate(self.design)
        for covariate in self.design.fixed:
            if not covariate.categorical:
                standard = (data[covariate.name] - covariate.centre) / covariate.scale
                plain = self._rounded(standard)
                data[covariate.name] = covariate.centre + covariate.scale * plain
        if self.design.family == "gaussian":
            plain = self._rounded(data[RESPONSE] / self.design.sigma)
            data[RESPONSE] = self.shift + self.factor * self.design.sigma * plain
        return Prey(self.design.spec, settle(data), f"drawn from {self}")

    def _rounded(self, column: pd.Series) -> pd.Series:
        return column if self.decimals is None else column.round(self.decimals)
