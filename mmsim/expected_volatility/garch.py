"""GARCH(1,1): estimated by the package arch, evaluated and forecast here."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.errors import UserError

Floats = npt.NDArray[np.float64]


class Garch(NamedTuple):
    """σ² ← ω + α·r² + β·σ² with ω = (1 − α − β)·long_run², by the year.

    Source: Bollerslev, Journal of Econometrics 31 (1986) 307–327.

    >>> model = Garch(long_run=0.2, alpha=0.1, beta=0.8, steps_per_year=252.0)
    >>> model.volatilities([0.0, 0.03], initial=0.3).round(4).tolist()  # expected of each step, and of the one after
    [0.3, 0.2757, 0.2958]
    >>> model.term_structure(0.3, [1 / 252, 0.25, 1.0]).round(4).tolist()
    [0.3, 0.2189, 0.2049]
    """

    long_run: float  # volatility a year, absolute
    alpha: float  # weight of the last squared return
    beta: float  # weight of the last variance; alpha + beta is the persistence
    steps_per_year: float  # 252 for daily closes

    def volatilities(self, returns: npt.ArrayLike, *, initial: float | None = None) -> Floats:
        """The volatility a year expected of each step from the log returns before it, and last of the step to come.

        ``initial`` is that of the first, ``long_run`` if left out. Shape (returns + 1,). Raises ValueError for
        parameters without a long run, and for returns that are no numbers.
        """
        self._check()
        squares = np.square(_finite(returns, 1)) * self.steps_per_year
        found = np.empty(len(squares) + 1)
        found[0] = variance = self.long_run**2 if initial is None else initial**2
        base = (1.0 - self.alpha - self.beta) * self.long_run**2
        for n, square in enumerate(squares.tolist()):
            variance = base + self.alpha * square + self.beta * variance
            found[n + 1] = variance
        return np.sqrt(found)

    def term_structure(self, volatility: float, years: npt.ArrayLike) -> Floats:
        """The volatility expected over each of ``years`` ahead, ``volatility`` being that of the next step.

        It is the root of the mean variance, which is what an option that expires then is worth the price of: it goes
        from ``volatility`` within the first step to ``long_run``. `recursion.average_ahead` has the formula.
        """
        from mmsim.expected_volatility.recursion import average_ahead

        self._check()
        if not 0.0 <= volatility < math.inf:
            raise ValueError(f"volatility must be a number, 0 or more, not {volatility!r}")
        ahead = np.asarray(years, float)
        if not (ahead >= 0.0).all():
            raise ValueError("years must be numbers, 0 or more")
        square, long_run, persistence = volatility**2, self.long_run**2, self.alpha + self.beta
        means = [
            average_ahead(square, long_run, persistence, steps)
            for steps in (ahead * self.steps_per_year).ravel().tolist()
        ]
        return np.sqrt(means).reshape(ahead.shape)

    def _check(self) -> None:
        """ValueError for parameters that make no variance, or one that has no long run."""
        sound = self.long_run > 0.0 and self.steps_per_year > 0.0 and self.alpha >= 0.0 and self.beta >= 0.0
        if not sound or not self.alpha + self.beta < 1.0:
            raise ValueError(f"needs long_run > 0, steps_per_year > 0, alpha and beta ≥ 0, and a sum below 1: {self}")


def fit_garch(closes: pd.Series[float] | npt.ArrayLike, *, steps_per_year: float = 252.0) -> Garch:
    """GARCH(1,1) of the log returns of evenly spaced prices, by maximum likelihood (normal, without a mean).

    The optimiser is that of the package arch, which is an extra: ``pip install "mmsim[garch]"``. Its answer goes into
    a scenario as ``expected_volatility: {model: garch, long_run: ..., alpha: ..., beta: ..., step: 1d}``: estimate on
    prices from before the scenario's start. Raises UserError where arch is not installed, where it does not converge or
    finds a persistence of 1, which has no long run; ValueError for fewer than 100 prices, or one that is not a number
    above zero.
    """
    prices = _finite(closes, 100)
    if not (prices > 0.0).all():
        raise ValueError(f"price {int((prices <= 0.0).argmax())} is not above zero")
    moves = np.diff(np.log(prices))
    scale = float(moves.std())
    if scale == 0.0:
        raise ValueError("the prices do not move: there is nothing to estimate")
    fitted = (
        _arch()
        .arch_model(moves / scale, mean="Zero", vol="GARCH", p=1, q=1, rescale=False)
        .fit(disp="off", show_warning=False)
    )
    omega, alpha, beta = (float(fitted.params[name]) for name in ("omega", "alpha[1]", "beta[1]"))
    if fitted.convergence_flag != 0:
        raise UserError("GARCH(1,1) does not converge on these prices: take more of them, or an average (ewma)")
    if alpha + beta >= 1.0 - 1e-6:
        raise UserError(
            f"GARCH(1,1) finds a persistence of {alpha + beta:.6f}, which has no long run: take an average (ewma)"
        )
    long_run = scale * math.sqrt(omega / (1.0 - alpha - beta) * steps_per_year)
    return Garch(long_run, alpha, beta, steps_per_year)


def _arch() -> Any:
    """The package arch; UserError where it is missing."""
    try:
        import arch
    except ImportError as error:
        raise UserError('GARCH is estimated by the package arch: pip install "mmsim[garch]"') from error
    return arch


def _finite(given: npt.ArrayLike, least: int) -> Floats:
    """Numbers in a row, ``least`` of them at least."""
    values = np.asarray(given, float)
    if values.ndim != 1 or len(values) < least:
        raise ValueError(f"needs at least {least} numbers in a row, not an array of shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"number {int((~np.isfinite(values)).argmax())} is not finite")
    return values
