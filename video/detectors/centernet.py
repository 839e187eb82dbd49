"""CenterNet 目标检测: every thing is a peak in its label's map, with its distances to four sides.

Tensors: in `images` 1 x side x side x 3 uint8 RGB; out `keypoints` 1 x labels x h x w (0-1) and
`sides` 1 x 4 x h x w (left, top, right, bottom from the peak, in pixels of the square). Labels are COCO's.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from model.errors import ConfigError
from video.contract import Box, Detected, Picture
from video.settings import DetectorSettings

from ._coco import LABELS
from ._crops import Crop, crops, distinct, letterboxed

MOST_PEAKS = 300  # a picture of noise must not cost more than a street


class CenterNet:
    """Runs one model on the processor; keeps nothing of a picture."""

    def __init__(self, model: bytes, settings: DetectorSettings) -> None:
        """Take the model's bytes; raise ConfigError where its tensors are not those above."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = settings.threads
        options.inter_op_num_threads = 1
        # Threads that spin while they wait would take the other cameras' processor.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                model, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime has no common class for what a bad file raises
            raise _not_this(settings, f"does not load: {str(error)[:200]}") from error
        self._side = _side(self._session, settings)
        self._least = settings.confidence

    def detect(self, picture: Picture, regions: Sequence[Box]) -> list[Detected]:
        """Return what is in the regions, surest first; about one model run for each region."""
        height, width = picture.shape[:2]
        found: list[Detected] = []
        for crop in crops(regions, width, height):
            found.extend(self._in_crop(picture, crop))
        return distinct(found)

    def _in_crop(self, picture: Picture, crop: Crop) -> list[Detected]:
        height, width = picture.shape[:2]
        square, scale = letterboxed(picture, crop, self._side)
        keypoints, sides = self._session.run(["keypoints", "sides"], {"images": square[None]})
        step = self._side / keypoints.shape[2]
        found = []
        for label, y, x in _peaks(keypoints[0], self._least):
            left, top, right, bottom = sides[0, :, y, x]
            box = Box(
                _part((x * step - left) / scale + crop.left, width),
                _part((y * step - top) / scale + crop.top, height),
                _part((x * step + right) / scale + crop.left, width),
                _part((y * step + bottom) / scale + crop.top, height),
            )
            if box.area > 0:
                found.append(Detected(LABELS[label], float(keypoints[0, label, y, x]), box))
        return found


def _peaks(maps: NDArray[np.float32], least: float) -> list[tuple[int, int, int]]:
    """Return (label, y, x) of each value that none of its eight neighbours exceeds, highest first."""
    labels, ys, xs = np.nonzero(maps >= least)
    order = np.argsort(-maps[labels, ys, xs], kind="stable")[:MOST_PEAKS]
    return [
        (label, y, x)
        for label, y, x in zip(
            labels[order].tolist(), ys[order].tolist(), xs[order].tolist(), strict=True
        )
        if maps[label, y, x] >= maps[label, max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].max()
    ]


def _part(pixels: float, most: int) -> float:
    return min(1.0, max(0.0, float(pixels) / most))


def _side(session: Any, settings: DetectorSettings) -> int:
    takes = {one.name: (one.type, one.shape) for one in session.get_inputs()}
    gives = {one.name: one.shape for one in session.get_outputs()}
    kind, shape = takes.get("images", ("", ()))
    square = len(shape) == 4 and shape[1] == shape[2] and shape[3] == 3  # noqa: PLR2004
    if set(takes) != {"images"} or kind != "tensor(uint8)" or not square:
        raise _not_this(settings, f"takes {takes}, not images: uint8 1 x side x side x 3")
    if gives.get("keypoints", [0, 0])[1] != len(LABELS) or gives.get("sides", [0, 0])[1] != 4:  # noqa: PLR2004
        raise _not_this(settings, f"gives {gives}, not keypoints (80 labels) and sides")
    return int(shape[1])


def _not_this(settings: DetectorSettings, why: str) -> ConfigError:
    return ConfigError(
        f"{why}; `type: centernet` reads the file of `make model`",
        file=str(settings.model),
        key="video.detector.model",
    )


DETECTOR = CenterNet
