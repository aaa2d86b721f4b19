"""How values look in answers: instants, customers, labels."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.journeys.stages import StageModel
from app.domain.windows import Window
from app.store.stage_models import KeptModel


def instant(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with Z, microseconds where there are any."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def window(asked: Window, as_of: datetime) -> dict[str, str | None]:
    return {"from": instant(asked.from_), "to": instant(asked.to), "timezone": asked.timezone, "as_of": instant(as_of)}


def customer_id(identifiers: Sequence[tuple[str, str]]) -> str:
    """A customer is called by its root identifier, which stands first: kind:value."""
    kind, value = identifiers[0]
    return f"{kind}:{value}"


def identifiers(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"kind": kind, "value": value} for kind, value in pairs]


def seconds(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else (end - start).total_seconds()


def seconds_of(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def label(labels: Mapping[str, str], name: str) -> str:
    return labels.get("en") or name


def model(kept: KeptModel) -> dict[str, Any]:
    """A stage model with its stages, their labels and rules."""
    return {
        "model": kept.model.name,
        "version": kept.version,
        "state": kept.state,
        "labels": dict(kept.model.labels),
        "lapses_after": seconds_of(kept.model.lapses_after),
        "stages": _stages(kept.model),
    }


def _stages(stage_model: StageModel) -> list[dict[str, Any]]:
    document = stage_model.document
    return [
        {
            "stage": stage["stage"],
            "label": label(stage.get("labels", {}), stage["stage"]),
            "labels": stage.get("labels", {}),
            "target": stage.get("target"),
            "rules": stage.get("enter", []),
        }
        for stage in [*document.get("stages", []), *([document["lapsed"]] if "lapsed" in document else [])]
    ]
