"""Bluesky's part of the stand-in server: sessions that expire, and search with a cursor.

Lexicons: com.atproto.server.createSession, refreshSession, com.atproto.repo.getRecord,
app.bsky.feed.searchPosts, getPosts.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from molva.demo.apis import Params, first, limited, mentions
from molva.demo.posts import WorldPost
from molva.demo.shelf import Shelf

HANDLE = "molva-demo.bsky.example"
PASSWORD = "demo-only-password"  # noqa: S105 - of a server that lives as long as the demo
_LIFETIME = timedelta(hours=2)
_DID_LETTERS = str.maketrans("0189", "abcd")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON body."""

    status: int
    body: str


def _error(status: int, name: str, message: str) -> Answer:
    return Answer(status, json.dumps({"error": name, "message": message}))


@dataclass(slots=True)
class Sessions:
    """Access tokens by the moment they were given out; refreshing rotates both tokens."""

    _given: dict[str, datetime] = field(default_factory=dict)
    _refresh: str = ""
    _count: int = 0

    def create(self, now: datetime, body: bytes) -> Answer:
        """Log in with the demo's handle and password."""
        try:
            asked = json.loads(body)
        except ValueError:
            return _error(400, "InvalidRequest", "the body is not JSON")
        if (asked.get("identifier"), asked.get("password")) != (HANDLE, PASSWORD):
            return _error(401, "AuthenticationRequired", "Invalid identifier or password")
        return self._session(now)

    def refresh(self, now: datetime, token: str) -> Answer:
        """Exchange the refresh token for two new ones."""
        if not token or token != self._refresh:
            return _error(400, "ExpiredToken", "Token has been revoked")
        return self._session(now)

    def _session(self, now: datetime) -> Answer:
        self._count += 1
        access, self._refresh = f"access-{self._count}", f"refresh-{self._count}"
        self._given = {access: now}
        return Answer(
            200,
            json.dumps(
                {
                    "accessJwt": access,
                    "refreshJwt": self._refresh,
                    "handle": HANDLE,
                    "did": "did:plc:molvademo2222222222222222",
                    "active": True,
                }
            ),
        )

    def refused(self, now: datetime, token: str) -> Answer | None:
        """Return why a token is not accepted, or `None` when it is."""
        if not token:
            return _error(401, "AuthMissing", "Authentication Required")
        given = self._given.get(token)
        if given is None:
            return _error(400, "InvalidToken", "Token could not be verified")
        if now - given > _LIFETIME:
            return _error(400, "ExpiredToken", "Token has expired")
        return None


class Search:
    """`searchPosts` over one shelf; each query's posts are sorted once."""

    def __init__(self, shelf: Shelf) -> None:
        self._posts = shelf.by_date()
        self._queries: dict[str, tuple[list[WorldPost], list[datetime]]] = {}
        self._by_uri: dict[str, WorldPost] | None = None

    def answer(self, now: datetime, params: Params) -> Answer:
        """Answer one page, newest first; a cursor is present while there may be more."""
        query = first(params, "q")
        given = first(params, "limit", "25")
        if not query or not given.isdigit() or not 1 <= int(given) <= 100:
            return _error(400, "InvalidRequest", "q is missing or limit is out of range")
        posts, dates = self._sorted(query)
        until, since = _moment(first(params, "until")), _moment(first(params, "since"))
        high = bisect_left(dates, min(until, now)) if until else bisect_right(dates, now)
        low = bisect_left(dates, since) if since else 0
        shown = [post for post in reversed(posts[low:high]) if post.visible(now)]
        start = int(first(params, "cursor", "0") or 0)
        size = limited(params, "limit", 25, 100)
        page: dict[str, object] = {
            "posts": [_view(post, now) for post in shown[start : start + size]],
            "hitsTotal": len(shown),
        }
        if start + size < len(shown):
            page["cursor"] = str(start + size)
        return Answer(200, json.dumps(page, ensure_ascii=False))

    def posts(self, now: datetime, params: Params) -> Answer:
        """Posts by their addresses; those that are deleted are left out, as the service does."""
        wanted = map(self._post, params.get("uris", ()))
        shown = [_view(post, now) for post in wanted if post and post.visible(now)]
        return Answer(200, json.dumps({"posts": shown}, ensure_ascii=False))

    def record(self, now: datetime, params: Params) -> Answer:
        """One post's record, or the word that there is none."""
        place = (first(params, name) for name in ("repo", "collection", "rkey"))
        address = "at://" + "/".join(place)
        post = self._post(address)
        if post is None or not post.visible(now):
            return _error(400, "RecordNotFound", f"Could not locate record: {address}")
        view = _view(post, now)
        told = {"uri": address, "cid": view["cid"], "value": view["record"]}
        return Answer(200, json.dumps(told, ensure_ascii=False))

    def _post(self, address: str) -> WorldPost | None:
        if self._by_uri is None:
            self._by_uri = {uri(post): post for post in self._posts}
        return self._by_uri.get(address)

    def _sorted(self, query: str) -> tuple[list[WorldPost], list[datetime]]:
        if query not in self._queries:
            wanted = [part for part in query.split(" OR ") if part.strip()]
            posts = [one for one in self._posts if any(mentions(part, one.text) for part in wanted)]
            self._queries[query] = posts, [post.published for post in posts]
        return self._queries[query]


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def uri(post: WorldPost) -> str:
    """Return the post's at:// address."""
    return f"at://{_did(post)}/app.bsky.feed.post/3l{post.number:0>11}"


def _did(post: WorldPost) -> str:
    return "did:plc:" + f"{post.author.number:0>24}".translate(_DID_LETTERS)


def _view(post: WorldPost, now: datetime) -> dict[str, object]:
    record: dict[str, object] = {
        "$type": "app.bsky.feed.post",
        "text": post.text_at(now),
        "createdAt": post.published.isoformat().replace("+00:00", "Z"),
        "langs": [post.lang],
    }
    if post.reply:
        parent = {"uri": f"at://{_did(post)}/app.bsky.feed.post/3lparent", "cid": "bafyparent"}
        record["reply"] = {"parent": parent, "root": parent}
    return {
        "uri": uri(post),
        "cid": f"bafydemo{post.number}r{post.revision(now)}",
        "author": {
            "did": _did(post),
            "handle": f"{post.author.handle.replace('_', '-')}.bsky.example",
            "displayName": post.author.name,
            "labels": [],
        },
        "record": record,
        "indexedAt": post.appears.isoformat().replace("+00:00", "Z"),
        "likeCount": post.likes,
        "replyCount": post.comments,
        "repostCount": post.shares,
        "quoteCount": 0,
        "labels": [],
    }


def profiles(shelf: Shelf, params: Params) -> Answer:
    """Answer `app.bsky.actor.getProfiles`: the followers that search leaves out."""
    wanted = set(params.get("actors", ()))
    known = {_did(post): post.author for post in shelf.by_date() if _did(post) in wanted}
    found = [
        {
            "did": did,
            "handle": f"{author.handle.replace('_', '-')}.bsky.example",
            "displayName": author.name,
            "followersCount": author.followers,
        }
        for did, author in known.items()
    ]
    return Answer(200, json.dumps({"profiles": found}, ensure_ascii=False))
