"""The exported journal is read back by beancount itself; its balances must be the ledger's."""

from collections import Counter
from decimal import Decimal
from types import SimpleNamespace

import pandas as pd
import pytest
from beancount import loader
from beancount.core.data import Open, Transaction

import mmsim
from mmsim import export
from mmsim.errors import UserError
from mmsim.run_folder import TABLES

CALL = "ES 2020-03-20 C3212.5"
LEDGER = pd.DataFrame(
    [
        (0, "2020-01-06T14:30:00.000000001Z", "client", "Assets:Cash:Options", "", 0, -213_000_001),
        (0, "2020-01-06T14:30:00.000000001Z", "client", "Assets:Options", CALL, 0, 214_000_000),
        (0, "2020-01-06T14:30:00.000000001Z", "client", "Income:SpreadCapture:Mark", CALL, 0, -999_999),
        (1, "2020-01-06T14:30:01Z", "hedge", "Assets:Cash:Hedge", "", 0, 5),
        (1, "2020-01-06T14:30:01Z", "hedge", "Assets:Hedge", "BRK.B", 0, -7),
        (1, "2020-01-06T14:30:01Z", "hedge", "Expenses:HedgeCost", "BRK.B", 0, 2),
    ],
    columns=["transaction", "ts", "kind", "account", "instrument", "path", "amount_micros"],
).assign(ts=lambda rows: pd.to_datetime(rows["ts"], format="ISO8601", utc=True))
LEDGER = LEDGER.astype(dict.fromkeys(["kind", "account", "instrument"], "category"))  # as a run has it


def run_of(ledger: pd.DataFrame) -> SimpleNamespace:
    empty = pd.DataFrame()
    tables = dict.fromkeys(TABLES, empty) | {"ledger": ledger}
    return SimpleNamespace(
        **tables, summary={"scenario": {"name": "a day", "currency": "USD"}}, pieces=lambda name: iter([tables[name]])
    )


def balances(entries) -> dict[str, Decimal]:
    totals = Counter()
    for entry in entries:
        if isinstance(entry, Transaction):
            for posting in entry.postings:
                totals[posting.account] += posting.units.number
    return dict(totals)


def load(ledger, folder):
    entries, errors, _ = loader.load_file(str(export.beancount(run_of(ledger), folder / "journal.beancount")))
    assert errors == []
    return entries


def test_beancount_loads_the_journal_and_agrees_with_the_ledger(tmp_path):
    entries = load(LEDGER, tmp_path)
    assert balances(entries) == {
        "Assets:Cash:Options": Decimal("-213.000001"),
        "Assets:Options:ES-2020-03-20-C3212-5": Decimal(214),
        "Income:SpreadCapture:Mark:ES-2020-03-20-C3212-5": Decimal("-0.999999"),
        "Assets:Cash:Hedge": Decimal("0.000005"),
        "Assets:Hedge:BRK-B": Decimal("-0.000007"),
        "Expenses:HedgeCost:BRK-B": Decimal("0.000002"),
    }
    transactions = [entry for entry in entries if isinstance(entry, Transaction)]
    assert [t.payee for t in transactions] == ["client", "hedge"]
    assert transactions[0].meta["time"] == "14:30:00.000000001"
    assert sum(isinstance(entry, Open) for entry in entries) == 6


def test_an_unbalanced_ledger_is_refused_by_beancount(tmp_path):
    broken = LEDGER.assign(amount_micros=LEDGER["amount_micros"].where(LEDGER.index != 5, 3))
    _, errors, _ = loader.load_file(str(export.beancount(run_of(broken), tmp_path / "journal.beancount")))
    assert "does not balance" in errors[0].message


def test_paths_have_accounts_of_their_own(tmp_path):
    two = pd.concat([LEDGER, LEDGER.assign(path=1)], ignore_index=True)
    found = balances(load(two, tmp_path))
    assert found["Assets:Hedge:BRK-B:Path0"] == found["Assets:Hedge:BRK-B:Path1"] == Decimal("-0.000007")


@pytest.mark.parametrize("micros", [0, 1, -1, 999_999, -1_000_000, 123_456_789_012_345, -(2**62)])
def test_decimal_is_exact(micros):
    assert Decimal(export.decimal(micros)) == Decimal(micros) / 1_000_000


def test_csv_is_the_tables_that_have_rows_to_the_last_digit(tmp_path):
    (file,) = export.csv(run_of(LEDGER), tmp_path / "csv")
    assert file == tmp_path / "csv" / "ledger.csv"
    first, second, *_ = file.read_text().splitlines()
    assert first == '"transaction","ts","kind","account","instrument","path","amount_micros"'
    assert second == '0,"2020-01-06T14:30:00.000000001Z","client","Assets:Cash:Options","",0,-213000001'
    back = pd.read_csv(file, keep_default_na=False, parse_dates=["ts"])
    pd.testing.assert_frame_equal(back, LEDGER, check_dtype=False, check_categorical=False, check_exact=True)


@pytest.fixture(scope="module")
def run(root):
    return mmsim.run(root / "scenarios/textbook/put_scalping.yaml", changes={"paths": "3", "keep_paths": "2"})


def test_every_table_comes_back_from_csv_as_it_was(run, tmp_path):
    """Floats to the last bit, missing ones missing; integers and times exactly."""
    files = run.export("csv", tmp_path / "csv")
    assert {file.stem for file in files} == {name for name in TABLES if len(getattr(run, name))}
    for file in files:
        table = getattr(run, file.stem)
        times = [column for column in table if table[column].dtype.kind == "M"]
        texts = {column: str for column in table if table[column].dtype.kind not in "Miuf"}
        numbers = [column for column in table if column not in texts]
        empty = {column: [""] for column in numbers}
        back = pd.read_csv(file, parse_dates=times, dtype=texts, na_values=empty, keep_default_na=False)
        pd.testing.assert_frame_equal(back, table, check_dtype=False, check_categorical=False, check_exact=True)


def test_every_table_comes_back_from_parquet_as_it_was(run, tmp_path):
    for file in run.export("parquet", tmp_path / "tables"):
        pd.testing.assert_frame_equal(pd.read_parquet(file), getattr(run, file.stem), check_exact=True)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_an_earlier_export_gives_way_whole(run, form, tmp_path):
    run.export(form, tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    (file,) = export.write(run_of(LEDGER), form, tmp_path / "out")
    assert {entry.name for entry in (tmp_path / "out").iterdir()} == {file.name, "notes.txt"}


@pytest.mark.parametrize(
    ("form", "name"), [("csv", "out/fills.csv"), ("parquet", "out/fills.parquet"), ("beancount", "out")]
)
def test_what_is_no_export_is_left_alone(run, form, name, tmp_path):
    mine = tmp_path / name
    mine.parent.mkdir(exist_ok=True)
    if form == "parquet":
        pd.DataFrame({"mine": [1]}).to_parquet(mine)
    else:
        mine.write_bytes(b"ts,mine\n1,2\n")
    before = mine.read_bytes()
    with pytest.raises(UserError, match=f"{mine.name}: is no (table|journal) of a run: nothing was written"):
        run.export(form, tmp_path / "out")
    assert mine.read_bytes() == before
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [mine]


def test_an_unknown_form_is_refused_with_the_nearest(run, tmp_path):
    with pytest.raises(UserError, match=r"no form 'parqet': .* \(did you mean 'parquet'\?\)"):
        run.export("parqet", tmp_path / "x")
    assert not any(tmp_path.iterdir())


def test_a_ledger_without_postings_is_no_journal(tmp_path):
    with pytest.raises(UserError, match="keep_paths"):
        export.beancount(run_of(LEDGER.iloc[:0]), tmp_path / "journal.beancount")
    assert list(tmp_path.iterdir()) == []


def test_what_stands_in_the_way_is_the_users_to_know(tmp_path):
    (tmp_path / "csv").write_text("mine")
    (tmp_path / "journal.beancount").mkdir()
    for write, name in ((export.csv, "csv"), (export.beancount, "journal.beancount")):
        with pytest.raises(UserError, match=f"{name}: cannot be written: ") as caught:
            write(run_of(LEDGER), tmp_path / name)
        assert len(caught.value.problems) == 1
    assert (tmp_path / "csv").read_text() == "mine"
