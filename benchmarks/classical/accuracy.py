"""Accuracy of every method, ours and peers', on the small-task suite; harm done and gain kept.

    python benchmarks/classical/accuracy.py --adapt-python ... --skada-python ... [--seeds 1] [--first-seed 0]
        [--json results.jsonl]

Scores are accuracy, or R2 (not under -100) where labels are numbers, in points. For each method: the mean over the
tasks it finished, beside the safe estimator's mean over the same draws of the same tasks; the harm rate, the share of
tasks on which it ends more than one point below target labels alone, and below the source alone; and the gain kept: of
what the best of all methods gains over target labels alone, summed over tasks, the share that this method gains. A run
of the same ``--json`` file goes on where the last one ended. A peer that passed the limit on three tasks is not tried
on others.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from peers import Library, Reply, add_pythons, start
from sklearn.metrics import accuracy_score, r2_score
from small_tasks import NUMBERS, TASKS, SmallTask, available, baselines

BASELINES = ("target only", "source only", "pooled")
SAFE = "headstart: safe"
POINT = 1.0
#: A peer that passed the limit on so many tasks is not tried on others.
HOPELESS = 3
Table = dict[str, dict[str, float]]
Draws = dict[str, dict[str, dict[int, float | None]]]


def score(task: str, truth: np.ndarray, prediction: np.ndarray) -> float:
    """Points, 100 is perfect."""
    if task in NUMBERS:
        return 100 * max(-1.0, r2_score(truth, prediction)) if np.isfinite(prediction).all() else -100.0
    return 100 * accuracy_score(truth, prediction)


class Journal:
    """Results as lines of JSON, kept in a file where one is given."""

    def __init__(self, path: Path | None) -> None:
        self.path, self.lines = path, []
        if path is not None and path.exists():
            self.lines = [json.loads(line) for line in path.read_text().splitlines()]

    def has(self, **keys: Any) -> bool:
        """Whether a run with these values is there."""
        return any(all(line[key] == value for key, value in keys.items()) for line in self.lines)

    def add(self, **line: Any) -> None:
        """Keep one result."""
        self.lines.append(line)
        if self.path is not None:
            with self.path.open("a") as file:
                file.write(json.dumps(line) + "\n")

    def forget(self, library: str, methods: list[str]) -> None:
        """Drop a library's results of these methods (a method has changed), all of them for ``["all"]``."""
        self.lines = [
            line
            for line in self.lines
            if line["library"] != library or (line["method"] not in methods and methods != ["all"])
        ]
        if self.path is not None:
            self.path.write_text("".join(json.dumps(line) + "\n" for line in self.lines))


def run_task(libraries: list[Library], name: str, seed: int, journal: Journal, only: list[str] | None) -> None:
    """Baselines and every method on one draw of a task."""
    task: SmallTask = TASKS[name](seed)
    if not journal.has(library="baseline", task=name, seed=seed):
        for way, value in baselines(name, task).items():
            points = 100 * max(-1.0, value)
            journal.add(library="baseline", method=way, variant="", task=name, seed=seed, status="done", score=points)
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        arrays = task._asdict()
        arrays.pop("y_test")
        np.savez(file.name, **arrays)
        for library in libraries:
            left_out = library.can["classes_only" if name in NUMBERS else "numbers_only"]
            for method in library.can["accuracy"]:
                wanted = method not in left_out and (only is None or method in only)
                if wanted and not journal.has(library=library.name, method=method, task=name, seed=seed):
                    run_method(library, method, name, seed, Path(file.name), task.y_test, journal)


def run_method(
    library: Library, method: str, name: str, seed: int, file: Path, truth: np.ndarray, journal: Journal
) -> None:
    """One call; a failure is a result too."""
    over = [line for line in journal.lines if (line["library"], line["method"]) == (library.name, method)]
    over = [line for line in over if line["status"] == "timeout"]
    if len({line["task"] for line in over}) >= HOPELESS and library.name != "headstart":
        reply = Reply("not tried", f"{over[0]['words']} on {HOPELESS} tasks before")
    else:
        reply = library.call("accuracy", method, {"file": str(file), "numbers": name in NUMBERS})
    keys = {"library": library.name, "method": method, "task": name, "seed": seed, "status": reply.status}
    if not reply.done:
        journal.add(**keys, variant="", score=None, words=reply.words)
        print(f"  {name} {seed} {library.name} {method}: {reply.status}, {reply.words}", file=sys.stderr, flush=True)
        return
    for variant, prediction in reply.arrays.items():
        points = score(name, truth, prediction)
        journal.add(**keys, variant=variant, score=points, cpu=reply.numbers["cpu"])


def collect(journal: Journal, seeds: list[int], tasks: list[str]) -> Draws:
    """Method -> task -> seed -> score, None where there was no answer."""
    found: Draws = defaultdict(lambda: defaultdict(dict))
    for line in journal.lines:
        if line["seed"] in seeds and line["task"] in tasks:
            found[f"{line['library']}: {line['method']}{line['variant']}"][line["task"]][line["seed"]] = line["score"]
    return found


def tabulate(draws: Draws) -> Table:
    """Method -> task -> mean over the seeds; a task where one seed failed is left out."""
    return {
        label: {name: float(np.mean(list(by.values()))) for name, by in by_task.items() if None not in by.values()}
        for label, by_task in draws.items()
    }


def beside_safe(draws: Draws, label: str) -> tuple[float, float, int]:
    """Means of the safe estimator and of a method over the draws that both have, task by task; how many tasks."""
    mine, theirs = [], []
    for name, by_seed in draws[label].items():
        safe = draws.get(SAFE, {}).get(name, {})
        both = [seed for seed, points in by_seed.items() if safe.get(seed) is not None]
        if both and None not in by_seed.values():
            mine.append(np.mean([safe[seed] for seed in both]))
            theirs.append(np.mean([by_seed[seed] for seed in both]))
    return (float(np.mean(mine)), float(np.mean(theirs)), len(mine)) if mine else (np.nan, np.nan, 0)


def harm(table: Table, label: str, against: str) -> float:
    """Share of its tasks on which a method is more than a point below a baseline, in %."""
    drops = [table[f"baseline: {against}"][name] - points for name, points in table[label].items()]
    return 100 * float(np.mean([drop > POINT for drop in drops])) if drops else float("nan")


def gain_kept(table: Table, label: str) -> float:
    """Gain over target labels alone, of what the best of all methods gains on the same tasks, in %."""
    alone = table["baseline: target only"]
    best = {name: max(row[name] for row in table.values() if name in row) for name in alone}
    possible = sum(best[name] - alone[name] for name in table[label])
    kept = sum(max(0.0, points - alone[name]) for name, points in table[label].items())
    return 100 * kept / possible if possible > 0 else float("nan")


def print_methods(table: Table, draws: Draws) -> None:
    """One line a method, best mean first."""
    print(f"\n{'method':48}{'tasks':>6}{'mean':>7}{'safe':>7}{'harm/target':>12}{'harm/source':>12}{'kept':>7}")
    for label in sorted((one for one in table if table[one]), key=lambda one: -np.mean(list(table[one].values()))):
        row = table[label]
        harms = harm(table, label, "target only"), harm(table, label, "source only")
        print(f"{label:48}{len(row):>6}{np.mean(list(row.values())):>7.1f}{beside_safe(draws, label)[0]:>7.1f}", end="")
        print(f"{harms[0]:>11.0f}%{harms[1]:>11.0f}%{gain_kept(table, label):>6.0f}%")


def print_unfinished(journal: Journal, seeds: list[int]) -> None:
    """Calls that came to no answer, with the reason."""
    reasons: dict[str, list[str]] = defaultdict(list)
    for line in journal.lines:
        if line["score"] is None and line["seed"] in seeds:
            key = f"{line['library']}: {line['method']}: {line['status']}, {line['words'].splitlines()[0]}"
            reasons[key].append(f"{line['task']}/{line['seed']}")
    if reasons:
        print("\nwithout an answer:")
    for reason, where in sorted(reasons.items()):
        print(f"  {reason} on {', '.join(where)}")


def print_tasks(table: Table, draws: Draws, tasks: list[str]) -> None:
    """Baselines, the safe estimator, and the best method of each library, by task; how many draws the baselines had."""
    libraries = sorted({label.split(":")[0] for label in table} - {"baseline"})
    columns = [f"baseline: {one}" for one in BASELINES] + [SAFE]
    heads = [*BASELINES, "safe", *(f"best of {one}" for one in libraries)]
    print(f"\n{'task':26}{'draws':>6}" + "".join(f"{head:>18}" for head in heads))
    for name in tasks:
        cells = [table.get(one, {}).get(name, float("nan")) for one in columns]
        for library in libraries:
            scores = [row[name] for label, row in table.items() if label.startswith(f"{library}:") and name in row]
            cells.append(max(scores, default=float("nan")))
        n_draws = len(draws[f"baseline: {BASELINES[0]}"][name])
        print(f"{name:26}{n_draws:>6}" + "".join(f"{cell:>18.1f}" for cell in cells))


def print_must_show(table: Table, draws: Draws) -> None:
    """The two promises about the safe estimator, its harm rate, and the gain it keeps."""
    safe = table.get(SAFE)
    if not safe:
        print("\nno safe estimator in this run")
        return
    drops = {name: max(table[f"baseline: {one}"][name] for one in BASELINES) - points for name, points in safe.items()}
    worst = max(drops, key=lambda name: drops[name])
    kept = "kept" if drops[worst] <= POINT else "NOT KEPT"
    print("\nMust show")
    print(f"safe at most 1 point below the best of {{target, source, pooled}} on every set: {kept}; ", end="")
    over = [f"{name} {drop:.1f}" for name, drop in sorted(drops.items(), key=lambda item: -item[1]) if drop > POINT]
    print(f"worst {worst} {drops[worst]:+.1f} points below" + (f"; over a point: {', '.join(over)}" if over else ""))
    harms = harm(table, SAFE, "target only"), harm(table, SAFE, "source only")
    mean = float(np.mean(list(safe.values())))
    print(
        f"safe's mean over {len(safe)} tasks {mean:.1f}; harm rate {harms[0]:.0f}% against target labels alone, ",
        end="",
    )
    print(f"{harms[1]:.0f}% against the source alone; {gain_kept(table, SAFE):.0f}% of the possible gain kept")
    leads = {}
    for label in (one for one in table if one.split(":")[0] in ("adapt", "skada")):
        mine, theirs, n = beside_safe(draws, label)
        if n:
            leads[f"{label} ({n} tasks, {theirs:.1f} against {mine:.1f})"] = mine - theirs
    above = [label for label, lead in leads.items() if lead <= 0]
    print(f"safe's mean above each of {len(leads)} peers' means on the same draws of the same tasks: ", end="")
    print("kept" if not above else f"NOT KEPT: {', '.join(above)}")
    for label in sorted(leads, key=lambda one: leads[one])[:5]:
        print(f"  {label}: {leads[label]:+.1f}")


def main() -> None:
    """Run what is missing, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_pythons(parser)
    parser.add_argument("--seeds", type=int, default=1, help="draws of every task")
    parser.add_argument("--first-seed", type=int, default=0, help="seed of the first draw; the others follow it")
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS))
    parser.add_argument("--methods", nargs="+", help="only these methods (each library's names)")
    parser.add_argument("--again", nargs="+", metavar="METHOD", help="run these of ours anew ('all': every one)")
    parser.add_argument("--only", nargs="+", choices=("headstart", "adapt", "skada"), help="run these libraries now")
    parser.add_argument("--print-only", action="store_true", help="print the tables of --json, run nothing")
    options = parser.parse_args()
    journal, tasks = Journal(options.json), available(options.tasks)
    seeds = list(range(options.first_seed, options.first_seed + options.seeds))
    if options.again:
        journal.forget("headstart", options.again)
    if not options.print_only:
        libraries = [one for one in start(options) if not options.only or one.name in options.only]
        for seed in seeds:
            for name in tasks:
                run_task(libraries, name, seed, journal, options.methods)
                print(f"{name}, seed {seed}: done", file=sys.stderr, flush=True)
    draws = collect(journal, seeds, tasks)
    table = tabulate(draws)
    print(f"{len(tasks)} tasks, seeds {seeds[0]} to {seeds[-1]}, ", end="")
    print("5 target labels a class (20 rows where labels are numbers)")
    print_tasks(table, draws, tasks)
    print_methods(table, draws)
    print_unfinished(journal, seeds)
    print_must_show(table, draws)


if __name__ == "__main__":
    main()
