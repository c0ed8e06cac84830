"""The schema of `error`: a name, a name with fields replaced, or a literal answer."""

from __future__ import annotations

from typing import Annotated, ClassVar, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from emulator.scenario.closed import Closed, Given, said
from emulator.scenario.scalars import ReplyHeaders, Words
from emulator.scenario.wording import show
from emulator.types import ErrorName, Json

__all__ = ["ErrorInStream", "ErrorValue", "LiteralError", "NamedError", "error_shape"]


def _code(value: Json) -> Json:
    if isinstance(value, str | int) and not isinstance(value, bool):
        return value
    raise said(f"{show(value)} is neither text nor a whole number.")


def _body(value: Json) -> Json:
    if value is None:
        raise said("null is no body; any other JSON value is.")
    return value


_Status = Annotated[int, Field(ge=400, le=599)]
_Code = Annotated[Json, BeforeValidator(_code), WithJsonSchema({"type": ["string", "integer"]})]
_Body = Annotated[Json, BeforeValidator(_body), WithJsonSchema({"not": {"type": "null"}})]


class NamedError(Closed):
    """A named error with fields replaced. What is not given is the provider's own."""

    name: ErrorName
    """The error."""
    status: Given[_Status] = None
    """The HTTP status."""
    message: Given[Words] = None
    """The sentence for people."""
    code: Given[_Code] = None
    """The error code."""
    type: Given[Words] = None
    """The type of the error."""
    headers: Given[ReplyHeaders] = None
    """Headers of the response, beside those of the provider."""

    ELSEWHERE: ClassVar = {
        "body": "this goes with 'status' alone: a named error has its provider's body.",
        "retry_after": "this stands beside 'error'.",
    }


class LiteralError(Closed):
    """An error whose body goes out as it stands."""

    status: _Status
    """The HTTP status."""
    body: _Body
    """The whole body."""
    headers: Given[ReplyHeaders] = None
    """Headers of the response, beside those of the provider."""

    ELSEWHERE: ClassVar = {
        **dict.fromkeys(("message", "code", "type"), "this goes with a 'name'; without one, 'body' says it all."),
        "retry_after": "a literal error says it in its headers.",
    }


def error_shape(value: Json) -> str:
    """Tell the three forms of an error: `<plain>`, `<named>` and `<literal>`."""
    if not isinstance(value, dict):
        return "<plain>"
    return "<named>" if "name" in value or not value.keys() & {"body", "status"} else "<literal>"


ErrorValue: TypeAlias = Annotated[
    Annotated[ErrorName, Tag("<plain>")]
    | Annotated[NamedError, Tag("<named>")]
    | Annotated[LiteralError, Tag("<literal>")],
    Discriminator(error_shape),
]
ErrorInStream: TypeAlias = Annotated[
    Annotated[ErrorName, Tag("<plain>")] | Annotated[NamedError, Tag("<named>")],
    Discriminator(lambda value: "<named>" if isinstance(value, dict) else "<plain>"),
]
"""In the middle of a stream there is no status and no body of its own."""
