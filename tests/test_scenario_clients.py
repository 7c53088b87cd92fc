"""What a scenario may not say of clients and of who else quotes: each mistake at its key, with the domain."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsim import backtest
from mmsim.errors import UserError
from mmsim.scenario import load
from tests.test_scenario import GOOD, RECORDED, mistakes

GROUPS = {
    "poisson": "per_hour: 10, reservation_ticks: 2",
    "retail": "per_hour: 10, reservation_ticks: 2",
    "hedger": "per_hour: 10",
    "customer_net_buyer": "per_hour: 10, reservation_ticks: 2",
    "informed": "per_hour: 10, reservation_ticks: 2, probability: 0.5, horizon: 1m",
    "vol_trader": "per_hour: 10, threshold: 0.01",
    "sniper": "share: 0.5",
}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    return path


def group(model: str, **keys: str) -> str:
    more = "".join(f", {key}: {value}" for key, value in keys.items())
    return f"[{{name: group, model: {model}, {GROUPS[model]}{more}}}]"


@pytest.mark.parametrize("model", GROUPS)
def test_every_model_needs_little_and_is_written_as_it_was_read(good: Path, model: str) -> None:
    scenario = load(good, {"clients": group(model)})
    assert backtest.check(scenario)
    assert type(scenario).model_validate(scenario.dump()).dump() == scenario.dump()


@pytest.mark.parametrize(
    ("model", "keys", "key", "words"),
    [
        ("poisson", {"hawkes": "{branching: 1, decay: 1m}"}, "clients.0.hawkes.branching", "less than 1"),
        ("poisson", {"hawkes": "{branching: 1.5, decay: 1m}"}, "clients.0.hawkes.branching", "less than 1"),
        ("poisson", {"hawkes": "{branching: 0, decay: 1m}"}, "clients.0.hawkes.branching", "at least 1e-06"),
        ("poisson", {"hawkes": "{branching: 0.5, decay: 0s}"}, "clients.0.hawkes.decay", "longer than 0"),
        ("poisson", {"hawkes": "{branching: 0.999999, decay: 1d}"}, "clients.0.hawkes.branching", "at most 10,000,000"),
        ("poisson", {"shape": "[0, 0]"}, "clients.0.shape", "at least one of the weights"),
        ("poisson", {"shape": "v_shape"}, "clients.0.shape", "u_shape"),
        ("poisson", {"shape": "[1, -1]"}, "clients.0.shape", "at least 0"),
        ("retail", {"delta": "[0.5, 0.2]"}, "clients.0.delta", "at least the first"),
        ("retail", {"delta": "[0.5, 1.2]"}, "clients.0.delta.1", "at most 1"),
        ("retail", {"covered_calls": "0.6", "cash_secured_puts": "0.6"}, "clients.0.covered_calls", "more than 1"),
        ("retail", {"underlyings": "[ABD]"}, "clients.0.underlyings.0", "did you mean 'ABC'"),
        ("hedger", {"rights": "[call]"}, "clients.0.rights", "hedgers buy puts"),
        ("hedger", {"days": "[-1, 5]"}, "clients.0.days.0", "at least 0"),
        ("hedger", {"delta": "[0.2, 0.3]", "moneyness": "[0.9, 1]"}, "clients.0.moneyness", "instead of delta"),
        ("poisson", {"package": "butterfly"}, "clients.0.package", "straddle"),
        ("poisson", {"package": "straddle", "sweep": "2"}, "clients.0.sweep", "is not for a package"),
        ("poisson", {"sweep": "0"}, "clients.0.sweep", "at least 1"),
        ("poisson", {"width": "2"}, "clients.0.width", "is of a package"),
        ("informed", {"package": "straddle"}, "clients.0.package", "not for informed"),
        ("informed", {"horizon": "0s"}, "clients.0.horizon", "longer than 0"),
        ("informed", {"probability": "1.1"}, "clients.0.probability", "at most 1"),
        ("vol_trader", {"threshold": "-0.1"}, "clients.0.threshold", "at least 0"),
        ("vol_trader", {"forecast": "0"}, "clients.0.forecast", "greater than 0"),
        ("vol_trader", {"package": "straddle"}, "clients.0.package", "unknown key"),
        ("sniper", {"share": "2"}, "clients.0.share", "at most 1"),
        ("sniper", {"reaction": "5"}, "clients.0.reaction", "with its unit"),
        ("sniper", {"size": "1000000000"}, "clients.0.size", "can be kept"),
        ("vol_trader", {"per_hour": "1e8"}, "clients.0.per_hour", "at most 100,000,000"),
    ],
)
def test_mistakes_of_groups(good: Path, model: str, keys: dict[str, str], key: str, words: str) -> None:
    written = group(model)[2:-2]
    parts = dict(part.split(": ", 1) for part in written.split(", ")) | keys
    clients = "[{" + ", ".join(f"{name}: {value}" for name, value in parts.items()) + "}]"
    found = [p for p in mistakes(good, {"clients": clients}) if p.key.startswith(key)]
    assert found, mistakes(good, {"clients": clients})
    assert any(words in str(problem) for problem in found), found


@pytest.mark.parametrize(
    ("maker", "key", "words"),
    [
        ("{}", "market.maker", "one of the two"),
        ("{half_spread_vol: 0.01, half_spread_ticks: 1}", "market.maker", "one of the two"),
        ("{half_spread_vol: -0.01}", "market.maker.half_spread_vol", "greater than 0"),
        ("{half_spread_ticks: 1, allocation: all}", "market.maker.allocation", "pro_rata"),
        ("{half_spread_ticks: 1, size: 0}", "market.maker.size", "at least 1"),
    ],
)
def test_mistakes_of_the_maker(good: Path, maker: str, key: str, words: str) -> None:
    found = mistakes(good, {"market.maker": maker})
    assert [(problem.key, words in str(problem)) for problem in found] == [(key, True)]


def test_a_recorded_market_is_its_own_maker(good: Path) -> None:
    recorded = RECORDED | {"market": "{recorded: {folder: tape}, maker: {}}"}
    assert load(good, recorded).market.maker is not None
    found = mistakes(good, RECORDED | {"market": "{recorded: {folder: tape}, maker: {half_spread_ticks: 1, size: 3}}"})
    assert {problem.key for problem in found} == {"market.maker.half_spread_ticks", "market.maker.size"}


def test_looks_that_are_too_many_for_a_path(good: Path) -> None:
    with pytest.raises(UserError, match="at most 100,000,000") as raised:
        backtest.check(load(good, {"clients": group("sniper", looks="18"), "market.spot.step": "1ms"}))
    assert raised.value.problems[0].key == "clients.0.share"


def test_every_mistake_of_several_groups_is_said_at_once(good: Path) -> None:
    wrong = [
        {"name": "a", "model": "retail", "per_hour": 1, "reservation_ticks": 1, "sweep": 2, "package": "straddle"},
        {"name": "a", "model": "hedger", "per_hour": 1, "rights": ["call"]},
    ]
    with pytest.raises(UserError) as raised:
        load(good).with_changes({"clients": wrong})
    assert {p.key for p in raised.value.problems} == {"clients.0.sweep", "clients.1.name", "clients.1.rights"}
