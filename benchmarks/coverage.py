"""Does the interval of the estimate hold the truth? Draws of out-of-fold predictions whose true score is known.

Candidates of equal or unequal worth are drawn on the same examples, with mistakes that they share in part; the guard's
own rule chooses one, its estimate is corrected for the choosing, and its interval is compared with the score that the
chosen candidate has on endless data. Examples are independent, or come in groups; cheap candidates are repeated.

Run it with ``python benchmarks/coverage.py`` (the full grid) or ``--quick``; ``--write docs/truth.md`` puts the table
into that page, with ``--only`` those rows alone.
"""

from __future__ import annotations

import argparse
import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from scipy import stats
from scipy.special import expit

from headstart.guard.choosing.choose import Table, pick
from headstart.guard.evidence.evidence import estimate_evidence
from headstart.math.statistics.metrics import example_brier, example_log_loss
from headstart.math.statistics.named_metrics import METRICS

_SHARED, _WITHIN, _BETWEEN = 0.6, 0.3, 0.3
_SURE = 2.0
_ENDLESS = 200_000
_TITLE = "## Does the interval hold?"
_WORDS = """\
Share of draws whose 95% interval holds the score that the chosen candidate has on endless data, {draws} draws each.
Settings: true accuracies of the best candidate of 0.5, 0.7, 0.9, 0.95 and 0.99 with 2 candidates of equal worth, 4 of
which the worst is 5 points below the best, and 12 of equal worth (for other metrics accuracies of 0.7 and 0.95, for
numbers R² of 0.3 and 0.9; 2 of equal worth, 6 with the worst 5 points below). The choice and its correction are the
guard's own. For metrics that count every class the same a fifth of the examples is of the rarer, harder class. By
chance a setting that is covered in 95% shows {least:.0f} to {most:.0f}%; one that is right in 99% is hardly missed with
few examples, since the interval ends at 100% there. Made by
`python benchmarks/coverage.py --draws {draws} --seed {seed} --write docs/truth.md`."""


@dataclass(frozen=True)
class Setting:
    """One cell of the grid.

    Parameters
    ----------
    metric : str
    level : float
        True accuracy of the best candidate with classes of the same size; for numbers its true R^2.
    n : int
        Examples.
    candidates : int
    unequal : float
        By how much the worst is worse than the best.
    group : int, default=1
        Examples in a group; 30% of the difficulty is then the group's.
    repeats : int, default=1
        Repeats of the folds.
    """

    metric: str
    level: float
    n: int
    candidates: int
    unequal: float
    group: int = 1
    repeats: int = 1

    @property
    def numbers(self) -> bool:
        """Whether numbers are predicted."""
        return METRICS[self.metric].tasks == ("regression",)

    @property
    def levels(self) -> np.ndarray:
        """True level of each candidate."""
        return self.level - np.linspace(0.0, self.unequal, self.candidates)


def predictions(
    setting: Setting, levels: np.ndarray, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, list[list[np.ndarray]], np.ndarray | None]:
    """A target, predictions of every candidate in every repeat, and groups.

    Of two classes the second has half of the examples, for metrics that count every class the same a fifth of them,
    and is harder.
    """
    groups = np.arange(n) // setting.group
    of_group = rng.normal(size=groups[-1] + 1)[groups]
    between = _BETWEEN if setting.group > 1 else 0.0
    hard = np.sqrt(between) * of_group + np.sqrt(1.0 - between) * rng.normal(size=n)
    own = rng.normal(size=(n, len(levels)))
    share = 0.2 if METRICS[setting.metric].by_class else 0.5
    y = (rng.random(n) < share).astype(int)
    y[:2] = 0, 1
    target = rng.normal(size=n)
    parts: list[list[np.ndarray]] = [[] for _ in levels]
    for _ in range(setting.repeats):
        again = rng.normal(size=(n, len(levels)))
        noise = np.sqrt(_SHARED) * hard[:, None]
        noise = noise + np.sqrt(1 - _SHARED) * (np.sqrt(1 - _WITHIN) * own + np.sqrt(_WITHIN) * again)
        for c, level in enumerate(levels):
            if setting.numbers:
                parts[c].append(target + np.sqrt(1.0 - level) * noise[:, c])
                continue
            harder = 0.5 * (y == 1) if share < 0.5 else 0.0
            true = expit(_SURE * (stats.norm.ppf(level) - harder + noise[:, c]))
            parts[c].append(np.where((y == 1)[:, None], np.stack([1 - true, true], 1), np.stack([true, 1 - true], 1)))
    return (target if setting.numbers else y), parts, groups if setting.group > 1 else None


def tabulate(
    setting: Setting, y: np.ndarray, parts: list[list[np.ndarray]], fold: np.ndarray, groups: np.ndarray | None
) -> Table:
    """The guard's table, of predictions that need no calibration."""
    metric = METRICS[setting.metric]
    scores = [[metric.gains(y, p) for p in repeats] for repeats in parts]
    spread = [np.mean([metric.spread(y, p) for p in repeats], axis=0) for repeats in parts]
    losses = [-scores[c][0] if setting.numbers else example_log_loss(parts[c][0], y) for c in range(len(parts))]
    squares = losses if setting.numbers else [example_brier(repeats[0], y) for repeats in parts]
    return Table(
        np.column_stack([np.mean(repeats, axis=0) for repeats in scores]),
        np.column_stack(losses),
        np.column_stack([repeats[0] for repeats in scores]),
        np.arange(setting.candidates) >= setting.candidates / 2,
        fold,
        groups,
        "regression" if setting.numbers else "classification",
        metric=setting.metric,
        spread=np.column_stack(spread),
        design=metric.design(y),
        floor=metric.floor(y, parts[0][0]),
        optimism=np.array([np.mean([metric.optimism(y, p) for p in repeats]) for repeats in parts]),
        squares=np.column_stack(squares),
    )


@functools.cache
def truth(metric: str, level: float) -> float:
    """Score of a candidate on endless data."""
    setting = Setting(metric, level, _ENDLESS, 1, 0.0)
    y, parts, _ = predictions(setting, np.array([level]), _ENDLESS, np.random.default_rng(12345))
    return METRICS[metric].value(y, parts[0][0])


def covered(setting: Setting, seed: int) -> tuple[bool, float]:
    """Whether the interval of one draw holds the true score of the chosen candidate, and its width."""
    rng = np.random.default_rng(seed)
    y, parts, groups = predictions(setting, setting.levels, setting.n, rng)
    table = tabulate(setting, y, parts, np.arange(setting.n) % 5, groups)
    chosen = pick(table)
    found = estimate_evidence(table, chosen, expected=True, random_state=seed, samples=60)
    low, high = found["interval"]
    true = truth(setting.metric, float(round(setting.levels[chosen], 6)))
    return low <= true <= high, high - low


def coverage(setting: Setting, draws: int, seed: int = 0) -> tuple[float, float]:
    """Share of draws whose interval holds the truth, and the mean width."""
    found = [covered(setting, seed * 1_000_003 + i) for i in range(draws)]
    return float(np.mean([hit for hit, _ in found])), float(np.mean([width for _, width in found]))


def grid(quick: bool) -> Iterator[tuple[str, list[Setting]]]:
    """Rows of the table: a name and the settings that it sums up."""
    sizes = (20, 50, 200, 1000)
    levels = (0.5, 0.9, 0.98) if quick else (0.5, 0.7, 0.9, 0.95, 0.99)
    choices = [(4, 0.05)] if quick else [(2, 0.0), (4, 0.05), (12, 0.0)]
    forms = {"classes": (1, 1), "classes, 3 repeats": (1, 3), "classes, groups of 5": (5, 1)}
    for (name, (group, repeats)), n in product(forms.items(), sizes):
        if n // group < 10:
            continue
        cells = [Setting("accuracy", p, n, c, u, group, repeats) for p in levels for c, u in choices]
        yield f"{name}, n = {n}", cells
    others = [name for name in METRICS if name not in ("accuracy", "example_f1", "exact_match")]
    few = [(4, 0.05)] if quick else [(2, 0.0), (6, 0.05)]
    for name, n in product(others, (50, 400)):
        ways = (0.3, 0.9) if METRICS[name].tasks == ("regression",) else (0.7, 0.95)
        yield f"{METRICS[name].words}, n = {n}", [Setting(name, p, n, c, u) for p in ways for c, u in few]


def table(quick: bool, draws: int, only: str = "", first: int = 0) -> list[str]:
    """The lines of the table, printed as they come; ``first`` sets the seeds."""
    lines = [
        "| what, on how many examples | settings | covered, all | lowest setting | highest setting | mean width |",
        "|---|---|---|---|---|---|",
    ]
    print(*lines, sep="\n", flush=True)
    for name, cells in grid(quick):
        if only not in name:
            continue
        found = [coverage(cell, draws, seed) for seed, cell in enumerate(cells, 1_000 * first)]
        hits = [hit for hit, _ in found]
        width = np.mean([wide for _, wide in found])
        lines.append(
            f"| {name} | {len(cells)} | {100 * np.mean(hits):.1f}% | {100 * min(hits):.0f}% | {100 * max(hits):.0f}% "
            f"| {width:.3f} |"
        )
        print(lines[-1], flush=True)
    return lines


def write(page: Path, title: str, lines: Sequence[str], words: str, whole: bool = True) -> None:
    """Put a section with a table into a page, in place of the section of the same title.

    Without ``whole`` the section stays as it is, but for the rows of the same name.
    """
    body = page.read_text(encoding="utf-8") if page.exists() else "# What was measured\n"
    start = body.find(title)
    after = re.compile(r"^## ", re.M).search(body, start + len(title)) if start >= 0 else None
    end = len(body) if after is None else after.start()
    if start >= 0 and not whole:
        fresh = {line.split("|")[1]: line for line in lines[2:]}
        old = body[start:end].split("\n")
        section = "\n".join(fresh.get(line.split("|")[1], line) if "|" in line else line for line in old)
    else:
        section = f"{title}\n\n{words}\n\n" + "\n".join(lines) + "\n" + ("\n" if after else "")
    head = body[:start] if start >= 0 else body.rstrip() + "\n\n"
    page.write_text(head + section + (body[end:] if start >= 0 else ""), encoding="utf-8")


def main() -> None:
    """Print the table, and write it where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="other draws")
    parser.add_argument("--only", default="", help="rows whose name holds these words")
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    lines = table(arguments.quick, arguments.draws, arguments.only, arguments.seed)
    if arguments.write:
        chance = 196 * (0.95 * 0.05 / arguments.draws) ** 0.5
        words = _WORDS.format(draws=arguments.draws, seed=arguments.seed, least=95 - chance, most=95 + chance)
        write(arguments.write, _TITLE, lines, words, whole=not arguments.only)


if __name__ == "__main__":
    main()
