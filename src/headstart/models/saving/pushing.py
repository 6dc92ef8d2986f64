"""A saved model on a hub, for others to load and to start from."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headstart.cache_folder import temporary_folder
from headstart.errors import OutputError, ParameterError
from headstart.models.saving.evidence_file import EVIDENCE
from headstart.networks.folder import MANIFEST, read_manifest
from headstart.networks.saving.model_card import model_card
from headstart.networks.seal import check_files, seal

#: What shows or names examples of the training data; it goes along with the report alone.
_REPORT = ("report.html", "label-errors.csv", "reference.safetensors")
#: What a model cannot do without, and what it tells of the data that it learned from.
_HELD = {
    "vocabulary.json": "holds words of the training texts",
    "table.json": "holds names of columns and categories",
}
_OF_EXAMPLES = ("mistakes", "label_errors", "reproduce", "domains")
#: What an entry of the evidence holds that shows an example.
_SHOWN = {"thumbnail", "map", "sound", "text"}
_OF_DATA = ("duplicates", "near_duplicates", "dropped")
_FOLDERS = re.compile(r"(?<![\w.:/])(?:/|[A-Za-z]:\\)(?:[^\s'\"/\\]+[/\\])+")
_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def push(
    folder: str | Path,
    repo: str,
    *,
    private: bool = False,
    token: str | None = None,
    with_report: bool = False,
    figures: Callable[[Path], None] | None = None,
    said: Callable[[str], None] | None = None,
) -> str:
    """Push a saved model to a hub (the Hugging Face Hub, or the address in ``HF_ENDPOINT``).

    Only what the model's seal lists is pushed, with its card. The report, mistakes with their thumbnails and texts,
    names of files, and what `check` compares new data with show training data: they stay here unless ``with_report``.
    Places on this machine are cut to their last name.

    Parameters
    ----------
    folder : path-like
        The ``--out`` of ``headstart fit``.
    repo : str
        "user/name"; made if it is not there.
    private : bool, default=False
        Of a new one.
    token : str, optional
        Default: the one of ``HF_TOKEN`` or ``hf auth login``.
    with_report : bool, default=False
    figures : callable, optional
        Writes a report into the folder that is pushed, from the evidence there, which shows no examples; for instance
        `headstart.report.write.write_beside`. Not with ``with_report``.
    said : callable, optional
        Told what is pushed, in words, before it is.

    Returns
    -------
    str
        Its address.

    Raises
    ------
    SourceError
        If the folder is no model, or was changed since.
    ParameterError
        For a name that is none, or both reports.
    OutputError
        Without a token, rights or connection, or if the name stands for something else.
    """
    if not _NAME.fullmatch(repo):
        raise ParameterError(f"Expected a name like user/name, found {repo!r}.", "Give the account and the name.")
    if with_report and figures is not None:
        raise ParameterError("Expected a report with examples or one without, found both.", "Leave one out.")
    source = Path(folder).expanduser()
    manifest = read_manifest(source)
    check_files(source, manifest)
    if not manifest.get("files"):
        raise OutputError(f"Expected a sealed model in {source}, found no list of files.", "Fit or save it again.")
    with temporary_folder() as place:
        ready = Path(place) / "model"
        ready.mkdir()
        _copied(source, ready, manifest, with_report, figures)
        names = sorted(file.relative_to(ready).as_posix() for file in ready.rglob("*") if file.is_file())
        if said is not None:
            said(_in_words(names, with_report, figures is not None, repo))
        return _uploaded(ready, repo, private, token)


def _copied(
    source: Path,
    ready: Path,
    manifest: dict[str, Any],
    with_report: bool,
    figures: Callable[[Path], None] | None,
) -> None:
    """What is meant for others, sealed anew."""
    left = () if with_report else _REPORT
    for name in [*manifest["files"], MANIFEST, "README.md", *(_REPORT[:1] if with_report else ())]:
        file = source / name
        if Path(name).name in left or not file.is_file():
            continue
        (ready / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, ready / name)
    for file in sorted(ready.rglob(EVIDENCE)):
        proof = json.loads(file.read_text(encoding="utf-8"))
        _write(file, _public(proof, with_report))
    if figures is not None:
        figures(ready)
    for file in sorted(ready.rglob(MANIFEST), key=lambda file: -len(file.parts)):
        _write(file, _without_places(json.loads(file.read_text(encoding="utf-8"))))
        seal(file.parent)
    if manifest.get("kind") in ("transfer", "baseline", "table"):
        told = [json.loads((ready / name).read_text(encoding="utf-8")) for name in (MANIFEST, EVIDENCE)]
        (ready / "README.md").write_text(model_card(*told), encoding="utf-8")


def _public(proof: dict[str, Any], with_report: bool) -> dict[str, Any]:
    """Evidence without examples, and without places on this machine."""
    if not with_report:
        proof = _without_examples({key: value for key, value in proof.items() if key not in _OF_EXAMPLES})
        data = {key: value for key, value in (proof.get("data") or {}).items() if key not in _OF_DATA}
        proof = {**proof, "data": data} if data else proof
    return dict(_without_places(proof))


def _without_examples(value: Any) -> Any:
    """The same without lists of examples, wherever they stand: entries with a picture, or with a truth and an answer.

    Examples
    --------
    >>> _without_examples({"right": [{"true": "ann", "predicted": "ann"}], "n": 3, "more": {"a": [{"thumbnail": ""}]}})
    {'n': 3, 'more': {}}
    """
    if isinstance(value, dict):
        return {key: _without_examples(part) for key, part in value.items() if not _are_examples(part)}
    return [_without_examples(part) for part in value] if isinstance(value, list) else value


def _are_examples(value: Any) -> bool:
    entries = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    return any(_SHOWN & set(one) or {"true", "predicted"} <= set(one) for one in entries)


def _without_places(value: Any) -> Any:
    """The same with absolute paths cut to their last names.

    Examples
    --------
    >>> _without_places({"a": ["read /home/ann/secret/table.csv", "see https://x.org/a/b, and/or 1/2/3"]})
    {'a': ['read table.csv', 'see https://x.org/a/b, and/or 1/2/3']}
    """
    if isinstance(value, dict):
        return {key: _without_places(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_places(part) for part in value]
    return _FOLDERS.sub("", value) if isinstance(value, str) else value


def _write(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def _in_words(names: list[str], with_report: bool, figures: bool, repo: str) -> str:
    whose = "Report, mistakes, names of files and what check compares with stay here (--with-report pushes them too)."
    if with_report:
        whose = "The report and the mistakes show examples of the training data."
    elif figures:
        whose = "The report has figures alone; mistakes, names of files and what check compares with stay here."
    said = [f"{name} {words}" for name, words in _HELD.items() if name in names]
    held = f" {' '.join(f'{words}.' for words in said)}" if said else ""
    return f"What goes to {repo}: {', '.join(names)}.{held} {whose}"


def _uploaded(ready: Path, repo: str, private: bool, token: str | None) -> str:
    from huggingface_hub import HfApi, get_token

    from headstart.networks.reading.hub import hub_address, quiet_bars

    known = token or get_token()
    if not known:
        raise OutputError(
            f"Expected a token to push {repo} with, found none.", "Log in with: hf auth login, or set HF_TOKEN."
        )
    api = HfApi(endpoint=hub_address(), token=known, library_name="headstart")
    try:
        with quiet_bars():
            api.create_repo(repo, private=private, exist_ok=True)
            held = {entry.rfilename for entry in api.model_info(repo).siblings or []}
            if held - {".gitattributes", "README.md"} and MANIFEST not in held:
                raise OutputError(
                    f"Expected a new name or an earlier model of headstart at {repo}, found another model there.",
                    "Choose another name.",
                )
            api.upload_folder(
                repo_id=repo, folder_path=ready, commit_message="A model of headstart", delete_patterns="*"
            )
    except OutputError:
        raise
    except Exception as error:
        raise _refusal(repo, hub_address(), error) from error
    return f"{hub_address()}/{repo}"


def _refusal(repo: str, address: str, error: Exception) -> OutputError:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status == 401:
        return OutputError(f"Expected a token that {address} knows, found one that it refuses.", "hf auth login")
    if status in (403, 404):
        return OutputError(
            f"Expected the right to write {repo}, found none with this token.",
            "Take a token that may write, or a name under your own account.",
        )
    if status == 409:
        return OutputError(f"Expected a free name, found that {repo} is taken.", "Choose another name.")
    reason = next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]
    if status is not None:
        return OutputError(
            f"Expected {address} to take {repo}, found the answer {status}: {reason}", "Try again later."
        )
    return OutputError(
        f"Expected to reach {address}, found no answer: {reason}.",
        "Check the connection (HF_ENDPOINT and HTTPS_PROXY are honoured). Nothing was pushed.",
    )


def token_of_environment() -> str:
    """The token in ``HF_TOKEN``.

    Raises
    ------
    OutputError
        If there is none.
    """
    token = os.environ.get("HF_TOKEN", "").strip()
    if not token:
        raise OutputError("Expected a token in HF_TOKEN, found it empty.", "Set it, or log in with: hf auth login.")
    return token
