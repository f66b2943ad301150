"""The pages behind a signed link: what it would do, what it has done, why it cannot.

Pure: what is known goes in, a page in the reader's language comes out. The token stands in one
place only, the hidden field of the question's form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from reports.alert_actions import Done
from reports.environment import environment
from reports.links import ACTIONS, MUTE, LinkError, Wanted, alert_of, mute_by
from reports.words import Words
from store.alert_actions import actions_of, muted_until
from store.alert_rows import AlertActionRow, AlertRow

ACTED_ON: Final = "act"
"""Where the form leads, from the page's own address: a prefix before it may be anything."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a link is about, as the store has it.

    Attributes:
        actions: what people did about the alert, in order.
        muted_until: when the mute of the alert or its brand ends; None without one.
    """

    wanted: Wanted
    alert: AlertRow
    actions: Sequence[AlertActionRow]
    muted_until: datetime | None

    @property
    def spent(self) -> str:
        """What leaves the link nothing to do: `ack`, `mute` or `false`; empty if it has."""
        done = [row.action for row in self.actions]
        if self.wanted.action == "mute":
            return "mute" if mute_by(self.actions, self.wanted) else ""
        if self.wanted.action in done:
            return self.wanted.action
        return "false" if "false" in done else ""


def standing(conn: Connection, wanted: Wanted, now: datetime) -> Standing:
    """Look up what a link is about.

    Raises:
        LinkError: its alert is gone.
    """
    alert = alert_of(conn, wanted)
    until = muted_until(conn, alert.brand_id, alert.id, now)
    return Standing(wanted, alert, actions_of(conn, alert.id), until)


def question_page(found: Standing, token: str, words: Words) -> str:
    """What the link would do to which alert, with the button that does it."""
    wanted, spent = found.wanted, found.spent
    length = words.duration(timedelta(minutes=wanted.minutes))
    will = f"act_will_{wanted.action}{_over(found.alert, wanted.action)}"
    holds = words.say("act_unchanged", until=words.moment(wanted.expires))
    return _page(
        words,
        words.say(f"act_again_{spent}" if spent else f"act_ask_{wanted.action}", length=length),
        words.say("act_spent" if spent else will, length=length),
        found=found,
        token="" if spent else token,
        button=words.say(f"link_{wanted.action}"),
        note="" if spent else holds,
    )


def done_page(done: Done, found: Standing, words: Words) -> str:
    """What the link has done, or that it was done before.

    Args:
        found: the alert after it.
    """
    until = words.moment(done.until) if done.until else ""
    if done.again:
        title, text = f"act_again_{found.spent}", "act_nothing"
    else:
        title = f"act_done_{done.action}"
        text = f"act_told_{done.action}{_over(found.alert, done.action)}"
    times = words.times(done.stricter)
    return _page(words, words.say(title), words.say(text, until=until, times=times), found=found)


def _over(alert: AlertRow, action: str) -> str:
    """The end of a message's name: no updates are promised of what is over."""
    return "_over" if action == "ack" and alert.state != "open" else ""


def refused_page(error: LinkError, words: Words) -> str:
    """Why a link cannot be followed, and the command to use instead."""
    wanted, problem = error.wanted, error.problem
    values: dict[str, Any] = {
        "until": words.moment(wanted.expires) if wanted else "",
        "alert": str(wanted.alert_id) if wanted else "",
    }
    return _page(
        words,
        words.say(f"act_{problem}", **values),
        words.say(f"act_{problem}_text", **values),
        commands=["molva alerts list"] if problem == "gone" else _commands(wanted),
    )


def busy_page(wanted: Wanted, words: Words) -> str:
    """That the store cannot be used at the moment, and the command to use instead."""
    return _page(
        words, words.say("act_busy"), words.say("act_busy_text"), commands=_commands(wanted)
    )


def _commands(wanted: Wanted | None) -> list[str]:
    """What to type in place of a link; of one that is not ours nothing is believed."""
    if wanted is not None:
        return [_command(wanted.action, str(wanted.alert_id), wanted.minutes)]
    minutes = int(MUTE / timedelta(minutes=1))
    acts = (_command(action, "N", minutes) for action in ACTIONS)
    return ["molva alerts list", *acts]


def _command(action: str, number: str, minutes: int) -> str:
    hours = f" --hours {minutes / 60:g}" if action == "mute" else ""
    return f"molva alerts {'mentions' if action == 'list' else action} {number}{hours}"


def _rows(found: Standing, words: Words) -> list[tuple[str, str]]:
    alert = found.alert
    return [
        (words.say("act_f_brand"), str(alert.facts.get("brand", ""))),
        (words.say("act_f_alert"), str(alert.facts.get("subject", ""))),
        (words.say("act_f_opened"), words.moment(alert.detected_at)),
        (words.say("act_f_state"), _state(found, words)),
    ]


def _state(found: Standing, words: Words) -> str:
    """Open or over, and what people did about it, each once, by its first time."""
    parts = [words.say(f"act_state_{found.alert.state}")]
    for action in ("ack", "false"):
        first = next((row.at for row in found.actions if row.action == action), None)
        if first is not None:
            parts.append(words.say(f"act_state_{action}", at=words.moment(first)))
    if found.muted_until is not None:
        parts.append(words.say("act_state_mute", until=words.moment(found.muted_until)))
    return "; ".join(parts)


def _page(
    words: Words,
    title: str,
    text: str,
    *,
    found: Standing | None = None,
    token: str = "",
    commands: Sequence[str] = (),
    **more: str,
) -> str:
    view: dict[str, Any] = {
        "w": words,
        "say": words.say,
        "subject": title,
        "text": text,
        "rows": _rows(found, words) if found else [],
        "alert": found.alert if found else None,
        "act": ACTED_ON,
        "token": token,
        "commands": commands,
        "button": more.get("button", ""),
        "note": more.get("note", ""),
        "zone": words.zone.key,
    }
    return environment().get_template("link.html.j2").render(view)
