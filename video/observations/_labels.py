"""What people ask for, in the words of the detector (COCO)."""

from enum import StrEnum


class Kind(StrEnum):
    """A kind of thing that settings can name."""

    PERSON = "person"
    VEHICLE = "vehicle"
    CYCLE = "cycle"
    ANIMAL = "animal"


LABELS = {
    Kind.PERSON: frozenset({"person"}),
    Kind.VEHICLE: frozenset({"car", "truck", "bus", "train"}),
    Kind.CYCLE: frozenset({"bicycle", "motorcycle"}),
    Kind.ANIMAL: frozenset(
        {"bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"}
    ),
}


def labels_of(kinds: tuple[Kind, ...]) -> frozenset[str]:
    """Return every label that belongs to one of the kinds."""
    return frozenset[str]().union(*(LABELS[kind] for kind in kinds))


_KINDS = {label: kind for kind, labels in LABELS.items() for label in labels}


def kind_of(label: str) -> Kind | None:
    """Return the kind a label belongs to, None for all other things."""
    return _KINDS.get(label)
