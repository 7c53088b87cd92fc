"""A chain is valued as its options are one by one, to the bit, whatever stands beside them."""

from platform import machine

import numpy as np
import pytest

from mmsim.kernel import F2, I1, JIT, VOID
from mmsim.kernel.compiled import unkept
from mmsim.pricing import black_scholes, chain, implied
from mmsim.pricing.status import Status, status

SEED = 3
COUNTS = [0, 1, 7, 8, 63, 64, 65, 128, 1000 if JIT else 200]
LIMITS = [  # spot, strike, years, volatility, rate, carry, right
    (100.0, 90.0, 0.0, 0.2, 0.05, 0.02, 1.0),
    (100.0, 90.0, -1.0, 0.2, 0.05, 0.02, 1.0),
    (100.0, 90.0, 0.5, 0.0, 0.05, 0.02, 1.0),
    (100.0, 0.0, 0.5, 0.2, 0.05, 0.02, 1.0),
    (100.0, 90.0, 0.5, np.inf, 0.05, 0.02, -1.0),
    (-100.0, 90.0, 0.5, 0.2, 0.05, 0.02, 1.0),
    (100.0, 90.0, 0.5, np.nan, 0.05, 0.02, 1.0),
]


def drawn(count: int, with_limits: bool) -> np.ndarray:
    """Columns of options of a few expiries, some of them at a limit or outside the model."""
    rng = np.random.default_rng([SEED, count])
    expiry = np.sort(rng.integers(0, 4, count))
    years, rate = np.array([0.01, 0.25, 1.0, 7.0])[expiry], np.array([0.05, 0.05, -0.01, 0.03])[expiry]
    carry = np.array([0.05, 0.0, 0.02, -0.04])[expiry]
    volatility = rng.uniform(0.05, 1.5, count)
    strike = 100.0 * np.exp(rng.normal(0, 4, count) * volatility * np.sqrt(years))
    columns = np.stack([np.full(count, 100.0), strike, years, volatility, rate, carry, rng.choice([1.0, -1.0], count)])
    if with_limits:
        for n, limit in zip(rng.permutation(count), LIMITS, strict=False):
            columns[:, n] = limit
    return columns


def same(found: np.ndarray, expected: np.ndarray) -> bool:
    """To the bit, but for which NaN it is."""
    either = np.isnan(found) & np.isnan(expected)
    return bool((either | (found.view(np.int64) == expected.view(np.int64))).all())


@pytest.mark.parametrize("with_limits", [False, True])
@pytest.mark.parametrize("count", COUNTS)
def test_values_and_greeks(count: int, with_limits: bool) -> None:
    columns = drawn(count, with_limits)
    options = columns.T.tolist()
    expected = np.array([black_scholes.greeks(*option) for option in options]).reshape(count, chain.ALL).T
    codes = [status(*option[:-1]) for option in options]
    values, statuses = np.empty(count), np.full(count, -1)
    chain.fill_values(columns, values, statuses)
    assert same(values, np.array([black_scholes.value(*option) for option in options]))
    assert statuses.tolist() == codes
    for fields in (chain.ALL, chain.FIRST):
        table, statuses = np.empty((fields, count)), np.full(count, -1)
        chain.fill_greeks(columns, table, statuses)
        assert same(table, expected[:fields])
        assert statuses.tolist() == codes
    assert same(values, expected[0])


@pytest.mark.parametrize("with_limits", [False, True])
@pytest.mark.parametrize("count", COUNTS)
def test_implied_volatilities(count: int, with_limits: bool) -> None:
    options = drawn(count, with_limits)
    values, statuses = np.empty(count), np.empty(count, np.int64)
    chain.fill_values(options, values, statuses)
    columns = np.stack([values, *options[[0, 1, 2, 4, 5, 6]]])
    expected = np.array([implied.implied_volatility(*option) for option in columns.T.tolist()])
    found = np.empty(count)
    chain.fill_implied_volatilities(columns, found, statuses)
    assert same(found, expected)
    assert statuses.tolist() == [implied.implied_status(*option) for option in columns.T.tolist()]
    assert ((statuses == Status.OK) == ~np.isnan(found)).all()


@pytest.mark.skipif(not JIT or machine() != "x86_64", reason="the instructions are another machine's, or none")
def test_several_options_go_by_one_instruction() -> None:
    """Packed division stands for the formula: a loop is vectorised whole or not at all. Nothing is contracted."""
    (assembly,) = unkept(VOID(F2, F2, I1))(chain.fill_greeks.py_func).inspect_asm().values()
    assert assembly.count("divpd") > 10
    assert "fmadd" not in assembly
