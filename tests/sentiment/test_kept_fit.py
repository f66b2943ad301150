"""What was learnt from a taxonomy file is kept beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentiment import kept_fit
from sentiment.causes import CauseFinder
from sentiment.encoder import Encoder
from sentiment.interface import CauseLink
from sentiment.taxonomy import ENOUGH, Taxonomy

PLACES = ("pool", "sauna", "changing room", "weights room", "lobby", "yoga hall", "car park")
FULL = ("is packed", "was so full we left", "has no free place", "is crammed every evening")
QUIET = ["went to the gym today", "the gym is on Park Street", "signed up in May", "legs day"]
BROKEN = ("machine is broken", "door does not shut", "shower leaks", "lamp has been dead for weeks")


def gym(folder: Path, *more: str) -> Path:
    """A taxonomy file with examples enough to fit a classifier on."""
    groups = {
        "crowded": [f"the {place} {how}" for place in PLACES for how in FULL],
        "broken": [f"in the {place} the {what}" for place in PLACES for what in BROKEN],
    }
    lines = ['version = "1"']
    for cause, plain in groups.items():
        texts = [*plain, *(f"Monday {text} again" for text in plain), *more]
        assert len(texts) >= ENOUGH
        lines += ["[[cause]]", f'id = "{cause}"', 'polarity = "negative"', f'name.en = "{cause}"']
        lines += [f"examples.en = {texts}"]
    lines += ["[background]", f"examples.en = {QUIET}"]
    path = folder / "gym.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def told(encoder: Encoder, path: Path) -> tuple[CauseLink, ...]:
    finder = CauseFinder(encoder, Taxonomy.load(path))
    text = "the sauna is packed"
    return finder.find(encoder.encode_chunk([(text, ())])[0], text, "en")


def test_the_next_start_does_not_fit_again_and_labels_the_same(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = gym(tmp_path)
    first = told(encoder, path)
    assert [link.cause for link in first] == ["crowded"]
    assert [own.name for own in tmp_path.iterdir() if own != path] == ["gym.fit.npz"]
    monkeypatch.setattr(kept_fit, "learn", None)
    assert told(encoder, path) == first


def test_another_content_is_fitted_anew(encoder: Encoder, tmp_path: Path) -> None:
    told(encoder, gym(tmp_path))
    kept = tmp_path / "gym.fit.npz"
    before = kept.read_bytes()
    told(encoder, gym(tmp_path, "nothing to see here"))
    assert kept.read_bytes() != before


def test_a_damaged_file_is_made_again(
    encoder: Encoder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = gym(tmp_path)
    first = told(encoder, path)
    kept = tmp_path / "gym.fit.npz"
    for wreck in (b"", b"no archive", kept.read_bytes()[:-300]):
        kept.write_bytes(wreck)
        assert told(encoder, path) == first
    assert "damaged" in caplog.text
    caplog.clear()
    assert told(encoder, path) == first
    assert not caplog.text


def test_where_nothing_can_be_written_it_is_fitted_each_time(
    encoder: Encoder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = gym(tmp_path)
    (tmp_path / "gym.fit.npz").mkdir()
    assert told(encoder, path)
    assert "cannot be written" in caplog.text
    assert {own.name for own in tmp_path.iterdir()} == {"gym.toml", "gym.fit.npz"}
