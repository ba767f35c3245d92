"""Growth curves as PNG; only modules of this name need matplotlib."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.growth import Curve

_COLOURS = {"priority": "#1f5fa8", "distance": "#c2541b"}


def plot_growth(curves: Iterable[Curve], folder: Path) -> None:
    """Write one ``growth-AXIS.png`` for each axis into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for axis, of_axis in groupby(curves, key=lambda curve: curve.axis):
        figure = Figure(figsize=(5, 3.4), layout="constrained")
        axes = figure.subplots()
        for curve in of_axis:
            axes.loglog(
                curve.sizes,
                curve.seconds,
                "o-",
                color=_COLOURS[curve.algorithm],
                label=f"{curve.algorithm}, exponent {curve.exponent:.2f}",
            )
        axes.set_xlabel(axis)
        axes.set_ylabel("seconds, warm")
        axes.grid(True, which="both", alpha=0.25)
        axes.legend(frameon=False)
        figure.savefig(folder / f"growth-{axis}.png", dpi=110, metadata={"Software": None})
