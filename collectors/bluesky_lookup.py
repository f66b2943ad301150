"""Whether a Bluesky post that is not shown has been deleted, or is only hidden from who asks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from collectors.atproto import Agent, error_name
from collectors.http import Response
from collectors.items import mapping, string
from collectors.rereads import side_by_side

RECORD: Final = "com.atproto.repo.getRecord"

_URI = re.compile(r"at://([^/]+)/([^/]+)/([^/]+)")
# The record, or the whole account, is there no more: deleted, taken down, or withdrawn.
_GONE = {"RecordNotFound", "RepoNotFound", "RepoTakendown", "RepoSuspended", "RepoDeactivated"}


async def gone(agent: Agent, uris: Iterable[str]) -> list[str]:
    """Those of some posts whose record is there no more.

    The lookup of posts leaves out what an author who blocks the account has written, as if it
    were deleted; the record itself is told to everybody.

    Raises:
        FatalError, RetriableError: the account's server cannot be asked.
    """
    missing = list(uris)
    answers = await side_by_side(_is_gone(agent, uri) for uri in missing)
    return [uri for uri, is_gone in zip(missing, answers, strict=True) if is_gone]


async def _is_gone(agent: Agent, uri: str) -> bool:
    named = _URI.fullmatch(uri)
    if named is None:
        return False
    place = dict(zip(("repo", "collection", "rkey"), named.groups(), strict=True))
    response = await agent.get(RECORD, place)
    return response.status == 400 and (error_name(response) in _GONE or _no_account(response))


def _no_account(response: Response) -> bool:
    # The AppView has no error name of its own for it.
    return string(mapping(response.json()).get("message")).startswith("Could not find repo")
