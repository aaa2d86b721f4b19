"""How a source may be called."""

import unicodedata

from app.domain.windows import Malformed

NAME_LENGTH_MAX = 100
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


def source_name(said: str) -> str:
    """The name, trimmed and composed (NFC). Raises Malformed where none is left, or where a character is a control or ends a line."""
    name = unicodedata.normalize("NFC", said).strip()
    if not 1 <= len(name) <= NAME_LENGTH_MAX or any(unicodedata.category(character) in _FORBIDDEN for character in name):
        raise Malformed("name", f"has 1 to {NAME_LENGTH_MAX} characters, none of them a control character")
    return name
