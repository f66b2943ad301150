"""Products, places and own accounts in molva.toml: what they find, in both languages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors.interface import Author, Page, Post
from molva.app import App
from molva.config import ConfigError, load_config
from molva.pipeline.collect import to_keep
from molva.pipeline.rematch import rematch_pending
from molva.rooms import Rooms
from store.engine import reading, writing
from store.history import labelled_mentions
from store.interface import LabelledMention, MentionFilter
from store.mentions import keep_page
from store.sources import sources, start_poll
from tests.molva.conftest import Ran

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCE = '[[source]]\nname = "town"\ntype = "rss"\nurl = "https://feed.example/"\n'
BRAND = '[[brand]]\nid = "zerno"\nname = "Zerno"\naliases = ["Зерно"]\n'
FACETS = """
accounts = ["@Zerno_Help", "77"]

[[brand.product]]
name.en = "Gold Card"
name.ru = "Золотая карта"
terms = ["зернокарта"]

[[brand.place]]
id = "lenina"
name = "Ленина, 5"
terms = ["улица Ленина", "Lenin Street"]
ids = ["accounts/7/locations/9"]
exclude = ["проспект Ленина"]

[[brand.place]]
name = "Vetrogorsk"
terms = ["Ветрогорск"]
authors = ["Ветрогорск", "Vetrogorsk"]

[[brand]]
id = "snegir"
name = "Snegir"
rival = true

[[brand.place]]
name = "Port"
"""
SAID: list[tuple[str, Author, str]] = [
    ("Zerno on Lenin Street gave me a free gold card", Author(), ""),
    ("На улице Ленина в Зерне очередь, зернокартой не оплатить", Author(), ""),
    ("Зерно закрыли на проспекте Ленина", Author(), ""),
    ("Зерно: пять звёзд", Author(), "accounts/7/locations/9"),
    ("Zerno was fine", Author(location="г. Ветрогорск, Россия"), ""),
    (
        "Zerno in Vetrogorsk is not what it was",
        Author(location="Berlin"),
        "accounts/7/locations/90",
    ),
    ("Зерно ответит вам в чате", Author(handle="zerno_help"), ""),
    ("Zerno answers", Author(id="77"), ""),
    ("Snegir in the port beats Zerno: золотую карту не берут", Author(), ""),
]
NAMED = {
    0: (("gold-card",), ("lenina",), ()),
    1: (("gold-card",), ("lenina",), ()),
    3: ((), ("lenina",), ()),
    4: ((), (), ("vetrogorsk",)),
    5: ((), ("vetrogorsk",), ()),
    8: (("gold-card",), (), ()),
}


def configured(folder: Path, more: str = FACETS) -> Path:
    path = folder / "molva.toml"
    path.write_text(f"{BRAND}{more}\n{SOURCE}", encoding="utf-8")
    return path


def keep(rooms: Rooms) -> None:
    """Collect what was said, as one poll would."""
    page = Page(
        {},
        tuple(
            Post(
                f"p{n}", text, published_at=NOW + timedelta(minutes=n), author=author, thread_id=to
            )
            for n, (text, author, to) in enumerate(SAID)
        ),
    )
    with writing(rooms.engine) as conn:
        (source,) = sources(conn)
        poll = start_poll(conn, source.id, NOW, NOW)
        keep_page(conn, source.id, poll, to_keep(rooms, source, page), rooms.clock())


def collected(config: Path, *, polled: bool = False) -> tuple[int, Sequence[LabelledMention]]:
    """How many kept mentions were changed by a start with this file, and all mentions after it."""

    async def work() -> tuple[int, Sequence[LabelledMention]]:
        async with App.open(load_config(config)) as app:
            if polled:
                keep(app.rooms)
            changed = rematch_pending(app.rooms)
            with reading(app.rooms.engine) as conn:
                return changed, list(labelled_mentions(conn, MentionFilter()))

    return asyncio.run(work())


def check(rows: Sequence[LabelledMention]) -> None:
    towards = [row for row in rows if row.brand == "zerno"]
    assert len(towards) == len(SAID)
    for number, row in enumerate(towards):
        found = (row.products, row.places, row.author_places)
        assert found == NAMED.get(number, ((), (), ())), row.text
        assert row.is_own_account is (number in {6, 7}), row.text
    (rival,) = [row for row in rows if row.brand == "snegir"]
    assert (rival.places, rival.products, rival.is_own_account) == (("port",), (), False)


def test_posts_are_told_apart_as_they_come(tmp_path: Path) -> None:
    changed, rows = collected(configured(tmp_path), polled=True)
    assert changed == 0
    check(rows)


def test_what_is_configured_later_holds_for_the_history(tmp_path: Path) -> None:
    rival = '[[brand]]\nid = "snegir"\nname = "Snegir"\nrival = true\n'
    collected(configured(tmp_path, rival), polled=True)
    changed, rows = collected(configured(tmp_path))
    assert changed == len(NAMED) + 3
    check(rows)
    assert collected(configured(tmp_path))[0] == 0
    changed, rows = collected(configured(tmp_path, rival))
    assert changed == len(NAMED) + 3
    assert not any(row.places or row.products or row.is_own_account for row in rows)


def test_commands_take_an_id_or_a_name(molva: Callable[..., Ran], tmp_path: Path) -> None:
    config = configured(tmp_path)
    collected(config, polled=True)
    out = tmp_path / "out.jsonl"
    for given, found in (
        (("--place", "Ленина, 5"), {0, 1, 3}),
        (("--product", "золотая КАРТА"), {0, 1, 8}),
        (("--product", "gold-card", "--place", "lenina"), {0, 1}),
    ):
        ran = molva("export", "--output", out, "--brand", "zerno", "-c", config, *given)
        assert ran.status == 0, ran.err
        rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
        assert {int(row["native_id"][1:]) for row in rows} == found
    ran = molva("export", "--output", out, "--place", "nowhere", "-c", config)
    assert (ran.status, "there are: lenina, vetrogorsk, port" in ran.err) == (2, True)
    report = ("causes", "report", "-c", config, "--since", "2026-02-28", "--until", "2026-03-03")
    facts = json.loads(molva(*report, "--place", "lenina", "--json").out)
    assert (facts["stories"], facts["only"]) == (3, ["Ленина, 5"])
    assert "Only mentions that speak of Gold Card" in molva(*report, "--product", "gold-card").out


def test_the_documented_file_is_right(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "places.md"
    told = page.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "molva.toml").write_text(told, encoding="utf-8")
    (brand,) = load_config(tmp_path / "molva.toml").brands
    assert [facet.slug for facet in brand.facets] == ["gold-card", "lenina", "vetrogorsk"]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ('[[brand.product]]\nname = "A"\n[[brand.product]]\nname = "a"', "'a' is used twice"),
        ('[[brand.place]]\nname = "P"\nquery = "P AND ("', r"toml:7: brand\[1\].place\[1\].query"),
        ('[[brand.place]]\nname = "☕"', "no id can be made of this name"),
        ('[[brand.place]]\nname = "P"\nquery = "P"\nterms = ["Q"]', "either query, or terms"),
        ('[[brand.product]]\nname = "P"\nauthors = ["Q"]', r"product\[1\].authors"),
        ('[[brand.product]]\nname.de = "P"', r"product\[1\].name"),
    ],
)
def test_mistakes_name_their_place(tmp_path: Path, more: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        load_config(configured(tmp_path, more))
