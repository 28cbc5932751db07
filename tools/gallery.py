"""Draw the pictures of the README's gallery, from data that ship with the package.

    python tools/gallery.py docs/gallery

Needs R with lme4, and matplotlib (which brings Pillow).
"""  # noqa: INP001 - a script, no package

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from PIL import Image

from bridge import glmer, lmer
from bridge.plots import Plots, pairs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DATASETS = Path(__file__).parents[1] / "parity" / "data" / "datasets"
DPI = 90
COLOURS = 64  # of a palette: a picture of lines and points needs no more, and is a third in size


def save(axes: object, path: Path) -> None:
    """Write the figure of `axes` as a small PNG."""
    figure: Figure = np.ravel(np.array(axes, dtype=object))[0].figure
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=DPI)
    plt.close(figure)
    picture = Image.open(drawn).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)


def draw_all(folder: Path) -> None:
    """Write every picture of the gallery."""
    pupils = pd.read_csv(DATASETS / "jsp.csv").astype({"school": "category"})
    nights = pd.read_csv(DATASETS / "sleepstudy.csv", dtype={"Subject": "category"})
    herds = pd.read_csv(DATASETS / "cbpp.csv").astype({"herd": "category", "period": "category"})
    schools = Plots(lmer("math ~ raven + gender + (1 | school)", pupils))
    subjects = Plots(lmer("Reaction ~ Days + (Days | Subject)", nights))
    disease = Plots(glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", herds))
    classes = pupils.assign(social=pd.cut(pupils["social"], [0, 2, 4, 6, 9], labels=[*"1234"]))
    save(schools.diagnostics(), folder / "diagnostics.png")
    save(subjects.caterpillar(), folder / "caterpillar.png")
    save(subjects.lines("Days"), folder / "lines.png")
    save(disease.correlation(), folder / "correlation.png")
    save(pairs(classes, ["social", "raven", "math"], hue="gender"), folder / "pairs.png")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Draw the pictures of the README's gallery.")
    parser.add_argument("folder", type=Path, help="where to write them")
    folder = parser.parse_args().folder
    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    draw_all(folder)


if __name__ == "__main__":
    main()
