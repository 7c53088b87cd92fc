"""The page of a comparison: its figures are those of its folder, whatever was compared."""

from __future__ import annotations

import html
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import mmsim
from mmsim import UserError, backtest, cli
from mmsim.comparison import Comparison
from mmsim.comparison_folder import COLUMNS, FIGURES
from mmsim.report import comparison_words, frontier, multiples

ATTACK = "<script>alert('&')</script>"
TEXT = f"""
name: bands
seed: 3
clock: {{start: 2026-01-05T09:30 America/New_York, end: 2026-01-05T10:30 America/New_York}}
underlyings:
  - {{symbol: ABC, kind: stock, tick: 0.01}}
options:
  - {{underlying: ABC, expiry: 2026-01-16T16:00 America/New_York, strikes: [95, 100, 105]}}
market:
  spot: {{model: gbm, start: 100, volatility: 0.2, step: 1m, half_spread: 0.01}}
  volatility: {{model: constant, level: 0.2}}
clients:
  - {{name: retail, model: poisson, per_hour: 60, reservation_ticks: 4, sizes: [1, 2, 5]}}
  - {{name: "{ATTACK}", model: poisson, per_hour: 20, reservation_ticks: 8, sizes: [10]}}
  - {{name: nobody, model: poisson, per_hour: 0.0001, reservation_ticks: 4, sizes: [1]}}
quoting: {{policy: vega_width, half_spread_vol: 0.005}}
hedging: {{policy: delta_band, band: 100}}
execution: {{hedge_at: touch}}
variants:
  tight: {{hedging.band: 10}}
  wide: {{quoting.half_spread_vol: 0.02}}
"""
NAMES = ["base", "tight", "wide"]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scenario") / "bands.yaml"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="module")
def one(file: Path) -> Comparison:
    return mmsim.compare(file, workers=1)


@pytest.fixture(scope="module")
def many(file: Path) -> Comparison:
    return mmsim.compare(file, paths=6, workers=1)


@pytest.fixture(params=["one", "many"])
def found(request: pytest.FixtureRequest) -> Comparison:
    comparison: Comparison = request.getfixturevalue(request.param)
    return comparison


def rows(page: str, caption: str) -> list[list[str]]:
    """The cells of the table whose caption starts so: the exact number where a cell has one, else its text."""
    [body] = re.findall(rf"<caption>{re.escape(caption)}[^<]*</caption>.*?<tbody>(.*?)</tbody>", page, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall("<tr.*?</tr>", body)]
    return [[html.unescape(re.sub(r'<data value="([^"]*)">.*', r"\1", cell)) for cell in row] for row in cells]


def text_of(page: str) -> str:
    return html.unescape(re.sub("<[^>]*>", " ", page))


def micros(amount: float | str) -> int:
    return round(float(amount) * 1e6)


def test_page_json_parquet_and_tables_agree_to_the_micro_unit(found: Comparison, tmp_path: Path) -> None:
    folder = found.save(tmp_path / "out")
    page, summary = (folder / "report.html").read_text(), json.loads((folder / "comparison.json").read_text())
    parquet = {name: pd.read_parquet(folder / f"{name}.parquet") for name in COLUMNS}
    shown = rows(page, "Buckets by variant")
    figures = [name for name in FIGURES if any(abs(found.table[name]) >= 0.005) or name == "total"]
    for row, name in zip(shown, NAMES, strict=True):
        part = summary["variants"][name]["attribution"]
        in_json = [
            part[figure] if figure != "hedging_pnl" else part["total"] - part["spread_capture"] for figure in figures
        ]
        in_file = parquet["buckets"].set_index("variant").loc[name, figures]
        on_page = [float(cell) for cell in row[1 : len(figures) + 1]]
        assert row[0] == name
        assert on_page == in_file.tolist() == found.table.loc[name, figures].tolist()
        assert on_page == pytest.approx(in_json, abs=1e-9)
    for row, told in zip(
        rows(page, "Total against base"), summary["differences"][len(FIGURES) - 1 :: len(FIGURES)], strict=True
    ):
        known = (told["low"], told["high"], told["high"] - told["low"])
        wide = (told["unpaired_low"], told["unpaired_high"], told["unpaired_high"] - told["unpaired_low"])
        expected = [told["difference"], told["standard_error"], *known, *wide, known[2] / wide[2]]
        assert row[0] == told["variant"]
        assert [float(cell) for cell in row[1:]] == pytest.approx(expected, rel=1e-12)
    groups = rows(page, "By client group")
    assert [row[:2] for row in groups] == [[name, group] for name in NAMES for group in ("retail", ATTACK, "nobody")]
    assert [*map(micros, (row[2] for row in groups))] == [*map(micros, parquet["clients"]["total"])]
    assert {float(row[3]) for row in groups if row[1] == "nobody"} == {0.0}


def test_a_comparison_that_is_loaded_is_the_comparison(found: Comparison, tmp_path: Path) -> None:
    folder = found.save(tmp_path / "out")
    loaded = mmsim.load_comparison(folder)
    assert loaded.summary == json.loads(json.dumps(found.summary))
    assert (loaded.reference, loaded.identities, loaded.differs) == (found.reference, found.identities, found.differs)
    for name in ("table", "differences", "paths", "clients", "over_time", "partings"):
        pd.testing.assert_frame_equal(getattr(loaded, name), getattr(found, name))
    before = (folder / "report.html").read_bytes()
    (folder / "report.html").unlink()
    done = CliRunner().invoke(cli.app, ["report", str(folder)])
    assert (done.exit_code, done.stdout.strip()) == (0, str(folder / "report.html"))
    assert (folder / "report.html").read_bytes() == before
    assert loaded.save(tmp_path / "again") and (tmp_path / "again" / "report.html").read_bytes() == before


@pytest.mark.parametrize("file_name", ["comparison.json", "differences.parquet", "over_time.parquet"])
def test_a_folder_that_was_edited_or_lacks_a_file_is_refused(one: Comparison, tmp_path: Path, file_name: str) -> None:
    folder = one.save(tmp_path / "out")
    whole = (folder / file_name).read_bytes()
    (folder / file_name).write_bytes(whole.replace(b"a", b"b", 1))
    with pytest.raises(UserError, match=f"{file_name}: is missing or is not what"):
        mmsim.load_comparison(folder)
    (folder / file_name).unlink()
    done = CliRunner().invoke(cli.app, ["report", str(folder)])
    assert done.exit_code == 2
    assert f"{folder / file_name}: is missing" in done.stderr


def test_a_folder_of_an_older_version_and_a_runs_are_refused(one: Comparison, tmp_path: Path) -> None:
    folder = one.save(tmp_path / "out")
    hashes = json.loads((folder / "manifest.json").read_text())
    del hashes["partings.parquet"]
    (folder / "manifest.json").write_text(json.dumps(hashes))
    with pytest.raises(UserError, match=r"not a comparison's: it does not name partings\.parquet"):
        mmsim.load_comparison(folder)
    with pytest.raises(UserError, match="is not a comparison's: it names"):
        mmsim.load_comparison(one.runs["base"].save(tmp_path / "run"))


def test_names_that_hold_markup_are_text(one: Comparison, tmp_path: Path) -> None:
    runs = dict(zip([f"{ATTACK} $x$", "tight", ATTACK], one.runs.values(), strict=True))
    found = Comparison.of(runs, 1.0, f"mmsim compare '{ATTACK}'", [ATTACK])
    page = found.report(tmp_path / "report.html").read_text()
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") > 40
    ids = re.findall(r'\sid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]*)"', page)) <= set(ids)


def test_each_variant_parts_at_the_first_fill_that_only_one_has(found: Comparison) -> None:
    """By hand, from the whole tables."""
    compared = ["ts", "kind", "instrument", "side", "size", "price"]
    fills = {name: run.fills[run.fills["path"] == 0].reset_index(drop=True) for name, run in found.runs.items()}
    as_text = {name: table[compared].astype(str).agg("|".join, axis=1).tolist() for name, table in fills.items()}
    for name in NAMES[1:]:
        pairs = zip(as_text["base"], as_text[name], strict=False)
        place = next(n for n, (here, there) in enumerate(pairs) if here != there)
        told = found.partings[found.partings["variant"] == name]
        assert told["fill"].tolist() == [place, place]
        assert told["dealt_by"].tolist() == ["base", name]
        for row in told.itertuples():
            fill = fills[row.dealt_by].loc[place]
            assert [getattr(row, column) for column in compared] == [fill[column] for column in compared]
            earlier = fills[row.dealt_by][:place]
            same = earlier[earlier["instrument"] == fill["instrument"]]
            held = np.where(same["side"] == "buy", same["size"], -same["size"]).sum()
            assert row.position_before == pytest.approx(held)
        said = comparison_words.partings(found.summary)[name]
        assert said.startswith(f"{name} parts at fill {place}, ")
    commands = comparison_words.look_into(found.summary)
    assert any("--variant tight" in command and "mmsim explain" in command for command in commands.values())


def test_both_widths_are_said_on_page_and_screen(file: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli.app, ["compare", str(file), "--workers", "1", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert max(map(len, (line for line in done.stdout.splitlines() if "  " in line))) <= 120
    summary = json.loads((tmp_path / "out" / "comparison.json").read_text())
    said = comparison_words.widths(summary)
    assert said in done.stdout.replace("\n", " ")
    page = text_of((tmp_path / "out" / "report.html").read_text())
    assert said in page
    for part in (comparison_words.verdict(summary), *comparison_words.partings(summary).values()):
        assert part in page
    assert done.stdout.startswith("bands: 3 variants, USD, seed 3, ")
    assert str(tmp_path / "out" / "report.html") in done.stdout.replace("\n", "")


def test_pairing_halves_the_intervals_of_hedging_bands(root: Path) -> None:
    """Of those whose hedges are least alike too: what volatility came to moves all policies."""
    bands = root / "scenarios" / "comparison" / "hedging_bands.yaml"
    chosen = ("clock_1d", "clock_7d", "leland_1d", "leland_7d", "band_2", "ww_bold")
    variants = backtest.loaded(bands, None, None, None).variants
    found = mmsim.compare(bands, changes={"variants": json.dumps({name: variants[name] for name in chosen})}, workers=1)
    totals = found.paths.pivot(index="path", columns="variant", values="total")
    assert len(totals) == 1000
    for name in chosen[1:]:
        row = comparison_words.against_first(found.summary)[name]
        narrow, wide = comparison_words.width(row), comparison_words.width(row, "unpaired_")
        assert narrow is not None and wide is not None
        assert narrow <= 0.5 * wide, name
        paired, apart = (
            (totals[name] - totals["clock_1d"]).std(),
            np.hypot(totals[name].std(), totals["clock_1d"].std()),
        )
        assert narrow / wide == pytest.approx(paired / apart, rel=0.01)  # Welch has nearly as many degrees of freedom
    assert " wide paired and " in comparison_words.widths(found.summary)


def equal(file: Path, **changes: str) -> Comparison:
    return mmsim.compare(file, changes={"variants": "{one: {}, two: {hedging.band: 100}}", **changes}, workers=1)


@pytest.mark.parametrize("paths", ["1", "3"])
def test_variants_that_are_equal_have_intervals_without_width(file: Path, tmp_path: Path, paths: str) -> None:
    found = equal(file, paths=paths)
    assert (found.differences[["difference", "standard_error", "low", "high"]] == 0).all(axis=None)
    assert comparison_words.verdict(found.summary).startswith("All 2 variants come to the same: each made ")
    assert comparison_words.partings(found.summary) == {"two": "two has the same fills as one"}
    row = comparison_words.against_first(found.summary)["two"]
    assert (comparison_words.share(row), comparison_words.width(row)) == (0.0, 0.0)
    assert comparison_words.share(dict.fromkeys(row, 0.0)) is None
    page = text_of(found.report(tmp_path / "report.html").read_text())
    assert "No figure of any variant differs" in page
    assert not re.search(r"\b(nan|inf|NaT)\b", page)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"keep_paths": "0"}, "whether by chance is not known"),
        ({"report": "{mark_every: 1h}"}, "whether by chance is not known"),
        ({"clients": "[]"}, "come to the same"),
        (
            {"clients": "[]", "market.spot.step": "1s", "clock.end": "2026-01-05T09:30:01 America/New_York"},
            "come to the same",
        ),
        ({"options": "[{underlying: ABC, expiry: 2026-01-16T16:00 America/New_York, strikes: [100]}]"}, "made most"),
    ],
    ids=["no marks", "one mark", "nobody trades", "one second", "few options"],
)
def test_odd_comparisons_make_a_sensible_page(file: Path, tmp_path: Path, changes: dict[str, str], said: str) -> None:
    found = mmsim.compare(file, changes=changes, workers=1)
    assert said in comparison_words.verdict(found.summary)
    page = text_of(found.save(tmp_path / "out").joinpath("report.html").read_text())
    assert not re.search(r"\b(nan|inf|NaT|None)\b", page.replace("None.", "").split("every key resolved")[0])
    assert mmsim.load_comparison(tmp_path / "out").summary["variants"].keys() == set(NAMES)


def test_one_variant_alone_has_a_page(one: Comparison, tmp_path: Path) -> None:
    alone = Comparison.of({"base": one.runs["base"]}, 1.0, "mmsim compare bands.yaml", ["bands"])
    page = text_of(alone.save(tmp_path / "out").joinpath("report.html").read_text())
    assert "One variant alone: base made" in page
    assert "More than base" not in page


def test_files_of_one_name_are_named_by_their_files(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(TEXT.partition("variants:")[0].replace("band: 100", "band: 50"))
    single = tmp_path / "single.yaml"
    single.write_text(TEXT.partition("variants:")[0])
    found = mmsim.compare([single, other], workers=1)
    assert (found.summary["name"], list(found.runs)) == ("single+other", ["single", "other"])
    assert comparison_words.what(found.summary) == "2 scenarios"


@pytest.mark.parametrize("count", range(2, 16))
def test_names_beside_points_are_on_none_another(count: int) -> None:
    draws = np.random.default_rng(count)
    for scale in (0.0, 1e-9, 1.0):
        values = 5.0 + scale * draws.normal(size=(2, count))
        points = frontier.Points([f"variant {n}" for n in range(count)], *values, "x", "y", count % 2 == 0, True)
        [axes] = frontier.draw(points).axes
        height = axes.get_position().height * axes.figure.get_size_inches()[1] * 72
        places = sorted(t.get_position()[1] * height for t in axes.texts if t.get_text().startswith("variant"))
        assert len(places) == count
        assert all(np.diff(places) >= frontier.LABEL - 1e-6)
        assert places[0] >= -1e-6 and places[-1] <= height + 1e-6


def test_the_frontier_is_what_no_other_beats() -> None:
    draws = np.random.default_rng(5)
    for _ in range(50):
        x, y = draws.integers(0, 6, (2, 12)).astype(float)
        beaten = [
            any(x[m] >= x[n] and y[m] >= y[n] and (x[m] > x[n] or y[m] > y[n]) for m in range(12)) for n in range(12)
        ]
        best = frontier.unbeaten(x, y).tolist()
        assert sorted(best) == [n for n in range(12) if not beaten[n]]
        assert (np.diff(x[best]) >= 0).all()


def test_places_of_names_are_the_nearest_that_fit() -> None:
    """Against a general minimiser."""
    from scipy.optimize import minimize

    draws = np.random.default_rng(8)
    for _ in range(20):
        wanted = np.sort(draws.uniform(0, 100, 5))
        place = frontier.spread(wanted, 15.0, 100.0)
        limits: list[Any] = [{"type": "ineq", "fun": lambda at, n=n: at[n + 1] - at[n] - 15.0} for n in range(4)]
        oracle = minimize(
            lambda at, to=wanted: ((at - to) ** 2).sum(),
            np.linspace(0, 100, 5),
            bounds=[(0, 100)] * 5,
            constraints=limits,
        )
        assert ((place - wanted) ** 2).sum() == pytest.approx(oracle.fun, abs=1e-3)


def test_an_interval_has_a_colour_only_beyond_chance() -> None:
    nan = math.nan
    assert multiples.Interval(1.0, 0.5, 1.5, -3.0, 5.0).color == "gain"
    assert multiples.Interval(-1.0, -1.5, -0.5, nan, nan).color == "loss"
    assert {multiples.Interval(1.0, -0.5, 2.5, 0.5, 1.5).color, multiples.Interval(1.0, *[nan] * 4).color} == {"line6"}
