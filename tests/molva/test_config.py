"""molva.toml: what is right is read, what is wrong is named with file, line and field."""

import re
from pathlib import Path

import pytest

from molva.config import Config, ConfigError, load_config
from molva.starter import Start, slug, starter_config

GOOD = """\
language = "ru"
timezone = "Europe/Moscow"

[[brand]]
id = "lada"
name = "Лада-кофе"
aliases = ["Lada Coffee"]

[[source]]
name = "news"
type = "rss"
url = "https://example.com/feed"
interval = "30m"

[[channel]]
name = "folder"
type = "file"
path = "out"
sends = ["alerts"]
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "molva.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(written(tmp_path, text))
    return [line.replace(str(tmp_path), "") for line in caught.value.problems]


def test_a_good_file_is_read_with_its_sources_channels_and_zone(tmp_path: Path):
    config = load_config(written(tmp_path, GOOD))
    assert config.timezone.key == "Europe/Moscow"
    assert config.sources[0].interval.total_seconds() == 1800
    assert config.channels[0].name == "folder"
    assert config.store_url == f"sqlite:///{tmp_path / 'molva.db'}"


@pytest.mark.parametrize(
    ("wrong", "right", "line", "field"),
    [
        ('timezone = "Moscow"', 'timezone = "Europe/Moscow"', 2, "timezone"),
        ('id = "Лада"', 'id = "lada"', 5, "brand[1].id"),
        ("url = 7", 'url = "https://example.com/feed"', 12, "source[1].url"),
        ('type = "rsss"', 'type = "rss"', 11, "source[1].type"),
        ('interval = "soon"', 'interval = "30m"', 13, "source[1].interval"),
        ("typo = 1", 'interval = "30m"', 13, "source[1].typo"),
        ('sends = ["postcards"]', 'sends = ["alerts"]', 19, "channel[1].sends"),
    ],
)
def test_each_mistake_names_file_line_and_field(
    tmp_path: Path, wrong: str, right: str, line: int, field: str
):
    found = problems(tmp_path, GOOD.replace(right, wrong))
    assert any(problem.startswith(f"/molva.toml:{line}: {field}") for problem in found), found


def test_all_mistakes_are_reported_at_once(tmp_path: Path):
    text = GOOD.replace('"ru"', '"fr"').replace('"30m"', '"soon"')
    assert len(problems(tmp_path, text)) == 2


def test_a_bad_query_names_its_line_and_position(tmp_path: Path):
    text = GOOD.replace('aliases = ["Lada Coffee"]', "query = 'Лада AND ('")
    [problem] = problems(tmp_path, text)
    assert problem.startswith("/molva.toml:7: brand[1].query: ")


def test_two_sources_may_not_share_a_name(tmp_path: Path):
    second = '\n[[source]]\nname = "news"\ntype = "rss"\nurl = "https://example.org/feed"\n'
    [problem] = problems(tmp_path, GOOD + second)
    assert "source[2].name: 'news' is used twice" in problem


def test_broken_toml_names_the_place(tmp_path: Path):
    [problem] = problems(tmp_path, "language = \n")
    assert "not valid TOML" in problem
    assert "line 1" in problem


def test_a_missing_file_says_how_to_make_one(tmp_path: Path):
    with pytest.raises(ConfigError, match="molva init"):
        load_config(tmp_path / "absent.toml")


def test_the_store_address_may_come_from_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    config = load_config(written(tmp_path, 'store_env = "MY_STORE"\n' + GOOD))
    monkeypatch.setenv("MY_STORE", "postgresql://u:p@db/molva")
    assert config.store_url == "postgresql://u:p@db/molva"
    monkeypatch.delenv("MY_STORE")
    with pytest.raises(ConfigError, match="MY_STORE is not set"):
        _ = config.store_url


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("brand", ["Acme", "Кофе «Хауз»", 'The "Quoted" \\ Brand', "AND"])
def test_what_init_writes_is_valid_for_any_name(tmp_path: Path, language: str, brand: str):
    start = Start(brand, ["Alias"], ["Rival One"], language, "Europe/Moscow")
    config: Config = load_config(written(tmp_path, starter_config(start)))
    assert config.brands[0].name == brand
    assert [item.rival for item in config.brands] == [False, True]
    assert config.sources


def test_ids_are_made_from_either_alphabet():
    assert slug("Кофе Хауз") == "kofe-khauz"
    assert slug("Café  Ünïque!") == "cafe-unique"
    assert slug("☕") == "brand"


def test_what_init_leaves_commented_out_is_valid_too(tmp_path: Path):
    text = starter_config(Start("Acme", (), (), "en", "UTC"))
    setting = re.compile(r"^# (\[\[?\w+\]\]?$|\w+ = )", flags=re.MULTILINE)
    config = load_config(written(tmp_path, setting.sub(r"\1", text)))
    assert {source.type for source in config.sources} >= {"telegram", "bluesky", "rss"}
    assert {channel.name for channel in config.channels} == {"folder", "pr-mail"}
    assert config.quiet_hours is not None
    assert config.links is not None
    assert "escalate_after_minutes" in text


def test_a_model_of_ones_own_is_chosen_with_what_is_said_of_it(tmp_path: Path):
    (tmp_path / "mood").mkdir()
    own = '[sentiment]\nmodel = "mood"\nlanguages = ["en"]\nlabels = {LABEL_0 = "negative"}\n'
    config = load_config(written(tmp_path, GOOD + own))
    choice = config.sentiment.choice(config.folder)
    assert choice.folder == tmp_path / "mood"
    assert choice.languages == {"en"}
    assert choice.labels == {"LABEL_0": "negative"}


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ('labels = {LABEL_0 = "negative"}', "labels says something about a model"),
        ('model = "a/b"\nlabels = {LABEL_0 = "angry"}', "'negative', 'neutral' or 'positive'"),
        ('model = "a/b"\nlanguages = ["English"]', "pattern"),
        ('model = "a/b"\nfallback = "guess"', "'shipped'"),
    ],
)
def test_what_is_said_of_a_model_must_make_sense(tmp_path: Path, section: str, says: str):
    [problem] = problems(tmp_path, f"{GOOD}[sentiment]\n{section}\n")
    assert "sentiment" in problem
    assert says in problem


RIVAL = '\n[[brand]]\nid = "rival"\nname = "Rival"\nrival = true\n'
TAXONOMY = """\
version = 1

[[cause]]
id = "cold_coffee"
polarity = "negative"
name = "Cold coffee"
examples = ["the coffee was cold", "my latte came cold", "lukewarm coffee again"]
"""


@pytest.mark.parametrize(
    ("route", "field", "said"),
    [
        ('brands = ["ladaa"]', "brands", "no brand has the id 'ladaa'; did you mean \"lada\"?"),
        ('brands = ["xyz"]', "brands", "no brand has the id 'xyz'; there are: lada"),
        ('brands = ["rival"]', "brands", "'rival' is a rival: no alert is about it"),
        ('causes = ["delivery_truble"]', "causes", 'did you mean "delivery_trouble"?'),
        ('causes = ["money_trouble"]', "causes", "is a group of causes; name those of them: "),
        ('causes = ["kind_staff"]', "causes", "'kind_staff' delights people"),
    ],
)
def test_a_route_that_no_alert_takes_is_a_mistake(
    tmp_path: Path, route: str, field: str, said: str
):
    [problem] = problems(tmp_path, GOOD + route + "\n" + RIVAL)
    assert problem.startswith(f"/molva.toml:20: channel[1].{field}: ")
    assert said in problem


def test_a_route_names_causes_of_the_taxonomy_in_use(tmp_path: Path):
    (tmp_path / "own.toml").write_text(TAXONOMY, encoding="utf-8")
    right = GOOD + 'brands = ["lada"]\ncauses = ["cold_coffee"]\n'
    use = '\n[sentiment]\ntaxonomy = "own.toml"\n'
    assert load_config(written(tmp_path, right + use)).channels[0].causes == {"cold_coffee"}
    [problem] = problems(tmp_path, right)
    assert "the taxonomy has no cause 'cold_coffee'; there are: long_wait, " in problem
    shipped = GOOD + 'causes = ["delivery_trouble"]\n'
    assert load_config(written(tmp_path, shipped)).channels[0].causes == {"delivery_trouble"}
