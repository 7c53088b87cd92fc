"""What may be replaced by a run, and what is taken for one."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from mmsim import backtest, export, results, run_folder, whole_folder
from mmsim.errors import UserError

PUT_SCALPING = Path(__file__).parent.parent / "scenarios/textbook/put_scalping.yaml"


@pytest.fixture(scope="module")
def run():
    return backtest.run(PUT_SCALPING)


@pytest.fixture
def saved(run, tmp_path):
    """A run's folder."""
    return run.save(tmp_path / "run")


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.is_file() and path.read_bytes() for path in folder.rglob("*")}


def refused(run, folder, match):
    """`save` refuses the folder and leaves it, and what stands beside it, as they were."""
    before = contents(folder.parent)
    with pytest.raises(UserError, match=match):
        run.save(folder)
    assert contents(folder.parent) == before


class TestWhatIsReplaced:
    def test_an_earlier_run_with_its_exports_and_nothing_is_left_of_it(self, run, saved):
        names = set(contents(saved))
        (saved / "journal.beancount").touch()
        (saved / "csv").mkdir()
        (saved / "csv" / "fills.csv").touch()
        assert run.save(saved) == saved
        assert set(contents(saved.parent)) == {"run", *(f"run/{name}" for name in names)}
        assert results.load(saved).attribution.equals(run.attribution)

    @pytest.mark.parametrize(
        "name", ["notes.txt", "csv/notes.txt", "data/fills.parquet", ".git/config", "paths.parquet"]
    )
    def test_no_file_of_the_users_own(self, run, saved, name):
        (saved / name).parent.mkdir(exist_ok=True)
        (saved / name).write_text("mine")
        refused(run, saved, f"run: also holds what no run has written .*{name}.*: nothing was written")

    def test_no_folder_or_file_that_only_has_a_runs_names(self, run, saved):
        (saved / "csv").write_text("mine")
        refused(run, saved, "csv")
        (saved / "csv").unlink()
        (saved / "report.html").unlink()
        (saved / "report.html").mkdir()
        refused(run, saved, "report.html")

    @pytest.mark.parametrize(
        ("name", "text"), [("run.json", "{}"), ("run.json", "["), ("manifest.json", "{}"), ("manifest.json", "[]")]
    )
    def test_no_folder_whose_json_is_not_a_runs(self, run, saved, name, text):
        (saved / name).write_text(text)
        refused(run, saved, "not a run's folder")

    def test_no_file_and_nothing_below_one(self, run, tmp_path):
        (tmp_path / "file").write_text("mine")
        refused(run, tmp_path / "file", "is no folder")
        refused(run, tmp_path / "file" / "below", "is no folder|cannot be written")

    def test_the_folder_that_one_stands_in_if_it_is_empty(self, run, tmp_path, monkeypatch):
        (tmp_path / "here").mkdir()
        monkeypatch.chdir(tmp_path / "here")
        for _ in range(2):
            run.save(".")
            assert Path("run.json").is_file()  # where one stands, not in a folder that took its place
            assert results.load(".").attribution.equals(run.attribution)
        assert [path.name for path in tmp_path.iterdir()] == ["here"]

    @pytest.mark.parametrize("exists", [True, False])
    def test_what_a_link_leads_to_and_not_the_link(self, run, tmp_path, exists):
        (tmp_path / "runs").mkdir()
        if exists:
            run.save(tmp_path / "runs" / "one")
        (tmp_path / "link").symlink_to(tmp_path / "runs" / "one")
        assert run.save(tmp_path / "link") == tmp_path / "link"
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "runs" / "one" / "manifest.json").is_file()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "runs"]
        assert [path.name for path in (tmp_path / "runs").iterdir()] == ["one"]

    def test_a_link_to_itself_is_refused(self, run, tmp_path):
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
        with pytest.raises(UserError, match="symbolic link"):
            run.save(tmp_path / "loop")

    @pytest.mark.parametrize("exists", [True, False])
    def test_nothing_at_all_if_the_writing_fails(self, saved, exists):
        def fails(folder):
            (folder / "run.json").touch()
            raise OSError(28, "No space left on device")

        folder = saved if exists else saved.parent / "new"
        before = contents(saved.parent)
        with pytest.raises(UserError, match="cannot be written: No space left on device"):
            whole_folder.write(folder, run_folder.LAYOUT, fails)
        assert contents(saved.parent) == before


def rehash(folder):
    """Make the manifest agree with what the files are now."""
    names = json.loads((folder / "manifest.json").read_text())
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    (folder / "manifest.json").write_text(json.dumps(hashes))


def exported(folder):
    loaded = results.load(folder)
    export.beancount(loaded, folder / "journal.beancount")
    (folder / "journal.beancount").unlink()


class TestWhatIsLoaded:
    @pytest.mark.parametrize("text", [b"{", b"[]", b"{}", b'"x"', b"\xff\xfe", b'{"run.json": 1}'])
    @pytest.mark.parametrize("name", ["manifest.json", "run.json"])
    def test_no_damaged_json(self, saved, name, text):
        (saved / name).write_bytes(text)
        with pytest.raises(UserError) as caught:
            results.load(saved)
        assert {problem.file for problem in caught.value.problems} == {str(saved / name)}

    @pytest.mark.parametrize("text", ["{}", "[]", "{", json.dumps({"paths": "many"})])
    def test_no_json_that_is_not_a_runs_though_the_manifest_agrees(self, saved, text):
        (saved / "run.json").write_text(text)
        rehash(saved)
        with pytest.raises(UserError, match=r"run\.json: is no"):
            results.load(saved)

    @pytest.mark.parametrize("name", ["ledger.parquet", "breaches.parquet", "run.json"])
    def test_no_manifest_that_leaves_a_file_out(self, saved, name):
        names = json.loads((saved / "manifest.json").read_text())
        del names[name]
        (saved / "manifest.json").write_text(json.dumps(names))
        (saved / name).unlink()
        said = rf"manifest\.json: is not a run's: it does not name {name} \(another version of mmsim"
        with pytest.raises(UserError, match=said):
            results.load(saved)

    def test_several_paths_have_a_table_of_them(self, run, saved):
        (saved / "run.json").write_text(json.dumps(run.summary | {"paths": 2}))
        rehash(saved)
        with pytest.raises(UserError, match=r"does not name paths\.parquet"):
            results.load(saved)

    def test_no_damaged_table_though_the_manifest_agrees(self, saved):
        (saved / "fills.parquet").write_bytes(b"PAR1 not")
        rehash(saved)
        with pytest.raises(UserError, match=r"fills\.parquet: cannot be read as Parquet") as caught:
            _ = results.load(saved).fills
        assert "\n" not in str(caught.value)

    def test_no_changed_and_no_missing_file(self, saved):
        (saved / "fills.parquet").write_bytes(b"")
        (saved / "marks.parquet").unlink()
        with pytest.raises(UserError) as caught:
            results.load(saved)
        assert [Path(p.file).name for p in caught.value.problems] == ["fills.parquet", "marks.parquet"]

    @pytest.mark.parametrize("read", [results.load, exported])
    def test_no_file_altered_by_a_byte_cut_missing_or_swapped(self, saved, read):
        """By every reader; the page alone may be written again."""
        for file in sorted(saved.iterdir()):
            data = file.read_bytes()
            other = next(o for o in sorted(saved.iterdir(), reverse=True) if o != file).read_bytes()
            place = data.index(b"fills.parquet") + 20 if file.name == "manifest.json" else len(data) // 2
            flipped = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            for changed in (flipped, data[: len(data) // 2], b"", other, None):
                if file.name == "report.html":
                    continue
                file.unlink() if changed is None else file.write_bytes(changed)
                with pytest.raises(UserError):
                    read(saved)
                file.write_bytes(data)
        read(saved)

    def test_no_table_that_changes_after_it_was_looked_at(self, saved):
        loaded = results.load(saved)
        (saved / "fills.parquet").write_bytes((saved / "ledger.parquet").read_bytes())
        with pytest.raises(UserError, match=r"fills\.parquet: is missing or is not what"):
            _ = loaded.fills

    @pytest.mark.parametrize("column", ["ts", "kind", "amount_micros"])
    def test_no_table_of_other_columns_though_the_manifest_agrees(self, run, saved, column):
        run.ledger.drop(columns=column).to_parquet(saved / "ledger.parquet")
        rehash(saved)
        with pytest.raises(UserError, match=f"is not a run's: wrong or without {column}"):
            _ = results.load(saved).ledger

    def test_no_manifest_that_names_what_no_run_writes(self, saved):
        hashes = json.loads((saved / "manifest.json").read_text())
        (saved / "manifest.json").write_text(json.dumps(hashes | {"../notes.txt": "0"}))
        with pytest.raises(UserError, match=r"manifest\.json: is not a run's: it names '\.\./notes\.txt'"):
            results.load(saved)

    def test_a_folder_without_its_page(self, run, saved):
        (saved / "report.html").unlink()
        assert results.load(saved).attribution.equals(run.attribution)

    def test_no_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(UserError, match=r"not a run's folder \(no run.json and manifest.json\)"):
            results.load(tmp_path / "none")

    def test_the_keys_that_are_asked_for_are_those_of_a_run(self, run):
        assert set(run_folder._SUMMARY_KEYS) == set(run.summary) - {"monte_carlo"}


def test_a_copy_elsewhere_is_the_same_run(run, saved, tmp_path):
    shutil.copytree(saved, tmp_path / "copy")
    assert results.load(tmp_path / "copy").ledger.equals(results.load(saved).ledger)
