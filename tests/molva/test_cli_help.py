"""Every command and option is documented where a person looks for it."""

import typer
from typer.core import TyperGroup

from molva.cli import app

group = typer.main.get_command(app)
assert isinstance(group, TyperGroup)
COMMANDS = group.commands


def test_every_command_says_what_it_does():
    assert all(command.help for command in COMMANDS.values())


def test_every_option_and_argument_says_what_it_is():
    undocumented = [
        f"{name} {parameter.name}"
        for name, command in COMMANDS.items()
        for parameter in command.params
        if not getattr(parameter, "help", None)
    ]
    assert undocumented == []


def test_the_commands_of_the_contract_are_there():
    assert set(COMMANDS) >= {
        "init", "run", "check", "sources", "collect", "import", "label", "match", "spikes",
        "export", "verify", "forget", "digest", "alerts", "demo",
    }  # fmt: skip


def test_the_alerts_group_has_its_commands():
    alerts = COMMANDS["alerts"]
    assert isinstance(alerts, TyperGroup)
    assert "replay" in alerts.commands
    assert all(command.help for command in alerts.commands.values())
