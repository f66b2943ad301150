"""Whether a brand's people must be told something now: every series tested, one decision. Pure.

Each series gives its strongest window as *expected false alarms a month*: the tail probability
times the looks that are possible in a month (overlapping windows count up to eight times) times the
windows of that series. Benjamini-Hochberg over those figures, at the stated rate of the brand,
says which series stand out. Where nothing happens, BH lets one or more of them through no more
often than the stated rate (Simes), and unlike a fixed share for each series it loses little when a
crisis lifts several at once. One alarm carries the strongest and names the others.

| kind | question | law |
|---|---|---|
| volume, negative_count, | more stories than usual? | negative binomial, upper tail |
| cause, product, place | | |
| negative_share | more of them negative, whatever their number? | beta-binomial, upper tail |
| author | does someone with such a reach complain so rarely? | log-Lomax tail of followers |
| silence | none, where many are expected? | exponential tail of past silences |
| story | one story retold more than stories usually are? | negative binomial of all reprints |
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from reports.shares import LEAST_TRIALS, Share, learn_share, share_signal
from reports.signals import (
    Kind,
    Signal,
    Watch,
    author_signal,
    looks,
    make_signal,
    nothing,
    reaches,
    sightings,
    silence_signal,
    silences,
    with_interval,
)
from reports.spikes import severity
from reports.statistics import (
    benjamini_hochberg,
    negative_binomial_quantile,
    negative_binomial_tail,
)
from reports.tuning import series_key
from reports.usual import (
    LEAST_DAYS,
    PER_DAY,
    PER_HOUR,
    SIZE,
    WIDTHS,
    Board,
    Flags,
    Floats,
    Usual,
    learn,
)

COUNTED: Final[dict[str, Kind]] = {
    "negative": "negative_count",
    "volume": "volume",
    "reprints": "story",
}
CAUSE: Final = "cause:"
PARTS: Final[dict[str, Kind]] = {CAUSE: "cause", "product:": "product", "place:": "place"}
"""Series of parts of the negative stories by their prefix, the subject's id after it."""
RETOLD: Final = "retold"
"""Of the reprints those of the most retold story: what can be said of one."""
MOST_FACETS: Final = 40
"""Products and places that are watched: those with the most negative stories before today."""
CALM: Final = 3 * PER_HOUR
BASE_OF_SIZE: Final = 3.0
"""So severe one story more than usual can be, and a point more with each doubling of it. Surprise
alone would not do: five stories are a wonder to a small brand, and still they are five."""
LEAST_EXPECTED: Final = 0.05
"""A window in which so few are usual is too short for the series, unless it is the longest."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The strongest signal and the others that stand out as well."""

    strongest: Signal
    others: tuple[Signal, ...]
    watched: int


@dataclass(frozen=True, slots=True)
class Habits:
    """What all series of a brand usually do.

    Attributes:
        counts: of the series that are counts of stories.
        reaches: followers of negative authors, the most first.
        silences: the stories that each silence lacked, the most first.
    """

    counts: Usual
    share: Share
    reaches: Floats
    silences: Floats

    def later(self, buckets: int) -> Habits:
        """The same knowledge seen from so many buckets later (a few hours at most)."""
        return replace(self, counts=self.counts.later(buckets))


Wanted = Callable[[Signal, Habits], bool]
"""Whether a signal may be told at all, given what is usual; the others are not judged."""


def learn_habits(board: Board) -> Habits:
    """Learn from the days before the newest what a brand's series usually do."""
    counts = learn(board, counted(board))
    return Habits(counts, learn_share(board), reaches(board), silences(board, counts))


def judge(
    board: Board, watch: Watch, usual: Habits | None = None, wanted: Wanted | None = None
) -> Verdict | None:
    """Whether something stands out on a board, every series taken together.

    Args:
        usual: what was learnt of the same series a moment ago, brought to now by `Habits.later`;
            learnt anew if absent.
        wanted: only these series are judged, as if there were no others: what is told already must
            not make it easier for the rest to be told.
    """
    if board.known_days < LEAST_DAYS:
        return None
    usual = usual or learn_habits(board)
    found = signals(board, usual, watch)
    if wanted is not None:
        # A series that shows nothing still counts among those that might have.
        found = [signal for signal in found if not signal.width or wanted(signal, usual)]
    stands = benjamini_hochberg(
        [min(_weighted(signal, watch), 1e9) for signal in found], watch.false_alarms_per_month
    )
    told = [signal for signal, stand in zip(found, stands, strict=True) if stand]
    if not told:
        return None
    told.sort(key=lambda signal: signal.monthly)
    strongest = _leading(told)
    others = tuple(with_interval(signal) for signal in told if signal is not strongest)
    strongest = with_interval(strongest)
    return Verdict(_weighed(strongest, board, usual), others, len(found))


def _weighted(signal: Signal, watch: Watch) -> float:
    """The figure that is judged: what a person marked false must be more surprising."""
    return signal.monthly * watch.stricter.get(series_key(signal.kind, signal.subject), 1.0)


def _leading(told: list[Signal]) -> Signal:
    """The strongest, or the negative stories where those explain it.

    A cause, a product or a place is a part of them, and a wave of posts most of which are negative
    is a wave of negative posts.
    """
    first = told[0]
    negative = next((s for s in told if s.kind == "negative_count"), None)
    if negative is None:
        return first
    most = negative.observed - negative.expected >= (first.observed - first.expected) / 2
    part = first.kind in PARTS.values()
    return negative if part or (first.kind == "volume" and most) else first


def counted(board: Board) -> tuple[str, ...]:
    """The series of a board that are counts of stories."""
    causes = sorted(name for name in board.counts if name.startswith(CAUSE))
    return ("volume", "negative", "reprints", *causes, *_facets(board))


def _facets(board: Board) -> list[str]:
    """The products and places to watch; chosen by their past: today must not choose itself."""
    names = sorted(name for name in board.counts if name.startswith(("product:", "place:")))
    if len(names) > MOST_FACETS:
        names.sort(key=lambda name: (-float(board.row(name)[:-PER_DAY].sum()), name))
        names = sorted(names[:MOST_FACETS])
    return names


def signals(board: Board, usual: Habits, watch: Watch) -> list[Signal]:
    """The strongest window of each series that is watched, however weak; one without news is 1e9.

    A series that never held anything is not watched, so it costs the others nothing.
    """
    found = _count_signals(board, usual.counts, watch)
    if board.row("negative").any():
        found.append(share_signal(board, usual.share, watch))
        found.append(author_signal(board, usual.reaches))
    found.append(silence_signal(board, usual.counts, usual.silences))
    return found


def windows(usual: Usual) -> Flags:
    """Which of `WIDTHS` are worth watching, by series: it or the brand holds something in them.

    A series much rarer than the brand's mentions is watched in windows fit for a tenth of them:
    what never happened before may happen fast.
    """
    rate = np.maximum(usual.a_day, usual.a_day[usual.names.index("volume")] / 10)
    kept: Flags = rate[:, None] / PER_DAY * np.array(WIDTHS) >= LEAST_EXPECTED
    kept[:, -1] |= ~kept.any(axis=1)
    return kept


def _count_signals(board: Board, usual: Usual, watch: Watch) -> list[Signal]:
    """More stories than usual, for every series of counts that ever held one."""
    rows = [board.row(name) for name in usual.names]
    fresh = min(PER_DAY, board.fresh)
    newest = np.stack([row[-PER_DAY:] for row in rows])
    newest[:, : PER_DAY - fresh] = 0
    observed = _sums(newest)
    expected = np.stack([usual.expected(width) for width in WIDTHS], axis=1)
    story = usual.names.index("reprints")
    observed[story] = _of_one_story(board, observed[story], expected[story], watch)
    spread = np.stack([usual.spread[width] for width in WIDTHS], axis=1)
    watched = windows(usual)
    far = observed - expected >= 1.5 * np.sqrt(expected + spread * expected**2)
    worth = watched & far & (observed >= max(1, watch.minimum_count))
    found = []
    for index, row in enumerate(rows):
        if not row.any():
            continue
        best = _nothing(usual.names[index])
        for place in np.flatnonzero(worth[index]):
            law = float(expected[index, place]), float(spread[index, place])
            seen = WIDTHS[place], int(observed[index, place])
            tail = negative_binomial_tail(seen[1], *law)
            monthly = tail * looks(seen[0]) * int(watched[index].sum())
            if monthly < best.monthly:
                best = make_signal(best.kind, best.subject, seen, law, monthly)
        if best.width:
            start = _rise(newest[index, -best.width :], best.expected / best.width)
            best = replace(best, start=start)
        if best.kind == "story" and best.width:
            best = _said_of_one(best, board)
        late = _late_signal(board, usual, index, watch)
        found.append(late if late and late.monthly < best.monthly else best)
    return found


def _sums(newest: Floats) -> Floats:
    """What each of `WIDTHS` holds, by series."""
    found: Floats = newest[..., ::-1].cumsum(axis=-1)[..., np.array(WIDTHS) - 1]
    return found


def _of_one_story(board: Board, observed: Floats, expected: Floats, watch: Watch) -> Floats:
    """The reprints by width of window as if none but the usual ones came beside those of one story.

    Never more than came, so the law of all reprints keeps its rate; that of one story's alone would
    not, as they come in bursts.
    """
    newest = _retold(board)[-PER_DAY:].copy()
    newest[: PER_DAY - min(PER_DAY, board.fresh)] = 0
    most = _sums(newest)
    found: Floats = np.where(
        most >= watch.minimum_count, np.minimum(observed, np.floor(most + expected)), 0.0
    )
    return found


def _said_of_one(signal: Signal, board: Board) -> Signal:
    """The signal of all reprints as what is seen and usual of the most retold story."""
    retold, every = _retold(board), board.row("reprints")
    before = float(every[:-PER_DAY].sum())
    part = float(retold[:-PER_DAY].sum()) / before if before else 1.0
    observed = int(retold[-min(signal.width, board.fresh) :].sum())
    return replace(signal, observed=observed, expected=signal.expected * part)


def _retold(board: Board) -> Floats:
    """The reprints of the most retold story; all of them where nobody told them apart."""
    return board.row(RETOLD if RETOLD in board.counts else "reprints")


def _nothing(name: str) -> Signal:
    prefix, colon, subject = name.partition(":")
    kind = PARTS.get(prefix + colon)
    return nothing(kind, subject) if kind else nothing(COUNTED[name], "")


def _late_signal(board: Board, usual: Usual, index: int, watch: Watch) -> Signal | None:
    """Posts without a time that came with a catch-up, against what the whole outage explains."""
    name = {"volume": "late", "negative": "late_negative"}.get(usual.names[index])
    if name is None or board.late is None or not board.fresh:
        return None
    observed = int(board.row(name)[-min(PER_DAY, board.fresh) :].sum())
    start, end = board.late
    if observed < max(1, watch.minimum_count):
        return None
    expected = float(usual.expected_between(start, end)[index])
    width = next((w for w in WIDTHS if w >= start - end), WIDTHS[-1])
    spread = float(usual.spread[width][index])
    tail = negative_binomial_tail(observed, expected, spread)
    found = make_signal(
        COUNTED[usual.names[index]],
        "",
        (start - end, observed),
        (expected, spread),
        tail * looks(width) * len(WIDTHS),
    )
    return replace(found, start=start, end=end)


def _rise(window: Floats, usual: float) -> int:
    """How many buckets ago the excess began: the start that gathers most of it.

    A cumulative sum against the rate halfway between the usual and the window's own (Page,
    Biometrika 41, 1954), so that a single post long before the wave does not begin it.
    """
    backwards = window[::-1]
    sums = np.cumsum(backwards - (usual + float(backwards.mean())) / 2)
    return int(np.argmax(sums)) + 1


def _weighed(signal: Signal, board: Board, usual: Habits) -> Signal:
    """The signal with its severity from surprise, size, reach and negativity.

    `1 + log2(ratio) + log2(1 + decades)` (see `reports.spikes.severity`), plus up to 2 for the
    widest reach of a negative author (a point at 100,000 followers, two at a million), plus up to
    2 for the negative share above the usual one (a point for 25 percentage points); at most
    `BASE_OF_SIZE + log2(stories more than usual)` and the reach; rounded to 1-10. A silence has no
    reach and no share; what it lacks is its size. An author's size is the reach alone.
    """
    margin = max(0.0, -math.log(signal.monthly))
    more = abs(signal.observed - signal.expected)
    most = math.inf if signal.kind == "author" else BASE_OF_SIZE + math.log2(max(more, 1.0))
    if signal.kind == "silence":
        ratio = max(signal.expected, 1.0) / 4
    elif signal.kind == "author":
        ratio = 1.0
    else:
        ratio = signal.observed / max(signal.expected, 0.5)
    score = float(severity(ratio, margin))
    if signal.kind != "silence":
        seen = slice(-max(signal.start, 1), None)
        widest = float(board.row("author")[seen].max(initial=0.0))
        reach = min(2.0, max(0.0, math.log10(max(widest, 1.0) / 10_000)))
        score, most = score + reach, most + reach
        trials = float(board.row("scored")[seen].sum())
        if trials >= LEAST_TRIALS:
            share = float(board.row("negative")[seen].sum()) / trials
            score += min(2.0, max(-1.0, 4 * (share - usual.share.usual)))
    return replace(signal, severity=max(1, min(10, round(min(score, most)))))


def series_of(kind: str, subject: str) -> str:
    """The counted series that an alert of this kind is followed by."""
    prefix = next((prefix for prefix, part in PARTS.items() if part == kind), None)
    if prefix:
        return prefix + subject
    names: dict[str, str] = {found: name for name, found in COUNTED.items()}
    return {"silence": "volume", "story": RETOLD}.get(kind) or names.get(kind, "negative")


def before(board: Board, name: str, began: int, width: int) -> tuple[float, float]:
    """What `width` buckets ending now of a series usually hold, and the dispersion of that.

    Learnt from the time before an alert began, `began` buckets ago, so that a long wave cannot
    become its own excuse.
    """
    known = board.known.copy()
    known[-min(began, SIZE) :] = False
    usual = learn(Board({name: board.row(name)}, known), (name,))
    nearest = next((w for w in WIDTHS if w >= width), WIDTHS[-1])
    return float(usual.expected(width)[0]), float(usual.spread[nearest][0])


def calm(board: Board, kind: str, subject: str, began: int, widths: tuple[int, ...] = ()) -> bool:
    """Whether the last hours hold no more than the 95 % interval of an alert's series.

    Silence is over with the first mention, a reprint too.

    Args:
        widths: how many of the newest buckets must be calm, each by itself, whatever is not known
            of them; the last three hours if absent, all of them known.
    """
    if kind == "silence":
        return bool(sightings(board)[-began:].any())
    name = series_of(kind, subject)
    if not widths and not board.known[-CALM:].all():
        return False
    for width in widths or (CALM,):
        if began < width:
            return False
        high = negative_binomial_quantile(0.975, *before(board, name, began, width))
        if int(board.row(name)[-width:].sum()) > max(high, 1):
            return False
    return True
