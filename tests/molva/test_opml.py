"""Lists of feeds as people have them: nested, doubled, named alike, not quite XML."""

import pytest

from molva.opml import NotOpmlError, Outline, read_opml, same_feed, unique_name

LIST = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Мои ленты</title></head><body>
  <outline text="Новости"><outline text="Город">
    <outline type="rss" text="Кофе &amp; город" xmlUrl="https://a.example/rss?x=1&amp;y=2"/>
  </outline></outline>
  <outline type="rss" text="Blog" xmlUrl="https://b.example/feed"/>
  <outline type="rss" title="Blog" text="ignored" xmlUrl="http://c.example/feed/" />
  <outline type="rss" text="Twice" xmlUrl="http://www.b.example/feed/"/>
  <outline type="rss" xmlUrl="feed://d.example/atom.xml"/>
  <outline text="Local" xmlUrl="file:///etc/passwd"/>
  <outline text="A link, no feed" htmlUrl="https://e.example/"/>
</body></opml>"""


def test_nested_feeds_come_once_each_under_names_of_their_own() -> None:
    found = read_opml(LIST.encode())
    assert found.feeds == (
        Outline("Кофе & город", "https://a.example/rss?x=1&y=2"),
        Outline("Blog", "https://b.example/feed"),
        Outline("Blog 2", "http://c.example/feed/"),
        Outline("d.example", "http://d.example/atom.xml"),
    )
    assert (found.duplicates, found.wrong, found.unreadable) == (1, ("Local",), 0)


def test_what_is_in_the_file_already_is_neither_added_nor_named_again() -> None:
    found = read_opml(LIST.encode(), names=["BLOG"], urls=["https://b.example/feed"])
    assert [one.name for one in found.feeds] == ["Кофе & город", "Blog 2", "d.example"]
    assert found.duplicates == 2


@pytest.mark.parametrize("encoding", ["windows-1251", "utf-16", "utf-8-sig"])
def test_a_list_may_be_in_another_encoding(encoding: str) -> None:
    text = LIST.replace("UTF-8", "windows-1251" if encoding == "windows-1251" else "UTF-8")
    assert read_opml(text.encode(encoding)).feeds[0].name == "Кофе & город"


def test_a_list_that_is_not_quite_xml_is_read_and_what_is_lost_is_counted() -> None:
    broken = LIST.replace('text="Blog"', 'text="Blog" description="by <a href="x">us</a>"', 1)
    broken = broken.replace("&amp;y", "&y").replace("</body></opml>", "")
    found = read_opml(broken.encode())
    assert found.feeds[0].url == "https://a.example/rss?x=1&y=2"
    assert found.unreadable == 1


def test_what_is_no_list_is_refused() -> None:
    with pytest.raises(NotOpmlError):
        read_opml(b"<html><body>Hello</body></html>")
    assert read_opml(b"<opml><body/></opml>").feeds == ()


def test_names_stay_within_what_a_source_may_be_called() -> None:
    taken: set[str] = set()
    names = [unique_name("x" * 100, taken) for _ in range(12)]
    assert len(set(names)) == 12
    assert max(map(len, names)) <= 80


def test_different_feeds_of_one_host_are_not_the_same() -> None:
    assert same_feed("https://a.example/rss") != same_feed("https://a.example/rss2")
    assert same_feed("https://a.example/?feed=1") != same_feed("https://a.example/?feed=2")
