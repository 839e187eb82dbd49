"""Which parts of a picture the detector looks at."""

from hypothesis import given
from hypothesis import strategies as st

from video.contract import Box, Detected
from video.detectors._crops import MOST_CROPS, Crop, crops, distinct

parts = st.floats(0, 1)
regions = st.builds(
    lambda x1, y1, x2, y2: Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)),
    parts, parts, parts, parts,
)  # fmt: skip


@given(st.lists(regions, min_size=1, max_size=16), st.integers(1, 2000), st.integers(1, 2000))
def test_every_region_is_looked_at_by_few_crops_inside_the_picture(
    boxes: list[Box], width: int, height: int
) -> None:
    """Whatever moved, and however large the picture is."""
    chosen = crops(boxes, width, height)
    assert 1 <= len(chosen) <= MOST_CROPS
    for crop in chosen:
        assert 0 <= crop.left < crop.right <= width
        assert 0 <= crop.top < crop.bottom <= height
    for box in boxes:
        x, y = (box.left + box.right) / 2 * width, (box.top + box.bottom) / 2 * height
        assert any(
            crop.left - 1 <= x <= crop.right + 1 and crop.top - 1 <= y <= crop.bottom + 1
            for crop in chosen
        )


def test_a_small_region_of_a_large_picture_is_looked_at_closely() -> None:
    """A person far away is enlarged instead of shrunk."""
    (crop,) = crops([Box(0.5, 0.5, 0.52, 0.55)], 1920, 1080)
    assert crop.right - crop.left == crop.bottom - crop.top == 320


def test_a_region_that_fills_the_picture_is_the_whole_picture() -> None:
    """A crop that saves nothing is not made."""
    assert crops([Box(0.1, 0.1, 0.9, 0.95)], 640, 360) == [Crop(0, 0, 640, 360)]


def test_no_region_is_no_look() -> None:
    """Nothing moved, nothing is spent."""
    assert crops([], 640, 360) == []


def test_two_boxes_on_one_thing_are_one_but_a_rider_and_his_bicycle_are_two() -> None:
    """Only boxes with one label can be the same thing."""
    box, nearly = Box(0.1, 0.1, 0.3, 0.5), Box(0.11, 0.1, 0.31, 0.5)
    found = distinct(
        [
            Detected("person", 0.5, nearly),
            Detected("person", 0.9, box),
            Detected("bicycle", 0.4, box),
        ]
    )
    assert found == [Detected("person", 0.9, box), Detected("bicycle", 0.4, box)]
