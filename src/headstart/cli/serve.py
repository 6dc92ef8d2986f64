"""``headstart serve``: a page and an API for a saved model, on this machine or for a local network."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Any

import click

from headstart.cli.console import common, echo, note, print_json
from headstart.cli.options import Place


@click.command("serve")
@click.argument("model", type=Place())
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Where to listen; beyond this machine with a token.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option("--token", help="What visitors must know.  [default: none on this machine, else a new one]")
@click.option(
    "--corrections",
    type=Place(),
    default=Path("corrections"),
    show_default=True,
    help="Folder for answers that visitors correct; made with the first.",
)
@click.option("--no-corrections", is_flag=True, help="Take none: nothing is ever written.")
@common
def command(
    model: Path,
    host: str,
    port: int,
    token: str | None,
    corrections: Path,
    no_corrections: bool,
    as_json: bool,
) -> int:
    """Try the saved MODEL in a browser: drop pictures or clips, type a text, fill in a row.

    It answers with probabilities, says what is unlike the training data, and takes corrections, from which headstart
    fit corrections/corrections.csv learns. Programs ask it by the API that /openapi.json describes. Ctrl-C ends it.
    """
    import socket
    import warnings

    from headstart.data.base.whole import check_folder
    from headstart.errors import MissingExtra

    check_folder(None if no_corrections else corrections, "--corrections")
    try:
        import uvicorn
    except ImportError as error:
        raise MissingExtra("uvicorn", "web", "Serving a model") from error
    from headstart.models.model import load
    from headstart.web.app import Server, application
    from headstart.web.guarding import is_loopback, token_for

    token = token_for(host, token)
    server = Server(load(model), None if no_corrections else corrections)
    app = application(server, host, token)
    listening = _listening(host, port)
    with listening:
        shown = host if not is_any(host) else socket.gethostname()
        shown = f"[{shown}]" if ":" in shown else shown
        address = f"http://{shown}:{listening.getsockname()[1]}/" + (f"?token={token}" if token else "")
        if as_json:
            print_json({"address": address, "token": token, "model": server.said})
        else:
            echo(f"{server.asked.model!r} at {address}")
        if not is_loopback(host):
            note("Others on the network reach it, unencrypted: whoever reads along reads what is sent, and the token.")
        with contextlib.suppress(KeyboardInterrupt), warnings.catch_warnings(action="ignore"):
            logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # visitors hear what was wrong
            _run(uvicorn, app, listening)
    note("Stopped.")
    return 0


def is_any(host: str) -> bool:
    """Whether an address stands for all of this machine's."""
    return host in ("0.0.0.0", "::", "")


def _run(uvicorn: Any, app: Any, listening: Any) -> None:
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        limit_concurrency=1000,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=10,
    )
    uvicorn.Server(config).run(sockets=[listening])


def _listening(host: str, port: int) -> Any:
    """A socket at an address.

    Raises
    ------
    OutputError
        If it is not this machine's, or taken.
    """
    import socket

    from headstart.errors import OutputError

    try:
        family, *_, place = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(place[:2], family=family, backlog=1024)
    except OSError as error:
        raise OutputError(
            f"Expected to listen at {host}:{port}, found that it cannot be had: {error.strerror or error}.",
            "Take another --port (0: a free one) or --host.",
        ) from error
