"""What an operator can set. Every name is read from the environment with the prefix WAYSTAGE_ (DATABASE_URL without)."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.domain.keys import Keys

KEY_LENGTH_MIN = 24


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
    country_header: str | None = None
    failed_events_days: int = Field(default=90, ge=1, le=3_650)
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("stage_models", "identifier_kinds", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: str | tuple[str, ...]) -> tuple[str, ...]:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def keys(self) -> Keys:
        """The keys that the operator set."""
        return Keys(self.write_key, self.server_key, self.read_key, self.admin_key)
