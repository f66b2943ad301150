"""A signed link to an alert's mentions, over real HTTP."""

from __future__ import annotations

from pathlib import Path

from store.brands import sync_brands
from store.engine import open_store, writing
from store.interface import BrandSpec, PageToKeep, SourceSpec
from store.labels import save_labels, unlabelled, use_version
from store.mentions import keep_page
from store.sources import start_poll, sync_sources
from tests.molva.test_alert_page import HOUR, NOW, PATH, SECRET, serve, token
from tests.reports.world import _label, mention


def test_a_link_to_the_list_shows_the_mentions_and_changes_nothing(tmp_path: Path) -> None:
    store = tmp_path / "molva.db"
    with serve(store, lang="ru") as site:
        engine = open_store(f"sqlite:///{store}")
        with writing(engine) as conn:
            (brand,) = sync_brands(conn, [BrandSpec("zerno", "Zerno", "Zerno")], NOW)
            (source,) = sync_sources(
                conn, [SourceSpec("town", "rss", "rss:town", "open", 900)], NOW
            )
            use_version(conn, "model-1", "taxonomy-1", NOW)
            poll = start_poll(conn, source.id, NOW, NOW + HOUR)
            post = mention("p1", "Zerno <i>is</i> late", NOW - HOUR / 4, brand.id)
            keep_page(conn, source.id, poll, PageToKeep(cursor={}, mentions=(post,)), NOW)
            (text,) = unlabelled(conn, 1, 10)
            save_labels(conn, 1, [_label(text, "negative", (), False, ())], NOW)
        engine.dispose()
        before, link = site.dump(), token("list", site.alert)
        page = site.look(link)
        assert (page.status, page.title) == (200, "Zerno: 9 negative mentions")
        (row,) = page.tree.css("ul.posts li")
        assert "Zerno <i>is</i> late" in row.text()
        assert "негатив" in row.text()
        assert [one.attributes["href"] for one in page.tree.css("a")] == ["https://news.example/p1"]
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert link not in page.body
        assert SECRET not in page.body
        assert page.tree.css("form, script, i") == []
        assert site.ask("POST", f"{PATH}?token={link}").body == page.body
        assert site.dump() == before
        site.clock.advance(2 * HOUR)
        expired = site.look(link)
        assert (expired.status, expired.commands) == (410, [f"molva alerts mentions {site.alert}"])
