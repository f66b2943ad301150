"""No thread is told backwards, none twice in a run, none is lost where a process is killed."""

from __future__ import annotations

import email
import email.policy
import random
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from reports.alert_words import commands
from reports.alerts import run_detection
from reports.deliver import CLAIM, deliver_due
from reports.interface import Audience
from store.alert_actions import add_action
from store.brands import sync_brands
from store.engine import reading, writing
from store.interface import BrandSpec
from store.report_tables import OUTBOX
from tests.reports.test_alerts import HOUR, SETTINGS, WORDS, quiet_month, wave
from tests.reports.test_deliver import hook, mail_channel, mailbox
from tests.reports.test_manners import MINUTE, owe_alert, run, run_killed
from tests.reports.test_thread import UTC_ZONE
from tests.reports.world import NAMES, NOON, World

__all__ = ["hook", "mailbox"]


def told(server: Any) -> list[list[str]]:
    """Of each request the alerts that it tells, as `alert.message`."""
    return [
        [part["text"] for part in body["facts"].get("alerts", [body["facts"]])]
        for _, _, body in server.got
    ]


def owe(world: World, alert_id: int, number: int = 1, **facts: Any) -> None:
    owe_alert(world, alert_id, number, text=f"{alert_id}.{number}", **facts)


def statuses(world: World) -> dict[str, str]:
    with reading(world.engine) as conn:
        return {row.key: row.status for row in conn.execute(OUTBOX.select())}


def test_what_failed_is_not_sent_after_a_newer_message_of_its_thread(
    world: World, hook: Any
) -> None:
    owe(world, 1)
    hook.answers = [503, 503]
    for later in (1, 3):
        run(world, hook, later * MINUTE)
    owe(world, 1, 2, action="over")
    run(world, hook, 4 * MINUTE)
    assert told(hook)[2:] == [["1.2"]]
    assert statuses(world) == {"alert:1:1": "folded", "alert:1:2": "sent"}
    run(world, hook, HOUR)
    assert len(hook.got) == 3


def test_messages_that_failed_apart_are_tried_again_as_one(world: World, hook: Any) -> None:
    hook.answers = [503, 503, 503]
    owe(world, 1)
    run(world, hook, MINUTE)
    owe(world, 2, severity=9)
    run(world, hook, 1.5 * MINUTE)
    owe(world, 1, 2, action="updated")
    run(world, hook, 1.6 * MINUTE)
    run(world, hook, HOUR)
    assert told(hook) == [["1.1"], ["2.1"], ["1.2"], ["2.1", "1.2"]]
    run(world, hook, 2 * HOUR)
    assert len(hook.got) == 4


def test_what_is_newer_comes_into_a_folded_message_that_failed(world: World, hook: Any) -> None:
    owe(world, 1)
    owe(world, 2, severity=9)
    hook.answers = [503]
    run(world, hook)
    owe(world, 2, 2, severity=9, action="over")
    owe(world, 3, severity=2)
    run(world, hook, 3 * MINUTE)
    run(world, hook, HOUR)
    assert told(hook) == [["2.1", "1.1"], ["2.2", "1.1", "3.1"]]


def test_a_mute_takes_its_alert_out_of_a_folded_message_that_failed(
    world: World, hook: Any
) -> None:
    owe(world, 1)
    owe(world, 2, brand_id=world.rival.id)
    hook.answers = [503]
    run(world, hook)
    with writing(world.engine) as conn:
        until = NOON + 2 * HOUR
        muted: dict[str, Any] = {"brand_id": world.rival.id, "alert_id": None, "until": until}
        add_action(conn, "mute", at=NOON + 2 * MINUTE, who="ann", **muted)
    run(world, hook, 3 * MINUTE)
    run(world, hook, HOUR)
    assert told(hook)[1:] == [["1.1"]]
    run(world, hook, 2 * HOUR)
    run(world, hook, 3 * HOUR)
    assert told(hook)[1:] == [["1.1"], ["2.1"]]


def test_nothing_older_is_sent_while_it_is_open_whether_the_newer_arrived(
    world: World, hook: Any
) -> None:
    owe(world, 1)
    hook.answers = [503]
    run(world, hook, MINUTE)
    owe(world, 1, 2, action="over")
    run_killed(world, hook, 1.5 * MINUTE)
    run(world, hook, 3 * MINUTE)
    assert told(hook) == [["1.1"], ["1.2"]]
    run(world, hook, 2 * MINUTE + CLAIM)
    run(world, hook, 3 * HOUR)
    assert [key for key, _, _ in hook.got] == ["alert:1:1", "alert:1:2", "alert:1:2"]


def test_a_folded_message_cut_off_is_sent_again_under_its_key_before_what_is_newer(
    world: World, hook: Any
) -> None:
    owe(world, 1)
    owe(world, 2, severity=9)
    run_killed(world, hook)
    owe(world, 3)
    again = MINUTE + CLAIM
    run(world, hook, again)
    run(world, hook, again + MINUTE)
    run(world, hook, again + HOUR)
    assert told(hook) == [["2.1", "1.1"], ["2.1", "1.1"], ["3.1"]]
    assert hook.got[0][0] == hook.got[1][0]


def test_a_folded_message_cut_off_does_not_tell_a_thread_backwards(world: World, hook: Any) -> None:
    owe(world, 1)
    owe(world, 2, severity=9)
    run_killed(world, hook)
    owe(world, 1, 2, action="over")
    run(world, hook, 2 * MINUTE)
    run(world, hook, 2 * MINUTE + CLAIM)
    run(world, hook, 3 * HOUR)
    assert told(hook) == [["2.1", "1.1"], ["1.2"], ["2.1"]]


def two_brands_in_trouble(world: World) -> Audience:
    """Both had a quiet month, and an hour of complaints now."""
    dice = random.Random(1)
    both = [BrandSpec("zerno", "Zerno", "Zerno"), BrandSpec("rival", "Kofeinya", "Kofeinya")]
    with writing(world.engine) as conn:
        world.brand, world.rival = sync_brands(conn, both, world.born)
    quiet_month(world)
    wave(world, 9, 1)
    for day in range(1, 36):
        at = NOON - timedelta(days=day, hours=3)
        world.post(f"Kofeinya was slow on day {day}", at, "negative", rival=True)
    for number in range(12):
        words = " ".join(dice.choices(WORDS, k=9))
        at = NOON - HOUR + number * 4 * MINUTE
        world.post(f"Kofeinya: {words}", at, "negative", (("rude", words),), rival=True)
    world.save(NOON)
    return Audience("en", UTC_ZONE, ("mail",), NAMES)


def mailed(box: Any) -> list[EmailMessage]:
    mails = []
    for envelope in box.envelopes:
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        mails.append(mail)
    return mails


def look_and_mail(world: World, port: int, audience: Audience, later: timedelta) -> None:
    with writing(world.engine) as conn:
        run_detection(conn, [world.brand, world.rival], NOON + later, SETTINGS, audience)
    at = NOON + later + MINUTE
    deliver_due(world.engine, {"mail": mail_channel(port)}, lambda: at, environment={})


def test_a_folded_mail_shows_each_alert_with_its_chart(world: World, mailbox: Any) -> None:
    box, port = mailbox
    look_and_mail(world, port, two_brands_in_trouble(world), timedelta(0))
    (mail,) = mailed(box)
    assert mail["Subject"].startswith("2 alerts, first: ")
    page = mail.get_body(("html",))
    assert page is not None
    html = page.get_content()
    pictures = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    shown = [html.count(f'"cid:{picture["Content-ID"].strip("<>")}"') for picture in pictures]
    assert shown == [1, 1]
    assert html.count("<body") == html.count("</html>") == 1
    for said in ("Late delivery", "Rude staff", "Kofeinya: ", "Zerno again: "):
        assert said in html
    assert html.count("What changed") == 2


def test_a_folded_page_shows_each_alert_in_full(world: World, mailbox: Any) -> None:
    look_and_mail(world, mailbox[1], two_brands_in_trouble(world), timedelta(0))
    with reading(world.engine) as conn:
        rows = {row.key: row.payload for row in conn.execute(OUTBOX.select())}
    (page,) = (payload["html"] for key, payload in rows.items() if key.startswith("alerts:"))
    singles = [payload["html"] for key, payload in rows.items() if key.startswith("alert:")]
    assert len(singles) == 2
    for part in ("<svg", "<blockquote", "<dt>", '<dl class="facts">', '<ul class="posts">'):
        assert page.count(part) == sum(single.count(part) for single in singles) > 0
    assert page.count("<main>") == page.count("</html>") == 1


def test_what_a_channel_is_told_first_of_a_thread_is_its_opening(world: World, hook: Any) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    ways = {action: f"https://m.example/act?token={action}.1.x_y" for action in commands(1, NOON)}
    audience = Audience(
        *("en", UTC_ZONE, ("hook",), NAMES), links=lambda number, _: {"number": str(number), **ways}
    )
    for later, more in ((0 * HOUR, 30), (1.2 * HOUR, 90), (2.6 * HOUR, 0)):
        with writing(world.engine) as conn:
            run_detection(conn, [world.brand], NOON + later, SETTINGS, audience)
        if later == 1.2 * HOUR:
            run(world, hook, later + MINUTE)
        wave(world, more, -0.2 if more == 30 else -1.4)
        world.save(NOON + later + HOUR)
    run(world, hook, 3 * HOUR)
    (first, news) = [body for _, _, body in hook.got]
    assert first["key"] == "alert:1:2"
    assert first["facts"]["action"] == "opened"
    assert first["facts"]["observed"] > 9
    assert "update" not in first["subject"]
    assert "last message" not in first["text"]
    assert "usually" in first["text"]
    assert all(first["text"].count(link) == 1 for link in ways.values())
    assert news["facts"]["action"] == "updated"


def test_what_follows_a_folded_mail_replies_to_mail_that_was_sent(
    world: World, mailbox: Any
) -> None:
    box, port = mailbox
    audience = two_brands_in_trouble(world)
    look_and_mail(world, port, audience, timedelta(0))
    wave(world, 30, -0.2)
    world.save(NOON + HOUR)
    look_and_mail(world, port, audience, 1.2 * HOUR)
    look_and_mail(world, port, audience, 9 * HOUR)
    look_and_mail(world, port, audience, 15 * HOUR)
    first, *later = mailed(box)
    assert first["In-Reply-To"] is None
    assert len(later) >= 2
    assert {mail["In-Reply-To"] for mail in later} == {first["Message-ID"]}
    assert {mail["References"] for mail in later} == {first["Message-ID"]}
    assert len({mail["Message-ID"] for mail in later}) == len(later)
