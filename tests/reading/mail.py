"""Machines that open and click mail, told from people: by one event, and by what else a customer's events say."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address, ip_network

from . import Sent
from .journeys import order

DELIVERED = ("Email Sent", "Email Delivered", "Newsletter Sent", "Newsletter Delivered")
OPENED = ("Email Opened", "Newsletter Opened")
CLICKED = ("Email Clicked", "Email Link Clicked", "Newsletter Clicked", "Newsletter Link Clicked")
SCANNERS = {
    "microsoft": ("40.92.0.0/15", "40.107.0.0/16", "52.100.0.0/14", "104.47.0.0/17", "2a01:111:f400::/48", "2a01:111:f403::/48"),
    "barracuda": ("209.222.80.0/21",),
    "mimecast": ("205.139.110.0/24", "207.211.30.0/24", "170.10.128.0/23", "170.10.132.0/23"),
    "proofpoint": ("148.163.128.0/19", "67.231.144.0/22", "67.231.148.0/24", "67.231.152.0/22", "67.231.156.0/24"),
}
AFTER_DELIVERY = timedelta(seconds=5)
BURST = timedelta(seconds=10)
BURST_LINKS = 3


def alone(name: str, method: str | None, ip: str | None, agent: str | None, flag: str | None) -> str | None:
    """The rule by which one track is a machine's."""
    if name not in OPENED + CLICKED:
        return None
    if method == "HEAD":
        return "mail:head_request"
    for owner, networks in SCANNERS.items():
        if ip is not None and any(ip_address(ip) in ip_network(network) for network in networks):
            return f"mail:known_network:{owner}"
    private = name in OPENED and agent == "Mozilla/5.0"
    return "mail:privacy_proxy" if private or flag is not None else None


def act(event: Sent) -> str | None:
    if event.type != "track":
        return None
    return next((act for act, names in {"delivered": DELIVERED, "opened": OPENED, "clicked": CLICKED}.items() if event.name in names), None)


def message(event: Sent) -> str | None:
    """The mail that an event is of: its own id, else the campaign's name."""
    return event.properties.get("message_id") or event.campaign[2]


def link(event: Sent) -> str | None:
    found: str | None = event.properties.get("link_url")
    return found


def judged(events: Sequence[Sent]) -> list[Sent]:
    """One customer's events in order, with those marked that their history tells for a machine's."""
    history = order(events)
    return [replace(event, machine=event.machine or soon(event, history) or in_burst(event, history)) for event in history]


def soon(event: Sent, history: list[Sent]) -> bool:
    """Whether it is an open or click up to 5 s after a delivery of the same message."""
    if act(event) not in ("opened", "clicked") or message(event) is None:
        return False
    deliveries = [each.occurred_at for each in history if act(each) == "delivered" and message(each) == message(event)]
    return any(timedelta() <= event.occurred_at - at <= AFTER_DELIVERY for at in deliveries)


def in_burst(event: Sent, history: list[Sent]) -> bool:
    """Whether it is a click within some 10 s that have clicks on three links of its message."""
    clicks = [each for each in history if act(each) == "clicked" and link(each) is not None and message(each) == message(event)]
    if event not in clicks or message(event) is None:
        return False
    spans = [[each for each in clicks if timedelta() <= each.occurred_at - first.occurred_at <= BURST] for first in clicks]
    return any(event in span and len({link(each) for each in span}) >= BURST_LINKS for span in spans)
