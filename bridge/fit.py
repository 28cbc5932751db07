"""A fitted model: its figures, and what can be asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.as_html import Notebook
from bridge.broom import BroomTables
from bridge.diagnosis import Diagnosis
from bridge.explained import Explained
from bridge.hypothesis import Hypotheses
from bridge.inference import Inference
from bridge.interval import Intervals
from bridge.prediction import Prediction
from bridge.statsmodels_names import StatsmodelsNames
from bridge.structure import Structure

if TYPE_CHECKING:
    from bridge.plots import Plots


class Fit(
    Structure,
    Inference,
    Intervals,
    Prediction,
    Diagnosis,
    Explained,
    Hypotheses,
    StatsmodelsNames,
    BroomTables,
    Notebook,
):
    """A fitted ``lm``, ``glm``, ``lmer``, ``glmer`` or ``glmer_nb``, frozen and picklable.

    Its figures are the attributes of :class:`bridge.record.Record`. Its methods ask R more of the
    model; R keeps it as long as the fit lives, and otherwise builds it anew at the estimates,
    without a search.
    """

    @property
    def plot(self) -> Plots:
        """Its pictures: ``fit.plot.caterpillar()``, ``fit.plot.residuals()``, ..."""
        from bridge.plots import Plots  # noqa: PLC0415  (loads matplotlib only when it is drawn)

        return Plots(self)

    def __str__(self) -> str:
        """Return the summary."""
        return self.summary()
