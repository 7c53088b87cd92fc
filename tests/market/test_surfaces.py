"""Marks from a fitted surface: what they are, when they come, what is counted; and the cache that they are kept in."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mmsim
from mmsim import backtest, kernel, workspace
from mmsim.errors import UserError
from mmsim.market import books, kept, recorded, surfaces
from mmsim.market.sample import write_sample
from mmsim.market.surfaces import Built, Settings
from mmsim.scenario import Scenario, load
from mmsim.surface import Rule

THEO = "{volatility: surface, refit: 30m}"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `mmsim new` writes."""
    folder = tmp_path_factory.mktemp("new") / "desk"
    workspace.create(folder, write_sample)
    return folder


@pytest.fixture(scope="module")
def data(desk: Path) -> Path:
    return desk / "data"


@pytest.fixture(scope="module")
def scenario(desk: Path) -> Scenario:
    """The replay of the generated day, whose prices are those of European options, until eleven o'clock."""
    changes = {"market.theo": THEO, "options.0.exercise": "european", "clock.end": "2026-03-02T16:00:00Z"}
    return load(desk / "scenarios" / "replay.yaml", changes)


@pytest.fixture(scope="module")
def quoted(scenario: Scenario, data: Path) -> tuple[list[books.Book], Settings]:
    options, ticks, _ = recorded.quoted(scenario, data)
    rates = recorded.rate_and_carry(scenario, options.universe)
    return books.books(options.universe, options.quotes, ticks, *rates), surfaces.settings(scenario)


@pytest.fixture(scope="module")
def built(quoted: tuple[list[books.Book], Settings]) -> Built:
    return surfaces.built(*quoted)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(kernel, "CACHE", tmp_path)
    return tmp_path / "surfaces"


def marks_at(built: Built, ts: int) -> pd.Series[float]:
    rows = built.marks[built.marks["ts"] == ts]
    return pd.Series(rows["value"], rows["instrument"])


class TestMarks:
    def test_come_at_the_fits_and_are_the_smiles_that_made_the_prices(self, built: Built, quoted: Any) -> None:
        (book,), settings = quoted
        times = np.unique(built.marks["ts"])
        assert ((times - settings.start_ns) % settings.refit_ns == 0).all()
        assert len(times) == built.counts["fits"] == 3
        last = marks_at(built, int(times[-1]))
        spot = books.spot_at(book, int(times[-1]))
        k = np.log(book.strike / spot)
        near = (np.abs(k) < 0.04) & (book.right > 0)
        true = 0.25 - 0.2 * k + 0.6 * k * k
        assert last.loc[np.flatnonzero(near)].to_numpy() == pytest.approx(true[near], abs=0.012)  # prices are rounded
        assert len(last) == len(book.number)

    def test_call_and_put_of_a_strike_have_one(self, built: Built, quoted: Any) -> None:
        (book,), _ = quoted
        last = marks_at(built, int(built.marks["ts"].max())).to_numpy()
        table = pd.DataFrame({"expiry": book.expiry_ns, "strike": book.strike, "mark": last})
        assert (table.groupby(["expiry", "strike"])["mark"].nunique() == 1).all()

    @pytest.mark.parametrize("rule", [Rule.MONEYNESS, Rule.DELTA])
    def test_follow_the_spot_between_fits(self, built: Built, quoted: Any, rule: Rule) -> None:
        """At a minute between two fits the mark of a strike is the smile's at the moneyness that it has come to."""
        (book,), settings = quoted
        short = settings._replace(end_ns=settings.start_ns + 40 * 60_000_000_000, rule=rule)
        moving = surfaces.built([book], short)
        times = np.unique(moving.marks["ts"])
        assert len(times) > 35  # of forty minutes, those with a tick
        fitted = settings.start_ns + settings.refit_ns
        assert marks_at(moving, fitted).to_numpy() == pytest.approx(marks_at(built, fitted).to_numpy(), abs=1e-9)
        after = next(int(t) for t in times if t > fitted and books.spot_at(book, int(t)) != books.spot_at(book, fitted))
        told, before = marks_at(moving, after), marks_at(built, fitted)
        moved = math.log(books.spot_at(book, after) / books.spot_at(book, fitted))
        calls = (book.expiry_ns == book.expiry_ns.max()) & (book.right > 0)
        strikes = np.log(book.strike[calls] / books.spot_at(book, fitted))
        expected = np.interp(strikes - moved, strikes, before[calls])
        inner = slice(2, -3)
        gap = np.abs(before[calls].to_numpy() - expected)[inner].max()
        assert told[calls].to_numpy()[inner] == pytest.approx(expected[inner], abs=max(0.25 * gap, 2e-4))

    def test_begin_with_an_options_first_quote(self, quoted: Any) -> None:
        (book,), settings = quoted
        late = int(book.number[4])
        first = settings.start_ns + settings.refit_ns + 1
        kept_rows = (book.quote_of != 4) | (book.quote_ns >= first)
        columns = {name: getattr(book, name)[kept_rows] for name in ("quote_ns", "quote_of", "bid", "ask")}
        made = surfaces.built([books.Book(**(vars(book) | columns))], settings)
        told = made.marks[made.marks["instrument"] == late]["ts"]
        assert told.min() == settings.start_ns + 2 * settings.refit_ns
        assert made.marks["ts"].min() < told.min()

    def test_a_chain_that_falls_silent_keeps_its_last_smile_and_is_counted(self, built: Built, quoted: Any) -> None:
        (book,), settings = quoted
        told = book.quote_ns <= settings.start_ns + settings.refit_ns
        columns = {name: getattr(book, name)[told] for name in ("quote_ns", "quote_of", "bid", "ask")}
        made = surfaces.built([books.Book(**(vars(book) | columns))], settings)
        assert made.counts["quote not fitted: stale"] > 0
        assert sum(number for what, number in made.counts.items() if what.startswith(surfaces.UNFITTED)) >= 2
        first, last = int(made.marks["ts"].min()), settings.start_ns + settings.refit_ns
        assert marks_at(made, last).equals(marks_at(built, last))
        assert made.marks["ts"].max() == last or first == last  # by the strike, nothing moves

    def test_nothing_quoted_makes_no_marks(self, quoted: Any) -> None:
        (book,), settings = quoted
        none = np.full(len(book.bid), math.nan)
        made = surfaces.built([books.Book(**(vars(book) | {"bid": none, "ask": none}))], settings)
        assert len(made.marks) == 0 and made.smiles.empty
        assert made.counts["quote not fitted: no quote"] > 0

    def test_smiles_of_the_last_fit_are_told(self, built: Built) -> None:
        smiles = built.smiles
        assert list(smiles.columns) == surfaces.SMILES
        assert smiles["expiry"].nunique() == 2
        assert ((smiles["bid"] <= smiles["mid"]) & (smiles["mid"] <= smiles["ask"])).all()
        assert float(np.sqrt(((smiles["mark"] - smiles["mid"]) ** 2).mean())) < 0.01


class TestTheRun:
    def test_quotes_from_the_surface_and_keeps_its_smiles(
        self, scenario: Scenario, data: Path, cache: Path, tmp_path: Path
    ) -> None:
        run = backtest.run(scenario, data)
        assert run.counts["client_fills"] > 0 and set(run.identities.values()) == {0}
        assert run.summary["data"]["surface: fits"] == 3
        loaded = mmsim.load_run(run.save(tmp_path / "run"))
        pd.testing.assert_frame_equal(loaded.smiles, run.smiles)
        page = loaded.report(tmp_path / "again.html").read_text()
        assert "Smiles of the last fit" in page and page == (tmp_path / "run" / "report.html").read_text()
        (kept_file,) = cache.iterdir()
        written = kept_file.stat().st_ino
        again = backtest.run(scenario, data)
        assert kept_file.stat().st_ino == written
        pd.testing.assert_frame_equal(again.fills, run.fills)
        pd.testing.assert_frame_equal(again.smiles, run.smiles)


class TestTheCache:
    """What is kept is what was made; what is not as it was written is made again."""

    def counting(self, built: Built) -> tuple[list[int], Any]:
        made: list[int] = []
        return made, lambda: made.append(1) or built

    def same(self, one: Built, other: Built) -> bool:
        marks = all(np.array_equal(one.marks[n], other.marks[n]) for n in ("ts", "kind", "instrument", "value"))
        return marks and one.counts == other.counts and one.smiles.equals(other.smiles)

    def test_is_made_once(self, built: Built, quoted: Any, cache: Path) -> None:
        made, make = self.counting(built)
        assert all(self.same(kept.kept(kept.SURFACES, surfaces.key(*quoted), make), built) for _ in range(3))
        assert made == [1]
        assert (cache.stat().st_mode & 0o777) == 0o700
        assert len(list(cache.iterdir())) == 1

    @pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other"])
    def test_damage_is_seen(self, built: Built, quoted: Any, cache: Path, damage: str) -> None:
        made, make = self.counting(built)
        kept.kept(kept.SURFACES, surfaces.key(*quoted), make)
        (file,) = cache.iterdir()
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes({"cut": content[:-9], "flipped": content, "empty": b"", "other": b"x" * 500}[damage])
        assert self.same(kept.kept(kept.SURFACES, surfaces.key(*quoted), make), built) and made == [1, 1]
        assert self.same(kept.kept(kept.SURFACES, surfaces.key(*quoted), make), built) and made == [1, 1]

    def test_every_setting_and_every_quote_counts(self, built: Built, quoted: Any, cache: Path) -> None:
        (book,), settings = quoted
        moved = book.bid.copy()
        moved[7] += 0.05
        others = [
            (book, settings._replace(refit_ns=1)),
            (book, settings._replace(rule=Rule.DELTA)),
            (book, settings._replace(liquid=settings.liquid._replace(delta=0.06))),
            (books.Book(**(vars(book) | {"bid": moved})), settings),
            (books.Book(**(vars(book) | {"rate": book.rate + 1e-12})), settings),
            (books.Book(**(vars(book) | {"american": not book.american})), settings),
            (books.Book(**(vars(book) | {"spots": book.spots[1:]})), settings),
        ]
        made, make = self.counting(built)
        kept.kept(kept.SURFACES, surfaces.key([book], settings), make)
        for one, its in others:
            kept.kept(kept.SURFACES, surfaces.key([one], its), make)
        assert len(made) == len(list(cache.iterdir())) == 1 + len(others)

    def test_old_ones_go(self, built: Built, quoted: Any, cache: Path) -> None:
        shelf = kept.SURFACES._replace(count_max=2)
        (book,), settings = quoted
        for n in range(4):
            kept.kept(shelf, surfaces.key([book], settings._replace(refit_ns=n + 1)), lambda: built)
            for file in cache.iterdir():
                os.utime(file, (file.stat().st_atime, file.stat().st_mtime - 10))
        assert len(list(cache.iterdir())) == 2

    def test_where_nothing_can_be_written_it_says_so(
        self, built: Built, quoted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_text("")
        monkeypatch.setattr(kernel, "CACHE", tmp_path / "file")
        with pytest.warns(RuntimeWarning, match="not kept"):
            assert kept.kept(kept.SURFACES, surfaces.key(*quoted), lambda: built) is built


class TestTheScenario:
    @pytest.mark.parametrize(
        ("theo", "said"),
        [
            ("{volatility: surfaces}", "market, mid, surface"),
            ("{volatility: surface, refit: 0s}", "longer than 0"),
            ("{volatility: surface, dynamics: sticky}", "sticky_strike"),
            ("{volatility: surface, min_delta: 0.5}", "less than 0.5"),
            ("{volatility: surface, bid_ticks: -1}", "at least 0"),
            ("{volatility: surface, half_life: 5m}", "half_life"),
        ],
    )
    def test_mistakes_are_named(self, desk: Path, theo: str, said: str) -> None:
        with pytest.raises(UserError, match=said):
            load(desk / "scenarios" / "replay.yaml", {"market.theo": theo})

    def test_models_have_none(self, root: Path) -> None:
        with pytest.raises(UserError, match="surface is for recorded markets"):
            load(root / "scenarios/textbook/conversion.yaml", {"market.theo.volatility": "surface"})


def test_es_forwards_are_those_of_the_futures(root: Path, recorded_data: Path) -> None:
    """Every five minutes of the day: parity over the chain against the future, 0.1 off with a deviation of 0.1."""
    scenario = load(root / "scenarios/recorded/es_fop.yaml")
    options, ticks, _ = recorded.quoted(scenario, recorded_data)
    settings = surfaces.settings(scenario)
    rates = recorded.rate_and_carry(scenario, options.universe)
    for book in books.books(options.universe, options.quotes, ticks, *rates):
        standing, off = books.Standing(book, settings.year_ns), []
        for now_ns in range(settings.start_ns + 300_000_000_000, settings.end_ns, 300_000_000_000):
            (expiry,) = surfaces.chain.read(standing.at(now_ns), settings.liquid).expiries
            assert expiry.parity.value is not None
            off.append(expiry.parity.value - expiry.forward)
        assert abs(np.mean(off)) < 0.1
        assert np.std(off) < 0.12
        assert len(off) == 275
