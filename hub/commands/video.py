"""`smarthub video test`: what given settings see in a clip, and what other settings would change."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from model.errors import ConfigError

if TYPE_CHECKING:
    from video.contract import Detector, Frame
    from video.episodes import Episode
    from video.settings import CameraSettings, VideoSettings
    from video.trial import Difference, Outcome

EXIT_CHANGED = 1
app = typer.Typer(no_args_is_help=True, help="cameras 摄像机")
WHY = {
    "off": "not asked for 未启用",
    "detector": "needs a detector (video.detector) 需要检测模型",
    "masks": "the clip has another shape than masks_drawn_on, so all is blank 录像比例与遮挡不符，已全部涂黑",
    "unknown": "could not tell: too little texture, too short, or too few frames 无法判断",
}


@app.callback()
def _together() -> None:
    """Keep `test` a word of its own although it is the only one."""


@app.command("test")
def test_clip(
    clip: Annotated[Path, typer.Argument(help="video file 视频文件")],
    *,
    config: Annotated[
        Path | None, typer.Option(help="a gateway's file, or one camera's keys 配置文件")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="compare with these settings 对照配置")
    ] = None,
    camera: Annotated[str, typer.Option(help="which camera of the gateway's file 摄像机")] = "",
    fps: Annotated[float | None, typer.Option(min=0.2, max=30, help="frames a second 帧率")] = None,
    strict: Annotated[bool, typer.Option(help="exit 1 on any difference 有差异即失败")] = False,
) -> None:
    """Look at a clip: one line per episode, and what was not looked for. 用录像试配置。"""
    from video.trial import compare

    outcome = _look(clip, *_settings(config, camera), fps)
    if against is None:
        for episode in outcome.episodes:
            typer.echo(line_of(episode))
        _foot(outcome)
        return
    before = _look(clip, *_settings(against, camera), fps)
    difference = compare(before, outcome)
    for line in lines_of(difference):
        typer.echo(line)
    _foot(outcome)
    if strict and difference.changed:
        raise typer.Exit(EXIT_CHANGED)


def line_of(episode: "Episode") -> str:
    """Return an episode as one line: observation, zone, from, to, confidence."""
    zone = f"[{episode.zone}]" if episode.zone else ""
    until = "…" if episode.ended_at is None else _clock(episode.ended_at)
    values = " ".join(f"{name}={value}" for name, value in episode.values.items())
    return (
        f"{episode.observation + zone:<28} {_clock(episode.started_at)} → {until:<9}"
        f" {episode.confidence:4.2f}  {values}"
    ).rstrip()


def lines_of(difference: "Difference") -> list[str]:
    """Return the episodes of both settings: `+` new, `-` gone, `~` other times, ` ` the same."""
    from video.trial import sign

    shown = ((sign(before, after), after or before) for before, after in difference.pairs)
    return [f"{' ' if mark == '=' else mark} {line_of(one)}" for mark, one in shown if one]


def _clock(ms: int) -> str:
    minutes, rest = divmod(ms, 60_000)
    return f"{minutes:02d}:{rest / 1000:06.3f}"


def _foot(outcome: "Outcome") -> None:
    typer.echo(
        f"{len(outcome.episodes)} episode(s) 段, {outcome.frames} frames 帧,"
        f" {_clock(outcome.length_ms)}"
    )
    for reason, meaning in WHY.items():
        names = [one.observation for one in outcome.not_looked if one.why == reason]
        if names:
            typer.echo(f"not looked for 未检测 ({meaning}): {', '.join(names)}")


def _look(
    clip: Path, settings: "CameraSettings", detector: "Detector | None", fps: float | None
) -> "Outcome":
    from rich.console import Console
    from rich.progress import Progress

    from video.sources.recorded import frames_of
    from video.trial import look_at

    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("looking 分析中", total=1.0)

        def frames() -> "Iterator[Frame]":
            for item in frames_of(clip, fps=fps or settings.fps):
                progress.update(bar, completed=item.done)
                yield item.frame

        return look_at(frames(), settings, detector)


def _settings(config: Path | None, camera: str) -> "tuple[CameraSettings, Detector | None]":
    """Return what to look for: of a gateway's file, of a file with one camera's keys, or all there is."""
    from video.discovery import observations
    from video.settings import CameraSettings, VideoSettings

    if config is None:
        every: dict[str, dict[str, object]] = {
            name: {} for name, kind in observations().items() if not kind.needs_detector
        }
        given = {"camera": "clip", "source": {"file": "clip"}, "observations": every}
        return CameraSettings.model_validate(given), None
    from pydantic import ValidationError

    from model.yamlfile import ConfigErrors, YamlText

    text = YamlText(_read(config), str(config))
    written = text.plain()
    if not isinstance(written, dict):
        raise ConfigError(
            "holds no keys; write a camera's zones and observations", file=str(config)
        )
    try:
        if "video" not in written:
            alone = {"camera": "clip", "source": {"file": "clip"}, **written}
            return CameraSettings.model_validate(alone), None
        settings = VideoSettings.model_validate(written["video"])
    except ValidationError as error:
        if "video" in written:
            problems = text.problems(error, ("video",), model=VideoSettings)
        else:
            problems = text.problems(error, model=CameraSettings)
        raise ConfigErrors(problems) from error
    return _chosen(settings, camera, str(config)), _detector(settings)


def _chosen(settings: "VideoSettings", camera: str, file: str) -> "CameraSettings":
    chosen = [one for one in settings.cameras if camera in {"", one.camera}]
    if len(chosen) != 1:
        names = ", ".join(one.camera for one in settings.cameras)
        raise ConfigError(f"choose one of its cameras with --camera: {names}", file=file)
    return chosen[0]


def _detector(settings: "VideoSettings") -> "Detector | None":
    if settings.detector is None:
        return None
    from video.detectors import load

    return load(settings.detector)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(path)) from error
