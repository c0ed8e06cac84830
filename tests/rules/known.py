"""Requests that break rules: those of the tables, a few more, and what a field may be beside what it should."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from emulator.protocols.gemini.names import snake
from tests.rules import test_chat_rules as chat
from tests.rules import test_cloudbase_rules as cloudbase
from tests.rules import test_cloudsway_rules as cloudsway
from tests.rules import test_enveloped_rules as enveloped
from tests.rules import test_gemini_rules as gemini
from tests.rules import test_media_rules as media
from tests.rules import test_messages_rules as messages
from tests.rules import test_plain_rules as plain
from tests.rules import test_responses_rules as responses
from tests.rules.table import Row

__all__ = ["KNOWN", "MODELS", "ODD", "Sent", "with_field", "with_odd_fields"]


class Sent(NamedTuple):
    """A request, but for who gets it."""

    body: dict[str, Any]
    headers: tuple[tuple[str, str], ...] = ()
    model: str = gemini.MODEL
    """Where the path names it."""


PLAIN = {
    "chat": Sent(chat.VALID),
    "responses": Sent(responses.VALID),
    "messages": Sent(messages.VALID, (("anthropic-version", "2023-06-01"),)),
    "gemini": Sent(gemini.VALID),
    "embeddings": Sent(media.GOOD[media.EMBEDDINGS]),
    "images": Sent(media.GOOD[media.IMAGES]),
    "audio": Sent(media.GOOD[media.SPEECH]),
}
"""A request of each protocol that nothing is wrong with."""

MODELS = {
    ("cloudbase", "chat"): ("hy3",),
    ("cloudbase", "responses"): ("hy3",),
    ("cloudbase", "messages"): ("hy3",),
    ("cloudsway", "chat"): (cloudsway.GP, cloudsway.CL, cloudsway.GE, "MaaS_Cl_Opus_4.8_20260801"),
}
"""Models of which a provider has something to say."""

ODD: tuple[Any, ...] = (
    *(None, True, -3, 0, 0.5, 1, 2**40, 10**30),
    *("", " ", "a", "x" * 600, "json", "ANY"),
    *([], [""], ["x"] * 200, [{}], [{"type": "x"}], [{"cache_control": {}, "name": "f"}] * 5),
    *({}, {"x": 1}, {"type": "tool", "name": "f"}, {"type": "function", "function": {"name": "f"}}),
    *({"type": "json_object"}, {"format": {"type": "json_object"}}, {"effort": "x"}, {"type": "enabled"}),
)
"""What a field may be."""


# ---------------------------------------------------------------- those of the tables

PLACES = {
    "chat/completions": "chat",
    "/responses": "responses",
    "/messages": "messages",
    "enerateContent": "gemini",
    "/embeddings": "embeddings",
    "/images/": "images",
    "/audio/": "audio",
}
"""What stands in the path of a protocol."""

ROWS: list[Row] = [
    *(*chat.ROWS, *responses.ROWS, *messages.ROWS, *gemini.ROWS),
    *(*cloudbase.ROWS, *cloudsway.ROWS, *enveloped.ROWS, *plain.ROWS),
    *media.ROWS,
]


def of_rows(protocol: str) -> Iterator[Sent]:
    for row in ROWS:
        if protocol in [name for place, name in PLACES.items() if place in row.path] and isinstance(row.body, dict):
            model = row.path.rpartition("/models/")[2].partition(":")[0]
            yield Sent(row.body, tuple(row.headers.items()), model)


# ---------------------------------------------------------------- a few more


def changed(protocol: str, /, headers: Mapping[str, str] | None = None, **fields: Any) -> Sent:
    """The plain request with other fields."""
    sent = PLAIN[protocol]
    return Sent(sent.body | fields, sent.headers if headers is None else tuple(headers.items()))


PICTURE: dict[str, Any] = {"type": "image_url", "image_url": {"url": chat.PNG}}
ODD_PICTURE = {"type": "input_image", "image_url": "a.png"}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": []}

FLAWED: tuple[dict[str, Any], ...] = (
    {"type": "ARRAY"},
    {"type": "OBJECT", "required": ["x"]},
    {"type": "OBJECT", "properties": {"x": {"type": "OBJECT", "properties": {}}}},
    {"type": "STRING", "required": ["x"]},
    {"const": 1},
)


def with_schema(schema: dict[str, Any]) -> Sent:
    options = {"responseMimeType": "application/json", "responseSchema": schema}
    return changed("gemini", generationConfig=options)


def in_snake_case(sent: Sent) -> Sent:
    """The same with the other names of its fields."""
    options = sent.body.get("generationConfig")
    fields = {snake(name): value for name, value in sent.body.items()}
    if isinstance(options, dict):
        fields["generation_config"] = {snake(name): value for name, value in options.items()}
    return sent._replace(body=fields)


MORE: dict[str, list[Sent]] = {
    "chat": [
        Sent(chat.FULL),
        changed("chat", reasoning_effort="x", max_completion_tokens=0),
        changed("chat", messages=[{"role": "developer", "content": "Hi"}]),
        changed("chat", **chat.parts(PICTURE)),
    ],
    "responses": [
        Sent(responses.FULL),
        changed("responses", previous_response_id="that which called a tool"),  # see test_rulebook.py
        changed("responses", instructions=[responses.CALL]),
        changed("responses", input=[THOUGHT]),
        changed("responses", input=[{**responses.HI, "output": [ODD_PICTURE]}]),
    ],
    "messages": [
        *(changed("messages", headers, **fields) for headers, fields in messages.TAKEN.values()),
        changed("messages", messages.NEW, top_p=0.5),
        changed("messages", output_format={"type": "json_schema", "schema": {"type": "object"}}),
        changed("messages", messages=[messages.says("user", " ")]),
        changed("messages", messages=[messages.says("user", {"type": "image", "text": "x"})]),
        changed("messages", messages=[messages.says("assistant", messages.call())], thinking=messages.THINKING),
    ],
    "gemini": [
        *(Sent(gemini.VALID | fields, (), model) for model, fields in gemini.TAKEN.values()),
        changed("gemini", contents=[gemini.says("user")]),
        *map(in_snake_case, of_rows("gemini")),
        *map(with_schema, FLAWED),
        *(in_snake_case(with_schema(schema)) for schema in FLAWED),
    ],
}

KNOWN = {name: [sent, *of_rows(name), *MORE.get(name, ())] for name, sent in PLAIN.items()}
"""By the name of the protocol; a plain request first."""


# ---------------------------------------------------------------- with other fields


def with_field(body: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    """The body with a field: with a dot before its name, one of generationConfig."""
    if not name.startswith("."):
        return {**body, name: value}
    options = body.get("generationConfig")
    return {**body, "generationConfig": {**(options if isinstance(options, dict) else {}), name[1:]: value}}


def with_odd_fields(protocol: str, names: list[str]) -> Iterator[Sent]:
    """The plain request of a protocol with each of these fields, whatever it is."""
    sent = PLAIN[protocol]
    for name in names:
        for value in ODD:
            yield sent._replace(body=with_field(sent.body, name, value))
