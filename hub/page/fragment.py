"""Pieces of finished HTML on a page, and links: what the browser draws without compiling anything first.

The framework's own `ui.html` and `ui.link` are templates that each page compiles anew in the browser before
it shows the first word.
"""

from html import escape

from nicegui import ui

INNER = "innerHTML"


class Fragment(ui.element):
    """HTML that the hub has made, with every name in it inert; it may be changed later."""

    def __init__(self, content: str = "", *, tag: str = "div") -> None:
        """Draw the content within a tag."""
        super().__init__(tag)
        self.props[INNER] = content

    @property
    def content(self) -> str:
        """What is drawn now."""
        return str(self.props[INNER])

    def set_content(self, content: str) -> None:
        """Draw another content; the same again is not sent."""
        if content != self.props[INNER]:
            self.props[INNER] = content
            self.update()


def link(text: str, address: str) -> Fragment:
    """Draw a link within the hub."""
    drawn = Fragment(escape(text), tag="a")
    drawn.props["href"] = address
    return drawn
