"""What people write wrong about a camera is said with file, line and remedy, before anything starts."""

from pathlib import Path

import pytest

from gateway.config import check
from model.errors import ConfigError
from video.settings import masked

HEAD = """schema: 1
site: hbw
gateway: gw-1
data: data
uplink: {host: 127.0.0.1}
video:
  cameras:
    - camera: cam-1
"""
GOOD = """      compound: c001
      source: {url: "rtsp://192.0.2.7/sub", login: {user: hub, password_env: CAM}}
      masks: [[[0, 0], [0.2, 0], [0.2, 0.3]]]
      zones: {gate: [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]}
      observations:
        motion: {zones: [gate], after_s: 1}
"""


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as found:
        check(HEAD + text, "gateway.yaml")
    return str(found.value)


def test_a_gateway_with_cameras_only() -> None:
    config = check(HEAD + GOOD, "gateway.yaml")
    assert config.video is not None
    (camera,) = config.video.cameras
    assert camera.wanted()["motion"].zones == ("gate",)
    assert config.sources == ()


def test_a_gateway_that_hears_nothing_is_told_so() -> None:
    text = HEAD.partition("video:")[0]
    with pytest.raises(ConfigError, match="write `sources:` or `video:`"):
        check(text, "gateway.yaml")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("      source: {}\n", "gateway.yaml:9: video.cameras.0.source: write exactly one of url"),
        ('      source: {url: "rtsp://u:p@192.0.2.7/"}\n', "password_file or password_env"),
        ('      source: {url: "http://192.0.2.7/"}\n', "use `snapshot:` for http"),
        (
            GOOD.replace("motion:", "moton:"),
            "gateway.yaml:14: video.cameras.0.observations.moton: 'moton' is none of",
        ),
        (GOOD.replace("motion:", "moton:"), "; did you mean motion?"),
        (
            GOOD.replace("zones: [gate]", "zones: [gat]"),
            (
                "gateway.yaml:14: video.cameras.0.observations.motion.zones.0: 'gat' is not drawn under"
                " `zones:` (gate)"
            ),
        ),
        (
            GOOD.replace("after_s: 1", "after: 1"),
            (
                "gateway.yaml:14: video.cameras.0.observations.motion.after: unknown key; did you mean"
                " after_s?"
            ),
        ),
        (GOOD.replace("after_s: 1", "after_s: x"), "must be a number, not 'x'"),
        (
            GOOD.replace("masks:", "maks:"),
            "gateway.yaml:11: video.cameras.0.maks: unknown key; did",
        ),
        (GOOD.replace("0.9, 0.1", "9, 0.1"), "gateway.yaml:12: video.cameras.0.zones.gate.1.0"),
        (GOOD.replace("[0.9, 0.1], ", ""), "at least 3"),
    ],
)
def test_a_mistake_is_named(wrong: str, said: str) -> None:
    assert said in problem(wrong)


def test_a_password_in_a_url_is_not_repeated_in_the_error() -> None:
    assert "s3cret" not in problem('      source: {url: "rtsp://u:s3cret@192.0.2.7/"}\n')


def test_two_cameras_of_one_name() -> None:
    twice = GOOD + "    - camera: cam-1\n" + GOOD
    said = "gateway.yaml:15: video.cameras.1.camera: 'cam-1' is written twice; names are unique"
    assert said in problem(twice)


def test_all_mistakes_of_all_observations_are_told_at_once() -> None:
    """And a camera that is wrong is not said to be missing as well."""
    wrong = GOOD + "        intrusion: {after: x}\n        loitring: {}\n"
    text = problem(wrong.replace("zones: [gate]", "zones: [gat]"))
    lines = [line.split(": ")[:2] for line in text.splitlines()]
    where = "video.cameras.0.observations"
    assert lines == [
        ["gateway.yaml:14", f"{where}.motion.zones.0"],
        ["gateway.yaml:15", f"{where}.intrusion.after"],
        ["gateway.yaml:16", f"{where}.loitring"],
    ]


def test_logins_are_masked_in_what_libraries_say() -> None:
    assert masked("rtsp://user:pa@ss@192.0.2.7/a failed") == "rtsp://***@192.0.2.7/a failed"


def test_gateways_without_cameras_load_no_picture_library(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys, gateway.agent; from gateway.config import check;"
        "check(open(sys.argv[1]).read(), 'g'); print([m for m in ('cv2', 'av', 'numpy') if m in sys.modules])"
    )
    file = tmp_path / "gateway.yaml"
    file.write_text(HEAD.partition("video:")[0] + "sources: [{adapter: gb26875}]\n")
    ran = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_the_overview_for_installers_lists_every_observation_and_its_example_is_right() -> None:
    import re

    from video.discovery import observations

    text = (Path(__file__).parents[2] / "docs/video/README.md").read_text(encoding="utf-8")
    for name, kind in observations().items():
        assert f"| [{name}]({name}.md) | {kind.title[0]} |" in text
    example = re.search(r"```yaml\n(video:.*?)```", text, re.DOTALL)
    assert example is not None
    model = "model: models/centernet-coco.onnx, sha256: "
    written = example[1].replace(f"{model}…", f"{model}{'a' * 64}")
    assert check(HEAD.partition("video:")[0] + written, "docs").video is not None
