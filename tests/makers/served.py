"""A model behind an address of this machine, for as long as a test or a benchmark needs it, and how it is asked."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from headstart.web.app import Server, application
from headstart.web.limits import Limits


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        """The JSON of it."""
        return json.loads(self.body)


@dataclass
class Served:
    """Where a server listens."""

    port: int
    host: str = "127.0.0.1"

    @property
    def address(self) -> str:
        """Of its page."""
        return f"http://{self.host}:{self.port}/"

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers or {}))
            found = connection.getresponse()
            return Answer(found.status, {k.lower(): v for k, v in found.getheaders()}, found.read())
        finally:
            connection.close()

    def post(self, path: str, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """JSON, as a program sends it."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.ask(path, "POST", body, {"content-type": "application/json", **(headers or {})})

    def send(
        self,
        path: str,
        files: Sequence[tuple[str, str, bytes]] = (),
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A form with files (field, name, content) and fields, as a browser sends it."""
        body, kind = form_of(files, fields)
        return self.ask(path, "POST", body, {"content-type": kind, **(headers or {})})


def form_of(files: Sequence[tuple[str, str, bytes]] = (), fields: Mapping[str, str] | None = None) -> tuple[bytes, str]:
    """The body of a form and its content type."""
    edge = uuid.uuid4().hex
    parts = [(f'name="{name}"', value.encode("utf-8", "replace")) for name, value in (fields or {}).items()]
    parts += [(f'name="{name}"; filename="{called}"', content) for name, called, content in files]
    body = b"".join(
        f"--{edge}\r\nContent-Disposition: form-data; ".encode()
        + head.encode("utf-8", "replace")
        + b"\r\n\r\n"
        + content
        + b"\r\n"
        for head, content in parts
    )
    return body + f"--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


@contextlib.contextmanager
def served(
    model: Any, corrections: Path | None = None, token: str | None = None, limits: Limits | None = None
) -> Iterator[Served]:
    """Serve a model from a thread of this process."""
    app = application(Server(model, corrections, limits), "127.0.0.1", token)
    running = uvicorn.Server(
        uvicorn.Config(app, log_level="critical", access_log=False, server_header=False, ws="none")
    )
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        end = time.monotonic() + 30
        while not running.started and time.monotonic() < end:
            time.sleep(0.01)
        assert running.started
        try:
            yield Served(listening.getsockname()[1])
        finally:
            running.should_exit = True
            thread.join(30)
