"""What an operator can set. Every name is read from the environment with the prefix WAYSTAGE_ (DATABASE_URL without)."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.domain.arriving.keys import Keys

KEY_LENGTH_MIN = 24
_KIND = re.compile(r"[A-Za-z0-9_.$-]{1,64}")


class Settings(BaseSettings):
    """Settings of one start; errors name the variable and the reason."""

    model_config = SettingsConfigDict(env_prefix="WAYSTAGE_", extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8400, ge=0, le=65535)
    data_dir: Path = Path(".waystage")
    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")
    write_key: str | None = Field(default=None, min_length=KEY_LENGTH_MIN)
    server_key: str | None = Field(default=None, min_length=KEY_LENGTH_MIN)
    read_key: str | None = Field(default=None, min_length=KEY_LENGTH_MIN)
    admin_key: str | None = Field(default=None, min_length=KEY_LENGTH_MIN)
    secret: str | None = Field(default=None, min_length=KEY_LENGTH_MIN)
    script_path: str = Field(default="/waystage.js", pattern=r"^/[A-Za-z0-9._/-]+$")
    public_url: str | None = None
    stage_models: Annotated[tuple[str, ...], NoDecode] = ("journey-5",)
    identifier_kinds: Annotated[tuple[str, ...], NoDecode] = ()
    phone_region: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    following: bool = True
    blocked_values: Path | None = None
    country_header: str | None = None
    failed_events_days: int = Field(default=90, ge=1, le=3_650)
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("stage_models", "identifier_kinds", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: str | tuple[str, ...]) -> tuple[str, ...]:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("identifier_kinds")
    @classmethod
    def _name_kinds(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        """Of the kinds that are built in, user_id stays the strongest and anonymous_id the weakest."""
        if wrong := [kind for kind in kinds if not _KIND.fullmatch(kind)]:
            raise ValueError(f"{wrong[0]!r} is no name of a kind: letters, digits, _, -, . and $, at most 64")
        if len({*kinds}) < len(kinds):
            raise ValueError("names a kind twice")
        if "user_id" in kinds[1:] or "anonymous_id" in kinds[:-1]:
            raise ValueError("user_id is always the strongest kind, and anonymous_id the weakest")
        return kinds

    @field_validator("blocked_values")
    @classmethod
    def _readable(cls, path: Path | None) -> Path | None:
        if path is not None:
            _lines(path)
        return path

    @property
    def blocked_lines(self) -> list[str]:
        """The values of the operator's file, one a line; lines that are empty or begin with `# ` are none."""
        lines = _lines(self.blocked_values) if self.blocked_values else []
        return [line for line in lines if line.strip() and not line.startswith("# ")]

    @property
    def keys(self) -> Keys:
        """The keys that the operator set."""
        return Keys(self.write_key, self.server_key, self.read_key, self.admin_key)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot be read: {error}") from error
