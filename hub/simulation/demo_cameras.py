"""The demo's two cameras: their lines in the gateway's file and the registry, and their clips."""

import asyncio
import json
import sys
from pathlib import Path

import structlog

from hub.broker import die_with_parent

log = structlog.get_logger()
FOLDER = "cameras"
COMPOUND, BUILDING = "hbw-01", "hbw-01-b1"
YARD, LANE = "demo-yard", "demo-lane"
_DEVICES = (
    (YARD, "camera", "camera", "模拟 院内枪机 yard"),
    (f"{YARD}/path", "camera_zone", "camera", "模拟 院内步道 path"),
    (LANE, "camera", "camera", "模拟 消防通道枪机 fire lane"),
    (f"{LANE}/lane", "camera_zone", "fire_lane", "模拟 消防通道 fire lane"),
)


def gateway_lines(folder: Path) -> str:
    """Return the cameras as people would write them in a gateway's file."""

    def clip(camera: str) -> str:
        return json.dumps(str(folder / FOLDER / f"{camera}.mp4"))

    return f"""video:
  cameras:
    - camera: {YARD}
      compound: {COMPOUND}
      source: {{file: {clip(YARD)}, repeat: true}}
      fps: 2
      clip: false
      zones:
        path: [[0, 0.6], [1, 0.45], [1, 1], [0, 1]]
      observations:
        motion: {{zones: [path], after_s: 1, off_delay_s: 8}}
    - camera: {LANE}
      compound: {COMPOUND}
      source: {{file: {clip(LANE)}, repeat: true}}
      fps: 2
      zones:
        lane: [[0.24, 0.54], [0.87, 0.54], [0.87, 0.94], [0.24, 0.94]]
      observations:
        lane_occupied: {{zones: [lane], hold_s: 30}}
"""


def with_cameras(devices_csv: str) -> str:
    """Return the demo's devices with its cameras."""
    head = devices_csv.partition("\n")[0].split(",")
    rows = []
    for name, kind, role, said in _DEVICES:
        cells = {
            "id": name, "kind": kind, "role": role, "building": BUILDING, "name": said,
            "silent_after_s": "0",
        }  # fmt: skip
        rows.append(",".join(cells.get(column, "") for column in head))
    return devices_csv.rstrip("\n") + "\n" + "\n".join(rows) + "\n"


def demo_registry(folder: Path) -> Path:
    """Return the folder of the demo's registry, written at the first start."""
    from hub.territory.demo_territory import demo_documents  # noqa: PLC0415 - large, for a demo only

    path = folder / "registry"
    if not path.exists():
        path.mkdir()
        documents = demo_documents()
        documents["devices.csv"] = with_cameras(documents["devices.csv"])
        for name, text in documents.items():
            (path / name).write_text(text, encoding="utf-8")
    return path


class Drawing:
    """Draws the cameras' clips while everything runs; until then they have no pictures."""

    def __init__(self, folder: Path) -> None:
        """Take the data folder."""
        self.said = ""
        self._folder = folder / FOLDER

    async def run(self) -> None:
        """Draw what is not there yet; a failure costs the demo its pictures and nothing else."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hub.simulation.camera_clips", str(self._folder),
            stdout=asyncio.subprocess.PIPE, start_new_session=True, preexec_fn=die_with_parent,
        )  # fmt: skip
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            while line := await process.stdout.readline():
                self.said = f" · drawing camera clips 绘制摄像机录像 {float(line):.0%}"
            if code := await process.wait():
                log.warning("camera_clips_not_drawn", code=code)
        finally:
            self.said = ""
            if process.returncode is None:
                process.kill()
