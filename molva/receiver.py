"""Decides about deliveries to the `webhook` sources: checks, keeps and answers them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from collectors.inbox import Inbox
from collectors.interface import Clock, FatalError, SkippableError
from collectors.pushed import checked, items_of
from collectors.signing import SIGNATURE, TIMESTAMP, RefusedError, check
from collectors.sources.webhook import WebhookSettings

log = logging.getLogger(__name__)

LARGEST: Final = 1 << 20
"""Bytes of a delivery."""

MOST_WAITING: Final = 10_000
"""Deliveries in an inbox; when nobody reads it, senders are told to come later."""

LATER: Final = {"Retry-After": "60"}


@dataclass(frozen=True)
class Reply:
    """What a sender is told."""

    status: int
    payload: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Hook:
    secret: str
    inbox: Inbox


class Receiver:
    """Decides about deliveries; knows nothing of sockets.

    Args:
        sources: the webhook sources to receive for.
        clock: ours, which a timestamp is held against.

    Raises:
        FatalError: a secret is missing, or two sources have one address.
    """

    def __init__(self, sources: Iterable[WebhookSettings], clock: Clock) -> None:
        self._clock = clock
        self._hooks: dict[str, _Hook] = {}
        for source in sources:
            if source.hook in self._hooks:
                raise FatalError(f"two webhook sources would have the address /hooks/{source.hook}")
            self._hooks[source.hook] = _Hook(source.secret(), source.deliveries)

    @property
    def paths(self) -> list[str]:
        """The addresses that are received at."""
        return [f"/hooks/{name}" for name in self._hooks]

    def knows(self, path: str) -> bool:
        """Whether anything is received at this address."""
        return urlsplit(path).path in self.paths

    def receive(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Keep a delivery if it is signed and holds a post, and say what became of it.

        Args:
            path: of the request.
            headers: of the request, by lower-case names.
            body: as it was sent.
        """
        hook = self._hooks.get(urlsplit(path).path.removeprefix("/hooks/"))
        if hook is None:
            return Reply(404, {"error": "there is no such hook"})
        stamp, given = headers.get(TIMESTAMP.lower(), ""), headers.get(SIGNATURE.lower(), "")
        try:
            name = check(hook.secret, stamp, given, body, self._clock())
        except RefusedError as error:
            return Reply(401, {"error": str(error)})
        try:
            items = items_of(body)
        except ValueError as error:
            return Reply(400, {"error": str(error)})
        rejected = list(_problems(items))
        if len(rejected) == len(items):
            return Reply(422, {"error": "no post was accepted", "rejected": rejected})
        return self._keep(hook.inbox, name, body, len(items) - len(rejected), rejected)

    def _keep(
        self, inbox: Inbox, name: str, body: bytes, accepted: int, rejected: list[dict[str, Any]]
    ) -> Reply:
        try:
            if len(inbox.names()) >= MOST_WAITING:
                return Reply(503, {"error": "the inbox is full; is molva run running?"}, LATER)
            inbox.put(name, body)
        except OSError as error:
            log.error("a delivery could not be kept in %s: %s", inbox.folder, error.strerror)  # noqa: TRY400 - no fault of the code
            return Reply(503, {"error": "the delivery could not be kept"}, LATER)
        return Reply(202, {"id": name, "accepted": accepted, "rejected": rejected})


def _problems(items: list[Any]) -> Iterable[dict[str, Any]]:
    for index, item in enumerate(items):
        try:
            checked(item)
        except SkippableError as error:
            yield {"index": index, "error": str(error)}
