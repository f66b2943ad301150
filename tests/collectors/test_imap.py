"""Mails: their own words, encodings, and what a mailbox does to its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from pydantic import ValidationError

from collectors.http import HttpClient
from collectors.interface import FatalError, Page, RetriableError, SkippableError
from collectors.mail import read_mail
from collectors.quotations import own_markup, own_words
from collectors.registry import create, parse_settings
from tests.conformance.kit import FAST, NOW
from tests.imap_server import Folder, ImapServer

PASSWORD = 'pass"word'


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ImapServer]:
    monkeypatch.setenv("INBOX_PASSWORD", PASSWORD.replace('"', ""))
    server = ImapServer(PASSWORD.replace('"', ""))
    yield server
    server.close()


@pytest.fixture
def inbox(server: ImapServer) -> Folder:
    return server.folder("anna")


def table(server: ImapServer, **more: Any) -> dict[str, Any]:
    return {
        "name": "inbox", "type": "imap", "host": "127.0.0.1", "port": server.port,
        "security": "none", "user": "anna", "password_env": "INBOX_PASSWORD", "page_size": 2,
        **more,
    }  # fmt: skip


async def poll(settings: dict[str, Any], cursor: Any = None) -> list[Page]:
    async with HttpClient(FAST, lambda: NOW) as http:
        collector = create(parse_settings(settings), http, lambda: NOW)
        return [page async for page in collector.poll(cursor or {})]


def ids(pages: list[Page]) -> list[str]:
    return [post.native_id for page in pages for post in page.posts]


def letter(number: int, text: str = "Zerno is late again", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = "Анна Иванова <anna@mail.example>"
    message["Subject"] = headers.pop("Subject", "Жалоба")
    message["Date"] = "Tue, 10 Mar 2026 12:00:00 +0300"
    message["Message-ID"] = f"<{number}@mail.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


# --- The mailbox


async def test_new_mail_is_read_once_and_nothing_is_changed(
    server: ImapServer, inbox: Folder
) -> None:
    for number in range(5):
        inbox.deliver(letter(number), NOW)
    first = await poll(table(server))
    assert ids(first) == [f"<{number}@mail.example>" for number in range(5)]
    inbox.deliver(letter(5), NOW)
    second = await poll(table(server), first[-1].cursor)
    assert ids(second) == ["<5@mail.example>"]
    third = await poll(table(server), second[-1].cursor)
    assert (ids(third), third[-1].note) == ([], "no new messages")
    words = {command.split()[0].upper() for command in server.commands}
    assert words <= {"CAPABILITY", "LOGIN", "EXAMINE", "UID", "LOGOUT"}
    assert all("PEEK" in command for command in server.commands if "FETCH" in command)


async def test_a_folder_numbered_anew_loses_nothing_and_says_so(
    server: ImapServer, inbox: Folder
) -> None:
    for number in range(3):
        inbox.deliver(letter(number), NOW)
    first = await poll(table(server))
    inbox.deliver(letter(3), NOW)
    inbox.renumber()
    inbox.deliver(letter(4), NOW)
    second = await poll(table(server), first[-1].cursor)
    assert set(ids(second)) >= {"<3@mail.example>", "<4@mail.example>"}
    assert set(ids(first)) <= set(ids(second)), "known ids again, so the store doubles nothing"
    assert any("numbered the folder anew" in page.note for page in second)
    assert ids(await poll(table(server), second[-1].cursor)) == []


async def test_the_first_poll_goes_back_as_told_but_an_old_mail_moved_in_later_counts(
    server: ImapServer, inbox: Folder
) -> None:
    inbox.deliver(letter(1), NOW - timedelta(days=30))
    inbox.deliver(letter(2), NOW - timedelta(days=1))
    inbox.deliver(letter(3), NOW - timedelta(days=30))
    first = await poll(table(server))
    assert ids(first) == ["<2@mail.example>"]
    inbox.deliver(letter(4), NOW - timedelta(days=300))
    assert ids(await poll(table(server), first[-1].cursor)) == ["<4@mail.example>"]


async def test_a_mail_deleted_while_reading_stops_nothing(
    server: ImapServer, inbox: Folder
) -> None:
    for number in range(4):
        inbox.deliver(letter(number), NOW)
    del inbox.messages[2]
    assert len(ids(await poll(table(server)))) == 3


async def test_folders_are_walked_each_by_itself(server: ImapServer, inbox: Folder) -> None:
    inbox.deliver(letter(1), NOW)
    server.folder("anna", "Reviews").deliver(letter(2), NOW)
    both = table(server, folders=["INBOX", "Reviews"])
    first = await poll(both)
    assert ids(first) == ["<1@mail.example>", "<2@mail.example>"]
    server.folder("anna", "Reviews").deliver(letter(3), NOW)
    assert ids(await poll(both, first[-1].cursor)) == ["<3@mail.example>"]


async def test_refusals_say_what_to_do_and_no_secret(
    server: ImapServer, inbox: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FatalError, match="no folder 'Nope'; there are INBOX"):
        await poll(table(server, folders=["Nope"]))
    monkeypatch.setenv("INBOX_PASSWORD", "wr0ng-secret")
    with pytest.raises(FatalError, match="refuses the user or password") as refused:
        await poll(table(server))
    assert "wr0ng" not in str(refused.value)
    monkeypatch.delenv("INBOX_PASSWORD")
    with pytest.raises(FatalError, match="INBOX_PASSWORD"):
        await poll(table(server))


async def test_a_server_that_is_away_is_tried_again(
    server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = table(server)
    server.close()
    with pytest.raises(RetriableError):
        await poll(settings)


@pytest.mark.parametrize("host", ["imap.example.com", "10.0.0.1", "localhost.example.com"])
def test_a_password_never_leaves_the_machine_unencrypted(host: str) -> None:
    base = {"name": "n", "type": "imap", "user": "u", "password_env": "P", "host": host}
    with pytest.raises(ValidationError, match="on the way"):
        parse_settings({**base, "security": "none"})
    assert parse_settings(base).model_dump()["security"] == "tls"


# --- A mail


def test_a_mail_becomes_a_post() -> None:
    raw = letter(7, "Кофе остыл, пока ждала.", In_Reply_To="<1@x>", References="<0@x> <1@x>")
    post = read_mail(raw, NOW)
    assert (post.native_id, post.kind, post.title) == ("<7@mail.example>", "message", "Жалоба")
    assert post.text == "Кофе остыл, пока ждала."
    assert (post.author.id, post.author.name) == ("anna@mail.example", "Анна Иванова")
    assert (post.parent_id, post.thread_id, post.site) == ("<1@x>", "<0@x>", "mail.example")
    assert post.published_at == datetime(2026, 3, 10, 9, tzinfo=UTC)


@pytest.mark.parametrize("charset", ["koi8-r", "windows-1251", "utf-8", "x-unknown", ""])
def test_any_character_set_is_read(charset: str) -> None:
    known = charset if charset not in {"x-unknown", ""} else "cp1251"
    declared = f"; charset={charset}" if charset else ""
    head = f"Message-ID: <1@x>\r\nContent-Type: text/plain{declared}\r\n\r\n".encode()
    text = "Ждал кофе целый час и ушёл, больше сюда не приду"
    assert read_mail(head + text.encode(known), NOW).text == text


def test_encoded_headers_and_attachments() -> None:
    message = EmailMessage()
    message["Message-ID"] = "<1@x>"
    message["Subject"] = "Отзыв о кофейне"
    message.set_content("plain words")
    message.add_alternative("<p>markup words</p>", subtype="html")
    message.add_attachment("attached secrets", filename="notes.txt")
    raw = message.as_bytes().replace(
        b"Message-ID", b"From: =?koi8-r?B?4c7OwQ==?= <a@x.example>\r\nMessage-ID", 1
    )
    post = read_mail(raw, NOW)
    assert (post.title, post.text, post.author.name) == ("Отзыв о кофейне", "plain words", "Анна")


def test_html_alone_becomes_text() -> None:
    message = EmailMessage()
    message.set_content("<style>p{}</style><p>Ждали<br>час</p>", subtype="html")
    assert read_mail(message.as_bytes(), NOW).text == "Ждали\nчас"


def test_a_mail_without_an_id_keeps_one_made_of_what_it_says() -> None:
    raw = b"From: a@x.example\r\nDate: 1 Mar 2026 10:00 +0000\r\n\r\nhello there"
    once, again = read_mail(raw, NOW), read_mail(raw, NOW + timedelta(days=1))
    assert once.native_id == again.native_id
    assert read_mail(raw + b" you", NOW).native_id != once.native_id


@pytest.mark.parametrize(
    "raw", [b"", b"Content-Type: multipart/mixed\r\n\r\n", b"From: <<<>>\r\nTo: ,,\r\n\r\n"]
)
def test_a_mail_without_text_is_skipped_with_a_reason(raw: bytes) -> None:
    with pytest.raises(SkippableError, match="no text"):
        read_mail(raw, NOW)


@pytest.mark.parametrize(
    "header",
    [b"Date: Tue, 99 Foo 2026", b"From: =?utf-8?B?!!!?= <", b"Message-ID: <<>>",
     b"Subject: \xcf\xf0", b"Content-Type: text/plain; charset=\"",
     b"Content-Transfer-Encoding: nonsense"],
)  # fmt: skip
def test_a_broken_header_does_not_lose_the_text(header: bytes) -> None:
    assert "words of it" in read_mail(header + b"\r\n\r\nwords of it\r\n", NOW).text


# --- Own words


GMAIL = (
    "Всё ещё жду.\n\nвт, 3 мар. 2026 г. в 10:00, Зерно <help@zerno.example>:\n\n"
    "> Ваш заказ\n> в пути\n"
)
THUNDERBIRD = "On 03.03.2026 10:00, Zerno wrote:\n> Your order\n> is on its way\n\nIt is not.\n"
WRAPPED = (
    "Still waiting.\n\nOn Tue, Mar 3, 2026 at 10:00 AM Zerno Coffee Support Team\n"
    "<help@zerno.example> wrote:\n\n> Your order is on its way\n"
)
OUTLOOK = (
    "Где деньги?\n\n________________________________\nОт: Зерно <help@zerno.example>\n"
    "Отправлено: 3 марта 2026 г. 10:00\nКому: Анна\nТема: Ваш заказ\n\nМы всё вернули.\n"
)
ORIGINAL = "No refund yet\n\n-----Original Message-----\nFrom: Zerno\nWe paid.\n"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (GMAIL, "Всё ещё жду."),
        (THUNDERBIRD, "It is not."),
        (WRAPPED, "Still waiting."),
        (OUTLOOK, "Где деньги?"),
        (ORIGINAL, "No refund yet"),
        ("One.\n> quoted\nTwo.\n> quoted\nThree.", "One. Two. Three."),
        ("I paid 300 in 2026\nAnna wrote:\n> pay", "I paid 300 in 2026"),
    ],
)
def test_an_answer_is_cut_to_its_own_words(text: str, own: str) -> None:
    assert " ".join(own_words(text, answer=True).split()) == own


@pytest.mark.parametrize(
    "text",
    [
        "> this is how I mark a list\n> of complaints",
        "He wrote:\nI will never come back",
        "Prices:\n- latte 250\n-- mocha 300",
        "From: Moscow\nI came by train and the coffee was cold",
        "The sign said:\n\nclosed",
    ],
)
def test_what_only_looks_like_a_quotation_stays(text: str) -> None:
    assert own_words(text, answer=False) == text
    assert own_words(text, answer=True).split() == text.split()


def test_signatures_are_cut() -> None:
    assert own_words("Too late.\n-- \nAnna\nHead of X", answer=False) == "Too late."
    assert own_words("Поздно.\n\nОтправлено с iPhone", answer=False).strip() == "Поздно."
    assert own_words("Sent from my heart", answer=False) == "Sent from my heart"


def test_quotations_in_markup_go_and_forwards_stay() -> None:
    html = (
        "<div>My words</div><div class='gmail_quote'><div>On Monday Z wrote:</div>"
        "<blockquote>Theirs</blockquote></div>"
    )
    assert "Theirs" not in own_markup(html, answer=True)
    assert "Theirs" in own_markup(html, answer=False)
    forward = "<p>See</p><div class='gmail_quote'>---------- Forwarded message ---------<p>Theirs"
    assert "Theirs" in own_markup(forward, answer=True)
    assert "kept" in own_markup("<p>a</p><blockquote>kept</blockquote>", answer=True)
