"""What a trial found, to be read: episodes before and after, with a sign, a word and the times."""

from hub.page.case.markup import Markup, joined, tag
from hub.page.tables import Cell, Row, table
from hub.page.words import Lang

from .words import observation

Json = dict[str, object]
SIGNS = {
    "+": ("新增", "new", "normal"),
    "-": ("消失", "gone", "critical"),
    "~": ("时间不同", "other times", "minor"),
    "=": ("相同", "the same", ""),
}
WHY = {
    "off": ("未启用", "not asked for"),
    "detector": ("需要识别模型，这里没有", "needs a detector, and there is none here"),
    "masks": ("录像比例与画遮挡时不同，画面已全部涂黑", "the clip has another shape than the picture that the masks were drawn on, so all is blank"),
    "unknown": ("无法判断（纹理太少、太短或帧太少）", "could not tell: too little texture, too short, or too few frames"),
}  # fmt: skip


def result_html(result: Json, lang: Lang) -> Markup:
    """Return the difference of two settings on one clip."""
    zh = lang is Lang.ZH
    pairs = result["pairs"]
    rows = [_row(pair, lang) for pair in pairs if isinstance(pair, dict)] if isinstance(pairs, list) else []  # fmt: skip
    changed = sum(1 for pair in pairs if pair["sign"] in "+-") if isinstance(pairs, list) else 0
    length = _clock(result["length_ms"])
    said = (
        f"{result['frames']} 帧，{length}；{changed} 处增减"
        if zh
        else f"{result['frames']} frames, {length}; {changed} came or went"
    )
    titles = ["", "发现", "区域", "现行设置", "新设置"] if zh else ["", "What", "Zone", "In force", "New settings"]  # fmt: skip
    none = "两种设置都没有发现" if zh else "Neither noticed anything"
    return joined([
        tag("p", said, class_="sh-num"),
        Markup(table("对比" if zh else "Difference", titles, rows, empty=none, stacks=True)),
        *_not_looked(result, lang),
    ])  # fmt: skip


def _row(pair: Json, lang: Lang) -> Row:
    zh, en, tone = SIGNS[str(pair["sign"])]
    before, after = pair["before"], pair["after"]
    one = after if isinstance(after, dict) else before
    assert isinstance(one, dict)  # noqa: S101 - a pair has at least one
    word = zh if lang is Lang.ZH else en
    return [
        Cell(f"{pair['sign']} {word}", tone),
        observation(str(one["observation"])).say(lang),
        str(one["zone"]) or ("整个画面" if lang is Lang.ZH else "whole picture"),
        _times(before),
        _times(after),
    ]


def _times(episode: object) -> str:
    if not isinstance(episode, dict):
        return "–"
    end = "…" if episode["ended_at"] is None else _clock(episode["ended_at"])
    return f"{_clock(episode['started_at'])} → {end} · {episode['confidence']}"


def _not_looked(result: Json, lang: Lang) -> list[Markup]:
    """Say what the new settings did not look for, by reason."""
    zh = lang is Lang.ZH
    every = result["not_looked"]
    found = every.get("after", []) if isinstance(every, dict) else []
    lines = []
    for why, words in WHY.items():
        names = [observation(name).say(lang) for name, reason in found if reason == why]
        if names:
            head = "未检测" if zh else "Not looked for"
            lines.append(tag("p", f"{head}（{words[0]}）：{'、'.join(names)}" if zh else f"{head} ({words[1]}): {', '.join(names)}", class_="sh-muted"))  # fmt: skip
    return lines


def _clock(ms: object) -> str:
    minutes, rest = divmod(int(str(ms)), 60_000)
    return f"{minutes:02d}:{rest / 1000:04.1f}"
