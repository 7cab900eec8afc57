"""How plots look, and how they become files: the same data gives the same bytes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidlabel.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Draw = Callable[["Figure"], None]
"""Fills an empty figure."""

BLUE, VERMILION, GREY = "#0072B2", "#D55E00", "#6f6f6f"
"""Colours of Okabe and Ito, which people with any colour vision can distinguish."""

_STYLE: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same letters everywhere
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.edgecolor": "#b0b0b0",
    "axes.labelcolor": "#333333",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.parse_math": False,  # a label may hold dollars
    "xtick.color": "#555555",
    "ytick.color": "#555555",
    "legend.frameon": False,
    "svg.hashsalt": "vidlabel",
    "svg.fonttype": "path",
}
_DOTS_PER_INCH = 150


def save_plot(path: Path, draw: Draw) -> None:
    """Write a plot as PNG and SVG, each whole or not at all.

    Args:
        path: without a suffix.
        draw: fills the figure.

    Raises:
        OutputError: a file cannot be written.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with rc_context(_STYLE), warnings.catch_warnings():
        # Letters that the font lacks become boxes; the tables have them.
        warnings.filterwarnings("ignore", message=r"Glyph \d+", category=UserWarning)
        figure = Figure(layout="constrained")
        draw(figure)
        for suffix, canvas in ((".png", FigureCanvasAgg), (".svg", FigureCanvasSVG)):
            canvas(figure)  # becomes the one that the figure is saved with
            content = io.BytesIO()
            unwanted = {"Software": None} if suffix == ".png" else {"Date": None, "Creator": None}
            figure.savefig(content, format=suffix[1:], dpi=_DOTS_PER_INCH, metadata=unwanted)
            with atomic_write(path.with_name(path.name + suffix)) as file:
                file.write(content.getvalue())


def shortened(text: str, characters: int = 24) -> str:
    """A label that fits beside an axis."""
    return text if len(text) <= characters else text[: characters - 1] + "…"


def light_grid(axes: Axes) -> None:
    """Lines that help the eye, behind the data."""
    axes.grid(color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
