import json
import time
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from mmsim.errors import UserError
from mmsim.instruments import Exercise, Right
from mmsim.scenario import Scenario, json_schema, load
from mmsim.units import UNITS_NS, parse_instant

SCENARIOS = Path(__file__).parents[1] / "scenarios"
GOOD = """\
name: good
clock: {start: 2026-01-05T14:30:00Z, end: 2026-01-05T21:00:00Z}
underlyings:
  - {symbol: ABC}
options:
  - {underlying: ABC, strikes: {from: 90, to: 110, step: 2.5}, expiry: 2026-01-16T21:00:00Z}
market:
  spot: {model: gbm, start: 100, volatility: 0.2, step: 1s}
  volatility: {model: constant, level: 0.2}
clients:
  - {name: flow, model: poisson, per_hour: 60, reservation_ticks: 2.0}
quoting: {policy: inventory_skew, half_spread_vol: 0.004}
"""
RECORDED = {
    "options": "[{underlying: ABC, expiry_time: '16:00 America/New_York'}]",
    "market": "{recorded: {folder: tape}}",
}


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    return path


ROOT = Path(__file__).parent.parent


def mistakes(path, changes=None):
    with pytest.raises(UserError) as raised:
        load(path, changes)
    return raised.value.problems


@pytest.mark.parametrize("path", sorted(SCENARIOS.rglob("*.yaml")), ids=lambda p: p.stem)
def test_every_scenario_file_is_valid_and_dumps_to_the_same(path):
    scenario = load(path)
    dump = scenario.dump()
    assert Scenario.model_validate(json.loads(json.dumps(dump))).dump() == dump
    assert scenario.source == str(path) and scenario.about


def test_universe(good):
    universe = load(good, {"options.0.ticks": "{0: 0.05, 3: 0.10}", "options.0.exercise": "american"}).build_universe()
    assert len(universe.options) == 18
    call = universe.options[universe.option_index["ABC 2026-01-16 C92.5"]]
    assert (call.right, call.strike, call.exercise) == (Right.CALL, 92.5, Exercise.AMERICAN)
    assert (call.ticks.at(2.9), call.ticks.at(3.0)) == (0.05, 0.10)


def test_a_hedge_has_the_lot_of_the_execution_unless_it_has_its_own(good):
    assert load(good, {"execution.lot": "0"}).build_universe().underlyings[0].lot == 0
    changes = {"execution.lot": "0", "underlyings.0.lot": "10"}
    assert load(good, changes).build_universe().underlyings[0].lot == 10


def test_strikes_of_a_range_are_exact_decimals(good):
    scenario = load(good, {"options.0.strikes": "{from: 0.1, to: 0.7, step: 0.1}"})
    assert scenario.options[0].strikes == (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)


def test_times_are_nanoseconds(good):
    scenario = load(good, {"latency.quote": "500us"})
    assert scenario.latency.quote == 500_000
    assert scenario.spot_model("ABC").step == UNITS_NS["s"]
    assert scenario.clock.start == parse_instant("2026-01-05T14:30:00Z")


def test_recorded_series_expire_at_their_time_and_on_half_days_at_another():
    options = load(SCENARIOS / "recorded/goog.yaml").options[0]
    days = {
        "2015-12-24": "2015-12-24T18:00:00Z",
        "2015-12-31": "2015-12-31T21:00:00Z",
        "2016-06-17": "2016-06-17T20:00:00Z",
    }
    for day, instant in days.items():
        assert options.expiry_ns(date.fromisoformat(day)) == parse_instant(instant)


def test_policy_parameters_are_kept_as_written(good):
    scenario = load(good, {"hedging": "{policy: interval, interval_ns: 1h}"})
    assert scenario.quoting.parameters == {"half_spread_vol": 0.004}
    assert scenario.hedging.parameters == {"interval_ns": "1h"}
    policy = scenario.policy("hedging")
    assert (policy.name, policy.parameters) == ("interval", {"interval_ns": 3_600_000_000_000})


def test_a_later_problem_is_placed_where_its_value_stands(good):
    problem = load(good).problem(("quoting", "half_spread_vol"), "too wide")
    assert str(problem) == f"{good}:12:52: quoting.half_spread_vol: too wide"
    changed = load(good, {"quoting.half_spread_vol": "0.1"}).problem(("quoting", "half_spread_vol"), "too wide")
    assert str(changed) == "--set: quoting.half_spread_vol: too wide"


def test_all_mistakes_at_once_each_with_place_key_and_suggestion(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(
        GOOD.replace("2026-01-05T21:00:00Z", "2026-01-05T14:00:00Z")
        .replace("{symbol: ABC}", "{symbol: ABC, knd: stock, tick: -1}")
        .replace("level: 0.2", "level: -0.2")
        .replace("model: gbm", "model: gmb")
        .replace("per_hour: 60", 'per_hour: "60"')
        + "latncy: {quote: 5s}\nlatency: {quote: 5}\n"
    )
    found = {(p.line, p.column, p.key, p.suggestion) for p in mistakes(path)}
    assert found == {
        (2, 43, "clock.end", ""),  # a check across keys, beside mistakes of single keys elsewhere
        (4, 19, "underlyings.0.knd", "kind"),
        (4, 37, "underlyings.0.tick", ""),
        (8, 17, "market.spot.model", "gbm"),
        (9, 40, "market.volatility.level", ""),
        (11, 44, "clients.0.per_hour", ""),
        (13, 1, "latncy", "latency"),
        (14, 18, "latency.quote", ""),
    }


def test_mistakes_of_policies_are_said_beside_all_others(good):
    changes = {
        "market.volatility.level": "-0.3",
        "quoting.policy": "inventory_skw",
        "hedging": "{policy: delta_band, bnd: -5, foo: 1, band: wide, instrument: Q, 5: 3}",
    }
    assert {(p.key, p.suggestion) for p in mistakes(good, changes)} == {
        ("hedging.5", ""),
        ("market.volatility.level", ""),
        ("hedging.instrument", ""),
        ("quoting.policy", "inventory_skew"),
        ("hedging.bnd", "band"),
        ("hedging.foo", ""),
        ("hedging.band", ""),
    }


def test_dividends_beyond_the_clock_take_nothing_off_the_price(good):
    dividends = DIVIDENDS.replace("T16:00:00Z", "T22:00:00Z")
    assert len(load(good, {"dividends": dividends}).dividends) == 2


def test_a_policy_mistake_is_placed_where_it_stands(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(GOOD.replace("half_spread_vol", "half_spred_vol").replace("level: 0.2", "level: -0.2"))
    assert [(p.line, p.column, p.key) for p in mistakes(path)] == [
        (9, 40, "market.volatility.level"),
        (12, 35, "quoting.half_spred_vol"),
    ]


@pytest.mark.parametrize("entry", ["inventory_skew", "[1]", "{policy: 5}", "{policy: ''}", "{policy: null}"])
def test_an_entry_that_names_no_policy_is_one_mistake(good, entry):
    assert len(mistakes(good, {"quoting": entry})) == 1


def test_the_nearest_of_a_thousand_names_is_found_for_hundreds_of_mistakes(good):
    orders = ", ".join(ORDER.replace("C100", f"C1{n:03}0x") for n in range(300))
    changes = {"options.0.strikes": "{from: 100, to: 20000, step: 10}", "clients.0": SCRIPTED % orders}
    begun = time.process_time()
    found = [p for p in mistakes(good, changes) if p.key.endswith("option")]
    assert time.process_time() - begun < 5
    assert [p.suggestion for p in found] == [f"ABC 2026-01-16 C1{n:03}0" for n in range(300)]


ORDER = "{at: 2026-01-05T15:00:00Z, option: ABC 2026-01-16 C100, side: buy, size: 1, price: 2}"
DIVIDENDS = str(
    [{"underlying": "ABC", "ex": f"2026-01-05T{hour}:00:00Z", "amount": 40 * n} for n, hour in ((1, 15), (2, 16))]
)
SCRIPTED = "{name: s, model: scripted, orders: [%s]}"


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"clock.start": "2026-01-05T14:30:00"}, "clock.start", "no time zone"),
        ({"clock.end": "2026-01-05T14:30:00Z"}, "clock.end", "later than the start"),
        ({"options.0.expiry": "2026-01-01T21:00:00Z"}, "options.0.expiry", "later than the clock's start"),
        ({"options.0.last_trade": "2026-01-17T21:00:00Z"}, "options.0.last_trade", "later than the expiry"),
        ({"options.0.strikes": "[100, -5]"}, "options.0.strikes.1", "greater than 0"),
        ({"options.0.strikes": "[]"}, "options.0.strikes", "must not be empty"),
        ({"options.0.strikes": "{from: 1, to: 2}"}, "options.0.strikes", "list of strikes"),
        ({"options.0.strikes": "{from: 1, to: 1.0e+9, step: 1}"}, "options.0.strikes", "at most 10,000"),
        ({"options.0.strikes": "[100, 100]", "options.0.rights": "[put]"}, "options.0", "stands twice"),
        ({"options.0.ticks": "{1: 0.05}"}, "options.0.ticks", "begins at price 0"),
        ({"options.0.ticks": "0"}, "options.0.ticks", "greater than 0"),
        ({"options.0.underlying": "ABD"}, "options.0.underlying", "did you mean 'ABC'"),
        ({"options.0.premium": "futures_style"}, "options.0.premium", "options on futures"),
        ({"options.0.expiry_time": "16:00 UTC"}, "options.0.expiry_time", "recorded markets"),
        ({"options.0.strikes": "null"}, "options.0.strikes", "is missing"),
        ({"underlyings": "[{symbol: ABC}, {symbol: ABC}]"}, "underlyings.1.symbol", "stands twice"),
        (
            {"underlyings.0": "{symbol: ABC, kind: future, dividend_yield: 0.1}"},
            "underlyings.0.dividend_yield",
            "no divid",
        ),
        ({"underlyings": "[]"}, "underlyings", "must not be empty"),
        ({"market.spot.volatility": "-0.2"}, "market.spot.volatility", "at least 0"),
        ({"market.spot.volatility": "20.5"}, "market.spot.volatility", "at most 20"),
        ({"market.spot.volatility": "1e999"}, "market.spot.volatility", "finite"),
        ({"market.spot.step": "0s"}, "market.spot.step", "longer than 0"),
        ({"market.spot.step": "1d"}, "market.spot.step", "longer than the clock"),
        ({"market.spot.step": "1ns"}, "market.spot.step", "ticks a path"),
        ({"market.spot": "null"}, "market.spot", "or is recorded"),
        ({"market.spot": "{XYZ: {model: path, step: 1s, prices: [1]}}"}, "market.spot.XYZ", "unknown underlying"),
        ({"market.spot": "{start: 1}"}, "market.spot", "needs the key 'model'"),
        ({"market.theo.volatility": "mid"}, "market.theo.volatility", "recorded markets"),
        ({"market.theo.volatility": "-1"}, "market.theo.volatility", "market, mid, surface or a volatility"),
        ({"market.recorded": "{folder: x}"}, "market.spot", "take one of the two out"),
        ({"clients.0.buy_share": "1.5"}, "clients.0.buy_share", "at most 1"),
        ({"clients.0.sizes": "[1, -2]"}, "clients.0.sizes.1", "at least 1"),
        ({"clients": "[{name: a, model: recorded_trades}]"}, "clients.0.model", "needs market.recorded"),
        ({"clients": f"[{SCRIPTED % ORDER}, {SCRIPTED % ORDER}]"}, "clients.1.name", "stands twice"),
        (
            {"clients.0": SCRIPTED % ORDER.replace("C100", "C101")},
            "clients.0.orders.0.option",
            "did you mean 'ABC 2026",
        ),
        ({"clients.0": SCRIPTED % ORDER.replace("T15", "T23")}, "clients.0.orders.0.at", "outside the clock"),
        ({"clients.0": SCRIPTED % ORDER.replace("size: 1", "size: -1")}, "clients.0.orders.0.size", "greater than 0"),
        ({"opening.options": "[{option: ABC, size: 1}]"}, "opening.options.0.option", "unknown option"),
        ({"opening.hedges": "[{underlying: ABD, units: 1}]"}, "opening.hedges.0.underlying", "did you mean 'ABC'"),
        ({"hedging.instrument": "ABD"}, "hedging.instrument", "did you mean 'ABC'"),
        ({"hedging.instrument": "{ABC: ABD}"}, "hedging.instrument.ABC", "did you mean 'ABC'"),
        ({"dividends": "[{underlying: ABC, ex: 2026-01-01T00:00:00Z, amount: 1}]"}, "dividends.0.ex", "clock's start"),
        ({"sessions": "{open: 09:30, close: 16:00, zone: New_York}"}, "sessions.zone", "no time zone"),
        ({"sessions": "{open: 9, close: 16:00, zone: UTC}"}, "sessions.open", "text such as 09:30"),
        ({"rates.options_cash": "4"}, "rates.options_cash", "at most 1"),
        ({"execution.post_only": "1"}, "execution.post_only", "true or false"),
        ({"execution.matching": "lfo"}, "execution.matching", "did you mean 'lifo'"),
        ({"seed": "1.5"}, "seed", "whole number"),
        ({"seed": "true"}, "seed", "whole number"),
        ({"name": "../up"}, "name", "does not match"),
        ({"name": "a" * 101}, "name", "at most 100 characters"),
        ({"currency": "usd"}, "currency", "does not match"),
        ({"quoting": "inventory_skew"}, "quoting", "mapping of keys"),
        ({"clients": "{}"}, "clients", "must be a list"),
        ({"clients.0": "5"}, "clients.0", "mapping of keys, not 5"),
        ({"clock": "{}"}, "clock.end", "is missing"),
        ({"paths": "0"}, "paths", "at least 1"),
        # values that no run could bear
        ({"clock.end": "2026-01-05T21:00:00+99:00"}, "clock.end", "no time zone"),
        ({"clock.volatility_days": "1e-300"}, "clock.volatility_days", "at least 1"),
        ({"market.spot.step": "60000w"}, "market.spot.step", "50 years"),
        ({"market.spot": "{model: path, step: 2600w, prices: [1, 1, 1]}"}, "market.spot.step", "50 years"),
        ({"market.spot.start": "1e-320"}, "market.spot.start", "at least 1e-09"),
        ({"market.spot.drift": "-1e6"}, "market.spot.drift", "at least -20"),
        ({"market.spot.drift": "20", "clock.end": "2030-01-01T00:00:00Z"}, "market.spot.drift", "takes the spot"),
        (
            {"market.spot.volatility": "20", "clock.end": "2027-01-01T00:00:00Z"},
            "market.spot.volatility",
            "takes the spot from 100 out of",
        ),
        ({"market.spot.half_spread": "100"}, "market.spot.half_spread", "less than the spot, 100"),
        (
            {"market.spot": "{ABC: {model: path, step: 1s, prices: [3, 2], half_spread: 2.5}}"},
            "market.spot.ABC.half_spread",
            "less than the spot, 2",
        ),
        ({"market.theo.volatility": "1e10"}, "market.theo.volatility", "at most 20"),
        ({"market.volatility.level": "0"}, "market.volatility.level", "greater than 0"),
        ({"options.0.strikes": "[1e300]"}, "options.0.strikes.0", "at most 1e+09"),
        ({"options.0.multiplier": "1e300"}, "options.0.multiplier", "at most 1e+09"),
        ({"options.0.ticks": "1e-320"}, "options.0.ticks", "1e-09 to 1e+09"),
        ({"options.0.ticks": "{0: 0.1, 1e300: 1}"}, "options.0.ticks", "1e-09 to 1e+09"),
        ({"options.0.last_trade": "2026-01-05T14:30:00Z"}, "options.0.last_trade", "later than the clock's start"),
        ({"underlyings.0.tick": "1e-320"}, "underlyings.0.tick", "at least 1e-09"),
        ({"underlyings.0.lot": "1e-320"}, "underlyings.0.lot", "at least 1e-09"),
        ({"execution.fee_per_hedge": "1e15"}, "execution.fee_per_hedge", "at most 1e+09"),
        ({"execution.fee_per_option": "-1e15"}, "execution.fee_per_option", "at least -1e+09"),
        ({"limits.loss": "1e13"}, "limits.loss", "at most 1e+12"),
        ({"clients.0.per_hour": "1e12"}, "clients.0.per_hour", "at most 1e+09"),
        ({"clients.0.per_hour": "1e8"}, "clients.0.per_hour", "at most 100,000,000"),
        ({"clients.0.offset_ticks": "1e6"}, "clients.0.offset_ticks", "at most 100,000,000"),
        ({"clients.0.sizes": "[1000000000000]"}, "clients.0.sizes.0", "at most 1e+09"),
        ({"clients.0.sizes": "[1, 1000000000]"}, "clients.0.sizes", "is worth 1.1e+13"),
        ({"clients.0": SCRIPTED % ORDER.replace("size: 1", "size: 1e9")}, "clients.0.orders.0.size", "can be kept"),
        (
            {"opening.options": "[{option: ABC 2026-01-16 C100, size: -1e9}]"},
            "opening.options.0.size",
            "is worth 1.1e+13",
        ),
        ({"opening.options": "[{option: ABC 2026-01-16 C100, size: 1e300}]"}, "opening.options.0.size", "at most"),
        ({"opening.hedges": "[{underlying: ABC, units: 1e9, price: 1e6}]"}, "opening.hedges.0.units", "can be kept"),
        ({"report.mark_every": "1ns"}, "report.mark_every", "marks a path: at most 100,000,000"),
        ({"latency": "{5: 3}"}, "latency.5", "unknown key"),
        ({"dividends": DIVIDENDS}, "dividends.1.amount", "pays 120 in all, but stands at 100"),
        ({"hedging": "{policy: interval, interval_ns: 99999999999999999999999}"}, "hedging.interval_ns", "at most"),
        ({"hedging": "{policy: delta_band, band: -5}"}, "hedging.band", "at least 0"),
        # the change itself
        ({"options.1.expiry": "x"}, "options.1.expiry", "a list of 1"),
        ({"name.x": "1"}, "name.x", "name has no keys"),
        ({"seed": "[1"}, "seed", "not YAML"),
        ({"clock.strt": "1"}, "clock.strt", "did you mean 'start'"),
    ],
)
def test_mistakes(good, changes, key, words):
    found = [p for p in mistakes(good, changes) if p.key == key]
    assert len(found) == 1, mistakes(good, changes)
    assert words in str(found[0])
    assert found[0].file in ("--set", str(good))


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"options.0.strikes": "[1]"}, "options.0.strikes", "comes from the recorded data"),
        ({"options.0.expiry_time": "null"}, "options.0.expiry_time", "is missing"),
        ({"options.0.expiry_time": "16:00"}, "options.0.expiry_time", "no time zone"),
        ({"options.0.half_days": "{Monday: 13:00 UTC}"}, "options.0.half_days.Monday", "must be a date"),
        ({"clients": "[{name: a, model: recorded_trades, allocation: pro_rata, fills: trade_through}]"},
         "clients.0.allocation", "is for fills: touch"),
        ({"clients": "[{name: a, model: recorded_trades}, {name: b, model: recorded_trades}]"},
         "clients.1.model", "the recorded trades are those of 'a' already"),
        ({"market.recorded.refuse_above": "2"}, "market.recorded.refuse_above", "at most 1"),
    ],
)  # fmt: skip
def test_mistakes_in_recorded_markets(good, changes, key, words):
    assert load(good, RECORDED).market.recorded.folder == "tape"
    found = mistakes(good, RECORDED | changes)
    assert [(p.key, words in p.message) for p in found] == [(key, True)], found


def test_a_file_that_is_no_mapping(tmp_path):
    for text in ("", "[1, 2]", "hello"):
        (tmp_path / "s.yaml").write_text(text)
        assert "mapping of keys" in mistakes(tmp_path / "s.yaml")[0].message


def test_from_python_all_mistakes_come_as_one_validation_error(good):
    dump = load(good).dump()
    dump["clock"]["end"] = dump["clock"]["start"]
    dump["hedging"]["instrument"] = "ABD"
    with pytest.raises(ValidationError) as raised:
        Scenario.model_validate(dump)
    assert {error["loc"] for error in raised.value.errors()} == {("clock", "end"), ("hedging", "instrument")}


def test_changes_add_up(good):
    scenario = load(good, {"seed": "3"}).with_changes({"paths": 5}).with_changes({"quoting.half_spread_vol": "0.01"})
    assert (scenario.seed, scenario.paths, scenario.quoting.parameters) == (3, 5, {"half_spread_vol": 0.01})
    with pytest.raises(UserError, match="--set: paths: must be at least 1"):
        scenario.with_changes({"paths": 0})
    assert Scenario.model_validate(scenario.dump()).with_changes({"seed": 4}).seed == 4


def test_a_scenario_is_immutable(good):
    with pytest.raises(ValidationError, match="frozen"):
        load(good).seed = 2


def test_schema_describes_every_key():
    schema = json_schema()
    models = [schema, *schema["$defs"].values()]
    bare = [
        (model.get("title"), name)
        for model in models
        for name, key in model.get("properties", {}).items()
        if "description" not in key and "const" not in key
    ]
    assert bare == []
    assert schema["$defs"]["Clock"]["properties"]["start"]["type"] == "string"
    assert set(schema["required"]) == {"name", "clock", "underlyings", "options", "market"}


VARIANTS = """
variants:
  tight: {quoting.half_spread_vol: 0.002}
  wide: {quoting.half_spread_vol: -1, hedging: {policy: interval, interval_ns: 1h, bnd: 2}}
  odd: {quoting.half_sprd_vol: 0.002, options.7.strikes: [1], clock.end: 2020-01-01T00:00Z}
"""


def test_a_mistake_of_a_variant_has_the_place_where_the_variant_says_it(tmp_path):
    text = (ROOT / "scenarios/synthetic/market_maker_day.yaml").read_text()
    file = tmp_path / "variants.yaml"
    file.write_text(text + VARIANTS)
    lines = (text + VARIANTS).splitlines()
    found = {problem.key: problem for problem in mistakes(file, {})}
    assert set(found) == {
        "quoting.half_spread_vol",
        "hedging.bnd",
        "quoting.half_sprd_vol",
        "options.7.strikes",
        "clock.end",
    }
    for key, problem in found.items():
        assert problem.file == str(file)
        assert key.rpartition(".")[2] in lines[problem.line - 1]
    assert lines[found["hedging.bnd"].line - 1][found["hedging.bnd"].column - 1 :].startswith(("bnd", "2"))


def test_a_variant_is_the_scenario_with_its_keys_changed(tmp_path):
    file = tmp_path / "variants.yaml"
    file.write_text((ROOT / "scenarios/synthetic/market_maker_day.yaml").read_text() + VARIANTS.partition("  wide")[0])
    scenario = load(file, {"seed": "3", "quoting.size": "7"})
    tight = scenario.variant("tight")
    assert tight.quoting.parameters == {**scenario.quoting.parameters, "half_spread_vol": 0.002}
    assert (tight.seed, tight.variants) == (3, {})
    with pytest.raises(UserError, match=r"no variant is called 'tigt'.*did you mean 'tight'"):
        scenario.variant("tigt")
    assert Scenario.model_validate(scenario.dump()).variants == scenario.variants


@pytest.mark.parametrize("key", ["name", "currency", "paths", "variants.more"])
def test_some_keys_are_one_for_all_variants(good, key):
    found = mistakes(good, {"variants": f"{{a: {{{key}: EUR}}}}"})
    assert [problem.message for problem in found] == ["is one for all variants"]
