"""Time, memory and objective of ours against adapt and skada, from 1,000 to a million rows a domain.

    python benchmarks/classical/speed.py --adapt-python ... --skada-python ... --million --json speed.json

measures all, in an hour or so; with ``--cases`` and ``--sizes`` parts of it, which replace the same parts in the file.
Every call is a fresh process with one thread; the libraries take turns, so that a slow minute of the machine hits all.
Seconds are CPU seconds of the call itself, without imports and without making the data; median of ``--repeats``, or of
a single call where one takes over 5 s. Memory is the peak above what the process held before the data were made, so
it contains the input, both domains. Objectives are computed anew from what each library returns (`objectives.py`). A
peer that by the square of the growth would take twice the limit at the next size is not tried there. The last lines are
a table in Markdown of all that was measured, and the promises.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import objectives
from peers import Library, Reply, add_pythons, start
from speed_data import Pair, make_pair

LONG = 5.0
SIZES = (1000, 3000, 10_000, 100_000)
#: Objectives are computed up to this many rows a domain.
JUDGED = 3000
Arrays = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One thing that the libraries do.

    Attributes
    ----------
    name : str
        Ours has a method of this name, peers have those in ``peers``.
    objective : callable or None
        ``(data, arrays) -> value``, or a pair of the value and a second figure.
    larger : bool
        Whether a larger objective is better.
    promised : float or None
        How many times faster than the better peer at 3,000 rows.
    peers_up_to : int
        Peers are left out above so many rows.
    """

    name: str
    peers: tuple[str, ...]
    sizes: tuple[int, ...] = SIZES
    objective: Callable[[Pair, Arrays], Any] | None = None
    larger: bool = False
    second: str = ""
    promised: float | None = None
    peers_up_to: int = 10**9
    data: dict[str, Any] = field(default_factory=dict)


def _tca(linear: bool) -> Callable[[Pair, Arrays], float]:
    return lambda data, got: objectives.component_spread(data, got["dual"], None if linear else 1 / data.Xs.shape[1])


def _discrepancy(data: Pair, got: Arrays) -> tuple[float, float]:
    return objectives.mean_discrepancy(data, got["weights"])


def _moments(data: Pair, got: Arrays) -> float:
    return objectives.moment_gap(got["source"], got["target"])


def _joint(data: Pair, got: Arrays) -> float:
    return objectives.joint_cost(data, got["predictions"])


def _plan(reg_class: float, reg: float = 0.05) -> Callable[[Pair, Arrays], tuple[float, float]]:
    return lambda data, got: objectives.entropic_cost(data, got["plan"], reg, reg_class)


CASES = (
    Case("TCA rbf", ("TCA rbf",), SIZES, _tca(False), larger=True, promised=15),
    # peers solve the same n x n problem for a linear kernel as for any other
    Case("TCA linear", ("TCA linear",), SIZES, _tca(True), larger=True, peers_up_to=1000),
    Case("KMM", ("KMM", "KMM in batches"), SIZES, _discrepancy, second="MMD^2", promised=15),
    Case(
        "uLSIF grid",
        ("uLSIF grid",),
        SIZES,
        lambda data, got: objectives.squared_ratio_loss(got["weights"], got["target_weights"]),
        promised=15,
    ),
    Case(
        "MMD target shift",
        ("MMD target shift",),
        SIZES,
        _discrepancy,
        second="MMD^2",
        promised=15,
        data={"kind": "labels"},
    ),
    Case(
        "JDOT", ("JDOT",), (1000, 3000), lambda data, got: objectives.joint_cost(data, got["predictions"]), promised=3
    ),
    Case("exact OT", ("exact OT",), (1000, 3000), _plan(0.0, reg=0.0), second="marginals' error", promised=1),
    Case("entropic OT", ("entropic OT",), (1000, 3000), _plan(0.0), second="marginals' error", promised=3),
    Case(
        "class-regularised OT",
        ("class-regularised OT",),
        (1000, 3000),
        _plan(0.1),
        second="marginals' error",
        promised=3,
    ),
    Case("KLIEP", ("KLIEP",), SIZES[:3]),
    Case("discriminator", ("discriminator",), SIZES[:3], promised=1),
    Case("CORAL", ("CORAL",), SIZES, _moments),
    Case("linear OT", ("linear OT",), SIZES, _moments, promised=1),
)
#: A million rows in each domain, 256 columns in float32, one method fitted and nothing else.
MILLION = {"n": 10**6, "d": 256, "dtype": "float32"}
LARGE = ("TCA linear, fit", "CORAL, fit", "linear OT, fit")


def measure(libraries: list[Library], case: Case, n: int, repeats: int, known: list[dict[str, Any]]) -> None:
    """All libraries on one size, in turns; adds one record for each method."""
    data = {"n": n, **case.data}
    pair = make_pair(**data) if n <= JUDGED and case.objective else None
    turns = [(one, method) for one in libraries for method in _methods(one, case, n)]
    records = {(one.name, method): _record(one.name, method, case, n) for one, method in turns}
    for one, method in turns:
        reason = _hopeless(known, one, method, case, n)
        if reason:
            records[one.name, method] |= {"status": "not tried", "words": reason}
    for turn in range(repeats):
        for one, method in turns:
            record = records[one.name, method]
            if record["status"] not in ("new", "done") or any(second > LONG for second in record["cpu"]):
                continue
            reply = one.call("speed", method, data, show=turn == 0 and pair is not None)
            _note(record, reply)
            if reply.arrays and pair is not None and case.objective is not None:
                record["objective"] = case.objective(pair, reply.arrays)
    for record in records.values():
        known.append(record)
        _print(record, case)


def _methods(library: Library, case: Case, n: int) -> list[str]:
    peers = case.peers if n <= case.peers_up_to else ()
    wanted = (case.name,) if library.name == "headstart" else peers
    return [method for method in wanted if method in library.can["speed"]]


def _record(library: str, method: str, case: Case, n: int) -> dict[str, Any]:
    return {"case": case.name, "library": library, "method": method, "n": n, "status": "new", "cpu": [], "wall": []}


def _hopeless(known: list[dict[str, Any]], library: Library, method: str, case: Case, n: int) -> str:
    """Words where the last size says that this one passes the limit."""
    same = [one for one in known if (one["case"], one["library"], one["method"]) == (case.name, library.name, method)]
    before = [one for one in same if one["n"] < n]
    if not before or library.name == "headstart":
        return ""
    last = max(before, key=lambda one: int(one["n"]))
    if last["status"] != "done":
        return f"as at {last['n']:,} rows"
    seconds = statistics.median(last["cpu"])
    expected = seconds * (n / last["n"]) ** 2
    return f"{seconds:.1f} s at {last['n']:,} rows" if expected > 2 * library.seconds else ""


def _note(record: dict[str, Any], reply: Reply) -> None:
    record["status"] = reply.status
    if not reply.done:
        record["words"] = reply.words
        return
    record["cpu"].append(reply.numbers["cpu"])
    record["wall"].append(reply.numbers["wall"])
    record["peak"] = max(record.get("peak", 0), reply.numbers["peak"])
    record["input"] = reply.numbers["input"]


def _print(record: dict[str, Any], case: Case) -> None:
    head = f"{case.name:22}{record['n']:>9,}  {record['library'] + ': ' + record['method']:36}"
    if record["status"] != "done":
        print(f"{head}{record['status']}, {record['words']}", flush=True)
        return
    line = (
        f"{head}{statistics.median(record['cpu']):>9.3f} s{record['peak'] / 1e6:>9.0f} MB ({len(record['cpu'])} calls)"
    )
    value = record.get("objective")
    if value is not None:
        first, rest = (value[0], f", {case.second} {value[1]:.3g}") if isinstance(value, tuple) else (value, "")
        line += f"  objective {first:.6g}{rest}"
    print(line, flush=True)


def _first(value: Any) -> float:
    return float(value[0] if isinstance(value, (tuple, list)) else value)


def promise_of(case: Case, records: list[dict[str, Any]], n: int = 3000) -> str:
    """How much faster than the better peer, and the objective beside each peer's."""
    here = [one for one in records if one["case"] == case.name and one["n"] == n]
    mine = next((one for one in here if one["library"] == "headstart" and one["status"] == "done"), None)
    theirs = [one for one in here if one["library"] != "headstart"]
    if mine is None or not theirs:
        return f"{case.name}: nothing to compare"
    seconds = statistics.median(mine["cpu"])
    finished = [one for one in theirs if one["status"] == "done"]
    stopped = ", ".join(f"{one['library']} {one['method']} {one['words']}" for one in theirs if one["status"] != "done")
    if not finished:
        return f"{case.name}: {seconds:.3f} s; no peer came to an end ({stopped})"
    words, kept = [], True
    for other in finished:
        ratio, worse = statistics.median(other["cpu"]) / seconds, 0.0
        word = f"{ratio:.1f} x faster than {other['library']} {other['method']}"
        if "objective" in mine and "objective" in other:
            a, b = _first(mine["objective"]), _first(other["objective"])
            worse = 100 * ((b - a) if case.larger else (a - b)) / max(abs(b), 1e-12)
            word += f" (objective {a:.6g} against {b:.6g}: {'worse' if worse > 0 else 'better'} by {abs(worse):.2f}%)"
        kept &= ratio >= (case.promised or 0) and worse <= 1
        words.append(word)
    promise = f"promised {case.promised:g} x at 3,000 rows: {'kept' if kept else 'NOT KEPT'}"
    return f"{case.name}: {promise}; {'; '.join(words)}" + (f"; {stopped}" if stopped else "")


def large(library: Library, names: list[str]) -> list[dict[str, Any]]:
    """The linear methods at a million rows, once; kernel TCA and KMM at 10^5 a domain are among the cases."""
    records = []
    for name in names:
        record: dict[str, Any] = {"case": name, "library": library.name, "method": name, "n": 10**6}
        record |= {"status": "new", "cpu": [], "wall": []}
        _note(record, library.call("speed", name, MILLION, show=False))
        records.append(record)
        if record["status"] == "done":
            ratio = record["peak"] / record["input"]
            print(f"{name:22}10^6 x 256  {statistics.median(record['cpu']):>9.2f} s, {ratio:.2f} x the input's memory")
        else:
            print(f"{name:22}10^6 x 256  {record['status']}, {record['words']}")
    return records


def print_promises(records: list[dict[str, Any]]) -> None:
    """The last lines."""
    print("\nMust show")
    for case in CASES:
        if case.promised:
            print(promise_of(case, records))
    for one in records:
        linear = one["n"] == 10**6
        kernel = one["library"] == "headstart" and one["n"] == 100_000 and one["case"] in ("TCA rbf", "KMM")
        if not linear and not kernel:
            continue
        where = "10^6 x 256 in each domain" if linear else "10^5 rows a domain"
        if one["status"] != "done":
            print(f"{one['case']}, {where}: NOT KEPT; {one['status']}, {one['words']}")
            continue
        seconds, ratio = statistics.median(one["cpu"]), one["peak"] / one["input"]
        kept = seconds < 15 and ratio < 1.5 if linear else seconds < 60 and one["peak"] < 2e9
        memory = f"peak of {one['peak'] / 1e9:.2f} GB, {ratio:.2f} x the input"
        promised = "15 s, 1.5 x" if linear else "60 s, 2 GB"
        print(
            f"{one['case']}, {where}: promised {promised}: {'kept' if kept else 'NOT KEPT'}; {seconds:.1f} s, {memory}"
        )


def kept_records(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Records of an earlier run in the same file, without the cases and sizes of this one."""
    if options.json is None or not options.json.exists():
        return []
    again, sizes = tuple(options.cases or [""]), options.sizes

    def replaced(one: dict[str, Any]) -> bool:
        if one["n"] == 10**6:
            return bool(options.million) and one["case"].startswith(again)
        return one["case"].startswith(again) and (not sizes or one["n"] in sizes)

    return [one for one in json.loads(options.json.read_text()) if not replaced(one)]


def _keep(options: argparse.Namespace, records: list[dict[str, Any]]) -> None:
    if options.json:
        options.json.write_text(json.dumps(records, indent=1))


def table(records: list[dict[str, Any]]) -> str:
    """Seconds and memory of every method and size as a table in Markdown."""

    def cell(method: str, n: int, library: str) -> str:
        found = [one for one in records if (one["method"], one["n"], one["library"]) == (method, n, library)]
        if not found:
            return "-"
        one = found[-1]
        if one["status"] != "done":
            return one["words"] if one["status"] != "not tried" else f"not tried: {one['words']}"
        return f"{statistics.median(one['cpu']):.3g} s, {one['peak'] / 1e6:,.0f} MB"

    names = ("headstart", "adapt", "skada")
    lines = ["| | rows a domain | " + " | ".join(names) + " |", "|---|--:|" + "--:|" * len(names)]
    for case in CASES:
        for method in dict.fromkeys((case.name, *case.peers)):
            for n in sorted({one["n"] for one in records if one["method"] == method}):
                cells = " | ".join(cell(method, n, name) for name in names)
                lines.append(f"| {method} | {n:,} | {cells} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_pythons(parser)
    parser.set_defaults(limit=600, gigabytes=8.0)
    parser.add_argument("--large-limit", type=int, default=60, help="CPU seconds a call may take above 3,000 rows")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sizes", nargs="+", type=int, help="only these numbers of rows a domain")
    parser.add_argument("--cases", nargs="+", help="only cases whose name starts so; others stay in --json as they are")
    parser.add_argument("--million", action="store_true", help="the linear methods at 10^6 x 256 in each domain too")
    options = parser.parse_args()
    libraries, records = start(options), kept_records(options)
    print(f"above {JUDGED:,} rows {options.large_limit} CPU seconds; rows: of each domain, 64 columns in float64\n")
    for case in CASES:
        if options.cases and not case.name.startswith(tuple(options.cases)):
            continue
        for n in case.sizes:
            if options.sizes and n not in options.sizes:
                continue
            for library in libraries:
                library.seconds = options.limit if n <= JUDGED else options.large_limit
            measure(libraries, case, n, options.repeats, records)
            _keep(options, records)
    if options.million:
        names = [one for one in LARGE if not options.cases or one.startswith(tuple(options.cases))]
        records += large(libraries[0], names)
    print("\n" + table(records))
    print_promises(records)
    _keep(options, records)
    for library in libraries:
        library.__exit__()


if __name__ == "__main__":
    sys.exit(main())
