"""Lists kept as data: what belongs to a rule and changes while the rule stays. Their sources and licences stand in NOTICE."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def document(name: str) -> Any:
    """The YAML list of this name, read once. It is shared: nobody changes it."""
    return yaml.safe_load(files(__name__).joinpath(f"{name}.yml").read_text("utf-8"))


def digest(*settings: object) -> bytes:
    """What the rules were made of: the packaged lists, and what an operator set. Another digest derives other rows.

    What is only called otherwise is none of them: such lists are in the folder `labels`.
    """
    made = hashlib.sha256(repr(settings).encode())
    for file in sorted(files(__name__).iterdir(), key=lambda file: file.name):
        if file.name.endswith((".yml", ".txt")):
            made.update(file.name.encode() + b"\0" + file.read_bytes())
    return made.digest()
