"""What cannot be fitted has a named status, and nothing that is not a number travels on."""

import numpy as np
import pytest

from mmsim.surface import Method, QuoteStatus, Slice, SliceStatus, Surface, Svi, fit

from .chains import FORWARD, exact

YEARS = 0.25
SVI = Svi(0.002, 0.03, -0.7, 0.03, 0.05)
K = np.linspace(-0.2, 0.15, 21)
WIDE = np.linspace(-1.0, 1.0, 81)


def volatility(k: np.ndarray) -> np.ndarray:
    return np.sqrt(SVI.derivatives(k)[0] / YEARS)


GOOD = exact(volatility, YEARS, K)
EMPTY = Slice(1, YEARS, FORWARD, *np.empty((5, 0)))


def kept(count: int) -> Slice:
    """The slice with quotes for ``count`` strikes near the money, nothing for the others."""
    hidden = np.ones(K.size, dtype=bool)
    hidden[np.argsort(np.abs(K))[:count]] = False
    columns = (np.where(hidden, np.nan, column) for column in GOOD[4:7])
    return Slice(*GOOD[:4], *columns, GOOD.vega)


def changed(**columns: tuple[int, float]) -> Slice:
    """The slice with one value of some columns replaced."""
    made = GOOD
    for name, (place, value) in columns.items():
        column = getattr(made, name).copy()
        column[place] = value
        made = made._replace(**{name: column})
    return made


def is_sound(surface: Surface) -> bool:
    values = [smile.volatility(WIDE) for smile in surface.smiles.values()]
    return all(np.isfinite(one).all() and (one > 0.0).all() for one in values)


QUOTES = {
    "used": (GOOD, QuoteStatus.USED),
    "no sides": (changed(bid_volatility=(7, np.nan), ask_volatility=(7, np.nan)), QuoteStatus.NO_QUOTE),
    "no bid": (changed(bid_volatility=(7, np.nan)), QuoteStatus.NO_BID),
    "negative bid": (changed(bid_volatility=(7, -0.1)), QuoteStatus.NO_BID),
    "no ask": (changed(ask_volatility=(7, np.nan)), QuoteStatus.NO_ASK),
    "infinite ask": (changed(ask_volatility=(7, np.inf)), QuoteStatus.NO_ASK),
    "bid below intrinsic": (changed(bid_volatility=(7, 0.0)), QuoteStatus.BELOW_INTRINSIC),
    "crossed": (changed(bid_volatility=(7, 0.9)), QuoteStatus.CROSSED),
    "no mid": (changed(mid_volatility=(7, np.nan)), QuoteStatus.NO_VOLATILITY),
    "mid outside": (changed(mid_volatility=(7, 0.9)), QuoteStatus.NO_VOLATILITY),
    "no strike": (changed(log_moneyness=(7, np.nan)), QuoteStatus.NO_STRIKE),
    "absurd strike": (changed(log_moneyness=(7, 1e300)), QuoteStatus.NO_STRIKE),
    "no vega": (changed(vega=(7, np.nan)), QuoteStatus.LITTLE_VEGA),
    "little vega": (changed(vega=(7, 1e-9)), QuoteStatus.LITTLE_VEGA),
}


@pytest.mark.parametrize(("quotes", "status"), QUOTES.values(), ids=QUOTES.keys())
def test_quote_status(quotes: Slice, status: QuoteStatus) -> None:
    surface = fit([quotes])
    smile = surface.smiles[1]
    assert smile.residuals["status"].iloc[7] == status
    assert (smile.quote_statuses == QuoteStatus.USED).sum() == K.size - (status is not QuoteStatus.USED)
    assert np.abs(smile.volatility(K) - volatility(K)).max() < 1e-4 and is_sound(surface)


NAN = float("nan")
SLICES = {
    "fitted": (GOOD, SliceStatus.FITTED, Method.SVI),
    "six strikes": (kept(6), SliceStatus.FITTED, Method.SVI),
    "five strikes": (kept(5), SliceStatus.FEW_STRIKES, Method.SPLINE),
    "two strikes": (kept(2), SliceStatus.FEW_STRIKES, Method.SPLINE),
    "one strike": (kept(1), SliceStatus.ONE_STRIKE, Method.SPLINE),
    "a call and a put of one strike": (
        EMPTY._replace(**{name: np.full(2, getattr(GOOD, name)[12]) for name in Slice._fields[3:]}),
        SliceStatus.ONE_STRIKE,
        Method.SPLINE,
    ),
    "no strike": (kept(0), SliceStatus.NO_QUOTES, None),
    "empty": (EMPTY, SliceStatus.NO_QUOTES, None),
    "all crossed": (
        GOOD._replace(bid_volatility=GOOD.ask_volatility, ask_volatility=GOOD.bid_volatility),
        SliceStatus.NO_QUOTES,
        None,
    ),
    "no forward": (GOOD._replace(forward=NAN), SliceStatus.NO_FORWARD, None),
    "forward of zero": (GOOD._replace(forward=0.0), SliceStatus.NO_FORWARD, None),
    "expired": (GOOD._replace(years=0.0), SliceStatus.EXPIRED, None),
    "no time": (GOOD._replace(years=NAN), SliceStatus.EXPIRED, None),
}


@pytest.mark.parametrize(("quotes", "status", "method"), SLICES.values(), ids=SLICES.keys())
def test_slice_status(quotes: Slice, status: SliceStatus, method: Method | None) -> None:
    surface = fit([quotes])
    assert surface.statuses == {1: status}
    assert {smile.method for smile in surface.smiles.values()} == ({method} if method else set())
    assert surface.report()["status"].tolist() == [status]
    assert is_sound(surface)


@pytest.mark.parametrize(("quotes", "status", "method"), SLICES.values(), ids=SLICES.keys())
def test_what_cannot_be_fitted_is_carried(quotes: Slice, status: SliceStatus, method: Method | None) -> None:
    before = fit([GOOD])
    years, forward = 0.9 * YEARS, 1.01 * FORWARD
    later = quotes._replace(years=years) if quotes.years == YEARS else quotes
    later = later._replace(forward=forward) if later.forward == FORWARD else later
    surface = fit([later], before)
    assert surface.statuses == {1: status}
    if status is SliceStatus.EXPIRED:
        assert not surface.smiles
        return
    smile = surface.smiles[1]
    assert (smile.status, smile.years) == (status, years)
    if method is None or status is SliceStatus.ONE_STRIKE:
        assert smile.method is Method.PREVIOUS
        assert np.abs(smile.volatility(WIDE) - before.smiles[1].volatility(WIDE)).max() < 1e-14
        assert smile.forward == (FORWARD if status is SliceStatus.NO_FORWARD else forward)
        assert fit([later], surface).smiles[1].method is Method.PREVIOUS
    else:
        assert smile.method is method
    assert is_sound(surface)


def test_spline_goes_through_its_quotes_and_is_flat_beyond() -> None:
    smile = fit([kept(5)]).smiles[1]
    used = smile.residuals[smile.quote_statuses == QuoteStatus.USED]
    assert np.abs(used["mark"] - used["mid"]).max() < 1e-12
    ends = smile.volatility(used["k"].iloc[[0, -1]].to_numpy())
    assert smile.volatility(np.array([-1.0, 1.0])) == pytest.approx(ends, rel=1e-12)
    assert smile.svi is None and smile.residuals["svi"].isna().all()
    k = np.linspace(-0.3, 0.3, 20_001)
    w, slope, curvature = smile.curve.derivatives(k)
    assert np.abs(np.diff(w) / (k[1] - k[0]) - 0.5 * (slope[1:] + slope[:-1])).max() < 1e-4
    assert np.median(np.abs(np.diff(slope) / (k[1] - k[0]) - 0.5 * (curvature[1:] + curvature[:-1]))) < 1e-5


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_spline_keeps_between_its_neighbours(scale: float) -> None:
    """An expiry with one strike, quoted below the earlier, between both, or above the later one."""
    near, far = (GOOD._replace(expiry_ns=n, years=years) for n, years in ((0, 0.2), (2, 0.3)))
    columns = {name: scale * getattr(GOOD, name)[12:13] for name in Slice._fields[4:7]}
    between = Slice(1, YEARS, FORWARD, K[12:13], **columns, vega=np.ones(1))
    surface = fit([near, between, far])
    assert surface.smiles[1].method is Method.SPLINE
    w = [surface.smiles[e].total_variance(WIDE) for e in (0, 1, 2)]
    assert (w[0] <= w[1]).all() and (w[1] <= w[2]).all()
    quoted = surface.smiles[1].residuals["mark_inside"].item()
    assert quoted == (scale == 1.0)


@pytest.mark.parametrize(
    ("slices", "reason"),
    [
        ([GOOD, GOOD], "same expiry"),
        ([GOOD, GOOD._replace(expiry_ns=2, years=0.1)], "more years"),
        ([GOOD._replace(vega=np.ones(3))], "one length"),
    ],
)
def test_slices_that_no_chain_has(slices: list[Slice], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        fit(slices)


def test_nothing_at_all() -> None:
    surface = fit([])
    assert not surface.smiles and surface.report().empty
    with pytest.raises(ValueError, match="no smile"):
        surface.volatility(0.1, 0.0)


def test_any_quotes_give_a_sound_surface() -> None:
    """300 surfaces of random quotes, some of them absurd, each from the one before."""
    rng = np.random.default_rng(11)
    previous, methods = None, set()
    for _ in range(300):
        slices = []
        for expiry_ns, years in enumerate(np.sort(rng.uniform(-0.01, 2.0, rng.integers(1, 5)))):
            n = int(rng.integers(0, 40))
            deviation = 10 ** rng.uniform(-1.5, 0.2) * np.sqrt(abs(years))
            k = rng.normal(0.0, deviation * 10 ** rng.uniform(-1.0, 1.0), n)
            mid = 10 ** rng.uniform(-1.5, 0.3) * np.exp(rng.normal(0.0, 10 ** rng.uniform(-3.0, 0.5), n))
            width = mid * 10 ** rng.uniform(-4.0, 0.0, n)
            columns = [k, mid - width, mid, mid + width, np.exp(-0.5 * (k / deviation) ** 2)]
            for column in columns:
                absurd = rng.random(n) < rng.choice([0.0, 0.02, 0.3])
                column[absurd] = rng.choice([np.nan, np.inf, -np.inf, 0.0, -1.0, 1e300, 1e-300, 5.0], absurd.sum())
            slices.append(Slice(expiry_ns, float(years), rng.choice([100.0, 100.0, np.nan, 0.0]), *columns))
        surface = fit(slices, previous if rng.random() < 0.7 else None)
        assert is_sound(surface)
        assert surface.report().shape[0] == len(slices)
        methods |= {smile.method for smile in surface.smiles.values()}
        previous = surface
    assert methods == set(Method)
