"""The configuration of the demo: what a person in Vetrogorsk would write into `molva.toml`."""

from __future__ import annotations

from molva.demo.bluesky import HANDLE
from molva.demo.server import CHANNEL

PASSWORD_VARIABLE = "MOLVA_DEMO_BLUESKY_PASSWORD"  # noqa: S105 - a variable's name

# The names are common words, so a Russian text must also speak of a café; in English the words
# that give the weather, the history lesson and the bird away are enough.
_ABOUT_CAFES = """(
    кофе OR кофейный OR кофейня OR кофемашина OR кофеин OR латте OR капучино OR эспрессо OR мокко
    OR американо OR какао OR бариста OR касса OR терминал OR приложение OR карта OR заказ
    OR доставка OR курьер OR чек OR чат-бот OR стакан OR столик OR витрина OR десерт OR круассан
    OR чизкейк OR эклер OR сырник OR сэндвич OR брауни OR меню OR баллы OR списание OR списать
    OR декаф OR еда OR обед OR завтрак OR поддержка OR выпекать OR вайфай OR розетка OR подписка
    OR молоко OR очередь
  )"""

OTTEPEL = f"""
  Ottepel NOT (thaw OR Khrushchev OR cinema OR poetry OR 1960s OR puddles OR "Rust library"
    OR "word of the week")
  OR Оттепель AND {_ABOUT_CAFES}
  NOT (синоптик OR гололёд OR лёд OR сосулька OR хрущёвский OR порт AND мэрия)
"""
SNEGIR = f"""
  Snegir NOT (bullfinch OR bullfinches)
  OR Снегирь AND {_ABOUT_CAFES}
  NOT (орнитолог OR кормушка)
"""

_CONFIG = """\
# Written by `molva demo`: the fictional coffee chain Ottepel («Оттепель», a thaw) and its rival
# Snegir («Снегирь», a bullfinch) in the town of Vetrogorsk, served on this machine.
language = "{lang}"
timezone = "Europe/Moscow"
store = "sqlite:///molva.db"

[[brand]]
id = "ottepel"
name = "{ottepel_name}"
query = '''{ottepel}'''

[[brand]]
id = "snegir"
name = "{snegir_name}"
rival = true
query = '''{snegir}'''

[[source]]
name = "city-news"
type = "rss"
url = "{url}/post/feed"
interval = "3h"

[[source]]
name = "city-news-ru"
type = "rss"
url = "{url}/segodnya/atom.xml"
interval = "3h"

[[source]]
name = "blog"
type = "rss"
url = "{url}/crumbs/feed"
interval = "3h"

[[source]]
name = "reviews"
type = "rss"
url = "{url}/chashka/feed.json"
interval = "2h"

[[source]]
name = "hacker-news"
type = "hackernews"
queries = ["Ottepel"]
base_url = "{url}/api/v1"
interval = "3h"

[[source]]
name = "mastodon"
type = "mastodon"
instance = "{url}"
tags = ["vetrogorsk", "ветрогорск"]
home_servers = false
page_size = 10
interval = "20m"

[[source]]
name = "bluesky"
type = "bluesky"
queries = ["Ottepel", "Оттепель"]
base_url = "{url}"
identifier = "{handle}"
password_env = "{password}"
interval = "20m"

[[source]]
name = "bluesky-rival"
type = "bluesky"
queries = ["Snegir", "Снегирь"]
base_url = "{url}"
identifier = "{handle}"
password_env = "{password}"
interval = "3h"

[[source]]
name = "telegram"
type = "telegram"
channels = ["{channel}"]
base_url = "{url}"
interval = "20m"

[[channel]]
name = "pr"
type = "file"
path = "messages"
sends = ["alerts", "digests"]

[alerts]
false_alarms_per_month = 1
minimum_count = 5

[digest]
hour = 9

[http]
allow_private = true        # the demo's server is on this machine
requests_per_second = 1000
per_host_concurrency = 8
retry_wait = 0.05
"""


def demo_config(base_url: str, *, lang: str = "en") -> str:
    """Return the text of the demo's `molva.toml`.

    Args:
        base_url: the root of the stand-in server, without a trailing slash.
        lang: of alerts and digests, `en` or `ru`.
    """
    names = {"en": ("Ottepel", "Snegir"), "ru": ("Оттепель", "Снегирь")}[lang]
    return _CONFIG.format(
        url=base_url,
        lang=lang,
        ottepel=OTTEPEL,
        snegir=SNEGIR,
        ottepel_name=names[0],
        snegir_name=names[1],
        handle=HANDLE,
        password=PASSWORD_VARIABLE,
        channel=CHANNEL,
    )
