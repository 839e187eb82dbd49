"""A chart on a page; what stands beside it is there before it is."""

import re
from functools import cache

import nicegui.elements.echart  # noqa: F401 - tells browsers where ECharts is
from nicegui import __version__, ui
from nicegui.dependencies import esm_modules

_NAME = "nicegui-echart"
_IMPORTED = re.compile(r'from\s*"\./([\w-]+\.js)"')


class Plot(ui.element, component="static/plot.js"):
    """A chart by options of ECharts; texts in them are plain, so nothing in them is run."""

    def __init__(self, options: dict[str, object] | None = None) -> None:
        """Draw it; without options there is nothing to see yet."""
        super().__init__()
        self.props["options"] = options or {}
        if options:
            ui.add_head_html(_early())

    def show(self, options: dict[str, object]) -> None:
        """Draw other options in its place."""
        self.props["options"] = options
        self.update()


@cache
def _early() -> str:
    """Return what makes browsers fetch and compile ECharts beside the framework, and run it when that has come.

    Its first file only names the large one; told of both, a browser asks for both at once.
    """
    key, folder = next((key, one.path) for key, one in esm_modules.items() if one.name == _NAME)
    names = ["index.js", *_IMPORTED.findall((folder / "index.js").read_text())]
    links = "".join(
        f'<link rel="modulepreload" href="/_nicegui/{__version__}/esm/{key}/{name}">'
        for name in names
    )
    return f'{links}<script type="module">import("{_NAME}")</script>'
