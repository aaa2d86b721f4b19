"""Hits: an opening of a mail or a click on a link, through addresses in which everything about them is sealed.

Nothing of a link is stored when it is made: its token holds the source, the recipient, the campaign and the target.
"""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

import msgspec

from app.domain.arriving.events import Arrival, Refused, parse_event
from app.domain.arriving.seals import BrokenSealError, as_text, from_text, seal, unseal
from app.domain.windows import Malformed

TARGET_LENGTH_MAX = 2_000
LINK_BYTES_MAX = 4_000
AGENT_LENGTH_MAX = 1_000
NOBODY = "anonymous"
"""An anonymous id that identifies nobody: a hit without a recipient is kept, and forms no customer."""

_TARGET = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?(?:[/?#][^\x00-\x20\x7f\\]*)?", re.ASCII | re.IGNORECASE)
_LEGAL = "!#$%&'()*+,/:;=?@[]~"


class Act(StrEnum):
    """What the recipient did; a token is sealed for one of them and is none of the other."""

    OPEN = "open"
    CLICK = "click"


class Recipient(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Whom a link is for: identifiers as on an event of theirs."""

    userId: str | None = None  # noqa: N815
    email: str | None = None
    phone: str | None = None
    externalIds: list[dict[str, str]] | None = None  # noqa: N815

    def named(self) -> dict[str, Any]:
        """What an event of the recipient says of who that is; empty where nothing does."""
        traits = {key: value for key, value in (("email", self.email), ("phone", self.phone)) if value}
        context = {key: value for key, value in (("traits", traits), ("externalIds", self.externalIds)) if value}
        return {key: value for key, value in (("userId", self.userId), ("context", context)) if value}


class Campaign(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Of which campaign a link is, as context.campaign."""

    source: str | None = None
    medium: str | None = None
    name: str | None = None
    term: str | None = None
    content: str | None = None

    def parts(self) -> dict[str, str]:
        return {key: value for key, value in msgspec.structs.asdict(self).items() if value}

    def parameters(self) -> dict[str, str]:
        """The utm parameters of a url."""
        return {f"utm_{'campaign' if key == 'name' else key}": value for key, value in self.parts().items()}


class Link(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A link to be made: where it leads, whom and which mailing (`message`) or ad it is for, and what else its hits should say."""

    kind: Literal["email", "ad"]
    target: str
    recipient: Recipient = msgspec.field(default_factory=Recipient)
    campaign: Campaign = msgspec.field(default_factory=Campaign)
    message: str | None = None
    properties: dict[str, Any] = msgspec.field(default_factory=dict)


class Sealed(msgspec.Struct, array_like=True):
    """What a token holds: the source whose key made it, and the link (of an opening without its target)."""

    source_id: int
    link: Link


class Hit(NamedTuple):
    """One opening or click: its message id, its instant (UTC), and what the request told; the ip is truncated."""

    message_id: str
    at: datetime
    method: str
    agent: str | None
    ip: str | None
    country: str | None = None


class Tokens(NamedTuple):
    """A link's tokens, for its two addresses."""

    click: str
    open: str


_NAMES = {
    ("email", Act.OPEN): "Email Opened",
    ("email", Act.CLICK): "Email Link Clicked",
    ("ad", Act.OPEN): "Ad Shown",
    ("ad", Act.CLICK): "Ad Clicked",
}
_ANY_HIT = Hit("any", datetime.min.replace(tzinfo=UTC), "GET", None, None)
_ANY_ARRIVAL = Arrival(0, trusted=True, received_at=_ANY_HIT.at)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Sealed).decode


def checked(link: Link) -> Link:
    """The link as it will be sealed: its target in ASCII, with the campaign's utm parameters where it has none of that name.

    Raises Malformed for `target`: it is an http or https address of at most 2,000 characters, with a host, without user and password,
    without spaces, control characters and backslashes; for `link` where all of it exceeds 4,000 bytes; and for what no event may say.
    """
    if len(link.target) > TARGET_LENGTH_MAX or not _TARGET.fullmatch(link.target):
        raise Malformed(
            "target", f"must be an http or https address of at most {TARGET_LENGTH_MAX} characters, as in https://shop.example/"
        )
    target = with_parameters(quote(link.target, safe=_LEGAL), link.campaign.parameters())
    made = msgspec.structs.replace(link, target=target)
    verdict = parse_event(hit_event(Sealed(0, made), Act.CLICK, _ANY_HIT), 0, _ANY_ARRIVAL, {})
    if isinstance(verdict, Refused):
        raise Malformed(verdict.field or "link", verdict.message)
    if len(_encode(made)) > LINK_BYTES_MAX:
        raise Malformed("link", f"must not exceed {LINK_BYTES_MAX} bytes with everything that it says")
    return made


def tokens(secret: bytes, source_id: int, link: Link) -> Tokens:
    """The tokens of a checked link; nobody can read or change them, nor make one without the secret."""
    untargeted = msgspec.structs.replace(link, target="")
    held = {Act.CLICK: Sealed(source_id, link), Act.OPEN: Sealed(source_id, untargeted)}
    return Tokens(**{act.value: as_text(seal(secret, act.value, _encode(sealed))) for act, sealed in held.items()})


def read_token(secret: bytes, act: Act, token: str) -> Sealed:
    """What a token holds; raises BrokenSealError for everything that is no token of this act."""
    try:
        return _decode(unseal(secret, act.value, from_text(token)))
    except msgspec.DecodeError as error:
        raise BrokenSealError("the token is another version's") from error


def hit_event(sealed: Sealed, act: Act, hit: Hit) -> bytes:
    """The event of a hit, as JSON of the Segment spec: Email Opened, Email Link Clicked, Ad Shown or Ad Clicked."""
    link = sealed.link
    named = link.recipient.named() or {"anonymousId": NOBODY}
    context = {
        **named.pop("context", {}),
        "campaign": link.campaign.parts(),
        "ip": hit.ip,
        "userAgent": hit.agent[:AGENT_LENGTH_MAX] if hit.agent else None,
        "location": {"country": hit.country} if hit.country else None,
        "request": {"method": hit.method},
    }
    properties = {**link.properties, "message_id": link.message, "link_url": link.target or None}
    event = {"type": "track", "event": _NAMES[link.kind, act], "messageId": hit.message_id, **named}
    return msgspec.json.encode({**event, "context": _present(context), "properties": _present(properties)})


def with_parameters(url: str, parameters: dict[str, str]) -> str:
    """The url with parameters at the end of its query; one that the query has already, in any letter case, stays as it is."""
    address, mark, fragment = url.partition("#")
    path, _, query = address.partition("?")
    there = {name.lower() for name, _ in parse_qsl(query, keep_blank_values=True)}
    added = urlencode({name: value for name, value in parameters.items() if name not in there})
    joined = "&".join(filter(None, (query, added)))
    return path + ("?" + joined if joined else "") + mark + fragment


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
