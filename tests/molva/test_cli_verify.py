"""molva verify: labels come out the same again, and what was tampered with is named."""

import csv
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.molva.conftest import Ran
from tests.molva.posts import bring_in

Molva = Callable[..., Ran]
TEXTS = (
    "=Acme: waited an hour for the courier, awful service!",
    "Акме просто чудо, кофе отличный, спасибо! Но ждали заказ целый час.",
    "Acme opened a shop <b>today</b>",
    "Acme: der Kaffee war wirklich gut und das Personal sehr nett.",
)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verify")
    path = folder / "molva.toml"
    path.write_text('[[brand]]\nid = "acme"\nname = "Acme"\naliases = ["Акме"]\n', encoding="utf-8")
    posts = [{"id": str(n), "text": text, "author": "Ann"} for n, text in enumerate(TEXTS)]
    bring_in(path, posts)
    return path


@pytest.mark.parametrize("name", ["o.csv", "o.jsonl", "o.parquet", "o.xlsx", "o.zip", "folder"])
def test_every_form_of_an_export_holds(molva: Molva, config: Path, tmp_path: Path, name: str):
    path = tmp_path / name
    more = () if "." in name and name != "o.zip" else ("--format", "csv", "--pseudonymous")
    assert molva("export", "--output", path, "-c", config, *more).status == 0
    ran = molva("verify", path, "-c", config, "--json")
    found = json.loads(ran.out)
    assert ran.status == 0, found
    assert (found["holds"], found["checked"], found["differing"]) == (True, 4, 0)
    assert found["export"]
    assert (
        json.loads(molva("verify", path, "-c", config, "--json", "--sample", 2).out)["checked"] == 2
    )


def test_changed_labels_and_files_are_named(molva: Molva, config: Path, tmp_path: Path):
    path = tmp_path / "o.csv"
    molva("export", "--output", path, "-c", config)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0]["p_negative"] = "0.5"
    rows[1]["causes"] = "[]"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, rows[0])
        out.writeheader()
        out.writerows(rows)
    ran = molva("verify", path, "-c", config)
    assert ran.status == 1
    assert "no record of these very bytes" in ran.out
    assert "mention 1 (acme): p_negative was 0.5" in ran.out
    assert "mention 2 (acme): causes was []" in ran.out
    assert "4 labels made anew, 2 differ" in ran.out
    folder = tmp_path / "all"
    molva("export", "--output", folder, "--format", "jsonl", "-c", config)
    with (folder / "mentions.jsonl").open("a", encoding="utf-8") as file:
        file.write("{}\n")
    ran = molva("verify", folder, "-c", config)
    assert ran.status == 1
    assert "damaged or missing: mentions.jsonl" in ran.out


def test_a_changed_parquet_file_and_a_changed_zip_are_named(
    molva: Molva, config: Path, tmp_path: Path
):
    path = tmp_path / "o.parquet"
    molva("export", "--output", path, "-c", config)
    table = pq.read_table(path)
    praised = pa.array(["positive"] * len(table))
    at = table.column_names.index("model_sentiment")
    pq.write_table(table.set_column(at, "model_sentiment", praised), path)
    ran = molva("verify", path, "-c", config)
    assert ran.status == 1
    assert "mention 1 (acme): sentiment was positive, now negative" in ran.out
    path = tmp_path / "o.zip"
    molva("export", "--output", path, "--format", "csv", "-c", config)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    del files["labels.csv"]
    files["causes.csv"] = files["causes.csv"].replace(b"negative", b"positive")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    ran = molva("verify", path, "-c", config)
    assert ran.status == 1
    assert "damaged or missing: causes.csv" in ran.out
    assert "damaged or missing: labels.csv" in ran.out


def test_a_version_that_is_not_installed_is_said(molva: Molva, config: Path, tmp_path: Path):
    path = tmp_path / "o.jsonl"
    molva("export", "--output", path, "-c", config)
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for row in rows:
        row["model_version"] = "molva-0+abc"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    ran = molva("verify", path, "-c", config)
    assert ran.status == 3
    assert "4 labels were made by model molva-0+abc" in ran.out
    assert "not installed here" in ran.out


def test_two_brands_of_a_mention_are_told_apart_the_same_again(molva: Molva, tmp_path: Path):
    config, path = tmp_path / "molva.toml", tmp_path / "o.csv"
    brands = ("Acme", "Brix")
    config.write_text(
        "".join(f'[[brand]]\nid = "{name.lower()}"\nname = "{name}"\n' for name in brands),
        encoding="utf-8",
    )
    text = "Waited 50 minutes at Acme. Brix next door served us at once, and with a smile."
    bring_in(config, [{"id": "1", "text": text, "author": "Ann"}])
    molva("export", "--output", path, "-c", config)
    with path.open(encoding="utf-8", newline="") as file:
        rows = {row["brand"]: row for row in csv.DictReader(file)}
    told = {
        brand: {cause["polarity"] for cause in json.loads(row["causes"])}
        for brand, row in rows.items()
    }
    assert told == {"acme": {"negative"}, "brix": {"positive"}}
    assert json.loads(rows["acme"]["other_brands"]) == ["Brix"]
    ran = molva("verify", path, "-c", config, "--json")
    assert json.loads(ran.out)["holds"], ran.out


def test_what_is_no_export_is_said(molva: Molva, config: Path, tmp_path: Path):
    assert "no such file" in molva("verify", tmp_path / "x.csv", "-c", config).err
    ran = molva("verify", tmp_path, "-c", config)
    assert ran.status == 2
    assert "manifest.json is missing" in ran.err.replace("\n", " ")
