"""The real divisions of Haibowan, as a data file that ships with smarthub."""

from importlib import resources

SHIPPED_DIVISIONS = "haibowan_divisions.csv"


def shipped_divisions() -> str:
    """Return the divisions of Haibowan as CSV text: 6 streets, 1 town, 43 communities.

    The 43rd is the virtual community of the industrial park, under a pseudo-street of statistics;
    the source is named in the first line.
    """
    data = resources.files("hub.territory.data").joinpath(SHIPPED_DIVISIONS)
    return data.read_text(encoding="utf-8")
