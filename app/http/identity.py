"""Identity: why somebody is who they are, what contradicts itself, and corrections of it."""

import asyncio
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from app.domain.identity.identifiers import USER_ID, IdentityRules, number
from app.domain.identity.link_files import LinkedWords, MalformedLine, linked_words, read_rows, word
from app.flow.blocking import rules_in_force
from app.flow.merging import suppose_linked
from app.flow.striking import suppose
from app.http import cursors, shapes
from app.http import identity_shapes as told
from app.http.access import admin, reader
from app.http.body import read_body
from app.http.examples_identity import CONTRADICTIONS, MERGING, MERGING_BODY, PAIR_ASKED, STRUCK_PAIRS, TREE
from app.http.parameters import Parameters, Text
from app.http.people import Customer, identifier_of
from app.http.problems import FieldError, ProblemError, malformed
from app.http.service import service_of
from app.store import evidence, struck
from app.store.connect import Connection
from app.store.identity import NO_PAIR, Pair
from app.store.journeys import snapshot

LIMIT_MAX = 1_000
MEMBERS_MAX = 1_000
LINKS_MAX = 10_000
FILE_BYTES_MAX = 4 * 1024 * 1024
LINES_MAX = 20_000
BY = "admin"
BEFORE_ALL = (-1, "")
READER, ADMIN = [Depends(reader)], [Depends(admin)]
router = APIRouter(tags=["identity"])

Words = tuple[str, str]


class PairQuestion(Parameters):
    """Two identifiers, in any order, as kind:value."""

    weaker: Text = Field(description="the weaker identifier, kind:value", examples=["anonymous_id:a-1"])
    target: Text = Field(description="the stronger identifier, kind:value", examples=["user_id:u-1"])
    preview: bool = Field(default=False, description="change nothing, and say what would change")


class ListQuestion(Parameters):
    """A page of a list."""

    cursor: Text | None = Field(default=None, description="`next` of the page before")
    limit: int = Field(default=100, ge=1, le=LIMIT_MAX, description="rows a page")


@router.get("/v1/customers/{customer:path}/identity", dependencies=READER, responses=TREE)
async def tree(customer: Customer, request: Request, _: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """Why a customer is who they are: each identifier with its parent, the rule that chose it, and all evidence upwards."""
    service = service_of(request)
    rules = service.options.rules
    async with service.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        identifier = identifier_of(customer, rules)
        taken = await snapshot(connection, identifier)
        root = await evidence.root_of(connection, identifier)
        if root is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, f"no customer is known as {customer}")
        members = await evidence.read_members(connection, root, MEMBERS_MAX + 1)
        shown = members[:MEMBERS_MAX]
        ids = [member.id for member in shown]
        links = await evidence.read_links(connection, ids, LINKS_MAX + 1)
        aliases = await evidence.read_aliases(connection, ids, LINKS_MAX + 1)
        pairs = await struck.struck_among(connection, ids)
    complete = len(members) <= MEMBERS_MAX and max(len(links), len(aliases)) <= LINKS_MAX
    shown_tree = told.tree(shown, links[:LINKS_MAX], aliases[:LINKS_MAX], pairs, rules)
    return {**shown_tree, "complete": complete, "as_of": shapes.instant(taken.as_of)}


@router.get("/v1/identity/contradictions", dependencies=READER, responses=CONTRADICTIONS)
async def contradictions(request: Request, question: Annotated[ListQuestion, Query()]) -> dict[str, Any]:
    """Where evidence contradicts itself: links to several of one kind, customers of many identifiers, aliases that are not applied."""
    first, after = _contradicted_after(question.cursor)
    found: list[evidence.Contradiction] = []
    async with service_of(request).pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        for what in evidence.WAYS[evidence.WAYS.index(first) :]:
            rest = question.limit + 1 - len(found)
            found += await evidence.read_contradictions(connection, what, after if what == first else BEFORE_ALL, rest)
    page = found[: question.limit]
    following = cursors.cursor(f"{page[-1].what}:{page[-1].id}:{page[-1].of_kind}") if len(found) > len(page) else None
    return {"contradictions": [told.contradiction(one) for one in page], "next": following}


@router.get("/v1/identity/links", dependencies=READER, responses=STRUCK_PAIRS)
async def struck_pairs(request: Request, question: Annotated[ListQuestion, Query()]) -> dict[str, Any]:
    """The pairs that are struck out, and how far each is: striking, struck, or restoring."""
    after = Pair(*cursors.numbers(question.cursor, 2)) if question.cursor else NO_PAIR
    async with service_of(request).pool.acquire() as connection:
        found = await struck.read_struck(connection, after, question.limit + 1)
    page = found[: question.limit]
    following = cursors.cursor(f"{page[-1].lesser},{page[-1].greater}") if len(found) > len(page) else None
    return {"links": [told.struck_pair(one) for one in page], "next": following}


@router.delete("/v1/identity/links", dependencies=ADMIN, status_code=HTTPStatus.ACCEPTED, responses=PAIR_ASKED)
async def strike(request: Request, question: Annotated[PairQuestion, Query()]) -> JSONResponse:
    """Strike a pair out: whatever says or will say that the two belong together, they are neither linked nor joined by it."""
    return await _change(request, question, restore=False)


@router.post("/v1/identity/links", dependencies=ADMIN, status_code=HTTPStatus.ACCEPTED, responses=PAIR_ASKED)
async def restore(request: Request, question: Annotated[PairQuestion, Query()]) -> JSONResponse:
    """Put a pair back that was struck out: what says that the two belong together counts again."""
    return await _change(request, question, restore=True)


@router.post("/v1/identity/preview", dependencies=ADMIN, openapi_extra=MERGING_BODY, responses=MERGING)
async def preview_links(request: Request, _: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """What a file of links would merge, were they evidence: CSV or a JSON object a line, up to 20,000. Nothing is written."""
    text = await read_body(request, FILE_BYTES_MAX)
    service = service_of(request)
    async with service.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        rules = await rules_in_force(connection, service.options.rules)
        links = await asyncio.to_thread(_links_of, text, rules)
        found = await suppose_linked(connection, links, rules)
    return told.merging(found, len(links))


def _contradicted_after(said: str | None) -> tuple[str, tuple[int, str]]:
    if said is None:
        return evidence.WAYS[0], BEFORE_ALL
    what, _, place = cursors.uncursor(said).partition(":")
    digits, _, kind = place.partition(":")
    if what not in evidence.WAYS or not (digits.isascii() and digits.isdecimal() and len(digits) < 20 and int(digits) < 2**63):
        raise cursors.malformed_cursor()
    return what, (int(digits), kind)


async def _change(request: Request, question: PairQuestion, *, restore: bool) -> JSONResponse:
    service = service_of(request)
    weaker, target, pair = _pair(question, service.options.rules)
    async with service.pool.acquire() as connection:
        if question.preview:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                return JSONResponse(await _previewed(connection, pair, service.options.rules, restore=restore))
        if restore:
            state = await struck.ask_to_restore(connection, pair)
        else:
            state = await struck.ask_to_strike(connection, pair, (*weaker, *target), BY)
    return JSONResponse({"weaker": ":".join(weaker), "target": ":".join(target), "state": state}, HTTPStatus.ACCEPTED)


async def _previewed(connection: Connection, pair: Pair, rules: IdentityRules, *, restore: bool) -> dict[str, Any]:
    """What would change; nothing where the pair is already as it would be."""
    is_struck = await struck.state_of(connection, pair) in ("struck", "restoring")
    supposed = pair if is_struck == restore else NO_PAIR
    return told.parting(await suppose(connection, supposed, await rules_in_force(connection, rules)))


def _pair(question: PairQuestion, rules: IdentityRules) -> tuple[Words, Words, Pair]:
    """The pair's identifiers, the weaker one first, and their numbers."""
    found = [_word(field, text, rules) for field, text in (("weaker", question.weaker), ("target", question.target))]
    weaker, target = sorted(found, key=lambda one: -rules.kinds.index(one[0]))
    if weaker == target or (weaker[0] == target[0] != USER_ID):
        raise malformed("target", "is of another kind than weaker, or another user_id: no others are ever linked or joined")
    return weaker, target, Pair(*sorted((number(*weaker), number(*target))))


def _word(field: str, text: str, rules: IdentityRules) -> Words:
    try:
        return word(text, rules)
    except ValueError as error:
        raise malformed(field, str(error)) from error


def _links_of(text: bytes, rules: IdentityRules) -> list[LinkedWords]:
    now = datetime.now(UTC)
    links: list[LinkedWords] = []
    try:
        for row in read_rows(text.decode("utf-8-sig")):
            if len(links) == LINES_MAX:
                raise malformed("body", f"has at most {LINES_MAX} links")
            links.append(linked_words(row, rules, now))
    except UnicodeDecodeError as error:
        raise malformed("body", "is text in UTF-8") from error
    except MalformedLine as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), FieldError(error.field, error.reason, error.line)) from error
    return links
