"""Packages are pinned by version and hash, wherever they are fetched from."""

import re
from pathlib import Path

import pytest

from tests.service import ROOT

LOCKS = sorted(file for pattern in ("requirements/*.txt", "*/package-lock.json", "*/*/package-lock.json") for file in ROOT.glob(pattern))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_a_lock_file_names_no_address(lock: Path) -> None:
    assert re.findall(r"\w+://[^\s\"]+", lock.read_text("utf-8")) == []
