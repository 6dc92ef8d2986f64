"""How good is the guard? Harm done, and share of the possible gain kept, by rule of acceptance, in simulation.

Out-of-fold results of a candidate with transfer and one without are drawn: each example has a difficulty that both
share in part, so their mistakes are correlated as those of real models are. A rule that never accepts does no harm and
keeps nothing; one that always accepts keeps everything and does all the harm.

Run it with ``python benchmarks/guard.py``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from headstart.math.statistics.comparison import mcnemar_exact

Rule = Callable[[np.ndarray, np.ndarray], bool]
RULES: dict[str, Rule] = {
    "always": lambda with_, without: True,
    "higher mean": lambda with_, without: bool(with_.mean() > without.mean()),
    "not worse (ours)": lambda with_, without: bool(with_.mean() >= without.mean()),
    "McNemar (ours, where no gain is expected)": lambda with_, without: bool(
        with_.mean() > without.mean() and mcnemar_exact(with_, without) < 0.05
    ),
    "never": lambda with_, without: False,
}


def draw(
    rng: np.random.Generator, n: int, accuracy: float, gain: float, shared: float
) -> tuple[np.ndarray, np.ndarray]:
    """Right or wrong of n held-out examples with transfer and without.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
    accuracy : float
        Of learning without transfer.
    gain : float
        What transfer truly adds to it (negative: harm).
    shared : float
        Share of examples whose difficulty is the same for both, 0..1.
    """
    difficulty = rng.random(n)
    other = np.where(rng.random(n) < shared, difficulty, rng.random(n))
    return other < accuracy + gain, difficulty < accuracy


def guard_quality(
    rule: Rule, gains: list[float], *, n: int, accuracy: float, shared: float, runs: int, seed: int = 0
) -> dict[str, float]:
    """Acceptance by true gain, harm rate and share of the possible gain kept.

    Returns
    -------
    dict of str to float
        ``accepted at +0.10`` and so on; ``harm``: share of runs that end more than a point below learning without
        transfer; ``mean harm``: points lost on average over runs with negative gain; ``kept``: accepted gain as a share
        of the possible gain, over runs with positive gain.
    """
    rng = np.random.default_rng(seed)
    accepted = {gain: np.mean([rule(*draw(rng, n, accuracy, gain, shared)) for _ in range(runs)]) for gain in gains}
    result = {f"accepted at {gain:+.2f}": float(share) for gain, share in accepted.items()}
    bad, good = [g for g in gains if g < -0.01], [g for g in gains if g > 0]
    result["harm"] = float(np.mean([accepted[g] if g in bad else 0.0 for g in gains]))
    result["mean harm"] = float(-100 * np.mean([accepted[g] * g for g in bad])) if bad else 0.0
    result["kept"] = float(sum(accepted[g] * g for g in good) / sum(good)) if good else float("nan")
    return result


def main() -> None:
    """Print one table for each number of examples."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--n", type=int, nargs="+", default=[50, 200, 1000])
    parser.add_argument("--accuracy", type=float, default=0.75)
    parser.add_argument("--shared", type=float, default=0.7)
    settings = parser.parse_args()
    gains = [-0.10, -0.05, 0.0, 0.05, 0.10]
    for n in settings.n:
        print(f"\nn = {n}, {100 * settings.accuracy:.0f}% right without transfer, {settings.runs} runs a gain")
        print(f"{'rule':44}" + "".join(f"{100 * g:+6.0f}" for g in gains) + "   harm  points lost  gain kept")
        for name, rule in RULES.items():
            found = guard_quality(
                rule, gains, n=n, accuracy=settings.accuracy, shared=settings.shared, runs=settings.runs
            )
            shares = "".join(f"{100 * found[f'accepted at {g:+.2f}']:5.0f}%" for g in gains)
            tail = f"{100 * found['harm']:6.1f}% {found['mean harm']:12.2f} {100 * found['kept']:9.0f}%"
            print(f"{name:44}{shares} {tail}")


if __name__ == "__main__":
    main()
