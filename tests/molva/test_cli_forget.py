"""molva forget and molva export's own options, as typed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.molva.conftest import Ran
from tests.molva.posts import bring_in

Molva = Callable[..., Ran]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "molva.toml"
    path.write_text(
        '[[brand]]\nid = "acme"\nname = "Acme"\n'
        '[[channel]]\nname = "out"\ntype = "file"\npath = "messages"\n',
        encoding="utf-8",
    )
    posts = [
        {
            "id": "1",
            "text": "Acme, quokkavar says zelda",
            "author": "zelda",
            "url": "https://e.org/1",
        },
        {"id": "2", "text": "Acme is fine", "author": "otto", "url": "https://e.org/2"},
    ]
    bring_in(path, posts, label=False)
    return path


def test_forget_erases_lists_exports_and_says_what_is_left_to_do(molva: Molva, config: Path):
    out = config.parent / "out.csv"
    assert molva("export", "--output", out, "-c", config, "--pseudonymous").status == 0
    (config.parent / "messages").mkdir()
    (config.parent / "messages" / "a.html").write_text("<p>zelda wrote</p>")
    assert "would erase 1" in molva("forget", "--author", "zelda", "--dry-run", "-c", config).out
    ran = molva("forget", "--author", "zelda", "-c", config)
    assert ran.status == 0, ran.err
    assert "erased: 1 mentions" in ran.out
    assert f"held them: {out}" in ran.out
    assert "zelda" not in (config.parent / "messages" / "a.html").read_text()
    for file in config.parent.glob("molva.db*"):
        assert b"quokkavar" not in file.read_bytes()
    again = molva("forget", "--author", "zelda", "-c", config)
    assert (again.status, again.out.strip()) == (1, "nothing of theirs is stored")
    ran = molva("forget", "--url", "https://e.org/2", "-c", config, "--json")
    assert len(json.loads(ran.out)["mentions"]) == 1
    assert molva("forget", "-c", config).status == 2


def test_a_wrong_format_or_zone_is_said(molva: Molva, config: Path):
    ran = molva("export", "--output", "x.doc", "-c", config)
    assert ran.status == 2
    assert "--format csv, xlsx, jsonl, parquet" in ran.err.replace("\n", " ")
    ran = molva("export", "--output", "x.csv", "--timezone", "Mars", "-c", config)
    assert "not a time zone" in ran.err
