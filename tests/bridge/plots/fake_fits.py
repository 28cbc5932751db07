"""A fit whose numbers are known without R, and a figure laid out without a file."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bridge.fit import Fit


def fake_fit(**parts: object) -> Fit:
    """A fit of 40 rows and four groups that R never saw."""
    rng = np.random.default_rng(20)
    modes = pd.DataFrame({"(Intercept)": [1.5, -2.0, 0.25, 0.5]}, index=list("abcd"))
    blocks = {"grp": ["g"], "var1": ["(Intercept)"], "var2": [None], "vcov": [4.0], "sdcor": [2.0]}
    names = ["(Intercept)", "x"]
    given: dict[str, Any] = {
        "kind": "lmer",
        "formula": "y ~ x + (1 | g)",
        "family": None,
        "link": None,
        "arguments": {},
        "contrasts": {},
        "rows": np.arange(40),
        "ranef": {"g": modes},
        "ranef_sd": {"g": modes.abs() / 2 + 0.125},
        "varcorr": pd.DataFrame(blocks),
        "vcov": pd.DataFrame([[4.0, -1.0], [-1.0, 1.0]], index=names, columns=names),
        "fitted": pd.Series(rng.normal(size=40)),
        "resid": pd.Series(rng.normal(size=40)),
        "scaled_resid": pd.Series(rng.normal(size=40)),
    }
    return cast("Fit", SimpleNamespace(**given | parts))


def layout(ax: Axes) -> None:
    """Lay out the figure, so that each text has its place."""
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
