"""Holds what a camera said against what was true: found, missed, false, and how late."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from video.camera import Camera
from video.episodes import Episode

from .trial import Span, Trial

SLACK_MS = 1_000
"""An episode may begin so much before the truth: whoever drew the truth did not measure it to a frame."""


@dataclass
class Score:
    """One observation over many trials."""

    spans: int = 0
    found: int = 0
    delays_s: list[float] = field(default_factory=list)
    false: int = 0
    split: int = 0  # one truth told as several episodes
    negatives: int = 0
    clean: int = 0  # negatives without any episode
    unknown: int = 0  # trials that must answer "cannot tell"
    honest: int = 0  # of them, those that did
    notes: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float | None:
        """Found of all that was there; None without positives."""
        return self.found / self.spans if self.spans else None

    @property
    def precision(self) -> float | None:
        """Right of all that was told; None when nothing was told."""
        told = self.found + self.false
        return self.found / told if told else None

    @property
    def delay_s(self) -> float | None:
        """Median from the beginning of the truth to the telling, seconds."""
        return median(self.delays_s) if self.delays_s else None


@dataclass
class Told:
    """An episode and when people were told of it."""

    episode: Episode
    at: int


class Judge:
    """Runs trials and keeps the scores."""

    def __init__(self) -> None:
        self.scores: dict[str, Score] = defaultdict(Score)

    def run(self, trial: Trial) -> None:
        """Show the clip to a camera of its own and score each observation it names."""
        told, said = shown(trial)
        for name, truth in trial.truth.items():
            self._score(trial.name, self.scores[name], truth, told.get(name, []))
        for name in trial.unknown:
            score = self.scores[name]
            score.unknown += 1
            known = said.get(name, 0)
            score.honest += not known
            if known:
                score.notes.append(f"{trial.name}: claimed to know on {known} frames")

    def _score(self, name: str, score: Score, truth: Sequence[Span], told: list[Told]) -> None:
        wrong = [one for one in told if not any(_meets(one, span) for span in truth)]
        score.false += len(wrong)
        score.notes.extend(f"{name}: false at {one.at / 1000:.1f} s" for one in wrong)
        if not truth:
            score.negatives += 1
            score.clean += not told
        for span in truth:
            score.spans += 1
            met = [one for one in told if _meets(one, span)]
            in_time = [one for one in met if one.at <= span.begin + span.late_s * 1000]
            if not in_time:
                score.notes.append(f"{name}: missed")
                continue
            score.found += 1
            score.split += len(met) - 1
            score.delays_s.append(max(0.0, (in_time[0].at - span.begin) / 1000))


def shown(trial: Trial) -> tuple[Mapping[str, list[Told]], Mapping[str, int]]:
    """Return the episodes of each observation (their last state) and on how many frames it claimed to know.

    Times are those of the clip: its first frame is 0.
    """
    detector = trial.detector() if trial.detector else None
    camera = Camera(trial.camera(), detector)
    told: dict[str, dict[str, Told]] = defaultdict(dict)
    said: dict[str, int] = defaultdict(int)
    begin: int | None = None
    for frame in trial.frames():
        begin = frame.at if begin is None else begin
        seen = camera.see(frame)
        for name, sightings in seen.sightings.items():
            said[name] += any(sighting.seen is not None for sighting in sightings)
        for news in seen.news:
            one = told[news.episode.observation].setdefault(
                news.episode.id, Told(news.episode, news.at - begin)
            )
            one.episode = _in_clip_time(news.episode, begin)
    return {name: list(by_id.values()) for name, by_id in told.items()}, said


def _in_clip_time(episode: Episode, begin: int) -> Episode:
    return episode._replace(
        started_at=episode.started_at - begin, last_seen_at=episode.last_seen_at - begin
    )


def _meets(told: Told, span: Span) -> bool:
    episode = told.episode
    return (
        episode.zone == span.zone
        and episode.started_at >= span.begin - SLACK_MS
        and episode.started_at <= span.end + SLACK_MS
    )
