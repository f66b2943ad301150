"""correct, train, models and label: from a person's word to another model, and back."""

import asyncio
import csv
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from molva.app import App
from molva.config import load_config
from molva.pipeline.label import label_pending
from store.engine import open_store, writing
from store.heads import save_head
from store.model_rows import NewHead
from tests.molva.conftest import Ran
from tests.molva.posts import bring_in
from tests.store.helpers import NOW

Molva = Callable[..., Ran]

DEVICES = [
    "phone",
    "tablet",
    "laptop",
    "watch",
    "television",
    "old-phone",
    "work-phone",
    "spare-phone",
    "reader",
    "console",
    "desktop",
    "kiosk",
    "car-screen",
    "e-bike",
    "projector",
    "netbook",
    "handheld",
    "smart-frame",
    "second-tablet",
    "new-laptop",
]
CITIES = [
    "Leeds",
    "York",
    "Bath",
    "Derby",
    "Hull",
    "Poole",
    "Truro",
    "Wells",
    "Ripon",
    "Perth",
    "Dundee",
    "Cardiff",
    "Swansea",
    "Newport",
    "Lisburn",
    "Newry",
    "Armagh",
    "Derry",
    "Exeter",
    "Oxford",
]
UPDATES = [f"The Acme app wants to be updated on my {device} before it opens" for device in DEVICES]
SHOPS = [f"Acme opens a second shop in {city} on Monday at nine" for city in CITIES]
BOTH = "Acme or Bolt, which of the two is nearer to the station?"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "molva.toml"
    path.write_text(
        '[[brand]]\nid = "acme"\nname = "Acme"\n[[brand]]\nid = "bolt"\nname = "Bolt"\n',
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with posts about updates and shops, all labelled by the shipped model."""
    folder = tmp_path_factory.mktemp("labelled")
    (folder / "molva.toml").write_text(
        '[[brand]]\nid = "acme"\nname = "Acme"\n[[brand]]\nid = "bolt"\nname = "Bolt"\n',
        encoding="utf-8",
    )
    posts = [
        {"id": f"p{n}", "text": text, "url": f"https://example.org/p{n}", "lang": "en"}
        for n, text in enumerate([*UPDATES, *SHOPS, BOTH])
    ]
    bring_in(folder / "molva.toml", posts)
    return folder / "molva.db"


@pytest.fixture
def posts(config: Path, labelled: Path) -> Path:
    """A configuration with a copy of that database."""
    with (
        closing(sqlite3.connect(labelled)) as source,
        closing(sqlite3.connect(config.parent / "molva.db")) as copy,
    ):
        source.backup(copy)
    return config


def lines(ran: Ran) -> list[dict]:
    return [json.loads(line) for line in ran.out.splitlines()]


def exported(molva: Molva, config: Path) -> dict[str, dict[str, str]]:
    out = config.parent / "out.csv"
    assert molva("export", "--output", out, "-c", config).status == 0
    with out.open(encoding="utf-8", newline="") as stream:
        return {f"{row['text']} {row['brand']}": row for row in csv.DictReader(stream)}


def of_acme(rows: dict[str, dict[str, str]], texts: list[str]) -> list[dict[str, str]]:
    return [rows[f"{text} acme"] for text in texts]


def correct_file(config: Path, rows: list[dict[str, str]], said: str) -> Path:
    file = config.parent / "corrections.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["mention_id", "brand", "sentiment", "causes"])
        out.writerows([row["mention_id"], "acme", said or row["sentiment"], ""] for row in rows)
    return file


def teach(molva: Molva, config: Path) -> str:
    """Say that updates are something else than the model finds; confirm the shops."""
    rows = exported(molva, config)
    found = [row["sentiment"] for row in of_acme(rows, UPDATES)]
    said = "neutral" if found.count("negative") > len(found) / 2 else "negative"
    for texts, word in ((UPDATES[:16], said), (SHOPS[:14], "")):
        file = correct_file(config, of_acme(rows, texts), word)
        ran = molva("correct", "--file", file, "--author", "olga", "-c", config)
        assert ran.status == 0, ran.err
    return said


def run_once(config: Path) -> None:
    async def work() -> None:
        async with App.open(load_config(config)) as app:
            label_pending(app.rooms)

    asyncio.run(work())


def test_from_corrections_to_a_model_in_use_and_back(molva: Molva, posts: Path) -> None:
    said = teach(molva, posts)
    before = exported(molva, posts)

    [dry] = lines(molva("train", "--from-corrections", "--dry-run", "--json", "-c", posts))
    assert (dry["gained"], dry["saved"], dry["corrections"]) == (True, False, 30)
    ran = molva("train", "--from-corrections", "-c", posts)
    assert ran.status == 0, ran.err
    assert "learnt from 30 corrections" in ran.out
    assert "95 % interval" in ran.out
    assert "corrections-1+" in ran.out
    assert "molva run labels them in the background" in ran.err

    shipped, head = lines(molva("models", "list", "--json", "-c", posts))
    assert (shipped["in_use"], head["in_use"]) == (False, True)
    assert (head["name"], head["labels"], head["base"]) == ("corrections-1", 0, shipped["version"])
    run_once(posts)
    after = exported(molva, posts)
    unseen = of_acme(after, UPDATES[16:])
    assert [row["sentiment"] for row in unseen].count(said) >= 1
    for now, then in zip(unseen, of_acme(before, UPDATES[16:]), strict=True):
        assert float(now[f"p_{said}"]) > float(then[f"p_{said}"]) + 0.1
    assert {row["model_version"] for row in after.values()} == {head["version"]}
    assert {row["label_source"] for row in of_acme(after, UPDATES[:16])} == {"person"}
    assert [r["sentiment"] for r in of_acme(after, SHOPS)] == [
        r["sentiment"] for r in of_acme(before, SHOPS)
    ]

    text = json.dumps({"id": 1, "text": UPDATES[17], "target": "Acme"})
    [label] = lines(molva("label", "-", "-c", posts, stdin=text))
    assert label["model_version"] == head["version"]

    [found] = lines(molva("models", "compare", "molva-1", "corrections-1", "--json", "-c", posts))
    assert found["both"] == len(after)
    assert found["agree"] < found["both"]
    assert found["corrected"]["second_right"] > found["corrected"]["first_right"]
    assert {example["second"] for example in found["examples"]} == {said}

    back = molva("models", "use", "molva-1", "-c", posts)
    assert "every mention has its label already" in back.err
    again = exported(molva, posts)
    assert {row["model_version"] for row in again.values()} == {shipped["version"]}
    assert {t: r["sentiment"] for t, r in again.items()} == {
        t: r["sentiment"] for t, r in before.items()
    }
    [label] = lines(molva("label", "-", "-c", posts, stdin=text))
    assert label["model_version"] == shipped["version"]


def test_a_running_process_follows_a_switch_at_its_next_cycle(molva: Molva, posts: Path) -> None:
    teach(molva, posts)

    async def watch() -> list[tuple[int, str]]:
        seen = []
        async with App.open(load_config(posts)) as app:
            for command in ((), ("train", "--from-corrections"), ("models", "use", "molva-1")):
                if command:
                    ran = await asyncio.to_thread(molva, *command, "-c", posts)
                    assert ran.status == 0
                report = await asyncio.to_thread(label_pending, app.rooms)
                seen.append((report.labels, app.rooms.labeller.model_version.partition("+")[0]))
        return seen

    mentions = len(exported(molva, posts))
    assert asyncio.run(watch()) == [(0, "molva-1"), (mentions, "corrections-1"), (0, "molva-1")]


def test_compare_labels_what_a_model_not_in_use_has_not(molva: Molva, posts: Path) -> None:
    teach(molva, posts)
    molva("train", "--from-corrections", "--name", "mine", "-c", posts)
    molva("models", "use", "molva-1", "-c", posts)
    ran = molva("models", "compare", "molva-1", "mine", "--label", "7", "-c", posts)
    assert "of 7 mentions have the same sentiment" in ran.out
    assert "labelled by molva-1 alone" in ran.out
    mentions = exported(molva, posts)
    assert {row["model_version"].partition("+")[0] for row in mentions.values()} == {"molva-1"}
    nothing = molva("models", "compare", "molva-1", "mine", "--since", "2999-01-01", "-c", posts)
    assert "no mention is labelled by both" in nothing.out
    assert molva("models", "compare", "molva-1", "mine", "--brand", "x", "-c", posts).status == 2


def test_too_few_corrections_are_refused_with_how_many_more(molva: Molva, posts: Path) -> None:
    for number in (1, 2, 3):
        assert molva("correct", number, "--sentiment", "negative", "-c", posts).status == 0
    ran = molva("train", "--from-corrections", "-c", posts)
    assert ran.status == 2
    assert "there are 3: correct 17 more" in ran.err
    assert len(lines(molva("models", "list", "--json", "-c", posts))) == 1


def test_what_did_not_gain_is_kept_and_not_used(molva: Molva, posts: Path) -> None:
    rows = exported(molva, posts)
    file = correct_file(posts, of_acme(rows, UPDATES + SHOPS), "")
    assert molva("correct", "--file", file, "-c", posts).status == 0
    assert molva("correct", 3, "--sentiment", "positive", "-c", posts).status == 0
    ran = molva("train", "--from-corrections", "-c", posts)
    assert ran.status == 0
    assert "not in use" in ran.out or "nothing saved" in ran.out
    shipped = lines(molva("models", "list", "--json", "-c", posts))[0]
    assert shipped["in_use"]


def test_a_single_word_on_a_mention_by_number_or_url(molva: Molva, posts: Path) -> None:
    ran = molva(
        "correct", "https://example.org/p1", "--sentiment", "negative", "--cause", "long_wait",
        "-c", posts,
    )  # fmt: skip
    assert (ran.status, "negative, long_wait" in ran.err) == (0, True)
    row = exported(molva, posts)[f"{UPDATES[1]} acme"]
    assert (row["sentiment"], row["label_source"]) == ("negative", "person")
    assert [cause["cause_id"] for cause in json.loads(row["causes"])] == ["long_wait"]

    assert molva("correct", row["mention_id"], "--no-causes", "-c", posts).status == 0
    assert json.loads(exported(molva, posts)[f"{UPDATES[1]} acme"]["causes"]) == []
    assert molva("correct", row["mention_id"], "--withdraw", "-c", posts).status == 0
    assert exported(molva, posts)[f"{UPDATES[1]} acme"]["label_source"] == "model"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--sentiment", "negative"], "name one mention"),
        (["1"], "say what it is"),
        (["1", "--withdraw", "--sentiment", "negative"], "say what it is"),
        (["1", "--cause", "long_wait", "--no-causes"], "give one of"),
        (["1", "--sentiment", "bad"], "'bad' is no sentiment; one of: negative, neutral, positive"),
        (["1", "--cause", "boredom"], "no cause 'boredom'; there are: long_wait"),
        (["999", "--sentiment", "negative"], "no mention '999' in the store"),
        (["1", "--brand", "bolt", "--sentiment", "negative"], "not speak of 'bolt', but of acme"),
        (["41", "--sentiment", "negative"], "speaks of acme, bolt; name one with --brand"),
    ],
)
def test_a_word_that_cannot_be_kept_says_why(
    molva: Molva, posts: Path, words: list[str], says: str
) -> None:
    ran = molva("correct", *words, "-c", posts)
    assert ran.status == 2
    assert says in ran.err


def test_a_bad_row_of_a_file_is_named_and_the_others_are_kept(molva: Molva, posts: Path) -> None:
    file = posts.parent / "said.jsonl"
    rows = [
        {"url": "https://example.org/p0", "sentiment": "Negative", "causes": ["long_wait"]},
        {"mention_id": 2, "sentiment": "so-so"},
        {"mention_id": 3},
        {"mention": 41, "brand": "bolt", "sentiment": "neutral", "causes": "none"},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    ran = molva("correct", "--file", file, "-c", posts)
    assert ran.status == 1
    assert "2 corrections kept" in ran.err
    assert f"{file}:2: 'so-so' is no sentiment" in ran.err
    assert f"{file}:3: it says neither" in ran.err
    found = exported(molva, posts)
    assert found[f"{UPDATES[0]} acme"]["sentiment"] == "negative"
    assert json.loads(found[f"{UPDATES[0]} acme"]["causes"])[0]["cause_id"] == "long_wait"


@pytest.mark.parametrize("content", ["text,label\na,b\n", '{"mention": 1, "sentiment":\n', "[1]\n"])
def test_a_file_that_is_something_else_is_refused(
    molva: Molva, config: Path, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "other.csv"
    file.write_text(content, encoding="utf-8")
    ran = molva("correct", "--file", file, "-c", config)
    assert ran.status == 2
    assert "other.csv:1" in ran.err


def test_names_that_cannot_be_used_are_refused(molva: Molva, config: Path) -> None:
    for name, says in (("molva-1", "the model itself"), ("a b", "cannot be a model's name")):
        ran = molva("train", "--from-corrections", "--name", name, "-c", config)
        assert (ran.status, says in ran.err) == (2, True)
    ran = molva("models", "use", "unknown", "-c", config)
    assert (ran.status, "there are: molva-1" in ran.err) == (2, True)
    ran = molva("models", "compare", "molva-1", "unknown", "-c", config)
    assert (ran.status, "no model 'unknown' has made labels" in ran.err) == (2, True)
    assert molva("train", "-c", config).status == 2


@pytest.fixture
def outdated(config: Path) -> Path:
    """A store whose head in use was fitted on an older model, as after an update of Molva."""
    engine = open_store(load_config(config).store_url)
    with writing(engine) as conn:
        report = {"corrections": 30, "accuracy": {"before": 0, "after": 1, "low": 0, "high": 1}}
        save_head(conn, NewHead("old", "old+1", "molva-0+1", b"damaged", report), NOW)
    engine.dispose()
    return config


def test_a_head_that_does_not_fit_is_never_put_into_use(molva: Molva, outdated: Path) -> None:
    ran = molva("models", "use", "old", "-c", outdated)
    assert (ran.status, "train it again" in ran.err) == (2, True)
    shipped, old = lines(molva("models", "list", "--json", "-c", outdated))
    assert (shipped["in_use"], old["in_use"]) == (True, False)
    assert "fitted on molva-0+1" in old["note"]
