"""Counts of a brand's series in buckets of ten minutes: what a look at the alerts reads.

They are kept up from the log of changes: only the buckets that a new, edited, deleted, labelled or
corrected mention touches are counted again, so neither a look nor a refresh reads the history of
mentions. A story (cluster) counts in the bucket of its first mention, and again only after a day
without one, so a reprint never makes a spike. Reprints are counted apart, all of them (`reprints`)
and those of the story told most often in the last day (`retold`), and by the followers they reach
(`author`). A post is counted when it was *published*: what a collector catches up on after an
outage falls into the hours it belongs to. Posts without a time of their own that came with a
catch-up may be of any hour of the outage and are counted apart (`late`, `late_negative`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, Select, bindparam, delete, func, literal, select

from store.engine import upsert
from store.facet_rows import Named
from store.facets import named
from store.labels import SENTIMENT, effective, heard
from store.marks import get_mark, set_mark
from store.report_tables import SERIES_COUNT
from store.series_tally import (
    PER_DAY,
    PLACE,
    PRODUCT,
    STORY_MEMORY,
    Counts,
    Story,
    Tally,
    bucket_of,
    bucket_start,
    packed,
    unpacked,
)
from store.sources import outages
from store.tables import (
    BRAND_MENTION,
    CAUSE_LINK,
    CHANGE,
    CORRECTION,
    CORRECTION_CAUSE,
    LABEL,
    MENTION,
)

Stretch = tuple[datetime, datetime]

KEPT_DAYS: Final = 64
"""Days of counts that are kept: eight weeks of history, and the days an alert may be open."""
CATCH_UP: Final = timedelta(hours=1)
"""For so long after an outage a post without a time may have been published during it."""
_MARK = "series_counts"
_RULES: Final = 2
"""Changes with what a series counts; then the days kept are counted again, lest what is usual were
learnt of something else than what is judged."""
_SETTLED = timedelta(days=2)
"""Polls older than this say nothing new of outages."""
_CHUNK = 500


def refresh(conn: Connection, now: datetime) -> int:
    """Bring the counts up to the last change, and the known outages up to now.

    Returns:
        How many stretches of a brand's day were counted again.
    """
    mark = dict(get_mark(conn, _MARK) or {})
    down = _outages(conn, mark, now)
    last = int(conn.execute(select(func.coalesce(func.max(CHANGE.c.id), 0))).scalar_one())
    oldest = now - KEPT_DAYS * timedelta(days=1)
    touched = _touched(conn, int(mark.get("change", 0)), last, oldest)
    if mark and mark.get("rules") != _RULES:
        touched |= _all_days(conn)
    for (brand_id, day), (low, high) in sorted(touched.items()):
        _recount(conn, brand_id, range(day * PER_DAY + low, day * PER_DAY + high + 1), down)
    conn.execute(delete(SERIES_COUNT).where(SERIES_COUNT.c.day < bucket_of(oldest) // PER_DAY))
    stretches = [[start.isoformat(), end.isoformat()] for start, end in down]
    kept = {"change": last, "down": stretches, "until": now.isoformat(), "rules": _RULES}
    set_mark(conn, _MARK, kept)
    return len(touched)


def known_outages(conn: Connection) -> list[Stretch]:
    """The stretches without some source, as of the last refresh."""
    return _stretches(get_mark(conn, _MARK) or {})


def series_counts(conn: Connection, brand_id: int, last: int, size: int) -> dict[str, Counts]:
    """A brand's series over `size` buckets, the oldest first and `last` the newest.

    A series without a count in them is left out.
    """
    first = last - size + 1
    found: dict[str, Counts] = {}
    days = {"brand": brand_id, "first": first // PER_DAY, "last": last // PER_DAY}
    for name, day, blob in conn.execute(_DAYS, days):
        row = found.get(name)
        if row is None:
            row = found[name] = np.zeros(size, np.int64)
        begin = day * PER_DAY - first
        low, high = max(begin, 0), min(begin + PER_DAY, size)
        row[low:high] = unpacked(blob)[low - begin : high - begin]
    return found


_DAYS = select(SERIES_COUNT.c.series, SERIES_COUNT.c.day, SERIES_COUNT.c.counts).where(
    SERIES_COUNT.c.brand_id == bindparam("brand"),
    SERIES_COUNT.c.day >= bindparam("first"),
    SERIES_COUNT.c.day <= bindparam("last"),
)


def keep_counts(conn: Connection, brand_id: int, day: int, counts: Mapping[str, Counts]) -> None:
    """Keep a brand's counts of one day (since 1970) by series, in place of those before."""
    mine = (SERIES_COUNT.c.brand_id == brand_id, SERIES_COUNT.c.day == day)
    conn.execute(delete(SERIES_COUNT).where(*mine, SERIES_COUNT.c.series.not_in(list(counts))))
    rows = [
        {"brand_id": brand_id, "series": name, "day": day, "counts": packed(row)}
        for name, row in counts.items()
        if row.any()
    ]
    if rows:
        statement = upsert(conn, SERIES_COUNT)
        conn.execute(
            statement.on_conflict_do_update(
                index_elements=["brand_id", "series", "day"],
                set_={"counts": statement.excluded.counts},
            ),
            rows,
        )


def first_seen(
    conn: Connection, brand_id: int, start: datetime, end: datetime
) -> dict[int, datetime]:
    """When each mention of a brand published in `[start, end)` was first collected."""
    return {int(id_): seen for id_, seen in conn.execute(_seen(brand_id, start, end))}


def _seen(brand_id: int, start: datetime, end: datetime) -> Select[Any]:
    return (
        select(MENTION.c.id, MENTION.c.first_seen_at)
        .join_from(BRAND_MENTION, MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
        .where(
            BRAND_MENTION.c.brand_id == brand_id,
            BRAND_MENTION.c.published_at >= start,
            BRAND_MENTION.c.published_at < end,
        )
    )


def _outages(conn: Connection, mark: Mapping[str, Any], now: datetime) -> list[Stretch]:
    """Known outages, those of the last days looked up anew."""
    since = now - KEPT_DAYS * timedelta(days=1)
    old: list[Stretch] = []
    if mark:
        since = max(since, datetime.fromisoformat(mark["until"]) - _SETTLED)
        old = [(a, min(b, since)) for a, b in _stretches(mark) if a < since]
    joined: list[Stretch] = []
    for start, end in sorted(old + outages(conn, since, now)):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    oldest = now - KEPT_DAYS * timedelta(days=1)
    return [stretch for stretch in joined if stretch[1] > oldest]


def _stretches(mark: Mapping[str, Any]) -> list[Stretch]:
    return [
        (datetime.fromisoformat(start), datetime.fromisoformat(end))
        for start, end in mark.get("down", ())
    ]


def _touched(
    conn: Connection, after: int, last: int, oldest: datetime
) -> dict[tuple[int, int], tuple[int, int]]:
    """(brand, day) to the first and last bucket of that day to be counted again."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for brand_id, at in (*_touched_stories(conn, after, last), *_touched_texts(conn, after, last)):
        if at < oldest:
            continue
        day, bucket = divmod(bucket_of(at), PER_DAY)
        low, high = found.get((brand_id, day), (bucket, bucket))
        found[brand_id, day] = min(low, bucket), max(high, bucket)
    return found


def _all_days(conn: Connection) -> dict[tuple[int, int], tuple[int, int]]:
    """Every (brand, day) that is counted, from its first bucket to its last."""
    days = select(SERIES_COUNT.c.brand_id, SERIES_COUNT.c.day).distinct()
    return {(row.brand_id, row.day): (0, PER_DAY - 1) for row in conn.execute(days)}


def _touched_stories(conn: Connection, after: int, last: int) -> list[tuple[int, datetime]]:
    """Where the stories of changed mentions were told: an earlier copy moves the first one."""
    changed = (
        select(MENTION.c.cluster_id)
        .join_from(CHANGE, MENTION, MENTION.c.id == CHANGE.c.mention_id)
        .where(CHANGE.c.id > after, CHANGE.c.id <= last)
    )
    told = (
        select(BRAND_MENTION.c.brand_id, BRAND_MENTION.c.published_at)
        .join_from(MENTION, BRAND_MENTION, BRAND_MENTION.c.mention_id == MENTION.c.id)
        .where(MENTION.c.cluster_id.in_(changed))
    )
    return [(row[0], row[1]) for row in conn.execute(told)]


def _touched_texts(conn: Connection, after: int, last: int) -> list[tuple[int, datetime]]:
    """Where edited mentions stood of brands that their text may name no longer."""
    edited = (
        select(MENTION.c.published_at)
        .join_from(CHANGE, MENTION, MENTION.c.id == CHANGE.c.mention_id)
        .where(CHANGE.c.id > after, CHANGE.c.id <= last, CHANGE.c.action == "edited")
    )
    times = list(conn.execute(edited).scalars())
    days = {bucket_of(at) // PER_DAY for at in times}
    counted = select(SERIES_COUNT.c.brand_id, SERIES_COUNT.c.day).distinct()
    brands: dict[int, list[int]] = defaultdict(list)
    for brand_id, day in conn.execute(counted.where(SERIES_COUNT.c.day.in_(days))):
        brands[day].append(brand_id)
    return [(brand_id, at) for at in times for brand_id in brands[bucket_of(at) // PER_DAY]]


def _recount(conn: Connection, brand_id: int, buckets: range, down: Sequence[Stretch]) -> None:
    """Count some buckets of one day of a brand again from its mentions."""
    start, end = bucket_start(buckets.start), bucket_start(buckets.stop)
    late = late_ids(conn, brand_id, (start, end), down)
    tally = Tally(buckets.start, len(buckets))
    for cluster, at in _told_before(conn, brand_id, start, end):
        tally.remember(cluster, at)
    for story in stories(conn, brand_id, start, end, late):
        tally.add(story)
    day = buckets.start // PER_DAY
    kept = series_counts(conn, brand_id, (day + 1) * PER_DAY - 1, PER_DAY)
    place = slice(buckets.start - day * PER_DAY, buckets.stop - day * PER_DAY)
    for name in {*kept, *tally.series}:
        row = kept.setdefault(name, np.zeros(PER_DAY, np.int64))
        row[place] = tally.series.get(name, 0)
    keep_counts(conn, brand_id, day, {name: row for name, row in kept.items() if row.any()})


def _told_before(
    conn: Connection, brand_id: int, start: datetime, end: datetime
) -> list[tuple[int, datetime]]:
    """Which stories were told when in the day before an interval, in order.

    Those told once until the interval ends are left out: they are neither retold in it nor told
    more often than any that is.
    """
    mention = BRAND_MENTION.c
    mine = (
        mention.brand_id == brand_id,
        mention.deleted.is_(False),
        mention.own.is_(False),
        mention.published_at >= start - STORY_MEMORY,
    )
    retold = (
        select(mention.cluster_id)
        .where(*mine, mention.published_at < end)
        .group_by(mention.cluster_id)
        .having(func.count() > 1)
    )
    rows = (
        select(mention.cluster_id, mention.published_at)
        .where(*mine, mention.published_at < start, mention.cluster_id.in_(retold))
        .order_by(mention.published_at, mention.mention_id)
    )
    return [(int(cluster), at) for cluster, at in conn.execute(rows)]


def late_ids(
    conn: Connection, brand_id: int, interval: Stretch, down: Sequence[Stretch]
) -> frozenset[int]:
    """Mentions of an interval that claim no time and came with a catch-up."""
    start, end = interval
    ends = [over for _, over in down if over < end and start < over + CATCH_UP]
    if not ends:
        return frozenset()
    unclaimed = _seen(brand_id, start, end).where(MENTION.c.published_at_claimed.is_(False))
    return frozenset(
        int(id_)
        for id_, seen in conn.execute(unclaimed)
        if any(over <= seen < over + CATCH_UP for over in ends)
    )


def stories(
    conn: Connection,
    brand_id: int,
    start: datetime,
    end: datetime,
    late: frozenset[int] = frozenset(),
) -> Iterator[Story]:
    """A brand's living mentions published in `[start, end)`, in order, with what counts of them.

    What the brand's own accounts wrote is left out.

    Args:
        late: ids of those whose time is not known (see `late_ids`).
    """
    rows = conn.execute(_labelled(brand_id, start, end)).all()
    negative = [row for row in rows if row.sentiment == "negative"]
    by_model = _told(conn, [row.label_id for row in negative if not row.has_causes])
    said = _said(conn, [row.correction_id for row in rows])
    facets = named(conn, [row.row_id for row in negative])
    for row in rows:
        own = said.get(row.correction_id, {})
        told = by_model.get(row.label_id, set()) - own.keys()
        yield Story(
            at=row.published_at,
            cluster=row.cluster_id,
            sentiment=row.sentiment,
            followers=row.followers,
            late=row.mention_id in late,
            causes=tuple(sorted(told | {cause for cause, counts in own.items() if counts})),
            mention_id=row.mention_id,
            facets=_series_of(facets.get(row.row_id)),
        )


def _labelled(brand_id: int, start: datetime, end: datetime) -> Select[Any]:
    """The mentions that count as stories, each with the label and the correction that count."""
    return (
        effective(
            BRAND_MENTION.c.id.label("row_id"),
            BRAND_MENTION.c.mention_id,
            BRAND_MENTION.c.published_at,
            BRAND_MENTION.c.cluster_id,
            BRAND_MENTION.c.followers,
            SENTIMENT.label("sentiment"),
            LABEL.c.id.label("label_id"),
            CORRECTION.c.id.label("correction_id"),
            func.coalesce(CORRECTION.c.has_causes, literal(False)).label("has_causes"),
        )
        .where(*heard(brand_id, (start, end)))
        .order_by(BRAND_MENTION.c.published_at, BRAND_MENTION.c.mention_id)
    )


def _series_of(spoken_of: Named | None) -> tuple[str, ...]:
    """The series of the facets that a mention speaks of."""
    if spoken_of is None:
        return ()
    products = (PRODUCT + slug for slug in spoken_of.products)
    return *products, *(PLACE + slug for slug in spoken_of.places)


def _told(conn: Connection, ids: Iterable[int | None]) -> dict[int, set[str]]:
    """The causes of unhappiness by the label that names them."""
    found: dict[int, set[str]] = defaultdict(set)
    for some in _chunks(ids):
        link = CAUSE_LINK.c
        rows = select(link.label_id, link.cause).where(
            link.label_id.in_(some), link.polarity == "negative"
        )
        for id_, cause in conn.execute(rows):
            found[id_].add(cause)
    return found


def _said(conn: Connection, ids: Iterable[int | None]) -> dict[int, dict[str, bool]]:
    """What people said of causes, by correction: whether each applies, as one of unhappiness."""
    found: dict[int, dict[str, bool]] = defaultdict(dict)
    for some in _chunks(ids):
        rows = select(CORRECTION_CAUSE).where(CORRECTION_CAUSE.c.correction_id.in_(some))
        for row in conn.execute(rows):
            found[row.correction_id][row.cause] = row.applies and row.polarity == "negative"
    return found


def _chunks(ids: Iterable[int | None]) -> Iterator[list[int]]:
    known = [id_ for id_ in ids if id_ is not None]
    return (known[begin : begin + _CHUNK] for begin in range(0, len(known), _CHUNK))
