"""The description of the control API, made from its table of routes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Final

import emulator
from emulator.server.control.route import Route
from emulator.server.control.schemas import PATH, SCHEMAS
from emulator.types import Json

__all__ = ["document"]

_PROBLEM: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def document(routes: Iterable[Route]) -> Json:
    """Write the description (OpenAPI 3.1)."""
    routes = tuple(routes)
    paths: dict[str, Json] = {}
    forms: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
        if isinstance(route.body, type):
            schema = _tidy(route.body.model_json_schema(ref_template="#/components/schemas/{model}"))
            forms |= schema.pop("$defs", {}) | {route.body.__name__: schema}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "maas-emulator: control API",
            "version": emulator.__version__,
            "description": "For callers on the server's machine; elsewhere with the server's --control-token. "
            "Errors are problem documents (RFC 9457).",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": {**SCHEMAS, **forms},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route) -> Json:
    said: dict[str, Json] = {"summary": route.summary, "operationId": _name(route)}
    if parameters := list(_parameters(route)):
        said["parameters"] = parameters
    if route.body is not None:
        content = _ref(route.body.__name__) if isinstance(route.body, type) else {"type": "string"}
        kind = "application/json" if isinstance(route.body, type) else "application/yaml"
        said["requestBody"] = {"content": {kind: {"schema": content}}}
    good = {"text/": {"type": "string"}}.get(route.gives[:5]) or _ref(route.gives)
    kind = route.gives.partition(";")[0] if "/" in route.gives else "application/json"
    answers: dict[str, Json] = {"200": {"description": "Done.", "content": {kind: {"schema": good}}}}
    for status in route.refusals():
        answers[str(status)] = {"description": f"{HTTPStatus(status).phrase}.", "content": _PROBLEM}
    said["responses"] = answers
    if route.public:
        said["security"] = [{}]
    return said


def _tidy(schema: Json) -> Json:
    """Leave out what pydantic makes up: titles, and null as the default of what is not given."""
    match schema:
        case dict():
            made_up: dict[str, type] = {"title": str, "default": type(None)}
            return {
                key: _tidy(value)
                for key, value in schema.items()
                if not (key in made_up and isinstance(value, made_up[key]))
            }
        case list():
            return [_tidy(item) for item in schema]
        case _:
            return schema


def _name(route: Route) -> str:
    """Give `getSessionsSession` and the like, which clients that are generated call their methods."""
    words = re.findall(r"[a-z]+", route.path.removeprefix("/_emulator"))
    return route.method.lower() + "".join(word.title() for word in words)


def _parameters(route: Route) -> Iterator[Json]:
    for name in re.findall(r"\{(\w+)\}", route.path):
        yield {
            "name": name, "in": "path", "required": True, "description": PATH[name], "schema": {"type": "string"}
        }  # fmt: skip
    for name, words in route.query.items():
        yield {"name": name, "in": "query", "description": words, "schema": {"type": "string"}}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}
