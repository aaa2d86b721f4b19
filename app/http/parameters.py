"""Parameters of requests: no question may say more than it is asked for, and text that no table can hold is refused by its name."""

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

_NO_NUL = r"^[^\x00]*$"
Text = Annotated[str, Field(pattern=_NO_NUL, max_length=500)]
Texts = Annotated[str, Field(pattern=_NO_NUL, max_length=4_000)]
JobId = Annotated[int, Path(ge=1, lt=2**63, description="number of the job")]


class Parameters(BaseModel):
    """The query of a route: names that it does not know are refused."""

    model_config = ConfigDict(extra="forbid")
