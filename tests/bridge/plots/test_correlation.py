"""The picture of the fixed effects' correlations has R's numbers in its cells."""

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from bridge.errors import ArgumentError
from bridge.fit import Fit
from bridge.plots import Plots
from tests.bridge.plots.fake_fits import fake_fit, layout


def cells(ax: Axes) -> dict[tuple[str, str], str]:
    rows = [text.get_text() for text in ax.get_yticklabels()]
    columns = [text.get_text() for text in ax.get_xticklabels()]
    found = {}
    for text in ax.texts:
        column, row = (round(place) for place in text.get_position())
        found[rows[row], columns[column]] = text.get_text()
    return found


def test_each_pair_has_its_number_once() -> None:
    names = ["(Intercept)", "x", "z"]
    vcov = pd.DataFrame([[4, -1, 0.5], [-1, 1, 0.9], [0.5, 0.9, 9]], index=names, columns=names)
    panel = Plots(fake_fit(vcov=vcov)).correlation()
    assert cells(panel) == {
        ("x", "(Intercept)"): "-0.50",
        ("z", "(Intercept)"): "0.08",
        ("z", "x"): "0.30",
    }
    shown = panel.images[0].get_array()
    assert shown is not None
    assert panel.images[0].get_clim() == (-1.0, 1.0)
    assert np.ma.getmaskarray(shown).tolist() == [[False, True], [False, False]]
    assert shown[0, 0] == -0.5


def test_an_effect_without_variance_is_undefined() -> None:
    names = ["(Intercept)", "x"]
    vcov = pd.DataFrame([[4.0, 0.0], [0.0, 0.0]], index=names, columns=names)
    panel = Plots(fake_fit(vcov=vcov)).correlation()
    assert cells(panel) == {("x", "(Intercept)"): "undefined"}


def test_many_effects_have_names_that_do_not_touch() -> None:
    names = [f"a rather long coefficient {k}" for k in range(24)]
    vcov = pd.DataFrame(np.eye(24), index=names, columns=names)
    panel = Plots(fake_fit(vcov=vcov)).correlation()
    layout(panel)
    boxes = [text.get_window_extent() for text in panel.get_yticklabels()]
    assert all(low.y0 >= high.y1 - 1 for low, high in pairwise(boxes))
    assert len(panel.texts) == 24 * 23 / 2


def test_one_effect_has_none() -> None:
    vcov = pd.DataFrame([[1.0]], index=["(Intercept)"], columns=["(Intercept)"])
    with pytest.raises(ArgumentError, match="1 fixed coefficient"):
        Plots(fake_fit(vcov=vcov)).correlation()


@pytest.mark.r
def test_its_numbers_are_those_of_rs_summary(school_fit: Fit, sleep_fit: Fit) -> None:
    for fit in (school_fit, sleep_fit):
        found = cells(Plots(fit).correlation())
        assert len(found) == len(fit.fixef) * (len(fit.fixef) - 1) / 2
        block = fit.summary().split("Correlation of Fixed Effects:")[1].split("\n\n")[0]
        printed = [float(number) for number in re.findall(r"(?<!\S)-?\d\.\d{3}(?!\S)", block)]
        if not printed:  # R prints none for more than twenty
            pytest.fail(block)
        shown = [float(number) for number in found.values()]
        # Rows of the lower triangle, as R prints them in blocks of columns: compared as a bag.
        np.testing.assert_allclose(sorted(shown), sorted(printed), atol=0.0056)
