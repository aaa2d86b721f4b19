"""The npm packages of tests/sdk: the SDKs for Node.js and for browsers."""

import fcntl
import functools
import os
import subprocess
from pathlib import Path

import pytest

from tests.service import ROOT

FOLDER = ROOT / "tests" / "sdk"
NPM = (str(ROOT / ".ci" / "npm"), "--prefix", "tests/sdk")


@functools.cache
def installed() -> Path:
    """Where they are. `npm ci` would refuse a lock file without the packages of other platforms, which a registry may not have."""
    with FOLDER.joinpath("package.json").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if npm("ls").returncode:
            made = npm("install", "--no-save", "--omit=optional", "--no-audit", "--no-fund")
            if made.returncode:
                pytest.fail(f"the SDKs cannot be installed: {made.stderr[-1000:]}")
    return FOLDER / "node_modules"


def npm(*said: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run npm in tests/sdk, with an environment beside the usual one."""
    return subprocess.run([*NPM, *said], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=100)
