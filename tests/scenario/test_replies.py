"""What a step answers with once its file is loaded."""

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.scenario import Scene, Unanswerable, load
from emulator.types import (
    ERROR_NAMES,
    Act,
    Completion,
    CutOff,
    Drop,
    Embedding,
    Failure,
    Fault,
    Found,
    Gate,
    Happening,
    Insert,
    Logprob,
    Media,
    Pace,
    Raw,
    Reasoning,
    Refusal,
    Repeat,
    Reply,
    Request,
    Search,
    Split,
    Stall,
    Stamp,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    Usage,
)
from tests.scenario.tables import NAMES, request, scenario, step

STAMP = Stamp(seed=7, serial=1, created=1_700_000_000)


def reply_of(reply: str) -> Reply:
    """The reply, which is the same for every request."""
    [turned] = step(reply=reply).replies
    assert isinstance(turned.reply, Reply)
    return turned.reply


def drafted(text: str, asked: Request | None = None, state: Any = None, call: int = 1) -> Reply:
    """The reply of a file's first step, as it is made for a request."""
    [turned, *_] = scenario(text).steps[0].replies
    assert not isinstance(turned.reply, Reply)
    return turned.reply(Scene(asked or request(), state or {}, call, STAMP))


def answer(reply: str) -> Any:
    return reply_of(reply).answer


def pace(reply: str) -> Pace:
    return reply_of(reply).pace


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("{chunk: 3, error: overloaded}", Happening(Failure("overloaded"), chunk=3)),
        (
            "{chunk: 0, error: {name: timeout, message: m, status: 500, code: c, type: t, headers: {X-A: b}}}",
            Happening(Failure("timeout", "m", 500, "c", "t", headers={"x-a": "b"}), chunk=0),
        ),
        ("{chunk: 3, stall: 2s}", Happening(Stall(2.0), chunk=3)),
        ("{after: 1.2s, gate: approve}", Happening(Gate("approve"), after=1.2)),
        ("{text: hi, reset: true}", Happening(CutOff("reset"), text="hi")),
        ("{chunk: 1, close: true}", Happening(CutOff("close"), chunk=1)),
        ("{chunk: 1, truncate: true}", Happening(CutOff("truncate"), chunk=1)),
        ('{chunk: 2, garbage: "data: {oops\\n\\n"}', Happening(Insert(b"data: {oops\n\n"), chunk=2)),
        ("{chunk: 4, split: 3}", Happening(Split(3), chunk=4)),
        ("{chunk: 6, duplicate: true}", Happening(Repeat(), chunk=6)),
        ("{chunk: 6, drop: true}", Happening(Drop(), chunk=6)),
        ("{chunk: 6, comment: hi}", Happening(Insert(b": hi\n\n", comment=True), chunk=6)),
        ('{chunk: 6, comment: "a\\nb"}', Happening(Insert(b": a\n: b\n\n", comment=True), chunk=6)),
        ("{chunk: 6, comment: ''}", Happening(Insert(b": \n\n", comment=True), chunk=6)),
    ],
)
def test_something_happens_on_the_way_of_a_stream(at: str, expected: Happening) -> None:
    assert (expected,) == reply_of(f"{{json: hi, stream: {{at: [{at}]}}}}").happenings


def test_what_happens_keeps_its_order_and_its_templates() -> None:
    made = drafted(
        """
        steps:
          - reply:
              text: a b
              stream:
                at:
                  - {chunk: 1, stall: 1s}
                  - {chunk: 0, error: {name: timeout, message: "{{ request.model }} is slow"}}
        """
    )
    acts: list[Act] = [Stall(1.0), Failure("timeout", "m is slow")]
    assert acts == [one.act for one in made.happenings]


WHOLE = "stream: {chunk: whole}"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("text: hi", Completion((Text("hi"),), "stop")),
        ("text: ''", Completion((Text(""),), "stop")),
        ("reasoning: hm", Completion((Reasoning("hm"),), "stop")),
        ("reasoning: {text: hm, signature: s}", Completion((Reasoning("hm", (), "s"),), "stop")),
        ("reasoning: {text: hm}, text: hi", Completion((Reasoning("hm"), Text("hi")), "stop")),
        ("tool_calls: [{name: a}]", Completion((ToolCall("a", "{}"),), "tool_calls")),
        (
            "tool_calls: [{name: a, arguments: {b: é, c: [1, 2.5, null, true]}, id: call_1}, {name: c, arguments: {}}]",
            Completion(
                (ToolCall("a", '{"b": "é", "c": [1, 2.5, null, true]}', "call_1"), ToolCall("c", "{}")), "tool_calls"
            ),
        ),
        (
            'tool_calls: [{name: a, arguments: \'{"zone": "Asia/Sh\'}]',
            Completion((ToolCall("a", '{"zone": "Asia/Sh'),), "tool_calls"),
        ),
        ("tool_calls: [{name: a, arguments: ''}]", Completion((ToolCall("a", ""),), "tool_calls")),
        (
            "text: hi, reasoning: hm, tool_calls: [{name: a}]",
            Completion((Reasoning("hm"), Text("hi"), ToolCall("a", "{}")), "tool_calls"),
        ),
        (
            "content: [{text: one}, {tool_call: {name: a}}, {reasoning: {text: r, signature: s}}, {text: two}]",
            Completion((Text("one"), ToolCall("a", "{}"), Reasoning("r", (), "s"), Text("two")), "tool_calls"),
        ),
        ("text: hi, finish: auto", Completion((Text("hi"),), "stop")),
        ("text: hi, finish: length", Completion((Text("hi"),), "length")),
        ("text: hi, finish: tool_calls", Completion((Text("hi"),), "tool_calls")),
        ("tool_calls: [{name: a}], finish: content_filter", Completion((ToolCall("a", "{}"),), "content_filter")),
        ("text: hi, model: m-1", Completion((Text("hi"),), "stop", Usage(), "m-1")),
        ("refusal: no", Completion((Refusal("no"),), "refusal")),
        ("text: hi, refusal: no, finish: stop", Completion((Text("hi"), Refusal("no")), "stop")),
        ("content: [{refusal: no}, {text: hi}]", Completion((Refusal("no"), Text("hi")), "refusal")),
        (
            "text: hi, finish: stop_sequence, stop_sequence: END",
            Completion((Text("hi"),), "stop_sequence", stop_sequence="END"),
        ),
        ("text: hi, finish: pause", Completion((Text("hi"),), "pause")),
        ("text: hi, set: {a: 1}", Completion((Text("hi"),), "stop")),
        ("json: {b: [1, é, null]}", Completion((Text('{"b": [1, "é", null]}'),), "stop")),
        ("json: null", Completion((Text("null"),), "stop")),
        ("json: hi", Completion((Text('"hi"'),), "stop")),
        (
            "content: [{json: {a: 1}}, {text: b}, {refusal: c}]",
            Completion((Text('{"a": 1}'), Text("b"), Refusal("c")), "refusal"),
        ),
        (
            "tool_calls: [{name: a, input: 'x = 1'}, {name: b, input: ''}]",
            Completion((ToolCall("a", "x = 1", free=True), ToolCall("b", "", free=True)), "tool_calls"),
        ),
        (
            "content: [{web_search: {query: q, results: [{url: u, title: t, text: x}, {url: v}]}}, {text: a}]",
            Completion((Search("q", (Found("u", "t", "x"), Found("v", "", ""))), Text("a")), "stop"),
        ),
        ("content: [{web_search: {query: q}}]", Completion((Search("q", ()),), "stop")),
        (
            "choices: [{text: a, finish: length}, {content: [{tool_call: {name: b}}]}, {refusal: no}], model: m",
            Completion(
                (Text("a"),),
                "length",
                model="m",
                others=(
                    Completion((ToolCall("b", "{}"),), "tool_calls"),
                    Completion((Refusal("no"),), "refusal"),
                ),
            ),
        ),
        ("blocked: SAFETY", Completion((), "content_filter", blocked="SAFETY")),
        ("text: hi, logprobs: auto", Completion((Text("hi"),), "stop")),
        (
            "text: hi, logprobs: [{token: hi, logprob: -0.5, top: [[ho, -2], [he, -3.5]]}, {token: '!', logprob: 0}]",
            Completion(
                (Text("hi"),),
                "stop",
                logprobs=(Logprob("hi", -0.5, (("ho", -2), ("he", -3.5))), Logprob("!", 0)),
            ),
        ),
        (
            "text: hi, metadata: {note: {a: [1]}}",
            Completion((Text("hi"),), "stop", metadata={"note": {"a": [1]}}),
        ),
        ("embeddings: {}", Completion((Embedding(1024),), "stop")),
        ("embeddings: {dimensions: 3}, usage: {input: 4}", Completion((Embedding(3),), "stop", Usage(4))),
        ("text: hi, usage: {cache_write: 5}", Completion((Text("hi"),), "stop", Usage(cache_write=5))),
        ("text: hi, usage: {}", Completion((Text("hi"),), "stop")),
        (
            "text: hi, usage: {input: 1, output: 0, cached_input: 3, reasoning: 4}",
            Completion((Text("hi"),), "stop", Usage(1, 0, 3, reasoning=4)),
        ),
    ],
)
def test_what_is_said(reply: str, expected: Completion) -> None:
    written = reply if "blocked" in reply else f"{reply}, {WHOLE}"
    assert expected == answer(f"{{{written}}}")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("error: timeout", Failure("timeout")),
        ("error: rate_limited, retry_after: 1500ms", Failure("rate_limited", retry_after=1.5)),
        ("error: rate_limited, message: wait", Failure("rate_limited", message="wait")),
        ("error: {name: overloaded}", Failure("overloaded")),
        (
            "error: {name: overloaded, status: 529, message: m, code: 5, type: t, headers: {X-A: b}}, retry_after: 2m",
            Failure("overloaded", "m", 529, 5, "t", retry_after=120.0, headers={"x-a": "b"}),
        ),
        ("error: {name: timeout, code: c}", Failure("timeout", code="c")),
        ("error: {status: 503, body: {a: [1]}}", Failure("server_error", status=503, body={"a": [1]})),
        (
            "error: {status: 404, body: plain, headers: {X-A: b}}",
            Failure("invalid_request", status=404, body="plain", headers={"x-a": "b"}),
        ),
        ("error: {status: 400, body: false}", Failure("invalid_request", status=400, body=False)),
    ],
)
def test_an_error(reply: str, expected: Failure) -> None:
    assert expected == answer(f"{{{reply}}}")


@pytest.mark.parametrize("name", ERROR_NAMES)
def test_every_error_has_its_name(name: str) -> None:
    assert Failure(name) == answer(f"{{error: {name}}}")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("chunk", "expected"),
    [
        ("", ["Hello", " there", "!"]),
        ("chunk: token", ["Hello", " there", "!"]),
        ("chunk: word", ["Hello", " there!"]),
        ("chunk: char", list("Hello there!")),
        ("chunk: {chars: 5}", ["Hello", " ther", "e!"]),
        ("chunk: whole", ["Hello there!"]),
        ("chunk: [Hel, 'lo there', '!']", ["Hel", "lo there", "!"]),
    ],
)
def test_a_text_goes_out_in_pieces(chunk: str, expected: list[str]) -> None:
    done = answer(f"{{text: Hello there!, stream: {{{chunk}}}}}")
    assert isinstance(done, Completion)
    assert [expected] == [list(part.deltas) for part in done.parts if isinstance(part, Text)]


def test_reasoning_and_arguments_go_out_in_pieces_too() -> None:
    done = answer(
        "{reasoning: a b, text: c d, tool_calls: [{name: n, arguments: {e: 1}}], stream: {chunk: {chars: 2}}}"
    )
    assert isinstance(done, Completion)
    expected = [["a ", "b"], ["c ", "d"], ['{"', 'e"', ": ", "1}"]]
    assert expected == [list(part.deltas) for part in done.parts if isinstance(part, Text | Reasoning | ToolCall)]


def test_exact_pieces_are_those_of_the_texts_and_the_rest_goes_by_token() -> None:
    done = answer(
        "{content: [{reasoning: a b}, {text: one}, {tool_call: {name: n}}, {text: two}], stream: {chunk: [o, net, wo]}}"
    )
    assert isinstance(done, Completion)
    expected = [["a", " b"], ["o", "ne"], ["{", "}"], ["t", "wo"]]
    assert expected == [list(part.deltas) for part in done.parts if isinstance(part, Text | Reasoning | ToolCall)]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("", Pace()),
        ("delay: 250ms", Pace(delay=0.25)),
        ("delay: 700ms", Pace(delay=0.7)),
        ("stream: {first_token: 1.5s}", Pace(first=1.5)),
        ("stream: {rate: 40/s}", Pace(gaps=(0.025,))),
        ("stream: {rate: 0.5/s}", Pace(gaps=(2.0,))),
        ("stream: {every: 20ms}", Pace(gaps=(0.02,))),
        ("stream: {every: 0ms}", Pace(gaps=(0.0,))),
        ("stream: {profile: [0ms, 31ms, 1s]}", Pace(gaps=(0.0, 0.031, 1.0))),
        ("stream: {keep_alive: 15s}", Pace(keep_alive=15.0)),
        ("stream: {jitter: 20%}", Pace(jitter=0.2)),
        ("stream: {jitter: 100%}", Pace(jitter=1.0)),
        ("delay: 2m, stream: {first_token: 3m, rate: 1/s, jitter: 0.5%}", Pace(120.0, 180.0, (1.0,), 0.005)),
    ],
)
def test_a_reply_has_its_pace(reply: str, expected: Pace) -> None:
    assert expected == pace(f"{{text: a, {reply}}}")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("reset", Fault("reset")),
        ("close", Fault("close")),
        ("empty", Fault("empty")),
        ("hang", Fault("hang")),
        ("{truncate: 30%}", Fault("truncate", share=0.3)),
        ("{truncate: 0%}", Fault("truncate", share=0.0)),
        ("{garbage: '{oops'}", Fault("garbage", data=b"{oops")),
        ("{garbage: ''}", Fault("garbage", data=b"")),
    ],
)
@pytest.mark.parametrize("reply", ["text: a", "error: timeout", "blocked: SAFETY", "raw: {body: a}"])
def test_something_becomes_of_a_response(reply: str, written: str, expected: Fault) -> None:
    assert expected == reply_of(f"{{{reply}, fault: {written}}}").fault


@pytest.mark.parametrize(
    "reply", ["text: a", "error: timeout", "blocked: SAFETY", "raw: {body: a}", "images: generated"]
)
def test_every_kind_of_reply_can_set_the_state_and_have_headers_and_a_delay(reply: str) -> None:
    made = reply_of(f"{{{reply}, set: {{asked: {{n: [1]}}, b: c}}, headers: {{X-A: b}}, delay: 1s}}")
    assert ({"asked": {"n": [1]}, "b": "c"}, {"x-a": "b"}, 1.0) == (made.sets, made.headers, made.pace.delay)


# ---------------------------------------------------------------- what the model makes


def made_parts(reply: str) -> list[tuple[str, str, bytes]]:
    done = answer(reply)
    assert isinstance(done, Completion)
    return [(part.kind, part.mime, part.source.encode()[:8]) for part in done.parts if isinstance(part, Media)]


PNG = ("image", "image/png", b"iVBORw0K")
WAV = ("audio", "audio/wav", b"UklGR")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("images: generated", [PNG]),
        ("images: {size: 8x8}", [PNG]),
        ("images: [generated, {size: 16x8}]", [PNG, PNG]),
    ],
)
def test_pictures(reply: str, expected: list[tuple[str, str, bytes]]) -> None:
    assert expected == made_parts(f"{{{reply}}}")


@pytest.mark.parametrize("reply", ["audio: generated", "audio: {duration: 100ms}"])
def test_sounds(reply: str) -> None:
    assert [(*WAV[:2], True)] == [
        (kind, mime, data.startswith(WAV[2])) for kind, mime, data in made_parts(f"{{{reply}}}")
    ]


# ---------------------------------------------------------------- raw


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("{body: hi}", Raw(200, {}, (b"hi",))),
        ("{body: ''}", Raw(200, {}, (b"",))),
        ("{status: 418, headers: {X-A: b}, body: é}", Raw(418, {"x-a": "b"}, ("é".encode(),))),
        (
            '{sse: ["data: 1\\n\\n", "data: 2"]}',
            Raw(200, {"content-type": "text/event-stream"}, (b"data: 1\n\n", b"data: 2"), streamed=True),
        ),
        (
            "{sse: [a], status: 201, headers: {Content-Type: text/plain}}",
            Raw(201, {"content-type": "text/plain"}, (b"a",), streamed=True),
        ),
    ],
)
def test_a_raw_answer(raw: str, expected: Raw) -> None:
    assert expected == answer(f"{{raw: {raw}}}")


def written(folder: Path, reply: str) -> Path:
    file = folder / "s.yaml"
    file.write_text(f"version: 1\nsteps: [{{reply: {reply}}}]\n", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 2\r\n\r\nhi", Raw(200, {"x-a": "b"}, (b"hi",))),
        (b"HTTP/2 503\nTransfer-Encoding: chunked\n\n\x00\n\n\xff", Raw(503, {}, (b"\x00\n\n\xff",))),
        (
            b"HTTP/1.1 200 OK\nContent-Type: text/event-stream\n\ndata: 1\n\ndata: 2\r\n\r\ndata: [DONE]\n\n",
            Raw(
                200,
                {"content-type": "text/event-stream"},
                (b"data: 1\n\n", b"data: 2\r\n\r\n", b"data: [DONE]\n\n"),
                streamed=True,
            ),
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Raw(204, {}, (b"",))),
    ],
)
def test_a_raw_answer_that_was_recorded(tmp_path: Path, recorded: bytes, expected: Raw) -> None:
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "a.http").write_bytes(recorded)
    loaded = load([written(tmp_path, "{raw: {file: answers/a.http}}")], NAMES)
    assert () == loaded.problems
    [turned] = loaded.scenarios[0].steps[0].replies
    assert isinstance(turned.reply, Reply)
    assert expected == turned.reply.answer


@pytest.mark.parametrize(
    ("reply", "place", "sentence"),
    [
        (
            "{raw: {file: gone.http}}",
            "2:30: steps[0].reply.raw.file",
            "there is no file 'gone.http' beside the scenario.",
        ),
        (
            "{raw: {file: ../a.http}}",
            "2:30: steps[0].reply.raw.file",
            "'../a.http' is not a path within the scenario's folder; write it like pictures/cat.png.",
        ),
        (
            "{raw: {file: /etc/hostname}}",
            "2:30: steps[0].reply.raw.file",
            "'/etc/hostname' is not a path within the scenario's folder; write it like pictures/cat.png.",
        ),
        (
            "{raw: {file: out.http}}",
            "2:30: steps[0].reply.raw.file",
            "'out.http' is a link that leads out of the scenario's folder.",
        ),
        ("{raw: {file: folder}}", "2:30: steps[0].reply.raw.file", "'folder' is not a file."),
        (
            "{raw: {file: bad.http}}",
            "2:30: steps[0].reply.raw.file",
            "this file is no recorded response: it does not begin with a line such as HTTP/1.1 200 OK.",
        ),
        (
            "{raw: {file: worse.http}}",
            "2:30: steps[0].reply.raw.file",
            "line 2 of this file is no header; the body begins after a blank line.",
        ),
        (
            "{images: [{file: ok.png}, generated, {file: gone.png}]}",
            "2:61: steps[0].reply.images[2].file",
            "there is no file 'gone.png' beside the scenario.",
        ),
        (
            "{images: {file: bad.http}}",
            "2:33: steps[0].reply.images.file",
            "'bad.http' is no picture by its name; it ends with .gif, .jpeg, .jpg, .png, .webp.",
        ),
        (
            "{audio: {file: ok.png}}",
            "2:32: steps[0].reply.audio.file",
            "'ok.png' is no sound by its name; it ends with .aac, .flac, .mp3, .ogg, .opus, .wav.",
        ),
    ],
)
def test_a_file_that_can_t_be_had_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reply: str, place: str, sentence: str
) -> None:
    home = tmp_path / "home"
    (home / "folder").mkdir(parents=True)
    (tmp_path / "a.http").write_bytes(b"HTTP/1.1 200 OK\n\n")
    (home / "out.http").symlink_to("../a.http")
    (home / "bad.http").write_bytes(b"hello")
    (home / "worse.http").write_bytes(b"HTTP/1.1 200 OK\nhello\n\n")
    (home / "ok.png").write_bytes(b"png")
    monkeypatch.chdir(home)
    loaded = load([written(home, reply)], NAMES)
    assert ((), [f"s.yaml:{place}: {sentence}"]) == (loaded.scenarios, [str(problem) for problem in loaded.problems])


# ---------------------------------------------------------------- what depends on the request


def test_an_echo_is_the_last_user_message() -> None:
    made = drafted("steps: [{reply: {echo: true, stream: {chunk: word}}}]", request(Turn("user", (Text("so it is"),))))
    assert Completion((Text("so it is", (2, 5)),), "stop") == made.answer


OBJECT = {"type": "object", "properties": {"n": {"const": 5}}, "required": ["n"], "additionalProperties": False}
MADE = "steps: [{reply: {from_schema: true, stream: {chunk: whole}}}]"
TOOLS = (Tool("a"), Tool("b", OBJECT))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (request(schema=OBJECT), Completion((Text('{"n": 5}'),), "stop")),
        (request(tools=TOOLS, tool_choice="b"), Completion((ToolCall("b", '{"n": 5}'),), "tool_calls")),
        (
            request(tools=(TOOLS[1], TOOLS[0]), tool_choice="required"),
            Completion((ToolCall("b", '{"n": 5}'),), "tool_calls"),
        ),
        (request(tools=TOOLS, schema=OBJECT, tool_choice="auto"), Completion((Text('{"n": 5}'),), "stop")),
    ],
)
def test_a_value_is_made_under_the_schema_of_the_request(asked: Request, expected: Completion) -> None:
    done = drafted(MADE, asked).answer
    assert isinstance(done, Completion)
    [part] = done.parts
    text = part.arguments if isinstance(part, ToolCall) else part.text if isinstance(part, Text) else ""
    assert ({"n": 5}, type(expected.parts[0]), expected.finish) == (json.loads(text), type(part), done.finish)


def test_where_no_value_fits_the_schema_there_is_none() -> None:
    with pytest.raises(Unanswerable) as caught:
        drafted(MADE, request(schema={"type": "string", "enum": [1]}))
    assert str(caught.value).startswith("from_schema: ")


CALL = Turn("assistant", (ToolCall("f", "{}", "c1"), ToolCall("g", "{}", "c2")))
RESULTS = Turn("tool", (ToolResult("c1", "f", "is 20"), ToolResult("c2", "g", '{"at": "12:30", "n": 5}')))
LOOP = request(Turn("user", (Text("hello you"),)), CALL, RESULTS, body={"a": ["say x"], "n": 5}, headers={"x-a": "b-7"})


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("user: {regex: 'hello (?P<m>.*)'}", "you"),
        ("user: {regex: 'hello (?<m>.*)'}", "you"),
        ("user: {regex: '(?P<m>HELLO)', ignore_case: true}", "hello"),
        ("user: {all: [{regex: 'hello'}, {any: [{regex: '(?P<m>nobody)'}, {regex: '(?P<m>y.*)'}]}]}", "you"),
        ("user: {regex: 'h(?P<m>x)?(?P<other>e)'}", "none"),
        ("model: {regex: '(?P<m>.)'}", "m"),
        ("target: {regex: '(?P<m>.)'}", "t"),
        ("environment: {regex: '(?P<m>.)'}", "e"),
        ("any_message: {regex: 'is (?P<m>[0-9]+)'}", "20"),
        ("headers: {X-A: {regex: '-(?P<m>[0-9])'}}", "7"),
        ("body: {/a/0: {regex: 'say (?P<m>.)'}}", "x"),
        ("body: {/n: {any: [5, {regex: '(?P<m>.)'}]}}", "none"),
        ("tool_result: {text: {regex: 'is (?P<m>.*)'}}", "20"),
        ("tool_result: {name: {regex: '(?P<m>g)'}}", "g"),
        ("tool_result: {id: {regex: 'c(?P<m>2)'}}", "2"),
        ("tool_result: {json: {/at: {regex: '(?P<m>.*):'}}}", "12"),
        ("user: {not: {regex: '(?P<m>nobody)'}}", "none"),
    ],
)
def test_what_the_groups_of_a_regex_found_can_be_said(when: str, expected: str) -> None:
    text = f"""
    steps:
      - when: {{{when}}}
        reply: {{text: "{{{{ match.m | default('none') }}}}"}}
    """
    done = drafted(text, LOOP).answer
    assert isinstance(done, Completion)
    assert [expected] == [part.text for part in done.parts if isinstance(part, Text)]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (request(), "from_schema: the request asks for no structured output and forces no function"),
        (request(tools=TOOLS), "from_schema: the request asks for no structured output and forces no function"),
    ],
)
def test_without_a_schema_there_is_no_value_to_make(asked: Request, sentence: str) -> None:
    with pytest.raises(Unanswerable) as caught:
        drafted(MADE, asked)
    assert sentence == str(caught.value)


EVERYWHERE = """
vars: {who: you, n: 3}
defaults: {model: "{{ vars.who }}-1", headers: {x-d: "{{ request.model }}"}}
steps:
  - when: {user: {regex: "(?P<city>[A-Z]\\\\w+)"}}
    reply:
      reasoning: {text: "{{ request.user }}?", signature: "{{ match.city }}"}
      text: "In {{ match.city }}"
      refusal: "{{ vars.who }}"
      tool_calls:
        - {name: "f_{{ call }}", id: "{{ state.id }}", arguments: {a: ["{{ vars.n }}", "n{{ vars.n }}"], k: 1}}
        - {name: g, arguments: "{{ vars.who }"}
        - {name: h, input: "{{ vars.who }}"}
      stop_sequence: "{{ vars.who }}"
      finish: stop_sequence
      metadata: {n: "{{ vars.n }}"}
      logprobs: [{token: "{{ vars.who }}", logprob: -1}]
      headers: {x-e: "{{ turn }}"}
      set: {city: "{{ match.city }}", n: "{{ vars.n + 1 }}"}
      stream: {chunk: whole}
"""


def test_every_text_of_a_reply_is_a_template() -> None:
    text = EVERYWHERE.replace('"{{ vars.who }"', '"{{ vars.who }}"')
    made = drafted(text, request(Turn("user", (Text("to Beijing"),)), model="m"), {"id": "call_9"}, 2)
    expected = Completion(
        (
            Reasoning("to Beijing?", (), "Beijing"),
            Text("In Beijing"),
            Refusal("you"),
            ToolCall("f_2", '{"a": [3, "n3"], "k": 1}', "call_9"),
            ToolCall("g", "you"),
            ToolCall("h", "you", free=True),
        ),
        "stop_sequence",
        model="you-1",
        stop_sequence="you",
        metadata={"n": 3},
        logprobs=(Logprob("you", -1),),
    )
    assert (expected, {"x-d": "m", "x-e": "1"}) == (made.answer, made.headers)
    assert {"city": "Beijing", "n": 4} == made.sets


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ('error: timeout, message: "{{ vars.a }}"', Failure("timeout", "b")),
        (
            'error: {name: timeout, message: "{{ vars.a }}", type: "{{ vars.a }}", headers: {x-a: "{{ vars.a }}"}}',
            Failure("timeout", "b", type="b", headers={"x-a": "b"}),
        ),
        (
            'error: {status: 400, body: {why: ["{{ vars }}", "{{ vars.a }}!"]}, headers: {x-a: "{{ vars.a }}"}}',
            Failure("invalid_request", status=400, body={"why": [{"a": "b"}, "b!"]}, headers={"x-a": "b"}),
        ),
        ('raw: {body: "{{ vars.a }}", headers: {x-a: "{{ vars.a }}"}}', Raw(200, {"x-a": "b"}, (b"b",))),
        (
            'raw: {sse: ["{{ vars.a }}", c]}',
            Raw(200, {"content-type": "text/event-stream"}, (b"b", b"c"), streamed=True),
        ),
        ('blocked: "{{ vars.a }}"', Completion((), "content_filter", blocked="b")),
        (
            'json: {"{{ key }}": "{{ vars }}"}, stream: {chunk: whole}',
            Completion((Text('{"{{ key }}": {"a": "b"}}'),), "stop"),
        ),
        (
            'content: [{web_search: {query: "{{ vars.a }}", results: [{url: u, text: "{{ vars.a }}"}]}}]',
            Completion((Search("b", (Found("u", "", "b"),)),), "stop"),
        ),
        (
            'choices: [{text: "{{ vars.a }}"}, {text: b}]',
            Completion((Text("b"),), "stop", others=(Completion((Text("b"),), "stop"),)),
        ),
    ],
)
def test_every_kind_of_reply_has_templates(reply: str, expected: Any) -> None:
    assert expected == drafted(f"vars: {{a: b}}\nsteps: [{{reply: {{{reply}}}}}]").answer


def test_a_template_that_fails_is_no_answer_but_a_sentence() -> None:
    with pytest.raises(Unanswerable) as caught:
        drafted("steps: [{reply: {text: 'It is {{ state.n }}.'}}]")
    assert str(caught.value).startswith("the template 'It is {{ state.n }}.' fails: ")


def test_a_header_with_a_line_break_is_no_answer_either() -> None:
    with pytest.raises(Unanswerable) as caught:
        drafted(
            "steps: [{reply: {text: a, headers: {x-a: '{{ request.user }}'}}}]", request(Turn("user", (Text("a\nb"),)))
        )
    assert "the header x-a would have a line break or another control character" == str(caught.value)


def test_a_text_without_braces_and_percent_signs_is_no_template() -> None:
    assert Text("{ {x} } 100%") == answer("{text: '{ {x} } 100%', stream: {chunk: whole}}").parts[0]


def replies(defaults: str, *written: str) -> list[Any]:
    steps = ", ".join(f"{{reply: {reply}}}" for reply in written)
    loaded = scenario(f"defaults: {defaults}\nsteps: [{steps}]")
    return [one.replies[0].reply for one in loaded.steps]


DEFAULTS = (
    "{delay: 1s, model: big, usage: {input: 7, cached_input: 2}, headers: {X-A: a, X-B: b}, "
    "stream: {first_token: 2s, rate: 10/s, jitter: 10%, chunk: char}}"
)


def test_defaults_are_under_every_reply() -> None:
    [reply] = replies(DEFAULTS, "{text: hi}")
    done = Completion((Text("hi", (1,)),), "stop", Usage(7, None, 2), "big")
    assert Reply(done, Pace(1.0, 2.0, (0.1,), 0.1), {"x-a": "a", "x-b": "b"}) == reply


def test_a_reply_says_otherwise_key_by_key() -> None:
    written = (
        "{text: hi, delay: 0s, model: small, usage: {input: 8, output: 9}, headers: {x-B: c, x-c: d}, "
        "stream: {every: 5ms, jitter: 0%}}"
    )
    [reply] = replies(DEFAULTS, written)
    done = Completion((Text("hi", (1,)),), "stop", Usage(8, 9, 2), "small")
    assert Reply(done, Pace(0.0, 2.0, (0.005,), 0.0), {"x-a": "a", "x-b": "c", "x-c": "d"}) == reply


def test_an_error_takes_the_delay_and_the_headers_of_the_defaults_alone() -> None:
    [reply] = replies(DEFAULTS, "{error: timeout, headers: {x-a: z}}")
    assert Reply(Failure("timeout"), Pace(delay=1.0), {"x-a": "z", "x-b": "b"}) == reply


def test_a_blocked_prompt_takes_the_delay_and_the_headers_of_the_defaults_alone() -> None:
    [reply] = replies(DEFAULTS, "{blocked: SAFETY}")
    done = Completion((), "content_filter", blocked="SAFETY")
    assert Reply(done, Pace(delay=1.0), {"x-a": "a", "x-b": "b"}) == reply


def test_a_reply_of_its_own_pace_and_its_own_happenings_has_none_of_the_defaults() -> None:
    defaults = "{stream: {profile: [1s], at: [{chunk: 1, stall: 1s}]}}"
    own, other = replies(
        defaults, "{text: a, stream: {every: 2s, at: [{chunk: 2, drop: true}]}}", "{text: a, stream: {jitter: 5%}}"
    )
    assert (Pace(gaps=(2.0,)), (Happening(Drop(), chunk=2),)) == (own.pace, own.happenings)
    assert (Pace(gaps=(1.0,), jitter=0.05), (Happening(Stall(1.0), chunk=1),)) == (other.pace, other.happenings)


def test_replies_take_turns() -> None:
    [only] = scenario(
        """
        steps:
          - replies:
              - {error: timeout, times: 2}
              - {text: a, chance: 10%}
              - {text: b, chance: 100%, times: 3}
              - {text: c}
        """
    ).steps
    assert [(2, None), (None, 0.1), (3, 1.0), (1, None)] == [(turned.times, turned.chance) for turned in only.replies]


def test_the_only_reply_of_a_step_has_every_turn() -> None:
    [turned] = step().replies
    assert (1, None) == (turned.times, turned.chance)


def test_a_merge_key_shares_a_reply() -> None:
    loaded = scenario("steps:\n  - reply: &r {text: a, finish: length}\n  - reply: {<<: *r, text: b}\n")
    made: list[Any] = [one.replies[0].reply for one in loaded.steps]
    assert [("a", "length"), ("b", "length")] == [(one.answer.parts[0].text, one.answer.finish) for one in made]


def test_a_scenario_and_its_steps_have_names_and_places() -> None:
    loaded = scenario(
        "description: What it is.\nsteps:\n  - {name: one, reply: {text: a}}\n  - reply: {text: b}\n", "d/tour.yaml"
    )
    actual = (loaded.name, loaded.place, loaded.description, [(one.name, one.place) for one in loaded.steps])
    expected = ("tour", "d/tour.yaml", "What it is.", [("tour/one", "d/tour.yaml:4"), ("tour/step-2", "d/tour.yaml:5")])
    assert expected == actual


def test_a_scenario_has_the_name_it_says() -> None:
    loaded = scenario("name: other\norder: any\nsteps: [{reply: {text: a}}]", "tour.yaml")
    assert ("other", "", "other/step-1") == (loaded.name, loaded.description, loaded.steps[0].name)
