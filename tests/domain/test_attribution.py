"""Attribution: credits, ledger, money and reach, counted by hand."""

import polars as pl
import pytest

from app.domain.questions.attribution import BY_PATH, MARKOV, MODELS, SHAPLEY, Terms, attribution
from app.domain.questions.conversions import of_event
from app.domain.questions.credits import RULES, WHOLE, minor_unit
from app.domain.questions.filters import EVERYTHING, Filters
from app.domain.questions.ledger import credited, ledger, value_of
from app.domain.windows import Window
from tests.domain.attributed import DAY, EVER, ORDERED, after, attributed, bought, credits_of, events_of, everything, met, touches_of
from tests.reading.attribution import Asked, Step, paths, removal_effects


@pytest.mark.parametrize(
    "model, expected",
    [
        ("first", {"email": 1}),
        ("last", {"direct": 1}),
        ("last_non_direct", {"call": 1}),
        ("linear", {"email": 0.5, "call": 0.25, "direct": 0.25}),
        ("position_based", {"email": 0.5, "call": 0.1, "direct": 0.4}),
    ],
)
def test_one_conversion_by_rule(model: str, expected: dict[str, float]) -> None:
    assert credits_of(attributed([*met("email", "email", "call", "direct"), bought(4)]), model) == pytest.approx(expected)


@pytest.mark.parametrize("channels, expected", [(("a",), {"a": 1}), (("a", "b"), {"a": 0.5, "b": 0.5})])
def test_short_paths_by_position(channels: tuple[str, ...], expected: dict[str, float]) -> None:
    assert credits_of(attributed([*met(*channels), bought(3)]), "position_based") == expected


def test_half_of_the_weight_is_gone_after_seven_days() -> None:
    steps = [Step(0, "old"), Step(7 * DAY, "new"), Step(7 * DAY, converts=True)]
    assert credits_of(attributed(steps), "time_decay") == pytest.approx({"old": 1 / 3, "new": 2 / 3})


def test_direct_alone_is_credited_by_last_non_direct() -> None:
    assert credits_of(attributed([*met("direct", "direct"), bought(3)]), "last_non_direct") == {"direct": 1}


@pytest.mark.parametrize("seconds, expected", [(30 * DAY, {"email": 1}), (30 * DAY + 1, {"direct": 1})])
def test_a_touch_counts_to_the_last_instant_of_the_look_back(seconds: int, expected: dict[str, float]) -> None:
    assert credits_of(attributed([Step(0, "email"), Step(seconds, converts=True)]), "linear") == expected


def test_a_conversion_without_a_touch_is_direct_under_every_model_and_told_apart() -> None:
    found = attributed([bought(1, 12_340_000)], met("email"))
    assert (found.untouched.tolist(), found.lost) == ([True], 1)
    for model, named in credited(found, MODELS).items():
        assert named["direct"] == (1, {"EUR": 12.34}), model
        assert sum(credit.conversions for credit in named.values()) == 1
    (row,) = ledger(found, "first", everything(found)).rows(named=True)
    assert (row["position"], row["touched_at"], row["name"], row["weight"]) == (None, None, "direct", WHOLE)


def test_at_one_instant_the_order_of_the_events_decides() -> None:
    before, behind = [Step(0, "email"), Step(0, converts=True)], [Step(0, converts=True), Step(0, "email")]
    assert credits_of(attributed(before), "last") == {"email": 1}
    assert credits_of(attributed(behind), "last") == {"direct": 1}


def test_a_conversion_that_is_a_touch_itself_is_credited_to_it() -> None:
    assert credits_of(attributed([Step(0, "email"), Step(DAY, "store", converts=True)]), "last") == {"store": 1}


def test_machines_are_left_out_and_counted() -> None:
    found = attributed(
        [Step(0, "email"), Step(1, "email", machine=True), Step(2, "call"), bought(1)], [Step(0, "sms", machine=True)], met("push")
    )
    assert (found.machine_touches, found.lost) == (2, 1)
    assert credits_of(found, "linear") == {"email": 0.5, "call": 0.5}


def test_touches_before_an_earlier_conversion_count_unless_reset() -> None:
    steps = [Step(0, "email"), bought(1), Step(2 * DAY, "call"), bought(3)]
    assert credits_of(attributed(steps), "linear") == {"email": 1.5, "call": 0.5}
    assert credits_of(attributed(steps, asked=EVER._replace(reset=True)), "linear") == {"email": 1, "call": 1}


def test_an_earlier_conversion_outside_the_window_resets_too() -> None:
    steps = [Step(0, "email"), bought(1), Step(2 * DAY, "call"), bought(3)]
    assert credits_of(attributed(steps, asked=Asked(2 * DAY, 9 * DAY, 30 * DAY, reset=True)), "linear") == {"call": 1}


@pytest.mark.parametrize("model", RULES)
def test_later_visits_change_no_credit_of_a_past_conversion(model: str) -> None:
    steps = [*met("email", "direct", "call"), bought(4, 100_000_000)]
    later = [*steps, *met("paid_search", "direct", day=5), bought(8, 100_000_000), *met("display", day=9)]
    asked = Asked(0, 5 * DAY, 30 * DAY)
    then, now = attributed(steps, asked=asked), attributed(later, asked=asked)
    assert ledger(then, model, everything(then)).equals(ledger(now, model, everything(now)))


def test_filters_select_journeys_by_their_last_touch() -> None:
    found = attributed(
        [*met("email", "call"), bought(3)], [*met("call", "email"), bought(3)], met("call"), met("email"), [bought(1)],
        filters=Filters(channel="call"),
    )  # fmt: skip
    assert (found.conversions.height, found.lost) == (1, 1)
    assert credits_of(found, "first") == {"email": 1}
    assert attributed([bought(1)], met("call"), filters=Filters(channel="direct")).conversions.height == 1


def test_filters_select_customers() -> None:
    found = attributed([*met("email"), bought(3)], [*met("call"), bought(3)], met("sms"), filters=Filters(customers=pl.Series([6_001])))
    assert (credits_of(found, "first"), found.lost) == ({"call": 1}, 0)


def test_reach_counts_journeys_of_all_outcomes() -> None:
    found = attributed([*met("email", "email", "call"), bought(3)], met("email"), met("call", "sms"))
    told = {name: (*map(int, row),) for name, *row in zip(found.names, *found.reach, strict=True)}
    assert told == {"email": (2, 3, 1), "call": (2, 2, 0), "sms": (1, 1, 0), "direct": (0, 0, 0)}


def test_names_of_several_columns() -> None:
    touches = touches_of(met("email", "call", "sms")).with_columns(
        utm_source=pl.Series(["news", None, None]), utm_medium=pl.Series(["mail", "voice", None])
    )
    conversions = of_event(events_of([*met("email", "call", "sms"), bought(3)]), ORDERED)
    found = attribution(conversions, touches, Window(None, after(9 * DAY)), EVERYTHING, Terms(by=("utm_source", "utm_medium")))
    assert credits_of(found, "linear") == pytest.approx({"news/mail": 1 / 3, "/voice": 1 / 3, None: 1 / 3})


def test_nothing_at_all() -> None:
    found = attributed([])
    assert (found.conversions.height, found.lost, found.machine_touches) == (0, 0, 0)
    assert all(not any(credit.conversions for credit in named.values()) for named in credited(found, MODELS).values())


def test_rare_names_are_folded_where_a_chain_would_have_too_many_states() -> None:
    histories = [[*met(f"c{number:02}", f"c{number:02}", "often"), bought(3)] for number in range(15)]
    found = attributed(*histories, order=3)
    assert found.folded == {MARKOV: 5, SHAPLEY: 0}
    named = credited(found, [MARKOV, BY_PATH])
    assert len(named[MARKOV]) == 12
    assert sum(credit.conversions for credit in named[MARKOV].values()) == pytest.approx(15)
    assert named[BY_PATH]["c14"].conversions > 0


def test_a_name_that_is_called_other_is_folded_with_the_rare_ones() -> None:
    rare = [f"c{number:02}" for number in range(12)]
    found = attributed(*([*met(name), bought(2)] for name in ("other", "other", "other", *rare)), models=(MARKOV,), order=3)
    assert credits_of(found, MARKOV) == pytest.approx({"other": 4, **dict.fromkeys(rare[:-1], 1)})


def test_names_that_read_alike_are_one() -> None:
    journeys = [*met("email"), bought(2)], [*met("email"), bought(2)]
    touches = touches_of(*journeys).with_columns(utm_source=pl.Series(["a/b", "a"]), utm_medium=pl.Series(["c", "b/c"]))
    terms = Terms(by=("utm_source", "utm_medium"), models=("last", MARKOV))
    found = attribution(of_event(events_of(*journeys), ORDERED), touches, Window(None, after(9 * DAY)), EVERYTHING, terms)
    assert [credits_of(found, model) for model in ("last", MARKOV)] == [{"a/b/c": 2}] * 2


def test_money_is_rounded_as_it_runs_up() -> None:
    found = attributed([*met("a", "b", "c"), bought(3, 1_000_000)], [*met("a", "b", "c"), bought(3, 1_001_000)])
    rows = ledger(found, "linear", everything(found)).sort("value", "position")
    assert rows["credit"].to_list() == [330_000, 340_000, 330_000, 330_000, 340_000, 331_000]
    assert rows["weight"].to_list() == [333_333_333_333, 333_333_333_333, 333_333_333_334] * 2


def test_a_name_s_shapley_share_is_divided_over_its_touches() -> None:
    found = attributed([*met("a", "a", "a", "b"), bought(4)])
    rows = ledger(found, SHAPLEY, everything(found))
    assert rows["weight"].to_list() == [166_666_666_667] * 3 + [499_999_999_999]


def test_a_state_of_the_third_order_begins_anew_with_each_journey() -> None:
    told = [[*met("a", "b"), bought(3)], met("b", "a"), [*met("b", "b", "a"), bought(4)], met("a", "b", "b")]
    for order in (2, 3):
        chain = attributed(*told, order=order).chain
        assert chain is not None
        effects = removal_effects(paths(told, EVER), order)
        assert dict(zip(chain.names, chain.removal.effects.tolist(), strict=True)) == pytest.approx({**effects, "direct": 0})


def test_two_currencies_are_never_added() -> None:
    found = attributed([*met("a", "b"), bought(3, 10_000_000)], [*met("b"), bought(3, 5_000_000, "JPY"), bought(4)])
    assert value_of(found.conversions) == {"EUR": 10, "JPY": 5}
    assert {name: credit.values for name, credit in credited(found, ["linear"])["linear"].items()} == {
        "a": {"EUR": 5, "JPY": 0},
        "b": {"EUR": 5, "JPY": 5},
        "direct": {"EUR": 0, "JPY": 0},
    }


@pytest.mark.parametrize("currency, minor", [("EUR", 10_000), ("JPY", 1_000_000), ("KWD", 1_000), (None, 10_000)])
def test_minor_units(currency: str | None, minor: int) -> None:
    assert minor_unit(currency) == minor
