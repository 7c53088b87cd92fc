"""Carry: interest on both cash accounts, the borrow fee, and cash dividends.

A client pays 10.00 for a call at the start, so the options' cash is +1,000; hedges are traded at the first tick.
"""

from __future__ import annotations

from math import exp, expm1

import pytest

from tests.engine.builder import at, clients, fixed, order, play, posted, trades

LATE = "ABC 2026-03-05 C100"
RATE, SPREAD = 0.05, 0.02
DAYS = 10
YEARS = DAYS / 365
SOLD = {"clients": clients(order(0, "buy", 1, 10.0, LATE)), "quoting": fixed(10.0, 10.0)}
BOUGHT = {"clients": clients(order(0, "sell", 1, 10.0, LATE)), "quoting": fixed(10.0, 10.0)}


def resting(**changes):
    """Ten days of a stock that stands at 100, with a call that expires later."""
    keys = {
        "clock__end": at(24 * DAYS),
        "options": [{"underlying": "ABC", "strikes": [100], "expiry": "2026-03-05T00:00:00Z"}],
        "report__mark_every": "1d",
    }
    return play(**(keys | changes))


@pytest.mark.parametrize("mark_every", ["7h", "1d", "10d"])
class TestInterest:
    def test_continuous_is_exact_whatever_the_marks(self, mark_every):
        run = resting(**SOLD, rates={"options_cash": RATE}, report__mark_every=mark_every)
        assert run.summary["carry"]["options_cash"] == pytest.approx(1000 * expm1(RATE * YEARS), abs=2e-6)
        assert run.summary["carry"]["hedge_cash"] == 0.0

    def test_simple_within_a_day_and_compound_over_days(self, mark_every):
        run = resting(
            **SOLD, rates={"options_cash": RATE, "compounding": "simple_daily"}, report__mark_every=mark_every
        )
        expected = 1000 * ((1 + RATE / 365) ** DAYS - 1)
        assert run.summary["carry"]["options_cash"] == pytest.approx(expected, abs=2e-6)

    def test_simple_interest_bears_interest_from_midnight_on_though_the_rate_was_none_then(self, mark_every):
        """Borrowed 100,000 for 20 hours, lent it at nothing over midnight, borrowed it again for 23 hours."""
        run = resting(
            clients=clients(
                order(0, "sell", 1000, 0.0, LATE), order(20, "buy", 2000, 1.0, LATE), order(25, "sell", 2000, 0.0, LATE)
            ),
            quoting=fixed(1.0, 1.0, size=5000.0),
            rates={"borrowing_spread": 0.5, "compounding": "simple_daily"},
            clock__end=at(48),
            report__mark_every="7h" if mark_every == "7h" else "1d",
        )
        first = 100_000 * 0.5 * 20 / 24 / 365
        second = (100_000 + first) * 0.5 * 23 / 24 / 365
        assert run.summary["carry"]["options_cash"] == pytest.approx(-first - second, abs=2e-6)

    def test_of_the_hedge_stays_in_the_hedges_cash(self, mark_every):
        run = resting(hedging=trades(-50), rates={"hedge_cash": RATE}, report__mark_every=mark_every)
        assert run.summary["carry"]["hedge_cash"] == pytest.approx(5000 * expm1(RATE * YEARS), abs=2e-6)
        assert run.summary["carry"]["options_cash"] == 0.0
        assert sum(posted(run, "Assets:Cash:Hedge", "carry")) == pytest.approx(5e9 * expm1(RATE * YEARS), abs=2)

    def test_a_change_of_the_balance_between_marks_counts_from_its_own_time(self, mark_every):
        """1,000 for ten days and another 1,000 for the last 5.3 days."""
        run = resting(
            clients=clients(order(0, "buy", 1, 10.0, LATE), order(24 * 4.7, "buy", 1, 10.0, LATE)),
            quoting=fixed(10.0, 10.0),
            rates={"options_cash": RATE},
            report__mark_every=mark_every,
        )
        expected = 1000 * expm1(RATE * YEARS) + 1000 * expm1(RATE * 5.3 / 365)
        assert run.summary["carry"]["options_cash"] == pytest.approx(expected, abs=2e-6)


def test_interest_days_are_their_own_year():
    run = resting(**SOLD, rates={"options_cash": RATE}, clock__interest_days=360)
    assert run.summary["carry"]["options_cash"] == pytest.approx(1000 * (exp(RATE * DAYS / 360) - 1), abs=2e-6)


@pytest.mark.parametrize(
    ("trade", "shares", "funding", "options_rate", "hedge_rate"),
    [
        (BOUGHT, 0, "gross", RATE + SPREAD, RATE),  # −1,000 and 0
        (SOLD, 50, "gross", RATE, RATE + SPREAD),  # +1,000 and −5,000
        (BOUGHT, -50, "gross", RATE + SPREAD, RATE),  # −1,000 and +5,000
        (BOUGHT, -50, "net", RATE, RATE),  # +4,000 together
        (SOLD, 50, "net", RATE + SPREAD, RATE + SPREAD),  # −4,000 together
    ],
)
def test_the_borrowing_spread_is_paid_on_what_is_owed(trade, shares, funding, options_rate, hedge_rate):
    run = resting(
        **trade,
        hedging=trades(shares),
        rates={"options_cash": RATE, "hedge_cash": RATE, "borrowing_spread": SPREAD, "funding": funding},
    )
    premium = 1000 if trade is SOLD else -1000
    carry = run.summary["carry"]
    assert carry["options_cash"] == pytest.approx(premium * expm1(options_rate * YEARS), abs=3e-6)
    assert carry["hedge_cash"] == pytest.approx(-100 * shares * expm1(hedge_rate * YEARS), abs=3e-6)


class TestBorrowFee:
    def fee(self, **changes):
        keys = {
            "clock__end": at(48),
            "market__spot": {"model": "path", "step": "1d", "prices": [100, 110]},
            "hedging": trades(-50),
            "rates": {"borrow": 0.03},
        }
        return resting(**(keys | changes)).summary["carry"]["borrow"]

    def test_is_on_the_shares_short_at_the_price_of_the_last_mark(self):
        """A day at 100 and a day at 110."""
        assert self.fee() == pytest.approx(-0.03 / 365 * 50 * (100 + 110), abs=2e-6)

    def test_ends_with_the_short_position(self):
        """Bought back at the second tick, after a day."""
        assert self.fee(hedging=trades(-50, 50)) == pytest.approx(-0.03 / 365 * 50 * 100, abs=2e-6)

    def test_is_not_paid_on_a_long_position(self):
        assert self.fee(hedging=trades(50)) == 0.0

    @pytest.mark.parametrize("kind", ["index", "future"])
    def test_is_for_stocks_alone(self, kind):
        assert self.fee(underlyings=[{"symbol": "ABC", "kind": kind}]) == 0.0


DIVIDEND = {
    "market__spot": {"model": "path", "step": "12h", "prices": [100, 100, 99]},
    "dividends": [{"underlying": "ABC", "ex": at(18), "amount": 1.0}],
    "clock__end": at(48),
}


class TestDividends:
    @pytest.mark.parametrize("shares", [50, -50])
    def test_the_hedge_receives_what_its_price_loses(self, shares):
        run = resting(**DIVIDEND, opening={"hedges": [{"underlying": "ABC", "units": shares}]})
        assert posted(run, "Assets:Cash:Hedge") == [shares * 1_000_000]
        assert run.summary["carry"]["dividends"] == pytest.approx(shares)
        assert run.attribution["dividends"] == pytest.approx(-shares)
        assert run.attribution["delta"] == 0.0  # the tick at 99 moves nothing: the price had fallen at the ex-date
        assert run.attribution["total"] == pytest.approx(0.0)

    def test_the_ex_date_changes_no_options_value(self):
        """Without rates an option before a dividend of 1.00 is worth what it is on a stock at 99 that pays none."""
        held = {
            "market__volatility": {"model": "constant", "level": 0.3},
            "opening": {"options": [{"option": LATE, "size": -7}]},
        }
        paying = resting(**DIVIDEND, **held)
        without = resting(**held, market__spot={"model": "path", "step": "12h", "prices": [99]}, clock__end=at(48))
        assert paying.equity == pytest.approx(without.equity, abs=2e-6)
        assert paying.attribution.to_dict() == pytest.approx(without.attribution.to_dict(), abs=5e-6)
        assert paying.attribution["theta"] > 0.0

    def test_an_option_that_expires_before_the_ex_date_is_not_lowered(self):
        late = [{"underlying": "ABC", "ex": "2026-03-06T00:00:00Z", "amount": 1.0}]
        held = {
            "market__volatility": {"model": "constant", "level": 0.3},
            "opening": {"options": [{"option": LATE, "size": 1}]},
        }
        assert resting(**held, dividends=late).equity == resting(**held).equity


def test_carry_of_a_tranche_at_a_rate_that_begins_with_the_debt():
    """Nothing is earned on the premium received; half of the time later it is owed, and costs the spread."""
    run = resting(
        clients=clients(order(0, "buy", 1, 10.0, LATE), order(24 * 5, "sell", 2, 10.0, LATE)),
        quoting=fixed(10.0, 10.0),
        rates={"borrowing_spread": SPREAD},
    )
    expected = -1000 * expm1(SPREAD * 5 / 365)
    assert run.summary["carry"]["options_cash"] == pytest.approx(expected, abs=2e-6)
    assert run.options["carry"].sum() == pytest.approx(expected, abs=1e-5)
