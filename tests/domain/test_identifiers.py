"""Identifiers: what identifies, in which words, what identifies nobody, and what one event says of identity."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.identity.identifiers import IdentityRules, blocked, merged, name, normalised, number, with_devices
from tests.compared import RULES, alias, at, frame_of, id_of
from tests.reading import Sent, identity
from tests.reading.histories import NOW

GERMAN = IdentityRules(phone_region="DE")
OWN = IdentityRules(own_kinds=("crm", "card"))
LISTED = sorted(identity.BLOCKED)
HIDING = ("\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad")


@pytest.mark.parametrize(
    "kind, sent, value",
    [
        ("user_id", " Jose\u0301\t", "Jos\u00e9"),
        ("user_id", "\uff21", "\uff21"),
        ("email", "\u3000\uff21nn@Stra\u00dfe.example ", "ann@strasse.example"),
        ("email", "ANN+news@example.com", "ann+news@example.com"),
        ("phone", " +49 (151) 234-567 89", "+4915123456789"),
        ("phone", "tel:+4915123456789", "+4915123456789"),
        ("phone", "0151 23456789", None),
        ("phone", "call me", None),
        ("crm", " Jose\u0301 ", "Jos\u00e9"),
        ("anonymous_id", " Jose\u0301 ", "Jose\u0301"),
    ],
)
def test_a_value_is_written_in_one_way(kind: str, sent: str, value: str | None) -> None:
    assert normalised(kind, sent, OWN) == value


def test_a_phone_without_plus_is_read_in_the_region_that_is_set() -> None:
    assert normalised("phone", "0151 23456789", GERMAN) == "+4915123456789"
    assert normalised("phone", "+7 912 3456789", GERMAN) == "+79123456789"


@given(st.sampled_from(["user_id", "email", "phone", "anonymous_id", "crm"]), st.text(max_size=30))
def test_writing_it_again_changes_nothing(kind: str, sent: str) -> None:
    value = normalised(kind, sent, OWN)
    assert value is None or normalised(kind, value, OWN) == value


def test_the_listed_values_are_the_published_ones(oracles: Path) -> None:
    lines = oracles.joinpath("identity/blocked_values.txt").read_text("utf-8").splitlines()
    published = [line for line in lines if line and not line.startswith("# ")]
    assert [value for value in published if not blocked(value)] == []


@pytest.mark.parametrize("value", LISTED)
def test_a_listed_value_identifies_nobody_in_any_dress(value: str) -> None:
    wide = "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in value)
    dressed = [value, value.upper(), f'"{value}"', f"'{value.title()}'", f"«{value}»", f" {value}\u3000", wide]
    dressed += [value[:1] + hiding + value[1:] for hiding in HIDING] + [hiding + value for hiding in HIDING]
    assert [form for form in dressed if not blocked(form)] == []
    assert not blocked(f"{value}-4711x")


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "''",
        "\u200b",
        "00000",
        "0-0",
        "--",
        "000-00",
        "xx",
        "ЖЖЖ",
        "11111111",
        "99999999999",
        "a\x00b",
        "a\x07b",
        "a\x85b",
        "a" + "b" * 200,
    ],
)
def test_what_identifies_nobody(value: str) -> None:
    assert blocked(value)


@pytest.mark.parametrize("value", ["7", "11", "7777777", "x", "nullable", "my-user", "0-1", "\U0001f600", "1111111a", "a" + "b" * 199])
def test_what_identifies_somebody(value: str) -> None:
    assert not blocked(value)


@given(st.text(max_size=12))
def test_what_is_blocked_by_the_reading_is_blocked(value: str) -> None:
    assert blocked(value) >= identity.blocked(value)


def test_ranks_put_kinds_of_the_operator_between_phone_and_device() -> None:
    assert OWN.kinds == ("user_id", "email", "phone", "crm", "card", "anonymous_id")
    kinds = pl.DataFrame({"kind": list(OWN.kinds)})
    assert kinds.select(OWN.rank("kind"))["kind"].to_list() == list(range(6))


def test_numbers_are_of_63_bits_and_tell_kinds_apart() -> None:
    numbers = {number(kind, str(value)) for kind in OWN.kinds for value in range(100)}
    assert len(numbers) == 600
    assert all(0 <= each < 2**63 for each in numbers)
    assert number("user_id", "42") == 7440744007784919084


def named_values(*events: Sent, rules: IdentityRules = RULES) -> set[tuple[str, str]]:
    return set(name(frame_of(events), rules).identifiers.select("kind", "value").iter_rows())


def links_of(*events: Sent) -> set[tuple[int, int]]:
    return set(name(frame_of(events), RULES).links.select("weaker", "target").iter_rows())


def test_the_subject_is_the_strongest_identifier_and_weaker_ones_are_linked_to_it() -> None:
    named = name(frame_of([event := at(user_id="u", email="E@x.com", phone="+4915123456789", anonymous_id="a")]), RULES)
    subject = number("user_id", "u")
    weaker = {number("email", "e@x.com"), number("phone", "+4915123456789"), number("anonymous_id", "a")}
    assert named.subjects.select("event", "subject").rows() == [(id_of(event), subject)]
    assert set(named.links.select("weaker", "target", "target_kind").iter_rows()) == {(each, subject, "user_id") for each in weaker}


def test_without_a_stronger_one_the_strongest_left_is_the_subject() -> None:
    named = name(frame_of([at(user_id="null", email="e@x.com", anonymous_id="a")]), RULES)
    assert named.subjects["subject"].to_list() == [number("email", "e@x.com")]
    assert links_of(at(anonymous_id="a")) == set()


def test_an_event_whose_every_identifier_is_blocked_names_nobody() -> None:
    named = name(frame_of([at(user_id="undefined", email="none", phone="1", anonymous_id="0000")]), RULES)
    assert [frame.height for frame in named] == [0, 0, 0, 0]


def test_a_machine_is_somebody_but_links_nothing() -> None:
    named = name(frame_of([at(user_id="u", anonymous_id="a", machine=True), alias(1, "p", "u", machine=True)]), RULES)
    assert named.subjects.height == 2
    assert (named.links.height, named.aliases.height) == (0, 0)


@pytest.mark.parametrize(
    "others, best",
    [
        ([at(1, user_id="u", anonymous_id="a")], 0),
        ([at(-1, user_id="u", anonymous_id="a")], 1),
        ([at(1, user_id="u", anonymous_id="a", trusted=True, source="server")], 1),
        ([at(-1, user_id="u", anonymous_id="a"), at(2, user_id="u", anonymous_id="a", trusted=True, source="server")], 2),
    ],
)
def test_of_several_evidences_for_one_pair_the_best_is_kept(others: list[Sent], best: int) -> None:
    events = [at(0, user_id="u", anonymous_id="a"), *others]
    links = name(frame_of(events), RULES).links
    assert links.select("event", "linked_at", "trusted").rows() == [(id_of(events[best]), events[best].occurred_at, events[best].trusted)]


def test_an_alias_names_both_of_its_users_and_only_other_events_name_them_directly() -> None:
    identifiers = name(
        frame_of([alias(3, " p", "u"), at(5, user_id="u"), at(9, user_id="p", type="alias", previous_id="null")]), RULES
    ).identifiers
    known = {row["value"]: (row["named_at"] - NOW, row["named_directly"]) for row in identifiers.iter_rows(named=True)}
    assert known == {"p": (timedelta(seconds=3), False), "u": (timedelta(seconds=3), True)}


def test_only_users_are_told_when_they_were_named() -> None:
    identifiers = name(frame_of([at(1, email="e@x.com", anonymous_id="a")]), RULES).identifiers
    assert identifiers.select("named_at", "named_directly").unique().rows() == [(None, False)]


def test_an_alias_links_both_of_its_values_as_devices_written_as_devices_are() -> None:
    aliases = name(frame_of([alias(0, "jose\u0301", " u ")]), RULES).aliases
    pair = (number("user_id", "u"), number("user_id", "jos\u00e9"))
    devices = (number("anonymous_id", "u"), number("anonymous_id", "jose\u0301"))
    assert aliases.select("user_id", "previous_id", "user_anonymous", "previous_anonymous").rows() == [(*pair, *devices)]


def test_an_alias_of_a_blocked_user_is_none() -> None:
    assert name(frame_of([alias(0, "p", "null")]), RULES).aliases.is_empty()


EXTERNAL = (
    '[{"type": "card", "id": " 4711 "}, {"type": "crm", "id": true}, {"type": "crm", "id": 12}, {"type": "crm", "id": "c-2"}, 7, null]'
)


def external(text: str) -> set[tuple[str, str]]:
    events = frame_of([at(anonymous_id="a")]).with_columns(external_ids=pl.lit(text))
    return set(name(events, OWN).identifiers.select("kind", "value").iter_rows())


def test_kinds_of_the_operator_are_read_from_external_ids() -> None:
    assert external(EXTERNAL) == {("anonymous_id", "a"), ("card", "4711"), ("crm", "12")}
    assert named_values(at(anonymous_id="a"), rules=OWN) == {("anonymous_id", "a")}


@pytest.mark.parametrize(
    "text", ['{"type": "crm", "id": "c-1"}', "[]", "7", '"crm"', '[{"type": "crm"}, {"id": "c-1"}, {"type": "crm", "id": null}]']
)
def test_external_ids_of_another_shape_name_nobody(text: str) -> None:
    assert external(text) == {("anonymous_id", "a")}


def test_devices_are_normalised_and_none_where_they_identify_nobody() -> None:
    events = frame_of([at(0, anonymous_id=" a "), at(1, anonymous_id="null"), at(2, user_id="u"), at(3, anonymous_id="a")])
    assert with_devices(events, RULES)["anonymous_id"].to_list() == ["a", None, None, "a"]


@given(st.integers(0, 4), st.data())
def test_parts_say_together_what_all_events_say_at_once(cut: int, data: st.DataObject) -> None:
    people = st.fixed_dictionaries({"user_id": st.sampled_from([None, "u", "p"]), "anonymous_id": st.sampled_from(["a", "b"])})
    events = [at(second % 3, message_id=str(second), trusted=second % 2 == 1, **data.draw(people)) for second in range(4)]
    whole = merged([name(frame_of([*events, alias(9, "p", "u")]), RULES)])
    parts = merged([name(frame_of(events[:cut]), RULES), name(frame_of([*events[cut:], alias(9, "p", "u")]), RULES)])
    for one, other in zip(whole, parts, strict=True):
        assert one.sort(one.columns).equals(other.sort(one.columns))


@pytest.mark.parametrize(
    "own, between",
    [
        ((), ("email", "phone")),
        (("crm", "card"), ("email", "phone", "crm", "card")),
        (("crm", "email"), ("crm", "email", "phone")),
        (("crm", "phone"), ("email", "crm", "phone")),
        (("crm", "email", "card", "phone"), ("crm", "email", "card", "phone")),
        (("phone", "email"), ("phone", "email")),
        (("user_id", "crm", "email", "phone", "anonymous_id"), ("crm", "email", "phone")),
    ],
)
def test_kinds_of_the_operator_stand_where_they_are_placed(own: tuple[str, ...], between: tuple[str, ...]) -> None:
    assert IdentityRules(own_kinds=own).kinds == ("user_id", *between, "anonymous_id")


def test_a_kind_above_email_owns_it() -> None:
    events = frame_of([at(email="e@x.com")]).with_columns(external_ids=pl.lit('[{"type": "crm", "id": "c"}]'))
    links = name(events, IdentityRules(own_kinds=("crm", "email"))).links
    assert links.select("weaker", "target").rows() == [(number("email", "e@x.com"), number("crm", "c"))]


@pytest.mark.parametrize("spelled", ["Kiosk-1", " 'kiosk-1' ", "\uff4biosk-1", "kio\u00adsk-1"])
def test_what_the_operator_blocks_identifies_nobody_in_any_spelling(spelled: str) -> None:
    rules = IdentityRules(blocked_values=("kiosk-1",))
    assert named_values(at(anonymous_id=spelled, user_id="u"), rules=rules) == {("user_id", "u")}
    assert with_devices(frame_of([at(anonymous_id=spelled)]), rules)["anonymous_id"].to_list() == [None]
