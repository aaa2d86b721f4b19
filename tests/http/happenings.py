"""What may happen to the people of a world: what is sent, and the stage models that it is looked at through."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from tests.reading import Identifier, Sent
from tests.reading.histories import ANONYMOUS, EMAILS, NOW, PHONES, TRUSTED, USERS, acts

DAYS = (0, 0, 0, 1, 3, 5, 6)
SECONDS = (0, 0, 0, 1, 5, 9, 600, 1800, 1801, 73_800)
SKEWS = (0, 0, 0, 0, 90, -18_000, 3 * 86_400, -400 * 86_400)
YEAR = timedelta(days=365)

BOUGHT = {"stage": "bought", "enter": [{"event": ["Order Completed"], "where": {"properties.total": {"gte": 20}}}]}
MODELS: tuple[dict[str, Any], ...] = (
    {"model": "driven", "stages": [{"stage": "seen", "enter": [{"type": ["page", "track"]}]}, BOUGHT]},
    {"model": "driven", "backward": False, "stages": [{"stage": "came", "enter": [{"touch": True}]}, BOUGHT]},
    {"model": "driven", "lapsed": {"stage": "gone", "after": "2d"}, "stages": [{"stage": "seen", "enter": [{"type": ["page"]}]}, BOUGHT]},
    {
        "model": "driven",
        "stages": [
            {"stage": "mailed", "enter": [{"channel": ["email"], "touch": True}]},
            {"stage": "again", "enter": [{"event": ["Product*"], "occurrence": {"min": 2, "max": 4}}]},
            {"stage": "priced", "enter": [{"where": {"properties.path": {"glob": "/pricing*"}}}]},
        ],
    },
)

WORDS: tuple[Identifier, ...] = tuple(
    (kind, text)
    for kind, texts in {"user_id": USERS[:2], "email": EMAILS[::2], "phone": PHONES[:2], "anonymous_id": sorted(set(ANONYMOUS))}.items()
    for text in texts
)


@st.composite
def happenings(draw: st.DrawFn, *, trusted: bool | None = None) -> Sent:
    """Something that happens within a week before NOW or within a day after it; or it happened a year ago, or its sender says so."""
    event = draw(acts() if trusted is None else acts().filter(lambda act: act.trusted is trusted))
    later = timedelta(days=draw(st.sampled_from(DAYS)), seconds=draw(st.sampled_from(SECONDS)))
    earlier = draw(st.sampled_from((timedelta(),) * 5 + (YEAR,)))
    click = draw(st.none() | st.integers(0, 9))
    return replace(
        event,
        occurred_at=event.occurred_at + later - earlier,
        sequence=draw(st.sampled_from((None, None, 0, 1))),
        click=message_id(click) if event.has_page and click is not None else None,
    )


def message_id(number: int) -> str:
    """The id of so many a message; they do not follow each other as the messages do."""
    return f"m{number * 37 % 1000:03}-w"


def introductions() -> st.SearchStrategy[Sent]:
    """Two identifiers of one person, said by a trusted source, today or a year ago."""
    return st.builds(
        lambda ids, ago: Sent(message_id="", occurred_at=NOW - ago, source=TRUSTED, trusted=True, type="identify", **dict(ids)),
        st.lists(st.sampled_from(WORDS), min_size=2, max_size=2, unique_by=lambda word: word[0]),
        st.sampled_from((timedelta(days=1), YEAR)),
    )
