"""What a run's folder is after the n-th thing that its writing does to the disk has failed, or has been the last.

Run as a program, in a process of its own, since an audit hook cannot be taken out again: it prints the sites tried.
"""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from mmsim import export, report, results, run_folder, tables, whole_folder
from mmsim.errors import UserError

CHANGES = ("os.mkdir", "os.rename", "os.chmod")  # and files opened to be written
REMOVALS = ("os.remove", "os.rmdir")
BEYOND = 3  # exit code: there is no site of that number
PAGE = "<!DOCTYPE html>" + "x" * 50_000
Contents = dict[str, bytes]
Work = Callable[[Path], object]

_before_site: list[int] = []  # how many are left until the one that is meant; empty: none is
_act: list[Callable[[], None]] = []


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if not _before_site:
        return
    is_change = event in CHANGES or (event == "open" and bool(int(arguments[2]) & (os.O_WRONLY | os.O_RDWR)))  # type: ignore[call-overload]
    if is_change or (event in REMOVALS and _act[0] is killed):
        _before_site[0] -= 1
        if _before_site[0] < 0:
            _before_site.clear()
            _act[0]()


def refused() -> None:
    """What the system says when a disk is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def killed() -> None:
    """The end, with no last word."""
    os.kill(os.getpid(), signal.SIGKILL)


def contents(folder: Path) -> Contents:
    """Every file in and below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def ended(work: Work, folder: Path) -> str:
    """How work in a process of its own ends: done, refused in a sentence, killed, or otherwise."""
    child = os.fork()
    if child == 0:
        try:
            work(folder)
            os._exit(0)
        except UserError as error:
            os._exit(2 if all(problem.file and "\n" not in str(problem) for problem in error.problems) else 1)
        except BaseException as error:  # noqa: BLE001  (the parent is told by the code)
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {0: "done", 2: "refused", BEYOND: "beyond", -signal.SIGKILL: "killed"}.get(code, f"exit code {code}")


def at_site(number: int, act: Callable[[], None], work: Work) -> Work:
    """The same work, in which the change to the disk of that number does not happen."""

    def changed(folder: Path) -> None:
        _act[:], _before_site[:] = [act], [number]
        work(folder)
        if _before_site:
            os._exit(BEYOND)

    return changed


def tried(work: Work, home: Path, prepare: Work) -> tuple[int, int]:
    """Every site of some work refused, and every one the last: how many there were of each.

    ``work`` and ``prepare`` are given ``home``. After a refusal all is as it was; after a kill what stands there is
    what was there before or what work makes, the work done again makes the same, and nothing else is left.
    """
    start(home, prepare)
    before = contents(home)
    assert ended(work, home) == "done"
    after = contents(home)
    counts = []
    for act in (refused, killed):
        for number in itertools.count():
            start(home, prepare)
            how = ended(at_site(number, act, work), home)
            if how == "beyond":
                break
            if act is refused:  # to make a folder that is there already may be refused: then all is done
                assert how in ("refused", "done") and _is_whole(contents(home), before, after), f"site {number}: {how}"
            else:
                assert how == "killed", f"site {number}: {how}"
                _check_killed(home, before, after, number)
                assert ended(work, home) == "done", f"site {number}: work after a kill"
                assert contents(home) == after, f"site {number}: not the same after a kill"
        counts.append(number)
    return counts[0], counts[1]


def _check_killed(home: Path, before: Contents, after: Contents, site: int) -> None:
    """A reader finds the old run, the new one, or none where there was none; never a part of one."""
    if (home / "run").is_dir():
        reader = ended(results.load, home / "run")
        assert reader == "done" or (reader == "refused" and "run/manifest.json" not in before), f"site {site}: {reader}"
    found = {name: data for name, data in contents(home).items() if whole_folder.MAKING not in name}
    assert _is_whole(found, before, after), f"site {site}: {sorted(found)}"


def _is_whole(found: Contents, before: Contents, after: Contents) -> bool:
    """What was there before, or what comes after; tables as CSV take their places one by one."""
    tables = {name for name in found if name.endswith(".csv")}
    rest = {name: data for name, data in before.items() if not name.endswith(".csv")}
    by_table = all(found[name] in (before.get(name), after.get(name)) for name in tables)
    return found in (before, after) or (by_table and rest == {n: d for n, d in found.items() if n not in tables})


def start(home: Path, prepare: Work) -> None:
    """An empty home, prepared."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    prepare(home)


def full_disk(work: Work, home: Path, prepare: Work) -> int:
    """Work on a disk of its own (`home`, a tmpfs) that is full sooner or later: how many sizes were too small."""
    subprocess.run(["mount", "-t", "tmpfs", "none", home], check=True)
    prepare(home)
    before = contents(home)
    used = int(subprocess.run(["du", "-sk", home], capture_output=True, text=True, check=True).stdout.split()[0])
    for tries in range(1000):
        subprocess.run(["mount", "-o", f"remount,size={used + 4 + 4 * tries}k", home], check=True)
        if (how := ended(work, home)) == "done":
            return tries
        assert how == "refused", f"{4 * tries} KiB free: {how}"
        assert contents(home) == before, f"{4 * tries} KiB free"
    raise AssertionError(f"refused with {4 * tries} KiB free")


def main(folder: Path, saved: Path, *, full: bool) -> None:
    """Every work on every start; the counts."""
    sys.addaudithook(_watch)
    run = results.load(saved)
    for name in run_folder.tables_of(run.summary["paths"]):
        getattr(run, name)  # read before anything fails
    other = results.Run(
        run.summary | {"about": "another"}, {n: tables.at_once(lambda n=n: getattr(run, n)) for n in run_folder.TABLES}
    )

    def older(home: Path) -> None:
        shutil.copytree(saved, home / "run")
        (home / "run" / "csv").mkdir()
        (home / "run" / "csv" / "fills.csv").write_text(",".join(tables.columns("fills")) + "\n")
        (home / "run" / "journal.beancount").write_text('option "title" "old"\n')

    works: dict[str, tuple[Work, Work]] = {
        "a new run": (lambda home: other.save(home / "run"), lambda home: None),
        "a new run in new folders": (lambda home: other.save(home / "a" / "b" / "run"), lambda home: None),
        "a run in an empty folder": (lambda home: other.save(home / "run"), lambda home: (home / "run").mkdir()),
        "a run over another": (lambda home: other.save(home / "run"), older),
        "its page again": (lambda home: other.report(home / "run" / "report.html"), older),
        "its journal": (lambda home: export.beancount(run, home / "run" / "journal.beancount"), older),
        "its tables": (lambda home: export.csv(run, home / "run" / "csv"), older),
    }
    with mock.patch.object(report, "write", lambda _run, path: Path(path).write_text(PAGE)):
        for what, (work, prepare) in works.items():
            if full:
                home = folder / what.replace(" ", "-")
                home.mkdir()
                print(f"{what}: {full_disk(work, home, prepare)} sizes of a full disk")
            else:
                print("{}: {} sites refused, {} killed".format(what, *tried(work, folder / "home", prepare)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), full=sys.argv[3:] == ["full"])
