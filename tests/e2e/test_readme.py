"""What the README shows works as it stands."""

import re
from pathlib import Path

from typer.main import get_command

from molva.cli import app
from molva.config import load_config

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def fenced(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def test_the_quick_start_opens_with_the_two_commands():
    section = README.split("## Quick start", 1)[1]
    first = re.search(r"```\w*\n(.*?)```", section, flags=re.DOTALL)
    assert first is not None
    assert first[1].splitlines()[:2] == ["make demo", "make test"]
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"^demo:", makefile, flags=re.MULTILINE)
    assert re.search(r"^test:", makefile, flags=re.MULTILINE)


def test_the_configuration_shown_is_valid(tmp_path: Path):
    [config] = fenced("toml")
    path = tmp_path / "molva.toml"
    path.write_text(config, encoding="utf-8")
    assert load_config(path).brands[0].id == "zerno"


def test_every_command_named_exists():
    known = set(get_command(app).commands)
    named = set(re.findall(r"\bmolva ([a-z]+)\b", "\n".join(re.findall(r"`[^`]+`", README))))
    assert named <= known, named - known


def test_every_file_linked_exists():
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []
