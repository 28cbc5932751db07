"""Pictures of a fit: ``fit.plot``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.plots import correlation, density, lines, overview, quantiles, residuals
from bridge.plots.caterpillar import Caterpillar, Labels
from bridge.plots.effects import effects
from bridge.plots.prediction_lines import predict_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from bridge.fit import Fit


@dataclass(frozen=True, slots=True, repr=False)
class Plots:
    """The pictures of one fit; every number drawn is the fit's own.

    Each method draws on the axes given by ``ax``, or on a new figure, and returns the axes. Methods
    that draw a panel for each random effect return an array of axes, (k,), also for one panel, and
    take as many.
    """

    _fit: Fit

    def __repr__(self) -> str:
        """Return the names of the pictures."""
        names = [name for name in vars(type(self)) if not name.startswith("_")]
        return f"<pictures of {self._fit.formula!r}: {', '.join(names)}>"

    def caterpillar(
        self,
        group: str | None = None,
        term: str | None = None,
        *,
        level: float = 0.95,
        sort: bool | str = True,
        labels: Labels = None,
        ax: Axes | Iterable[Axes] | None = None,
    ) -> NDArray[Any]:
        """Draw each random effect with its interval, one panel a term of a grouping factor.

        The interval is the conditional mode plus and minus the normal quantile times the
        conditional SD, given the estimates: it holds no uncertainty of theirs. A filled, blue
        marker has an interval without 0.

        Parameters
        ----------
        group, term
            lme4's names; None draws all.
        level
            Probability of the intervals.
        sort
            True sorts each panel, the largest mode on top; False has R's order of levels from the
            top; the name of a term sorts all panels of a group by that term.
        labels
            None writes the levels where there is room, True always, False never; a mapping
            replaces the levels that it names.
        ax
            As many axes as panels.
        """
        found = effects(self._fit, group, term)
        return Caterpillar(level=level, sort=sort, labels=labels).draw(self._fit, found, ax)

    def qq_ranef(
        self,
        group: str | None = None,
        term: str | None = None,
        *,
        level: float | None = 0.95,
        ax: Axes | Iterable[Axes] | None = None,
    ) -> NDArray[Any]:
        """Draw the random effects against normal quantiles, one panel a term of a grouping factor.

        The line goes through the quartiles, as R's ``qqline``; the k-th of n modes stands at the
        quantile of (k - 1/2) / n, up to ten modes of (k - 3/8) / (n + 1/4), as R's ``qqnorm``.

        Parameters
        ----------
        group, term
            lme4's names; None draws all.
        level
            Probability of the intervals, as in `caterpillar`; None draws none, and R is not asked
            for the conditional SDs.
        ax
            As many axes as panels.
        """
        return quantiles.draw_effects(self._fit, effects(self._fit, group, term), level, ax)

    def density(
        self,
        group: str | None = None,
        term: str | None = None,
        *,
        ax: Axes | Iterable[Axes] | None = None,
    ) -> NDArray[Any]:
        """Draw the density of the random effects, one panel a term of a grouping factor.

        A Gaussian kernel density (Scott's bandwidth), the normal density of the model with mean 0
        and the estimated SD, and a mark for each mode. The modes are shrunk towards 0, so theirs
        is the narrower curve also where the model holds.

        Parameters
        ----------
        group, term
            lme4's names; None draws all.
        ax
            As many axes as panels.
        """
        return density.draw(self._fit, effects(self._fit, group, term), ax)

    def residuals(self, *, span: float | None = 2 / 3, ax: Axes | None = None) -> Axes:
        """Draw the residuals against the fitted values, with a smooth curve.

        Both as `Fit.resid` and `Fit.fitted` define them.

        Parameters
        ----------
        span
            Share of the points that the curve takes into account at each place (a local line by
            least squares, tricube weights); None draws no curve, nor do fewer than five different
            fitted values.
        ax
            Where to draw.
        """
        return residuals.draw(self._fit, span, ax)

    def qq(self, *, level: float | None = 0.95, ax: Axes | None = None) -> Axes:
        """Draw the scaled residuals against normal quantiles, with a line and a band.

        The line goes through the quartiles; the places are those of `qq_ranef`. The band is
        pointwise: each ordered value of a sample from the normal distribution of the line lies in
        it with probability `level`. Scaled residuals are Pearson residuals over sigma; those of a
        binomial or Poisson model are not normal where the model holds, so they get no band.

        Parameters
        ----------
        level
            Probability of the band; None draws none.
        ax
            Where to draw.
        """
        return quantiles.draw_residuals(self._fit, level, ax)

    def lines(
        self,
        covariate: str | None = None,
        *,
        group: str | None = None,
        at: Mapping[str, Any] | None = None,
        points: bool = True,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw what is predicted over a covariate, a line for each group and one for all.

        On the scale of the response. The population's line has every random effect at 0. The
        effects of grouping factors other than `group` are those of the group where the data say
        which they are (a cask of one batch), else 0. The title says where the other covariates are
        held.

        Parameters
        ----------
        covariate
            Name of the column on the x axis; None takes the first that is a number, else the first.
        group
            lme4's name of a grouping factor; None takes the first.
        at
            Values by name to hold other covariates at. The rest is held at its mean if a number, at
            the reference level if a factor, at False if a truth value.
        points
            Whether to draw the response too.
        ax
            Where to draw.
        """
        predicted = predict_lines(self._fit, covariate, group, at or {})
        return lines.draw(self._fit, predicted, ax, points=points)

    def correlation(self, *, ax: Axes | None = None) -> Axes:
        """Draw the correlations of the fixed effects' estimates as a lower triangle with numbers.

        They are those of `Fit.vcov`, which R's summary prints. Red is positive, blue negative.

        Parameters
        ----------
        ax
            Where to draw.
        """
        return correlation.draw(self._fit, ax)

    def diagnostics(
        self,
        group: str | None = None,
        term: str | None = None,
        *,
        covariate: str | None = None,
        at: Mapping[str, Any] | None = None,
    ) -> NDArray[Any]:
        """Draw six pictures on one new figure and return their axes, (2, 3).

        Caterpillar, quantiles and density of the random effects of one term, residuals, quantiles
        of the scaled residuals, and prediction lines. A model without random effects has (1, 3):
        the last three. Without a covariate to draw lines over, their place shows nothing.

        Parameters
        ----------
        group, term
            lme4's names; None takes the first.
        covariate, at
            As in `lines`.
        """
        return overview.draw(self._fit, (group, term), covariate, at or {})
