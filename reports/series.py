"""Whether a brand's people must be told something now: every series tested, one decision. Pure.

Each series gives its strongest window as *expected false alarms a month*: the tail probability
times the looks that are possible in a month (overlapping windows count up to eight times) times the
windows of that series. Benjamini-Hochberg over those figures, at the stated rate of the brand,
says which series stand out. Where nothing happens, BH lets one or more of them through no more
often than the stated rate (Simes), and unlike a fixed share for each series it loses little when a
crisis lifts several at once. One alarm carries the strongest and names the others.

| kind | question | law |
|---|---|---|
| volume, negative_count, cause | more stories than usual? | negative binomial, upper tail |
| negative_share | more of them negative, whatever their number? | beta-binomial, upper tail |
| author | does someone with such a reach complain so rarely? | log-Lomax tail of followers |
| silence | none, where many are expected? | exponential tail of past silences |
| story | one story retold more than stories usually are? | negative binomial, upper tail |
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from reports.spikes import MONTH, severity
from reports.statistics import (
    benjamini_hochberg,
    beta_binomial_tail,
    negative_binomial_quantile,
    negative_binomial_tail,
)
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

Kind = Literal["volume", "negative_count", "negative_share", "cause", "author", "silence", "story"]
KINDS: Final[tuple[Kind, ...]] = (
    "negative_count",
    "negative_share",
    "cause",
    "volume",
    "story",
    "author",
    "silence",
)
COUNTED: Final[dict[str, Kind]] = {
    "negative": "negative_count",
    "volume": "volume",
    "reprints": "story",
}
CAUSE: Final = "cause:"
LOOKS_A_MONTH: Final = MONTH.total_seconds() / 600
LOOKS_PER_WINDOW: Final = 8
CALM: Final = 3 * PER_HOUR
LONGEST_SILENCE: Final = 7 * PER_DAY
_SILENCE_PRIOR = 5.0
LEAST_EXPECTED: Final = 0.05
"""A window in which so few are usual is too short for the series, unless it is the longest."""
LEAST_TRIALS: Final = 8
"""Scored stories without which a share means nothing."""
LEAST_REACH: Final = 1000
_SHARE_PRIOR = (1.0, 4.0)
_SHARE_SPREAD, _SHARE_SPREAD_WEIGHT = 0.02, 40.0
_REACH_PRIOR = 5.0


@dataclass(frozen=True, slots=True)
class Watch:
    """What a brand's people chose.

    Attributes:
        false_alarms_per_month: at most, for the brand as a whole.
        minimum_count: a window with fewer stories raises nothing.
    """

    false_alarms_per_month: float = 1.0
    minimum_count: int = 5


@dataclass(frozen=True, slots=True)
class Signal:
    """A series that stands out in the window of `width` buckets that ends `end` buckets ago.

    Attributes:
        subject: the cause's id; empty for the other kinds.
        start: how many buckets ago it began.
        observed: stories, negative ones, reprints, or an author's followers.
        trials: scored stories of the window, for a share.
        expected: what is usual in it; `low`-`high` is the 95 % prediction interval.
        monthly: how often a month chance alone shows as much: expected false alarms of a rule
            that would tell this.
    """

    kind: Kind
    subject: str
    width: int
    end: int
    start: int
    observed: int
    trials: int
    expected: float
    low: int
    high: int
    dispersion: float
    monthly: float
    severity: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The strongest signal and the others that stand out as well."""

    strongest: Signal
    others: tuple[Signal, ...]
    watched: int


def judge(board: Board, watch: Watch, usual: Usual | None = None) -> Verdict | None:
    """Whether something stands out on a board, every series taken together.

    Args:
        usual: what was learnt of the same series a moment ago, brought to now by `Usual.later`;
            learnt anew if absent.
    """
    if board.known_days < LEAST_DAYS:
        return None
    usual = usual or learn(board, counted(board))
    found = signals(board, usual, watch)
    stands = benjamini_hochberg(
        [min(signal.monthly, 1e9) for signal in found], watch.false_alarms_per_month
    )
    told = [signal for signal, stand in zip(found, stands, strict=True) if stand]
    if not told:
        return None
    told.sort(key=lambda signal: signal.monthly)
    strongest = _leading(told)
    others = tuple(signal for signal in told if signal is not strongest)
    return Verdict(_weighed(strongest, board, usual), others, len(found))


def _leading(told: list[Signal]) -> Signal:
    """The strongest, or the negative stories where those explain it.

    A cause is a part of them, and a wave of posts most of which are negative is a wave of negative
    posts.
    """
    first = told[0]
    negative = next((s for s in told if s.kind == "negative_count"), None)
    if negative is None:
        return first
    most = negative.observed - negative.expected >= (first.observed - first.expected) / 2
    return negative if first.kind == "cause" or (first.kind == "volume" and most) else first


def counted(board: Board) -> tuple[str, ...]:
    """The series of a board that are counts of stories."""
    causes = sorted(name for name in board.counts if name.startswith(CAUSE))
    return ("volume", "negative", "reprints", *causes)


def signals(board: Board, usual: Usual, watch: Watch) -> list[Signal]:
    """The strongest window of each series that is watched, however weak; one without news is 1e9.

    A series that never held anything is not watched, so it costs the others nothing.
    """
    found = [
        _count_signal(board, usual, index, watch)
        for index, name in enumerate(usual.names)
        if board.row(name).any()
    ]
    if board.row("negative").any():
        found += [_share_signal(board, watch), _author_signal(board)]
    found.append(_silence_signal(board, usual))
    return found


def looks(width: int) -> float:
    """How many windows of this width a month holds that are worth a decision of their own."""
    return min(LOOKS_A_MONTH, LOOKS_A_MONTH / width * LOOKS_PER_WINDOW)


def windows(usual: Usual, index: int) -> tuple[int, ...]:
    """The windows worth watching: those in which the series, or the brand, holds something.

    A series much rarer than the brand's mentions is watched in windows fit for a tenth of them:
    what never happened before may happen fast.
    """
    rate = max(usual.a_day[index], usual.a_day[usual.names.index("volume")] / 10)
    expected = rate / PER_DAY
    kept = [width for width in WIDTHS if width * expected >= LEAST_EXPECTED]
    return tuple(kept or WIDTHS[-1:])


def _count_signal(board: Board, usual: Usual, index: int, watch: Watch) -> Signal:
    """More stories of one series than usual."""
    name = usual.names[index]
    kind = COUNTED.get(name, "cause")
    subject = name.removeprefix(CAUSE) if kind == "cause" else ""
    row = board.row(name)
    widths = windows(usual, index)
    best = _nothing(kind, subject)
    for width in widths:
        observed = int(row[-min(width, board.fresh) :].sum()) if board.fresh else 0
        expected, spread = float(usual.expected(width)[index]), float(usual.spread[width][index])
        deviation = math.sqrt(expected + spread * expected**2)
        if observed < max(1, watch.minimum_count) or observed - expected < 1.5 * deviation:
            continue
        tail = negative_binomial_tail(observed, expected, spread)
        monthly = tail * looks(width) * len(widths)
        if monthly < best.monthly:
            best = _signal(kind, subject, (width, observed), (expected, spread), monthly)
    late = _late_signal(board, usual, index, watch)
    if late and late.monthly < best.monthly:
        return late
    if best.width:
        start = _rise(row[-best.width :], best.expected / best.width)
        best = replace(best, start=start)
    return best


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
    found = _signal(
        COUNTED[usual.names[index]],
        "",
        (start - end, observed),
        (expected, spread),
        tail * looks(width) * len(WIDTHS),
    )
    return replace(found, start=start, end=end)


def _signal(
    kind: Kind, subject: str, seen: tuple[int, int], law: tuple[float, float], monthly: float
) -> Signal:
    width, observed = seen
    expected, spread = law
    return Signal(
        kind=kind,
        subject=subject,
        width=width,
        end=0,
        start=width,
        observed=observed,
        trials=0,
        expected=expected,
        low=negative_binomial_quantile(0.025, expected, spread),
        high=negative_binomial_quantile(0.975, expected, spread),
        dispersion=spread,
        monthly=max(monthly, 1e-290),
        severity=1,
    )


def _nothing(kind: Kind, subject: str = "") -> Signal:
    return Signal(kind, subject, 0, 0, 0, 0, 0, 0.0, 0, 0, 0.0, 1e9, 1)


def _rise(window: Floats, usual: float) -> int:
    """How many buckets ago the excess began: the start that gathers most of it.

    A cumulative sum against the rate halfway between the usual and the window's own (Page,
    Biometrika 41, 1954), so that a single post long before the wave does not begin it.
    """
    backwards = window[::-1]
    sums = np.cumsum(backwards - (usual + float(backwards.mean())) / 2)
    return int(np.argmax(sums)) + 1


def _share_signal(board: Board, watch: Watch) -> Signal:
    """More of the scored stories negative than usual, given how many there are."""
    negative, scored = board.row("negative"), board.row("scored")
    past = board.known[:-PER_DAY]
    n = float((scored[:-PER_DAY] * past).sum())
    best = _nothing("negative_share")
    widths = tuple(w for w in WIDTHS if n / max(board.known_days, 1) * w / PER_DAY >= 1)
    if not n or not board.fresh:
        return best
    usual = _usual_share(negative, scored, board.known)
    for width in widths or WIDTHS[-1:]:
        seen = slice(-min(width, board.fresh), None)
        trials, observed = int(scored[seen].sum()), int(negative[seen].sum())
        if trials < LEAST_TRIALS or observed < watch.minimum_count:
            continue
        share, doubt = usual
        spread = _share_spread(negative, scored, board.known, share, width) + doubt
        if observed - trials * share < 1.5 * math.sqrt(
            trials * share * (1 - share) * (1 + (trials - 1) * spread)
        ):
            continue
        tail = beta_binomial_tail(observed, trials, share, spread)
        monthly = tail * looks(width) * max(len(widths), 1)
        if monthly < best.monthly:
            low, high = _share_interval(trials, share, spread)
            best = Signal(
                "negative_share",
                "",
                width,
                0,
                width,
                observed,
                trials,
                trials * share,
                low,
                high,
                spread,
                max(monthly, 1e-290),
                1,
            )
    return best


def _usual_share(negative: Floats, scored: Floats, known: Flags) -> tuple[float, float]:
    """The share of negative stories (newer weeks weigh more), and the doubt about it as spread."""
    days = (known[:-PER_DAY]).reshape(-1, PER_DAY)
    age = np.arange(len(days))[::-1]
    memory = 0.5 ** (age / 14)
    k = float(((negative[:-PER_DAY].reshape(-1, PER_DAY) * days).sum(axis=1) * memory).sum())
    n = float(((scored[:-PER_DAY].reshape(-1, PER_DAY) * days).sum(axis=1) * memory).sum())
    share = (k + _SHARE_PRIOR[0]) / (n + _SHARE_PRIOR[1])
    return share, 1 / (n + _SHARE_PRIOR[1])


def _share_spread(
    negative: Floats, scored: Floats, known: Flags, share: float, width: int
) -> float:
    """Intra-window correlation by moments: `E(k - np)² = np(1-p)(1 + (n-1)·rho)`, shrunk."""
    days = slice(-(len(known) // PER_DAY) * PER_DAY, -PER_DAY)
    shape = (-1, width)
    full = known[days].reshape(shape).all(axis=1)
    k, n = negative[days].reshape(shape).sum(axis=1), scored[days].reshape(shape).sum(axis=1)
    k, n = k[full & (n > 1)], n[full & (n > 1)]
    unit = share * (1 - share)
    error = np.minimum((k - n * share) ** 2, 16 * n * unit * (1 + (n - 1) * 0.1))
    # Windows are weighed by what they can say: (n-1)/(1 + (n-1)·prior)².
    weight = 1 / (n * (1 + (n - 1) * _SHARE_SPREAD) ** 2)
    over = float((weight * (error - n * unit)).sum()) / unit
    trust = float((weight * n * (n - 1)).sum())
    prior = _SHARE_SPREAD * _SHARE_SPREAD_WEIGHT
    return max(0.0, (over + prior) / (trust + _SHARE_SPREAD_WEIGHT))


def _share_interval(trials: int, share: float, spread: float) -> tuple[int, int]:
    """An approximate 95 % interval of the number of negative stories among `trials`."""
    half = 1.96 * math.sqrt(trials * share * (1 - share) * (1 + (trials - 1) * spread))
    return max(0, math.floor(trials * share - half)), min(trials, math.ceil(trials * share + half))


def _author_signal(board: Board) -> Signal:
    """A negative author of a reach that negative authors of this brand rarely have.

    Followers above the 90th percentile are log-exponential (Pareto; Hill, Annals of Statistics 3
    (1975) 1163-1174) with a gamma prior around exponent 1 worth five authors, which makes the
    predictive tail log-Lomax: with few authors behind it, it promises little.
    """
    row = board.row("author")
    past = row[:-PER_DAY][board.known[:-PER_DAY] & (row[:-PER_DAY] > 0)]
    newest = row[-PER_DAY:].copy()
    newest[: PER_DAY - min(PER_DAY, board.fresh)] = 0
    most = float(newest.max())
    if len(past) < LEAST_TRIALS or most < LEAST_REACH:
        return _nothing("author")
    past = np.sort(past)[::-1]
    count = max(5, len(past) // 10)
    least = float(past[min(count, len(past) - 1)])
    if most <= past[0] or most < 5 * float(np.median(past)):
        return _nothing("author")
    excess = float(np.log(past[:count] / least).sum())
    shape, scale = count + _REACH_PRIOR, excess + _REACH_PRIOR
    tail = count / len(past) * (scale / (scale + math.log(most / least))) ** shape
    a_month = len(past) / board.known_days * MONTH.days
    start = PER_DAY - int(np.argmax(newest))
    return Signal(
        "author",
        "",
        start,
        0,
        start,
        int(most),
        0,
        float(np.median(past)),
        int(past[-1]),
        int(past[max(0, len(past) // 40 - 1)]),
        0.0,
        max(tail * a_month, 1e-290),
        1,
    )


def _silence_signal(board: Board, usual: Usual) -> Signal:
    """No story at all where many are usual; never over hours that are not known.

    A silence is measured by the stories it lacks. Past silences longer than most have an
    exponential excess (mean 1 for a Poisson brand) with a gamma prior worth five of them, so a
    brand whose sources sleep at odd hours is not taken for a dead one; the rate of such silences
    is what the past held.
    """
    row, end = board.row("volume"), board.seen_until
    longest = min(board.fresh, len(row), end + LONGEST_SILENCE)
    silent = (row[::-1] == 0) & board.known[::-1]
    broken = np.flatnonzero(~silent[end:longest])
    start = end + int(broken[0]) if len(broken) else longest
    if start <= end:
        return _nothing("silence")
    index = usual.names.index("volume")
    lacking = float(usual.expected_between(start, end)[index])
    if lacking < LEAST_TRIALS:
        return _nothing("silence")
    past = _past_silences(row, board.known, usual.forecast[index])
    count = min(len(past), max(10, len(past) // 10))
    least = float(past[count - 1]) if len(past) > count else 0.0
    shape, scale = count + _SILENCE_PRIOR, float((past[:count] - least).sum()) + _SILENCE_PRIOR
    tail = (scale / (scale + max(0.0, lacking - least))) ** shape
    monthly = max(count, 1) / board.known_days * MONTH.days * tail
    width = next((w for w in WIDTHS if w >= start - end), WIDTHS[-1])
    law = (lacking, float(usual.spread[width][index]))
    return replace(_signal("silence", "", (start - end, 0), law, monthly), start=start, end=end)


def _past_silences(row: Floats, known: Flags, forecast: Floats) -> Floats:
    """The stories that each past silence lacked, the most first."""
    foretold = np.repeat(forecast.reshape(-1) / PER_HOUR, PER_HOUR)
    silent = (row[:-PER_DAY][::-1] == 0) & known[:-PER_DAY][::-1]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(np.int8)))
    sums = np.concatenate([[0.0], np.cumsum(foretold)])
    lacked: Floats = np.sort(sums[edges[1::2]] - sums[edges[::2]])[::-1]
    return lacked


def _weighed(signal: Signal, board: Board, usual: Usual) -> Signal:
    """The signal with its severity from surprise, size, reach and negativity.

    `1 + log2(ratio) + log2(1 + decades)` (see `reports.spikes.severity`), plus up to 2 for the
    widest reach of a negative author (a point at 100,000 followers, two at a million), plus up to
    2 for the negative share above the usual one (a point for 25 percentage points), rounded to
    1-10. A silence has no reach and no share; what it lacks is its size.
    """
    margin = max(0.0, -math.log(signal.monthly))
    if signal.kind == "silence":
        ratio = max(signal.expected, 1.0) / 4
    elif signal.kind == "author":
        ratio = 1.0
    else:
        ratio = signal.observed / max(signal.expected, 0.5)
    score = float(severity(ratio, margin))
    if signal.kind != "silence":
        seen = slice(-max(signal.start, 1), None)
        most = float(board.row("author")[seen].max(initial=0.0))
        score += min(2.0, max(0.0, math.log10(max(most, 1.0) / 10_000)))
        trials = float(board.row("scored")[seen].sum())
        if trials >= LEAST_TRIALS:
            share = float(board.row("negative")[seen].sum()) / trials
            usual_share = _usual_share(board.row("negative"), board.row("scored"), board.known)[0]
            score += min(2.0, max(-1.0, 4 * (share - usual_share)))
    return replace(signal, severity=max(1, min(10, round(score))))


def series_of(kind: str, subject: str) -> str:
    """The counted series that an alert of this kind is followed by."""
    if kind == "cause":
        return CAUSE + subject
    names: dict[str, str] = {found: name for name, found in COUNTED.items()}
    return "volume" if kind == "silence" else names.get(kind, "negative")


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


def calm(board: Board, kind: str, subject: str, began: int) -> bool:
    """Whether the last three hours hold no more than the 95 % interval of an alert's series.

    Silence is over with the first story.

    Returns:
        False where some of those hours are not known.
    """
    name = series_of(kind, subject)
    if kind == "silence":
        return bool(board.row(name)[-began:].any())
    if not board.known[-CALM:].all() or began < CALM:
        return False
    high = negative_binomial_quantile(0.975, *before(board, name, began, CALM))
    return int(board.row(name)[-CALM:].sum()) <= max(high, 1)
