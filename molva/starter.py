"""The commented `molva.toml` of `molva init`: a brand, its rivals, sources to start with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

import tomlkit
from slugify import slugify


@dataclass(frozen=True)
class Start:
    """What a person answered, or gave as options."""

    brand: str
    aliases: Sequence[str] = ()
    rivals: Sequence[str] = ()
    language: str = "en"
    timezone: str = "UTC"


def slug(name: str) -> str:
    """A short id out of a name in either alphabet: «Кофе Хауз» is `kofe-khauz`."""
    return slugify(name, max_length=40) or "brand"


def starter_config(start: Start) -> str:
    """The text of a `molva.toml` that works as it stands, with no account anywhere."""
    parts = [_head(start), _brand(start.brand, start.aliases, rival=False)]
    parts += [_brand(rival, (), rival=True) for rival in start.rivals]
    parts += [_sources(start), _FOOT]
    return "\n".join(parts)


def _text(value: str) -> str:
    return tomlkit.item(value).as_string()


def _list(values: Sequence[str]) -> str:
    return "[" + ", ".join(_text(value) for value in values) + "]"


def _head(start: Start) -> str:
    return f"""\
# What Molva watches, where it looks and whom it tells. Check it with: molva check
language = {_text(start.language)}    # of alerts and digests: "en" or "ru"
timezone = {_text(start.timezone)}    # days and hours in reports
store = "sqlite:///molva.db"    # or store_env = "MOLVA_STORE" holding a postgresql:// address
"""


def _brand(name: str, aliases: Sequence[str], *, rival: bool) -> str:
    lines = ["[[brand]]", f"id = {_text(slug(name))}", f"name = {_text(name)}"]
    if rival:
        lines.append("rival = true    # compared with, never alerted on")
        return "\n".join(lines) + "\n"
    lines += [
        "# Other spellings. Russian words match in every case by themselves.",
        f"aliases = {_list(aliases)}",
        "# Phrases that contain the name and mean another thing:",
        "exclude = []",
        "# For an ambiguous name write a query instead of aliases and exclude, for example",
        f"#   query = '{name} AND (café OR coffee OR кофе) NOT recipe'",
        "# and try it: molva match QUERY FILE    (the language: docs/queries.md)",
        "# Your own accounts, whose posts are replies and no customer's voice:",
        "# accounts = []",
        "# Products and places to tell apart ([[brand.product]], [[brand.place]]): docs/places.md",
    ]
    return "\n".join(lines) + "\n"


def _sources(start: Start) -> str:
    tag = re.sub(r"\W+", "", start.brand)
    address = quote_plus(f'"{start.brand}"')
    blocks = [
        _source("hacker-news", "hackernews", [f"queries = {_list([start.brand])}"], "15m"),
        _source(
            "mastodon",
            "mastodon",
            ['instance = "https://mastodon.social"', f"tags = {_list([tag])}"],
            "15m",
        ),
    ]
    blocks += _FEEDS[start.language]
    blocks.append(_MORE.format(query=address, name=_text(start.brand)))
    return "\n".join(blocks)


def _source(name: str, kind: str, fields: Sequence[str], interval: str) -> str:
    lines = ["[[source]]", f'name = "{name}"', f'type = "{kind}"', *fields]
    return "\n".join([*lines, f'interval = "{interval}"', ""])


_FEEDS = {
    "en": [
        _source("bbc-business", "rss", ['url = "https://feeds.bbci.co.uk/news/business/rss.xml"'],
                "15m"),
        _source("the-verge", "rss", ['url = "https://www.theverge.com/rss/index.xml"'], "15m"),
    ],
    "ru": [
        _source("habr", "rss", ['url = "https://habr.com/ru/rss/articles/"'], "15m"),
        _source("vc", "rss", ['url = "https://vc.ru/rss"'], "15m"),
        _source("lenta", "rss", ['url = "https://lenta.ru/rss"'], "15m"),
    ],
}  # fmt: skip

_MORE = """\
# A public Telegram channel (one table each):
# [[source]]
# name = "a-channel"
# type = "telegram"
# channels = ["durov"]
# interval = "5m"

# Bluesky search needs a free account's app password, kept outside this file:
# [[source]]
# name = "bluesky"
# type = "bluesky"
# identifier = "you.bsky.social"
# password_env = "MOLVA_BLUESKY_PASSWORD"
# queries = [{name}]
# interval = "10m"

# Google News allows personal, non-commercial use of its feeds:
# [[source]]
# name = "google-news"
# type = "rss"
# url = "https://news.google.com/rss/search?q={query}&hl=en-US&gl=US&ceid=US:en"
# interval = "30m"
"""

_FOOT = """\
# Alerts and digests appear as pages in a folder; add e-mail or a webhook beside it.
[[channel]]
name = "folder"
type = "file"
path = "reports"
sends = ["alerts", "digests"]

# [[channel]]
# name = "pr-mail"
# type = "email"
# host = "smtp.example.com"
# sender = "molva@example.com"
# to = ["pr@example.com"]
# username = "molva@example.com"
# password_env = "MOLVA_SMTP_PASSWORD"
# sends = ["alerts", "digests"]
# A channel for alerts that nobody has acknowledged for so long has this line too:
#   escalate_after_minutes = 30

[alerts]
false_alarms_per_month = 1.0    # per brand: what you are ready to bear
minimum_count = 5               # a spike of fewer negative posts is never announced

# Alerts that come at night wait for the morning, unless they are as severe as this:
# [quiet_hours]
# start = 22:00:00                # in `timezone`
# end = 08:00:00
# override_severity = 8           # of 10

# Alerts then link to their mentions, and to acknowledge, mute or mark them; run molva receive too.
# Without them it names the commands. The variable holds a secret: openssl rand -hex 32
# [links]
# base_url = "https://molva.example.com"
# secret_env = "MOLVA_LINK_SECRET"

[digest]
hour = 9                        # of the morning after, in `timezone`
"""
