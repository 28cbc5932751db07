"""A fit as tables, by broom's names: ``tidy``, ``glance``, ``augment``.

Columns, their order, the order of rows and the names of terms are those of broom.mixed 0.2.9.4 for
mixed models and of broom 1.0.3 for lm and glm. Where they err, these do not:

- limits of a variance are limits of that variance, where broom.mixed leaves those of the SD; a
  covariance has none;
- coefficients that R could not estimate are left out of an lm's table too (`dropped_columns`);
- ``augment`` gives the columns of the data, where broom gives those of R's model frame: ``Days``,
  not ``log(Days + 1)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bridge import augmented, glanced, tidied
from bridge.errors import ArgumentError
from bridge.limits import Limits, choose_limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.fitted import Estimates, Fitted


def _fixed(fit: Fitted, ddf: str | None, limits: Limits | None, *, power: bool) -> pd.DataFrame:
    table = tidied.fixed_effects(fit.coef_table(ddf=ddf))
    if limits is not None:
        table = pd.concat([table, limits.of_fixed(table)], axis=1)
    if not fit.is_mixed:
        # One for all, so that broom has it in glance.
        table = table.drop(columns="df", errors="ignore")
    return tidied.exponentiated(table, with_error=fit.is_mixed) if power else table


def _parameters(varcorr: pd.DataFrame, scale: str, limits: Limits | None) -> pd.DataFrame:
    table = tidied.random_parameters(varcorr, scale)
    if limits is None:
        return table
    return pd.concat([table, limits.of_parameters(varcorr, scale)], axis=1)


def _modes(fit: Fitted, limits: Limits | None) -> pd.DataFrame:
    table = tidied.conditional_modes(fit.ranef or {}, fit.ranef_sd)
    return table if limits is None else pd.concat([table, limits.of_modes(table)], axis=1)


def _coefficients(fit: Fitted, limits: Limits | None) -> pd.DataFrame:
    table = tidied.level_coefficients(fit.fixef, fit.ranef or {})
    return table if limits is None else table.assign(**{"conf.low": np.nan, "conf.high": np.nan})


class BroomTables:
    """The tables of broom and broom.mixed."""

    def tidy(  # noqa: PLR0913  (broom.mixed's own arguments)
        self: Fitted,
        effects: str | Sequence[str] | None = None,
        *,
        conf_int: bool = False,
        conf_level: float = 0.95,
        conf_method: str | None = None,
        scales: str | Sequence[str | None] | None = None,
        exponentiate: bool = False,
        ddf: str | None = None,
        **options: object,
    ) -> pd.DataFrame:
        """Return a row a parameter: broom.mixed's table of a mixed model, broom's of lm and glm.

        Columns, those that apply: effect, group, level, term, estimate, std.error, statistic, df,
        p.value, conf.low, conf.high. Rows: fixed effects, then variance parameters (``sd__Days``,
        ``cor__(Intercept).Days``, ``sd__Observation``), conditional modes, coefficients by level.
        A table of lm or glm starts with term.

        Parameters
        ----------
        effects
            Of a mixed model some of ``"ran_pars"`` (variance parameters), ``"fixed"``,
            ``"ran_vals"`` (conditional modes, std.error being their conditional SD) and
            ``"ran_coefs"`` (fixed effects plus modes). None is the first two.
        conf_int, conf_level
            Whether there are limits, and at which level.
        conf_method
            ``"Wald"``, ``"profile"`` or ``"boot"``; None is broom's choice: Wald (by t for an lm),
            for a glm the profile. Wald gives none to variance parameters.
        scales
            ``"sdcor"`` (None) or ``"vcov"``: whether variance parameters are SDs and correlations,
            or variances and covariances (``var__``, ``cov__``). As in broom.mixed also a list with
            an entry for each of the effects.
        exponentiate
            Whether estimates and limits of the fixed effects are e to their power.
        ddf
            ``"Satterthwaite"`` or ``"Kenward-Roger"``: df, p.value and t limits of an lmer.
        options
            Of ``confint``, for profile and boot: ``n_boot``, ``seed``, ``workers``.

        Raises
        ------
        ArgumentError
            For an effect that the model does not have, and for arguments that contradict.
        """
        mixed = self.is_mixed
        chosen = tidied.choose_effects(effects, self.kind, mixed=mixed)
        scale = tidied.choose_scale(scales, chosen)
        if options and not conf_int:
            raise ArgumentError(f"{', '.join(options)} was given, but conf_int is False.")
        limits = None
        if conf_int:
            limits = choose_limits(self, conf_method, conf_level, ddf, options)
        parts: dict[str, pd.DataFrame] = {}
        if "fixed" in chosen:
            parts["fixed"] = _fixed(self, ddf, limits, power=exponentiate)
        if not mixed:
            return parts["fixed"]
        if "ran_pars" in chosen and self.varcorr is not None:
            parts["ran_pars"] = _parameters(self.varcorr, scale, limits)
        if "ran_vals" in chosen:
            parts["ran_vals"] = _modes(self, limits)
        if "ran_coefs" in chosen:
            parts["ran_coefs"] = _coefficients(self, limits)
        return tidied.stacked(parts)

    def glance(self: Estimates) -> pd.DataFrame:
        """Return one row of figures of the whole model.

        Mixed models: nobs, sigma, logLik, AIC, BIC, REMLcrit (by REML) or deviance (R's
        ``deviance``: of a glmer the one given the random effects), df.residual. lm: r.squared,
        adj.r.squared, sigma, statistic (F), p.value, df, logLik, AIC, BIC, deviance, df.residual,
        nobs. glm: null.deviance, df.null, logLik, AIC, BIC, deviance, df.residual, nobs.
        """
        return pd.DataFrame({name: [value] for name, value in glanced.figures(self).items()})

    def augment(self: Fitted, data: pd.DataFrame | None = None) -> pd.DataFrame:
        """Return the rows used, with figures by row after the columns of the data.

        Mixed models: .fitted and .resid (random effects included), .hat, .cooksd, .fixed (without
        random effects), and lme4's .mu, .offset, .sqrtXwt, .sqrtrwt, .weights, .wtres, of a glmer
        also .eta. lm: .fitted, .resid, .hat, .sigma (residual SD without the row), .cooksd,
        .std.resid. glm: .fitted, .resid, .std.resid, .hat, .sigma, .cooksd. On the scale of the
        link are .fitted, .fixed and .eta; .resid are R's residuals (deviance residuals of a glm).

        Parameters
        ----------
        data
            The table that the model was given, with whatever other columns; None is the columns
            that the model uses.

        Raises
        ------
        DataError
            When `data` has another number of rows than the model was given.
        """
        own = self.data
        given = own if data is None else data
        used = augmented.rows_of(given, self.rows, len(own))
        columns = augmented.columns_of(self)
        return augmented.with_columns(used, columns)
