"""init, check, run --once, sources, collect, import, export, digest over a loopback server."""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from molva.app import PassReport
from molva.cli import watch
from reports.deliver import DeliveryReport
from tests.growing_server import GrowingServer, Item
from tests.molva.conftest import Ran

Molva = Callable[..., Ran]

CONFIG = """\
language = "en"
[[brand]]
id = "acme"
name = "Acme"
[[source]]
name = "feed"
type = "rss"
url = "{url}/feed"
[[source]]
name = "toots"
type = "mastodon"
instance = "{url}"
tags = ["acme"]
[[channel]]
name = "folder"
type = "file"
path = "out"
sends = ["alerts", "digests"]
[http]
allow_private = true
requests_per_second = 1000
retries = 0
"""


@pytest.fixture
def server() -> Iterator[GrowingServer]:
    with GrowingServer() as running:
        now = datetime.now(UTC)
        for number, text in enumerate(
            ["Acme made me wait an hour, awful", "Acme is lovely, thank you", "rain tomorrow"]
        ):
            at = now - timedelta(hours=3 - number)
            running.feed.append(Item(f"f{number}", at, text))
            running.toots.append(Item(str(number + 1), at, text))
        yield running


@pytest.fixture
def config(server: GrowingServer, tmp_path: Path) -> Path:
    path = tmp_path / "molva.toml"
    path.write_text(CONFIG.format(url=server.url))
    return path


def lines(ran: Ran) -> list[dict]:
    return [json.loads(line) for line in ran.out.splitlines()]


def test_check_shows_an_item_of_each_source_and_keeps_nothing(molva: Molva, config: Path):
    ran = molva("check", "-c", config)
    assert ran.status == 0
    assert "ok feed" in ran.err
    assert "ok toots" in ran.err
    assert not (config.parent / "molva.db").exists()
    assert not (config.parent / "out").exists()


def test_check_names_the_model_and_loads_it(molva: Molva, config: Path):
    ran = molva("check", "-c", config)
    assert "ok model: molva-" in ran.err
    config.write_text(config.read_text() + '[sentiment]\nmodel = "./nowhere"\n')
    ran = molva("check", "-c", config)
    assert ran.status == 1
    assert "failed model: there is no folder" in ran.err


def test_check_fails_when_a_source_does_and_says_which(molva: Molva, config: Path):
    config.write_text(config.read_text().replace("/feed", "/nothing-here"))
    ran = molva("check", "-c", config)
    assert ran.status == 1
    assert "failed feed" in ran.err
    assert "404" in ran.err
    assert "ok toots" in ran.err


def test_once_goes_through_every_source_and_then_admits_the_failure(molva: Molva, config: Path):
    config.write_text(config.read_text().replace("/feed", "/nothing-here"))
    ran = molva("run", "--once", "-c", config)
    assert ran.status == 1
    assert "toots: 3 read, 2 new" in ran.err
    [broken] = [s for s in lines(molva("sources", "-c", config, "--json")) if s["source"] == "feed"]
    assert broken["state"] == "blocked"
    assert broken["last_error_kind"] == "fatal"
    assert "404" in broken["why"]
    assert "molva sources test feed" in broken["advice"]
    assert broken["since"]


def test_once_says_which_channel_took_nothing_and_why(capsys: pytest.CaptureFixture[str]):
    errors = ("hook: the webhook answered 500",)
    delivery = DeliveryReport(3, 1, errors=errors, refused=("mail: bob@acme.example",))
    watch._print_pass(PassReport(delivery=delivery))
    said = "delivered 3, 1 failed (hook: the webhook answered 500), refused: mail: bob@acme.example"
    assert said in capsys.readouterr().err
    watch._print_pass(PassReport(delivery=DeliveryReport(3)))
    assert "delivered 3, read again 0" in capsys.readouterr().err


def test_sources_shows_every_state_with_a_reason_in_the_language_of_reports(
    molva: Molva, config: Path
):
    keyed = '[[source]]\nname = "vk"\ntype = "vk"\nqueries = ["acme"]\ntoken_env = "NO_SUCH"\n'
    off = '[[source]]\nname = "off"\ntype = "rss"\nurl = "http://x.example"\nenabled = false\n'
    text = config.read_text().replace('language = "en"', 'language = "ru"')
    config.write_text(text.replace("[[channel]]", f"{keyed}{off}[[channel]]"))
    before = {line["source"]: line for line in lines(molva("sources", "-c", config, "--json"))}
    assert {name: line["state"] for name, line in before.items()} == {
        "feed": "configured",
        "toots": "configured",
        "vk": "not-configured",
        "off": "off",
    }
    assert "NO_SUCH" in before["vk"]["why"]
    molva("run", "--once", "-c", config)
    molva("run", "--once", "-c", config)
    after = {line["source"]: line for line in lines(molva("sources", "-c", config, "--json"))}
    assert after["feed"]["state"] == after["toots"]["state"] == "healthy"
    assert after["feed"]["why"]
    assert after["toots"]["why"]
    shown = molva("sources", "-c", config).out
    assert "в порядке" in shown
    assert "не настроен" in shown
    assert "\x1b" not in shown


def test_once_labels_and_a_second_pass_adds_nothing(molva: Molva, config: Path):
    first = molva("run", "--once", "-c", config)
    assert first.status == 0, first.err
    assert "labelled 4" in first.err
    again = molva("run", "--once", "-c", config)
    assert "feed: 0 read" in again.err or "0 new, 0 changed" in again.err
    assert "labelled 0" in again.err


def test_once_says_a_line_a_source_and_one_in_sum(
    molva: Molva, config: Path, server: GrowingServer
):
    long = "Acme made me wait for an hour and nobody came. " * 20
    server.feed.append(Item("long", datetime.now(UTC), long))
    said = molva("run", "--once", "-c", config).err.splitlines()
    assert [line.split()[0] for line in said] == ["feed:", "toots:", "labelled"]


def test_collect_lists_each_item_and_a_summary(molva: Molva, config: Path, server: GrowingServer):
    *items, summary = lines(molva("collect", "--source", "feed", "-c", config, "--json"))
    assert {item["event"] for item in items} == {"stored"}
    assert {item["id"] for item in items} == {"f0", "f1"}
    assert (summary["event"], summary["fetched"], summary["stored"]) == ("summary", 3, 2)
    assert summary["unmatched"] == 1

    edited = Item("f1", server.feed[1].at, "Acme is lovely, edited: not any more")
    server.feed[1] = edited
    *items, summary = lines(molva("collect", "--source", "feed", "-c", config, "--json"))
    assert [(item["event"], item["id"]) for item in items] == [("changed", "f1")]
    assert summary["known"] == 1


def test_collect_of_an_unknown_source_names_the_known_ones(molva: Molva, config: Path):
    ran = molva("collect", "--source", "nope", "-c", config)
    assert ran.status == 2
    assert "feed, toots" in ran.err


def test_import_twice_adds_once_and_counts_bad_rows(molva: Molva, config: Path, tmp_path: Path):
    posts = tmp_path / "posts.csv"
    posts.write_text(
        "id;text;date\n1;Acme слишком долго везли;01.03.2026 10:00\n2;;01.03.2026 11:00\n"
        '3;"Acme, супер!";02.03.2026 09:30\n',
        encoding="cp1251",
    )
    *items, summary = lines(molva("import", posts, "-c", config, "--json"))
    assert (summary["stored"], summary["skipped"]) == (2, 1)
    assert [item["reason"] for item in items if item["event"] == "skipped"]
    assert lines(molva("import", posts, "-c", config, "--json"))[-1]["stored"] == 0


def test_import_maps_columns_and_lists_bad_rows(molva: Molva, config: Path, tmp_path: Path):
    posts = tmp_path / "posts.csv"
    posts.write_text("Comment,Date\nAcme is slow,12/25/2025\n,12/26/2025\n")
    mapped = ("--map", "text=Comment", "--map", "published_at=Date")
    ran = molva("import", posts, *mapped, "-c", config)
    assert ran.status == 0, ran.err
    assert "row 2: it has no text; skipped" in ran.err
    assert "1 new" in ran.err
    out = tmp_path / "all.jsonl"
    molva("export", "--output", out, "-c", config)
    (line,) = out.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["published_at"].startswith("2025-12-25")


def test_import_preview_shows_what_is_understood_and_stores_nothing(
    molva: Molva, config: Path, tmp_path: Path
):
    posts = tmp_path / "posts.csv"
    posts.write_text("Текст;Дата\nAcme медленно;03/04/2025\n", encoding="cp1251")
    seen = molva("import", posts, "--preview", "-c", config)
    assert seen.status == 0, seen.err
    for said in ("cp1251", "cells by ;", "text = Текст", "day-first (a guess", "Acme медленно"):
        assert said in seen.out
    told = molva("import", posts, "--preview", "--dates", "month-first", "-c", config, "--json")
    assert lines(told)[0]["dates"] == "month-first"
    assert lines(molva("import", posts, "-c", config, "--json"))[-1]["stored"] == 1


def test_import_names_a_wrong_setting(molva: Molva, config: Path, tmp_path: Path):
    posts = tmp_path / "posts.csv"
    posts.write_text("text\nAcme\n")
    assert "txet" in molva("import", posts, "--map", "txet=text", "-c", config).err
    ran = molva("import", posts, "--dates", "backwards", "-c", config)
    assert (ran.status, "dates" in ran.err) == (2, True)
    assert molva("import", posts, "--map", "text", "-c", config).status == 2


def test_export_and_digest_hold_what_was_collected(
    molva: Molva, config: Path, tmp_path: Path, server: GrowingServer
):
    molva("run", "--once", "-c", config)
    out = tmp_path / "all.csv"
    [summary] = lines(molva("export", "--output", out, "-c", config))
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert summary["rows"] == len(rows) == 4
    assert {row["brand"] for row in rows} == {"acme"}
    assert {row["sentiment"] for row in rows} == {"negative", "positive"}

    day_of_the_complaint = server.feed[0].at.date().isoformat()
    page = tmp_path / "digest.html"
    [made] = lines(
        molva(
            "digest",
            "--date",
            day_of_the_complaint,
            "--brand",
            "acme",
            "--output",
            page,
            "-c",
            config,
        )
    )
    assert "Acme" in made["subject"]
    assert "awful" in page.read_text(encoding="utf-8")


def test_a_wrong_configuration_exits_with_2_and_names_the_line(molva: Molva, config: Path):
    config.write_text(config.read_text().replace('type = "rss"', 'type = "rsss"'))
    ran = molva("run", "--once", "-c", config)
    assert ran.status == 2
    assert f"{config}:7: source[1].type" in ran.err.replace("\n", "")


def test_a_missing_configuration_says_what_to_do(molva: Molva, tmp_path: Path):
    ran = molva("sources", "-c", tmp_path / "none.toml")
    assert ran.status == 2
    assert "molva init" in ran.err


def test_init_asks_for_a_brand_when_nobody_can_answer(molva: Molva, tmp_path: Path):
    ran = molva("init", tmp_path / "molva.toml")
    assert ran.status == 2
    assert "--brand" in ran.err
    assert not (tmp_path / "molva.toml").exists()


def test_init_refuses_to_overwrite(molva: Molva, tmp_path: Path):
    path = tmp_path / "molva.toml"
    assert molva("init", path, "--brand", "Acme").status == 0
    assert molva("init", path, "--brand", "Other").status == 2
    assert "Acme" in path.read_text()
