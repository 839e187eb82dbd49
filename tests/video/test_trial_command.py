"""`smarthub video test`: a line for each episode, and what was not looked for."""

from pathlib import Path

import av
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from hub.cli import app
from model.errors import ConfigError

HALL = "zones: {hall: [[0, 0], [1, 0], [1, 1], [0, 1]]}\n"
MOTION = HALL + "observations: {motion: {zones: [hall], off_delay_s: 2}}\n"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of a plain yard; something bright crosses it from the fifth to the eighth."""
    path = tmp_path_factory.mktemp("clip") / "yard.mp4"
    noise = np.random.default_rng(5)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(60):
            picture = np.full((180, 320, 3), 90, np.uint8)
            picture[::9, ::7] = 150
            if 25 <= number < 40:
                left = 40 + (number - 25) * 12
                picture[60:120, left : left + 50] = 250
            grainy = np.clip(picture + noise.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(grainy, format="bgr24")))
        out.mux(stream.encode(None))
    return path


def ask(*words: str) -> Result:
    return CliRunner().invoke(app, ["video", "test", *words])


def settings(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def test_one_line_an_episode_then_what_was_not_looked_for(clip: Path, tmp_path: Path) -> None:
    said = ask(str(clip), "--config", settings(tmp_path, "cam.yaml", MOTION))
    assert said.exit_code == 0, said.output
    (line,) = [one for one in said.stdout.splitlines() if one.startswith("motion[hall]")]
    assert "00:05" in line.split("→")[0]
    assert "1 episode(s)" in said.stdout
    (off,) = [one for one in said.stdout.splitlines() if "not asked for" in one]
    assert "intrusion" in off


def test_other_settings_are_compared_and_a_gate_can_fail(clip: Path, tmp_path: Path) -> None:
    """What came is +, what went is -, what stayed has no sign."""
    new = settings(tmp_path, "new.yaml", MOTION)
    old = settings(tmp_path, "old.yaml", HALL)
    assert ask(str(clip), "--config", new, "--against", new, "--strict").exit_code == 0
    more = ask(str(clip), "--config", new, "--against", old, "--strict")
    assert more.exit_code == 1
    assert more.stdout.startswith("+ motion[hall]")
    assert ask(str(clip), "--config", old, "--against", new).stdout.startswith("- motion[hall]")
    assert ask(str(clip), "--config", new, "--against", new).stdout.startswith("  motion[hall]")


def test_mistakes_are_named_with_their_place(clip: Path, tmp_path: Path) -> None:
    wrong = settings(tmp_path, "cam.yaml", HALL + "observations: {moton: {}}\n")
    with pytest.raises(ConfigError, match=r"cam\.yaml.*'moton' is none of"):
        raise ask(str(clip), "--config", wrong).exception or AssertionError
    with pytest.raises(ConfigError, match=r"cam\.yaml: cannot be read as video"):
        raise ask(wrong).exception or AssertionError
