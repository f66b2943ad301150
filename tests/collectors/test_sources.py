"""What is peculiar to one service and so not in the conformance suite."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from collectors.http import HttpClient
from collectors.interface import FatalError, RetriableError
from collectors.registry import collector_types, parse_settings
from collectors.rereads import rereader
from tests.collectors.worlds import changed
from tests.conformance.kit import NOW, Item, Kit, World
from tests.conformance.kits import kits
from tests.conformance.server import Answer, Request, json_answer, serving

Open = Callable[[str], World]


@pytest.fixture
def open_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    with ExitStack() as stack:

        def opened(name: str) -> World:
            kit: Kit = kits()[name]
            for variable, value in kit.environment.items():
                monkeypatch.setenv(variable, value)
            world = World(kit, tmp_path)
            world.server = stack.enter_context(serving(world.respond))
            return world

        yield opened


def items(count: int, start: datetime = NOW - timedelta(hours=1)) -> list[Item]:
    return [Item(n, f"Post {n}", start + timedelta(minutes=n)) for n in range(1, count + 1)]


# --- Hacker News


async def test_hackernews_looks_a_week_back_once_a_day(open_world: Open) -> None:
    world = open_world("hackernews")
    world.items = items(3)
    first = await world.poll()
    # The index lost this one and files it in later, with its original time.
    world.items.append(Item(9, "Lost and found", NOW - timedelta(days=3)))
    world.now += timedelta(hours=1)
    second = await world.poll(first.cursor)
    assert "Lost and found" not in second.texts.values()
    world.now += timedelta(days=1)
    third = await world.poll(second.cursor)
    assert "Lost and found" in third.texts.values()


async def test_hackernews_pages_through_a_crowded_second(open_world: Open) -> None:
    world = open_world("hackernews")
    world.items = [Item(n, f"Same second {n}", NOW - timedelta(minutes=1)) for n in range(20)]
    run = await world.poll()
    assert len(run.texts) == 20
    assert not run.gaps


async def test_hackernews_stories_keep_their_site_and_title(open_world: Open) -> None:
    world = open_world("hackernews")
    hit = {
        "objectID": "1",
        "title": "Zerno &amp; the bean",
        "url": "https://www.zerno.example/bean",
        "author": "anna",
        "points": 7,
        "num_comments": 3,
        "created_at_i": int(NOW.timestamp()) - 60,
        "_tags": ["story"],
    }
    world.mood = lambda _request: json_answer({"hits": [hit], "nbPages": 1})
    (post,) = (await world.poll()).posts
    assert (post.kind, post.title, post.site) == ("post", "Zerno & the bean", "zerno.example")
    assert post.url == "https://news.ycombinator.com/item?id=1"
    assert (post.engagement.likes, post.engagement.comments) == (7, 3)


async def test_a_new_query_is_backfilled_while_the_old_one_goes_on(
    open_world: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = open_world("hackernews")
    world.items = items(3)
    first = await world.poll()
    changed(world, monkeypatch, queries=["coffee"])
    second = await world.poll(first.cursor)
    assert set(second.cursor["walks"]) == {"coffee"}
    assert len(second.texts) == 3


async def test_hackernews_does_not_turn_in_circles(open_world: Open) -> None:
    world = open_world("hackernews")
    hits = [
        {"objectID": str(n), "title": f"T {n}", "created_at_i": int(NOW.timestamp()) - 60 * n}
        for n in range(1, 4)
    ]
    world.mood = lambda _request: json_answer({"hits": hits, "nbPages": 334})
    run = await world.poll()
    assert len(run.pages) == 3
    assert len(run.texts) == 3
    assert "came twice" in run.notes[0]


# --- Mastodon


def status(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "uri": f"https://kofe.example/s/{number}",
        "content": f"<p>Post {number}</p>",
        "visibility": "public",
        "created_at": "2026-03-10T11:00:00Z",
        "account": {"acct": "anna@kofe.example", "followers_count": 5},
        **changes,
    }


async def polled(world: World, *statuses: dict[str, Any]) -> dict[str, str]:
    world.mood = lambda request: json_answer([] if "max_id" in request.query else list(statuses))
    return (await world.poll()).texts


async def test_mastodon_takes_the_boosted_post_and_every_text_of_it(open_world: Open) -> None:
    world = open_world("mastodon")
    inner = status(
        1,
        spoiler_text="Careful",
        media_attachments=[{"description": "A cup of Zerno"}],
        content='<p>Look: <a href="https://zerno.example/m"><span class="invisible">https://</span>'
        "<span>zerno.example/m</span></a></p><p>Next</p>",
    )
    texts = await polled(world, status(2, reblog=inner, content=""))
    assert texts == {
        "https://kofe.example/s/1": "Careful\nLook: https://zerno.example/m\n\nNext\nA cup of Zerno"
    }


async def test_mastodon_leaves_private_posts_and_unwilling_authors_alone(open_world: Open) -> None:
    world = open_world("mastodon")
    world.mood = lambda request: json_answer(
        []
        if "max_id" in request.query
        else [
            status(1),
            status(2, visibility="private"),
            status(3, visibility="unlisted"),
            status(4, account={"acct": "b", "noindex": True}),
            status(5, account={"acct": "c", "note": "<p><a href='x'>#<span>nobot</span></a>"}),
        ]
    )
    run = await world.poll()
    assert list(run.texts) == ["https://kofe.example/s/1"]
    assert len(run.skipped) == 4


async def test_mastodon_servers_without_upward_paging_leave_a_gap(open_world: Open) -> None:
    world = open_world("mastodon")
    page = [status(n) for n in (3, 2, 1)]
    world.mood = lambda request: json_answer([] if "max_id" in request.query else page)
    first = await world.poll()
    page = [status(n) for n in (90, 80, 70)]
    second = await world.poll(first.cursor)
    assert len(second.texts) == 3
    assert "came twice" in second.notes[0]
    third = await world.poll(second.cursor)
    assert "cannot page upwards" in third.gaps[0].reason
    assert not (await world.poll(third.cursor)).gaps


async def test_mastodon_ids_may_be_letters(open_world: Open) -> None:
    world = open_world("mastodon")
    page = [status(1, id="AbC"), status(2, id="aXe")]
    world.mood = lambda request: json_answer([] if "max_id" in request.query else page)
    first = await world.poll()
    page = [status(3, id="zzZ"), *page]
    second = await world.poll(first.cursor)
    assert "Post 3" in second.texts.values()
    assert not second.gaps


async def test_a_tag_nobody_used_is_empty_but_no_mastodon_is_an_error(open_world: Open) -> None:
    world = open_world("mastodon")
    world.mood = lambda _request: json_answer({"error": "Record not found"}, 404)
    assert (await world.poll()).posts == []
    world.mood = lambda _request: Answer(404, b"<html>", {"Content-Type": "text/html"})
    with pytest.raises(FatalError, match="no Mastodon API"):
        await world.poll()


# --- Bluesky


async def test_bluesky_signs_in_once_and_refreshes_an_expired_token(open_world: Open) -> None:
    world = open_world("bluesky")
    world.items = items(2)
    expired = False

    def service(request: Request) -> Answer:
        nonlocal expired
        if request.path.endswith("refreshSession"):
            expired = False
            assert request.headers["authorization"] == "Bearer s3cret-refresh-jwt"
            return json_answer({"accessJwt": "s3cret-access-jwt", "refreshJwt": "next"})
        if expired:
            return json_answer({"error": "ExpiredToken"}, 400)
        return world.kit.answer(request, world.items)

    world.mood = service
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        for has_expired in (False, True, False):
            expired = has_expired
            pages = [page async for page in world.collector(http).poll({})]
            assert sum(len(page.posts) for page in pages) == 2
    assert world.server is not None
    methods = [request.path.rsplit(".", 1)[-1] for request in world.server.requests]
    assert methods.count("createSession") == 1
    assert methods.count("refreshSession") == 1


async def test_bluesky_asks_the_accounts_own_server(open_world: Open) -> None:
    world = open_world("bluesky")
    world.items = items(2)
    with serving(lambda request: world.kit.answer(request, world.items)) as own:
        document = {"service": [{"id": "#atproto_pds", "serviceEndpoint": own.url}]}

        def entry(request: Request) -> Answer:
            answer = json.loads(world.kit.answer(request, ()).body)
            return json_answer({**answer, "didDoc": document})

        world.mood = entry
        assert len((await world.poll()).posts) == 2
        assert [r.path.rsplit(".", 1)[-1] for r in own.requests] == ["searchPosts"]


async def test_bluesky_goes_on_through_empty_pages(open_world: Open) -> None:
    world = open_world("bluesky")
    pages = {None: ([], "a"), "a": ([], "b"), "b": (items(1), None)}

    def service(request: Request) -> Answer:
        if not request.path.endswith("searchPosts"):
            return world.kit.answer(request, ())
        shown, cursor = pages[request.query.get("cursor")]
        posts = []
        if shown:
            query = {**request.query, "cursor": "0"}
            plain = Request("GET", request.path, query, request.headers, b"")
            posts = json.loads(world.kit.answer(plain, shown).body)["posts"]
        return json_answer({"posts": posts, **({"cursor": cursor} if cursor else {})})

    world.mood = service
    assert len((await world.poll()).posts) == 1


@pytest.mark.parametrize("status", [400, 502])
async def test_bluesky_begins_anew_when_the_server_forgot_where_it_stopped(
    open_world: Open, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    world = open_world("bluesky")
    world.items = items(7)
    first = await world.poll(pages=1)

    def forgetful(request: Request) -> Answer:
        if request.query.get("cursor") == first.cursor["walks"]["zerno"]["walk"]["at"]:
            return json_answer({"error": "InvalidRequest"}, status)
        return world.kit.answer(request, world.items)

    world.mood = forgetful
    # It has other places now.
    changed(world, monkeypatch, page_size=4)
    second = await world.poll(first.cursor)
    assert len(second.texts) == 7


async def test_bluesky_does_not_begin_anew_when_the_server_fails_in_mid_walk(
    open_world: Open,
) -> None:
    world = open_world("bluesky")
    world.items = items(7)
    first = await world.poll(pages=1)
    world.mood = lambda request: (
        json_answer({}, 502)
        if request.query.get("cursor") == "6"
        else world.kit.answer(request, world.items)
    )
    with pytest.raises(RetriableError):
        await world.poll(first.cursor)
    assert world.server is not None
    asked = [r.query.get("cursor") for r in world.server.requests if r.path.endswith("searchPosts")]
    assert asked == [None, "3", "6", "6"]


async def test_bluesky_does_not_turn_in_circles(open_world: Open) -> None:
    world = open_world("bluesky")
    world.mood = lambda request: (
        json_answer({"posts": [], "cursor": "again"})
        if request.path.endswith("searchPosts")
        else world.kit.answer(request, ())
    )
    assert len((await world.poll()).pages) == 3


async def test_bluesky_refused_credentials_are_fatal_and_name_the_account(open_world: Open) -> None:
    world = open_world("bluesky")
    world.mood = lambda _request: json_answer({"error": "AuthenticationRequired"}, 401)
    with pytest.raises(FatalError, match=r"molva\.example.*AuthenticationRequired"):
        await world.poll()


@pytest.mark.parametrize(
    ("status", "answer", "deleted"),
    [
        # The author blocks the account: the AppView hides the post, the record is there.
        (200, {"uri": "at://x", "value": {}}, False),
        (400, {"error": "RecordNotFound", "message": "Could not locate record: at://x"}, True),
        (400, {"error": "InvalidRequest", "message": "Could not find repo: did:plc:anna"}, True),
        (400, {"error": "InvalidRequest", "message": "Error: repo must be a valid did"}, False),
    ],
)
async def test_bluesky_calls_a_post_that_is_not_shown_deleted_only_if_its_record_is_gone(
    open_world: Open, status: int, answer: dict[str, Any], deleted: bool
) -> None:
    world = open_world("bluesky")
    world.items = items(2)
    hidden, _ = ids = [post.native_id for post in (await world.poll()).posts]

    def service(request: Request) -> Answer:
        if request.path.endswith("getRecord"):
            assert hidden == "at://{repo}/{collection}/{rkey}".format_map(request.query)
            return json_answer(answer, status)
        shown = [item for item in world.items if hidden.rpartition("/")[2] != str(item.number)]
        return world.kit.answer(request, shown)

    world.mood = service
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        again = rereader(world.collector(http))
        assert again is not None
        page = await again.reread(ids)
    assert (len(page.posts), page.deleted) == (1, (hidden,) if deleted else ())


# --- Telegram


async def test_telegram_notices_deleted_messages(open_world: Open) -> None:
    world = open_world("telegram")
    world.items = items(5)
    first = await world.poll()
    del world.items[3]
    second = await world.poll(first.cursor)
    deleted = [native_id for page in second.pages for native_id in page.deleted]
    assert deleted == ["zerno_news/204"]
    third = await world.poll(second.cursor)
    assert not any(page.deleted for page in third.pages)


async def test_telegram_reads_the_fields_of_a_message(open_world: Open) -> None:
    world = open_world("telegram")
    world.items = items(1)
    (post,) = (await world.poll()).posts
    assert post.url.endswith("/zerno_news/201")
    assert (post.author.name, post.author.followers, post.engagement.views) == (
        "Zerno",
        12400,
        1200,
    )


async def test_telegram_keeps_a_reply_apart_from_what_it_quotes(open_world: Open) -> None:
    world = open_world("telegram")
    html = (
        '<html><div class="tgme_channel_info"></div>'
        '<div class="tgme_widget_message" data-post="Zerno_News/9">'
        '<a class="tgme_widget_message_reply" href="https://t.me/zerno_news/7">'
        '<div class="tgme_widget_message_text">The quoted</div></a>'
        '<div class="tgme_widget_message_text js-message_text">My <i class="emoji"><b>☕</b></i>'
        "<br/>answer</div></div>"
        '<div class="tgme_widget_message service_message" data-post="zerno_news/10">pinned</div>'
        "</html>"
    )
    empty = b'<html><div class="tgme_channel_info"></div></html><!-- page generated in 9 ms -->'
    world.mood = lambda request: Answer(200, empty if "before" in request.query else html.encode())
    run = await world.poll()
    (post,) = run.posts
    assert (post.native_id, post.text) == ("zerno_news/9", "My ☕\nanswer")
    assert post.parent_id == "zerno_news/7"
    assert not run.skipped


async def test_telegram_says_when_there_is_no_preview_or_a_new_layout(open_world: Open) -> None:
    world = open_world("telegram")
    world.mood = lambda _request: Answer(302, headers={"Location": "https://t.me/zerno_news"})
    with pytest.raises(FatalError, match="no public preview"):
        await world.poll()
    world.mood = lambda _request: Answer(
        200, b'<div class="tgme_channel_info"></div><div class="tgme_widget_message_v2">hi</div>'
    )
    with pytest.raises(RetriableError, match="layout"):
        await world.poll()


@pytest.mark.parametrize("written", ["zerno_news", "@zerno_news", "https://t.me/s/zerno_news"])
def test_telegram_channels_may_be_written_in_any_way(written: str) -> None:
    settings = parse_settings({"name": "n", "type": "telegram", "channels": [written]})
    assert settings.model_dump()["channels"] == ("zerno_news",)


# --- Files


def file_world(world: World, path: Path, **table: Any) -> World:
    world.kit = _FileAt(path, table)
    return world


class _FileAt(type(kits()["file"])):  # type: ignore[misc]
    def __init__(self, path: Path, table: dict[str, Any]) -> None:
        self._path, self._table = path, table

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {"path": str(self._path), **self._table}

    def publish(self, items: object, folder: Path) -> None:
        """The test has written its file."""


RUSSIAN = 'ID;Отзыв;Дата;Оценка;Автор\n1;"Ждал час; кофе\nостыл";01.12.2025 10:00;2,5;Анна\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
async def test_a_russian_spreadsheet_is_read_in_any_encoding(
    open_world: Open, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "otzyvy.csv"
    path.write_bytes(RUSSIAN.encode(encoding))
    world = file_world(open_world("file"), path, timezone="Europe/Moscow", kind="review",
                       rating_scale=5)  # fmt: skip
    (post,) = (await world.poll()).posts
    assert (post.native_id, post.text) == ("1", "Ждал час; кофе\nостыл")
    assert post.published_at == datetime(2025, 12, 1, 7, 0, tzinfo=UTC)
    assert (post.rating, post.rating_scale, post.author.name) == (2.5, 5, "Анна")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
async def test_the_delimiter_is_found_out(open_world: Open, tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(delimiter.join(["id", "text", "url"]) + "\n" + delimiter.join("1ab"))
    (post,) = (await file_world(open_world("file"), path).poll()).posts
    assert (post.native_id, post.text) == ("1", "a")


async def test_columns_can_be_named_and_nested(open_world: Open, tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    row = {"Body": "Zerno", "user": {"login": "anna"}, "link": "https://a.example/1?utm_source=x"}
    path.write_text(json.dumps(row))
    world = file_world(open_world("file"), path, columns={"text": "body", "author": "user.login"})
    (post,) = (await world.poll()).posts
    assert (post.text, post.author.name) == ("Zerno", "anna")
    assert post.native_id == "https://a.example/1"


async def test_bad_rows_are_counted_by_number_and_the_rest_kept(
    open_world: Open, tmp_path: Path
) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("sep=;\nid;text\n1;good\n2;\n\n3;too;many;cells\n4;also good\n")
    run = await file_world(open_world("file"), path).poll()
    assert run.texts == {"1": "good", "4": "also good"}
    assert [item.native_id for item in run.skipped] == ["row 2", "row 3"]


async def test_a_file_is_read_again_when_it_changes(open_world: Open, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("id,text\n1,one\n")
    world = file_world(open_world("file"), path)
    first = await world.poll()
    assert (await world.poll(first.cursor)).notes == ["the file has not changed"]
    path.write_text("id,text\n1,one\n2,two\n")
    assert set((await world.poll(first.cursor)).texts) == {"1", "2"}


async def test_a_file_that_cannot_be_read_is_fatal(open_world: Open, tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"gone\.csv cannot be read"):
        await file_world(open_world("file"), tmp_path / "gone.csv").poll()
    path = tmp_path / "posts.csv"
    path.write_text("id,text\n1,one\n")
    with pytest.raises(FatalError, match="nonsense"):
        await file_world(open_world("file"), path, encoding="nonsense").poll()


# --- Configuration


def test_relative_paths_start_from_the_configurations_folder(tmp_path: Path) -> None:
    table = {"name": "n", "type": "file", "path": "posts.csv"}
    settings = parse_settings(table, folder=tmp_path)
    assert settings.model_dump()["path"] == tmp_path / "posts.csv"


def test_an_unknown_type_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="hackernews"):
        parse_settings({"name": "n", "type": "rs"})


@pytest.mark.parametrize(
    "table",
    [
        {"type": "hackernews", "queries": []},
        {"type": "bluesky", "queries": ["x y"], "identifier": "a"},
        {"type": "mastodon", "instance": "mastodon.social", "tags": ["a"]},
        {"type": "telegram", "channels": ["https://vk.com/x"]},
        {"type": "file", "path": "x", "columns": {"txet": "a"}},
        {"type": "file", "path": "x", "timezone": "Moscow"},
        {"type": "rss", "url": "https://x.example", "unknown": 1},
    ],
)
def test_wrong_settings_are_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        parse_settings({"name": "n", **table})


def test_the_first_five_and_files_are_there() -> None:
    assert set(collector_types()) >= {
        "rss",
        "hackernews",
        "mastodon",
        "bluesky",
        "telegram",
        "file",
    }
