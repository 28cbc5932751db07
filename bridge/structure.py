"""The parts of a fitted model: lme4's getME, coef, covariances."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bridge.arguments import as_name, as_number, as_truth, shown
from bridge.arrays import Arrays, arrays_of
from bridge.errors import ArgumentError, NotDefinedError
from bridge.handle import ask
from bridge.record import Record
from bridge.session import Vector
from bridge.values import as_array, as_mapping, as_matrices, as_matrix, as_numbers, as_one, as_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from bridge.session import Value


def require_random(fit: Record, what: str) -> None:
    """Raise NotDefinedError unless the model has random effects."""
    if not fit.is_mixed:
        raise NotDefinedError(
            f"A model fitted by {fit.kind} has no random effects, hence no {what}."
        )


class Structure(Record):
    """What a fitted model is made of."""

    @property
    def coef(self) -> Mapping[str, pd.DataFrame]:
        """By grouping factor, level x term: fixed and random effects together, lme4's ``coef``."""
        require_random(self, "coefficients by group; `fixef` has its coefficients")
        return as_matrices(ask(self, "model_coefficients").value)

    @cached_property
    def ranef_sd(self) -> Mapping[str, pd.DataFrame]:
        """By grouping factor, level x term: conditional SD of the random effects.

        Computed at the first use, which on large data can take as long as the fit.

        Raises
        ------
        NotDefinedError
            For a model without random effects.
        """
        require_random(self, "standard deviations of them")
        if self._ranef_sd is not None:
            return self._ranef_sd
        return as_matrices(ask(self, "extract_ranef_sd").value)

    @cached_property
    def ranef_cov(self) -> Mapping[str, Mapping[str, pd.DataFrame]]:
        """By grouping factor and level, term x term: conditional covariance of the random effects.

        Between the terms of two blocks of one factor, as of ``(x || g)``, lme4 gives no
        covariance: it is 0 here.
        """
        require_random(self, "covariances of them")
        parts = as_mapping(ask(self, "ranef_covariances").value)
        return {group: _by_level(as_mapping(part)) for group, part in parts.items()}

    def ranef_table(self) -> pd.DataFrame:
        """Return lme4's ``as.data.frame(ranef(m))``: grpvar, term, grp, condval, condsd (SD)."""
        require_random(self, "table of them")
        tables = []
        for group, modes in (self.ranef or {}).items():
            deviations = self.ranef_sd[group]
            for term in modes.columns:
                columns = {"grpvar": group, "term": term, "grp": modes.index}
                numbers = {"condval": modes[term].array, "condsd": deviations[term].array}
                tables.append(pd.DataFrame(columns | numbers))
        return pd.concat(tables, ignore_index=True)

    def get_me(self, name: str) -> Any:  # noqa: ANN401  (lme4's getME gives what it is asked for)
        """Return a part of the model by lme4's name of it, as ``"X"``, ``"Z"``, ``"Lambda"``.

        Returns
        -------
        DataFrame, csc_array, Series, ndarray, dict, ...
            A dense matrix is a DataFrame, a sparse one SciPy's ``csc_array``; lists are dicts or
            tuples. Zero-based are `Lind` and the like not: they are R's numbers.

        Raises
        ------
        ArgumentError
            For a name that lme4 does not know, or of what is no plain data.
        NotDefinedError
            For a model without random effects.
        """
        require_random(self, f"part {name!r} by getME")
        return _part(ask(self, "get_part", {"name": as_name("name", name)}).value)

    def arrays(self) -> Arrays:
        """Return an lmer as plain arrays, with its estimates: see :class:`bridge.arrays.Arrays`.

        Raises
        ------
        NotDefinedError
            For a model of another kind.
        """
        return arrays_of(self)

    def covariance(self, *, use_hessian: bool | None = None, full: bool = False) -> pd.DataFrame:
        """Return the covariance of the fixed effects (variances on the diagonal), R's ``vcov``.

        Parameters
        ----------
        use_hessian
            glmer: whether from the Hessian of the deviance (the default, where there is one) or
            from RX.
        full
            glmer: of theta and the fixed effects together, 2 H^-1 with H the Hessian of the
            deviance, of which the part of the fixed effects is `vcov`.

        Raises
        ------
        ArgumentError
            Where there is no Hessian.
        """
        sent = {"full": as_truth("full", full)}
        if use_hessian is not None:
            sent["use_hessian"] = as_truth("use_hessian", use_hessian)
            if self.kind in ("lm", "glm", "lmer"):
                raise ArgumentError(
                    f"use_hessian is for glmer; this model is fitted by {self.kind}."
                )
            if full and not use_hessian:
                raise ArgumentError("full=True is by the Hessian, and use_hessian=False is not.")
        return as_matrix(ask(self, "model_covariance", sent).value)

    def is_singular(self, tol: float = 1e-4) -> bool:
        """Return whether theta lies on its boundary, within `tol` (lme4's isSingular)."""
        require_random(self, "boundary")
        sent = {"tol": as_number("tol", tol, low=0.0)}
        return bool(as_one(ask(self, "is_singular_model", sent).value))

    def re_pca(self) -> dict[str, pd.DataFrame]:
        """Return, by grouping factor, the principal components of the random effects (rePCA).

        Returns
        -------
        dict of DataFrame
            Component x (``sdev``, ``proportion``, then a column a term): SDs relative to sigma,
            shares of the variance, and loadings in lme4's order of terms.
        """
        require_random(self, "principal components")
        parts = as_mapping(ask(self, "ranef_components").value)
        return {group: _components(as_mapping(part)) for group, part in parts.items()}

    def to_rds(self, path: str | PathLike[str]) -> None:
        """Write the model as an R object, for ``readRDS`` in R.

        Raises
        ------
        ArgumentError
            For a path that is none, or in a folder that does not exist.
        """
        ask(self, "write_model", {"path": str(_writable(path))})


def _writable(path: object) -> Path:
    """Return the whole path of a file: R may run in another folder."""
    if not isinstance(path, str | os.PathLike) or not os.fspath(path) or "\0" in str(path):
        raise ArgumentError(f"path is {shown(path)}; expected the path of a file to write.")
    whole = Path(str(path)).absolute()
    if whole.is_dir():
        raise ArgumentError(f"path is {str(path)!r}, which is a folder; expected a file in it.")
    if not whole.parent.is_dir():
        raise ArgumentError(f"path is {str(path)!r}, and there is no folder {str(whole.parent)!r}.")
    return whole


def _by_level(part: Mapping[str, Value]) -> dict[str, pd.DataFrame]:
    terms, levels = as_words(part["terms"]), as_words(part["levels"])
    cells = as_numbers(part["cells"]).reshape(len(terms), len(terms), len(levels), order="F")
    names = list(terms)
    return {
        level: pd.DataFrame(cells[:, :, k], index=names, columns=names)
        for k, level in enumerate(levels)
    }


def _components(part: Mapping[str, Value]) -> pd.DataFrame:
    deviations = as_numbers(part["sdev"])
    variances = deviations**2
    total = variances.sum()
    shares = variances / total if total > 0 else np.zeros_like(variances)
    loadings = as_matrix(part["rotation"]).T.reset_index(drop=True)
    loadings.columns = [f"term{k}" for k in range(1, loadings.shape[1] + 1)]
    table = pd.DataFrame({"sdev": deviations, "proportion": shares})
    table = pd.concat([table, loadings], axis=1)
    table.index = pd.Index([f"PC{k}" for k in range(1, len(table) + 1)])
    return table


def _part(value: Value) -> Any:  # noqa: ANN401
    if isinstance(value, Vector):
        return _vector_part(value)
    if not hasattr(value, "keys"):
        return None if value is None else tuple(_part(item) for item in value)
    parts = as_mapping(value)
    if "sparse" in parts:
        return _sparse(parts)
    return {name: _part(item) for name, item in parts.items()}


def _vector_part(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value.cells, tuple):
        return value.cells
    if value.shape is not None:
        return as_matrix(value)
    if value.names is not None:
        return pd.Series(as_array(value), index=list(value.names))
    return as_array(value)


def _sparse(parts: Mapping[str, Value]) -> Any:  # noqa: ANN401
    from scipy.sparse import csc_array  # noqa: PLC0415  (costs 0.1 s and is seldom needed)

    rows, columns = as_array(parts["dim"]).tolist()
    cells = (as_array(parts["x"]), as_array(parts["i"]), as_array(parts["p"]))
    return csc_array(cells, shape=(rows, columns))
