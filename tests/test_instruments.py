"""Chains and universes: order, look-ups and numbers."""

import pytest

from mmsim.instruments import Chain, Option, Right, TickTable, Underlying, Universe

NEAR, FAR = 86_400_000_000_000, 2_592_000_000_000_000  # expiries, nanoseconds


def option(strike: float, right: Right = Right.CALL, expiry_ns: int = NEAR, underlying: str = "ABC") -> Option:
    return Option(underlying, right, strike, expiry_ns)


LISTED = [
    option(110),
    option(90, Right.PUT),
    option(100, expiry_ns=FAR),
    option(90),
    option(100, Right.PUT),
    option(100),
]


class TestChain:
    def test_is_sorted_by_expiry_strike_and_right_with_calls_first(self):
        found = [(o.expiry_ns, o.strike, o.right.name) for o in Chain(LISTED)]
        assert found == [
            (NEAR, 90, "CALL"),
            (NEAR, 90, "PUT"),
            (NEAR, 100, "CALL"),
            (NEAR, 100, "PUT"),
            (NEAR, 110, "CALL"),
            (FAR, 100, "CALL"),
        ]
        assert len(Chain(LISTED)) == 6
        assert Chain(LISTED).expiries_ns == [NEAR, FAR]

    def test_between_takes_both_bounds_and_one_expiry(self):
        assert [o.strike for o in Chain(LISTED).between(NEAR, 90, 100)] == [90, 90, 100, 100]
        assert Chain(LISTED).between(NEAR, 101, 109) == []
        assert [o.strike for o in Chain(LISTED).between(FAR, 0, 1e9)] == [100]

    @pytest.mark.parametrize(
        ("strike", "right", "nearest"), [(104, Right.CALL, 100), (105, Right.CALL, 100), (106, Right.CALL, 110),
                                         (300, Right.PUT, 100), (95, Right.PUT, 90)],
    )  # fmt: skip
    def test_nearest_is_the_lower_one_of_a_tie(self, strike, right, nearest):
        found = Chain(LISTED).nearest(NEAR, strike, right)
        assert (found.strike, found.right) == (nearest, right)

    def test_nearest_of_nothing_is_an_error(self):
        with pytest.raises(KeyError, match="no put expires"):
            Chain(LISTED).nearest(FAR, 100, Right.PUT)


class TestUniverse:
    def test_numbers_do_not_depend_on_the_order_of_the_listing(self):
        underlyings = [Underlying("XYZ"), Underlying("ABC")]
        options = [option(50, underlying="XYZ"), *LISTED]
        one, other = Universe(underlyings, options), Universe(underlyings[::-1], options[::-1])
        assert one.options == other.options
        assert [u.symbol for u in one.underlyings] == ["ABC", "XYZ"]
        assert [one.underlying_of(n) for n in range(7)] == [0, 0, 0, 0, 0, 0, 1]
        assert one.option_index["XYZ 1970-01-02 C50"] == 6

    @pytest.mark.parametrize(
        ("underlyings", "options"),
        [
            ([Underlying("ABC"), Underlying("ABC")], []),
            ([Underlying("ABC")], [option(100), option(100)]),
            ([Underlying("ABC")], [option(100, underlying="XYZ")]),
        ],
    )
    def test_refuses_what_stands_twice_or_on_nothing(self, underlyings, options):
        with pytest.raises(AssertionError):
            Universe(underlyings, options)


def test_a_tick_table_begins_at_zero_and_rises():
    with pytest.raises(AssertionError):
        TickTable((1.0,), (0.05,))
    with pytest.raises(AssertionError):
        TickTable((0.0, 3.0, 2.0), (0.05, 0.1, 0.2))
