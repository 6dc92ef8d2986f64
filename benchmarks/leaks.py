"""A source that holds the target: random labels, and none of these traps may end in *helps*.

    python benchmarks/leaks.py [--repeats 10] [--budget 8] [--only NAME]

60 rows with random labels are the target; the source is the table of 160 rows that they were taken from, changed in one
way a trap. Whatever the source seems to know of the labels it knows from the target's own rows. The last lines are
sources that hold no row of the target: there nothing may be left out of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

import headstart
from common import parser

N, M = 60, 160
Rng = np.random.Generator


@dataclass
class Trap:
    """A target and what is offered with it; ``more`` are further arguments of `headstart.fit`."""

    target: pd.DataFrame
    source: Any
    more: dict[str, Any] = field(default_factory=dict)


def export(rng: Rng) -> pd.DataFrame:
    """160 patients; the label is drawn."""
    numbers = np.array([20, 50, 3, 100]) + rng.normal(size=(M, 4)).cumsum(axis=1)
    frame = pd.DataFrame(numbers, columns=["age", "weight", "dose", "pressure"])
    frame["town"] = rng.choice(["Ulm", "Bonn", "New York"], M)
    return frame.assign(y=rng.choice(["ill", "well"], M))


def divided(change: Callable[[pd.DataFrame, Rng], Any]) -> Callable[[Rng], Trap]:
    """The first 60 rows, and a changed copy of all of them, shuffled."""

    def made(rng: Rng) -> Trap:
        frame = export(rng)
        return Trap(frame[:N], change(frame.sample(frac=1, random_state=int(rng.integers(1 << 30))), rng))

    return made


def noisy(frame: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """A hundredth of each column's spread."""
    numbers = frame.select_dtypes("number")
    moved = numbers + rng.normal(size=numbers.shape) * 0.01 * numbers.std().to_numpy()
    return frame.assign(**moved)


def written(rng: Rng) -> Trap:
    """Decimal commas for points, capitals and spaces."""
    frame = export(rng)
    points = {name: frame[name].map("{:.2f}".format) for name in frame.select_dtypes("number")}
    commas = {name: column.str.replace(".", ",") for name, column in points.items()}
    return Trap(frame.assign(**points)[:N], frame.assign(**commas, town="  " + frame["town"].str.upper()))


def two_changed(frame: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Two columns that have nothing to do with the target's."""
    return frame.assign(dose=rng.normal(size=M), pressure=rng.normal(size=M))


def categories(rng: Rng) -> Trap:
    """Five columns of three categories: other rows are equal by nature."""
    frame = pd.DataFrame(rng.choice(["a", "b", "c"], (M, 5)), columns=list("pqrst"))
    frame["y"] = rng.choice(["ill", "well"], M)
    return Trap(frame[:N], frame)


def ids(rng: Rng) -> Trap:
    """The same patients measured anew: the number of the patient tells the label."""
    frame = export(rng).assign(case=rng.permutation(np.arange(100_000, 100_000 + 7 * M, 7)))
    anew = frame.assign(**{name: rng.normal(size=M) for name in ("age", "weight", "dose", "pressure")})
    return Trap(frame[:N], anew)


def counted(rng: Rng) -> Trap:
    """The same where patients are numbered from 1 on."""
    trap = ids(rng)
    numbers = {number: f"P{i + 1:03}" for i, number in enumerate(sorted(trap.source["case"]))}
    return Trap(*(frame.assign(case=frame["case"].map(numbers)) for frame in (trap.target, trap.source)))


def groups(rng: Rng) -> Trap:
    """Four rows a patient, patients on both sides, one label a patient."""
    patient = np.arange(M) % 40
    means, label = rng.normal(size=(40, 4)), rng.choice(["ill", "well"], 40)
    frame = pd.DataFrame(means[patient] + 0.3 * rng.normal(size=(M, 4)), columns=list("abcd"))
    frame = frame.assign(patient=[f"P{p}" for p in patient], y=label[patient])
    return Trap(frame[:N], frame[N:], {"group_by": "patient"})


def test_part(rng: Rng) -> Trap:
    """The part kept for the test stands in the source."""
    frame = export(rng)
    target = frame[:N].assign(split=["train"] * 40 + ["test"] * 20)
    return Trap(target, frame)


def numbers(rng: Rng) -> Trap:
    """Numbers to predict."""
    frame = export(rng).assign(y=rng.normal(size=M).round(3))
    return Trap(frame[:N], frame)


TRAPS: dict[str, Callable[[Rng], Trap]] = {
    "as it is": divided(lambda frame, rng: frame),
    "rounded to one digit": divided(lambda frame, rng: frame.round(1)),
    "noise of 1%": divided(noisy),
    "columns in another order": divided(lambda frame, rng: frame[list(frame.columns[::-1])]),
    "with an id of its own": divided(lambda frame, rng: frame.assign(id=rng.permutation(M))),
    "a time stamp changed": divided(lambda frame, rng: frame.assign(age=1e9 + rng.permutation(M))),
    "the label once more": divided(lambda frame, rng: frame.assign(town=frame["y"])),
    "two columns changed": divided(two_changed),
    "other writing": written,
    "twice": divided(lambda frame, rng: pd.concat([frame, frame], ignore_index=True)),
    "in two sources": divided(lambda frame, rng: [frame[:80], frame[80:]]),
    "a few categories": categories,
    "ids as features": ids,
    "numbers of patients": counted,
    "groups on both sides": groups,
    "the test part": test_part,
    "numbers": numbers,
}


def unrelated(rng: Rng) -> Trap:
    """Another 160 rows."""
    return Trap(export(rng)[:N], export(rng))


def few_categories(rng: Rng) -> Trap:
    """Rows that are equal by nature, 160 others."""
    return Trap(categories(rng).target, categories(rng).source)


def numbered(rng: Rng) -> Trap:
    """Other rows, in both tables numbered from 1 on, one a day."""

    def dealt(frame: pd.DataFrame, first: str) -> pd.DataFrame:
        days = pd.date_range(first, periods=len(frame)).strftime("%d.%m.%Y")
        return frame.assign(case=np.arange(len(frame)) + 1, seen=days)

    return Trap(dealt(export(rng)[:N], "2024-03-01"), dealt(export(rng), "2024-02-01"))


def numbered_patients(rng: Rng) -> Trap:
    """Other patients, two rows each, in both tables numbered from 1 on."""
    trap = unrelated(rng)
    target, source = (frame.assign(patient=np.arange(len(frame)) // 2 + 1) for frame in (trap.target, trap.source))
    return Trap(target, source, {"group_by": "patient"})


HONEST: dict[str, Callable[[Rng], Trap]] = {
    "other rows": unrelated,
    "other rows of a few categories": few_categories,
    "other rows with the same numbers and days": numbered,
    "other patients with the same numbers": numbered_patients,
}


def sprung(make: Callable[[Rng], Trap], seed: int, budget: float) -> tuple[str, int, float | None]:
    """The verdict, how many notes tell of rows that were not borrowed, and the score on the test part."""
    trap = make(np.random.default_rng(seed))
    model = headstart.fit(trap.target, trap.source, label="y", budget=budget, random_state=seed, **trap.more)
    test = model.evidence["test"]
    told = sum(
        "not borrowed" in note or "nothing of it was borrowed" in note for note in model.evidence["data"]["notes"]
    )
    return model.evidence["verdict"]["word"], told, None if test is None else test.get("accuracy")


def main() -> None:
    arguments = parser(__doc__ or "", repeats=10)
    arguments.add_argument("--budget", type=float, default=8.0)
    arguments.add_argument("--seed", type=int, default=0, help="the first of the seeds")
    arguments.add_argument("--only")
    options = arguments.parse_args()
    print("| trap | helps | other verdicts | told |\n|---|---|---|---|")
    for name, make in {**TRAPS, **HONEST}.items():
        if options.only not in (None, name):
            continue
        found = [sprung(make, options.seed + i, options.budget) for i in range(options.repeats)]
        words = Counter(word for word, _, _ in found)
        others = ", ".join(f"{word} {count}" for word, count in words.items() if word != "helps")
        test = [score for _, _, score in found if score is not None]
        more = f" (test part {100 * np.mean(test):.0f}% right)" if test else ""
        told = sum(told > 0 for _, told, _ in found)
        print(f"| {name}{more} | {words['helps']} | {others} | {told} of {len(found)} |", flush=True)


if __name__ == "__main__":
    main()
