"""The density's curves are the kernel's and the model's, and each mode has its mark."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from scipy.stats import norm

from bridge.errors import BridgeError
from bridge.fit import Fit
from bridge.plots import Plots
from tests.bridge.plots.fake_fits import fake_fit, layout


def line(ax: Axes, label: str) -> Line2D:
    (found,) = (each for each in ax.lines if str(each.get_label()).startswith(label))
    return found


def kernel(modes: list[float], x: float) -> float:
    """Scott's rule for one variable: the SD times n to the power -1/5."""
    width = float(np.std(modes, ddof=1)) * len(modes) ** -0.2
    return float(np.mean(norm.pdf(x, np.array(modes), width)))


def test_the_curves_and_marks_are_those_of_the_modes() -> None:
    (panel,) = Plots(fake_fit()).density()
    modes = [1.5, -2.0, 0.25, 0.5]
    assert np.asarray(line(panel, "_modes").get_xdata()).tolist() == modes
    x, y = np.array(line(panel, "random effects").get_data())
    # The same sum of four normal densities, in another order.
    np.testing.assert_allclose(y, [kernel(modes, value) for value in x], rtol=1e-12)
    x, y = np.array(line(panel, "normal").get_data())
    np.testing.assert_array_equal(y, norm.pdf(x, scale=2.0))
    assert line(panel, "normal").get_label() == "normal, SD 2"
    assert (x.min(), x.max()) == (-6.0, 6.0) == panel.get_xlim()
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("(Intercept)", "density")


def test_a_mode_far_out_is_within() -> None:
    modes = pd.DataFrame({"(Intercept)": [10.0, -1.0, 1.0, 0.0]}, index=list("abcd"))
    (panel,) = Plots(fake_fit(ranef={"g": modes})).density()
    assert panel.get_xlim()[1] > 10.0


def test_the_legend_lies_on_no_curve() -> None:
    (panel,) = Plots(fake_fit()).density()
    layout(panel)
    legend = panel.get_legend()
    assert legend is not None
    box = legend.get_window_extent()
    for label in ("random effects", "normal"):
        places = panel.transData.transform(np.column_stack(line(panel, label).get_data()))
        assert not any(box.contains(*place) for place in places)


def test_the_sd_is_that_of_the_terms_own_block() -> None:
    blocks = {
        "grp": ["g", "g.1", "g.1", "g.1", "h"],
        "var1": ["x", "(Intercept)", "z", "(Intercept)", "(Intercept)"],
        "var2": [None, None, None, "z", None],
        "vcov": [1.0, 9.0, 16.0, 0.5, 25.0],
        "sdcor": [1.0, 3.0, 4.0, 0.04, 5.0],
    }
    modes = fake_fit().ranef["g"]  # type: ignore[index]
    fit = fake_fit(varcorr=pd.DataFrame(blocks), ranef={"g": modes, "h": modes})
    shown = [line(panel, "normal").get_label() for panel in Plots(fit).density()]
    assert shown == ["normal, SD 3", "normal, SD 5"]


def test_a_term_without_a_variance_is_an_error() -> None:
    blocks = {"grp": ["g"], "var1": ["x"], "var2": [None], "vcov": [1.0], "sdcor": [1.0]}
    with pytest.raises(BridgeError, match="0 variances"):
        Plots(fake_fit(varcorr=pd.DataFrame(blocks))).density()


@pytest.mark.r
def test_it_shows_what_the_fit_has(sleep_fit: Fit, crossed_fit: Fit) -> None:
    for fit in (sleep_fit, crossed_fit):
        table = fit.varcorr
        assert table is not None
        for panel in Plots(fit).density():
            group, term = panel.get_title(loc="left").removeprefix("Density, ").split(": ")
            own = table[(table["grp"] == group) & (table["var1"] == term) & table["var2"].isna()]
            x, y = np.array(line(panel, "normal").get_data())
            np.testing.assert_array_equal(y, norm.pdf(x, scale=own["sdcor"].item()))
            modes = fit.ranef[group][term]  # type: ignore[index]
            assert np.asarray(line(panel, "_modes").get_xdata()).tolist() == modes.tolist()


@pytest.mark.r
def test_a_singular_fit_has_no_curve_and_says_so(singular_fit: Fit) -> None:
    (panel,) = Plots(singular_fit).density()
    layout(panel)
    assert [str(each.get_label()) for each in panel.lines] == ["estimated SD is 0", "_modes"]
