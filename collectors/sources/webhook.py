"""Posts that other programs push: a form on your site, a shop, a support desk, a script.

`molva receive` listens for them, on this machine alone unless told otherwise, and keeps them in the
folder `inbox` until this source has read them: what was answered with 202 is neither lost nor
repeated, whatever is killed. Put a web server with TLS in front to receive from outside.

A delivery is a POST to `/hooks/NAME` (the source's name in lower-case letters, digits and hyphens)
of a JSON object or a list of up to 1,000. An object has `text` or `title`, and may have `id` (your
own, stable: the same id again is an edit, not another post), `url`, `published_at` (ISO 8601),
`edited_at`, `author` (a name, or an object of `id`, `handle`, `name`, `followers`), `kind`, `lang`,
`rating`, `rating_scale`, `likes`, `comments`, `shares`, `views`, `parent_id`, `thread_id`, `site`;
`{"id": "7", "deleted": true}` takes one back. The answer is 202 and the delivery's id, how many
posts were accepted, and which were not and why. Send again after 429, 5xx or no answer; another
4xx stays the same however often it is sent.

Credentials: a secret of 16 characters or more, shared with the sender, in the variable that
`secret_env` names. It signs the time and the body; a signature is good for 5 minutes. In a shell:

    BODY='[{"id": "42", "text": "Zerno is late again"}]'
    TIME=$(date +%s)
    SIGN=$(printf '%s.%s' "$TIME" "$BODY" | openssl dgst -sha256 -hmac "$HOOK_SECRET")
    curl -sS http://127.0.0.1:8787/hooks/our-site -H "X-Timestamp: $TIME" \
        -H "X-Signature-256: sha256=${SIGN##* }" --data-raw "$BODY"

In Python, and `collectors.signing.check` verifies it so:

    signed = b"%d.%s" % (now, body)
    sign = "sha256=" + hmac.new(secret, signed, hashlib.sha256).hexdigest()

Limits: a delivery of 1 MiB; 10,000 deliveries waiting, after which senders are told to come later.

Terms: your own data.

    [[source]]
    name = "our-site"
    type = "webhook"
    secret_env = "HOOK_SECRET"
    interval = "1m"
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import Field, ValidationInfo, field_validator
from slugify import slugify

from collectors.credentials import secret
from collectors.inbox import Inbox
from collectors.interface import (
    Collector,
    Cursor,
    Duration,
    FatalError,
    Page,
    Post,
    Skipped,
    SourceSettings,
    Terms,
)
from collectors.items import convert
from collectors.pushed import checked, items_of, pushed_to_post
from collectors.signing import SHORTEST_SECRET

MOST_DELIVERIES: Final = 1000
"""Read in one poll; the cursor names each of them."""
WAITING: Final = f"stopped after {MOST_DELIVERIES} deliveries; the next poll goes on"


class WebhookSettings(SourceSettings):
    """The secret its senders sign with, and where deliveries wait."""

    interval: Duration = Field(
        default=timedelta(minutes=1),
        ge=timedelta(seconds=10),
        le=timedelta(days=7),
        description="How often the inbox is read.",
    )
    secret_env: str = Field(min_length=1, description="Variable that holds the secret.")
    inbox: Path = Field(default=Path("inbox"), validate_default=True)
    page_size: int = Field(default=500, ge=1, le=10_000)

    @field_validator("inbox")
    @classmethod
    def _from_folder(cls, value: Path, info: ValidationInfo) -> Path:
        folder = (info.context or {}).get("folder")
        return folder / value if folder else value

    @property
    def hook(self) -> str:
        """The source's name as its address and its folder have it."""
        return slugify(self.name) or "hook"

    @property
    def deliveries(self) -> Inbox:
        """Where its deliveries wait."""
        return Inbox(self.inbox / self.hook)

    def secret(self) -> str:
        """The secret.

        Raises:
            FatalError: its variable is not set, or it is too short.
        """
        (value,) = secret(self.secret_env)
        if len(value) < SHORTEST_SECRET:
            raise FatalError(f"{self.secret_env} needs {SHORTEST_SECRET} characters or more")
        return value


@dataclass
class _Batch:
    """What a page is made of."""

    names: list[str] = field(default_factory=list)
    items: list[tuple[str, Any]] = field(default_factory=list)
    broken: list[Skipped] = field(default_factory=list)


class WebhookCollector(Collector[WebhookSettings]):
    """Reads the inbox; the cursor names what was read, and the next poll removes that."""

    type = "webhook"
    Settings = WebhookSettings
    terms = Terms.OWN

    @property
    def scope(self) -> str:
        """Ids are unique among the posts of one source."""
        return f"webhook:{self.settings.name}"

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield the posts of deliveries not read yet."""
        self.settings.secret()
        inbox = self.settings.deliveries
        # Their posts are stored, as the cursor that names them was.
        await asyncio.to_thread(inbox.remove, [str(name) for name in cursor.get("done", ())])
        names = await asyncio.to_thread(inbox.names)
        rest, done = names[:MOST_DELIVERIES], list[str]()
        beyond = len(names) > MOST_DELIVERIES
        while rest:
            batch = await asyncio.to_thread(self._take, inbox, rest)
            rest = rest[len(batch.names) :]
            done += batch.names
            more = beyond and not rest
            page = self._page(batch, {"done": list(done)})
            yield replace(page, note=WAITING if more else "", goes_on=more)
        if not names:
            yield Page({"done": []}, note="no new deliveries")

    def _take(self, inbox: Inbox, names: Sequence[str]) -> _Batch:
        batch = _Batch()
        for name in names:
            if len(batch.items) >= self.settings.page_size:
                break
            batch.names.append(name)
            try:
                batch.items += [(name, item) for item in items_of(inbox.read(name))]
            except (OSError, ValueError) as error:
                batch.broken.append(Skipped(name, str(error)))
        return batch

    def _page(self, batch: _Batch, cursor: Cursor) -> Page:
        now, deleted = self.clock(), list[str]()

        def post(item: tuple[str, Any]) -> Post | None:
            pushed = checked(item[1])
            if pushed.deleted:
                deleted.append(pushed.id)
                return None
            return pushed_to_post(pushed, now)

        found = convert(batch.items, post, lambda item: _named(*item))
        skipped = (*found.skipped, *batch.broken)
        return Page(cursor, found.posts, skipped, tuple(deleted))


def _named(delivery: str, item: object) -> str:
    given = item.get("id") if isinstance(item, dict) else None
    return str(given) if given else delivery
