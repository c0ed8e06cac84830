"""Scenarios and requests made up: any of the first that loads must answer any of the second."""

import json
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from emulator.scenario import Library
from emulator.types import ERROR_NAMES
from tests.asking import ASK, CELLS, EP
from tests.live import NAMES, Live

__all__ = ["ROUTES", "Route", "complaints", "exchanged", "loaded", "scenarios"]

Route = tuple[str, str, Any]
"""A name, a path, and what is asked there."""

SCHEMA = {
    "type": "object",
    "properties": {"when": {"type": "string", "format": "date"}, "how": {"enum": ["wet", "dry"]}},
    "required": ["when", "how"],
    "additionalProperties": False,
}


def _routes() -> Iterator[Route]:
    for (provider, protocol), paths in CELLS.items():
        for stream, path in zip((False, True), paths or (), strict=False):
            yield f"{provider} {protocol}{' stream' * stream}", path, ASK[protocol]("Tell me", stream=stream)
    many = {**ASK["chat"]("Tell me", stream=False), "n": 3, "logprobs": True, "top_logprobs": 2}
    shaped = {"type": "json_schema", "json_schema": {"name": "day", "strict": True, "schema": SCHEMA}}
    for name, more in (("choices", {}), ("choices stream", {"stream": True}), ("schema", {"response_format": shaped})):
        yield name, "/plain/v1/chat/completions", {**many, **more}
    forced = {"type": "function", "function": {"name": "get_current_weather"}}
    yield "forced", "/plain/v1/chat/completions", {**ASK["chat"]("Tell me", stream=False), "tool_choice": forced}
    array = f"/v1/ai/{EP}/streamGenerateContent"
    yield "gemini array", array, ASK["gemini"]("Tell me", stream=True)
    yield "embeddings", "/plain/v1/embeddings", {"model": "m", "input": ["Tell me", "More"]}
    yield "images", "/plain/v1/images/generations", {"model": "m", "prompt": "Tell me", "n": 2}
    yield "speech", "/plain/v1/audio/speech", {"model": "m", "input": "Tell me", "voice": "alloy"}


ROUTES: tuple[Route, ...] = tuple(_routes())

# ---------------------------------------------------------------- what is replied

_durations = st.sampled_from(["0ms", "1ms", "2.5s", "10m"])
_words = st.sampled_from(
    [
        "Hi",
        "one two three four",
        "你好世界 é 🎉",
        "a\nb\r\nc",
        "data: [DONE]\n\n",
        "{{ request.user }}!",
        "{{ random.integer(1, 9) }}{{ call }}{{ now.year }}",
        "{{ state.count }}",
        "x" * 3000,
    ]
)
_errors = st.sampled_from(ERROR_NAMES)
_arguments: st.SearchStrategy[Any] = st.sampled_from(
    [{}, {"location": "Bern"}, '{"location": "Be', "{{ request.model }}"]
)
_calls = st.fixed_dictionaries({"name": st.sampled_from(["get_current_weather", "other"]), "arguments": _arguments})
_yes = st.just(value=True)
_blocks = st.one_of(
    st.fixed_dictionaries({"text": _words}),
    st.fixed_dictionaries({"json": st.sampled_from([{}, [1, None], "x"])}),
    st.fixed_dictionaries({"reasoning": st.fixed_dictionaries({"text": _words, "signature": st.just("s")})}),
    st.fixed_dictionaries({"refusal": _words}),
    st.fixed_dictionaries({"tool_call": _calls}),
    st.fixed_dictionaries({"from_schema": _yes}),
    st.fixed_dictionaries({"echo": _yes}),
    st.fixed_dictionaries(
        {
            "web_search": st.just(
                {"query": "weather", "results": [{"url": "https://a.example/", "title": "A", "text": "Wet."}]}
            )
        }
    ),
)
_endings = {
    "finish": st.sampled_from(["auto", "stop", "length", "tool_calls", "content_filter", "refusal", "pause"]),
    "usage": st.just({"input": 7, "output": 5, "reasoning": 1}),
    "logprobs": st.just("auto"),
    "metadata": st.just({"note": "{{ turn }}"}),
}
_short = st.fixed_dictionaries(
    {"text": _words},
    optional={
        "reasoning": _words,
        "refusal": _words,
        "tool_calls": st.lists(_calls, min_size=1, max_size=2),
        **_endings,
    },
)
_listed = st.fixed_dictionaries({"content": st.lists(_blocks, min_size=1, max_size=4)}, optional=_endings)
_several = st.fixed_dictionaries({"choices": st.lists(st.fixed_dictionaries({"text": _words}), min_size=1, max_size=2)})
_media = st.sampled_from(
    [
        {"embeddings": {"dimensions": 8}},
        {"images": [{"size": "4x4"}, "generated"]},
        {"audio": {"duration": "10ms"}},
    ]
)
_raw = st.sampled_from(
    [
        {"raw": {"status": 201, "body": "{{ call }}"}},
        {"raw": {"status": 204, "body": ""}},
        {"raw": {"sse": ["data: a\n\n", "data: é\n\n", "data: [DONE]\n\n"]}},
    ]
)

# ---------------------------------------------------------------- how, and what goes wrong

_moments: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"chunk": st.integers(0, 5)}),
    st.fixed_dictionaries({"text": st.sampled_from(["o", "two", "好"])}),
    st.fixed_dictionaries({"after": _durations}),
)
_passing: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"stall": _durations}),
    st.fixed_dictionaries({"garbage": st.sampled_from(["data: {oops\n\n", "\x00", "[["])}),
    st.fixed_dictionaries({"split": st.integers(1, 40)}),
    st.fixed_dictionaries({"comment": st.sampled_from(["hi", "a\nb", ""])}),
    st.sampled_from([{"duplicate": True}, {"drop": True}, {"gate": "open"}]),
)
_ending: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"error": _errors}),
    st.fixed_dictionaries({"error": st.fixed_dictionaries({"name": _errors, "message": _words})}),
    st.sampled_from([{"reset": True}, {"close": True}, {"truncate": True}]),
)


@st.composite
def _happenings(draw: st.DrawFn) -> list[dict[str, Any]]:
    acts = draw(st.lists(_passing, min_size=1, max_size=3))
    if draw(st.booleans()):
        acts.append(draw(_ending))
    return [{**draw(_moments), **act} for act in acts]


_pace: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"rate": st.sampled_from(["50/s", "3/s"])}),
    st.fixed_dictionaries({"every": _durations}),
    st.fixed_dictionaries({"profile": st.lists(_durations, min_size=1, max_size=3)}),
)


@st.composite
def _streams(draw: st.DrawFn) -> dict[str, Any]:
    rest = st.fixed_dictionaries(
        {},
        optional={
            "chunk": st.sampled_from(["token", "word", "char", {"chars": 8}, "whole"]),
            "first_token": _durations,
            "jitter": st.just("30%"),
            "keep_alive": st.just("1m"),
            "at": _happenings(),
        },
    )
    return {**draw(_pace), **draw(rest)}


_faults: st.SearchStrategy[Any] = st.sampled_from(
    ["reset", "close", "empty", {"truncate": "0%"}, {"truncate": "50%"}, {"truncate": "100%"}, {"garbage": "<p>"}]
)


@st.composite
def _replies(draw: st.DrawFn) -> dict[str, Any]:
    said = draw(st.one_of(_short, _listed, _several, _media, _raw))
    how = st.fixed_dictionaries(
        {},
        optional={
            "delay": _durations,
            "stream": _streams(),
            "fault": _faults,
            "set": st.just({"count": "{{ call }}"}),
            "headers": st.just({"x-said": "{{ request.user }}"}),
        },
    )
    return {**said, **draw(how)}


_failing = st.one_of(
    st.fixed_dictionaries({"error": _errors}, optional={"retry_after": _durations, "fault": _faults}),
    st.sampled_from([{"blocked": "SAFETY"}, {"error": {"status": 418, "body": {"a": "{{ turn }}"}}}]),
)


@st.composite
def scenarios(draw: st.DrawFn) -> Any:
    """A scenario of one to three steps, as JSON would have it."""
    listed: st.SearchStrategy[Any] = st.lists(st.one_of(_replies(), _replies(), _failing), min_size=1, max_size=3)
    steps: list[Any] = []
    for replies in draw(st.lists(listed, min_size=1, max_size=3)):
        *others, last = replies
        turns: st.SearchStrategy[Any] = st.sampled_from([{}, {}, {"chance": "50%"}, {"times": 2}])
        steps.append({"replies": [*({**reply, **draw(turns)} for reply in others), last]})
    order: st.SearchStrategy[Any] = st.sampled_from(
        [{}, {"order": "sequence"}, *({"order": "sequence", "on_end": end} for end in ("repeat", "last"))]
    )
    more = st.fixed_dictionaries(
        {}, optional={"chaos": st.just({"error": "overloaded", "chance": "30%"}), "limits": st.just({"concurrent": 3})}
    )
    return {"version": 1, "name": "made-up", **draw(order), **draw(more), "steps": steps}


def loaded(scenario: Any, folder: Path) -> Library:
    """The scenario, loaded; one that does not load is no example."""
    file = folder / "made-up.json"
    file.write_text(json.dumps(scenario), encoding="utf-8")
    library = Library([file], NAMES)
    assume(not library.problems)
    return library


# ---------------------------------------------------------------- over the socket


def exchanged(live: Live, route: Route) -> tuple[bytes, str]:
    """All bytes that are answered, and how that ended: `fin` or `reset`."""
    _, path, content = route
    body = json.dumps(content).encode()
    fields = {
        "host": "127.0.0.1",
        "authorization": live.bearer,
        "content-type": "application/json",
        "content-length": str(len(body)),
        "connection": "close",
    }
    head = "\r\n".join((f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""))
    data = b""
    with socket.create_connection(("127.0.0.1", live.server.port), timeout=8) as connection:
        connection.sendall(head.encode() + body)
        try:
            while piece := connection.recv(1 << 20):
                data += piece
        except ConnectionResetError:
            return data, "reset"
    return data, "fin"


@contextmanager
def complaints() -> Iterator[list[str]]:
    """What the server logs in the meantime: tracebacks of its own."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(self.format(record))

    ear = Ear(logging.WARNING)
    logging.getLogger().addHandler(ear)
    try:
        yield heard
    finally:
        logging.getLogger().removeHandler(ear)
