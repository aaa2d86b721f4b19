"""The npm packages of tests/sdk: the SDKs for Node.js and for browsers."""

import functools
import os
import subprocess
from pathlib import Path

import pytest

from tests.service import ROOT

NPM = (str(ROOT / ".ci" / "npm"), "--prefix", "tests/sdk")


@functools.cache
def installed() -> Path:
    """Where they are. `npm ci` would refuse a lock file without the packages of other platforms, which a registry may not have."""
    if npm("ls").returncode:
        made = npm("install", "--no-save", "--omit=optional", "--no-audit", "--no-fund")
        if made.returncode:
            pytest.fail(f"the SDKs cannot be installed: {made.stderr[-1000:]}")
    return ROOT / "tests" / "sdk" / "node_modules"


def npm(*said: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run npm in tests/sdk, with an environment beside the usual one."""
    return subprocess.run([*NPM, *said], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=100)
