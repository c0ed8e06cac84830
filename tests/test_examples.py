"""The scenarios of the project: each step is asked at least once, and says what its file promises."""

import asyncio
import base64
import json
import socket
import struct
from typing import Any

import pytest

from emulator.scenario import load_text
from emulator.types import ERROR_NAMES
from tests.live import NAMES, ROOT, Live, Reply, Thread, library_of

CHAT = "/v1/ai/cloudbase/chat/completions"
FOLDER = ROOT / "scenarios"
WEATHER: list[Any] = [{"type": "function", "function": {"name": "get_current_weather"}}]
BOTH = "Compare the weather in Beijing and Shanghai."
NUMBERS = "one two three four five six seven eight nine ten"


def said(user: str, **fields: Any) -> dict[str, Any]:
    return {"model": "hy3-preview", "messages": [{"role": "user", "content": user}], **fields}


def told(user: str, name: str = "get_current_weather", *results: str, **fields: Any) -> dict[str, Any]:
    """A conversation that ends with what a function gave."""
    answers = results or ('{"weather": "sunny"}',)
    calls = [{"id": f"c{number}", "type": "function", "function": {"name": name, "arguments": "{}"}}
             for number, _ in enumerate(answers)]  # fmt: skip
    found = [{"role": "tool", "tool_call_id": f"c{number}", "content": text} for number, text in enumerate(answers)]
    asked = {"role": "assistant", "content": "", "tool_calls": calls}
    return said(user, messages=[{"role": "user", "content": user}, asked, *found], **fields)


def shown(kind: str, value: Any, system: str = "", **fields: Any) -> dict[str, Any]:
    """A message with something beside its text."""
    head = [{"role": "system", "content": system}] if system else []
    content = [{"type": "text", "text": "What is this?"}, {"type": kind, kind: value}]
    return said("", **{"messages": [*head, {"role": "user", "content": content}], **fields})


def offering(*names: str) -> list[Any]:
    return [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in names]


SCHEMA = {
    "type": "object",
    "properties": {"number": {"type": "integer", "minimum": 5, "maximum": 5}},
    "required": ["number"],
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "invoice", "schema": SCHEMA}}
PICTURE = {"url": "https://example.org/receipt.png"}

STEPS: dict[str, dict[str, Any]] = {
    # step: a request that it answers, whatever was asked before
    "hello/greeting": said("Hello"),
    "hello/li-bai": said("Tell me about Li Bai"),
    "hello/introduction": said("Introduce yourself", stream=True),
    "hello/which-is-larger": said("Which is larger, 9.11 or 9.9?"),
    "weather-tool-loop/ask-for-the-weather": said("What is the weather in Beijing for me today?", tools=WEATHER),
    "weather-tool-loop/tell-the-weather": told("What is the weather in Beijing for me today?"),
    "weather-tool-loop/ask-for-two-cities": said(BOTH, tools=WEATHER),
    "weather-tool-loop/tell-of-two-cities": told(BOTH),
    "documentation/hello": said("hello"),
    "documentation/one-and-one": said("what's 1+1? Answer in one word."),
    "documentation/food-expert": shown("image_url", PICTURE, "You are a food expert"),
    "documentation/video": said("Translate this video to text"),
    "documentation/audio": shown("input_audio", {"data": "AA", "format": "mp3"}, "Convert speech to text"),
    "documentation/pirate": said("Are semicolons optional in JavaScript?"),
    "documentation/gold": said("How much gold would it take to coat the Statue of Liberty in a 1mm layer?"),
    "documentation/pythagoras": said("Prove the Pythagorean theorem"),
    "documentation/essay": said("Write me a 300-word essay"),
    "documentation/themes": said("Analyze the major themes in Pride and Prejudice."),
    "documentation/sums": said("What is 1+1"),
    "documentation/who": said("Who are you"),
    "documentation/fable": said("Write a 150-word fable"),
    "errors/flaky": said("", model="error/flaky"),
    "errors/growth-plan": said("", model="error/growth-plan"),
    "errors/literal": said("", model="error/literal"),
    **{f"errors/{name.replace('_', '-')}": said("", model=f"error/{name}") for name in ERROR_NAMES},
}


def agent(**fields: Any) -> dict[str, Any]:
    tools = offering("read_file", "write_file", "run_tests")
    return {"model": "demo-agent", "tools": tools, **fields}


def shop(user: str) -> dict[str, Any]:
    return said(user, model="demo-state")


CODE = "def add(a, b):\n    return a - b\n"
MENDED = json.dumps({"path": "sums.py", "text": CODE.replace("-", "+")})
RUNNING, PASSED = '{"state": "running", "done": %d}', '{"state": "passed"}'
PREPAID = said("The next one, please", model="demo-prepaid")
TALKS: dict[str, list[tuple[str, str, dict[str, Any], str]]] = {
    # scenario: step, path, request and what is seen of the answer, in one session from top to bottom
    "agent-script": [
        (
            "plan",
            CHAT,
            said("The tests fail.", **agent()),
            (
                "(The test of add() fails, so I look at add() first.) I will read the code, mend it and run the tests. "
                '> read_file {"path": "sums.py"} [tool_calls]'
            ),
        ),
        ("mend", CHAT, told("", "read_file", CODE, **agent()), f"> write_file {MENDED} [tool_calls]"),
        ("check", CHAT, told("", "write_file", "ok", **agent()), "> run_tests {} [tool_calls]"),
        *(
            (
                "wait-for-the-tests",
                CHAT,
                told("", "run_tests", RUNNING % done, **agent()),
                f"Still running, {done} done. > run_tests {{}} [tool_calls]",
            )
            for done in (3, 8)
        ),
        (
            "done",
            CHAT,
            told("", "run_tests", PASSED, **agent()),
            "All tests pass. add() had a minus where a plus belongs. [stop]",
        ),
        ("none", CHAT, told("", "run_tests", PASSED, **agent()), "404 NO_SCENARIO_STEP"),
    ],
    "media": [
        (
            "vectors",
            "/plain/v1/embeddings",
            {"model": "demo-embeddings", "input": ["a", "b"]},
            "a vector of 256, a vector of 256",
        ),
        (
            "pictures",
            "/plain/v1/images/generations",
            {"model": "demo-images", "prompt": "a cat", "n": 3},
            "a picture of 64x48, a picture of 64x64, a picture of 64x48",
        ),
        (
            "speech",
            "/plain/v1/audio/speech",
            {"model": "demo-audio", "input": "Good evening.", "voice": "alloy"},
            "audio/wav for 0.5 s",
        ),
        (
            "dictation",
            "/plain/v1/audio/transcriptions",
            {"model": "demo-audio", "file": b"RIFF"},
            "Please send the invoice again.",
        ),
    ],
    "parallel-tools": [
        (
            "ask-three-shops",
            CHAT,
            said("Where is tea cheapest?", model="demo-parallel", tools=offering("price_of")),
            (
                'Let me ask three shops. > price_of {"shop": "north"} > price_of {"shop": "east"} '
                '> price_of {"shop": "west"} [tool_calls]'
            ),
        ),
        (
            "ask-one-again",
            CHAT,
            told("", "price_of", '{"price": 12}', "timeout after 3 s", model="demo-parallel"),
            '> price_of {"shop": "east"} [tool_calls]',
        ),
        (
            "compare",
            CHAT,
            told("", "price_of", '{"price": 12}', '{"price": 9.5}', '{"price": 11}', model="demo-parallel"),
            "The best of 3 is 9.5. [stop]",
        ),
    ],
    "reasoning": [
        (
            "think-between",
            "/plain/v1/messages",
            {
                "model": "demo-reasoning",
                "max_tokens": 99,
                "messages": [{"role": "user", "content": "How much?"}],
                "tools": [{"name": "price_of", "input_schema": SCHEMA}],
            },
            (
                "thinking They want a price. There is a function for it. sig-1, text I look up the price., "
                "thinking The article is the pencil. sig-2, tool_use price_of"
            ),
        ),
        (
            "think",
            CHAT,
            said("Half a dozen?", model="demo-reasoning", reasoning_effort="high"),
            "(A dozen is 12, and half of it is 6.) Six. [stop]",
        ),
        ("do-not-think", CHAT, said("Half a dozen?", model="demo-reasoning"), "Six. [stop]"),
    ],
    "retries-and-quotas": [
        *(
            ("busy-twice", CHAT, said("Now?", model="demo-busy"), answer)
            for answer in (
                "429 EXCEED_RATELIMIT, again after 1 s",
                "429 EXCEED_RATELIMIT, again after 1 s",
                "Thank you for trying again. [stop]",
            )
        ),
        *(
            ("unreliable", CHAT, said(f"Number {number}", model="demo-unreliable"), answer)
            for number, answer in enumerate(["It worked this time. [stop]"] * 3)
        ),
        *(("prepaid", CHAT, PREPAID, "You have paid for this. [stop]") for _ in range(3)),
        ("used-up", CHAT, PREPAID, "429 EXCEED_TOKEN_QUOTA_LIMIT"),
    ],
    "several-answers": [
        (
            "choices",
            CHAT,
            said("Heads or tails?", model="demo-choices", n=4),
            "Heads. [stop] / Tails. [length] / -I do not gamble.- [stop] / Heads. [stop]",
        ),
        (
            "likelihoods-as-written",
            CHAT,
            said("how sure are you?", model="demo-logprobs", logprobs=True, top_logprobs=2),
            "Quite sure [stop], likely Quite -0.1 or Not -2.4,  sure -0.02",
        ),
        ("likelihoods-made-up", CHAT, said("And now?", model="demo-logprobs"), "As likely as not. [stop]"),
    ],
    "slow-stream": [
        ("steady", CHAT, said("count slowly"), f"{NUMBERS} [stop]"),
        ("fast", CHAT, said("count fast"), f"{NUMBERS} [stop]"),
        ("straying", CHAT, said("count unevenly"), f"{NUMBERS} [stop]"),
        ("as-recorded", CHAT, said("count as recorded"), f"{NUMBERS} [stop]"),
        ("late", CHAT, said("take your time"), "Here I am. [stop]"),
        ("long-thought", CHAT, said("think for long"), "Forty-two. [stop]"),
    ],
    "state-and-templates": [
        ("unknown", CHAT, shop("So, who am I?"), "You have not told me. [stop]"),
        ("introduction", CHAT, shop("By the way, My name is Ada."), "Welcome to The Corner Shop, Ada! [stop]"),
        ("known", CHAT, shop("So, who am I?"), "You are Ada. [stop]"),
        ("small-basket", CHAT, shop("check out"), "No pieces, delivery is extra. [stop]"),
        *(("add", CHAT, shop("add a pencil"), f"That makes {number}. [stop]") for number in (1, 2, 3)),
        ("full-basket", CHAT, shop("check out"), "3 pieces, delivery is free. [stop]"),
        ("small-basket", CHAT, shop("check out"), "0 pieces, delivery is extra. [stop]"),
        ("not-ready", CHAT, shop("is it ready?"), "Not yet, you have asked 1 times. [stop]"),
        ("not-ready", CHAT, shop("is it ready?"), "Not yet, you have asked 2 times. [stop]"),
        ("ready", CHAT, shop("is it ready?"), "Here you are. [stop]"),
    ],
    "structured-output": [
        (
            "broken",
            CHAT,
            said("a broken invoice", model="demo-structured", response_format=FORMAT),
            '{"number": 17, "lines": [{"article": "pe [length]',
        ),
        (
            "invoice",
            CHAT,
            said("an invoice", model="demo-structured", response_format=FORMAT),
            '{"number": 17, "lines": [{"article": "pencil", "pieces": 3, "price": 0.5}], "total": 1.5} [stop]',
        ),
        (
            "any-schema",
            CHAT,
            said("a number", model="demo-structured", response_format=FORMAT),
            '{"number":5} [stop]',
        ),
        (
            "forced-function",
            CHAT,
            said("a number", model="demo-structured", tools=offering("order"), tool_choice="required"),
            '> order {"number":5} [tool_calls]',
        ),
    ],
    "vision": [
        (
            "in-detail",
            CHAT,
            shown("image_url", {**PICTURE, "detail": "high"}, model="demo-vision"),
            "A till receipt over 12.40, with a coffee stain in its lower left corner. [stop]",
        ),
        ("at-a-glance", CHAT, shown("image_url", PICTURE, model="demo-vision"), "A till receipt. [stop]"),
        ("no-picture", CHAT, said("What is this?", model="demo-vision"), "There is no picture in your message. [stop]"),
    ],
}
LIMIT = "EXCEED_RATELIMIT"
BROKEN = "broken-streams"
"""Its streams end as no client likes; what each one sees is told in tests/faults."""


# ---------------------------------------------------------------- what a user sees


def seen(reply: Reply) -> str:
    """What a user sees of an answer, in a line."""
    if reply.headers["content-type"].startswith("audio/"):
        return f"{reply.headers['content-type']} for {(len(reply.body) - 44) / 2 / 24_000:g} s"
    words: list[str] = []
    between = ", "
    match reply.json:
        case {"code": code}:
            wait = reply.headers.get("retry-after")
            words = [f"{reply.status} {code}", *([f"again after {wait} s"] if wait else [])]
        case {"choices": choices}:
            words, between = list(map(in_chat, choices)), " / "
        case {"content": blocks}:
            words = [block_words(block) for block in blocks]
        case {"text": text}:
            words = [text]
        case {"data": [{"b64_json": _}, *_] as pictures}:
            words = [f"a picture of {size(base64.b64decode(one['b64_json']))}" for one in pictures]
        case {"data": vectors}:
            words = [f"a vector of {len(one['embedding'])}" for one in vectors]
    return between.join(words)


def in_chat(choice: Any) -> str:
    message = choice["message"]
    words = [f"({message['reasoning_content']})"] if message.get("reasoning_content") else []
    words += [message["content"]] if message.get("content") else []
    words += [f"-{message['refusal']}-"] if message.get("refusal") else []
    calls = [call["function"] for call in message.get("tool_calls") or ()]
    words += [f"> {call['name']} {call['arguments']}" for call in calls]
    likely = [
        " or ".join(f"{one['token']} {one['logprob']}" for one in token["top_logprobs"] or [token])
        for token in (choice.get("logprobs") or {}).get("content") or ()
    ]
    return " ".join((*words, f"[{choice['finish_reason']}]")) + (f", likely {', '.join(likely)}" if likely else "")


def block_words(block: Any) -> str:
    keys = ("type", "thinking", "text", "name", "signature")
    return " ".join(str(block[key]) for key in keys if key in block)


def size(png: bytes) -> str:
    width, height = struct.unpack(">II", png[16:24])
    return f"{width}x{height}"


def send(live: Live, path: str, body: dict[str, Any]) -> Reply:
    if not isinstance(body.get("file"), bytes):
        return live.send("POST", path, body)
    fields = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n{value}\r\n'
        for name, value, named in (("model", body["model"], ""), ("file", body["file"].decode(), '; filename="a.wav"'))
    )
    headers = {"authorization": live.bearer, "content-type": "multipart/form-data; boundary=b"}
    return live.send("POST", path, f"{fields}--b--\r\n".encode(), headers)


# ---------------------------------------------------------------- the tests


def test_every_scenario_of_the_project_loads_and_no_step_is_forgotten_here() -> None:
    files = sorted(FOLDER.iterdir())
    loaded = library_of(*files).scenarios
    steps = {step.name for scenario in loaded if scenario.name != BROKEN for step in scenario.steps}
    asked = {f"{name}/{step}" for name, talk in TALKS.items() for step, *_ in talk if step != "none"}
    assert steps == {*STEPS, *asked}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_can_be_reached(examples: Live, step: str) -> None:
    reply = examples.send("POST", CHAT, STEPS[step])
    assert step == reply.headers["x-emulator-step"]


@pytest.mark.parametrize("name", TALKS)
def test_an_example_says_what_it_promises(examples: Live, name: str) -> None:
    expected, found = [], []
    for step, path, body, words in TALKS[name]:
        reply = send(examples, path, body)
        expected.append((step if step == "none" else f"{name}/{step}", words))
        found.append((reply.headers["x-emulator-step"], seen(reply)))
    assert expected == found


def test_every_step_of_broken_streams_can_be_reached(examples: Live) -> None:
    file = FOLDER / f"{BROKEN}.yaml"
    [scenario] = load_text(file.read_bytes(), file.name, NAMES).scenarios
    for number, step in enumerate(scenario.steps, 1):
        assert step.when
        body = json.dumps(said(str(step.when["user"]).strip("*"), stream=True)).encode()
        head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: {examples.bearer}\r\ncontent-length: {len(body)}"
        with socket.create_connection(("127.0.0.1", examples.server.port), timeout=10) as connection:
            connection.sendall(f"{head}\r\n\r\n".encode() + body)
            for _ in range(1000):  # some answers never come: the journal tells
                if len(examples.journal) == number:
                    break
                examples.run(asyncio.sleep(0.001))
    assert [step.name for step in scenario.steps] == [entry.step for entry in examples.journal]


def test_the_limits_of_the_example_are_those_of_its_own_steps(thread: Thread) -> None:
    live = thread.start(library_of(FOLDER), clock="manual")
    try:
        busy = [live.ask(f"Number {number}", model="demo-prepaid") for number in range(21)]
        waits = [(reply.status, reply.headers.get("retry-after")) for reply in busy if reply.json.get("code") == LIMIT]
        assert [(429, "60")] == waits
        assert 200 == live.ask("Hello").status
    finally:
        live.run(live.server.stop())
