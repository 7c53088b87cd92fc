"""The loop's state: a row an option, a row an underlying, small named groups for the desk, its rules and its journal.

Aligned record arrays because the same state over separate arrays costs several times as much (docs/design.md).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.kernel import F2, I1, I2, internal, rows_of, tuple_of

Rows = npt.NDArray[np.void]

HORIZONS_NS = (1_000_000_000, 10_000_000_000, 60_000_000_000, 300_000_000_000, 3_600_000_000_000)  # of mark-outs

# the book's Greeks, in units of the underlying, from which those of a nearby spot and time are expanded
BOOK = ("book_delta", "book_gamma", "book_speed", "book_charm", "book_vega", "book_vanna", "book_zomma", "book_veta")

OPTION = np.dtype(
    [
        # the contract
        ("underlying", "i8"),
        ("strike", "f8"),
        ("right", "f8"),
        ("expiry", "i8"),
        ("expiry_clock", "i8"),  # what the scenario's clock shows then
        ("last_trade", "i8"),
        ("multiplier", "f8"),
        ("rate", "f8"),
        ("carry", "f8"),
        ("physical", "i8"),
        ("american", "i8"),
        ("futures_style", "i8"),
        ("settlement_price", "f8"),
        ("first_tick", "i8"),  # its part of the tick tables
        ("tick_count", "i8"),
        # the market
        ("bid", "f8"),
        ("ask", "f8"),
        ("bid_size", "f8"),
        ("ask_size", "f8"),
        ("volatility", "f8"),  # the scenario's mark
        ("fair_volatility", "f8"),  # of the market's fair value; NaN where the market is recorded
        # the book
        ("position", "f8"),  # contracts
        ("active", "i8"),  # has ever been held
        ("settled", "i8"),  # has expired
        ("dividends_settled", "f8"),  # paid on its underlying until then
        ("value", "i8"),  # what stands in Assets:Options for it, before margin
        ("margined", "i8"),  # futures-style premium: what it was dealt or last settled at
        ("consumed_bid", "f8"),  # size filled by a quote decided before the fill was known
        ("consumed_ask", "f8"),
        ("opening_mark", "f8"),  # the price that an opening position was taken over at
        ("opening_value", "i8"),  # what it was booked at
        ("first_theo", "f8"),  # theo at the first mark
        # its last mark
        ("marked", "i8"),  # has had its first mark
        ("mark_ts", "i8"),
        ("mark_spot", "f8"),
        ("mark_volatility", "f8"),
        ("mark_theo", "f8"),
        ("mark_delta", "f8"),
        ("mark_gamma", "f8"),
        ("mark_theta", "f8"),
        ("mark_vega", "f8"),
        ("mark_vanna", "f8"),
        ("mark_volga", "f8"),
        # what fills since the last mark must not earn of the next: by step
        ("early_time", "f8"),
        ("early_spot", "f8"),
        ("early_volatility", "f8"),
        # revaluation of one unit since the start, by step: what a tranche earned is a difference of these
        ("unit_dividends", "f8"),
        ("unit_time", "f8"),
        ("unit_spot", "f8"),
        ("unit_volatility", "f8"),
        # the delta that the hedge answers to
        ("answered", "f8"),  # A, units of underlying
        ("answered_spot", "f8"),  # where its integral stands
        ("answered_pnl", "f8"),  # Y, currency
        ("answered_posted", "i8"),  # micros of Y posted
        ("hedged_delta", "f8"),  # of one unit, at the last hedge fill
        ("unit_answered", "f8"),  # the integral of hedged_delta dS
        # its quote, where quotes stand
        ("stands", "i8"),  # one has been decided on
        ("stand_bid", "f8"),
        ("stand_ask", "f8"),
        ("stand_bid_size", "f8"),
        ("stand_ask_size", "f8"),
        ("stand_fair", "f8"),
        ("stand_policy_bid", "f8"),
        ("stand_policy_ask", "f8"),
        ("ahead_bid", "f8"),  # contracts before it in the queue
        ("ahead_ask", "f8"),
        # the obligation to quote
        ("met", "i8"),  # by what stands
        ("duty_ts", "i8"),  # up to when it is accounted for
        ("duty_time", "i8"),  # nanoseconds that it could be dealt
        ("duty_met", "i8"),  # and that the obligation was met
        # its last volatility marks, a ring
        ("recent_first", "i8"),
        ("recent_count", "i8"),
        ("book_delta", "f8"),  # of one unit at the last refresh of the aggregates
        ("book_gamma", "f8"),
        ("book_speed", "f8"),
        ("book_charm", "f8"),
        ("held", "i8"),  # entry k of this option's underlying's list of active options
    ],
    align=True,
)

UNDERLYING = np.dtype(
    [
        ("future", "i8"),  # its hedge is a future
        ("stock", "i8"),  # its hedge is a stock, which is borrowed when short
        ("first", "i8"),  # its options
        ("last", "i8"),  # one past them
        ("instrument", "i8"),  # number of the underlying that it is hedged with
        ("lot", "f8"),  # smallest hedge in units, 0 continuous
        ("multiplier", "f8"),
        ("dividend_yield", "f8"),
        # the market
        ("spot", "f8"),
        ("bid", "f8"),
        ("ask", "f8"),
        ("ticks", "i8"),
        ("tick_ts", "i8"),
        ("first_dividend", "i8"),  # the next of its dividends
        ("last_dividend", "i8"),
        ("dividends_paid", "f8"),  # currency a unit, so far
        # the book's Greeks at the last refresh
        ("book_spot", "f8"),
        ("book_ts", "i8"),
        *[(name, "f8") for name in BOOK],
        ("book_theta", "f8"),
        ("stale", "i8"),  # a position or volatility changed since
        ("untold", "i8"),  # the delayed view has not been told of the refresh
        ("fresh_for", "i8"),  # nanoseconds for which the refreshed Greeks may serve
        ("fresh_within", "f8"),  # and how far the spot may move
        ("active", "i8"),  # number of options ever held
        # the hedge
        ("hedge", "f8"),  # units held
        ("pending", "f8"),  # units sent and not filled
        ("hedge_base", "i8"),  # a future: micros of units x price, dealt or last settled at
        ("hedge_value", "i8"),  # booked in Assets:Hedge
        ("opening_value", "i8"),  # of it at the opening
        ("resting", "f8"),  # units of its order at rest in the market, signed, pending too
        ("resting_price", "f8"),
        ("resting_ts", "i8"),  # since when
        ("resting_mid", "f8"),  # the mid when it was decided
        ("luck_0", "i8"),  # the key of the draws that its order at rest is filled by
        ("luck_1", "i8"),
        # what hedges in it do to its own market
        ("impact_permanent", "f8"),  # currency a unit
        ("impact_temporary", "f8"),  # times the volatility of a day
        ("daily_volume", "f8"),  # units
        ("moved", "f8"),  # currency: by trades before `moved_ts`
        ("moving", "f8"),  # and by all of them
        ("moved_ts", "i8"),  # the last trade; 0: none
        ("hedge_ts", "i8"),
        ("hedge_spot", "f8"),
        ("lot_head", "i8"),
        ("lot_tail", "i8"),
        ("borrow_ts", "i8"),
        ("borrow_spot", "f8"),
        ("borrow_accrued", "f8"),  # micros, not posted
        # the split of the spot's PnL
        ("waiting_pnl", "f8"),  # X, currency
        ("waiting_posted", "i8"),
        ("pricing_pnl", "f8"),  # the integral of hedge dS of the pricing underlying
        ("pricing_posted", "i8"),
        # the grid and the duties of the end of a time
        ("band_low", "f8"),  # spot outside calls for a look at the marks
        ("band_high", "f8"),
        ("mark_due", "i8"),
        ("ask_due", "i8"),
        ("breached", "i8"),  # limits, as bits
        # market-maker protection
        ("window_end", "i8"),
        ("window_size", "f8"),  # dealt within it
        ("window_delta", "f8"),
        ("window_vega", "f8"),
        ("frozen_since", "i8"),
        ("frozen_until", "i8"),
        ("frozen_by", "i8"),  # the client
        ("pulled", "i8"),  # what stands is yet to be withdrawn
        # alarms, and its last mids, a ring
        ("jump_until", "i8"),
        ("thin_until", "i8"),
        ("volatility_until", "i8"),
        ("recent_first", "i8"),
        ("recent_count", "i8"),
        ("requote_due", "i8"),  # something has happened that its standing quotes do not know of
        # the volatility expected of it, see `expectation`
        ("expected_volatility", "f8"),  # a year; NaN: nothing is
        ("expected_memory", "i8"),
        ("expected_every", "i8"),  # nanoseconds between samples, at least
        ("expected_since", "i8"),  # the first tick
        ("expected_ts", "i8"),  # the last sample
        ("expected_move", "f8"),  # log return since
        ("expected_decay", "f8"),  # of the recursion's weights, a year
        ("expected_share", "f8"),  # of the long run in what it goes to
        ("expected_long_run", "f8"),  # variance a year
        ("expected_variance", "f8"),  # a year, times what is known
        ("expected_known", "f8"),  # the weight that is on samples
        ("expected_persistence", "f8"),  # of the forecast, a step
        ("expected_step", "f8"),  # years
        ("expected_window", "i8"),  # nanoseconds
        ("first_sample", "i8"),  # its part of the samples, a ring
        ("sample_room", "i8"),
        ("sample_head", "i8"),
        ("sample_tail", "i8"),
        ("sample_square", "f8"),  # sums over the window
        ("sample_years", "f8"),
    ],
    align=True,
)

CASH = np.dtype(
    [
        ("balance", "i8"),  # posted, micros
        ("accrued", "f8"),  # interest not posted, micros
        ("resting", "f8"),  # simple interest that bears none before midnight, micros
        ("ts", "i8"),
        ("rate", "f8"),
        ("growth_wait", "i8"),  # the last interval of growth that was worked out, nanoseconds
        ("growth_rate", "f8"),
        ("growth", "f8"),
    ],
    align=True,
)

RULES = np.dtype(
    [
        ("start", "i8"),
        ("quote_latency", "i8"),
        ("hedge_latency", "i8"),
        ("hedge_at_touch", "i8"),
        ("post_only", "i8"),
        ("eager", "i8"),  # every option is quoted afresh at each tick of its underlying
        ("fee_option", "f8"),  # to the maker
        ("fee_option_taker", "f8"),
        ("fee_cap", "f8"),  # share of the premium that an option's fee is at most
        ("fee_hedge", "f8"),  # to the taker
        ("fee_hedge_maker", "f8"),
        ("hedge_cost", "f8"),  # multiple of the distance from the mid at which hedges take a price
        ("passive", "i8"),  # hedges rest at the near touch
        ("fill_probability", "f8"),  # of them at a tick
        ("patience", "i8"),
        ("impact", "i8"),  # hedges move the market
        ("fee_exercise", "f8"),
        ("matching", "i8"),
        ("mark_spot", "f8"),
        ("mark_vol", "f8"),
        ("exact", "i8"),
        ("refresh_spot", "f8"),
        ("refresh_every", "i8"),
        ("volatility_year", "f8"),  # nanoseconds of the scenario's clock
        ("discount_year", "f8"),  # nanoseconds of time, for the rates in option prices
        ("interest_year", "f8"),
        ("borrow", "f8"),
        ("borrowing_spread", "f8"),
        ("net_funding", "i8"),
        ("simple_interest", "i8"),
        ("limit_position", "f8"),
        ("limit_delta", "f8"),
        ("limit_gamma", "f8"),
        ("limit_vega", "f8"),
        ("limit_loss", "f8"),
        ("protected", "i8"),  # by the venue
        ("window", "i8"),
        ("freeze", "i8"),
        ("most_size", "f8"),
        ("most_delta", "f8"),
        ("most_vega", "f8"),
        ("alarmed", "i8"),  # there are alarms
        ("jump_move", "f8"),
        ("jump_within", "i8"),
        ("jump_for", "i8"),  # 0: no such alarm
        ("jump_factor", "f8"),  # 0: pull
        ("thin_size", "f8"),
        ("thin_for", "i8"),
        ("thin_factor", "f8"),
        ("volatility_move", "f8"),
        ("volatility_within", "i8"),
        ("volatility_for", "i8"),
        ("volatility_factor", "f8"),
        ("standing", "i8"),  # quotes stand until replaced
        ("requote_ticks", "f8"),
        ("requote_size", "f8"),
        ("message_rate", "f8"),  # a second; 0: no cap
        ("message_burst", "f8"),
        ("obliged", "i8"),  # to quote
        ("least_size", "f8"),
        ("first_width", "i8"),  # of the table of widths, at the end of the tick tables
        ("spot_dividends", "i8"),  # the spot model of cash dividends, else the escrowed one
        ("early_exercise", "i8"),  # the desk exercises its American options when that is best
        ("early_assignment", "i8"),  # and so do those that it has sold them to
        ("scripted", "i8"),  # deltas are given by a script
        ("keep", "i8"),  # write rows of the journal
        ("path", "i8"),
        ("quote_listens", "i8"),  # the policies have memories to be told
        ("hedge_listens", "i8"),
        ("prices_book", "i8"),  # the hedging policy is shown what only pricing each option held can tell
        ("has_hedge_vol", "i8"),  # and has these methods
        ("has_hedge_slope", "i8"),
        ("offloads", "i8"),
        ("offload_half_spread_vol", "f8"),  # of the volatility desk
        ("rival", "i8"),  # who quotes beside the desk, as a Rival
        ("rival_half_spread", "f8"),
        ("rival_size", "f8"),
        ("rival_allocation", "i8"),
        ("traced", "i8"),  # as `tracing.Traced`
    ],
    align=True,
)

DESK = np.dtype(
    [
        ("now", "i8"),
        ("knot", "i8"),  # of the clock, looked up last
        ("opened", "i8"),  # the opening book is in
        ("open", "i8"),  # the session
        ("halted", "i8"),  # the loss limit has been hit
        ("busy", "i8"),  # no event passes unseen: quotes stand
        ("withdrawn", "i8"),  # quotes that stood when the loss limit was hit
        ("decided", "i8"),  # as of when quotes were decided last
        ("messages", "f8"),  # that may be sent at once
        ("messages_ts", "i8"),
        ("due", "i8"),  # something is to be done at the end of this time
        ("transaction", "i8"),
        ("kind", "i8"),  # of the transaction
        ("unbalanced", "i8"),  # sum of the postings of the transaction so far
        ("imbalance", "i8"),  # sum of the absolute sums of all transactions
        ("opening_equity", "i8"),
        # flows of cash by cause, micros: the cash view
        ("premium", "i8"),
        ("settlement", "i8"),
        ("hedge_flow", "i8"),
        ("realised", "i8"),  # result of the hedge's closed lots
        ("option_interest", "i8"),
        ("hedge_interest", "i8"),
        ("borrow_fee", "i8"),
        ("dividends", "i8"),
        ("option_fees", "i8"),
        ("hedge_fees", "i8"),
        ("margin", "i8"),  # variation margin received
        ("offload_cost", "i8"),  # of the volatility desk: price dealt against theo
        # queues
        ("hedge_head", "i8"),
        ("hedge_tail", "i8"),
        ("seen_head", "i8"),
        ("seen_tail", "i8"),
        ("seen_next", "i8"),  # the trailing cursor over the events
        ("seen_ts", "i8"),  # the time that it has come to
        ("growth", "f8"),  # of one unit of options cash since the start
        # the journal's ends
        ("postings", "i8"),
        ("fills", "i8"),
        ("marks", "i8"),
        ("breaches", "i8"),
        ("positions", "i8"),
        ("markouts", "i8"),
        # fills that wait for their mark-outs
        ("markout_due", "i8"),  # the first
        ("awaiting_tail", "i8"),
        ("awaiting_next", "i8", (len(HORIZONS_NS),)),  # by horizon
        ("overflow", "i8"),  # an Overflow
        ("quotes", "i8"),
        ("traces", "i8"),  # decisions traced
        ("limit", "f8"),  # the price that the client of the order looked at last would have dealt at
    ],
    align=True,
)

POSTING = np.dtype(
    [
        ("transaction", "i8"),
        ("ts", "i8"),
        ("amount", "i8"),
        ("instrument", "i4"),  # options first, underlyings behind them; -1 none
        ("path", "i4"),
        ("account", "i2"),
        ("kind", "i2"),
    ],
    align=True,
)

FILL = np.dtype(
    [
        ("ts", "i8"),
        ("transaction", "i8"),
        ("path", "i4"),
        ("kind", "i4"),
        ("instrument", "i4"),
        ("client", "i4"),
        ("size", "f8"),  # signed: + the desk buys; contracts, or units of the hedge
        ("price", "f8"),
        ("theo", "f8"),
        ("policy_fair", "f8"),
        ("quoted", "f8"),
        ("market_bid", "f8"),
        ("market_ask", "f8"),
        ("spot", "f8"),
        ("implied_volatility", "f8"),
        ("edge", "f8"),
        ("fee", "f8"),
        ("decision_mid", "f8"),
        ("position_after", "f8"),
        ("spread_market", "i8"),
        ("spread_mark", "i8"),
        # of one unit at the fill: what the tranche earns is what these have grown by at the end
        ("unit_dividends", "f8"),
        ("unit_time", "f8"),
        ("unit_spot", "f8"),
        ("unit_volatility", "f8"),
        ("unit_answered", "f8"),
        ("delta", "f8"),
        ("hedged_delta", "f8"),
        ("growth", "f8"),
        ("dividends", "f8"),  # paid on the underlying so far
    ],
    align=True,
)

BUCKETS = 23  # len(Account): a mark row carries every account's balance

MARK = np.dtype(
    [
        ("ts", "i8"),
        ("path", "i4"),
        ("underlying", "i4"),  # -1: the whole desk
        ("spot", "f8"),
        ("hedge", "f8"),
        ("pending", "f8"),  # units of hedges under way
        ("net_delta", "f8"),
        ("gamma", "f8"),
        ("vega", "f8"),
        ("theta", "f8"),
        ("equity_at_mid", "i8"),
        ("equity_at_liquidation", "i8"),
        ("balances", "i8", (BUCKETS,)),
    ],
    align=True,
)

BREACH = np.dtype([("ts", "i8"), ("limit", "i4"), ("instrument", "i4"), ("path", "i4"), ("value", "f8")], align=True)

QUOTED = np.dtype(  # a chosen option at a mark of the time grid; a side that is not quoted is NaN
    [
        ("ts", "i8"),
        ("path", "i4"),
        ("instrument", "i4"),
        ("bid", "f8"),
        ("ask", "f8"),
        ("bid_size", "f8"),
        ("ask_size", "f8"),
        ("policy_fair", "f8"),
        ("theo", "f8"),
        ("market_bid", "f8"),
        ("market_ask", "f8"),
        ("spot", "f8"),
    ],
    align=True,
)

POSITION = np.dtype(  # an option at the end of a path
    [
        ("ts", "i8"),
        ("path", "i4"),
        ("option", "i4"),
        ("position", "f8"),  # contracts
        ("spot", "f8"),
        ("bid", "f8"),
        ("ask", "f8"),
        ("fair", "f8"),  # market fair value
        ("volatility", "f8"),
        ("years", "f8"),
        # of one unit
        ("theo", "f8"),
        ("delta", "f8"),
        ("gamma", "f8"),
        ("vega", "f8"),
        ("theta", "f8"),
    ],
    align=True,
)

MARKOUT = np.dtype(  # a client fill after a horizon
    [
        ("transaction", "i8"),  # of the fill
        ("path", "i4"),
        ("horizon", "i4"),  # a place in HORIZONS_NS
        ("theo", "f8"),  # of one unit
        ("spot", "f8"),
        ("dividends", "f8"),  # paid on the underlying so far
    ],
    align=True,
)

TRACE = np.dtype(  # a decision: see `tracing`
    [
        ("ts", "i8"),  # as of when
        ("asked", "i8"),
        ("view", "f8", (32,)),  # its fields in their order
        ("answer", "f8", (4,)),  # bid, ask and their sizes, or units in the first
        ("kept", "f8", (4,)),  # what the alarms left of it
        ("rounded", "f8", (2,)),  # bid and ask on the tick grid
        ("in_force", "f8", (4,)),  # after post-only and limits, or units in whole lots
    ],
    align=True,
)

AWAITING = np.dtype(  # a client fill whose mark-outs are not all written
    [
        ("ts", "i8"),
        ("transaction", "i8"),
        ("option", "i8"),
        ("settled", "i8"),  # the option has been, at what follows
        ("theo", "f8"),
        ("spot", "f8"),
        ("dividends", "f8"),
    ],
    align=True,
)

LOOK = np.dtype([(name, "f8") for name in ("theo", "delta", "gamma", "vega", "theta", "fair")], align=True)

PENDING = np.dtype([("due", "i8"), ("underlying", "i8"), ("units", "f8"), ("mid", "f8")], align=True)

SEEN = np.dtype(  # a change of the desk's own state, which its delayed view has yet to learn of
    [
        ("ts", "i8"),
        ("underlying", "i8"),
        ("option", "i8"),  # -1: a hedge or a refresh
        ("size", "f8"),
        ("price", "f8"),
        ("theo", "f8"),
        ("delta", "f8"),
        ("vega", "f8"),
        ("spot", "f8"),
        ("position", "f8"),
        ("hedge", "f8"),
        ("pending", "f8"),
        ("moving", "f8"),  # what the hedge's market has been moved by
        ("book_spot", "f8"),
        ("book_ts", "i8"),
        *[(name, "f8") for name in BOOK],
    ],
    align=True,
)

RECENT_TICKS, RECENT_MARKS = 1024, 64  # room for what alarms look back at, by underlying and by option
RECENT = np.dtype([("ts", "i8"), ("value", "f8")], align=True)
KNOT = np.dtype([("ts", "i8"), ("passed", "i8"), ("rate", "f8")], align=True)  # of a clock of variance
SAMPLE = np.dtype([("ts", "i8"), ("square", "f8"), ("years", "f8")], align=True)
TICK = np.dtype([("level", "f8"), ("step", "f8"), ("inverse", "f8")], align=True)
DIVIDEND = np.dtype(
    [("ex", "i8"), ("underlying", "i8"), ("amount", "f8"), ("transaction", "i8")], align=True
)  # in which it was paid, 0 if it was not
OPENING = np.dtype([("instrument", "i8"), ("is_hedge", "i8"), ("size", "f8"), ("price", "f8")], align=True)


class Counter(IntEnum):
    """What the loop counts."""

    ORDERS = 0
    CLIENT_FILLS = 1
    HEDGE_FILLS = 2
    EXPIRIES = 3
    QUOTES = 4  # evaluated
    HEDGE_DECISIONS = 5
    LIMIT_BREACHES = 6
    MARKS = 7  # transactions that marked an underlying
    ORDERS_WORSE_PRICE = 8  # the client's reservation price was not met
    ORDERS_NO_QUOTE = 9  # the desk had no quote, or no size left, on that side
    ORDERS_NO_SHARE = 10  # a recorded trade at the desk's price, none of which was the desk's by the venue's rule
    ORDERS_CLOSED = 11  # outside the session, or after the option's last trade
    ORDERS_NO_MARK = 12  # no volatility mark or no spot yet
    QUOTES_CLAMPED = 13  # by post-only
    QUOTES_CROSSED_BY_MARKET = 14  # when evaluated, the market's other side was through the desk's quote
    MARKET_MID_MISSING = 15  # fills whose whole edge went to :Mark
    EXERCISES = 16  # positions exercised or assigned before expiry
    ORDERS_BETTER_ELSEWHERE = 17  # a rival's price was better for the client
    FREEZES = 18  # breaches of market-maker protection
    ALARMS = 19  # times that quotes were to be pulled or widened
    QUOTE_MESSAGES = 20  # standing quotes placed, replaced or pulled
    QUOTES_HELD_BACK = 21  # decided on, and no message to be had for them
    OFFLOADS = 22  # trades with the volatility desk


class Rival(IntEnum):
    """Who quotes beside the desk."""

    NONE = 0
    RECORDED = 1  # the recorded market's bid and ask
    BY_VOLATILITY = 2  # the value at the market's fair volatility, less and plus a half spread
    BY_TICKS = 3  # the market's fair value, less and plus ticks


class Limit(IntEnum):
    """The desk's limits, the first of them as bits of `breached`, and what its protections watch."""

    POSITION = 0
    NET_DELTA = 1
    NET_GAMMA = 2
    NET_VEGA = 3
    LOSS = 4
    PROTECTION_QUANTITY = 5
    PROTECTION_DELTA = 6
    PROTECTION_VEGA = 7
    JUMP = 8
    THIN = 9
    VOLATILITY = 10


class Overflow(IntEnum):
    """What has become no number that can be kept."""

    NONE = 0
    AMOUNT = 1  # of the ledger
    PRICE = 2  # of an underlying that the desk's own hedges have moved


class Reason(IntEnum):
    """Why the loop returned."""

    STOP = 0  # the event it was asked to stop at
    JOURNAL_FULL = 1  # write it away and enter again
    QUEUE_FULL = 2  # lots, pending hedges or the delayed view's queue: enlarge and enter again
    QUOTE_FAULT = 3
    HEDGE_FAULT = 4
    OPENING_FAULT = 5  # an opening position has neither a given mark nor a theo
    OVERFLOW = 6  # an amount that the ledger cannot hold
    AWAITING_FULL = 7  # the fills that wait for their mark-outs: enlarge and enter again


class TransactionKind(IntEnum):
    """What a transaction is."""

    OPENING = 0
    CLIENT = 1
    HEDGE = 2
    MARK = 3
    CARRY = 4
    SETTLEMENT = 5
    EXPIRY = 6
    DIVIDEND = 7
    EXERCISE = 8  # before expiry
    OFFLOAD = 9  # a trade with the volatility desk


JOURNAL = (
    "postings",
    "fills",
    "marks",
    "breaches",
    "positions",
    "markouts",
    "quotes",
)  # the desk counts the rows of each


class State(NamedTuple):
    """Everything that the loop reads and writes. With no quote latency `seen_*` are `options` and `underlyings`."""

    options: Rows
    underlyings: Rows
    seen_options: Rows
    seen_underlyings: Rows
    cash: Rows  # options, hedge
    rules: Rows  # one row
    desk: Rows  # one row
    balances: npt.NDArray[np.int64]  # (underlyings + 1, accounts): interest, which no underlying owns, in the last row
    counters: npt.NDArray[np.int64]
    postings: Rows
    fills: Rows
    marks: Rows
    breaches: Rows
    positions: Rows
    markouts: Rows
    awaiting: Rows
    pending: Rows
    seen: Rows
    knots: Rows  # of the clock of variance; none: the clock is time itself
    samples: Rows  # of the windows of expected volatility
    recent: Rows  # mids and volatility marks that alarms look back at
    lot_units: npt.NDArray[np.float64]  # (underlyings, capacity)
    lot_costs: npt.NDArray[np.int64]  # micros
    ticks: Rows
    dividends: Rows
    schedule: npt.NDArray[np.float64]  # (2, dividends) scratch: years to those ahead, and their amounts
    opening: Rows
    client_rules: npt.NDArray[np.int64]  # (client groups, 2): allocation, fill rule
    script: npt.NDArray[np.float64]  # (ticks, options) deltas of one unit, given
    taylor: npt.NDArray[np.float64]  # (1, 8) delta, gamma, theta, vega, vanna, volga, rates, total
    fault: npt.NDArray[np.float64]  # (1, 32) the view a policy failed on, or its answer
    quotes: Rows
    sampled: npt.NDArray[np.int64]  # the options whose quotes are kept at marks
    trace: Rows  # of the decisions behind what stands, an option each, and of those of an event
    looks: Rows  # at the options before an event, and after


STATE: Any = tuple_of(
    State,
    [
        rows_of(OPTION),
        rows_of(UNDERLYING),
        rows_of(OPTION),
        rows_of(UNDERLYING),
        rows_of(CASH),
        rows_of(RULES),
        rows_of(DESK),
        I2,
        I1,
        rows_of(POSTING),
        rows_of(FILL),
        rows_of(MARK),
        rows_of(BREACH),
        rows_of(POSITION),
        rows_of(MARKOUT),
        rows_of(AWAITING),
        rows_of(PENDING),
        rows_of(SEEN),
        rows_of(KNOT),
        rows_of(SAMPLE),
        rows_of(RECENT),
        F2,
        I2,
        rows_of(TICK),
        rows_of(DIVIDEND),
        F2,
        rows_of(OPENING),
        I2,
        F2,
        F2,
        F2,
        rows_of(QUOTED),
        I1,
        rows_of(TRACE),
        rows_of(LOOK),
    ],
)


LARGEST = 4.0e18  # micro-units: less than half of what an int64 holds


@internal
def whole(state: State, micro_units: float) -> int:
    """The nearest integer, ties to even; an amount that no ledger can hold is 0 and stops the run."""
    if abs(micro_units) < LARGEST:
        return round(micro_units)
    state.desk[0]["overflow"] = Overflow.AMOUNT
    return 0


@internal
def micros(state: State, amount: float) -> int:
    """Currency as an integer of micro-units, nearest, ties to even."""
    return whole(state, amount * 1e6)
