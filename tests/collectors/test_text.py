"""Plain text and addresses out of what sources send."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.text import (
    CUT_MARK,
    MAX_CHARS,
    canonical_url,
    clean,
    html_to_text,
    language,
    markup_to_text,
    site_of,
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello<br>world</p><p>Second &amp; last</p>", "Hello\nworld\n\nSecond & last"),
        ("<ul><li>one</li><li>two</li></ul>", "one\n\ntwo"),
        ("<td>1</td><td>2</td>", "1 2"),
        ("a <b>bold</b>ly <i>said</i>", "a boldly said"),
        ("5 < 6 &amp; 7", "5 < 6 & 7"),
        ("x<script>alert(1)</script>y<style>p{}</style>", "xy"),
        ('<img src="x" onerror="steal()">seen', "seen"),
        ("before<iframe src=x> after", "before after"),
        ("<textarea>kept", "kept"),
        ("&#x27;Зерно&#x27;&nbsp;— кофе", "'Зерно' — кофе"),
        ("no markup at all", "no markup at all"),
        ("<!-- hidden -->shown", "shown"),
        ("line\nbroken   in source<p>", "line broken in source"),
        ("", ""),
        ("<", "<"),
        # Mastodon cuts links into spans; joined without spaces they are whole again.
        (
            '<a href="https://zerno.example/menu"><span class="invisible">https://</span>'
            '<span class="ellipsis">zerno.example/me</span><span class="invisible">nu</span></a>',
            "https://zerno.example/menu",
        ),
    ],
)
def test_html_to_text(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Prices: 5 < 6 > 4", "Prices: 5 < 6 > 4"),
        ("<b>Zerno</b> &amp; co", "Zerno & co"),
        ("AT&T", "AT&T"),
        ("Зерно<script>alert(1)</script>", "Зерно"),
    ],
)
def test_a_plain_field_with_markup_in_it(title: str, text: str) -> None:
    assert markup_to_text(title) == text


def test_clean_keeps_what_people_write_and_drops_what_breaks_a_store() -> None:
    assert clean("nul\x00 bell\x07 del\x7f") == "nul bell del"
    assert clean("half \ud800 pair \ud83d\ude00") == "half \ufffd pair 😀"
    assert clean("a\r\nb\u2028c\x0bd") == "a\nb\nc\nd"
    assert clean("  many   spaces \n\n\n\n lines ") == "many spaces\n\nlines"
    assert clean("e\u0301") == "\u00e9"
    assert clean("👩‍👩‍👧 مرحبا") == "👩‍👩‍👧 مرحبا"


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_clean_text_can_always_be_stored_and_is_clean(text: str) -> None:
    once = clean(text)
    once.encode("utf-8")
    assert "\x00" not in once
    assert clean(once) == once
    html_to_text(f"<p>{text}").encode("utf-8")


def test_long_text_is_cut_with_a_mark() -> None:
    text = clean("слово " * 200_000)
    assert len(text) <= MAX_CHARS
    assert text.endswith(CUT_MARK)
    assert clean("x" * MAX_CHARS) == "x" * MAX_CHARS


@pytest.mark.parametrize(
    "spelling",
    [
        "https://news.example.com/a/b",
        "http://www.news.example.com/a/b/",
        "HTTPS://NEWS.example.com:443/a/b#comments",
        "https://m.news.example.com/a/b?utm_source=x&fbclid=1",
        "https://news.example.com/a/b/amp/?yclid=4&_openstat=y",
    ],
)
def test_one_page_has_one_canonical_address(spelling: str) -> None:
    assert canonical_url(spelling) == "https://news.example.com/a/b"


@pytest.mark.parametrize(
    ("spelling", "page"),
    [
        ("https://www.google.com/url?rct=j&url=https%3A%2F%2Fa.example%2Fx%3Futm_source%3Dg&ct=ga",
         "https://a.example/x"),
        ("https://vk.com/away.php?to=https%3A%2F%2Fa.example%2Fx&cc_key=", "https://a.example/x"),
        ("https://www-a-example.cdn.ampproject.org/c/s/www.a.example/x/amp", "https://a.example/x"),
        ("https://www.google.com/amp/s/a.example/x.amp.html", "https://a.example/x.html"),
        ("https://old.reddit.com/r/a/comments/1/b/", "https://reddit.com/r/a/comments/1/b"),
        ("https://mobile.twitter.com/a/status/1?s=20", "https://x.com/a/status/1"),
        ("https://t.me/s/zerno/12", "https://t.me/zerno/12"),
        ("https://youtu.be/abcdefghijk?si=xyz", "https://youtube.com/watch?v=abcdefghijk"),
        ("https://www.youtube.com/shorts/abcdefghijk", "https://youtube.com/watch?v=abcdefghijk"),
        ("https://ru.m.wikipedia.org/wiki/A", "https://ru.wikipedia.org/wiki/A"),
        # These stand for themselves.
        ("https://www.google.com/url?q=javascript:alert(1)", None),
        ("https://a.example/amp/b", "https://a.example/amp/b"),
        ("https://a.example/away?to=https://b.example/", None),
    ],
)  # fmt: skip
def test_an_address_that_stands_for_another_is_undone(spelling: str, page: str | None) -> None:
    if page is None:
        assert canonical_url(spelling).startswith(spelling.partition("?")[0].replace("www.", ""))
    else:
        assert canonical_url(spelling) == page


def test_different_pages_keep_different_addresses() -> None:
    assert canonical_url("https://x.example/item?id=1") != canonical_url(
        "https://x.example/item?id=2"
    )
    assert canonical_url("https://x.example/?p=2&a=1") == canonical_url("http://x.example/?a=1&p=2")
    assert canonical_url("https://x.example:8443/a") != canonical_url("https://x.example/a")
    assert canonical_url("https://m.example/a") == "https://m.example/a"


@pytest.mark.parametrize(
    "part",
    [
        *("comment-7", "comment7_12", "issuecomment-7", "discussion_r7", "findComment-7"),
        *("post7", "p7", "c7", "t7", "div-comment-7", "comment_7", "msg7"),
    ],
)
def test_what_is_said_under_a_page_is_not_the_page(part: str) -> None:
    page = "https://blog.example/a"
    assert canonical_url(f"http://www.blog.example/a/?utm_source=x#{part}") == f"{page}#{part}"
    for place in ("comments", "respond", "h2-prices", "section-2", "2", ":~:text=comment-7"):
        assert canonical_url(f"{page}#{place}") == page


@pytest.mark.parametrize("url", ["https://example.com/", "mailto:a@b.c", "", "http://[::1", "a b"])
def test_what_names_no_page_has_none(url: str) -> None:
    assert canonical_url(url) == ""


def test_languages_and_sites() -> None:
    assert [language(tag) for tag in ("ru-RU", "EN", "pt_BR", "eng", "", None, 7)] == [
        "ru", "en", "pt", None, None, None, None,
    ]  # fmt: skip
    assert site_of("https://www.Example.com/a") == "example.com"
    assert site_of("https://m.vk.com/x") == "vk.com"
    assert site_of("nonsense") == ""
