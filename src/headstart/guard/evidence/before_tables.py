"""When does it make sense to borrow rows? What can be said of two tables before anything is learned."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from headstart.guard.candidates.for_tables import alone
from headstart.guard.candidates.material import Material
from headstart.guard.candidates.worth import Worth
from headstart.guard.evidence.before import examples_per_class, source_size
from headstart.math.linear.source_worth import follows

Finding = dict[str, Any]
_MOST_ROWS = 1000
_MOST_NAMES = 5
_ALIKE, _APART = 0.65, 0.95


def table_findings(material: Material, *, random_state: int = 0) -> list[Finding]:
    """Check the conditions under which borrowing rows helps.

    The source should hold more rows than the target; both should share their classes; their rows should be alike, as
    told by how well a logistic regression tells them apart (area under the curve: 0.5 not at all, 1 without fail); and
    a linear model of the source should say more of the target's labels than their commonest class or mean does.

    Parameters
    ----------
    material : Material
        With ``sources``.
    random_state : int, default=0
        Seed of the sample of 1,000 rows a side, and of the folds.

    Returns
    -------
    list of dict
        ``check``, ``value``, ``verdict`` ("for", "against" or "neutral") and ``words`` each.
    """
    if not material.sources:
        return [_finding("source", None, "neutral", "Nothing was offered to borrow from.")]
    rng = np.random.default_rng(random_state)
    X = np.vstack([source.X for source in material.sources])
    y = np.concatenate([source.y for source in material.sources])
    found = [source_size(len(y), len(material)), examples_per_class(material)]
    found[0]["words"] = found[0]["words"].replace("was trained on", "has").replace(" examples", " rows")
    if material.classes is not None:
        found.append(_classes(y, material.classes))
    part = rng.permutation(len(X))[:_MOST_ROWS]
    own = material.rows if material.unlabelled is None else np.vstack([material.rows, material.unlabelled])
    found.append(_alike(X[part], own[rng.permutation(len(own))[:_MOST_ROWS]], random_state))
    found.append(_carries(X[part], y[part], material))
    return found if material.worth is None else [*found, _worth(material, material.worth)]


def _worth(material: Material, worth: Worth) -> Finding:
    """Which of several sources help a linear model of the target, each by itself."""
    used, unit = np.flatnonzero(worth.used), "" if material.classes is None else " points"
    size = 1.0 if material.classes is None else 100.0
    digits = 3 if material.classes is None else 1
    shown = [
        f"{material.sources[s].name or f'source {s + 1}'} ({size * worth.gain[s]:+.{digits}f}{unit}, standard error "
        f"{size * worth.standard_error[s]:.{digits}f})"
        for s in used[:_MOST_NAMES]
    ]
    more = f" and {len(used) - _MOST_NAMES} more" if len(used) > _MOST_NAMES else ""
    words = f"Of {len(worth.used)} sources {len(used)} {'helps' if len(used) == 1 else 'help'} a linear model by itself"
    if not len(used):
        return _finding("sources", 0, "against", f"Of {len(worth.used)} sources none helps a linear model by itself.")
    return _finding("sources", len(used), "for", f"{words}: {', '.join(shown)}{more}.")


def _classes(y: np.ndarray, classes: np.ndarray) -> Finding:
    lacking = [str(label) for label in classes if label not in y]
    if not lacking:
        return _finding("classes", 0, "neutral", "The source has rows of every class of the target.")
    words = f"The source has no rows of {len(lacking)} of {len(classes)} classes ({', '.join(lacking[:5])})."
    return _finding("classes", len(lacking), "neutral", words)


def _alike(source: np.ndarray, target: np.ndarray, random_state: int) -> Finding:
    """How well the two sides are told apart."""
    n_splits = min(3, len(source), len(target))
    if n_splits < 2:
        return _finding("likeness", None, "neutral", "Too few rows to say whether source and target are alike.")
    side = np.repeat([0, 1], [len(source), len(target)])
    rows = np.vstack([source, target])
    cv = StratifiedKFold(n_splits, shuffle=True, random_state=random_state)
    model = LogisticRegression(max_iter=200, class_weight="balanced")
    area = float(roc_auc_score(side, cross_val_predict(model, rows, side, cv=cv, method="decision_function")))
    words = f"A linear model tells rows of source and target apart with an area under the curve of {area:.2f}"
    if area < _ALIKE:
        return _finding("likeness", area, "neutral", f"{words}: they are much alike.")
    if area > _APART:
        return _finding("likeness", area, "neutral", f"{words}: they differ in almost every row.")
    return _finding("likeness", area, "neutral", f"{words}: they differ, but overlap.")


def _carries(X: np.ndarray, y: np.ndarray, material: Material) -> Finding:
    """How much a model of the source alone says of the target's labels."""
    check = "relatedness"
    if material.classes is not None and len(np.unique(y)) < 2:
        return _finding(check, None, "neutral", "The source has one class alone, so it cannot be compared.")
    answers = alone(material.task, len(X), 0)[0].fresh().fit(X, y).predict(material.rows)
    n = len(material)
    if material.classes is None:
        error = float(((material.target - answers) ** 2).mean())
        spread = float(material.target.var())
        explained = 1 - error / max(spread, 1e-12)
        r, certain, _ = follows(material.target.reshape(n, -1)[:, 0], answers.reshape(n, -1)[:, 0])
        if explained < 0.1 and certain > 2 and material.target.size == n:
            words = f"A model of the source alone follows the target's numbers (correlation {r:.2f}), at another level."
            return _finding(check, explained, "neutral", words)
        words = f"A model of the source alone explains R² {explained:.3f} of the target's numbers"
        side = "for" if explained > 0.1 else "against" if explained < -0.1 else "neutral"
        return _finding(check, explained, side, f"{words}.")
    right = float((answers == material.y).mean())
    chance = float(np.bincount(material.target).max()) / n
    noise = 2 * np.sqrt(max(right * (1 - right), 0.05) / n)
    side = "for" if right > chance + noise else "against" if right < chance - noise else "neutral"
    words = f"A model of the source alone is right on {100 * right:.1f}% of {n} target rows"
    return _finding(check, right, side, f"{words}; the commonest class would be on {100 * chance:.1f}%.")


def _finding(check: str, value: Any, verdict: str, words: str) -> Finding:
    return {"check": check, "value": value, "verdict": verdict, "words": words}
