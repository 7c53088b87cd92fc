"""Recorded files: what is read of them, what is dropped, and why."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from mmsim.errors import UserError
from mmsim.events import Allocation, Events, FillRule, Kind
from mmsim.market import Market, build
from mmsim.pricing import implied_volatility
from mmsim.scenario import Scenario

Make = Callable[..., Scenario]
MINUTE = 60_000_000_000


def of(market: Market, kind: Kind) -> Events:
    events = market.events(0)
    return events[events["kind"] == kind]


def counts(market: Market, file: str) -> dict[str, int]:
    prefix = f"{file}: "
    return {key.removeprefix(prefix): n for key, n in market.quality.items() if key.startswith(prefix)}


def test_a_missing_side_is_carried_forward(replayed: Make, day: Any) -> None:
    day.quote(0, 2.0, None)
    day.quote(1, None, 2.4, ask_size=7.0)
    day.quote(2, 2.1, None, bid_size=3.0)
    market = build(replayed(), day.write())
    quotes = of(market, Kind.QUOTE)
    assert np.array_equal(quotes["bid"], [2.0, 2.0, 2.1])
    assert np.array_equal(quotes["ask"], [np.nan, 2.4, 2.4], equal_nan=True)
    assert quotes["bid_size"].tolist() == [10, 10, 3]
    assert quotes["ask_size"].tolist() == [0, 7, 7]
    assert ((quotes["ts"] - replayed().clock.start) / MINUTE).tolist() == [1, 2, 3]  # known at the ends of their bars


def test_a_side_that_the_other_crosses_is_withdrawn(replayed: Make, day: Any) -> None:
    day.quote(0, 2.0, 2.2)
    day.quote(1, 2.5, None)
    day.quote(2, None, 2.7)
    market = build(replayed(), day.write())
    quotes = of(market, Kind.QUOTE)
    assert np.array_equal(quotes["bid"], [2.0, 2.5, 2.5])
    assert np.array_equal(quotes["ask"], [2.2, np.nan, 2.7], equal_nan=True)
    assert counts(market, "option_quote") == {"rows": 3, "side withdrawn: crossed by the other": 1}


def test_a_price_of_0_beside_another_is_no_side_and_carries_nothing(replayed: Make, day: Any) -> None:
    day.quote(0, 2.0, 2.2)
    day.quote(1, 0.0, 0.05)
    day.quote(2, None, 0.1)  # still no bid
    day.quote(3, 0.05, None)
    day.quote(4, 0.05, 0.0)
    day.quote(5, 0.1, None)
    recorded = {"folder": "day", "refuse_above": 0.0}
    market = build(replayed(market={"recorded": recorded, "theo": {"volatility": "mid"}}), day.write())
    quotes = of(market, Kind.QUOTE)
    nan = np.nan
    assert np.array_equal(quotes["bid"], [2.0, nan, nan, 0.05, 0.05, 0.1], equal_nan=True)
    assert np.array_equal(quotes["ask"], [2.2, 0.05, 0.1, 0.1, nan, nan], equal_nan=True)
    assert quotes["bid_size"].tolist() == [10, 0, 0, 10, 10, 10]
    assert quotes["ask_size"].tolist() == [10, 10, 10, 10, 0, 0]
    assert counts(market, "option_quote") == {"rows": 6, "price 0: no such side": 2}


def test_a_price_of_0_with_no_other_is_wrong(replayed: Make, day: Any) -> None:
    day.quote(0)
    for bid, ask in ((0.0, 0.0), (0.0, None), (None, 0.0), (0.0, -1.0)):
        day.quote(1, bid, ask)
    market = build(replayed(), day.write())
    assert counts(market, "option_quote") == {"rows": 5, "negative, zero or infinite price": 4}


def test_rows_known_before_their_bar_began_are_wrong(replayed: Make, day: Any) -> None:
    """Whether within the clock or before it, and where the bar itself is pre-open they are merely that."""
    begin = pd.Timestamp("2026-03-02T15:00Z")
    for name in ("spot", "quote"):
        getattr(day, name)(0, ts_utc=begin - pd.Timedelta(minutes=1), bar_start_utc=begin)
        getattr(day, name)(0, ts_utc=begin - pd.Timedelta(hours=1), bar_start_utc=begin)
        getattr(day, name)(0, ts_utc=begin - pd.Timedelta(hours=2), bar_start_utc=begin - pd.Timedelta(hours=1))
    day.trade(0, 2.2, ts_utc=begin - pd.Timedelta(minutes=1), bar_start_utc=begin)
    day.quote(1)
    market = build(replayed(), day.write())
    early = "known before its bar began"
    assert counts(market, "underlying_quote") == {"rows": 4, "pre-open": 1, early: 2}
    assert counts(market, "option_quote") == {"rows": 4, "pre-open": 1, early: 2}
    assert counts(market, "option_trade") == {"rows": 1, early: 1}
    for kind in (Kind.SPOT, Kind.QUOTE):
        assert (of(market, kind)["ts"] >= replayed().clock.start).all()
    refusing = {"recorded": {"folder": "day", "refuse_above": 0.5}, "theo": {"volatility": "mid"}}
    with pytest.raises(UserError, match=r"2 of 3 rows are wrong .*2 known before its bar began"):
        build(replayed(market=refusing), day.folder)


def test_wrong_rows_are_dropped_and_counted_by_reason(replayed: Make, day: Any) -> None:
    nan = float("nan")
    for minute in range(10, 20):
        day.quote(minute)
    for minute, wrong in enumerate(
        [
            {"bid": 2.3},  # crossed
            {"bid": 2.2},  # locked, which is right
            {"bid": -1.0},
            {"ask": 0.0, "bid": nan},
            {"ask": float("inf")},
            {"bid": nan, "ask": nan},
            {"ask_size": -1.0},
            {"bid_size": 0.0},  # kept, with size 0
            {"cp": "X"},
            {"strike": nan},
            {"expiry": pd.NaT},
            {"ts_utc": pd.NaT},
            {"root": "OTHER"},
            {"expiry": pd.Timestamp("2026-02-20")},
        ],
        start=20,
    ):
        day.quote(minute, **wrong)
    day.quote(10, 1.9)  # again
    day.quote(-5)
    day.quote(400)
    market = build(replayed(), day.write())
    assert counts(market, "option_quote") == {
        "rows": 27,
        "not in the scenario": 1,
        "pre-open": 1,
        "after the end": 1,
        "no time": 1,
        "unknown instrument": 3,
        "expired option": 1,
        "no price": 1,
        "negative, zero or infinite price": 3,
        "negative size": 1,
        "crossed": 1,
        "duplicate": 1,
        "out of order, sorted": 1,
        "size 0 at a price": 1,
    }
    assert len(of(market, Kind.QUOTE)) == 12
    assert of(market, Kind.QUOTE)["bid"][0] == 1.9  # of two of one time the lower


def test_too_many_wrong_rows_are_refused(replayed: Make, day: Any) -> None:
    for minute in range(8):
        day.quote(minute)
    day.quote(8, 3.0, 2.0)
    day.quote(8, 3.0, 2.0)
    day.quote(-5, 3.0, 2.0)  # is not looked at
    folder = day.write()
    recorded = {"folder": "day", "refuse_above": 0.2}
    build(replayed(market={"recorded": recorded, "theo": {"volatility": "mid"}}), folder)
    with pytest.raises(UserError, match=r"2 of 10 rows are wrong .*2 crossed"):
        build(replayed(market={"recorded": recorded | {"refuse_above": 0.19}, "theo": {"volatility": "mid"}}), folder)


def test_a_file_without_a_right_row_is_refused_for_what_is_wrong(replayed: Make, day: Any) -> None:
    day.quote(0, 3.0, 2.0)
    with pytest.raises(UserError, match=r"1 of 1 rows are wrong .*1 crossed"):
        build(replayed(market={"recorded": {"folder": "day"}, "theo": {"volatility": "mid"}}), day.write())


def test_trades_become_bar_trades_with_the_clients_side(replayed: Make, day: Any) -> None:
    day.quote(0, 2.0, 2.2)
    day.trade(0, 2.2)  # nothing known before
    day.trade(1, 2.2, 5)
    day.trade(2, 2.1, 3)  # at the mid: down from the last price
    day.trade(3, 2.0, 0)
    day.trade(4, float("nan"))
    day.trade(5, 2.0, strike=105.0)
    day.trade(6, -2.0)
    tape = {"name": "tape", "model": "recorded_trades", "allocation": "pro_rata", "fills": "touch"}
    flow = {"name": "flow", "model": "poisson", "per_hour": 1, "reservation_ticks": 2.0}
    clients = [flow, tape]
    market = build(replayed(clients=clients), day.write())
    trades = of(market, Kind.BAR_TRADE)
    assert trades["client"].tolist() == [1, 1]
    assert trades["side"].tolist() == [1, -1]
    assert trades["price"].tolist() == [2.2, 2.1]
    assert trades["size"].tolist() == [5, 3]
    assert market.rules.tolist() == [[Allocation.NONE, FillRule.RESERVATION], [Allocation.PRO_RATA, FillRule.TOUCH]]
    assert counts(market, "option_trade") == {
        "rows": 7,
        "no price": 1,
        "negative, zero or infinite price": 1,
        "negative size": 1,
        "option not quoted by then": 1,
        "side by the quote before": 1,
        "side by the last change of price": 1,
        "no side": 1,
    }
    assert any("2 recorded trades are guessed" in note for note in market.notes)


def test_volatilities_are_those_of_the_mid_and_the_spot_in_force(replayed: Make, day: Any) -> None:
    day.spot(1, 101.9, 102.1)
    day.quote(0, 2.0, 2.2)
    day.quote(1, 3.1, 3.3)  # with the tick of its own time
    day.quote(2, None, 3.4)
    market = build(
        replayed(
            market={"recorded": {"folder": "day"}, "theo": {"volatility": "mid"}},
            rates={"pricing": 0.04},
            underlyings=[{"symbol": "ABC", "dividend_yield": 0.01}],
        ),
        day.write(),
    )
    marks = of(market, Kind.VOLATILITY)
    years = (market.universe.options[0].expiry_ns - marks["ts"]) / (365 * 86_400e9)
    expected = implied_volatility(
        price=[2.1, 3.2, 3.25], spot=[100.0, 102.0, 102.0], strike=100.0, years=years, rate=0.04, carry=0.03
    )["volatility"]
    assert marks["value"] == pytest.approx(expected.to_numpy(), abs=1e-9)
    assert len(of(market, Kind.FAIR_VOLATILITY)) == 0


def test_a_given_volatility_stands_from_the_start(replayed: Make, day: Any) -> None:
    day.quote(0)
    day.quote(0, strike=105.0)
    market = build(replayed(market={"recorded": {"folder": "day"}, "theo": {"volatility": 0.3}}), day.write())
    marks = of(market, Kind.VOLATILITY)
    assert marks["value"].tolist() == [0.3, 0.3]
    assert set(marks["ts"]) == {replayed().clock.start}


def busy(day: Any) -> None:
    """Quotes, ticks and trades of several options at random."""
    draws = np.random.default_rng(5)
    for minute in range(1, 120):
        spot = 100 + 0.1 * float(draws.standard_normal())
        day.spot(minute, round(spot - 0.05, 2), round(spot + 0.05, 2))
        for strike in (95.0, 100.0, 105.0):
            fair = max(spot - strike, 0) + 2 + 0.1 * float(draws.random())
            bid, ask = round(fair - 0.1, 2), round(fair + 0.1, 2)
            day.quote(minute, *((bid, ask), (None, ask), (bid, None))[draws.integers(3)], strike=strike)
            if draws.random() < 0.2:
                day.trade(minute, round(fair, 2), int(draws.integers(1, 9)), strike=strike)
    day.quote(60, 2.0, 2.2)  # again, and different


def test_the_order_of_rows_in_the_files_changes_nothing(replayed: Make, day: Any) -> None:
    busy(day)
    straight = build(replayed(), day.write()).events(0)
    for seed in (1, 2):
        shuffled = build(replayed(), day.write(shuffle=seed))
        assert shuffled.events(0).tobytes() == straight.tobytes()
        assert shuffled.quality["option_quote: out of order, sorted"] > 100


def named(market: Market, until: int) -> list[Any]:
    """The events up to a time, with names in place of the numbers of options and NaN made equal to itself."""
    events = market.events(0)
    events = events[(events["ts"] <= until) & (events["kind"] != Kind.EXPIRY)]
    of_options = np.isin(events["kind"], [Kind.BAR_TRADE, Kind.QUOTE, Kind.VOLATILITY, Kind.ORDER])
    names = [market.universe.options[row["instrument"]].name for row in events[of_options]]
    events["instrument"][of_options] = -1
    return [names, events.tobytes()]


def test_nothing_depends_on_what_comes_later(replayed: Make, day: Any) -> None:
    """Options that are quoted only later have their numbers, but no client asks for them before."""
    busy(day)
    for minute in range(100, 120):
        day.quote(minute, 3.0, 3.2, strike=97.0)
    flow = {"name": "flow", "model": "poisson", "per_hour": 60, "reservation_ticks": 2.0}
    scenario = replayed(clients=[{"name": "tape", "model": "recorded_trades"}, flow])
    whole = build(scenario, day.write())
    cut = day.stock[0]["ts_utc"] + pd.Timedelta(minutes=70)
    for rows in (day.stock, day.quotes, day.trades):
        rows[:] = [row for row in rows if row["ts_utc"] <= cut]
    short = build(scenario, day.write())
    assert len(short.universe.options) < len(whole.universe.options)
    assert named(short, cut.value) == named(whole, cut.value)
    assert len(of(short, Kind.VOLATILITY)) > 100
    assert len(of(short, Kind.ORDER)) > 30


def test_latency_below_the_resolution_is_said(replayed: Make, day: Any) -> None:
    day.quote(0)
    notes = build(replayed(latency={"quote": "500us", "hedge": "2m"}), day.write()).notes
    assert [note for note in notes if "latency" in note] == [
        "latency.quote of 500us is below the data's resolution of 1m"
    ]


def test_terms_come_from_the_scenario(replayed: Make, day: Any) -> None:
    day.quote(0)
    day.quote(0, cp="P")
    terms = {
        "underlying": "ABC",
        "rights": ["call"],
        "multiplier": 10,
        "ticks": {0: 0.05, 3: 0.1},
        "settlement": "physical",
    }
    half = {"expiry_time": "16:00 America/New_York", "half_days": {"2026-03-20": "13:00 America/New_York"}}
    market = build(replayed(options=[terms | half]), day.write())
    (option,) = market.universe.options
    assert option.name == "ABC 2026-03-20 C100"
    assert (option.multiplier, option.ticks.steps, option.settlement.name) == (10, (0.05, 0.1), "PHYSICAL")
    assert pd.Timestamp(option.expiry_ns, tz="America/New_York").hour == 13
    assert counts(market, "option_quote")["not in the scenario"] == 1


def test_inputs_are_named_with_their_hashes(replayed: Make, day: Any) -> None:
    day.quote(0)
    folder = day.write()
    inputs = build(replayed(clients=[]), folder).inputs
    assert set(inputs) == {"option_quote.parquet", "underlying_quote.parquet"}  # trades are not looked at
    for name, digest in inputs.items():
        assert digest == hashlib.sha256((folder / "day" / name).read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("folder", "message", "suggestion"),
    [("dya", "no folder", "day"), ("day", "no file 'option_trade.parquet'", "option_trades.parquet")],
)
def test_missing_folders_and_files(replayed: Make, day: Any, folder: str, message: str, suggestion: str) -> None:
    day.quote(0)
    data = day.write()
    (data / "day" / "option_trade.parquet").rename(data / "day" / "option_trades.parquet")
    with pytest.raises(UserError, match=message) as error:
        build(replayed(market={"recorded": {"folder": folder}, "theo": {"volatility": "mid"}}), data)
    assert [(problem.key, problem.suggestion) for problem in error.value.problems] == [
        ("market.recorded.folder", suggestion)
    ]


def change(file: Path, **columns: Any) -> None:
    table = pd.read_parquet(file)
    table.assign(**columns).drop(columns=[name for name, new in columns.items() if new is None]).to_parquet(file)


def test_missing_columns_are_named_all_at_once(replayed: Make, day: Any) -> None:
    day.quote(0)
    file = day.write() / "day" / "option_quote.parquet"
    change(file, strike=None, bid_sz=1.0, bid_size=None)
    with pytest.raises(UserError) as error:
        build(replayed(), day.folder)
    assert [(p.message, p.file, p.suggestion) for p in error.value.problems] == [
        ("has no column 'bid_size'", str(file), "bid_sz"),
        ("has no column 'strike'", str(file), ""),
    ]


def test_what_columns_lack_is_said_of_all_files(replayed: Make, day: Any) -> None:
    day.quote(0)
    day.trade(0, 2.1)
    folder = day.write() / "day"
    change(folder / "underlying_quote.parquet", symbol=None)
    change(folder / "option_quote.parquet", strike=None, ts_utc=[1_772_000_000_000_000])
    (folder / "option_trade.parquet").write_text("ts_utc,close")
    with pytest.raises(UserError) as error:
        build(replayed(), day.folder)
    assert [(Path(p.file).stem, p.message[:30]) for p in error.value.problems] == [
        ("underlying_quote", "has no column 'symbol'"),
        ("option_quote", "has no column 'strike'"),
        ("option_quote", "column 'ts_utc' is int64, not "),
        ("option_trade", "cannot be read as Parquet: Par"),
    ]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_may_have_any_unit(replayed: Make, day: Any, unit: str) -> None:
    day.quote(0)
    file = day.write() / "day" / "option_quote.parquet"
    change(file, ts_utc=pd.read_parquet(file)["ts_utc"].astype(f"datetime64[{unit}, UTC]"))
    quotes = of(build(replayed(), day.folder), Kind.QUOTE)
    assert ((quotes["ts"] - replayed().clock.start) / MINUTE).tolist() == [1]


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("bid", ["two"], "'bid' is .*, not double"),
        ("ts_utc", [pd.Timestamp("2026-03-02")], "'ts_utc' is timestamp.*, not a timestamp with the zone UTC"),
        ("ts_utc", [pd.Timestamp("2026-03-02", tz="Europe/Berlin")], "'ts_utc' .*Berlin.*, not .* the zone UTC"),
        ("ts_utc", [1_772_461_860_000_000], "'ts_utc' is int64, not a timestamp"),
        ("ts_utc", ["2026-03-02T14:31:00Z"], "'ts_utc' is .*string, not a timestamp"),
        ("bar_start_utc", [1_772_461_800_000_000], "'bar_start_utc' is int64, not a timestamp"),
    ],
)
def test_columns_of_a_wrong_type(replayed: Make, day: Any, name: str, values: list[Any], message: str) -> None:
    day.quote(0)
    change(day.write() / "day" / "option_quote.parquet", **{name: values})
    with pytest.raises(UserError, match=message):
        build(replayed(), day.folder)


def test_a_file_that_is_no_parquet(replayed: Make, day: Any) -> None:
    day.quote(0)
    (day.write() / "day" / "option_quote.parquet").write_text("ts_utc,bid,ask")
    with pytest.raises(UserError, match="cannot be read as Parquet"):
        build(replayed(), day.folder)


def test_a_damaged_parquet_with_a_good_footer(replayed: Make, day: Any) -> None:
    day.quote(0)
    file = day.write() / "day" / "option_quote.parquet"
    content = bytearray(file.read_bytes())
    content[4:200] = b"\xff" * 196
    file.write_bytes(content)
    with pytest.raises(UserError, match="cannot be read as Parquet") as error:
        build(replayed(), day.folder)
    (problem,) = error.value.problems
    assert (problem.file, problem.message.count("\n")) == (str(file), 0)


def test_a_column_that_stands_twice(replayed: Make, day: Any) -> None:
    day.quote(0)
    file = day.write() / "day" / "option_quote.parquet"
    table = pq.read_table(file)
    pq.write_table(table.append_column("bid", table.column("bid")), file)
    with pytest.raises(UserError) as error:
        build(replayed(), day.folder)
    assert [(p.file, p.message) for p in error.value.problems] == [(str(file), "has 2 columns 'bid'")]


def test_an_underlying_without_quotes(replayed: Make, day: Any) -> None:
    day.quote(0)
    with pytest.raises(UserError, match="'ABD' has no quotes") as error:
        build(replayed(underlyings=[{"symbol": "ABC", "data_symbol": "ABD"}]), day.write())
    assert error.value.problems[0].suggestion == "ABC"


def test_options_without_quotes(replayed: Make, day: Any) -> None:
    day.quote(0, root="XYZ")
    with pytest.raises(UserError, match="no option on ABC is quoted"):
        build(replayed(), day.write())


def test_no_data_folder_at_all(replayed: Make) -> None:
    with pytest.raises(UserError, match="--data"):
        build(replayed(), None)


@pytest.mark.parametrize("quoted", [True, False])
def test_a_trade_is_no_order_before_its_options_first_quote(replayed: Make, day: Any, quoted: bool) -> None:
    """Whether the option will ever be quoted is not known at the time; its trades are part of the tape, though."""
    day.quote(0, strike=105.0)
    day.trade(1, 2.0)
    day.trade(2, 2.1)
    if quoted:
        day.quote(5, 2.2, 2.4)
        day.trade(6, 2.3)  # at the mid: up from the last price
    market = build(replayed(market={"recorded": {"folder": "day"}, "theo": {"volatility": 0.2}}), day.write())
    orders = of(market, Kind.BAR_TRADE)
    assert orders["price"].tolist() == ([2.3] if quoted else [])
    assert orders["side"].tolist() == ([1] if quoted else [])
    assert counts(market, "option_trade")["option not quoted by then"] == 2


def test_only_a_rows_own_root_is_taken_from_its_underlying(replayed: Make, day: Any) -> None:
    """A root that stands elsewhere in the file, later perhaps, does not tell whose option a row is."""
    day.quote(0, underlying="ABC")
    day.quote(1, root="Z", underlying="ZABC")
    day.quote(2, root="Y", underlying="ZABC")
    market = build(replayed(), day.write())
    assert len(of(market, Kind.QUOTE)) == 2
    assert counts(market, "option_quote")["not in the scenario"] == 1
