"""Another package's fits, in its own interpreter: ``PYTHON benchmarks/rival.py PACKAGE``.

A question names a folder with ``model.json`` (formula, factors, family) and ``data.csv``. A fit is
what the package's user writes; all defaults are its own.
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

# The folder of this file would come first, and its modules be taken for the packages'.
sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.serve import serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.serve import Work


def _read(folder: Path) -> tuple[dict[str, Any], Any]:
    pandas = importlib.import_module("pandas")
    model = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    types = dict.fromkeys(model["factors"], "str")
    return model, pandas.read_csv(folder / "data.csv", dtype=types)


def _glmm(folder: Path) -> Work:
    glmm = importlib.import_module("glmm")
    model, data = _read(folder)
    options = {"family": model["family"]} if model["family"] else {"reml": True}
    return lambda: -2.0 * float(glmm.fit(data, model["formula"], **options).loglik)


def _mixedlm(folder: Path) -> Work:
    mixedlm = importlib.import_module("mixedlm")
    model, data = _read(folder)
    if not model["family"]:
        return lambda: -2.0 * float(mixedlm.lmer(model["formula"], data).logLik().value)
    family = getattr(mixedlm.families, model["family"].capitalize())()
    return lambda: -2.0 * float(mixedlm.glmer(model["formula"], data, family=family).logLik().value)


def _pymer4(folder: Path) -> Work:
    polars, models = importlib.import_module("polars"), importlib.import_module("pymer4.models")
    model, data = _read(folder)
    table = polars.from_pandas(data)

    def fit() -> float:
        fitted = models.lmer(model["formula"], data=table)
        fitted.fit()
        return -2.0 * float(fitted.result_fit_stats["logLik"][0])

    return fit


PACKAGES: dict[str, Callable[[Path], Work]] = {
    "glmm": _glmm,
    "mixedlm": _mixedlm,
    "pymer4": _pymer4,
}

if __name__ == "__main__":
    package = sys.argv[1]
    warnings.simplefilter("ignore")
    try:
        importlib.import_module("pymer4.models" if package == "pymer4" else package)
    # R packages that are missing come as errors of rpy2's.
    except Exception as failure:  # noqa: BLE001
        words = " ".join(str(failure).split())
        print(f"error\t{package} cannot be imported ({type(failure).__name__}: {words}).")
    else:
        serve({"fit": PACKAGES[package]}, f"{package} {metadata.version(package)}")
