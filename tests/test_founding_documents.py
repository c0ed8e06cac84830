"""Every request printed in the founding documents, word for word: only host, key and endpoint are filled in."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import ROOT, Live, Thread, library_of

FOUNDING = ROOT / "tests" / "founding"
ENDPOINT = "RkBOAlaWzKcubSji"

# What a document leaves open, and what is filled in.
PLACES = {
    r"https://(<ENV_ID>|\{\{YOUR-ENV-ID\}\})\.api\.tcloudbasegateway\.com": "ORIGIN",
    r"https://genaiapi\.cloudsway\.net/xxx": f"ORIGIN/{ENDPOINT}",
    r"https://genaiapi\.cloudsway\.net": "ORIGIN",
    r"\{BASE_URL\}": "ORIGIN",
    r"\{YOUR[_ ]ENDPOINTPATH\}|\{endpointPath\}|(?<=/v1/ai/)xxxx": ENDPOINT,
    r"<YOUR_API_KEY>|<YOUR_CLOUDBASE_API_KEY>|\{\{YOUR-API-KEY\}\}|\{YOUR_API_KEY\}|\{YOUR_ACCESS_KEY\}": "KEY",
    r"\{token\}|RWYh\*+x0GC|\{YOUR KEY\}|YOUR_API_KEY|YOUR AK": "KEY",
}


@pytest.fixture(scope="module")
def server(thread: Thread) -> Iterator[Live]:
    live = thread.start(library_of(ROOT / "scenarios"))
    yield live
    live.run(live.server.stop())


@pytest.fixture
def live(server: Live) -> Live:
    return Live(server.server, server.loop)


def filled_in(file: str, live: Live) -> str:
    """A document's words with its places filled in."""
    text = (FOUNDING / file).read_text(encoding="utf-8")
    for pattern, value in PLACES.items():
        text = re.sub(pattern, value.replace("ORIGIN", live.origin).replace("KEY", live.key), text)
    return text


# ---------------------------------------------------------------- what comes back


def chat(reply: Any) -> str:
    assert {"id", "object", "created", "model", "choices", "usage"} <= set(reply)
    [choice] = reply["choices"]
    assert ("assistant", "stop") == (choice["message"]["role"], choice["finish_reason"])
    assert isinstance(choice["message"]["content"], str)
    return choice["message"]["content"]


def tool_call(reply: Any) -> str:
    [choice] = reply["choices"]
    assert "tool_calls" == choice["finish_reason"]
    [call] = choice["message"]["tool_calls"]
    return f"{call['function']['name']} {call['function']['arguments']}"


def chat_stream(reply: list[Any]) -> str:
    assert "[DONE]" == reply.pop()
    assert all(chunk["object"] == "chat.completion.chunk" for chunk in reply)
    return "".join(choice["delta"].get("content") or "" for chunk in reply for choice in chunk["choices"])


def enveloped(reply: Any) -> str:
    assert ["success", "code", "message", "data"] == list(reply)
    assert (True, "200", "successful") == (reply["success"], reply["code"], reply["message"])
    return chat(reply["data"])


def messages(reply: Any) -> str:
    assert ("message", "assistant", "end_turn") == (reply["type"], reply["role"], reply["stop_reason"])
    return "".join(block["text"] for block in reply["content"] if block["type"] == "text")


def gemini(reply: Any) -> str:
    [candidate] = reply["candidates"]
    assert "STOP" == candidate["finishReason"]
    assert not any(part.get("thought") for part in candidate["content"]["parts"])
    return "".join(part["text"] for part in candidate["content"]["parts"])


LI_BAI = "Li Bai (701-762), courtesy name Taibai, was a renowned Tang dynasty poet..."
HELLO = "Hello! How can I help you today?"
WELL = "I'm doing well, thank you for asking. How can I help you today?"
SELF = "I am an emulated model, and I say what my scenario file says."

CURLS: dict[str, tuple[Callable[[Any], str], str]] = {
    "000-01.sh": (chat, LI_BAI),
    "000-02.sh": (chat_stream, SELF),
    "001-01.sh": (tool_call, 'get_current_weather {"location": "Beijing"}'),
    "001-02.sh": (chat, "It is 25℃ and sunny in Beijing."),
    "002-01.sh": (enveloped, HELLO),
    "004-01.sh": (chat, WELL),
    "004-02.sh": (chat_stream, WELL),
    "004-03.sh": (chat, "This is an image of a hamburger."),
    "004-04.sh": (chat_stream, "A hamburger is being eaten."),
    "004-05.sh": (chat_stream, "Hello there."),
    "004-06.sh": (chat, "Aye, that they be, matey."),
    "004-07.sh": (chat, "(a + b)² = 4 · ab/2 + c², so a² + b² = c²."),
    "004-08.sh": (messages, "Pride, and prejudice."),
    "004-09.sh": (chat_stream, "15, or 2 for the shorter one."),
    "004-10.sh": (chat, "15, or 2 for the shorter one."),
    "004-11.sh": (gemini, "A fox told a crow that its voice was fine, and dined on the cheese."),
}

PROGRAMS: dict[str, str] = {
    "000-03.py": HELLO,
    "000-04.mjs": HELLO,
    "003-01.cjs": HELLO,
    "003-02.cjs": SELF,
    "003-03.py": HELLO,
    "003-04.py": SELF,
    "003-05.cjs": HELLO,
    "004-12.py": "ChatCompletion(id=",
    "004-13.py": "About 36 tonnes.",
    "004-14.py": WELL,
    "004-15.py": "RawMessageStopEvent(type='message_stop')",
    "004-16.py": "An emulated model.",
    "004-17.py": "ChatCompletionChunk(id=",
}


def run(command: list[str], **environment: str) -> str:
    variables = {name: value for name, value in os.environ.items() if not re.match("OPENAI_|ANTHROPIC_", name)}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env={**variables, **environment}
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


@pytest.mark.parametrize("file", CURLS)
def test_a_curl_of_the_documents_gets_the_documented_shape(live: Live, file: str) -> None:
    command = f"{filled_in(file, live).rstrip()} --silent --show-error --max-time 20 --write-out '\\n%{{http_code}}'"
    body, _, status = run(["bash", "-c", command]).rpartition("\n")
    assert "200" == status, body
    shape, text = CURLS[file]
    reply = _events(body) if body.startswith("data: ") else json.loads(body)
    assert shape(reply).startswith(text)
    assert ["hit"] == [entry.outcome for entry in live.journal]


def _events(body: str) -> list[Any]:
    data = [line.removeprefix("data: ") for line in body.splitlines() if line]
    return [item if item == "[DONE]" else json.loads(item) for item in data]


@pytest.mark.parametrize(
    "file", [pytest.param(file, marks=[] if file.endswith(".py") else [pytest.mark.node]) for file in PROGRAMS]
)
def test_a_program_of_the_documents_prints_the_answer(live: Live, tmp_path: Path, file: str) -> None:
    program = tmp_path / file
    program.write_text(filled_in(file, live), encoding="utf-8")
    command = [sys.executable] if file.endswith(".py") else ["node"]
    output = run([*command, str(program)], NODE_PATH=str(ROOT / "tests" / "node" / "node_modules"))
    assert PROGRAMS[file] in output


def test_no_request_of_the_documents_is_left_out() -> None:
    assert {*CURLS, *PROGRAMS} == {file.name for file in FOUNDING.iterdir() if file.suffix != ".md"}


# ---------------------------------------------------------------- the four errors


ERRORS = {
    # name: the headers and the body that are wrong
    "no key": ({"authorization": ""}, {}),
    "wrong key": ({"authorization": "Bearer wrong"}, {}),
    "unknown model": ({}, {"model": "error/model_not_found"}),
    "bad body": ({}, None),
}
GREETING = [{"role": "user", "content": "Hello"}]
PATHS: dict[str, tuple[str, Any, list[Any]]] = {
    # path, a good body, and where the code of each error stands
    "cloudbase": (
        "/v1/ai/cloudbase/chat/completions",
        {"model": "hy3-preview", "messages": GREETING},
        [
            (401, {"code": "MISSING_CREDENTIALS"}),
            (401, {"code": "INVALID_CREDENTIALS"}),
            (404, {"code": "AI_MODEL_NOT_FOUND"}),
            (400, {"code": "BAD_REQUEST"}),
        ],
    ),
    "cloudsway": (
        f"/v1/ai/{ENDPOINT}/chat/completions",
        {"messages": GREETING},
        [(401, {"code": "401"}), (401, {"code": "401"}), (404, {"code": "404"}), (400, {"code": "400"})],
    ),
    "enveloped": (
        "/api/v1/chat/completions",
        {"model": "gpt-3.5-turbo", "messages": GREETING},
        [(401, {"code": "401"}), (401, {"code": "401"}), (404, {"code": "404"}), (400, {"code": "400"})],
    ),
}


@pytest.fixture(scope="module")
def locked(thread: Thread) -> Iterator[Live]:
    live = thread.start(library_of(ROOT / "scenarios"), api_keys=("right",))
    yield live
    live.run(live.server.stop())


@pytest.mark.parametrize("provider", PATHS)
@pytest.mark.parametrize("error", ERRORS)
def test_the_four_errors_are_the_providers_own(locked: Live, provider: str, error: str) -> None:
    path, good, expected = PATHS[provider]
    headers, change = ERRORS[error]
    body = b'{"model": ' if change is None else {**good, **change}
    reply = locked.send("POST", path, body, {"authorization": "Bearer right", **headers})
    status, code = expected[list(ERRORS).index(error)]
    found = reply.json.get("error", reply.json)
    assert (status, code) == (reply.status, {"code": found["code"]})
