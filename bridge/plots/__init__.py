"""Pictures of a fit and of data, on matplotlib's axes.

matplotlib is imported when something is drawn, not before. Where no axes are given, a new figure is
made by pyplot, so that notebooks show it; nothing is shown, closed or set for later pictures. In a
server or a thread give the axes of a ``matplotlib.figure.Figure`` of your own.
"""

from bridge.plots.accessor import Plots
from bridge.plots.pairwise import pairs

__all__ = ["Plots", "pairs"]
