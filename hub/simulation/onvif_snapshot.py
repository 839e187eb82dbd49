"""A drawn picture of a simulated camera."""

import cv2
import numpy as np


def snapshot(text: str) -> bytes:
    """Return a JPEG, 640x360, with a text in it."""
    picture = np.full((360, 640, 3), 96, np.uint8)
    cv2.putText(picture, text, (20, 190), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)
    return bytes(cv2.imencode(".jpg", picture)[1])
