"""What the ways to learn are called for people who do not know the field's words."""

from __future__ import annotations

import re

_NAMES = {
    "head": "borrowed network, new output",
    "linear head": "borrowed network, simplest new output",
    "last block": "borrowed network, end trained on",
    "last 2 blocks": "borrowed network, second half trained on",
    "head, unlabelled": "borrowed network, new output, by the unlabelled too",
    "head, with sets": "borrowed network and set, new output",
    "adapted head": "borrowed set adapted to yours",
    "last 2 blocks, with the other tasks": "borrowed network, second half trained on with the other tasks",
    "last block, with sets": "borrowed network and set, end trained on",
    "last layers": "borrowed network, end trained on",
    "all layers": "borrowed network, all of it trained on",
    "pairs": "borrowed network, tuned on pairs",
    "from scratch": "the same network, taught from nothing",
    "boxes": "borrowed network, boxes read off it",
    "detector": "borrowed detector, taught your things",
    "edges": "edges and colours alone",
    "random features": "the same network, untaught",
    "blend": "a mixture of these ways",
    "target alone": "your rows alone",
    "target alone, tuned": "your rows alone, tuned",
    "target alone, loose": "your rows alone, less cautious",
    "trees alone": "your rows alone, decision trees",
    "target, unlabelled": "your rows, and those without labels",
    "propagation": "your rows, labels spread to those without",
    "source alone": "the borrowed rows alone",
    "pooled": "borrowed and your rows as one table",
    "balanced pool": "borrowed and your rows, equal weight",
    "standardised pool": "borrowed and your rows, scales matched",
    "pooled trees": "borrowed and your rows, decision trees",
    "pooled boosting": "borrowed and your rows as one table, decision trees",
    "feature augmentation": "borrowed and your rows, shared and own effects",
    "PRED": "what the borrowed rows predict, as a hint",
    "importance weighted": "borrowed rows most like yours",
    "CORAL aligned": "borrowed rows shifted towards yours",
    "LinearMonge aligned": "borrowed rows moved onto yours",
    "regular transfer": "a model of the borrowed rows, adjusted",
    "TrAdaBoost": "borrowed rows, misleading ones weeded out",
    "transfer forest": "borrowed decision trees, adjusted",
    "with the other tasks": "with the other tasks that help",
    "groups as columns": "one model, the groups as columns",
    "partial pooling": "a shared model, each group's own part",
    "with the other tasks, trees": "with the other tasks that help, decision trees",
    "linear": "a linear model",
    "trees": "decision trees",
    "product": "all views, a head each",
    "joint": "all views, one head",
    "discriminant": "all views, one head, by the unlabelled too",
    "best with transfer": "best with transfer, chosen fold by fold",
    "best without transfer": "best without transfer, chosen fold by fold",
}
_VIEWS = re.compile(r"head, (\d+) views")
_WITHOUT = " without networks"


def plain_name(name: str) -> str:
    """A candidate's name in plain words; a name that is not ours stays as it is.

    Examples
    --------
    >>> plain_name("head"), plain_name("head, 4 views"), plain_name("my forest")
    ('borrowed network, new output', 'borrowed network, new output, 4 views of each', 'my forest')
    >>> plain_name("product without networks")
    'all views, a head each, without networks'
    """
    views = _VIEWS.fullmatch(name)
    if name.endswith(_WITHOUT):
        return f"{plain_name(name.removesuffix(_WITHOUT))},{_WITHOUT}"
    return f"{_NAMES['head']}, {views[1]} views of each" if views else _NAMES.get(name, name)
