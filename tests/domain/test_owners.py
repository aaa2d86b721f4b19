"""Owners: a table for each rule, and the reading for everything between them."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.identity.identifiers import IdentityRules, name, number
from app.domain.identity.owners import newcomers_of, owners
from tests.compared import RULES, alias, at, distinct, frame_of, owners_found
from tests.reading import Identifier, Sent, identity
from tests.reading.histories import histories

NEVER_FOLLOWING = IdentityRules(following=False)
TRUSTED: dict[str, Any] = {"trusted": True, "source": "server"}
EVERYBODY = (
    *(("user_id", value) for value in ("u1-w", "u2-w", "jos\u00e9-w")),
    *(("anonymous_id", value) for value in ("a1-w", "a2-w", "u2-w")),
    *(("email", value) for value in ("ann-w@example.com", "bob-w@example.com")),
    ("phone", "+4915100000001"),
)


def user(value: str) -> Identifier:
    return ("user_id", value)


def email(value: str) -> Identifier:
    return ("email", f"{value}@x.com")


def device(value: str) -> Identifier:
    return ("anonymous_id", value)


def owner_of(identifier: Identifier, *events: Sent, rules: IdentityRules = RULES) -> Identifier:
    """The owner in words: the identifier of the events that has its number."""
    found = dict(owners_found(events, rules).select("identifier", "owner").iter_rows())
    words = {number(kind, value): (kind, value) for kind, value in everything(events)}
    return words[found[number(*identifier)]]


def everything(events: tuple[Sent, ...]) -> set[Identifier]:
    texts = {text for event in events for text in (event.user_id, event.previous_id, event.anonymous_id, event.email) if text}
    return {(kind, text) for text in texts for kind in ("user_id", "email", "anonymous_id")}


def test_an_identifier_on_its_own_owns_itself() -> None:
    assert owner_of(device("a"), at(0, anonymous_id="a")) == device("a")


@pytest.mark.parametrize(
    "stronger, weaker",
    [
        (at(9, anonymous_id="a", user_id="u1"), at(0, anonymous_id="a", email="e@x.com", **TRUSTED)),
        (at(9, anonymous_id="a", user_id="u1", **TRUSTED), at(0, anonymous_id="a", user_id="u2")),
        (at(0, anonymous_id="a", user_id="u1"), at(9, anonymous_id="a", user_id="u2")),
        (at(0, anonymous_id="a", user_id="u1"), at(0, anonymous_id="a", user_id="u2")),
        (at(9, anonymous_id="a", user_id="Z"), at(9, anonymous_id="a", user_id="a1")),
        (at(9, anonymous_id="a", user_id="Z"), at(9, anonymous_id="a", user_id="é")),
        (at(9, anonymous_id="a", user_id="u1"), at(0, anonymous_id="a", user_id="u2", machine=True)),
    ],
    ids=["strongest kind", "trusted before public", "earliest", "smallest value", "by bytes", "by UTF-8", "no machine"],
)
def test_rule_1_the_parent_is_the_target_of_the_best_evidence(stronger: Sent, weaker: Sent) -> None:
    assert stronger.user_id
    for events in ((stronger, weaker), (weaker, stronger)):
        assert owner_of(device("a"), *events) == user(stronger.user_id)


FORM = at(1, anonymous_id="a", email="e@x.com")
LOGIN = at(2, anonymous_id="a", user_id="u")


def test_rule_2_an_email_of_a_form_follows_the_device_that_logs_in() -> None:
    assert owner_of(email("e"), FORM, LOGIN) == user("u")
    assert owner_of(email("e"), FORM, LOGIN, rules=NEVER_FOLLOWING) == email("e")
    assert owner_of(email("e"), FORM) == email("e")


@pytest.mark.parametrize(
    "other, owner",
    [
        (at(0, anonymous_id="a", email="first@x.com"), email("e")),
        (at(0, anonymous_id="a", email="e@x.com", user_id="u2"), user("u2")),
        (at(9, anonymous_id="b", email="e@x.com"), user("u")),
    ],
    ids=["the device has a better email", "the email has a link of its own", "a second device leads nowhere"],
)
def test_rule_2_holds_for_the_devices_best_email_only_and_for_an_email_without_a_link(other: Sent, owner: Identifier) -> None:
    assert owner_of(email("e"), FORM, LOGIN, other) == owner


FORWARDED = at(1, type="landing", anonymous_id="a", email="e@x.com")


def test_rule_2_what_a_token_says_leads_nobody_to_whom_a_mail_was_forwarded() -> None:
    assert owner_of(device("a"), FORWARDED) == email("e")
    assert owner_of(email("e"), FORWARDED, LOGIN) == email("e")
    assert owner_of(device("a"), FORWARDED, LOGIN) == user("u")
    assert owner_of(email("e"), FORWARDED, LOGIN, FORM) == user("u")
    to_a_user = at(0, type="landing", anonymous_id="a", user_id="u")
    assert owner_of(email("e"), FORM, to_a_user) == email("e")


@pytest.mark.parametrize("best, worse", [((1, "u2"), (2, "u1")), ((1, "u1"), (1, "u2"))])
def test_rule_2_of_several_devices_the_best_target_counts(best: tuple[int, str], worse: tuple[int, str]) -> None:
    forms = [at(0, anonymous_id=each, email="e@x.com") for each in "ab"]
    logins = [at(second, anonymous_id=each, user_id=value) for each, (second, value) in zip("ab", (best, worse), strict=True)]
    assert owner_of(email("e"), *forms, *logins) == user(best[1])
    found = owners_found([*forms, *logins]).filter(pl.col("identifier") == number(*email("e")))
    assert found.select("parent", "via").rows() == [(number(*user(best[1])), number(*device("a")))]


def test_rule_3_the_owner_is_found_by_following_parents() -> None:
    events = (
        at(0, anonymous_id="a", phone="+4915123456789"),
        at(1, phone="+4915123456789", email="e@x.com"),
        at(2, email="e@x.com", user_id="u"),
    )
    found = owners_found([*events, alias(3, "u", "first", **TRUSTED), at(-1, user_id="first")])
    assert found["owner"].unique().to_list() == [number(*user("first"))]
    assert dict(found.select("identifier", "parent").iter_rows())[number(*device("a"))] == number("phone", "+4915123456789")


def test_two_users_of_one_email_or_device_stay_two() -> None:
    shared = (at(1, email="e@x.com", anonymous_id="a", user_id="u1"), at(2, email="e@x.com", anonymous_id="a", user_id="u2"))
    assert [owner_of(user(value), *shared) for value in ("u1", "u2")] == [user("u1"), user("u2")]


GROUP = (alias(5, "b", "c", **TRUSTED), alias(6, "c", "a", **TRUSTED))


@pytest.mark.parametrize(
    "named, root",
    [
        ((), "b"),
        ((at(4, user_id="c"),), "c"),
        ((at(4, user_id="c"), at(3, user_id="a")), "a"),
        ((at(4, user_id="a"), at(4, user_id="c")), "a"),
    ],
    ids=["named first by an alias", "named earlier", "earliest of all", "smallest value of one instant"],
)
def test_rule_4_aliases_join_users_and_the_root_is_named_first(named: tuple[Sent, ...], root: str) -> None:
    assert {owner_of(user(value), *GROUP, *named) for value in "abc"} == {user(root)}


@pytest.mark.parametrize("how, applied", [(TRUSTED, True), ({}, False)])
@pytest.mark.parametrize("named", [(-1, 9), (9, -1), (9, 9)])
def test_rule_4_a_public_alias_of_two_people_is_not_applied(named: tuple[int, int], how: dict[str, Any], *, applied: bool) -> None:
    devices = (at(0, anonymous_id="p"), at(0, anonymous_id="u"))
    events = (alias(1, "p", "u", **how), at(named[0], user_id="p"), at(named[1], user_id="u"), *devices)
    assert (owner_of(user("p"), *events) == owner_of(user("u"), *events)) == applied
    assert (owner_of(device("u"), *events) != device("u")) == applied
    assert (owner_of(device("p"), *events) != device("p")) == applied


@pytest.mark.parametrize("named", [(), (at(2, user_id="u"),), (at(2, user_id="p"),), (at(2, user_id="u"), alias(3, "q", "p"))])
def test_rule_4_a_public_alias_of_one_person_is_applied_with_its_devices(named: tuple[Sent, ...]) -> None:
    events = (alias(1, "p", "u"), at(0, anonymous_id="p"), at(0, anonymous_id="u"), *named)
    owned = {owner_of(each, *events) for each in (user("p"), user("u"), device("p"), device("u"))}
    assert len(owned) == 1


@pytest.mark.parametrize("previous", ["u", " u ", "null"])
def test_rule_4_an_alias_of_one_user_links_its_device(previous: str) -> None:
    assert owner_of(device("u"), alias(1, previous, "u"), at(0, anonymous_id="u"), at(2, user_id="u")) == user("u")


def test_rule_4_an_alias_links_each_way_that_its_values_were_written() -> None:
    written = ("jose\u0301", "jos\u00e9")
    events = [at(0, anonymous_id=value) for value in written] + [alias(second, value, "u") for second, value in enumerate(written)]
    assert {owner_of(device(value), *events) for value in written} == {user("jos\u00e9")}


def test_nobody_has_no_owners() -> None:
    assert owners_found([]).columns == ["identifier", "parent", "via", "owner"]
    assert owners_found([at(0, user_id="null")]).is_empty()


CORRECTIONS: dict[str, Any] = {
    "struck": st.sets(st.frozensets(st.sampled_from(EVERYBODY), min_size=2, max_size=2), max_size=4),
    "refused": st.sets(st.sampled_from(("u2-w", "a1-w", "ann-w@example.com", "+4915100000001")), max_size=2),
    "follow": st.booleans(),
}


@settings(deadline=None)
@given(history=histories(landings=True), **CORRECTIONS)
def test_owners_are_those_of_the_reading(
    history: list[Sent], struck: set[frozenset[Identifier]], refused: set[str], *, follow: bool
) -> None:
    rules = IdentityRules(following=follow, blocked_values=tuple(sorted(refused)))
    read = identity.owners(identity.refusing(history, refused), struck, follow=follow)
    pairs = [(min(pair), max(pair)) for pair in ([number(*each) for each in pair] for pair in struck)]
    found = dict(owners_found(history, rules, pairs).select("identifier", "owner").iter_rows())
    borne = {each for event in identity.refusing(history, refused) for each in identity.named(event)}
    assert {each: found[number(*each)] for each in borne} == {each: number(*read[each]) for each in borne}


@settings(deadline=None, max_examples=30)
@given(histories(landings=True), st.randoms(use_true_random=False))
def test_any_order_gives_the_same_owners(history: list[Sent], random: Any) -> None:
    shuffled = random.sample(history, len(history))
    assert owners_found(shuffled).sort("identifier").equals(owners_found(history).sort("identifier"))


def newcomers(*events: Sent, known: frozenset[Identifier] = frozenset()) -> set[Identifier]:
    """The newcomers in words, where all but some identifiers of the events are new."""
    words = {number(kind, value): (kind, value) for kind, value in everything(events)}
    found, evidence = newcomers_of(name(frame_of(events), RULES), {each for each, word in words.items() if word not in known})
    named = {*evidence.identifiers["identifier"]}
    assert named == {*evidence.links["weaker"], *evidence.links["target"]}
    assert named <= found
    return {words[each] for each in found} & {words[each] for each in name(frame_of(events), RULES).identifiers["identifier"]}


def test_a_newcomer_is_new_together_with_all_that_it_is_joined_to() -> None:
    ann, bob = at(0, anonymous_id="a", user_id="ann"), at(1, anonymous_id="b", user_id="bob")
    both = {device("a"), user("ann"), device("b"), user("bob")}
    assert newcomers(ann, bob) == both
    assert newcomers(ann, bob, known=frozenset({device("a")})) == {device("b"), user("bob")}
    assert newcomers(ann, bob, at(2, anonymous_id="b", user_id="ann"), known=frozenset({user("bob")})) == set()
    assert newcomers(ann, bob, alias(2, "old", "bob")) == {device("a"), user("ann")}
    assert newcomers(at(0, anonymous_id="a")) == {device("a")}


@given(events=histories(landings=True))
def test_owners_of_newcomers_follow_from_what_is_said_of_them(events: list[Sent]) -> None:
    named = name(frame_of(distinct(events)), RULES)
    found, evidence = newcomers_of(named, {*named.identifiers["identifier"]})
    apart = dict(owners(evidence, RULES).select("identifier", "owner").iter_rows())
    everybody = dict(owners_found(events).select("identifier", "owner").iter_rows())
    assert {each: apart.get(each, each) for each in found} == {each: everybody[each] for each in found}
