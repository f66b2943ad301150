"""Secrets come from the environment, and no message repeats one."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.credentials import secret, secret_document
from collectors.interface import FatalError

PEM = "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"


def test_all_that_is_unset_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET", "x")
    monkeypatch.setenv("BLANK", " ")
    monkeypatch.delenv("UNSET", raising=False)
    with pytest.raises(FatalError, match="variables BLANK and UNSET"):
        secret("SET", "BLANK", "UNSET")


@pytest.mark.parametrize("value", [PEM, PEM.replace("\n", "\\n")])
def test_a_key_may_be_the_value_itself(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("KEY", value)
    assert secret_document("KEY") == PEM


def test_or_the_path_of_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key.p8").write_text(PEM)
    monkeypatch.setenv("KEY", str(tmp_path / "key.p8"))
    assert secret_document("KEY") == PEM


def test_a_key_pasted_in_part_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "MIGHAgEAMBMGByqGSM49")
    with pytest.raises(FatalError, match="KEY") as caught:
        secret_document("KEY")
    assert "MIGH" not in str(caught.value)
