"""What is raised when a promise does not hold."""


class Broken(AssertionError):  # noqa: N818 - a promise is broken, as the text says
    """A promise does not hold; `trace` tells the life that broke it."""

    def __init__(self, promise: str, detail: str) -> None:
        super().__init__(f"{promise}: {detail}")
        self.promise = promise
        self.trace: list[str] = []


def expect(holds: object, promise: str, detail: str = "") -> None:
    """Raise Broken unless the promise holds."""
    if not holds:
        raise Broken(promise, detail)
