"""Fetch a network from the hub: from the local cache without a call, else quickly or with a clear answer."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import huggingface_hub
from huggingface_hub import HfApi, constants, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from headstart.data.base.json_files import ANY, TEXT, read_json, record, several, table_of
from headstart.errors import SourceError
from headstart.networks.reading.sentence_folder import LENGTH, MODULES
from headstart.networks.reading.text_tokenizer import VOCABULARIES
from headstart.networks.refuse import takes_texts

ANSWER_WITHIN = 4.0
_WHOLE, _INDEXED = "model.safetensors", "model.safetensors.index.json"
#: What is fetched of a network, where it is there: safetensors and what says how to use them, no pickle and no code.
_WANTED = [
    *("config.json", "preprocessor_config.json", "processor_config.json", "README.md"),
    *("headstart.json", "head.safetensors", _WHOLE, _INDEXED, "model-*.safetensors"),
    *("tokenizer_config.json", "special_tokens_map.json", "merges.txt", *VOCABULARIES, MODULES, LENGTH),
    *("[0-9]*_*/config.json", "[0-9]*_*/model.safetensors"),
]

#: What is fetched of a folder that headstart saved: all that its manifest may list, no pickle and no code.
_OF_MODELS = ["*.json", "*.safetensors", "README.md", *VOCABULARIES, "merges.txt", "label-errors.csv"]


def fetch(source: str) -> Path:
    """Folder of a hub network on this disk, downloaded if it is not there yet.

    The local cache of ``huggingface_hub`` is looked at first, with no call at all. The hub (or the address in
    ``HF_ENDPOINT``) gets 4 seconds to answer the first question, or as long as ``HF_HUB_ETAG_TIMEOUT`` says.

    Parameters
    ----------
    source : str
        "org/name" or "org/name@revision".

    Returns
    -------
    Path
        A transformers folder.

    Raises
    ------
    SourceError
        If it is not cached and the hub cannot be reached, does not have it, or asks for a login.
    """
    repo, _, revision = source.partition("@")
    folder = cached_folder(repo, revision or None)
    if folder is not None:
        return folder
    if _is_true("HF_HUB_OFFLINE") or _is_true("TRANSFORMERS_OFFLINE") or constants.HF_HUB_OFFLINE:
        raise SourceError(
            f"Expected {source!r} in the local cache ({cache_of_hub()}), found it missing or not whole, and "
            "HF_HUB_OFFLINE forbids a call.",
            _without_hub(repo),
        )
    try:
        names = within_time(lambda: _listed(repo, revision or None), _patience() + 0.5)
        _check(source, names)
        return _downloaded(repo, revision or None, _OF_MODELS if "headstart.json" in names else _WANTED)
    except SourceError:
        raise
    except Exception as error:
        raise _refusal(source, repo, error) from error


def fetch_model(source: str) -> Path:
    """Folder of a whole model that headstart saved and somebody pushed, downloaded if it is not there yet.

    Parameters
    ----------
    source : str
        "user/name" or "user/name@revision".

    Raises
    ------
    SourceError
        As `fetch`; and if what is there is no model of headstart.
    """
    repo, _, revision = source.partition("@")
    folder = _cached_model(repo, revision or None)
    if folder is not None:
        return folder
    if _is_true("HF_HUB_OFFLINE") or constants.HF_HUB_OFFLINE:
        raise SourceError(
            f"Expected a folder, or a model {source!r} in the local cache ({cache_of_hub()}), found neither, and "
            "HF_HUB_OFFLINE forbids a call.",
            "Check the name, or fetch it where there is a connection.",
        )
    try:
        names = within_time(lambda: _listed(repo, revision or None), _patience() + 0.5)
        if "headstart.json" not in names:
            raise SourceError(
                f"Expected a model of headstart at {source!r}, found no headstart.json there.",
                "Use it as source=, or give the folder that was the --out of headstart fit.",
            )
        return _downloaded(repo, revision or None, _OF_MODELS)
    except SourceError:
        raise
    except Exception as error:
        raise _refusal(source, repo, error) from error


def _downloaded(repo: str, revision: str | None, patterns: list[str]) -> Path:
    with quiet_bars():
        return Path(
            snapshot_download(
                repo,
                revision=revision,
                endpoint=hub_address(),
                cache_dir=cache_of_hub(),
                etag_timeout=_patience(),
                library_name="headstart",
                allow_patterns=patterns,
            )
        )


def _cached_model(repo: str, revision: str | None) -> Path | None:
    """Folder of a model of which all files that its manifest lists are in the local cache."""
    try:
        file = try_to_load_from_cache(repo, "headstart.json", cache_dir=cache_of_hub(), revision=revision)
        listed = (
            read_json(file, record({}, {"files": table_of(TEXT)})).get("files", {}) if isinstance(file, str) else {}
        )
    except (HFValidationError, SourceError):
        return None
    folder = Path(str(file)).parent
    return folder if listed and all((folder / name).is_file() for name in listed) else None


def cached_folder(repo: str, revision: str | None = None) -> Path | None:
    """Folder of a network that is whole in the local cache, None if it is not.

    Parameters
    ----------
    repo : str
        "org/name".
    revision : str, optional
        Branch, tag or commit; default: main.

    Returns
    -------
    Path or None
        The snapshot's folder.
    """
    try:
        config = try_to_load_from_cache(repo, "config.json", cache_dir=cache_of_hub(), revision=revision)
    except HFValidationError:
        return None
    if not isinstance(config, str):
        return None
    folder = Path(config).parent
    if _reads_texts(folder) and not (
        any((folder / name).is_file() for name in VOCABULARIES)
        and all((folder / place / "config.json").is_file() for place in _layers(folder))
    ):
        return None
    index = folder / _INDEXED
    sharded = index.is_file() and all((folder / shard).is_file() for shard in _shards(index))
    return folder if sharded or (folder / _WHOLE).is_file() else None


def hub_address() -> str:
    """Address of the hub: that of ``HF_ENDPOINT``, else the usual one."""
    return (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")


def cache_of_hub() -> str:
    """Folder of the local cache of the hub."""
    return os.environ.get("HF_HUB_CACHE") or str(constants.HF_HUB_CACHE)


def _is_true(variable: str) -> bool:
    return os.environ.get(variable, "").strip().upper() in {"1", "ON", "YES", "TRUE"}


def _patience() -> float:
    try:
        return float(os.environ["HF_HUB_ETAG_TIMEOUT"])
    except (KeyError, ValueError):
        return ANSWER_WITHIN


def _listed(repo: str, revision: str | None) -> list[str]:
    """Names of the files of a network, by one call without retries."""
    found = HfApi(endpoint=hub_address()).model_info(repo, revision=revision, timeout=_patience())
    return [entry.rfilename for entry in found.siblings or []]


def _check(source: str, names: list[str]) -> None:
    """Refuse what is no network with safe weights before anything of it is fetched."""
    if "config.json" not in names:
        raise SourceError(
            f"Expected a transformers network at {source!r}, found no config.json there.", "Take another network."
        )
    if _WHOLE not in names and _INDEXED not in names:
        pickles = [name for name in names if name.endswith((".bin", ".pt", ".pth", ".ckpt"))]
        found = f"{pickles[0]} alone, a pickle: opening one can run any code" if pickles else f"no {_WHOLE}"
        raise SourceError(
            f"Expected weights in {source!r} on the hub as safetensors, found {found}.",
            "Take a network, or a revision of this one (NAME@REVISION), whose weights are safetensors.",
        )


def within_time(call: Callable[[], Any], seconds: float) -> Any:
    """Result of a call, or TimeoutError after some seconds, whatever the call is waiting for.

    Parameters
    ----------
    call : callable
        Runs in a thread of its own, which is left behind when it does not answer.
    seconds : float
        How long to wait.

    Returns
    -------
    object
        What the call returned.
    """
    answer: list[Any] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            answer.append(call())
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failure:
        raise failure[0]
    if not answer:
        raise TimeoutError(f"no answer within {seconds:.0f} seconds")
    return answer[0]


def _reads_texts(folder: Path) -> bool:
    try:
        return takes_texts(str(read_json(folder / "config.json", table_of(ANY)).get("model_type", "")))
    except SourceError:
        return False


def _layers(folder: Path) -> list[str]:
    """Folders in which a network's files say that there are settings of pooling and dense layers."""
    try:
        modules = read_json(folder / MODULES, several(table_of(ANY)))
    except SourceError:
        return []
    kinds = [(str(module.get("path", "")), str(module.get("type", "")).rpartition(".")[2]) for module in modules]
    return [place for place, kind in kinds if kind in ("Pooling", "Dense") and Path(place).name == place]


def _shards(index: Path) -> list[str]:
    names = set(read_json(index, record({"weight_map": table_of(TEXT)}))["weight_map"].values())
    return sorted(name for name in names if Path(name).name == name)


def _refusal(source: str, repo: str, error: Exception) -> SourceError:
    page = f"{hub_address()}/{repo}"
    if isinstance(error, GatedRepoError):
        return SourceError(
            f"Expected to fetch {source!r}, found that its owners ask for an agreement first.",
            f"Accept it at {page}, then log in with: hf auth login",
        )
    if isinstance(error, RevisionNotFoundError):
        return SourceError(f"Expected the revision of {source!r}, found none of that name.", f"See {page}.")
    if isinstance(error, (RepositoryNotFoundError, HFValidationError)):
        return SourceError(
            f"Expected a folder or a network on the hub named {source!r}, found neither.",
            f"Check the name ({page}); a private one needs: hf auth login",
        )
    cause = error.__cause__ or error
    reason = str(cause).strip().splitlines()[0][:200] if str(cause).strip() else type(cause).__name__
    return SourceError(
        f"Expected to fetch {source!r} from {hub_address()}, found no answer: {reason}.", _without_hub(repo)
    )


def _without_hub(repo: str) -> str:
    return (
        "Check the connection (HF_ENDPOINT and HTTPS_PROXY are honoured, HF_HUB_ETAG_TIMEOUT gives a slow one more "
        f"seconds); or fetch it on another machine with 'hf download {repo} --local-dir DIR' and give that folder; or "
        "take 'starter:pictures', which is bundled."
    )


@contextmanager
def quiet_bars() -> Iterator[None]:
    """Progress bars of transfers on a terminal alone."""
    utils = huggingface_hub.utils
    if sys.stderr.isatty() or utils.are_progress_bars_disabled():
        yield
        return
    utils.disable_progress_bars()
    try:
        yield
    finally:
        utils.enable_progress_bars()
