"""Reading Lemmy posts and comments again, each by the word of the server it was written on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from collectors.interface import Clock, CollectorError, Page, Post
from collectors.items import Converted, convert
from collectors.lemmy_api import Server, Sort
from collectors.lemmy_view import gone, view_to_post
from collectors.rereads import GONE, reread_page, side_by_side
from collectors.text import site_of

_LOCAL = re.compile(r"(https?://[^/]+)/(post|comment)/(\d{1,18})")


async def look_up(own: Server, ids: Sequence[str], clock: Clock) -> Page:
    """What these posts and comments are now; what their servers have no more is deleted.

    Args:
        own: the server of the source, which alone is shown its token.
        ids: their addresses.
        clock: tells the current time.

    Raises:
        FatalError, RetriableError: the source's own server cannot be asked.
    """
    answers = await side_by_side(_single(own, ap_id, clock) for ap_id in ids)
    posts = tuple(answer for answer in answers if isinstance(answer, Post))
    deleted = [i for i, answer in zip(ids, answers, strict=True) if answer is GONE]
    return reread_page(ids, Converted(posts, ()), gone=deleted, missing_are_gone=False)


async def _single(own: Server, ap_id: str, clock: Clock) -> object:
    """The post of an address, `GONE`, or `None` if that cannot be told."""
    named = _LOCAL.fullmatch(ap_id)
    if not named:
        return None
    at_home, sort = site_of(ap_id) == site_of(own.address), cast("Sort", named[2])
    server = own if at_home else replace(own, address=named[1], api="auto", token_env="")
    try:
        site = await server.site()
        view = await server.single(site, sort, named[3])
    except CollectorError:
        if at_home:
            raise
        # Closed or gone servers tell nothing of their posts.
        return None
    if view is None or gone([view], sort):
        return GONE
    read = convert([view], lambda v: view_to_post(v, sort, site, clock()), lambda _: ap_id)
    # Another post under this number is no news of the one asked for.
    return next((post for post in read.posts if post.native_id == ap_id), None)
