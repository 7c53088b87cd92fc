"""Work that is shared among processes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import joblib

from mmsim.errors import UserError

Result = TypeVar("Result")


def check_workers(workers: int | None) -> None:
    """UserError if that is no number of processes; None is one a core."""
    if workers is not None and (not isinstance(workers, int) or workers < 1):
        raise UserError(f"workers must be a whole number from 1, not {workers!r}")


def each(function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], workers: int | None) -> Iterator[Result]:
    """``function(*task)`` of every task in order, by at most ``workers`` processes; what they give is pickled.

    A function gives a user's mistakes back rather than raise them: an exception would take its traceback along.
    """
    from mmsim.engine import drive  # noqa: F401  compiled once, before the workers would each compile it

    count = min(len(tasks), workers or joblib.cpu_count())
    jobs = [joblib.delayed(function)(*task) for task in tasks]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*tasks", category=UserWarning)  # those left when one is wrong
        yield from joblib.Parallel(n_jobs=max(count, 1), return_as="generator")(jobs)
