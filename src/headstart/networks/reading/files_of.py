"""What transformers reads of a network's folder, quietly and without running code from it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from headstart.errors import SourceError
from headstart.networks.reading.config_file import require_room
from headstart.networks.refuse import weight_file


@contextmanager
def quiet() -> Iterator[None]:
    """Silence transformers' progress bars, logs and warnings, and put them back as they were."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def load_config(folder: Path) -> Any:
    """The configuration of a transformers folder.

    Raises
    ------
    SourceError
        If there is none that can be used.
    """
    from transformers import AutoConfig

    try:
        with quiet():
            return AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:
        raise SourceError(
            f"Expected a transformers configuration in {folder}, found {error}.", "Get it again."
        ) from error


def load_processor(folder: Path) -> Any:
    """The image processor of a transformers folder.

    Raises
    ------
    SourceError
        If there is none that can be used.
    """
    from transformers import AutoImageProcessor

    try:
        with quiet():
            return AutoImageProcessor.from_pretrained(
                folder, backend="pil", trust_remote_code=False, local_files_only=True
            )
    except Exception as error:
        raise SourceError(
            f"Expected an image processor in {folder}, found: {str(error).strip()[:300]}",
            "Get preprocessor_config.json again.",
        ) from error


def load_weights(model_class: Any, folder: Path, config: Any, **more: Any) -> tuple[Any, dict[str, Any]]:
    """A network in float32 with a folder's weights, and transformers' report of what did not fit.

    Parameters
    ----------
    model_class : type
        Of transformers.
    folder : Path
    config : transformers configuration
    **more
        Further arguments of ``from_pretrained``.

    Raises
    ------
    SourceError
        If the file of weights cannot be read.
    """
    file = weight_file(folder)
    require_room(model_class, config, file)
    try:
        with quiet():
            module, report = model_class.from_pretrained(
                folder,
                config=config,
                dtype=torch.float32,
                output_loading_info=True,
                trust_remote_code=False,
                local_files_only=True,
                weights_only=True,
                use_safetensors=True,
                **more,
            )
    except Exception as error:
        raise SourceError(
            f"Expected readable weights in {file}, found: {first_line(error)}", "Get the file again."
        ) from error
    return module, report


def missing_keys(report: dict[str, Any]) -> set[str]:
    """Names of weights that are missing or of another shape."""
    return set(report["missing_keys"]) | {str(item[0]) for item in report["mismatched_keys"]}


def first_line(error: BaseException | None, most: int = 300) -> str:
    """What an error says, in its first line.

    Examples
    --------
    >>> first_line(ValueError("too small\\nby far")), first_line(KeyError())
    ('too small', 'KeyError()')
    """
    words = str(error).strip()
    return words.splitlines()[0][:most] if words else repr(error)
