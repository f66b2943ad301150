"""Comparing the store with everything that was ever written and with every request there was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import func, select

from benchmarks.soak.faults import BY_NAME
from benchmarks.soak.ledger import Ledger, Place, rows
from benchmarks.soak.posts import DAY, HUGE, MARK, Shelf, Site
from benchmarks.soak.told import PollRow, Range, Told
from store.tables import CHANGE, REVISION, SKIPPED_ITEM, SOURCE
from store.work_tables import SPENDING

_COUNTED: Final = ("fetched", "matched", "skipped", "gaps")
_OUTCOMES: Final = ("ok", "retriable", "throttled", "fatal", "crashed", "running")
_SHOWN: Final = 5
_PRICE: Final = 5000
"""Millionths of a dollar a post of X costs."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the table."""

    name: str
    expected: str
    found: str
    right: bool
    examples: tuple[str, ...] = ()


def checks(ledger: Ledger) -> list[Check]:
    """All comparisons after the last day."""
    return [
        *_mentions(ledger),
        *_revisions(ledger),
        *_polls(ledger),
        *_totals(ledger),
        _spending(ledger),
    ]


def healths(ledger: Ledger) -> list[Check]:
    """How each source is said to fare, in the middle of its troubles."""
    columns = (SOURCE.c.name, SOURCE.c.error_count, SOURCE.c.last_error_kind)
    stored = {name: tuple(rest) for name, *rest in rows(ledger.engine, select(*columns))}
    wrong, failing = [], 0
    for site in ledger.sites:
        count, kind = 0, ""
        for poll, told in ledger.told(site):
            outcome = told.like(poll.outcome)
            if outcome == "ok":
                count, kind = 0, ""
            elif outcome != "crashed":
                # A failure after pages were kept begins the count anew.
                count, kind = 1 if poll.pages else count + 1, outcome
        failing += bool(count)
        if stored.get(site.name) != (count, kind):
            wrong.append(f"{site.name}: {count} {kind}, stored {stored.get(site.name)}")
    name = "sources that fail at the end of the month, how often and how"
    return [Check(name, str(failing), str(failing - len(wrong)), not wrong, _some(wrong))]


def due(ledger: Ledger, site: Site) -> set[int]:
    """The posts of a source that must be kept: shown long enough, with an id and the brand."""
    planned = ledger.planned[site.index]
    wanted = {n for n, post in enumerate(planned) if post.named and post.matches}
    if not site.kind.window:
        return wanted
    last = Shelf(planned).at(ledger.plan.end + DAY)[-site.kind.window :]
    shown = {item.number - planned[0].number for item in last} if planned else set()
    return wanted & (shown | {number for number, _ in ledger.stories[site.index].sure})


def _mentions(ledger: Ledger) -> list[Check]:
    wanted = {(site.index, n) for site in ledger.sites for n in due(ledger, site)}
    wished = {
        (site.index, n)
        for site in ledger.sites
        for n, post in enumerate(ledger.planned[site.index])
        if post.matches and post.named
    }
    found = set(ledger.kept)
    lost, strange = wanted - found, found - wished
    doubled = {place for place, kept in ledger.kept.items() if len(kept) > 1}
    buried = {place for place, kept in ledger.kept.items() if any(one.deleted for one in kept)}
    return [
        _check("posts that had to be kept", len(wanted), len(wanted & found)),
        _none("lost", lost, ledger),
        _none("doubled", doubled, ledger),
        _none("kept without the brand or an id", strange, ledger),
        _none("called deleted", buried, ledger),
        _none("not sighted by just one source", ledger.astray, ledger),
    ]


def _revisions(ledger: Ledger) -> list[Check]:
    missing, unseen, cut = set[Place](), set[Place](), set[Place]()
    edits = 0
    for place, copies in ledger.kept.items():
        sure, maybe = ledger.shown(place)
        for kept in copies:
            edits += kept.revision - 1
            if sure - kept.versions:
                missing.add(place)
            if kept.versions - sure - maybe:
                unseen.add(place)
            if len(kept.texts) != len(kept.versions) or any(map(_is_cut, kept.texts)):
                cut.add(place)
    edited = select(func.count()).select_from(CHANGE).where(CHANGE.c.action == "edited")
    earlier = ledger.total(select(func.count()).select_from(REVISION))
    return [
        _none("shown versions that were not kept", missing, ledger),
        _none("kept versions that were never shown", unseen, ledger),
        _none("texts cut short, or kept twice", cut, ledger),
        _check("earlier revisions", edits, earlier),
        _check("edits in the sequence of changes", edits, ledger.total(edited)),
    ]


def _is_cut(text: str) -> bool:
    mark = MARK.search(text)
    return mark is None or (len(text) < HUGE // 1000 and not text.endswith(f"v{mark[3]}"))


@dataclass
class _Tally:
    """What all polls must have counted, and what they did."""

    expected: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    sums: dict[str, Range] = field(default_factory=lambda: {name: Range() for name in _COUNTED})
    wrong: dict[str, list[str]] = field(
        default_factory=lambda: {name: [] for name in ("outcome", *_COUNTED)}
    )

    def add(self, where: str, poll: PollRow, told: Told) -> None:
        """Compare one poll."""
        self.found[poll.outcome] += 1
        self.expected[told.like(poll.outcome)] += 1
        if poll.outcome not in told.outcomes:
            self.wrong["outcome"].append(f"{where}: {told.outcomes}, stored {poll.outcome}")
        for name in _COUNTED:
            expected, number = getattr(told, name), getattr(poll, name)
            self.sums[name].low += expected.low
            self.sums[name].high += expected.high
            self.found[name] += number
            if not expected.holds(number):
                self.wrong[name].append(f"{where}: {expected}, stored {number} ({poll.outcome})")

    def counted(self, name: str) -> Check:
        """The line of a counter."""
        wrong = self.wrong[name]
        found = f"{self.found[name]:,}"
        return Check(f"{name} in all polls", str(self.sums[name]), found, not wrong, _some(wrong))


def _polls(ledger: Ledger) -> list[Check]:
    tally = _Tally()
    for site in ledger.sites:
        for poll, told in ledger.told(site):
            tally.add(f"{site.name} at {poll.started:.0f}", poll, told)
    return [
        *(_check(f"polls: {n}", tally.expected[n], tally.found[n]) for n in _OUTCOMES),
        _empty("polls with another outcome", tally.wrong["outcome"]),
        *map(tally.counted, _COUNTED),
    ]


def _totals(ledger: Ledger) -> list[Check]:
    polls = [poll for site in ledger.polls for poll in site]
    mentions = sum(map(len, ledger.kept.values()))
    items = ledger.total(select(func.sum(SOURCE.c.items_total)))
    skipped = ledger.total(select(func.sum(SKIPPED_ITEM.c.times)))
    rest = sum(p.fetched - p.skipped - p.stored - p.changed - p.known for p in polls)
    unmatched = sum(poll.fetched - poll.skipped - poll.matched for poll in polls)
    stories = ledger.stories
    return [
        _check("stored in all polls", mentions, sum(poll.stored for poll in polls)),
        _check("items of all sources", mentions, items),
        _check("posts about something else", unmatched, rest),
        _check("skipped items, times", sum(poll.skipped for poll in polls), skipped),
        _check("deleted in all polls", 0, sum(poll.deleted for poll in polls)),
        _check("requests outside every poll", 0, sum(story.strays for story in stories)),
        _check("requests while silence was asked for", 0, sum(story.early for story in stories)),
    ]


def _spending(ledger: Ledger) -> Check:
    cost = Range()
    for site in ledger.sites:
        if site.kind.type != "x":
            continue
        page = site.kind.settings["page_size"]
        for entry in ledger.entries[site.index]:
            fault = BY_NAME.get(entry.fault)
            if not entry.fault:
                cost.add(len(entry.marks))
            elif entry.fault == "killed" or (fault and fault.status == 200):
                # What was set aside stays so if nobody can tell what was billed.
                cost.add(page if entry.phase == "poll" else 100, sure=False)
        crashed = sum(poll.outcome == "crashed" for poll in ledger.polls[site.index])
        cost.add(page * crashed, sure=False)
    cost.add(100 * ledger.plan.kills, sure=False)
    main = SPENDING.c.account == "x:X_TOKEN"
    spent = ledger.total(select(func.sum(SPENDING.c.amount)).where(main)) / _PRICE
    return Check("posts paid for at X", str(cost), f"{spent:,.0f}", cost.holds(round(spent)))


def _check(name: str, expected: int, found: int) -> Check:
    return Check(name, f"{expected:,}", f"{found:,}", expected == found)


def _none(name: str, places: set[Place], ledger: Ledger) -> Check:
    def told(place: Place) -> str:
        site = ledger.sites[place[0]].name if place[0] >= 0 else "?"
        return f"{site} #{place[1]}"

    return _empty(name, [told(place) for place in sorted(places)])


def _empty(name: str, wrong: Sequence[str]) -> Check:
    return Check(name, "0", f"{len(wrong):,}", not wrong, _some(wrong))


def _some(wrong: Sequence[str]) -> tuple[str, ...]:
    return tuple(wrong[:_SHOWN])
