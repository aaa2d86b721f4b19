"""A running service driven by whatever may happen to it, in any order: after each step it tells of everybody what the reading does.

More of it, for longer: WAYSTAGE_MACHINE_RUNS instead of the few that fit into a test run.
"""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.domain.identity.identifiers import number
from app.flow.verifier import Asked, Finished, Progress
from app.store.cluster import Cluster
from tests.compared import JOURNEY_5
from tests.conftest import cloned
from tests.http.driven import Driven, Key, Request, at_place, key_of
from tests.http.happenings import MODELS, SKEWS, WORDS, YEAR, happenings, introductions, message_id
from tests.http.told import answered, kept, read, with_verdicts
from tests.reading import Identifier, Sent, identity
from tests.reading.histories import NOW, TRUSTED, USERS, own, placed, wire
from tests.service import running

RUNS = int(os.environ.get("WAYSTAGE_MACHINE_RUNS", "5"))
STEPS = 12
SECONDS_A_RUN = 60
PHASES = tuple(Phase) if RUNS > 5 else (Phase.explicit, Phase.reuse, Phase.generate)
"""A failure is made small only where there is time for it."""

few = st.lists(happenings(), min_size=1, max_size=5)
skews = st.sampled_from(SKEWS).map(lambda seconds: timedelta(seconds=seconds))


class Journeys(RuleBasedStateMachine):
    """People of a world of its own, who share devices, addresses and names. `arrived` is what the service has of them, as it came first."""

    service: ClassVar[Driven]
    model: ClassVar[dict[str, Any]]
    worlds: ClassVar[Iterator[int]] = count(900_000)
    imports = Bundle("imports")

    def __init__(self) -> None:
        super().__init__()
        self.world = next(self.worlds)
        self.now = datetime.now(UTC)
        self.numbers = count()
        self.arrived: dict[Key, Sent] = {}
        self.sent: list[Sent] = []
        self.events: list[Sent] = []
        self.named: set[Identifier] = set()
        self.struck: set[frozenset[Identifier]] = set()
        self.blocked: set[str] = set()
        self.before = self.service.kept([])
        self.requests = 0
        self.all_derived_again = False

    @initialize(events=st.lists(happenings() | introductions(), min_size=3, max_size=8))
    def some_are_known(self, events: list[Sent]) -> None:
        self._send(self._requests(self._own(events)))

    @rule(events=few, skew=skews, one_by_one=st.booleans())
    def arrive(self, events: list[Sent], skew: timedelta, one_by_one: bool) -> None:
        self._send(self._requests(self._own(events), skew, one_by_one))

    @rule(parts=st.lists(few, min_size=2, max_size=3))
    def arrive_at_once(self, parts: list[list[Sent]]) -> None:
        requests = [request for part in parts for request in self._requests(self._own(part))]
        self._send(requests, at_once=True)

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), later=st.sampled_from((timedelta(), timedelta(hours=3))))
    def arrive_again(self, data: st.DataObject, later: timedelta) -> None:
        """Sent before, perhaps with another time; what an undone import took away is new again."""
        again = data.draw(st.lists(st.sampled_from(self.sent), min_size=1, max_size=4, unique_by=key_of))
        self._send(self._requests([replace(event, occurred_at=event.occurred_at + later) for event in again]))

    @rule(user=st.sampled_from(USERS), previous=st.sampled_from(USERS), trusted=st.booleans(), ago=st.sampled_from((timedelta(), YEAR)))
    def two_turn_out_to_be_one(self, user: str, previous: str, trusted: bool, ago: timedelta) -> None:
        """An alias, of a trusted source also one that says so a year late, or dates it a year back."""
        at = NOW - (ago if trusted else timedelta())
        alias = Sent(message_id="", occurred_at=at, type="alias", user_id=user, previous_id=previous, trusted=trusted)
        self._send(self._requests(self._own([replace(alias, source=TRUSTED if trusted else alias.source)])))

    @rule(target=imports, events=st.lists(happenings(trusted=True) | introductions(), min_size=1, max_size=6), data=st.data())
    def bring_a_history(self, events: list[Sent], data: st.DataObject) -> tuple[int, frozenset[Key]]:
        known = [event for event in self.sent if event.trusted]
        again = data.draw(st.lists(st.sampled_from(known), max_size=2)) if known else []
        request = Request([event for event in (*self._own(events), *again) if event.occurred_at < self.now])
        if not request.events:
            return 0, frozenset()
        job, new = self.service.bring([wire(event) for event in request.events])
        assert new == self._take(request)
        return job, frozenset((TRUSTED, message) for message in new)

    @rule(brought=consumes(imports))
    def take_a_history_back(self, brought: tuple[int, frozenset[Key]]) -> None:
        job, keys = brought
        if job:
            self.service.undo(job)
            self.requests += 1
        for key in keys:
            del self.arrived[key]

    @rule(model=st.sampled_from(MODELS))
    def change_the_stages(self, model: dict[str, Any]) -> None:
        self.service.put_model(model)
        type(self).model = model
        self.all_derived_again = True

    @rule()
    def derive_everything_again(self) -> None:
        assert self.service.rebuild() == 0

    @rule(words=st.lists(st.sampled_from(WORDS), min_size=2, max_size=2, unique=True), of_those_said=st.booleans(), data=st.data())
    def strike_out(self, words: list[Identifier], of_those_said: bool, data: st.DataObject) -> None:
        """Two of whom an event says, or may say some day, that they belong together."""
        pairs = [(link.weaker, link.stronger) for link in identity.links(self.events)]
        pairs += [(min(pair), max(pair)) for pair in identity.joins(self.events)]
        found = (self._word(*words[0]), self._word(*words[1]))
        if pairs and of_those_said:
            found = data.draw(st.sampled_from(sorted({*pairs})))
        if found[0] != found[1] and (found[0][0] != found[1][0] or found[0][0] == "user_id"):
            self.service.change_link("DELETE", found)
            self.struck.add(frozenset(found))
            self.requests += 1

    @precondition(lambda self: self.struck)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        pair = data.draw(st.sampled_from(sorted(self.struck, key=sorted)))
        self.service.change_link("POST", sorted(pair))
        self.struck.remove(pair)
        self.requests += 1

    @rule(word=st.sampled_from(WORDS), of_those_named=st.booleans(), data=st.data())
    def block(self, word: Identifier, of_those_named: bool, data: st.DataObject) -> None:
        _, value = self._word(*word)
        if self.named and of_those_named:
            _, value = data.draw(st.sampled_from(sorted(self.named)))
        if identity.seen(value) not in self.blocked:
            self.service.change_value("PUT", value)
            self.blocked.add(identity.seen(value))
            self.requests += 1

    @precondition(lambda self: self.blocked)
    @rule(data=st.data())
    def unblock(self, data: st.DataObject) -> None:
        value = data.draw(st.sampled_from(sorted(self.blocked)))
        self.service.change_value("DELETE", value)
        self.blocked.remove(value)
        self.requests += 1

    # What is true after each step

    @invariant()
    def everybody_is_as_the_reading_says(self) -> None:
        self.service.at_rest()
        arrived = asyncio.run(with_verdicts(self.service.waystage.dsn, [*self.arrived.values()])) if self.arrived else []
        events = self.events = identity.refusing(arrived, self.blocked)
        owned = kept(events, self.struck)
        self.named.update(owned)
        assert self.service.owners(self.named) == {each: number(*owner) for each, owner in owned.items()}
        for root, its in identity.customers(events, self.struck).items():
            for name, model in (("journey-5", JOURNEY_5), ("driven", self.model)):
                journey = self.service.waystage.journey(quote(":".join(root), safe=""), model=name)
                assert answered(journey) == read(root, owned, its, datetime.fromisoformat(journey["as_of"]), model)
        self._exactly_those_concerned_changed()

    def _exactly_those_concerned_changed(self) -> None:
        """Who differs from before is in the list of changes; nobody else is, but for those who changed and changed back meanwhile."""
        now = self.service.kept(number(*each) for each in self.named)
        told = {*self.service.changes(self.before.version)}
        differing = {one for one, rows in now.rows.items() if rows != self.before.rows.get(one, set())}
        if not self.all_derived_again:
            assert differing <= told
            assert told <= (differing if self.requests <= 1 else now.rows.keys())
        self.before, self.requests, self.all_derived_again = now, 0, False

    def _word(self, kind: str, text: str) -> Identifier:
        """An identifier as this world's."""
        found = identity.identifier(kind, own(text, self.world))
        assert found is not None
        return found

    def _own(self, events: list[Sent]) -> list[Sent]:
        """Events as this world's, each with a message id of its own."""
        numbered = [replace(event, message_id=message_id(next(self.numbers))) for event in events]
        return placed(numbered, self.world, self.now)

    def _requests(self, events: list[Sent], skew: timedelta = timedelta(), one_by_one: bool = False) -> list[Request]:
        by_source: dict[str, list[Sent]] = {}
        for event in events:
            by_source.setdefault(event.source, []).append(event)
        return [Request(its, timedelta() if its[0].trusted else skew, one_by_one) for its in by_source.values()]

    def _send(self, requests: list[Request], *, at_once: bool = False) -> None:
        with ThreadPoolExecutor(len(requests) if at_once else 1) as clients:
            accepted = [*clients.map(self.service.send, requests)]
        assert accepted == [len(self._take(request)) for request in requests]

    def _take(self, request: Request) -> set[str]:
        """Remember what arrived for the first time; the message ids of it."""
        first = {key_of(event): event for event in reversed(at_place(request)) if key_of(event) not in self.arrived}
        self.arrived.update({key_of(event): event for event in self.service.in_time([*first.values()], request.skew)})
        self.sent += request.events
        self.requests += len(request.events) if request.one_by_one else 1
        return {message for _, message in first}


@pytest.fixture(scope="module")
def driven(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    """A service of its own: stage models change here, and everything is derived again."""
    with cloned(cluster, template) as dsn, running(dsn, tmp_path_factory.mktemp("driven")) as waystage:
        yield Driven(waystage)


@pytest.mark.timeout(120 + RUNS * SECONDS_A_RUN)
def test_whatever_happens_everybody_is_as_the_reading_says(driven: Driven) -> None:
    Journeys.service, Journeys.model = driven, MODELS[0]
    driven.put_model(MODELS[0])
    run_state_machine_as_test(
        Journeys,
        settings=settings(
            max_examples=RUNS, stateful_step_count=STEPS, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck)
        ),
    )
    driven.at_rest()
    assert driven.waystage.ask("/v1/transitions")["transitions"]
    found = [one for one in driven.verified(Asked()) if not isinstance(one, Progress)]
    assert [one for one in found if not isinstance(one, Finished)] == []
