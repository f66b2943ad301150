"""One post through two routes is one mention: the identity is the post's, not the route's."""

from __future__ import annotations

from typing import Any

from collectors.mastodon_status import Reading, status_to_post
from collectors.registry import create, parse_settings
from tests.conformance.kit import NOW

URI = "https://home.example/users/anna/statuses/1"


def status(instance: str, native: str, **more: Any) -> dict[str, Any]:
    return {
        "id": native, "uri": URI, "url": "https://home.example/@anna/1", "visibility": "public",
        "created_at": "2026-03-10T11:00:00Z", "content": "<p>Zerno is late #zerno</p>",
        "account": {"acct": "anna@home.example", "uri": "https://home.example/users/anna"}, **more,
    }  # fmt: skip


def mastodon(instance: str) -> Any:
    table = {"name": instance, "type": "mastodon", "instance": f"https://{instance}", "tags": ["z"]}
    return create(parse_settings(table), None, lambda: NOW)  # type: ignore[arg-type]


def test_a_mastodon_post_on_two_servers_is_one() -> None:
    home, away = mastodon("home.example"), mastodon("away.example")
    assert home.scope == away.scope
    posts = [
        status_to_post(status("home.example", "1"), Reading("https://home.example", NOW)),
        status_to_post(status("away.example", "9987"), Reading("https://away.example", NOW)),
        status_to_post(
            {"id": "5", "reblog": status("away.example", "9987")},
            Reading("https://away.example", NOW),
        ),
    ]
    assert {post.native_id for post in posts} == {URI}
    assert len({(post.text, post.author.id) for post in posts}) == 1


def test_reddits_two_routes_share_their_ids() -> None:
    # That both give one and the same post is in test_reddit.
    common = {"type": "reddit", "queries": ["zerno"]}
    app = {"client_id_env": "ID", "client_secret_env": "SECRET"}
    scopes = {
        create(parse_settings({"name": name, **common, **more}), None, lambda: NOW).scope  # type: ignore[arg-type]
        for name, more in (("api", app), ("rss", {}))
    }
    assert scopes == {"reddit"}
