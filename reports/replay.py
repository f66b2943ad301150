"""What a setting would have told in the past, decided bucket by bucket from what was known then.

A story counts from the moment it was collected (where the history is trusted as complete: from
when it was published), an outage from its beginning, and an alarm that this replay raised blanks
its own time. What strikes while one is open joins it as in a run; doubling, a new cause or another
language change nothing here. An alert that was marked false makes its series stricter from the
moment of the mark on, and ends what this replay tells of that series then. Labels are today's: one
that was made or corrected later counts as if it had been there when its story came. Nothing is
written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from reports.alerts import CALM_HOURS, HOUR, JOIN_PAUSE, LONGEST_OPEN, AlertSettings
from reports.series import Habits, Verdict, counted, judge, learn_habits
from reports.signals import Signal, Watch
from reports.surges import MONTH
from reports.thread import Thread, told_of
from reports.tuning import MEMORY, series_key, strictness_by_series
from reports.usual import PER_HOUR, SIZE, Board
from reports.watch import Scene, make_board
from store.alert_actions import false_alarms
from store.alert_rows import AlertEventRow
from store.interface import BrandRow, SourceRow
from store.series_counts import Stretch, first_seen, late_ids, stories
from store.series_tally import BUCKET, Story, Tally, bucket_of, bucket_start
from store.sources import outages, sources


@dataclass(frozen=True, slots=True)
class Replayed:
    """A thread that would have been announced.

    Attributes:
        closed_at: None if it would be open still.
        severity: 1-10, the most of its opening and of what joined.
        others: what stood out beside the strongest at the opening.
        joined: what struck later and would have been told in the same thread.
    """

    opened_at: datetime
    closed_at: datetime | None
    started_at: datetime
    severity: int
    strongest: Signal
    others: tuple[Signal, ...]
    joined: tuple[Signal, ...] = ()

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Its series, each once, the strongest first."""
        return (self.strongest, *self.others, *self.joined)


@dataclass(frozen=True, slots=True)
class Past:
    """What the store holds of a brand's past.

    Attributes:
        known: stories in the order they became known.
        patience: how long after a bucket every source has been read, if none fails.
        marks: the series whose alerts were marked false, and when.
        read_until: when the sources were last read: no silence after it is one.
    """

    known: Sequence[tuple[datetime, Story]]
    down: Sequence[Stretch]
    watched_since: datetime | None
    patience: timedelta
    marks: Sequence[tuple[str, datetime]] = ()
    read_until: datetime | None = None


def past_of(
    conn: Connection, brand: BrandRow, since: datetime, until: datetime, settings: AlertSettings
) -> Past:
    """Read what a replay from `since` to `until` needs, its history included."""
    begin = since - SIZE * BUCKET
    down = outages(conn, begin, until)
    seen = first_seen(conn, brand.id, begin, until)
    late = late_ids(conn, brand.id, (begin, until), down)
    told = stories(conn, brand.id, begin, until, late)
    active = sources(conn)
    trusted = settings.trust_history
    came = [(s.at if trusted else max(s.at, seen.get(s.mention_id, s.at)), s) for s in told]
    known = sorted(came, key=lambda pair: (pair[0], pair[1].at))
    return Past(
        known=known,
        down=down,
        watched_since=None if trusted else min((row.created_at for row in active), default=None),
        patience=timedelta(seconds=max((row.interval_seconds for row in active), default=900)),
        marks=[
            (row.series, row.at)
            for row in false_alarms(conn, brand.id, since - MEMORY)
            if row.at < until
        ],
        read_until=_read_until(active, known),
    )


def _read_until(
    active: Sequence[SourceRow], known: Sequence[tuple[datetime, Story]]
) -> datetime | None:
    """When the sources were last read; of imported files alone, when their last story came."""
    read = [row.last_success_at for row in active if row.last_success_at]
    return min(read) if read else max((at for at, _ in known), default=None)


def first_look(past: Past, since: datetime) -> datetime | None:
    """When a replay from `since` has anything to decide of; None where nothing is stored."""
    return max(since, past.known[0][0]) if past.known else None


def _unseen(_now: datetime) -> None:
    """Nobody watches the replay."""


def replay(
    past: Past,
    since: datetime,
    until: datetime,
    settings: AlertSettings,
    watch: Callable[[datetime], None] = _unseen,
) -> Iterator[Replayed]:
    """Look after every bucket in which something became known, and every hour.

    Args:
        watch: told every hour of the past how far it is.

    Yields:
        The alarms, in order, each when it is over or at the end.
    """
    first, last = bucket_of(since), bucket_of(until)
    state = _Run(past, settings, Tally(first - SIZE, last - first + SIZE + 1))
    for bucket in range(first, last + 1):
        if bucket % PER_HOUR == 0:
            watch(bucket_start(bucket))
        ended = state.look(bucket)
        if ended is not None:
            yield ended
    if state.current is not None:
        yield state.current


class _Run:
    """One replay under way."""

    def __init__(self, past: Past, settings: AlertSettings, tally: Tally) -> None:
        self.current: Replayed | None = None
        self._past = past
        self._settings = settings
        self._tally = tally
        self._next = 0
        self._closed: list[Replayed] = []
        self._events: list[AlertEventRow] = []
        self._usual: tuple[int, Habits] | None = None

    def look(self, bucket: int) -> Replayed | None:
        """Decide at the end of a bucket; the alarm that is over with it, if one is."""
        now = bucket_start(bucket + 1)
        news = self._learn_until(now)
        if not news and bucket % PER_HOUR:
            return None
        at = self._scene(now)
        window = slice(bucket - SIZE + 1 - self._tally.first, bucket + 1 - self._tally.first)
        counts = {name: row[window].astype(float) for name, row in self._tally.series.items()}
        waves = [(one.started_at, one.closed_at) for one in self._closed if one.closed_at]
        board, _ = make_board(counts, at, waves)
        if self.current is not None:
            return self._follow(self.current, board, at, bucket)
        verdict = judge(board, self._watch(now), self._habits(board, bucket))
        if verdict is not None:
            self._open(verdict, board, now, bucket)
        return None

    def _follow(self, alarm: Replayed, board: Board, at: Scene, bucket: int) -> Replayed | None:
        """Whether an open alarm is over, or another series joins it."""
        kind, now = alarm.strongest.kind, at.now
        thread = Thread(kind, alarm.strongest.subject, self._events)
        last = thread.joined_at
        rested = now - (last or alarm.opened_at) >= CALM_HOURS * HOUR or kind == "silence"
        over = now - alarm.started_at >= LONGEST_OPEN or self._marked(alarm, now)
        if over or (rested and thread.is_calm(board, alarm.started_at, at.back)):
            self.current = None
            self._usual = None
            self._closed.append(replace(alarm, closed_at=now))
            return self._closed[-1]
        minimum = self._settings.minimum_count
        verdict = judge(
            board,
            self._watch(now),
            self._habits(board, bucket),
            lambda signal, usual: thread.is_news(signal, board, usual, minimum),
        )
        if verdict is None:
            return None
        severity = max(alarm.severity, verdict.strongest.severity)
        if last is None or now - last >= JOIN_PAUSE or severity > alarm.severity:
            news = (verdict.strongest, *verdict.others)
            self.current = replace(alarm, severity=severity, joined=(*alarm.joined, *news))
            self._tell(self.current, board, now, at.back(alarm.started_at))
        return None

    def _habits(self, board: Board, bucket: int) -> Habits:
        """What is usual, learnt anew every hour and with every new series."""
        known = self._usual
        if known is None or known[1].counts.names != counted(board) or bucket % PER_HOUR == 0:
            known = self._usual = (bucket, learn_habits(board))
        return known[1].later(bucket - known[0])

    def _tell(self, alarm: Replayed, board: Board, now: datetime, began: int) -> None:
        """Keep what a message would have told that later series are compared with."""
        facts = {
            **told_of(board, min(SIZE, began)),
            "why": "joined" if alarm.joined else "",
            "others": [{"kind": s.kind, "subject": s.subject} for s in alarm.signals[1:]],
        }
        number = len(self._events) + 1
        self._events.append(AlertEventRow(number, "updated", now, facts))

    def _watch(self, now: datetime) -> Watch:
        settings = self._settings
        stricter = strictness_by_series([mark for mark in self._past.marks if mark[1] < now], now)
        return Watch(settings.false_alarms_per_month, settings.minimum_count, stricter)

    def _marked(self, alarm: Replayed, now: datetime) -> bool:
        """Whether the series of an open alarm was marked false while it was open."""
        series = series_key(alarm.strongest.kind, alarm.strongest.subject)
        return any(name == series and alarm.opened_at <= at < now for name, at in self._past.marks)

    def _learn_until(self, now: datetime) -> bool:
        known, begin = self._past.known, self._next
        while self._next < len(known) and known[self._next][0] < now:
            self._tally.add(known[self._next][1])
            self._next += 1
        return self._next > begin

    def _scene(self, now: datetime) -> Scene:
        down = tuple((a, min(b, now)) for a, b in self._past.down if a < now)
        out = [a for a, b in self._past.down if a < now <= b]
        read = self._past.read_until
        return Scene(
            now=now,
            down=down,
            watched_since=self._past.watched_since,
            seen_until=min([now - self._past.patience, *out, *([read] if read else [])]),
        )

    def _open(self, verdict: Verdict, board: Board, now: datetime, bucket: int) -> None:
        last = self._closed[-1] if self._closed else None
        if last is not None and last.closed_at is not None:
            cooling = now - last.closed_at < self._settings.cool_down
            if cooling and verdict.strongest.severity <= last.severity:
                return
        self.current = Replayed(
            opened_at=now,
            closed_at=None,
            started_at=bucket_start(bucket + 1 - verdict.strongest.start),
            severity=verdict.strongest.severity,
            strongest=verdict.strongest,
            others=verdict.others,
        )
        self._events = []
        self._tell(self.current, board, now, verdict.strongest.start)


def alarms_a_month(count: int, since: datetime, until: datetime) -> float:
    """How many alarms a month of 30.4 days that is."""
    return count / max((until - since) / MONTH, 1e-9)
