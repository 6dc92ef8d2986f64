"""Which part of the source was used: shares by source and class, extreme rows, columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from headstart.contract.options import check_number
from headstart.contract.raw_sources import as_sources, named
from headstart.data.tables.column_names import names_of
from headstart.errors import SourceError

#: Where stretches of a histogram of weights begin, in parts of the mean weight.
_STRETCHES = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class SourceUse:
    """What of a source stands behind a fitted model.

    Attributes
    ----------
    n_rows : int
        Rows of all sources.
    effective_rows : float
        ``(sum w)^2 / sum w^2``: as many rows of equal weight would count as much.
    by_source : tuple of dict
        ``source``, ``rows``, ``share_of_rows``, ``share`` (of the source's whole weight), ``mean_weight``.
    by_class : tuple of dict
        ``class``, ``rows``, ``share_of_rows``, ``share``; empty for numbers.
    most_used, least_used : tuple of dict
        ``source``, ``row`` (its number within that source), ``weight``, ``label``; ties in order of the rows.
    columns : tuple of dict
        For frames: ``column``, and for numbers ``mean``, ``used_mean``, ``shift`` (in standard deviations), else
        ``value``, ``share``, ``used_share`` of the value whose share moved most. Largest moves first.

    histogram : tuple of dict
        ``low``, ``high`` (None: without end) and ``rows``: how many rows have a weight between so many times the mean.

    Examples
    --------
    >>> use = source_use([np.array([1.0, 1.0, 0.0, 0.0])], ["a"], [np.array(["x", "y", "x", "x"])], [None], 1)
    >>> use.effective_rows, [(c["class"], c["share"]) for c in use.by_class], use.least_used[0]["row"]
    (2.0, [('x', 0.5), ('y', 0.5)], 2)
    """

    n_rows: int
    effective_rows: float
    by_source: tuple[dict[str, Any], ...]
    by_class: tuple[dict[str, Any], ...]
    most_used: tuple[dict[str, Any], ...]
    least_used: tuple[dict[str, Any], ...]
    columns: tuple[dict[str, Any], ...]
    histogram: tuple[dict[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [f"{self.n_rows} source rows, used as much as {self.effective_rows:.0f} equal ones."]
        for entry in self.by_source if len(self.by_source) > 1 else ():
            lines.append(f"  {entry['source']}: {_percent(entry)}")
        lines += [f"  class {entry['class']}: {_percent(entry)}" for entry in self.by_class]
        for what, entries in (("most", self.most_used), ("least", self.least_used)):
            shown = ", ".join(f"{entry['row']} ({entry['weight']:.2g})" for entry in entries[:5])
            lines.append(f"  {what} used rows: {shown}")
        for entry in self.columns[:5]:
            if "shift" in entry:
                lines.append(f"  {entry['column']}: mean {entry['mean']:.4g}, of what is used {entry['used_mean']:.4g}")
            else:
                share = f"{entry['share']:.0%} of rows, {entry['used_share']:.0%} of what is used"
                lines.append(f"  {entry['column']} = {entry['value']}: {share}")
        return "\n".join(lines)


class SourceUseMixin:
    """`explain_source` for methods with ``weights_``."""

    source: Any
    weights_: np.ndarray

    def explain_source(self, n_rows: int = 10) -> SourceUse:
        """Say which part of the source was used.

        Parameters
        ----------
        n_rows : int, default=10
            How many of the most and the least used rows to name.

        Returns
        -------
        SourceUse
            Print it, or take its fields.

        Raises
        ------
        SourceError
            Without a source.
        """
        check_is_fitted(self, "weights_")
        check_number("n_rows", n_rows, 0, whole=True)
        given = as_sources(self.source, getattr(self, "network_", None))
        if not given:
            raise SourceError("Expected a source to explain, found source=None.", "Fit with source=Source(X, y).")
        ends = np.cumsum([np.shape(source.y)[0] for source in given])
        labels = [np.asarray(source.y) if hasattr(self, "classes_") else None for source in given]
        names = [source.name or who for source, who in zip(given, named(given), strict=True)]
        frames = [source.X if names_of(source.X) is not None else None for source in given]
        return source_use(np.split(self.weights_, ends[:-1]), names, labels, frames, n_rows)


def source_use(
    weights: Sequence[np.ndarray],
    names: Sequence[str],
    labels: Sequence[np.ndarray | None],
    frames: Sequence[Any],
    n_extreme: int,
) -> SourceUse:
    """Summarise weights of source rows.

    Parameters
    ----------
    weights, names, labels, frames
        One entry a source: weights (n_k,), its name, labels (n_k,) or None, a frame or None.
    n_extreme : int
        How many of the most and the least used rows to name.
    """
    w = np.concatenate(weights)
    total, squares = float(w.sum()), float((w**2).sum())
    origin = np.repeat(np.arange(len(weights)), [len(part) for part in weights])
    row = np.concatenate([np.arange(len(part)) for part in weights])
    every = np.concatenate([part for part in labels if part is not None]) if labels[0] is not None else None

    def part(mask: np.ndarray, **head: Any) -> dict[str, Any]:
        share = float(w[mask].sum()) / total if total > 0 else 0.0
        return {**head, "rows": int(mask.sum()), "share_of_rows": float(mask.mean()), "share": share}

    def told(i: int) -> dict[str, Any]:
        label = None if every is None else _plain(every[i])
        return {"source": names[origin[i]], "row": int(row[i]), "weight": float(w[i]), "label": label}

    return SourceUse(
        n_rows=len(w),
        effective_rows=total**2 / squares if squares > 0 else 0.0,
        by_source=tuple(
            {**part(origin == k, source=name), "mean_weight": float(weights[k].mean())} for k, name in enumerate(names)
        ),
        by_class=() if every is None else tuple(part(every == c, **{"class": _plain(c)}) for c in np.unique(every)),
        most_used=tuple(told(i) for i in np.argsort(-w, kind="stable")[:n_extreme]),
        least_used=tuple(told(i) for i in np.argsort(w, kind="stable")[:n_extreme]),
        columns=_columns(w, frames) if total > 0 and all(frame is not None for frame in frames) else (),
        histogram=_histogram(w * len(w) / total) if total > 0 else (),
    )


def _histogram(relative: np.ndarray) -> tuple[dict[str, Any], ...]:
    """How many weights, as parts of their mean, lie in each stretch.

    Examples
    --------
    >>> [one["rows"] for one in _histogram(np.array([0.0, 0.5, 3.5]))]
    [1, 0, 0, 1, 0, 1, 0]
    """
    ends = [*_STRETCHES[1:], np.inf]
    return tuple(
        {
            "low": low,
            "high": None if high == np.inf else high,
            "rows": int(((relative >= low) & (relative < high)).sum()),
        }
        for low, high in zip(_STRETCHES, ends, strict=True)
    )


def _columns(w: np.ndarray, frames: Sequence[Any]) -> tuple[dict[str, Any], ...]:
    """How each column differs between all source rows and those that are used; the largest moves first."""
    found: list[tuple[float, dict[str, Any]]] = []
    for name in names_of(frames[0]) or []:
        values = np.concatenate([np.asarray(frame[name]) for frame in frames])
        if values.dtype.kind in "biuf":
            numbers = values.astype(np.float64)
            known = np.isfinite(numbers)
            if not w[known].sum() > 0:
                continue
            mean, used = float(numbers[known].mean()), float(np.average(numbers[known], weights=w[known]))
            shift = (used - mean) / (float(numbers[known].std()) or 1.0)
            found.append((abs(shift), {"column": name, "mean": mean, "used_mean": used, "shift": shift}))
        else:
            kinds, code = np.unique(values.astype(str), return_inverse=True)
            share, used_share = np.bincount(code) / len(code), np.bincount(code, w) / w.sum()
            k = int(np.abs(used_share - share).argmax())
            moved = {"share": float(share[k]), "used_share": float(used_share[k])}
            found.append((abs(moved["used_share"] - moved["share"]), {"column": name, "value": str(kinds[k]), **moved}))
    return tuple(entry for _, entry in sorted(found, key=lambda pair: -pair[0]))


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _percent(entry: dict[str, Any]) -> str:
    return f"{entry['share_of_rows']:.0%} of the rows, {entry['share']:.0%} of what is used"
