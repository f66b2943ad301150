"""The same facts as page, mail, Markdown, chat, PDF and JSON: nothing active, nothing lost."""

from __future__ import annotations

import email.policy
import io
import json
import re
from base64 import b64decode
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from markdown_it import MarkdownIt
from pydantic import TypeAdapter

from reports.channels import EmailChannel, compose_email
from reports.digest import DigestOptions, build_digest
from reports.digest_facts import DigestFacts, MeasuredFact
from reports.interface import Lang
from reports.masking import mask
from reports.pdf import render_pdf
from reports.periods import Period, PeriodKind
from reports.render import (
    digest_message,
    render_chat,
    render_html,
    render_json,
    render_markdown,
    render_text,
)
from reports.words import list_anchor
from store.digests import DigestKey, save_digest
from store.engine import reading, writing
from store.facet_rows import FacetRow, FacetSpec
from store.history import labelled_mentions
from store.interface import LabelledMention, MentionFilter
from tests.reports.page import Page
from tests.reports.world import NAMES, World, new_world

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 3, 2)
PERIOD = Period("day", DAY, BERLIN)
MADE = PERIOD.end + timedelta(hours=8)
HOSTILE = (
    '<script>alert(1)</script> Zerno \u202egnp.exe "><img src=x onerror=alert(2)> '
    "[x](javascript:alert(3)) ![y](http://evil.example/p.png) {{ 7*7 }} | `a` <http://evil.example>"
)
ACTIVE = {"script", "iframe", "object", "embed", "form", "base", "svg:script"}


FACETS = (
    FacetSpec("place", "lenina", "Lenin St", {"en": "Lenin St", "ru": "Ленина"}),
    FacetSpec("place", "port", "<i>Port</i> | `x`"),
    FacetSpec("product", "card", "Card", {"en": "Card", "ru": "Карта"}),
    FacetSpec("product", "tea", "Tea"),
)


def named(row: dict[str, FacetRow], back: int, number: int) -> list[FacetRow]:
    """One post a day on Lenin Street, on the last day six; the port and the card now and then."""
    chosen = ["lenina"] if number < (6 if back == 0 else 1) else []
    chosen += ["port"] if number == 6 else []
    chosen += ["card"] if number in {0, 6} and back % 2 == 0 else []
    return [row[slug] for slug in chosen]


def fill(world: World) -> None:
    """Ten days: praise and complaints, a hostile post, a reply of the brand's own, two sites."""
    row = world.facets(*FACETS)
    for back in range(10, -1, -1):
        at = PERIOD.start - timedelta(days=back)
        for number in range(8):
            mood = ("negative", "positive", "neutral", "negative")[number % 4]
            said = f"note {back} {number} about word{number}{back} thing{back}{number}"
            cause = {"negative": (("late", said),), "positive": (("tasty", said),)}.get(mood, ())
            world.post(
                f"Zerno {said}",
                at + timedelta(hours=2, minutes=50 * number),
                mood,
                cause,
                author_followers=number * 10,
                site=f"site{number % 2}.example",
                stage="support" if mood == "negative" else None,
                intents=(("leaving", said, None),) if number == 3 else (),
                author_id=f"a{number}",
                matches=world.match(*named(row, back, number)),
            )
    world.post(
        HOSTILE,
        PERIOD.start + timedelta(hours=3),
        "negative",
        (("late", HOSTILE),),
        url="javascript:alert(4)",
        author_name="<b>Eve</b>",
        site="<i>site</i>",
        author_followers=9000,
        native_id="hostile",
    )
    world.post(
        "Zerno answers: sorry",
        PERIOD.start + timedelta(hours=4),
        author_handle="@ZernoHelp",
        parent_id="hostile",
        matches=world.match(row["lenina"], own=True),
    )
    world.save(PERIOD.end)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = new_world(tmp_path_factory.mktemp("digest") / "molva.db")
    fill(made)
    yield made
    made.engine.dispose()


def facts_of(world: World, kind: PeriodKind = "day", **given: Any) -> DigestFacts:
    values: dict[str, Any] = {"lang": "en", "now": MADE, "cause_names": NAMES, **given}
    with reading(world.engine) as conn:
        period = Period.holding(kind, DAY, BERLIN)
        return build_digest(conn, world.brand, period, DigestOptions(**values))


def rows_of(world: World, start: datetime, end: datetime) -> list[LabelledMention]:
    with reading(world.engine) as conn:
        wanted = MentionFilter(world.brand.id, None, start, end, own=False)
        return list(labelled_mentions(conn, wanted))


def test_every_number_stands_before_its_list(filled: World) -> None:
    """A second, simple count: from the rows of an export, stories by their cluster."""
    facts = facts_of(filled, accounts=("zernohelp",))
    rows = rows_of(filled, PERIOD.start, PERIOD.end)
    assert len({row.cluster_id for row in rows}) == len(rows) == facts.totals.mentions
    expected: dict[str, set[int]] = {}
    for row in rows:
        keys = ["all", row.sentiment, f"source-{row.source_type}", f"site-{row.site}"]
        keys += [f"place-{slug}" for slug in row.places]
        keys += [f"product-{slug}" for slug in row.products]
        keys += [f"intent-{intent.intent}" for intent in row.intents]
        keys += [
            f"{'driver' if c.polarity == 'positive' else 'cause'}-{c.cause}" for c in row.causes
        ]
        keys += [f"stage-{c.stage}" for c in row.causes if c.stage]
        for key in keys:
            expected.setdefault(key, set()).add(row.mention_id)
    assert {k: set(v) for k, v in facts.lists.items()} == expected
    for cause in facts.causes:
        assert cause.mentions == len(expected[f"cause-{cause.cause}"])
        before = rows_of(filled, PERIOD.start - timedelta(days=28), PERIOD.start)
        named = [row for row in before if cause.cause in {c.cause for c in row.causes}]
        assert cause.usual == pytest.approx(len(named) / 10)
    told = {"source": facts.sources, "site": facts.sites, "place": facts.places}
    for kind, parts in {**told, "product": facts.products}.items():
        assert {f"{kind}-{part.key}" for part in parts} <= expected.keys()
        for part in parts:
            ids = expected[f"{kind}-{part.key}"]
            moods = [row.sentiment for row in rows if row.mention_id in ids]
            counted = (len(moods), moods.count("negative"), moods.count("positive"))
            assert (part.mentions, part.negative, part.positive) == counted
    assert facts.own_mentions == 1
    assert facts.intents[0].mentions == len(expected["intent-leaving"])
    wrong = [1 - getattr(row, f"p_{row.sentiment}") for row in rows]
    assert facts.label_error.expected == pytest.approx(sum(wrong) / len(wrong))


def test_places_and_products_are_told_against_the_usual(filled: World) -> None:
    facts = facts_of(filled, lang="ru")
    lenina, port = facts.places
    assert (lenina.name, lenina.mentions, lenina.previous, lenina.usual) == ("Ленина", 6, 1, 1.0)
    assert lenina.lift == pytest.approx(6)
    assert lenina.low is not None
    assert 1 < lenina.low < 6
    assert lenina.notable
    # One mention at the port, and two of the card: nothing is claimed of so few.
    assert (port.mentions, port.previous, port.lift, port.low, port.notable) == (
        1,
        1,
        None,
        None,
        False,
    )
    assert [(part.name, part.mentions, part.lift) for part in facts.products] == [
        ("Карта", 2, None)
    ]
    for text in (render_text(facts), render_markdown(facts), render_html(facts)):
        assert "По местам" in text or "ПО МЕСТАМ" in text
        assert "×6 (" in text.replace("\\", "")
    assert facts_of(filled, accounts=("@zernohelp",), lang="ru").own_mentions == 1
    assert "1 упоминание от имени самого бренда" in render_text(
        facts_of(filled, accounts=("@zernohelp",), lang="ru")
    )


def test_without_products_and_places_nothing_is_said_of_them(world: World) -> None:
    world.post("Zerno is fine", PERIOD.start + timedelta(hours=2), "positive")
    world.save(PERIOD.end)
    facts = facts_of(world)
    assert (facts.places, facts.products) == ((), ())
    assert "By place" not in render_html(facts)
    assert not any(key.startswith(("place-", "product-")) for key in facts.lists)


def test_a_number_links_to_a_list_of_its_length(filled: World) -> None:
    facts = facts_of(filled)
    page = Page(render_html(facts))
    ids = {attributes["id"] for _, attributes in page.tags if attributes.get("id")}
    links = [a["href"] for tag, a in page.tags if tag == "a" and (a["href"] or "").startswith("#")]
    assert links
    assert {(link or "")[1:] for link in links} <= ids
    assert {list_anchor(key) for key in facts.lists} == ids


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_hostile_posts_stay_text_in_every_output(filled: World, lang: Lang) -> None:
    facts = facts_of(filled, lang=lang)
    message = digest_message(facts, pages="https://reports.example/molva/")
    for html in (message.html, message.mail):
        page = Page(html)
        assert not ACTIVE & {tag for tag, _ in page.tags}
        assert "alert(1)" in page.text
        for tag, attributes in page.tags:
            assert not any(name.startswith("on") for name in attributes)
            assert tag != "img" or (attributes["src"] or "").startswith("cid:")
            href = attributes.get("href") or "#list-"
            assert href.startswith(("https://news.example/", "https://reports.example/", "#list-"))
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(render_markdown(facts))
    flat = [child for token in tokens for child in (token, *(token.children or ()))]
    assert not {token.type for token in flat} & {"html_block", "html_inline", "image"}
    hrefs = {str(token.attrGet("href")) for token in flat if token.type == "link_open"}
    assert hrefs
    assert all(href.startswith("https://news.example/") for href in hrefs)
    for shown in (message.text, message.subject, render_chat(facts), render_markdown(facts)):
        assert "\u202e" not in shown
        assert "javascript:alert(4)" not in shown


def test_a_mail_is_tables_inlined_styles_and_pictures(filled: World) -> None:
    message = digest_message(facts_of(filled), ("pr@acme.example",))
    channel = EmailChannel(name="m", host="h", sender="Molva <m@acme.example>", to=("x@y.example",))
    mail = message_from_bytes(
        compose_email(channel, message).as_bytes(), policy=email.policy.default
    )
    assert mail["To"] == "pr@acme.example"
    assert mail["List-Unsubscribe"] == "<mailto:m@acme.example?subject=unsubscribe>"
    html = mail.get_body(("html",))
    text = mail.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert text.get_content().startswith(message.subject)
    source = html.get_content()
    assert len(source.encode()) < 102_000  # Gmail cuts what is longer
    assert "<style" not in source
    assert 'style="' in source
    wanted = set(re.findall(r'src="cid:([^"]+)"', source))
    pictures = {p["Content-ID"]: p for p in mail.walk() if p.get_content_type() == "image/png"}
    assert {f"<{one}>" for one in wanted} == set(pictures)
    assert all(p.get_content().startswith(b"\x89PNG") for p in pictures.values())
    assert all(a.get("alt") for tag, a in Page(source).tags if tag == "img")
    assert all(b64decode(one) for one in message.pictures.values())


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_a_day_without_mentions_is_told_too(tmp_path: Path, lang: Lang) -> None:
    world = new_world(tmp_path / "molva.db")
    message = digest_message(facts_of(world, lang=lang))
    assert message.pictures == {}
    assert message.subject in Page(message.mail).text
    assert not {"img", "svg"} & {tag for tag, _ in Page(message.mail).tags}
    world.engine.dispose()


def test_facts_come_back_from_json_as_the_schema_says(filled: World) -> None:
    adapter = TypeAdapter(DigestFacts)
    facts = facts_of(filled, kind="week", accounts=("zernohelp",))
    assert adapter.validate_json(render_json(facts)) == facts
    documented = Path(__file__).parents[2] / "docs" / "digest.schema.json"
    assert json.loads(documented.read_text(encoding="utf-8")) == adapter.json_schema()


def test_a_pdf_holds_the_news(filled: World) -> None:
    pypdf = pytest.importorskip("pypdf")
    pytest.importorskip("weasyprint", exc_type=(ImportError, OSError))  # type: ignore[arg-type]
    facts = facts_of(filled, lang="ru")
    pages = pypdf.PdfReader(io.BytesIO(render_pdf(render_html(facts)))).pages
    assert "Упоминания" in "".join(page.extract_text() for page in pages)


def test_open_work_is_told_only_where_replies_are_known(filled: World) -> None:
    assert facts_of(filled).work is None
    assert facts_of(filled, accounts=("somebody-else",)).work is None
    work = facts_of(filled, accounts=("@zernohelp",)).work
    assert work is not None
    rows = rows_of(filled, PERIOD.end - timedelta(days=28), PERIOD.end)
    complaints = sum(row.sentiment == "negative" for row in rows)
    assert (work.complaints, work.answered, work.unanswered) == (complaints, 1, complaints - 1)
    assert work.median_minutes == 60
    assert work.oldest[0].published_at == min(
        row.published_at for row in rows if row.sentiment == "negative"
    )


def test_an_old_complaint_that_waits_is_told_by_the_name_of_its_cause(world: World) -> None:
    at = PERIOD.start - timedelta(days=5)
    for number, cause in enumerate(("late", "rude")):
        said = f"Zerno was {cause} and nobody wrote back, order {number}"
        world.post(said, at, "negative", ((cause, cause),), native_id=f"c{number}")
    reply = {"author_handle": "@ZernoHelp", "parent_id": "c0", "matches": world.match(own=True)}
    world.post("Zerno answers: sorry", at + timedelta(hours=1), **reply)
    world.post("Zerno opens at nine", PERIOD.start + timedelta(hours=1))
    world.save(PERIOD.end)
    facts = facts_of(world, lang="ru", accounts=("@zernohelp",))
    assert facts.work is not None
    assert [post.causes for post in facts.work.oldest] == [("rude",)]
    assert NAMES["rude"]["ru"] in render_text(facts)


def test_a_week_is_told_like_a_day_with_its_trend(filled: World) -> None:
    facts = facts_of(filled, kind="week")
    rows = rows_of(filled, facts.start, facts.end)
    assert facts.totals.mentions == len(rows)
    assert (facts.day, facts.last_day) == (date(2026, 3, 2), date(2026, 3, 8))
    assert "in the week of 2 Mar – 8 Mar" in render_text(facts)
    assert {fact.name for fact in facts.trends} >= {"mentions", "negative_share"}


def test_what_is_hidden_is_nowhere(tmp_path: Path) -> None:
    world = new_world(tmp_path / "molva.db")
    said = "call +7 495 123-45-67 or 8 (495) 765-43-21, mail ivan.petrov@mail.example, ask @ivan_p"
    world.post(
        f"Zerno let me down: {said}",
        PERIOD.start + timedelta(hours=5),
        "negative",
        (("late", said),),
        author_name="Ivan Petrov",
    )
    world.save(PERIOD.end)
    open_, hidden = facts_of(world), facts_of(world, mask=True)
    assert "ivan.petrov" in render_html(open_)
    for shown in (render_html(hidden), render_text(hidden), render_json(hidden)):
        for secret in ("495", "ivan", "Petrov"):
            assert secret not in shown
    assert mask("order 2026-03-02 for 1 240 roubles") == "order 2026-03-02 for 1 240 roubles"
    world.engine.dispose()


def test_abuse_is_counted_but_never_quoted(tmp_path: Path) -> None:
    world = new_world(tmp_path / "molva.db")
    world.post(
        "Zerno is fucking late",
        PERIOD.start + timedelta(hours=5),
        "negative",
        (("late", "fucking late"),),
        author_followers=999,
    )
    world.post(
        "Zerno is late again",
        PERIOD.start + timedelta(hours=6),
        "negative",
        (("late", "late again"),),
    )
    world.save(PERIOD.end)
    facts = facts_of(world)
    assert facts.causes[0].mentions == 2
    assert [quote.evidence for quote in facts.causes[0].quotes] == ["late again"]
    assert [read.post.text for read in facts.posts] == ["Zerno is late again"]
    world.engine.dispose()


def test_what_came_after_its_digest_is_told_in_the_next(tmp_path: Path) -> None:
    world = new_world(tmp_path / "molva.db")
    world.post("Zerno on time", PERIOD.start - timedelta(hours=9), "positive")
    world.save(PERIOD.start)
    told = PERIOD.start + timedelta(hours=8)
    before = PERIOD.back(1)
    with writing(world.engine) as conn:
        key = DigestKey(world.brand.id, "day", before.first, "Europe/Berlin", "en")
        save_digest(conn, key, {}, told)
    world.post("Zerno found late", PERIOD.start - timedelta(hours=5), "negative")
    world.post("Zerno of today", PERIOD.start + timedelta(hours=5), "negative")
    world.save(told + timedelta(hours=1))
    facts = facts_of(world)
    assert facts.late is not None
    assert (facts.late.mentions, facts.late.negative) == (1, 1)
    assert facts.late.days == ((before.first, 1),)
    assert [post.text for post in facts.late.posts] == ["Zerno found late"]
    assert "1 mention of earlier days was found" in render_text(facts)
    world.engine.dispose()


def test_the_foot_says_how_often_labels_are_wrong(filled: World) -> None:
    card = (
        MeasuredFact("model-1", "en", 7687, 0.78, 0.63, 0.76),
        MeasuredFact("another", "en", 1, 1, 1, 1),
    )
    text = render_text(facts_of(filled, measured=card))
    assert re.search(r"about \d+% of the model's \d+ labels are expected to be wrong", text)
    assert "7,687 held-out texts (English), it finds 78% of the negative" in text
    assert text.count("held-out") == 1


def test_the_same_facts_give_the_same_bytes(filled: World) -> None:
    once, again = digest_message(facts_of(filled)), digest_message(facts_of(filled))
    assert once == again
