"""Feed documents as they are found in the wild; own examples in the published formats."""

from __future__ import annotations

import json
import pickle
import time
from datetime import UTC, datetime, timedelta

import pytest

from collectors.feeds import Feed, NotAFeedError, parse_feed
from collectors.interface import Post

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
URL = "https://news.example.com/city/feed.xml"


def read(document: str | bytes, content_type: str = "application/rss+xml") -> Feed:
    body = document.encode() if isinstance(document, str) else document
    return parse_feed(body, content_type=content_type, url=URL, now=NOW)


def rss(items: str, channel: str = "", head: str = '<?xml version="1.0"?>') -> str:
    return (
        f"{head}<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/' "
        "xmlns:dc='http://purl.org/dc/elements/1.1/' "
        "xmlns:slash='http://purl.org/rss/1.0/modules/slash/' "
        "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'>"
        f"<channel><title>City</title>{channel}{items}</channel></rss>"
    )


def only(feed: Feed) -> Post:
    (post,) = feed.posts
    return post


def test_rss_with_everything() -> None:
    post = only(
        read(
            rss(
                "<item><title>Зерно &amp;amp; Co open</title><link>/open?id=1</link>"
                "<guid isPermaLink='false'>n-1</guid><dc:creator>Anna</dc:creator>"
                "<pubDate>Tue, 10 Mar 2026 13:00:00 MSK</pubDate><description>Short</description>"
                "<content:encoded>&lt;p&gt;Long &lt;b&gt;text&lt;/b&gt;&lt;/p&gt;</content:encoded>"
                "<slash:comments>12</slash:comments></item>",
                "<language>ru-RU</language>",
            )
        )
    )
    assert post.native_id == "n-1"
    assert post.title == "Зерно & Co open"
    assert post.text == "Long text"
    assert post.url == "https://news.example.com/open?id=1"
    assert post.published_at == NOW - timedelta(hours=2)
    assert post.author.name == "Anna"
    assert post.engagement.comments == 12
    assert (post.lang, post.site, post.kind) == ("ru", "news.example.com", "article")


def test_atom_with_everything() -> None:
    post = only(
        read(
            "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='en'><title>T</title><entry>"
            "<id>tag:x,2026:1</id><title type='html'>&lt;b&gt;Zerno&lt;/b&gt; opens</title>"
            "<link rel='alternate' href='https://example.com/1'/><author><name>Ben</name></author>"
            "<published>2026-03-10T10:00:00Z</published><updated>2026-03-10T11:00:00+00:00</updated>"
            "<summary>Sum</summary><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>"
            "<p>Body</p></div></content></entry></feed>",
            "application/atom+xml",
        )
    )
    assert (post.native_id, post.title, post.text) == (
        "tag:x,2026:1",
        "Zerno opens",
        "Body",
    )
    assert post.published_at == NOW - timedelta(hours=2)
    assert post.edited_at == NOW - timedelta(hours=1)
    assert (post.author.name, post.lang) == ("Ben", "en")


def test_an_atom_entry_with_an_update_only_is_dated_by_it() -> None:
    post = only(
        read(
            "<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><entry><id>1</id>"
            "<title>T</title><updated>2026-03-10T11:00:00Z</updated></entry></feed>"
        )
    )
    assert post.published_at == NOW - timedelta(hours=1)
    assert post.edited_at is None


def test_rdf() -> None:
    post = only(
        read(
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
            "xmlns='http://purl.org/rss/1.0/' xmlns:dc='http://purl.org/dc/elements/1.1/'>"
            "<channel><title>T</title></channel><item rdf:about='https://example.com/1'>"
            "<title>Zerno</title><link>https://example.com/1</link>"
            "<dc:date>2026-03-10T11:00:00Z</dc:date></item></rdf:RDF>"
        )
    )
    assert (post.title, post.url) == ("Zerno", "https://example.com/1")
    assert post.published_at == NOW - timedelta(hours=1)


@pytest.mark.parametrize("version", ["1", "1.1"])
def test_json_feed(version: str) -> None:
    author = {"author": {"name": "Anna"}} if version == "1" else {"authors": [{"name": "Anna"}]}
    document = {
        "version": f"https://jsonfeed.org/version/{version}",
        "title": "T",
        "language": "ru",
        "items": [
            {
                "id": 7,
                "url": "/seven",
                "title": "Зерно",
                "content_html": "<p>Кофе &amp; чай</p><script>x</script>",
                "date_published": "2026-03-10T13:00:00+03:00",
                "date_modified": "2026-03-10T11:00:00Z",
                **author,
            },
            "junk",
            {"content_text": "no id"},
        ],
    }
    feed = read(json.dumps(document), "application/feed+json")
    post = only(feed)
    assert (post.native_id, post.title, post.text) == ("7", "Зерно", "Кофе & чай")
    assert post.url == "https://news.example.com/seven"
    assert (post.lang, post.author.name) == ("ru", "Anna")
    assert post.edited_at == NOW - timedelta(hours=1)
    assert len(feed.skipped) == 2


@pytest.mark.parametrize(
    "document",
    [
        "<!DOCTYPE html><html><head><title>Blocked</title></head><body>Sorry</body></html>",
        '{"error": "not found"}',
        "[1, 2]",
        "{broken",
        "plain words",
        "",
        "   ",
        "<note><to>Anna</to></note>",
    ],
)
def test_what_is_no_feed_is_no_success(document: str) -> None:
    with pytest.raises(NotAFeedError):
        read(document, "text/html")


def test_identity_is_the_guid_then_the_link_then_a_hash() -> None:
    feed = read(
        rss(
            "<item><guid>g</guid><link>https://a.example/1</link><title>T</title></item>"
            "<item><link>https://a.example/2</link><title>T</title></item>"
            "<item><title>Only a title</title></item>"
        )
    )
    ids = [post.native_id for post in feed.posts]
    assert ids[:2] == ["g", "https://a.example/2"]
    assert ids[2].startswith("sha256:")
    assert ids[2] == read(rss("<item><title>Only a title</title></item>")).posts[0].native_id


def test_a_guid_shared_by_different_entries_does_not_merge_them() -> None:
    feed = read(
        rss(
            "<item><guid>same</guid><link>https://a.example/1</link><title>One</title></item>"
            "<item><guid>same</guid><link>https://a.example/2</link><title>Two</title></item>"
        )
    )
    assert len({post.native_id for post in feed.posts}) == 2


def test_an_entry_given_twice_keeps_its_guid() -> None:
    entry = "<item><guid>twice</guid><link>https://a.example/1</link><title>One</title></item>"
    assert {post.native_id for post in read(rss(entry + entry)).posts} == {"twice"}


def test_scripts_and_handlers_are_not_passed_on() -> None:
    feed = read(
        rss(
            "<item><guid>1</guid><title>&lt;script&gt;alert(1)&lt;/script&gt;Zerno</title>"
            "<link>javascript:alert(1)</link>"
            "<description>&lt;img src=x onerror=alert(2)&gt;text</description></item>"
        )
    )
    post = only(feed)
    assert (post.title, post.text, post.url) == ("Zerno", "text", "")


def test_a_truncated_document_keeps_its_whole_entries() -> None:
    whole = rss(
        "".join(
            f"<item><guid>{n}</guid><title>Entry {n}</title><description>x</description></item>"
            for n in range(10)
        )
    )
    for end in ("<guid>7", "y 7</title>", "x</description></item><item><guid>8"):
        feed = read(whole[: whole.index(end, whole.index("Entry 6")) + len(end)])
        assert feed.cut
        kept = 8 if end.endswith("8") else 7
        assert [post.title for post in feed.posts] == [f"Entry {n}" for n in range(kept)]
    assert not read(whole).cut
    assert not read(whole.removesuffix("</rss>") + "<!-- cached -->").cut
    head = '<?xml version="1.0" encoding="utf-16"?>'
    assert not read(rss("<item><guid>1</guid></item>", head=head).encode("utf-16")).cut


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", "application/rss+xml"),
        ("utf-8", "text/xml"),
        ("windows-1251", "application/rss+xml"),
        ("windows-1251", "application/rss+xml; charset=utf-8"),
        ("koi8-r", "application/rss+xml"),
        ("utf-16", "application/rss+xml"),
    ],
)
def test_russian_in_every_usual_encoding(encoding: str, content_type: str) -> None:
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    text = "Кофейня Зерно открыла новую точку на Невском проспекте. " * 5
    document = rss(f"<item><guid>1</guid><description>{text}</description></item>", head=head)
    assert only(read(document.encode(encoding), content_type)).text == text.strip()


def test_one_broken_character_does_not_turn_russian_to_rubbish() -> None:
    text = "Кофейня «Зерно» открыла новую точку. " * 10
    body = rss(f"<item><guid>1</guid><description>{text}@</description></item>").encode()
    assert only(read(body.replace(b"@", b"\xd0"))).text == text + "\ufffd"


def test_half_a_letter_is_read_the_same_wherever_the_document_breaks_off() -> None:
    text = "Кофейня «Зерно» открыла новую точку. " * 10
    items = f"<item><guid>1</guid><description>{text}\ud83d</description></item>"
    items += "<item><guid>2</guid><description>Ещё одна</description></item>"
    body = rss(items).encode("utf-8", "surrogatepass")
    for end in range(body.rindex(b"<item>"), len(body)):
        assert read(body[:end]).posts[0].text == text + "\ufffd"


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("&#xD83D;&#xDE00;", "\U0001f600"),
        ("&#55357;&#56832;", "\U0001f600"),
        ("&#xDC00;", "\ufffd"),
        ("&#x110000;", "\ufffd"),
        ("&#0;", "\ufffd"),
        ("&#" + "9" * 5000 + ";", "\ufffd"),
        ("&#1080;&#x438;", "ии"),
        ("&#38;", "&"),
    ],
)
def test_references_to_what_is_no_character_cost_no_entry(written: str, read_as: str) -> None:
    items = f"<item><guid>1</guid><title>Tea {written} and cake</title></item>"
    items += "<item><guid>2</guid><title>Another</title></item>"
    feed = read(rss(items))
    titles = [post.title for post in feed.posts]
    assert titles[1:] == ["Another"]
    assert titles[0] == f"Tea {read_as} and cake"


def test_entity_bombs_stay_small_and_quick() -> None:
    started = time.monotonic()
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(12))
    quadratic = f'<!ENTITY a "{"x" * 100_000}">'
    for declarations, use in ((laughs, "&l11;"), (quadratic, "&a;" * 20_000)):
        document = rss(
            f"<item><guid>1</guid><title>T</title><description>{use}</description></item>",
            head=f'<?xml version="1.0"?><!DOCTYPE rss [{declarations}]>',
        )
        assert sum(len(post.text) for post in read(document).posts) < 200_000
    blank = b"\n" * 2_000_000 + b"<rss version='2.0'></rss>"
    with pytest.raises(NotAFeedError):
        read(b"<!-- -->" + blank[:-24])
    assert time.monotonic() - started < 30


def test_external_entities_are_not_read() -> None:
    document = rss(
        "<item><guid>1</guid><title>T</title><description>&xxe;</description></item>",
        head='<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY xxe SYSTEM "file:///etc/passwd">]>',
    )
    assert "root:" not in only(read(document)).text


@pytest.mark.parametrize(
    "body", [b"/etc/passwd", b"http://127.0.0.1:9/feed", b"file:///etc/passwd"]
)
def test_a_body_that_looks_like_a_path_is_not_opened(body: bytes) -> None:
    with pytest.raises(NotAFeedError):
        read(body)


@pytest.mark.parametrize(
    ("channel", "ttl"),
    [
        ("<ttl>30</ttl>", timedelta(minutes=30)),
        ("<ttl>999999</ttl>", timedelta(days=1)),
        ("<ttl>soon</ttl>", None),
        (
            "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>",
            timedelta(minutes=30),
        ),
        ("", None),
    ],
)
def test_how_often_a_feed_says_it_changes(channel: str, ttl: timedelta | None) -> None:
    assert read(rss("<item><title>T</title></item>", channel)).ttl == ttl


def test_a_feed_travels_between_processes() -> None:
    feed = read(rss("<item><guid>1</guid><title>T</title></item>"))
    assert pickle.loads(pickle.dumps(feed)) == feed
