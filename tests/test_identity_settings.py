"""What an operator sets of identity: kinds and their rank, rule 2, and a file of blocked values."""

from pathlib import Path

import pytest

from app.main import CannotRunError, read_settings
from app.worker import identity_rules


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDENTIFIER_KINDS", "FOLLOWING", "BLOCKED_VALUES"):
        monkeypatch.delenv(f"WAYSTAGE_{name}", raising=False)


def test_the_rules_are_those_of_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "blocked.txt"
    file.write_text("# test accounts\nQA-Team\n\n 'kiosk' \nqa-team\n#1\n", "utf-8")
    monkeypatch.setenv("WAYSTAGE_IDENTIFIER_KINDS", "crm, email")
    monkeypatch.setenv("WAYSTAGE_FOLLOWING", "false")
    monkeypatch.setenv("WAYSTAGE_BLOCKED_VALUES", str(file))
    rules = identity_rules(read_settings())
    assert rules.kinds == ("user_id", "crm", "email", "phone", "anonymous_id")
    assert (rules.following, rules.blocked_values) == (False, ("#1", "kiosk", "qa-team"))


@pytest.mark.parametrize(
    "name, value, reason",
    [
        ("IDENTIFIER_KINDS", "crm,user_id", "user_id is always the strongest kind"),
        ("IDENTIFIER_KINDS", "anonymous_id,crm", "anonymous_id the weakest"),
        ("IDENTIFIER_KINDS", "crm,crm", "names a kind twice"),
        ("IDENTIFIER_KINDS", "c:rm", "'c:rm' is no name of a kind"),
        ("BLOCKED_VALUES", "/nowhere/blocked.txt", "cannot be read"),
        ("FOLLOWING", "perhaps", "boolean"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str) -> None:
    monkeypatch.setenv(f"WAYSTAGE_{name}", value)
    with pytest.raises(CannotRunError, match=f"WAYSTAGE_{name}: .*{reason}"):
        read_settings()
