"""Feeds of Google News and Google Alerts, and WordPress searches, by the format they are
published in; all text is made up.
"""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from collectors.google_links import unwrapped
from collectors.interface import RetriableError
from tests.collectors.worlds import asked, changed, world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.googlealerts import KIT as ALERTS
from tests.conformance.kits.googlenews import KIT as NEWS
from tests.conformance.kits.wordpress import KIT as WORDPRESS
from tests.conformance.server import Answer

news = world_of(NEWS)
alerts = world_of(ALERTS)
wordpress = world_of(WORDPRESS)

ATOM = {"Content-Type": "application/atom+xml"}
OLD_KEY = base64.urlsafe_b64encode(b"\x08\x13\x22\x1ehttps://kofe.example/a/b?id=12\xd2\x01\x00")
NEW_KEY = base64.urlsafe_b64encode(b"\x08\x13\x22\x1eAU_yqLMf0XyYbNotAnAddress123")


@pytest.mark.parametrize(
    ("link", "target"),
    [
        (
            "https://www.google.com/url?rct=j&sa=t&url=https://kofe.example/a%3Fb%3D1%26c%3D2&ct=ga",
            "https://kofe.example/a?b=1&c=2",
        ),
        ("https://www.google.co.uk/url?q=https://kofe.example/", "https://kofe.example/"),
        ("https://www.google.com/url?url=javascript:alert(1)", None),
        (
            f"https://news.google.com/rss/articles/{OLD_KEY.decode().rstrip('=')}?oc=5",
            "https://kofe.example/a/b?id=12",
        ),
        (f"https://news.google.com/rss/articles/{NEW_KEY.decode()}", None),
        ("https://news.google.com/rss/articles/CBMi", None),
        ("https://google.com.evil.example/url?url=https://kofe.example/", None),
        ("https://kofe.example/url?url=https://other.example/", None),
        ("http://[broken", None),
    ],
)
def test_googles_addresses_are_unwrapped_where_they_can_be(link: str, target: str | None) -> None:
    assert unwrapped(link) == (target or link)


async def test_an_alert_links_to_the_article_itself(alerts: World) -> None:
    entry = """<entry><id>tag:google.com,2013:googlealerts/feed:17</id>
      <title type="html">&lt;b&gt;Zerno&lt;/b&gt; opens &amp;#39;again&amp;#39;</title>
      <link href="https://www.google.com/url?sa=t&amp;url=https://kofe.example/a&amp;ct=ga"/>
      <published>2026-03-10T10:00:00Z</published><updated>2026-03-10T10:00:00Z</updated>
      <content type="html">A &lt;b&gt;Zerno&lt;/b&gt; shop</content></entry>"""
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Alert</title>{entry}</feed>'
    alerts.mood = lambda _request: Answer(200, feed.encode(), ATOM)
    (post,) = (await alerts.poll()).posts
    assert (post.url, post.site) == ("https://kofe.example/a", "kofe.example")
    assert (post.title, post.text) == ("Zerno opens 'again'", "A Zerno shop")


async def test_a_headline_is_kept_without_its_publisher(news: World) -> None:
    news.items = [Item(1, "Zerno - the shop - opens")]
    (post,) = (await news.poll()).posts
    assert (post.text, post.title, post.site) == ("Zerno - the shop - opens", "", "kofe.example")
    query = asked(news)[0].query
    assert query["q"] == "zerno after:2026-03-03 before:2026-03-11"
    assert (query["hl"], query["gl"], query["ceid"]) == ("en-US", "US", "US:en")


async def test_a_full_answer_is_asked_for_again_in_halves(
    news: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.conformance.kits.googlenews.SHOWN", 10)
    changed(news, monkeypatch, reachable=10)
    news.items = [Item(n, f"Post {n}", NOW - timedelta(hours=4 * n)) for n in range(30)]
    run = await news.poll()
    assert len(run.texts) == 30
    assert not run.gaps
    news.items = [Item(n, f"Post {n}", NOW - timedelta(minutes=n)) for n in range(30)]
    (gap,) = (await news.poll()).gaps
    assert gap.start == NOW.replace(hour=0)


async def test_the_consent_page_is_told_as_what_it_is(
    news: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.sources.googlenews.site_of", lambda _: "consent.google.com")
    with pytest.raises(RetriableError, match="consent") as caught:
        await news.poll()
    assert caught.value.retry_after == timedelta(hours=6)


async def test_a_wordpress_search_is_paged_back_as_far_as_wanted(wordpress: World) -> None:
    wordpress.items = [Item(n, f"Post {n}", NOW - timedelta(days=20 * n)) for n in range(10)]
    run = await wordpress.poll()
    assert {f"Post {n}" for n in range(5)} <= set(run.texts.values())
    assert [request.query.get("paged") for request in asked(wordpress)] == [None, "2"]
