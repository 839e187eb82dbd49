"""A chart on a page; what stands beside it is there before it is."""

import nicegui.elements.echart  # noqa: F401 - tells browsers where ECharts is
from nicegui import ui

# Asked for at once, while the framework is still being loaded; run when it has come.
_EARLY = '<script type="module">import("nicegui-echart")</script>'


class Plot(ui.element, component="static/plot.js"):
    """A chart by options of ECharts; texts in them are plain, so nothing in them is run."""

    def __init__(self, options: dict[str, object] | None = None) -> None:
        """Draw it; without options there is nothing to see yet."""
        super().__init__()
        self.props["options"] = options or {}
        if options:
            ui.add_head_html(_EARLY)

    def show(self, options: dict[str, object]) -> None:
        """Draw other options in its place."""
        self.props["options"] = options
        self.update()
