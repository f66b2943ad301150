from dataclasses import replace
from pathlib import Path

import pytest

from sentiment.interface import ModelError
from sentiment.taxonomy import SHIPPED, Taxonomy

CAUSES_ASKED_FOR = {
    "long_wait", "rude_staff", "no_answer", "repeat_problem", "confusing", "high_price",
    "billing_error", "poor_product", "delivery_trouble", "app_failure", "refund_trouble",
    "broken_promise", "unavailable", "dirty_place", "unsafe",
}  # fmt: skip

SMALL = """version = 3
[[cause]]
id = "late"
polarity = "negative"
name.en = "Late"
description.en = "Comes late."
examples.en = ["the bus came late", "half an hour behind schedule"]
"""


def load(tmp_path: Path, source: str) -> Taxonomy:
    path = tmp_path / "mine.toml"
    path.write_text(source, encoding="utf-8")
    return Taxonomy.load(path)


def test_shipped_causes_speak_both_languages_and_have_examples_enough() -> None:
    taxonomy = Taxonomy.load()
    negative = {cause.id for cause in taxonomy.causes if cause.polarity == "negative"}
    assert negative >= CAUSES_ASKED_FOR
    wider = {cause.id for cause in taxonomy.causes} - {cause.id for cause in taxonomy.findable}
    for cause in taxonomy.findable:
        assert cause.parent in wider, cause.id
        for lang in ("en", "ru"):
            assert cause.name[lang]
            assert cause.description[lang]
            assert len(cause.examples[lang]) >= 60, cause.id
    assert min(len(own) for own in taxonomy.background.values()) >= 300


def test_no_shipped_example_is_given_twice() -> None:
    taxonomy = Taxonomy.load()
    texts = [text for cause in taxonomy.causes for own in cause.examples.values() for text in own]
    texts += [text for own in taxonomy.background.values() for text in own]
    assert len(texts) == len(set(texts))


def test_a_small_file_needs_one_language_and_no_background(tmp_path: Path) -> None:
    taxonomy = load(tmp_path, SMALL)
    assert taxonomy.names() == {"late": {"en": "Late", "ru": "Late"}}
    assert taxonomy.background == Taxonomy.load().background
    assert taxonomy.causes[0].texts()[:2] == ["Late", "Comes late."]


def test_bare_values_serve_both_languages(tmp_path: Path) -> None:
    source = 'version = "1"\n[[cause]]\nid = "a"\npolarity = "positive"\nexamples = ["so kind"]\n'
    taxonomy = load(tmp_path, source)
    assert taxonomy.causes[0].texts() == ["so kind"]
    assert taxonomy.names() == {"a": {"en": "a", "ru": "a"}}


def test_version_follows_the_content_not_the_layout(tmp_path: Path) -> None:
    first = load(tmp_path, SMALL).version
    assert first.startswith("3+")
    assert load(tmp_path, "# a note\n" + SMALL).version == first
    assert load(tmp_path, SMALL.replace("half an hour", "an hour")).version != first


def test_version_follows_the_shipped_taxonomy_whose_examples_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load(tmp_path, SMALL).version
    other = replace(Taxonomy.load(), version="99+00000000")
    monkeypatch.setattr("sentiment.taxonomy._shipped", lambda: other)

    assert load(tmp_path, SMALL).version != first


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"negative"', '"bad"', ["line 4", "'late'", "polarity"]),
        ("examples.en", "exampels.en", ["line 7", "exampels"]),
        ('["the bus', '[7, "the bus', ["line 7", "examples.en, number 1:"]),
        ("name.en", "name.de", ["line 5", "name.de"]),
        ("version = 3\n", "", ["line 1", "version"]),
        ('id = "late"\n', "", ["line 2", "cause number 1", "id"]),
        ("polarity =", "polarity ", ["line 4"]),
        ("[[cause]]", "[[reason]]", ["line 2", '"reason"', "[[cause]]"]),
    ],
)
def test_a_wrong_file_is_named_with_line_and_field(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    with pytest.raises(ModelError) as caught:
        load(tmp_path, SMALL.replace(old, new))
    for word in ["mine.toml", *words]:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "advice"),
    [
        ("[[cause]]", "[[causes]]", 'unknown name "causes"; did you mean [[cause]]?'),
        ("[[cause]]", "[cause]", "line 2: cause: write [[cause]], in two brackets"),
        (
            "examples.en",
            "example.en",
            'cause \'late\', field example: unknown field "example"; did you mean "examples"?',
        ),
        ("examples.en", "likes.en", "there are id, polarity, name"),
        ('"negative"', '"Negative"', '"positive" (a driver of delight), not "Negative"'),
        ("name.en", "name.de", 'unknown language "de"; write en or ru'),
        ('id = "late"\n', "", 'it is missing; write a name of your own, such as id = "long_wait"'),
        ('"Late"', "7", 'write a text in quotes, such as "text", not 7'),
        (
            '["the bus came late", "half an hour behind schedule"]',
            '"late"',
            "write a list of texts",
        ),
        ('"the bus came late"', '""', "the text is empty"),
        ('"late"', '"late?"', 'spaces and any of _ . : / - only, not "late?"'),
        ("version = 3\n", "version = [3]\n", "line 1: version: write a text in quotes"),
    ],
)
def test_a_wrong_file_is_told_how_to_mend(tmp_path: Path, old: str, new: str, advice: str) -> None:
    with pytest.raises(ModelError) as caught:
        load(tmp_path, SMALL.replace(old, new))
    assert "mine.toml, line" in str(caught.value)
    assert advice in str(caught.value)


def test_parents_must_exist_and_not_go_round(tmp_path: Path) -> None:
    def told(parents: dict[str, str]) -> str:
        entries = [
            f'[[cause]]\nid = "{own}"\npolarity = "negative"\nexamples = ["{own}"]\n'
            + (f'parent = "{parent}"\n' if parent else "")
            for own, parent in parents.items()
        ]
        with pytest.raises(ModelError) as caught:
            load(tmp_path, 'version = "1"\n' + "".join(entries))
        return str(caught.value)

    lost = told({"queue": "waitng", "waiting": ""})
    assert "line 6: cause 'queue', field parent: there is no other cause 'waitng'" in lost
    assert 'did you mean "waiting"?' in lost
    assert "(a → b → a)" in told({"a": "b", "b": "a"})
    assert "(a → b → c → a)" in told({"first": "a", "a": "b", "b": "c", "c": "a"})
    assert "line 6: cause 'a', field parent: it is its own parent" in told({"a": "a"})


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (
            'examples.en = [ # "]", says one\n  "a, [b]",\n  """two\nlines""", 7\n]',
            "line 8: cause 'late', field examples.en, number 3: write a text in quotes",
        ),
        (
            "examples = [\n'one',\n'']",
            "line 7: cause 'late', field examples, number 2: the",
        ),
        ("[cause.examples]\nru = [\n'a',\n7]", "line 8: cause 'late', field examples.ru, number 2"),
        (
            "examples = {en = ['a'], ru = [\n'b', 7]}",
            "line 6: cause 'late', field examples.ru, num",
        ),
        (
            "examples.en = ['a']\nexcludes = ['b',\n\n2]",
            "line 8: cause 'late', field excludes, num",
        ),
        (
            "examples = ['a']\n[background]\nexamples = ['b',\n7]",
            "line 8: background.examples, num",
        ),
        ("examples = ['a']\n\n[[cause]]\nid = 'b'", "line 7: cause 'b', field polarity: it is "),
    ],
)
def test_the_line_of_what_is_wrong_is_found(tmp_path: Path, entry: str, told: str) -> None:
    head = "version = 1\n[[cause]]\nid = 'late'\n\"polarity\" = 'negative'\n"
    with pytest.raises(ModelError) as caught:
        load(tmp_path, head + entry + "\n")
    assert told in str(caught.value)


def test_causes_in_one_list_have_their_lines(tmp_path: Path) -> None:
    source = """version = 1
cause = [
  {id = "a", polarity = "negative", examples.en = ["x"]},
  {id = "b", polarity = "bad", examples.en = ["y"]}, # no such polarity
]
"""
    with pytest.raises(ModelError, match="line 4: cause 'b', field polarity"):
        load(tmp_path, source)


def test_parents_of_parents_are_fine(tmp_path: Path) -> None:
    source = SMALL
    for own, parent in (("later", "late"), ("latest", "later")):
        source += (
            f'[[cause]]\nid = "{own}"\npolarity = "negative"\nexamples = ["{own}"]\n'
            f'parent = "{parent}"\n'
        )
    assert [cause.parent for cause in load(tmp_path, source).causes] == [None, "late", "later"]


_SECOND = (
    '[[cause]]\nid = "{id}"\npolarity = "{polarity}"\nexamples.en = {examples}\nparent = "late"\n'
)


@pytest.mark.parametrize(
    ("id_", "polarity", "examples", "words"),
    [
        ("late", "negative", '["x"]', ["line 9", "another cause has this id"]),
        ("b", "negative", "[]", ["line 11", "examples"]),
        ("b", "positive", '["x"]', ["line 12", "other polarity"]),
    ],
)
def test_causes_that_contradict_each_other_are_refused(
    tmp_path: Path, id_: str, polarity: str, examples: str, words: list[str]
) -> None:
    second = _SECOND.format(id=id_, polarity=polarity, examples=examples)
    with pytest.raises(ModelError) as caught:
        load(tmp_path, SMALL + second)
    for word in words:
        assert word in str(caught.value)


def test_a_parent_of_the_same_polarity_is_fine(tmp_path: Path) -> None:
    second = _SECOND.format(id="very_late", polarity="negative", examples='["two hours late"]')
    assert load(tmp_path, SMALL + second).causes[1].parent == "late"


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.toml"):
        Taxonomy.load(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match=r"bytes\.toml"):
        Taxonomy.load(tmp_path / "bytes.toml")


def test_the_shipped_file_documents_its_fields() -> None:
    head = SHIPPED.read_text(encoding="utf-8").split("version =")[0]
    for field in ("id", "polarity", "name.", "description.", "examples.", "includes", "excludes"):
        assert field in head
