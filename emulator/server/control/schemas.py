"""What the answers of the control API look like, as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from emulator.clock import CLOCKS
from emulator.journal import OUTCOMES
from emulator.types import Json

__all__ = ["PATH", "SCHEMAS"]

PATH: Final[Mapping[str, str]] = {
    "session": "The session's id, as the header x-emulator-session of its replies has it.",
    "name": "The scenario's name.",
    "gate": "The gate's name, as in the scenario.",
}
"""What stands in a path."""

_TEXT: Json = {"type": "string"}
_WHOLE: Json = {"type": "integer"}
_NUMBER: Json = {"type": "number"}
_YES_OR_NO: Json = {"type": "boolean"}
_ANY: Json = {}


def _object(*optional: str, **properties: Json) -> Json:
    """Describe an object of these properties and no others, all of which are there but for the optional ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _or_null(schema: Json) -> Json:
    return {**schema, "type": [schema["type"], "null"]}


def _map(values: Json) -> Json:
    return {"type": "object", "additionalProperties": values}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


_STEP: Json = _object(step=_TEXT, place=_TEXT)
_CALLED: Json = _object(step=_TEXT, place=_TEXT, calls=_WHOLE, times=_or_null(_WHOLE), used=_YES_OR_NO)
_TIME: Json = {"now": _NUMBER, "created": _WHOLE, "waiting": _list(_NUMBER)}
_GRADE: Json = {"enum": ["pass", "warn", "fail"]}
_RULES: Json = _list(
    _object(
        rule=_TEXT,
        says=_TEXT,
        grade=_GRADE,
        findings=_list(_object(grade=_GRADE, sentence=_TEXT, requests=_list(_WHOLE))),
    )
)
_SESSION: Json = {
    "session": _TEXT,
    "scenarios": _list(_TEXT),
    "seed": _WHOLE,
    "clock": _object(kind={"enum": list(CLOCKS)}, scale=_NUMBER, **_TIME),
    "serial": _WHOLE,
    "open": _WHOLE,
    "state": _map(_ANY),
    "gates": _map(_YES_OR_NO),
    "steps": _list(_CALLED),
    "misses": _list(_object(request=_WHOLE, asked=_TEXT, explanation=_TEXT)),
    "unused": _list(_CALLED),
    "warnings": _list(_object(request=_WHOLE, warning=_TEXT)),
    "verdict": _object(ok=_YES_OR_NO, rules=_RULES),
}
_REQUEST: Json = _object(method=_TEXT, path=_TEXT, query=_map(_TEXT), headers=_map(_TEXT), body=_ANY)
_RESPONSE: Json = _object(
    status=_WHOLE,
    stream=_YES_OR_NO,
    body=_ANY,
    bytes=_WHOLE,
    retry_after=_or_null(_NUMBER),
    beats=_list({"type": "array", "prefixItems": [_NUMBER, _NUMBER, _WHOLE], "minItems": 3, "maxItems": 3}),
    ended={"enum": ["open", "delivered", "broken_off", "client_left", "server_stopped"]},
    ended_by={"enum": ["server", "scenario", "client", None]},
)

SCHEMAS: Final[Mapping[str, Json]] = {
    "Problem": _object(
        "problems", type=_TEXT, title=_TEXT, status=_WHOLE, detail=_TEXT, problems=_list({"type": "object"})
    ),
    "Health": _object(status={"const": "ok"}, version=_TEXT, uptime_seconds=_NUMBER, scenarios=_WHOLE, sessions=_WHOLE),
    "Exchange": _object(
        **dict.fromkeys(("number", "serial", "created"), _WHOLE),
        **dict.fromkeys(("session", "provider", "protocol", "target", "model"), _TEXT),
        outcome={"enum": list(OUTCOMES)},
        **dict.fromkeys(("call", "attempt"), _or_null(_WHOLE)),
        **dict.fromkeys(("step", "place", "error", "finish", "explanation"), _or_null(_TEXT)),
        warnings=_list(_TEXT),
        request=_REQUEST,
        response=_RESPONSE,
    ),
    "Journal": _object(exchanges=_list(_ref("Exchange"))),
    "Scenario": _object(**dict.fromkeys(("name", "source", "file", "description", "order"), _TEXT), steps=_list(_STEP)),
    "Scenarios": _object(scenarios=_list(_ref("Scenario")), problems=_list({"type": "object"})),
    "Unloaded": _object(scenario=_TEXT, removed=_YES_OR_NO),
    "Made": _object(session=_TEXT, api_key=_TEXT, base_urls=_map(_TEXT), clients=_map(_map(_TEXT))),
    "Session": _object(**_SESSION),
    "Ended": _object(**_SESSION, ended=_YES_OR_NO),
    "Taught": _object(session=_TEXT, scenarios=_list(_TEXT)),
    "Reset": _object(session=_TEXT, reset=_YES_OR_NO),
    "Time": _object(session=_TEXT, **_TIME),
    "Gate": _object(session=_TEXT, gate=_TEXT, open=_YES_OR_NO),
    "Explanation": _object(
        outcome={"enum": list(OUTCOMES)},
        status=_WHOLE,
        stream=_YES_OR_NO,
        **dict.fromkeys(("step", "place", "scenario", "why"), _or_null(_TEXT)),
        others=_list(
            _object(step=_TEXT, place=_TEXT, condition=_TEXT, why=_TEXT, failing=_list(_list(_TEXT))),
        ),
        notes=_list(_TEXT),
    ),
    "Verified": _object(
        holds=_YES_OR_NO,
        count=_WHOLE,
        wanted=_TEXT,
        requests=_list(_WHOLE),
        nearest=_list(_object(request=_WHOLE, condition=_TEXT, why=_TEXT)),
        unverifiable=_list(_object(request=_WHOLE, why=_TEXT)),
        forgotten=_WHOLE,
    ),
    "Verdict": _object(session=_TEXT, ok=_YES_OR_NO, rules=_RULES),
    "Document": {"type": "object"},
}
"""Of answers, by name. The schemas of questions come from their forms."""
