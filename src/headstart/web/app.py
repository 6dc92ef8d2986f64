"""The server: a page, its API, and one thread that asks the model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from headstart.cache_folder import temporary_folder
from headstart.data.base.plain import plain
from headstart.errors import MissingExtra
from headstart.web.answers import Asked
from headstart.web.corrected import append_row
from headstart.web.corrected_boxes import append_boxes
from headstart.web.described import columns_of, described, files_of, openapi
from headstart.web.guarding import Guard
from headstart.web.limits import Limits, Refused
from headstart.web.received import Received, received
from headstart.web.worker import Worker

_AT_ONCE = 16
_PARTS = {
    "/page.css": ("text/css", ("report/page.css", "web/page.css")),
    "/page.js": ("text/javascript", ("web/wave.js", "web/boxes.js", "web/page.js")),
}


class Server:
    """What answers requests for one model.

    Parameters
    ----------
    model : Model, SeveralTasks or DetectionModel
    corrections : Path or None
        Folder for answers that were corrected; made with the first. None: none are taken.
    limits : Limits, optional
    """

    def __init__(self, model: Any, corrections: Path | None = None, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.asked = Asked(model, self.limits)
        self.corrections = corrections
        self.said = plain(described(model, self.limits, corrections is not None))
        self.api = openapi(self.said, version("headstart"))
        self.columns = {one["name"]: one["name"] in files_of(model) for one in columns_of(model)}

    @asynccontextmanager
    async def running(self, _: Any = None) -> AsyncIterator[None]:
        """The thread that asks, and a room for files, for as long as the server runs."""
        self.arriving = asyncio.Semaphore(_AT_ONCE)
        with temporary_folder("headstart-serve-") as room:
            self.room = Path(room)
            self.worker: Worker[Received] = Worker(self.asked.answers, self.limits.waiting)
            try:
                yield
            finally:
                await asyncio.to_thread(self.worker.close)

    async def received(self, request: Any) -> Received:
        """A request, once it has arrived; not many arrive at once, so that they take no memory."""
        async with self.arriving:
            try:
                async with asyncio.timeout(self.limits.seconds):
                    return await received(request, self.room, self.limits, self.columns)
            except TimeoutError:
                raise Refused(408, f"Expected the whole request within {self.limits.seconds:g} s.") from None

    async def answered(self, job: Received) -> dict[str, Any]:
        """The answer to a request, when its turn has come."""
        self._check(job)
        found: dict[str, Any] = await asyncio.wrap_future(self.worker.ask(job, len(job)))
        return found

    def _check(self, job: Received) -> None:
        kind = self.asked.kind
        wrong = (
            bool(job.items)
            if kind.values
            else bool(job.rows) or (not kind.typed and any(isinstance(item, str) for item in job.items))
        )
        if wrong:
            raise Refused(422, f"Expected {kind.many}, as the model learned from, found others.", "See /openapi.json.")

    async def predict(self, request: Any) -> Any:
        """``POST /predict``"""
        job = await self.received(request)
        try:
            found = await self.answered(job)
            return as_json(found, 200 if found["predictions"] else 422)
        finally:
            job.forget()

    async def correct(self, request: Any) -> Any:
        """``POST /correct``"""
        job = await self.received(request)
        try:
            if self.corrections is None or not self.said["corrections"]:
                raise Refused(404, "Expected a server that takes corrections, found one that takes none.")
            if len(job) != 1:
                raise Refused(422, f"Expected one input to correct, found {len(job)}.", "Send one at a time.")
            found = await self.answered(job)
            if not found["predictions"]:
                return as_json(found, 422)
            write = append_boxes if self.said["finds"] else append_row
            table = await asyncio.to_thread(write, job, self.said, self.asked.model, self.corrections)
            return as_json({"kept": table.name})
        finally:
            job.forget()


def application(server: Server, host: str = "127.0.0.1", token: str | None = None) -> Guard:
    """A server as an ASGI application, guarded.

    Raises
    ------
    MissingExtra
        Where starlette is not installed.
    """
    try:
        from starlette.applications import Starlette
        from starlette.responses import Response
        from starlette.routing import Route
    except ImportError as error:
        raise MissingExtra("starlette", "web", "Serving a model") from error

    def part(media: str, content: bytes) -> Any:
        async def send(_: Any) -> Any:
            return Response(content, media_type=media)

        return send

    def said(value: Any) -> Any:
        async def send(_: Any) -> Any:
            return as_json(value)

        return send

    async def refused(_: Any, error: Any) -> Any:
        return as_json({"error": str(error)}, error.status, {"retry-after": "2"} if error.status == 503 else {})

    async def unknown(_: Any, error: Any) -> Any:
        return as_json({"error": f"{error.detail}. See /openapi.json."}, error.status_code, error.headers)

    package = files("headstart")
    parts = {
        place: (media, b"\n".join((package / name).read_bytes() for name in names))
        for place, (media, names) in _PARTS.items()
    }
    routes = [
        Route("/", part("text/html", (package / "web" / "page.html").read_bytes())),
        *(Route(place, part(media, content)) for place, (media, content) in parts.items()),
        Route("/model", said(server.said)),
        Route("/health", said({"status": "ok"})),
        Route("/openapi.json", said(server.api)),
        Route("/predict", server.predict, methods=["POST"]),
        Route("/correct", server.correct, methods=["POST"]),
    ]
    from starlette.exceptions import HTTPException

    handlers: Any = {Refused: refused, HTTPException: unknown}
    return Guard(
        Starlette(routes=routes, exception_handlers=handlers, lifespan=server.running), host, token, server.limits
    )


def as_json(value: Any, status: int = 200, headers: Any = None) -> Any:
    """An answer in JSON; in ASCII, since what was sent may hold halves of characters."""
    from starlette.responses import Response

    content = json.dumps(plain(value), allow_nan=False)
    return Response(content, status, headers=dict(headers or {}), media_type="application/json")
