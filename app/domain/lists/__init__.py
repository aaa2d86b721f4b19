"""Lists kept as data: what belongs to a rule and changes while the rule stays. Their sources and licences stand in NOTICE."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def document(name: str) -> Any:
    """The YAML list of this name, read once. It is shared: nobody changes it."""
    return yaml.safe_load(files(__name__).joinpath(f"{name}.yml").read_text("utf-8"))
