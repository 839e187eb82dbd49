"""Which pictures and clips the hub has, which cases refer to them, and who looked at them why."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import (
    ColumnElement,
    Engine,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from model.case import Case, State
from model.footage import Card, is_episode

from .letters import plain
from .rows import insert_into, record
from .tables import case_episodes, cases, footage, footage_views

DAY_MS = 86_400_000


class Shown(msgspec.Struct, frozen=True):
    """One picture, clip or manifest; times in ms, `received_at` is the hub's."""

    gateway: str
    episode: str
    kind: str
    number: int
    type: str
    camera: str
    device: str
    observation: str
    since: int
    until: int
    sha256: str
    size: int
    received_at: int
    pinned_by: str = ""

    @classmethod
    def of(cls, gateway: str, card: Card, *, sha256: str, size: int, at: int) -> "Shown":
        """Return the record of a file that has just arrived whole."""
        return cls(
            gateway, card.episode, card.kind.value, card.number, card.type.value, plain(card.camera),
            plain(card.device), card.observation, card.since, card.until, sha256, size, at,
        )  # fmt: skip


class CaseEpisode(msgspec.Struct, frozen=True):
    """An episode that a case's evidence names; `at` (ms) is when the Reading said so."""

    gateway: str
    episode: str
    case_id: str
    at: int
    device: str


class Look(msgspec.Struct, frozen=True):
    """One look of a person at a picture or clip, with its purpose; `at` in ms."""

    at: int
    who: str
    purpose: str
    case_id: str
    grid: str
    episode: str
    device: str
    kind: str
    sha256: str
    id: int = 0


class FootageRecords:
    """The tables of footage; methods are for worker threads."""

    def __init__(self, reader: Engine, writer: Engine) -> None:
        self._reader, self._writer = reader, writer

    def add(self, shown: Shown) -> None:
        """Keep the record of a file; one that is there already stays as it is."""
        statement = insert_into(self._reader, footage).on_conflict_do_nothing()
        with self._writer.begin() as connection:
            connection.execute(statement, [msgspec.structs.asdict(shown)])

    def known(self, gateway: str, card: Card) -> Shown | None:
        """Return what is kept in the place of a file, or None."""
        mine = and_(
            footage.c.gateway == gateway,
            footage.c.episode == card.episode,
            footage.c.kind == card.kind.value,
            footage.c.number == card.number,
        )
        found = self._read(mine)
        return found[0] if found else None

    def by_hash(self, sha256: str) -> list[Shown]:
        """Return the records of a file's content: usually one."""
        return self._read(footage.c.sha256 == sha256)

    def of_episode(self, gateway: str, episode: str) -> list[Shown]:
        """Return the records of an episode's files."""
        return self._read(and_(footage.c.gateway == gateway, footage.c.episode == episode))

    def clips_of(self, camera: str, *, limit: int) -> list[Shown]:
        """Return the newest clips of a camera, newest first; their files may be gone."""
        query = select(footage).where(footage.c.camera == plain(camera), footage.c.kind == "clip")
        query = query.order_by(footage.c.since.desc()).limit(limit)
        with self._reader.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [record(Shown, {str(k): v for k, v in row.items()}) for row in rows]

    def hashes(self) -> frozenset[str]:
        """Return the SHA-256 of every file that has a record."""
        with self._reader.connect() as connection:
            return frozenset(connection.execute(select(footage.c.sha256).distinct()).scalars())

    def of_case(self, case: str) -> list[tuple[CaseEpisode, list[Shown]]]:
        """Return the episodes that a case refers to, oldest first, each with what was received of it."""
        query = select(case_episodes).where(case_episodes.c.case_id == case)
        query = query.order_by(case_episodes.c.at, case_episodes.c.episode)
        with self._reader.connect() as connection:
            rows = connection.execute(query).mappings().all()
        named = [record(CaseEpisode, {str(k): v for k, v in row.items()}) for row in rows]
        mine = exists().where(_same_episode(), case_episodes.c.case_id == case)
        files: dict[tuple[str, str], list[Shown]] = {}
        for shown in self._read(mine):
            files.setdefault((shown.gateway, shown.episode), []).append(shown)
        return [(item, files.get((item.gateway, item.episode), [])) for item in named]

    def cases_of(self, shown: Shown) -> list[str]:
        """Return the ids of the cases that refer to a file's episode."""
        query = select(case_episodes.c.case_id).where(
            case_episodes.c.gateway == shown.gateway, case_episodes.c.episode == shown.episode
        )
        with self._reader.connect() as connection:
            return list(connection.execute(query).scalars())

    def size(self) -> int:
        """Return how many bytes all files have together; content that is there twice counts once."""
        once = select(func.max(footage.c.size).label("size")).group_by(footage.c.sha256).subquery()
        with self._reader.connect() as connection:
            return int(connection.execute(select(func.sum(once.c.size))).scalar() or 0)

    def sizes(self) -> dict[str, int]:
        """Return how many bytes the files of each gateway have together; the same content counts once."""
        once = select(footage.c.gateway, func.max(footage.c.size).label("size"))
        each = once.group_by(footage.c.gateway, footage.c.sha256).subquery()
        query = select(each.c.gateway, func.sum(each.c.size)).group_by(each.c.gateway)
        with self._reader.connect() as connection:
            return {str(name): int(size) for name, size in connection.execute(query)}

    def unpinned(
        self, now: int, case_days: Mapping[str, int], *, gateway: str, limit: int = 100
    ) -> list[Shown]:
        """Return a gateway's oldest files that no case needs any more and nobody pinned."""
        free = and_(footage.c.pinned_by == "", ~_needed(now, case_days))
        return self._read(and_(footage.c.gateway == gateway, free), limit=limit)

    def expired(
        self, now: int, *, days: int, days_of: Mapping[str, int], case_days: Mapping[str, int]
    ) -> list[Shown]:
        """Return files whose time is over; pinned ones never are.

        For what no case refers to it is over after its observation's days (else `days`), for others
        when the days of the last case are.
        """
        old = [
            and_(footage.c.observation == name, footage.c.received_at < now - own * DAY_MS)
            for name, own in days_of.items()
        ]
        old.append(and_(
            footage.c.observation.not_in(list(days_of)), footage.c.received_at < now - days * DAY_MS
        ))  # fmt: skip
        referred = exists().where(_same_episode())
        over = or_(referred, *old)
        return self._read(and_(footage.c.pinned_by == "", ~_needed(now, case_days), over))

    def remove(self, shown: Shown) -> bool:
        """Forget a record; return whether nothing else has its content, so that the file may go."""
        with self._writer.begin() as connection:
            connection.execute(delete(footage).where(_this(shown)))
            others = select(func.count()).where(footage.c.sha256 == shown.sha256)
            return not connection.execute(others).scalar()

    def pin(self, sha256: str, by: str) -> None:
        """Let somebody say that a file must stay, or (empty) that it need not."""
        with self._writer.begin() as connection:
            mine = footage.c.sha256 == sha256
            connection.execute(update(footage).where(mine).values(pinned_by=plain(by)))

    def looked(self, look: Look, *, once_in_ms: int = 0) -> None:
        """Keep a look; within `once_in_ms` the same look of the same person is one."""
        mine = and_(
            footage_views.c.sha256 == look.sha256, footage_views.c.who == look.who,
            footage_views.c.purpose == look.purpose, footage_views.c.case_id == look.case_id,
            footage_views.c.at > look.at - once_in_ms,
        )  # fmt: skip
        values = {k: v for k, v in msgspec.structs.asdict(look).items() if k != "id"}
        with self._writer.begin() as connection:
            if once_in_ms and connection.execute(select(footage_views.c.id).where(mine)).first():
                return
            connection.execute(insert(footage_views).values(values))

    def forget_looks(self, before: int) -> int:
        """Forget the looks before a time (ms); return how many."""
        with self._writer.begin() as connection:
            return connection.execute(
                delete(footage_views).where(footage_views.c.at < before)
            ).rowcount

    def looks(self, *, grid: str = "", case: str = "", limit: int = 100) -> list[Look]:
        """Return the newest looks in a territory, newest first."""
        query = select(footage_views).where(footage_views.c.grid.startswith(grid, autoescape=True))
        if case:
            query = query.where(footage_views.c.case_id == case)
        query = query.order_by(footage_views.c.id.desc()).limit(limit)
        with self._reader.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [record(Look, {str(k): v for k, v in row.items()}) for row in rows]

    def _read(self, where: ColumnElement[bool], *, limit: int | None = None) -> list[Shown]:
        order = (footage.c.received_at, footage.c.episode, footage.c.kind, footage.c.number)
        query = select(footage).where(where).order_by(*order).limit(limit)
        with self._reader.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [record(Shown, {str(k): v for k, v in row.items()}) for row in rows]


def episodes_of(case: Case) -> Sequence[dict[str, object]]:
    """Return the episodes that a case's evidence names, as rows."""
    return [
        {
            "gateway": item.reading.partition("/")[0][:64],
            "episode": episode,
            "case_id": case.id,
            "at": item.at,
            "device": plain(item.device),
        }
        for item in case.evidence
        if is_episode(episode := item.values.get("episode"))
    ]  # fmt: skip


def _same_episode() -> ColumnElement[bool]:
    return and_(
        case_episodes.c.gateway == footage.c.gateway, case_episodes.c.episode == footage.c.episode
    )


def _needed(now: int, case_days: Mapping[str, int]) -> ColumnElement[bool]:
    """Whether a case refers to a file that is open, or closed for less than its class's days."""
    kept = [
        and_(cases.c["class"] == name, cases.c.closed_at >= now - days * DAY_MS)
        for name, days in case_days.items()
    ]
    alive = or_(cases.c.state != State.CLOSED.value, *kept)
    return exists().where(_same_episode(), cases.c.id == case_episodes.c.case_id, alive)


def _this(shown: Shown) -> ColumnElement[bool]:
    return and_(
        footage.c.gateway == shown.gateway, footage.c.episode == shown.episode,
        footage.c.kind == shown.kind, footage.c.number == shown.number,
    )  # fmt: skip
