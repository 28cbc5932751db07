"""The page of diagnostics, and what all pictures have in common."""

import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest

import bridge
from bridge.errors import BridgeError
from bridge.fit import Fit
from bridge.plots import Plots, pairs
from bridge.plots.style import COLOURS, DASHES, MARKERS
from tests.bridge.plots.fake_fits import fake_fit, layout

TITLES = [
    "school: (Intercept)",
    "Q-Q, school: (Intercept)",
    "Density, school: (Intercept)",
    "Residuals and fitted values",
    "Normal Q-Q of scaled residuals",
]


@pytest.mark.r
def test_the_page_has_six_pictures(school_fit: Fit) -> None:
    axes = Plots(school_fit).diagnostics(at={"gender": "girl"})
    assert axes.shape == (2, 3)
    assert [panel.get_title(loc="left") for panel in axes.flat][:5] == TITLES
    title = axes[1, 2].get_title(loc="left").replace("\n", " ")
    assert title == "Predictions, each school, at gender = girl, social = 1"
    assert len(plt.get_fignums()) == 1
    sizes = [text.get_fontsize() for text in axes[0, 0].get_yticklabels()]
    assert len(sizes) == 49
    assert min(sizes) >= 5.5


@pytest.mark.r
def test_a_group_and_a_term_can_be_chosen(sleep_fit: Fit, crossed_fit: Fit) -> None:
    axes = Plots(sleep_fit).diagnostics("Subject", "Days")
    assert axes[0, 0].get_title(loc="left") == "Subject: Days"
    axes = Plots(crossed_fit).diagnostics("sample")
    assert axes[0, 2].get_title(loc="left") == "Density, sample: (Intercept)"
    assert not axes[1, 2].axison  # no covariate, no lines


@pytest.mark.r
def test_a_model_without_groups_has_three(linear_fit: Fit, singular_fit: Fit) -> None:
    axes = Plots(linear_fit).diagnostics()
    assert axes.shape == (1, 3)
    assert axes[0, 2].get_xlabel() == "Days"
    layout(Plots(singular_fit).diagnostics()[0, 0])


def test_no_text_of_the_page_lies_on_another() -> None:
    panel = Plots(fake_fit()).residuals()
    layout(panel)
    texts = [panel.title, panel.xaxis.label, panel.yaxis.label, *panel.get_xticklabels()]
    boxes = [text.get_window_extent() for text in texts if text.get_text()]
    overlaps = [(k, m) for k in range(len(boxes)) for m in range(k) if boxes[k].overlaps(boxes[m])]
    assert overlaps == []


def test_the_names_of_the_pictures_are_shown() -> None:
    assert repr(Plots(fake_fit())).startswith("<pictures of 'y ~ x + (1 | g)': caterpillar, ")


def test_each_look_is_there_once() -> None:
    assert len({*COLOURS}) == len({*MARKERS}) == len({*map(str, DASHES)}) == 8


def test_neighbouring_colours_differ_in_grey() -> None:
    parts = np.array([[int(c[k : k + 2], 16) for k in (1, 3, 5)] for c in COLOURS])
    grey = parts @ [0.299, 0.587, 0.114]
    assert np.abs(np.diff(grey)).min() > 35  # of 255


def test_importing_the_pictures_imports_no_matplotlib() -> None:
    code = (
        "import bridge.plots, sys; assert not any(m.startswith('matplotlib') for m in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_missing_matplotlib_is_said_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    monkeypatch.setattr(sys.modules["matplotlib"], "pyplot", None, raising=False)
    with pytest.raises(BridgeError, match=r"pip install 'lme4-parity\[plots\]'"):
        Plots(fake_fit()).qq()


@pytest.mark.r
def test_a_fit_has_its_pictures_and_the_package_its_pairs(sleep_fit: Fit) -> None:
    assert bridge.pairs is pairs
    (panel, _) = sleep_fit.plot.caterpillar()
    assert panel.get_title(loc="left") == "Subject: (Intercept)"
