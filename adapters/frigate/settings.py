"""What people write about a Frigate: which of its cameras, and what its findings are called here."""

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from adapters.contract import Settings
from adapters.topic_pattern import check_filter

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^/+#\s]+$")]
State = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]

OWN = frozenset({"online", "disabled", "motion"})
"""States that this adapter says of a camera itself."""


class ObjectMapping(Settings):
    """What an object of one label is called in one zone of one camera."""

    camera: Name
    zone: Name
    label: Name = Field(description="Frigate's word: person, car, motorcycle …")
    state: State
    stationary: bool = Field(default=False, description="only while Frigate calls it stationary")


class ReviewMapping(Settings):
    """What Frigate's two kinds of review items are called; empty: not told."""

    alert: State | None = "review_alert"
    detection: State | None = None


class FrigateSettings(Settings):
    """One Frigate; two of them need an `instance` each, so that equal camera names stay apart."""

    topic_prefix: str = Field(default="frigate", description="mqtt.topic_prefix of Frigate")
    instance: str = Field(default="", pattern=r"^[a-z0-9-]{0,62}$")
    compound: str = ""
    cameras: tuple[Name, ...] = Field(min_length=1, max_length=500)
    objects: tuple[ObjectMapping, ...] = ()
    reviews: ReviewMapping = ReviewMapping()

    @field_validator("topic_prefix")
    @classmethod
    def _plain(cls, topic: str) -> str:
        if any(char in topic for char in "+#") or topic.strip("/") != topic:
            raise ValueError("write the topic without +, # and slashes at its ends")
        return check_filter(topic)

    @model_validator(mode="after")
    def _known(self) -> Self:
        for mapping in self.objects:
            if mapping.camera not in self.cameras:
                raise ValueError(f"objects: camera {mapping.camera!r} is not under `cameras:`")
        used = {m.state for m in self.objects} | {self.reviews.alert, self.reviews.detection}
        if used & OWN:
            raise ValueError(f"{min(s for s in used & OWN if s)!r} is a word of the camera itself")
        both = {m.state for m in self.objects} & {self.reviews.alert, self.reviews.detection}
        if both:
            # A review that ends would take back what an object that stays still holds.
            raise ValueError(f"{min(s for s in both if s)!r} is said by objects and by reviews")
        return self
