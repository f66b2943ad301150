"""causes list, report and suggest, on posts that the shipped model has labelled."""

import json
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from molva.cause_learning import learn_causes, write_taxonomy
from molva.config import load_config
from sentiment.cause_lessons import CauseLesson, Taught
from sentiment.encoder import Encoder
from sentiment.taxonomy import Taxonomy
from store.engine import open_store, writing
from store.interface import CauseChanges
from store.labels import correct
from tests.molva.conftest import Ran
from tests.molva.posts import bring_in

Molva = Callable[..., Ran]

WAITS = [
    "Waited forty minutes at Acme before anybody took my order",
    "An hour in the queue at Acme, one till open",
    "Acme kept us waiting for ages at the counter",
    "Still standing in line at Acme after half an hour",
]
RUDE = [
    "The Acme cashier shouted at my mother, so rude. I have moved to Brix.",
    "Staff at Acme rolled their eyes at me, never coming back",
]
SOCKETS = [
    f"I hate that there is no socket for a laptop at the {place} tables of Acme, terrible"
    for place in ("window", "corner", "long", "upstairs", "bar", "garden")
]
GLAD = ["The barista at Acme was so kind and friendly to my son"]


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("causes")
    config = folder / "molva.toml"
    config.write_text(
        '[[brand]]\nid = "acme"\nname = "Acme"\n'
        '[[brand]]\nid = "brix"\nname = "Brix"\nrival = true\n',
        encoding="utf-8",
    )
    at = datetime.now(UTC) - timedelta(days=1)
    posts = [
        {"id": f"p{n}", "text": text, "url": f"https://example.org/p{n}", "lang": "en",
         "published_at": (at - timedelta(minutes=n)).isoformat()}
        for n, text in enumerate([*WAITS, *RUDE, *SOCKETS, *GLAD])
    ]  # fmt: skip
    bring_in(config, posts)
    return config


def test_the_report_counts_what_the_export_holds(molva: Molva, labelled: Path) -> None:
    ran = molva("causes", "report", "-c", labelled, "--by", "day", "--json")
    assert ran.status == 0, ran.err
    facts = json.loads(ran.out)
    out = labelled.parent / "out.jsonl"
    assert molva("export", "--output", out, "--brand", "acme", "-c", labelled).status == 0
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    for cause in facts["causes"]:
        named = [
            row["mention_id"]
            for row in rows
            if row["sentiment"] == "negative"
            and cause["fact"]["cause"] in {own["cause_id"] for own in row["causes"]}
        ]
        assert sorted(cause["mention_ids"]) == sorted(named)
    waits = next(own for own in facts["causes"] if own["fact"]["cause"] == "long_wait")
    assert waits["fact"]["mentions"] >= 3
    assert sum(part["negative"] for part in facts["parts"]) == facts["negative"]
    switched = next(own for own in facts["intents"] if own["intent"] == "switched")
    assert switched["rivals"] == [["Brix", 1]]


def test_the_report_reads_well_in_both_languages(molva: Molva, labelled: Path) -> None:
    english = molva("causes", "report", "-c", labelled, "--by", "source").out
    russian = molva("causes", "report", "-c", labelled, "--lang", "ru").out
    assert "Causes of unhappiness" in english
    assert "Long wait" in english
    assert "By source" in english
    assert "Причины недовольства" in russian
    assert "Долгое ожидание" in russian


def test_days_to_come_are_no_part_of_a_period(molva: Molva, labelled: Path) -> None:
    """A month asked for in its middle is half as long, and so is what it is compared with."""
    ran = molva("causes", "report", "-c", labelled, "--until", "2999-01-01", "--json",
                "--since", (datetime.now(UTC) - timedelta(days=3)).isoformat())  # fmt: skip
    facts = json.loads(ran.out)
    assert datetime.fromisoformat(facts["end"]) <= datetime.now(UTC)
    assert facts["stories"] > 0
    ever = json.loads(
        molva("causes", "report", "-c", labelled, "--json", "--since", "0800-01-01").out
    )
    assert ever["stories"] == facts["stories"]


def test_evidence_is_on_one_line_below_its_table(molva: Molva, labelled: Path) -> None:
    out = molva("causes", "report", "-c", labelled).out
    table, _, said = out.partition("Long wait › ")
    assert "Rude or" in table, "all rows stand above"
    evidence = said.splitlines()[0]
    assert any(evidence in text for text in WAITS), "a whole clause, not a ladder of its words"


def test_what_no_cause_explains_becomes_an_entry_to_paste(molva: Molva, labelled: Path) -> None:
    ran = molva("causes", "suggest", "-c", labelled, "--least", "4")
    assert ran.status == 0, ran.err
    assert "name no cause" in ran.err
    shipped = {cause.id for cause in Taxonomy.load().causes}
    for entry in tomllib.loads('version = "1"\n' + ran.out).get("cause", []):
        assert entry["id"] not in shipped
        assert len(entry["examples"]["en"]) >= 4
        assert any("socket" in text for text in entry["examples"]["en"])


def test_the_list_names_every_cause(molva: Molva, labelled: Path) -> None:
    rows = [
        json.loads(line)
        for line in molva(
            "causes", "list", "-c", labelled, "--json", "--lang", "ru"
        ).out.splitlines()
    ]
    assert {row["cause"] for row in rows} == {own.id for own in Taxonomy.load().findable}
    assert {row["parent"] for row in rows} >= {"service_trouble", "product_praise"}


def test_the_list_needs_no_configuration(
    molva: Molva, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = molva("causes", "list", "--json")
    assert ran.status == 0, ran.err
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert {row["cause"] for row in rows} == {own.id for own in Taxonomy.load().findable}
    assert rows[0]["name"] == "Long wait"
    assert not list(tmp_path.iterdir()), "nothing is made on the way"
    asked = molva("causes", "list", "-c", "absent.toml")
    assert (asked.status, "absent.toml" in asked.err) == (2, True)


def test_the_list_can_be_of_another_taxonomy(
    molva: Molva, labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gym = tmp_path / "gym.toml"
    gym.write_text(
        'version = "1"\n[[cause]]\nid = "crowded"\npolarity = "negative"\n'
        'name.en = "Too crowded"\nname.ru = "Тесно"\n'
        'examples.en = ["no free bike after six", "you wait for every machine"]\n',
        encoding="utf-8",
    )
    assert "Too crowded" in molva("causes", "list", "--taxonomy", gym, "-c", labelled).out
    monkeypatch.chdir(tmp_path)
    ran = molva("causes", "list", "--taxonomy", gym, "--lang", "ru")
    assert ran.out.split() == ["negative", "crowded", "Тесно"]
    wrong = molva("causes", "list", "--taxonomy", tmp_path / "none.toml")
    assert (wrong.status, "none.toml" in wrong.err) == (2, True)


def test_the_report_can_be_of_some_sources(molva: Molva, labelled: Path) -> None:
    every = json.loads(molva("causes", "report", "-c", labelled, "--by", "source", "--json").out)
    (source,) = {part["key"] for part in every["parts"]}
    chosen = ("causes", "report", "-c", labelled, "--json", "--source", source)
    ran = molva(*chosen, "--source", "telegram")
    assert ran.status == 0, ran.err
    facts = json.loads(ran.out)
    assert facts["sources"] == [source, "telegram"]
    assert facts["negative_ids"] == every["negative_ids"]
    none = json.loads(
        molva("causes", "report", "-c", labelled, "--json", "--source", "telegram").out
    )
    assert (none["stories"], none["causes"]) == (0, [])


def test_every_cell_and_rival_leads_to_mentions_of_the_export(
    molva: Molva, labelled: Path, tmp_path: Path
) -> None:
    facts = json.loads(molva("causes", "report", "-c", labelled, "--json").out)
    out = tmp_path / "out.jsonl"
    assert molva("export", "--output", out, "--brand", "acme", "-c", labelled).status == 0
    lines = out.read_text(encoding="utf-8").splitlines()
    rows = {row["mention_id"]: row for row in map(json.loads, lines)}
    cells = [(row, cell) for row in facts["matrix"] if row["cause"] for cell in row["cells"]]
    assert cells
    for row, cell in cells:
        for mention in cell["mention_ids"]:
            told = {(own["cause_id"], own["journey_stage"]) for own in rows[mention]["causes"]}
            assert (row["cause"], cell["stage"]) in told
    (brix,) = facts["rivals"]
    assert (brix["intent"], brix["rival"], brix["mentions"]) == ("switched", "Brix", 1)
    assert "Brix" in rows[brix["mention_ids"][0]]["text"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--brand", "nobody"), "no brand 'nobody'"),
        (("--since", "2026-02-02", "--until", "2026-02-01"), "empty"),
        (("--since", "soon"), "not a date"),
        (("--since", "2999-01-01"), "before now"),
        (("--since", "2999-01-01", "--until", "2999-02-01"), "before now"),
        (("--place", "port"), "no place is configured"),
        (("--source", "telegramm"), 'did you mean "telegram"?'),
        (("--source", "the post"), "there are: "),
    ],
)
def test_mistakes_are_named(
    molva: Molva, labelled: Path, arguments: tuple[str, ...], said: str
) -> None:
    ran = molva("causes", "report", "-c", labelled, *arguments)
    assert ran.status == 2
    assert said in ran.err


def test_a_cause_is_added_dropped_and_moved_with_its_evidence(
    molva: Molva, labelled: Path, tmp_path: Path
) -> None:
    def causes(mention: int) -> dict[str, dict]:
        out = tmp_path / "out.jsonl"
        assert molva("export", "--output", out, "--brand", "acme", "-c", labelled).status == 0
        rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        (row,) = (row for row in rows if row["mention_id"] == mention)
        return {own["cause_id"]: own for own in row["causes"]}

    facts = json.loads(molva("causes", "report", "-c", labelled, "--json").out)
    mention = next(
        own["mention_ids"][0] for own in facts["causes"] if own["fact"]["cause"] == "rude_staff"
    )
    first = causes(mention)
    told = first["rude_staff"]["evidence_text"]
    assert told
    ran = molva("correct", mention, "--brand", "acme", "--add-cause", "high_price", "-c", labelled)
    assert ran.status == 0, ran.err
    assert "+high_price" in ran.err
    assert causes(mention)["rude_staff"]["evidence_text"] == told
    assert "high_price" in causes(mention)
    move = ("--drop-cause", "high_price", "--add-cause", "poor_product")
    assert molva("correct", mention, "--brand", "acme", *move, "-c", labelled).status == 0
    assert set(causes(mention)) == {*first, "poor_product"}
    said = {name: own["probability"] for name, own in causes(mention).items()}
    assert said["poor_product"] == 1
    assert said["rude_staff"] == first["rude_staff"]["probability"] < 1, "nobody vouched for it"
    ran = molva("correct", mention, "--brand", "acme", "--drop-cause", "easy", "-c", labelled)
    assert (ran.status, "has no cause 'easy'" in ran.err) == (2, True)
    ran = molva("correct", mention, "--cause", "easy", "--add-cause", "easy", "-c", labelled)
    assert ran.status == 2
    assert molva("correct", mention, "--brand", "acme", "--withdraw", "-c", labelled).status == 0


def test_too_few_corrections_are_said_and_nothing_is_written(
    molva: Molva, labelled: Path, tmp_path: Path
) -> None:
    out = tmp_path / "mine.toml"
    ran = molva("causes", "learn", "--output", out, "-c", labelled)
    assert ran.status == 2
    assert "are needed" in ran.err
    assert not out.exists()


@pytest.mark.parametrize(
    ("place", "said"),
    [("absent/mine.toml", "there is no folder"), (".", "is a folder; name a file in it")],
)
def test_where_nothing_can_be_written_nothing_is_computed(
    molva: Molva,
    labelled: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    said: str,
) -> None:
    monkeypatch.setattr("molva.cli.causes.load_models", lambda _: pytest.fail("computed"))
    ran = molva("causes", "learn", "--output", tmp_path / place, "-c", labelled)
    assert ran.status == 2
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_change_teaches_no_more_than_itself(
    molva: Molva, labelled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lessons: list[CauseLesson] = []
    monkeypatch.setattr("molva.cause_learning.FEWEST", 1)
    monkeypatch.setattr("molva.cause_learning.CauseFinder", lambda *_, **__: None)
    monkeypatch.setattr("molva.cause_learning.taught", lambda *told: lessons.extend(told[-1]))
    monkeypatch.setattr("molva.cause_learning.gain", lambda *_: None)
    engine = open_store(load_config(labelled).store_url)
    with writing(engine) as conn:
        said = {"brand_id": 1, "sentiment": None, "author": "olga", "now": datetime.now(UTC)}
        change = CauseChanges((("high_price", "negative"),), (("long_wait", "negative"),))
        correct(conn, 1, causes=change, **said)  # type: ignore[arg-type]
        correct(conn, 2, causes=[("left_long_ago", "negative")], **said)  # type: ignore[arg-type]
        correct(conn, 3, causes=[("long_wait", "negative")], **said)  # type: ignore[arg-type]
        foreign = CauseChanges(struck=(("left_long_ago", "negative"),))
        correct(conn, 4, causes=foreign, **said)  # type: ignore[arg-type]
    taxonomy = Taxonomy.load()
    learn_causes(engine, Encoder.load(threads=1), taxonomy)
    told = {own.text: own for own in lessons}
    assert len(told) == 2, "nothing was said of causes that the taxonomy has"
    first, third = told[WAITS[0]], told[WAITS[2]]
    assert (first.causes, first.struck) == ({"high_price"}, {"long_wait"})
    assert (third.causes, third.struck) == ({"long_wait"}, None)
    assert first.names[0] == "Acme"
    with writing(engine) as conn:
        for mention in (1, 2, 3, 4):
            correct(conn, mention, causes=None, **said)  # type: ignore[arg-type]
    engine.dispose()


def test_causes_in_one_list_learn_as_well(tmp_path: Path) -> None:
    source, out = tmp_path / "gym.toml", tmp_path / "mine.toml"
    source.write_text(
        'version = "1"\n# ours\ncause = [\n'
        '  {id = "full", polarity = "negative", examples = {en = ["no free bike"]}}, # often\n'
        '  {id = "loud", polarity = "negative", examples = ["music at full blast"]},\n]\n',
        encoding="utf-8",
    )
    new = Taught({"loud": ("the speakers hurt", "уши болят")}, ("nothing to see",))
    write_taxonomy(source, Taxonomy.load(source), new, out)
    full, loud = Taxonomy.load(out).causes
    assert full.examples == {"en": ("no free bike",)}
    assert loud.examples == {
        "en": ("music at full blast", "the speakers hurt"),
        "ru": ("уши болят",),
    }
    assert Taxonomy.load(out).background["en"][-1] == "nothing to see"
    assert "# often" in out.read_text(encoding="utf-8")


def test_what_is_learnt_is_a_taxonomy_file_with_its_comments_kept(tmp_path: Path) -> None:
    out = tmp_path / "mine.toml"
    new = Taught({"long_wait": ("ещё одна очередь на час",)}, ("nothing to see",))
    write_taxonomy(None, Taxonomy.load(), new, out)
    read = Taxonomy.load(out)
    (wait,) = (cause for cause in read.causes if cause.id == "long_wait")
    assert wait.examples["ru"][-1] == "ещё одна очередь на час"
    assert read.background["en"][-1] == "nothing to see"
    assert len(read.causes) == len(Taxonomy.load().causes)
    assert out.read_text(encoding="utf-8").startswith("# Why people are unhappy")
