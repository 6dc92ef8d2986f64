"""What a server says of its model: what it takes, which columns a row has, and the API in OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

from headstart.data.base.kinds import Kind, kind_named
from headstart.data.sets.task import DETECTION
from headstart.web.limits import Limits

_LISTED = 200


def described(model: Any, limits: Limits, corrections: bool) -> dict[str, Any]:
    """A model as the page and programs need it.

    Returns
    -------
    dict
        ``name``, ``input_type``, ``takes``, ``accept`` (suffixes of files), ``columns`` (of a row), ``tasks`` (name,
        task, classes of each), ``explains``, ``corrections``, ``limits``.
    """
    kind = model.kind
    models = getattr(model, "models", None) or {"": model}
    looks = getattr(model, "task", None) == DETECTION
    tasks = [
        {
            "name": name,
            "task": one.task,
            "classes": None if one.classes_ is None else [*map(str, one.classes_.tolist())],
        }
        for name, one in models.items()
    ]
    data = model.evidence.get("data") or {}
    return {
        "name": str(data.get("name", "model")),
        "input_type": model.input_type,
        "takes": {"one": kind.one, "many": kind.many, "typed": kind.typed, "values": kind.values},
        "accept": sorted(kind.suffixes),
        "columns": columns_of(model),
        "tasks": tasks,
        "finds": looks,
        "explains": hasattr(model, "explain"),
        "corrections": corrections,
        "limits": {"body_bytes": limits.body_bytes, "inputs": limits.inputs, **limits.extents},
    }


def columns_of(model: Any) -> list[dict[str, Any]]:
    """The columns of a row: ``name``, ``holds`` (number, category, date, text or file), ``options``, ``accept``.

    None for a model that takes no rows.
    """
    if not model.kind.values:
        return []
    encoder = _encoder(model)
    if not isinstance(encoder.columns_, dict):
        return _of_table(encoder)
    found = []
    for view, names in encoder.columns_.items():
        kind = kind_named(encoder.input_types_[view])
        if view in encoder.encoders_:
            found += _of_table(encoder.encoders_[view])
        elif kind.values:
            found += [_column(name, "number") for name in names]
        elif kind.typed:
            found += [_column(name, "text") for name in names]
        else:
            found += [_column(name, "file") | {"accept": sorted(kind.suffixes)} for name in names]
    return found


def files_of(model: Any) -> dict[str, Kind]:
    """The columns of a row that hold files, and of which kind."""
    encoder = _encoder(model) if model.kind.values else None
    if encoder is None or not isinstance(encoder.columns_, dict):
        return {}
    kinds = {view: kind_named(encoder.input_types_[view]) for view in encoder.columns_}
    files = {view: kind for view, kind in kinds.items() if not kind.values and not kind.typed}
    return {str(name): kind for view, kind in files.items() for name in encoder.columns_[view]}


def _encoder(model: Any) -> Any:
    return next(iter((getattr(model, "models", None) or {"": model}).values())).encoder


def _of_table(encoder: Any) -> list[dict[str, Any]]:
    return [_column(name, kind) | {"options": known[:_LISTED]} for name, kind, known in encoder.fields()]


def _column(name: Any, holds: str) -> dict[str, Any]:
    return {"name": str(name), "holds": holds, "options": [], "accept": []}


def openapi(said: dict[str, Any], version: str) -> dict[str, Any]:
    """The API of a model in OpenAPI 3.1.

    Parameters
    ----------
    said : dict
        What `described` gives.
    version : str
        Of headstart.
    """
    takes, bodies = said["takes"], _bodies(said)
    content = {kind: {"schema": schema} for kind, schema in bodies.items()}
    refusals = {
        str(status): {"description": words, "content": {"application/json": {"schema": _REFUSAL}}}
        for status, words in _REFUSALS.items()
    }
    answers = {"description": "An answer an input.", "content": {"application/json": {"schema": _ANSWERS}}}
    paths: dict[str, Any] = {
        "/predict": {
            "post": {
                "summary": f"Answer {takes['many']}.",
                "requestBody": {"required": True, "content": content},
                "responses": {"200": answers, **refusals},
            }
        },
        "/model": {"get": {"summary": "What the model takes and answers.", "responses": {"200": _SOME}}},
        "/health": {"get": {"summary": "Whether the server answers.", "security": [], "responses": {"200": _SOME}}},
    }
    if said["corrections"]:
        right = (
            {"boxes": _string('All boxes as JSON: [{"label": "...", "corners": [left, top, right, bottom]}, ...].')}
            if said["finds"]
            else {"label": _string("The right answer; of several tasks label:NAME.")}
        )
        form = {**bodies["multipart/form-data"]["properties"], **right}
        paths["/correct"] = {
            "post": {
                "summary": "Keep the right answer for one input, to learn from.",
                "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _object(form, [])}}},
                "responses": {"200": _SOME, **refusals},
            }
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": f"headstart: {said['name']}", "version": version},
        "paths": paths,
        "security": [{"token": []}, {}],
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _bodies(said: dict[str, Any]) -> dict[str, Any]:
    """What a request may hold, by content type."""
    takes, bodies = said["takes"], {}
    explain = {"type": "boolean", "description": "Also what each answer went by, of the first inputs."}
    if takes["values"]:
        cells = {
            one["name"]: {"type": ["string", "number", "null"]} for one in said["columns"] if one["holds"] != "file"
        }
        rows = {"type": "array", "items": {"type": "object", "properties": cells}, "maxItems": said["limits"]["inputs"]}
        bodies["application/json"] = _object({"rows": rows, "explain": explain}, ["rows"])
        form = {
            one["name"]: {"type": "string", **({"format": "binary"} if one["holds"] == "file" else {})}
            for one in said["columns"]
        }
        bodies["multipart/form-data"] = _object(form, [])
    else:
        if takes["typed"]:
            texts = {"type": "array", "items": {"type": "string"}, "maxItems": said["limits"]["inputs"]}
            bodies["application/json"] = _object({"texts": texts, "explain": explain}, ["texts"])
        files = {"type": "array", "items": {"type": "string", "format": "binary"}}
        bodies["multipart/form-data"] = _object({"file": files, "explain": {"type": "string", "enum": ["0", "1"]}}, [])
    return bodies


def _string(description: str) -> dict[str, str]:
    return {"type": "string", "description": description}


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required}


_ANSWERS = _object(
    {
        "predictions": {"type": "array", "items": {"type": "object"}},
        "failed": {"type": "array", "items": {"type": "object"}},
    },
    ["predictions", "failed"],
)
_REFUSAL = _object({"error": {"type": "string"}}, ["error"])
_SOME = {"description": "An object.", "content": {"application/json": {"schema": {"type": "object"}}}}
_REFUSALS = {
    400: "It cannot be read.",
    401: "It needs the token.",
    403: "It comes from another page.",
    413: "It is too large.",
    415: "It has another content type.",
    422: "Nothing of it can be answered.",
    503: "Too much waits already; Retry-After says when to come again.",
}
