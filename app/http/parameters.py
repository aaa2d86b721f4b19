"""Parameters of requests: no question may say more than it is asked for, and text that no table can hold is refused by its name."""

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(pattern=r"^[^\x00]*$", max_length=2_000)]
JobId = Annotated[int, Path(ge=1, lt=2**63)]


class Parameters(BaseModel):
    """The query of a route: names that it does not know are refused."""

    model_config = ConfigDict(extra="forbid")
