"""The shapes of the frames that pass between the rules: column name to Polars type.

Instants are UTC in microseconds. A customer or subject is the 63-bit number of an identifier (see `identifiers.number`),
an event is the text of its 16-byte digest. Null means absent; text is never padded.
"""

from typing import TypeAlias

import polars as pl

INSTANT = pl.Datetime("us", "UTC")
Schema: TypeAlias = dict[str, pl.DataType | type[pl.DataType]]

EVENTS: Schema = {
    "event": pl.String,
    "source": pl.Int16,
    "trusted": pl.Boolean,
    "type": pl.String,
    "name": pl.String,
    "message_id": pl.String,
    "user_id": pl.String,
    "anonymous_id": pl.String,
    "previous_id": pl.String,
    "email": pl.String,
    "phone": pl.String,
    "external_ids": pl.String,
    "received_at": INSTANT,
    "occurred_at": INSTANT,
    "sequence": pl.Int64,
    "position": pl.Int32,
    "url": pl.String,
    "referrer": pl.String,
    "user_agent": pl.String,
    "request_agent": pl.String,
    "campaign_source": pl.String,
    "campaign_medium": pl.String,
    "campaign_name": pl.String,
    "campaign_term": pl.String,
    "campaign_content": pl.String,
    "touchpoint_channel": pl.String,
    "has_page": pl.Boolean,
    "has_device": pl.Boolean,
    "device_kind": pl.String,
    "country": pl.String,
    "traits": pl.String,
    "mail": pl.String,
    "click": pl.String,
    "value": pl.String,
    "currency": pl.String,
    "rating": pl.String,
}
"""Events as they arrived, taken apart. `external_ids`, `traits` and `mail` (see `mail.FACTS`) are JSON text; `campaign_*` are
context.campaign as sent; `device_kind` is context.device.type as sent; `user_agent` is context.userAgent, `request_agent` the header of the
request; `click` is context.click, the message id of the click on a link of ours that led to the event; `value`, `currency` and `rating` are
what a track says of money and of opinion, as sent."""

VERDICTS: Schema = {
    "utm_source": pl.String,
    "utm_medium": pl.String,
    "utm_campaign": pl.String,
    "utm_term": pl.String,
    "utm_content": pl.String,
    "click_id": pl.String,
    "click_id_kind": pl.String,
    "referrer_host": pl.String,
    "referrer_class": pl.String,
    "contact": pl.String,
    "mail_act": pl.String,
    "channel": pl.String,
    "channel_rule": pl.String,
    "device": pl.String,
    "machine_rule": pl.String,
}
"""What `enrich` adds to events: `contact` is the kind of a contact (null: not a contact), `mail_act` is delivered, opened or clicked,
`device` is desktop, mobile, tablet ..., `machine_rule` names the rule that told a bot or a machine from a person (null: a person)."""

SESSIONS: Schema = {
    "customer": pl.Int64,
    "event": pl.String,
    "anonymous_id": pl.String,
    "started_at": INSTANT,
    "ended_at": INSTANT,
    "events": pl.Int32,
    "channel": pl.String,
    "utm_source": pl.String,
    "utm_medium": pl.String,
    "utm_campaign": pl.String,
    "device": pl.String,
    "source": pl.Int16,
    "machine": pl.Boolean,
}

TOUCHES: Schema = {
    "customer": pl.Int64,
    "event": pl.String,
    "position": pl.Int32,
    "touched_at": INSTANT,
    "kind": pl.String,
    "channel": pl.String,
    "utm_source": pl.String,
    "utm_medium": pl.String,
    "utm_campaign": pl.String,
    "utm_term": pl.String,
    "utm_content": pl.String,
    "click_id": pl.String,
    "click_id_kind": pl.String,
    "referrer_host": pl.String,
    "device": pl.String,
    "country": pl.String,
    "source": pl.Int16,
    "machine": pl.Boolean,
    "machine_rule": pl.String,
}
"""`kind` is `session` or the kind of contact; `position` counts the customer's events from 0 in their order."""

ENTRIES: Schema = {
    "customer": pl.Int64,
    "event": pl.String,
    "position": pl.Int32,
    "place": pl.Int32,
    "stage": pl.String,
    "from_stage": pl.String,
    "entered_at": INSTANT,
    "left_at": INSTANT,
    "channel": pl.String,
    "utm_source": pl.String,
    "utm_medium": pl.String,
    "utm_campaign": pl.String,
    "utm_term": pl.String,
    "utm_content": pl.String,
    "device": pl.String,
    "country": pl.String,
    "source": pl.Int16,
}
"""Entries of one stage model. `position` counts the customer's entries from 0, `place` is that of the entry's event among all events of the
customer, as the position of a touch is; `from_stage` null is a journey's beginning;
`left_at` null is the stage that the customer is in."""

NAMED_EVENTS: Schema = {
    "customer": pl.Int64,
    "place": pl.Int32,
    "event": pl.String,
    "name": pl.String,
    "occurred_at": INSTANT,
    "value": pl.Int64,
    "currency": pl.String,
    "rating": pl.Float64,
}
"""Persons' events that have a name. `place` counts all of the customer's events from 0 in their order; `value` is in millionths of the
currency's unit, `currency` three capital letters or null."""

CUSTOMERS: Schema = {
    "customer": pl.Int64,
    "first_seen": INSTANT,
    "last_seen": INSTANT,
    "events": pl.Int32,
    "machine": pl.Boolean,
    "traits": pl.String,
}
"""`machine` is true when every event of the customer came from a bot or a machine; `traits` is JSON text."""
