"""The ways to learn that are compared: with what was borrowed, and without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headstart.data.base.kinds import kind_named
from headstart.data.inputs.fixed_views import check_views
from headstart.data.inputs.registry import entry_of, resolve, simple_of
from headstart.data.sets.other_tasks import OtherTasks
from headstart.errors import ParameterError
from headstart.features.adapted.adapted import AdaptedClassifier
from headstart.guard.candidates.candidate import LAST_BLOCKS, WITH_TASKS, Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.candidates.train_size import train_size
from headstart.networks.network import Network
from headstart.networks.reading.random_weights import random_network
from headstart.parameters.beside import BesideClassifier, BesideRegressor
from headstart.parameters.transfer import TransferClassifier, TransferRegressor
from headstart.source import Source

#: Name of the candidate that learns from examples without labels too.
UNLABELLED = "head, unlabelled"
#: Name of the candidate that learns from labelled sets beside the network.
WITH_SETS = "head, with sets"
#: Texts a class below which pairs of them are a way to learn.
FEW = 64


def input_candidates(material: Material, *, views: int, plain: bool, random_state: int) -> list[Candidate]:
    """The standard candidates for pictures, clips or texts, with what goes with them; see `standard_for_inputs`."""
    network = material.network
    found = standard_for_inputs(
        network,
        material.task,
        input_type=material.input_type,
        n=len(material),
        n_classes=material.columns.shape[1],
        device=material.device,
        random_state=random_state,
        train_size=None if network is None else train_size(network),
        views=views,
        plain=plain,
        unlabelled=material.unlabelled,
        lent=material.lent,
    )
    common = {"device": material.device, "random_state": random_state}
    more = _with_tasks(network, material.beside, material.task, common)
    place = next((i + 1 for i, one in enumerate(found) if one.name == LAST_BLOCKS), None)
    return found if place is None else [*found[:place], *more, *found[place:]]


def standard_for_inputs(
    network: Network | None,
    task: str,
    *,
    input_type: str = "image",
    n: int,
    n_classes: int = 2,
    device: str = "auto",
    random_state: int = 0,
    train_size: int | None = None,
    views: int = 1,
    plain: bool = False,
    unlabelled: Any = None,
    lent: Sequence[Source] = (),
) -> list[Candidate]:
    """Candidates for pictures, clips or texts.

    Without transfer: simple features (of pictures edges and colours, of clips mel cepstra, of texts tf-idf); the same
    network from random weights, its features frozen and all its layers trained. With transfer: output layers on frozen
    features (measured choice, and linear), last blocks, all layers. A network whose weights are random has nothing more
    to give than the same network from random weights.

    Parameters
    ----------
    network : Network or None
        What is borrowed. None leaves the simple features alone.
    task : {"classification", "multilabel", "regression"}
    input_type : {"image", "audio", "text"}, default="image"
        What the examples are.
    n : int
        Number of examples.
    n_classes : int, default=2
        Classes, or labels, that they are of. Texts of fewer than 64 a class are also learned from in pairs.
    device : str, default="auto"
        Where networks run.
    random_state : int, default=0
        Seed of every candidate.
    train_size : int, optional
        Side of the pictures when all layers are trained. Default: the network's own.
    views : int, default=1
        Above 1, output layers on so many views of each picture or clip are a candidate too.
    plain : bool, default=False
        Only what transformers can load by itself: one linear layer on the network, whatever of it was trained.
    unlabelled : Inputs, optional
        More examples without labels. With classes and a trained network an output layer that learns from them too is a
        candidate.
    lent : sequence of Source
        Labelled examples of other sets; with a trained network an output layer, and the last block, that learn from
        them too are candidates.

    Raises
    ------
    ParameterError
        If ``plain`` and there is no network of transformers' own.
    """
    if plain:
        _require_plain(network)
    numbers = task == "regression"
    transfer = TransferRegressor if numbers else TransferClassifier
    preprocessing = None if network is None else network.preprocessing
    simple = without_network(task, input_type, preprocessing, random_state)
    known = simple_of(kind_named(input_type))
    found = [] if plain else [Candidate(known.name, simple, False, known.words)]
    if network is None:
        return found
    best = "linear" if plain else "auto"
    common: dict[str, Any] = {"device": device, "random_state": random_state}

    def borrowed(**settings: Any) -> Any:
        return transfer(network, **common, **settings)

    random = transfer(random_network(network, random_state), train="head", head=best, **common)
    found.append(Candidate("random features", random, False, "output layers on the same network with random weights"))
    if not plain:
        found.append(Candidate("head", borrowed(train="head", head="auto"), True, "output layers on frozen features"))
    linear = borrowed(train="head", head="linear")
    found.append(Candidate("linear head", linear, True, "one linear layer on frozen features"))
    if check_views(views, "head", input_type) > 1:
        varied = borrowed(train="head", head=best, views=views)
        words = f"output layers on frozen features of {views} views of each example"
        found.append(Candidate(f"head, {views} views", varied, True, words))
    from_scratch = transfer(None, network=network, train="all", image_size=train_size, **common)
    scratch_words = "training the same network from random weights"
    found.append(Candidate("from scratch", from_scratch, False, scratch_words, dear=True))
    if not network.trained:
        return found
    if unlabelled is not None and task == "classification":
        more = borrowed(train="head", head="linear", unlabelled=unlabelled)
        words = f"one linear layer that learns from {len(unlabelled):,} examples without labels too"
        found.append(Candidate(UNLABELLED, more, True, words, wary=True))
    found += _with_sets(network, lent, unlabelled, task, {**common, "head": best})
    all_layers = borrowed(train="all", image_size=train_size)
    found += [
        Candidate("all layers", all_layers, True, "fine-tuning all layers", dear=True),
        Candidate("last block", borrowed(train="last:1"), True, "fine-tuning the last block", dear=True),
        Candidate(LAST_BLOCKS, borrowed(train="last:2"), True, "fine-tuning the last two blocks", dear=True),
    ]
    if kind_named(input_type).pairs and not numbers and n < FEW * n_classes:
        words = "tuning the last two blocks on pairs of examples"
        found.append(Candidate("pairs", borrowed(train="contrastive", head=best), True, words, dear=True))
    return found


def _with_sets(
    network: Network, lent: Sequence[Source], unlabelled: Any, task: str, common: dict[str, Any]
) -> list[Candidate]:
    """Ways to learn from labelled sets beside the network."""
    if not lent:
        return []
    transfer = TransferRegressor if task == "regression" else TransferClassifier
    both, n = [network, *lent], sum(len(one.y) for one in lent)
    said = f"{n:,} examples of {' and '.join(one.name or 'another set' for one in lent)}"
    head = transfer(both, train="head", **common)
    last = transfer(both, train="last:1", **common)
    found = [Candidate(WITH_SETS, head, True, f"output layers on frozen features that learn from {said} too")]
    if task == "classification":
        how = {**common, "head": AdaptedClassifier(), "unlabelled": unlabelled}
        adapted = transfer(both, train="head", **how)
        found.append(Candidate("adapted head", adapted, True, f"one linear layer on {said}, adapted to the target"))
    return [
        *found,
        Candidate("last block, with sets", last, True, f"fine-tuning the last block on {said} too", dear=True),
    ]


def _with_tasks(network: Any, beside: OtherTasks | None, task: str, common: dict[str, Any]) -> list[Candidate]:
    """The last two blocks as other tasks train them too: more labels bear more than the last one."""
    if beside is None:
        return []
    kind = BesideRegressor if task == "regression" else BesideClassifier
    words = f"fine-tuning the last two blocks, by other tasks too ({', '.join(beside.labels)})"
    both = kind(network, train="last:2", beside=beside, **common)
    return [Candidate(WITH_TASKS, both, True, words, dear=True, over=LAST_BLOCKS)]


def _require_plain(network: Network | None) -> None:
    """Refuse what transformers could not load afterwards."""
    if network is None or not hasattr(network.config, "to_json_string"):
        found = "none" if network is None else f"{network.name} ({type(network.module).__name__})"
        raise ParameterError(
            f"Expected a network of transformers' own for plain models, found {found}.",
            "Name another (--source, source=...), or leave plain out.",
        )


def without_network(task: str, input_type: str, preprocessing: Any = None, random_state: int = 0) -> Any:
    """The baseline of a kind of input, not fitted: what can be learned without any network.

    Examples
    --------
    >>> without_network("regression", "text"), without_network("classification", "audio")
    (TextBaselineRegressor(), BaselineClassifier())
    """
    kind = kind_named(input_type)
    baseline = resolve(entry_of(kind).baselines[task == "regression"])
    own = {} if simple_of(kind).own else {"preprocessing": preprocessing}
    return baseline(**own, random_state=random_state)
