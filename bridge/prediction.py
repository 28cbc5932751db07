"""Predictions, simulated responses, and fits to other responses or data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from bridge.arguments import as_draws, as_name, as_truth, as_whole, shown
from bridge.bootstrap import random_seed
from bridge.column import Frame
from bridge.encode import encode_like
from bridge.errors import ArgumentError, DataError, NotDefinedError
from bridge.formula import check_terms, unknown_column, update_formula
from bridge.frame import as_table
from bridge.handle import ask, session_of
from bridge.record import Record
from bridge.response import with_response
from bridge.session import Vector
from bridge.transfer import OWN
from bridge.values import as_mapping, as_matrix, as_numbers, as_vector, as_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bridge.fit import Fit
    from bridge.frame import Table
    from bridge.session import Argument

_SIDES = ("successes", "failures")
_MATRIX = 2


class Prediction(Record):
    """What a model says of its own and of other rows."""

    def predict(
        self,
        newdata: object = None,
        *,
        re_form: str | None = None,
        allow_new_levels: bool = False,
        type: Literal["response", "link"] = "response",  # noqa: A002
        se: bool = False,
        offset: Sequence[float] | np.ndarray[Any, Any] | None = None,
    ) -> pd.Series[float] | pd.DataFrame:
        """Return predictions for the rows used, or for new rows.

        Parameters
        ----------
        newdata
            Data with the columns of the formula's right side; labels of categories may be new
            among the grouping factors alone. None: the rows used.
        re_form
            The random effects that count: None all of them, ``"~0"`` none (the population), or a
            formula of some of the model's terms, as ``"~ (1 | school)"``.
        allow_new_levels
            Whether a group may be one that the model has not seen; its random effects are 0 then.
        type
            ``"response"``, or ``"link"``: the linear predictor.
        se
            Whether to give standard errors (SD) too. With random effects they are those of
            x'beta + z'b given theta, of which beta and the modes of b are estimated together; for
            ``"~0"`` those of x'beta by `vcov`. On the scale of the response by the delta method.
        offset
            For new rows, where the fit had values as its `offset`: theirs. A column is taken from
            `newdata` by its name.

        Returns
        -------
        Series, or with `se` a DataFrame with columns ``fit`` and ``se``
            By the row labels of `newdata`, else of the rows used. NaN where a row of `newdata`
            misses a value.
        """
        sent: dict[str, Argument] = {
            "allow_new_levels": as_truth("allow_new_levels", allow_new_levels),
            "type": as_name("type", type, ("response", "link")),
            "se": as_truth("se", se),
        }
        if re_form is not None:
            sent |= self._checked_terms(re_form)
        index = self.response.index
        if newdata is not None:
            table = as_table(newdata)
            index = table.index
            sent["newdata"] = _new_rows(self, table, population=_is_none(re_form))
            sent |= _new_offset(self, table, offset)
        elif offset is not None:
            raise ArgumentError("offset is for new rows: the rows used have theirs already.")
        parts = as_mapping(ask(self, "predict_model", sent).value)
        fitted = pd.Series(as_numbers(parts["fit"]), index=index, name="fit")
        if not se:
            return fitted
        return pd.DataFrame({"fit": fitted, "se": as_numbers(parts["se"])}, index=index)

    def _checked_terms(self, re_form: object) -> dict[str, Argument]:
        if not self.is_mixed:
            raise NotDefinedError(
                f"A model fitted by {self.kind} has no random effects, hence no re_form."
            )
        text = as_name("re_form", re_form)
        allow = tuple(self.arguments.get("allow", ()))
        if not _is_none(text):
            check_terms(session_of(self), text, allow)
        return {"re_form": text, "allow": list(allow) or None}

    def simulate(self, n: int = 1, *, seed: int | None = None, use_u: bool = False) -> pd.DataFrame:
        """Return responses drawn from the model.

        Parameters
        ----------
        n
            Number of responses.
        seed
            Of R's Mersenne twister: the draws are those of ``set.seed(seed); simulate(m, n)``.
            By default a random one; ``attrs["seed"]`` keeps it.
        use_u
            Whether the random effects are those estimated, instead of drawn anew.

        Returns
        -------
        DataFrame
            A row for each row used, columns ``sim_1``, ``sim_2``, ...; a binomial response of two
            counts has ``successes`` and ``failures`` below each.
        """
        number = random_seed() if seed is None else as_whole("seed", seed)
        sent: dict[str, Argument] = {"n": as_draws("n", n, self.nobs), "seed": number}
        if not as_truth("use_u", use_u):
            sent["re_form"] = "~0"
        elif not self.is_mixed:
            raise NotDefinedError(f"A model fitted by {self.kind} has no random effects: no use_u.")
        drawn = ask(self, "simulate_model", sent).value
        columns: dict[Any, Any] = {}
        for k, item in enumerate(drawn if isinstance(drawn, tuple | list) else (), start=1):
            vector = as_vector(item)
            if vector.shape is None:
                columns[f"sim_{k}"] = as_numbers(item)
            else:
                cells = as_numbers(item).reshape(vector.shape, order="F")
                columns |= {(f"sim_{k}", side): cells[:, j] for j, side in enumerate(_SIDES)}
        table = pd.DataFrame(columns, index=self.response.index)
        table.attrs["seed"] = number
        return table

    def refit(self, response: Any) -> Fit:  # noqa: ANN401  (any array of numbers)
        """Return the same model fitted to another response, by a whole new fit.

        lme4's own refit starts at the old estimates, and before 1.1-33 takes a wrong criterion for
        REML fits. Where the formula's left side is no bare column, the new fit's formula has the
        column ``.response`` there (or ``cbind(.successes, .failures)``).

        Parameters
        ----------
        response
            (n,) or, for a binomial response of two counts, (n, 2) numbers, on the scale of the
            formula's left side: for each row used, or for each row of the data.

        Raises
        ------
        DataError
            For a response of another length.
        NotDefinedError
            For lm and glm: use `update` with other data.
        """
        if not self.is_mixed:
            raise NotDefinedError(
                f"refit is for mixed models; use update(data=...) of this {self.kind}."
            )
        from bridge import models  # noqa: PLC0415  (it makes what this module is part of)

        session = session_of(self)
        request = with_response(self.request, session, _response(self, response))
        return models.fit_request(session, request)

    def update(self, formula: str | None = None, data: object = None, **changes: Any) -> Fit:  # noqa: ANN401
        """Return the model fitted with something changed, R's ``update``.

        Parameters
        ----------
        formula
            As R's update.formula takes it, ``". ~ . - raven"``; None keeps it.
        data
            Other data. The fit itself holds the columns that it used: a formula with new columns
            needs `data`.
        **changes
            Other arguments of the function that fitted the model, as ``REML=False``.
        """
        from bridge import models  # noqa: PLC0415  (it makes what this module is part of)

        given = {**_settings(self), **_per_row(self, data), **changes}
        session = given.get("session") or session_of(self)
        allow = tuple(given.get("allow", ()))
        text = self.formula
        if formula is not None:
            text = update_formula(session, text, formula, allow)
        function = getattr(models, self.kind)
        own = [name for name in self.frame.columns if name in OWN.values()]
        table = self.data.drop(columns=own) if data is None else data
        return function(text, table, **{**given, "session": session})  # type: ignore[no-any-return]

    @property
    def r_code(self) -> str:
        """R code that fits the same model to ``data``, the columns used, read into R."""
        sent = {
            name: self.arguments[name]
            for name in ("control", "start", "contrasts")
            if name in self.arguments
        }
        return "\n".join(as_words(ask(self, "model_code", {"given": sent}).value))


def _is_none(re_form: str | None) -> bool:
    return re_form is not None and "".join(re_form.split()) == "~0"


def _new_rows(fit: Record, table: Table, *, population: bool) -> Frame:
    """Return the columns of new rows that the right side needs."""
    parts = as_mapping(ask(fit, "needed_variables").value)
    needed = dict.fromkeys(as_words(parts["fixed"]))
    if not population:
        needed |= dict.fromkeys(as_words(parts["random"]))
    columns = {}
    for name in needed:
        if name not in fit.frame.columns:
            continue  # a constant, as pi
        if name not in table.names:
            raise DataError(f"newdata: {unknown_column(name, list(table.names))}")
        columns[name] = encode_like(name, table.column(name), fit.frame.columns[name], table.index)
    return Frame(columns, table.index)


def _new_offset(fit: Record, table: Table, given: object) -> dict[str, Argument]:
    """Return what the fit's argument `offset` is for new rows."""
    own = fit.arguments.get("offset")
    if own is None:
        if given is not None:
            raise ArgumentError("The model was fitted without the argument offset.")
        return {}
    if given is not None and not own.startswith("."):
        raise ArgumentError(f"The offset of new rows is their column {own!r}: leave offset= out.")
    if given is None:
        if own not in table.names:
            raise ArgumentError(
                "The model was fitted with an offset: give offset=, a number for each new row."
            )
        given = table.column(own)
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"offset is {shown(given)}; expected numbers.") from error
    if values.shape != (len(table),) or np.isinf(values).any():
        raise DataError(
            f"offset is {shown(given)}; expected {len(table)} finite numbers, one for each new row."
        )
    return {"offset": Vector(values), "own": own}


def _response(fit: Record, given: object) -> NDArray[np.float64]:
    """Return (nrow,) or (nrow, 2) values for all rows of the data, NaN where a row is not used."""
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"The response is {shown(given)}; expected numbers.") from error
    if isinstance(given, pd.Series | pd.DataFrame):
        _require_labels(fit, given.index)
    if values.ndim == _MATRIX and values.shape[1] == 1:
        values = values[:, 0]
    two_counts = fit.kind == "glmer" and fit.family == "binomial"
    if values.ndim != 1 and not (
        two_counts and values.ndim == _MATRIX and values.shape[1] == _MATRIX
    ):
        counts = ", or two counts for each" if two_counts else ""
        raise DataError(
            f"The response has shape {values.shape}; expected a number for each row{counts}."
        )
    values = values[_places(fit, values)]
    if not np.isfinite(values).all():
        raise DataError("The response holds a value that is missing or infinite.")
    spread = np.full((fit.frame.nrow, *values.shape[1:]), np.nan)
    spread[fit.rows] = values
    return spread


def _require_labels(fit: Record, index: pd.Index[Any]) -> None:
    if not (index.equals(fit.response.index) or index.equals(fit.frame.index)):
        raise DataError(
            "The response has other row labels than the data. Align it first, or pass its "
            ".to_numpy()."
        )


def _places(fit: Record, values: np.ndarray[Any, Any]) -> slice | np.ndarray[Any, Any]:
    if values.shape[:1] == (fit.nobs,):
        return slice(None)
    if values.shape[:1] == (fit.frame.nrow,):
        return fit.rows
    raise DataError(
        f"The response has shape {values.shape}; expected {fit.nobs} values, one for each row "
        f"used, or {fit.frame.nrow}, one for each row of the data."
    )


def _settings(fit: Record) -> dict[str, Any]:
    """Return the other arguments as the user may give them again."""
    found = {
        name: _given(value)
        for name, value in fit.arguments.items()
        if name not in ("weights", "offset", "subset")
    }
    if fit.request.reference:
        found["reference"] = fit.request.reference
    return found


def _given(value: object) -> Any:  # noqa: ANN401
    if isinstance(value, Mapping):
        return {name: _given(item) for name, item in value.items()}
    if not isinstance(value, Vector):
        return value
    if value.shape is None:
        return np.asarray(value.cells)
    return as_matrix(value)


def _per_row(fit: Record, data: object) -> dict[str, Any]:
    """Return weights, offset and subset as they were given, those of values by their values."""
    found: dict[str, Any] = {}
    for name in ("weights", "offset", "subset"):
        column = fit.arguments.get(name)
        if column is None:
            continue
        if not column.startswith("."):
            found[name] = column
        elif data is None:
            values = fit.frame.columns[column].cells
            found[name] = values == 1 if name == "subset" else values
        else:
            raise ArgumentError(
                f"The {name} were values for the rows of the first data: give {name}= for the new."
            )
    return found
