"""A fit by the criterion itself, from a data frame or from arrays; and that in a fresh process.

    python benchmarks/native.py     answers questions: see companion.py

A question names a folder of raw columns ``y``, ``x`` and ``g``, and ``columns.txt`` with a formula.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path.pop(0)
    sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd

from benchmarks.serve import serve
from parity.criterion.model import Block, Model
from parity.criterion.refit import Fitter
from parity.design.statement import state
from parity.formula import parse

if TYPE_CHECKING:
    from benchmarks.serve import Work
    from parity.spec import ModelSpec


def fit_frame(spec: ModelSpec, data: pd.DataFrame) -> float:
    """Return the deviance at the optimum of a linear mixed model on a data frame.

    Theta, the fixed effects and sigma are computed, too; covariances and random effects are not.
    """
    return fit_arrays(state(spec, data).model, reml=spec.criterion == "REML")


def fit_arrays(model: Model, *, reml: bool = True) -> float:
    """Return the same of arrays."""
    found = Fitter(model, reml=reml).fit(model.y[:, None])
    assert found.converged.all()
    for figure in (found.theta, found.beta, found.sigma):
        assert np.isfinite(figure).all()
    return float(found.deviance[0])


def arrays(data: pd.DataFrame, *, slope: bool = False) -> Model:
    """Return simulated data (`examples.simulate`) as a model's arrays."""
    X = np.column_stack([np.ones(len(data)), data["x"]])
    codes = data["g"].to_numpy(np.intp)
    block = Block(codes, X if slope else X[:, :1], int(codes.max()) + 1)
    return Model(data["y"].to_numpy(np.float64), X, (block,))


def write_columns(folder: Path, formula: str, data: pd.DataFrame) -> int:
    """Leave simulated data for a fresh process, and return the bytes of its columns."""
    (folder / "columns.txt").write_text(formula + "\n", encoding="utf-8")
    for name, column in data.items():
        column.to_numpy().tofile(folder / str(name))
    return sum((folder / str(name)).stat().st_size for name in data)


def _read(folder: Path) -> tuple[str, pd.DataFrame]:
    formula = (folder / "columns.txt").read_text(encoding="utf-8").strip()
    types = {"y": np.float64, "x": np.float64, "g": np.int32}
    columns = {name: np.fromfile(folder / name, kind) for name, kind in types.items()}
    return formula, pd.DataFrame(columns, copy=False)


def _from_frame(folder: Path) -> Work:
    formula, data = _read(folder)
    table = _labelled(data)
    del data
    return lambda: fit_frame(parse(formula), table)


def _labelled(data: pd.DataFrame) -> pd.DataFrame:
    labels = pd.RangeIndex(int(data["g"].max()) + 1).astype(str)
    return data.assign(g=pd.Categorical.from_codes(data["g"].to_numpy(), labels))


def _from_arrays(folder: Path) -> Work:
    formula, data = _read(folder)
    model = arrays(data, slope="x |" in formula)
    del data
    return lambda: fit_arrays(model)


if __name__ == "__main__":
    # pandas imports much of itself, and of Arrow, with its first table
    _labelled(pd.DataFrame({"y": [0.0], "x": [0.0], "g": np.zeros(1, np.int32)}))
    serve({"frame": _from_frame, "arrays": _from_arrays})
