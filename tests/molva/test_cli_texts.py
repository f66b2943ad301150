"""label and match: JSON Lines in and out, as scripts rely on them."""

import json
import math
from collections.abc import Callable
from pathlib import Path

from tests.molva.conftest import Ran

Molva = Callable[..., Ran]

LABEL_FIELDS = {
    "id", "lang", "sentiment", "p_negative", "p_neutral", "p_positive", "causes",
    "model_version", "taxonomy_version",
}  # fmt: skip


def lines(ran: Ran) -> list[dict]:
    return [json.loads(line) for line in ran.out.splitlines()]


def jsonl(*values: dict) -> str:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def test_label_answers_in_order_with_every_field_of_the_contract(molva: Molva):
    ran = molva(
        "label",
        "-",
        stdin=jsonl(
            {"id": 7, "text": "Waited an hour for a cold coffee, awful service."},
            {"id": "b", "text": "Бариста просто чудо, кофе отличный, спасибо!", "lang": "ru"},
            {"id": "c", "text": "Der Kaffee war wirklich gut und das Personal sehr nett."},
        ),
    )
    assert ran.status == 0
    found = lines(ran)
    assert [item["id"] for item in found] == [7, "b", "c"]
    assert [item["sentiment"] for item in found] == ["negative", "positive", "unscored"]
    for item in found:
        assert item.keys() >= LABEL_FIELDS
    for item in found[:2]:
        total = item["p_negative"] + item["p_neutral"] + item["p_positive"]
        assert math.isclose(total, 1, abs_tol=0.001)
    assert found[2]["p_negative"] is None


def test_evidence_is_exactly_the_passage_of_the_original_text(molva: Molva):
    text = "Вкусно 😋, но ждали заказ целый час!"
    [found] = lines(molva("label", "-", stdin=jsonl({"id": 1, "text": text})))
    assert found["causes"]
    for cause in found["causes"]:
        assert text[cause["start"] : cause["end"]] == cause["evidence"]


def test_a_bad_line_is_named_and_the_others_are_labelled(molva: Molva):
    good = jsonl({"id": 1, "text": "Great coffee!"})
    ran = molva("label", "-", stdin=good + "{not json\n" + '{"id": 2}\n' + good)
    assert ran.status == 1
    assert len(lines(ran)) == 2
    assert "-:2: not JSON" in ran.err
    assert '-:3: no "text"' in ran.err


def test_hostile_texts_are_labelled_not_fatal(molva: Molva):
    texts = ["", "😡😡😡", "https://example.com/x", "\ud800 lone", "\x00\x01", "плохо " * 50_000]
    ran = molva("label", "-", stdin=jsonl(*({"id": n, "text": t} for n, t in enumerate(texts))))
    assert ran.status == 0
    found = lines(ran)
    assert [item["id"] for item in found] == list(range(len(texts)))
    assert found[0]["sentiment"] == "unscored"


def test_a_taxonomy_of_ones_own_works_at_once(molva: Molva, tmp_path: Path):
    taxonomy = tmp_path / "mine.toml"
    taxonomy.write_text(
        'version = "mine-1"\n[[cause]]\nid = "noise"\npolarity = "negative"\n'
        'name.en = "Noise"\nname.ru = "Шум"\ndescription.en = "The place is too loud"\n'
        'description.ru = "Слишком шумно"\n'
        'examples.en = ["the music was so loud we could not talk", "deafening, my ears hurt",'
        ' "too noisy to work there", "screaming speakers", "loud music all evening"]\n'
        'examples.ru = ["музыка орёт, разговаривать невозможно", "очень шумно"]\n',
        encoding="utf-8",
    )
    [found] = lines(
        molva(
            "label",
            "-",
            "--taxonomy",
            taxonomy,
            stdin=jsonl({"id": 1, "text": "The music was so loud that we left, terrible."}),
        )
    )
    assert [cause["cause"] for cause in found["causes"]] == ["noise"]
    assert found["taxonomy_version"].startswith("mine-1")


def test_a_broken_taxonomy_is_named_with_its_field(molva: Molva, tmp_path: Path):
    taxonomy = tmp_path / "broken.toml"
    taxonomy.write_text('version = "1"\n[[cause]]\nid = "x"\npolarity = "sad"\n', encoding="utf-8")
    ran = molva("label", "-", "--taxonomy", taxonomy, stdin="")
    assert ran.status == 2
    assert "broken.toml" in ran.err
    assert "polarity" in ran.err


def test_label_writes_a_whole_file_or_none(molva: Molva, tmp_path: Path):
    out = tmp_path / "labels.jsonl"
    ran = molva("label", tmp_path / "absent.jsonl", "--output", out)
    assert ran.status == 2
    assert not out.exists()
    assert molva("label", "-", "--output", out, stdin=jsonl({"id": 1, "text": "ok"})).out == ""
    assert json.loads(out.read_text())["id"] == 1


def test_match_shows_the_term_and_where_it_stands(molva: Molva):
    ran = molva(
        "match", "Сбербанк OR sberbank", "-",
        stdin="Пошёл вчера в Сбербанком очередь\nno brand here\nSberbank's app is down\n",
    )  # fmt: skip
    assert [(item["id"], item["matched"][0].casefold()) for item in lines(ran)] == [
        (1, "сбербанком"),
        (3, "sberbank"),
    ]
    assert "2 of 3" in ran.err


def test_a_wrong_query_is_refused_with_its_position(molva: Molva):
    ran = molva("match", "coffee AND (", "-", stdin="x\n")
    assert ran.status == 2
    assert ran.out == ""
