"""The rules of identity and of journeys, read a second time: plain loops over plain events, slow and obvious.

Nothing of the product is imported here, so that the two can disagree. What enrichment decides about one event
(its channel, whether it is a contact, whether a machine sent it) is given on the event.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Identifier = tuple[str, str]
Campaign = tuple[str | None, str | None, str | None, str | None, str | None]

NO_CAMPAIGN: Campaign = (None, None, None, None, None)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One event as it arrived, with the verdicts of enrichment.

    Identifiers are as sent, not normalised. `occurred_at` is in UTC, already corrected. `position` is the place in the
    request or file where the event first arrived. `campaign` is utm source, medium, campaign, term, content.
    `channel` is the event's own; `contact` the kind of contact, None where the event is none. `click` is the message id of
    the click that led to the event. `traits` are what an identify says beside email and phone.
    """

    message_id: str
    occurred_at: datetime
    source: str = "site"
    trusted: bool = False
    type: str = "track"
    name: str | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None
    email: str | None = None
    phone: str | None = None
    sequence: int | None = None
    position: int = 0
    campaign: Campaign = NO_CAMPAIGN
    click_id: str | None = None
    click: str | None = None
    has_page: bool = False
    has_device: bool = False
    has_agent: bool = False
    touchpoint_channel: str | None = None
    channel: str | None = "direct"
    contact: str | None = None
    machine: bool = False
    properties: dict[str, Any] = field(default_factory=dict, hash=False)
    traits: dict[str, Any] = field(default_factory=dict, hash=False)
