"""Which step would answer, and why the others would not: over the control API, and on the command line."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator import cli
from tests.asking import ASK, CELLS
from tests.live import ROOT, Live

STEPS = """
steps:
  - {name: rain, when: {user: "*rain*", stream: false}, times: 1, reply: {text: wet}}
  - {name: tools, when: {user: "*rain*", has: image}, reply: {text: seen}}
  - {name: any, when: {user: "*rain*"}, replies: [{error: overloaded}, {text: dry}]}
"""
CHAT = "/v1/ai/cloudbase/chat/completions"


def body(user: str = "rain", **fields: Any) -> Any:
    return {"model": "m", "messages": [{"role": "user", "content": user}], **fields}


def explained(live: Live, status: int = 200, **question: Any) -> Any:
    reply = live.send("POST", "/_emulator/explain", question, {})
    assert status == reply.status, reply.body
    return reply.json


def asked(live: Live, user: str = "rain", **fields: Any) -> Any:
    """What the server says of a question with this test's key, judged by its session where there is one."""
    question: Any = {"path": CHAT, "headers": {"Authorization": live.bearer}, "body": body(user, **fields)}
    if live.journal:
        question["session"] = live.journal[-1].session
    return explained(live, **question)


def why(said: Any) -> dict[str, tuple[str, str]]:
    return {other["step"]: (other["condition"], other["why"]) for other in said["others"]}


@pytest.fixture
def live(scripted: Callable[..., Live]) -> Live:
    return scripted(STEPS)


def test_the_step_that_answers_is_named_and_so_is_why_each_other_one_does_not(live: Live) -> None:
    said = asked(live)
    place = said["place"]
    file = place.rpartition(":")[0]
    assert {
        "outcome": "hit",
        "status": 200,
        "stream": False,
        "step": "test/rain",
        "place": f"{file}:5",
        "scenario": "test",
        "why": None,
        "others": [
            {
                "step": "test/any",
                "place": f"{file}:7",
                "condition": "order",
                "why": "it fits too, and test/rain comes before it",
                "failing": [["order", "it fits too, and test/rain comes before it"]],
            },
            {
                "step": "test/tools",
                "place": f"{file}:6",
                "condition": "has",
                "why": "the request carries no image",
                "failing": [["has", "the request carries no image"]],
            },
        ],
        "notes": [],
    } == said


def test_a_miss_has_every_step_the_nearest_first_with_all_that_fails(live: Live) -> None:
    said = asked(live, "snow", stream=True)
    assert ("miss", 404, None) == (said["outcome"], said["status"], said["step"])
    assert ["test/any", "test/rain", "test/tools"] == [other["step"] for other in said["others"]]
    assert ["user", "stream"] == [name for name, _ in said["others"][1]["failing"]]
    assert ("user", "'snow' does not match '*rain*'") == why(said)["test/rain"]


def test_a_session_is_judged_as_it_stands(live: Live) -> None:
    live.ask("rain")
    said = asked(live, "rain", temperature=1)
    assert ("test/any", 503) == (said["step"], said["status"])
    assert ("times", "it has answered its 1 call") == why(said)["test/rain"]


def test_a_step_of_a_sequence_waits_for_its_turn(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        order: sequence
        steps:
          - {name: first, when: {user: one}, reply: {text: "1"}}
          - {name: second, when: {user: two}, reply: {text: "2"}}
        """
    )
    assert {"test/second": ("order", "in this sequence 'first' is due")} == why(asked(live, "one"))
    live.ask("one")
    said = asked(live, "two")
    assert ("test/second", {"test/first": ("order", "in this sequence 'second' is due")}) == (said["step"], why(said))


def test_a_request_that_is_rejected_is_told_why_and_no_step_is_asked(live: Live) -> None:
    said = explained(live, path=CHAT, headers={}, body=body())
    assert ("rejected", 401, []) == (said["outcome"], said["status"], said["others"])
    assert said["why"].startswith("missing_api_key: ")
    said = explained(live, path="/nowhere", body=body())
    assert ("rejected", 404) == (said["outcome"], said["status"])


def test_a_page_of_the_service_asks_no_step(live: Live) -> None:
    said = explained(live, path="/v1/ai/cloudbase/models")
    assert ("page", 200, None, []) == (said["outcome"], said["status"], said["step"], said["others"])


def test_without_headers_the_key_is_a_valid_one(scripted: Callable[..., Live]) -> None:
    live = scripted(STEPS, api_keys=("right",))
    assert 200 == explained(live, path=CHAT, body=body())["status"]
    assert 401 == explained(live, path=CHAT, headers={"Authorization": "Bearer wrong"}, body=body())["status"]


def test_a_key_that_picks_a_scenario_is_understood(live: Live) -> None:
    question = {"path": CHAT, "body": body()}
    assert "hit" == explained(live, headers={"authorization": "Bearer me@test"}, **question)["outcome"]
    said = explained(live, headers={"authorization": "Bearer me@tset"}, **question)
    assert ("miss", []) == (said["outcome"], said["others"])
    assert said["why"].endswith("the scenario 'tset', which is not loaded. Did you mean 'test'?")


def test_the_host_finds_the_provider(live: Live) -> None:
    said = explained(live, path="/v1/models", host="api.anthropic.com")
    assert ("page", 200) == (said["outcome"], said["status"])


def test_an_echo_is_said_to_be_a_miss_that_gets_200(scripted: Callable[..., Live]) -> None:
    said = asked(scripted(STEPS, fallback="echo"), "snow")
    assert ("miss", 200) == (said["outcome"], said["status"])


def test_a_curl_command_can_be_asked_about(live: Live) -> None:
    url = f"https://lab.api.tcloudbasegateway.com{CHAT}"
    line = f"curl --nope {url} -H 'Authorization: Bearer $KEY' -d '{json.dumps(body())}'"
    said = explained(live, curl=line)
    assert ("test/rain", ["--nope is not known here, and left out"]) == (said["step"], said["notes"])


@pytest.mark.parametrize(
    ("question", "status", "detail"),
    [
        ({}, 422, "there is nothing to explain; give a 'path' or a 'curl' command."),
        ({"path": "v1"}, 422, "path: 'v1' is no path; it begins with a slash."),
        ({"path": "/v1", "bdoy": 1}, 422, "bdoy: unknown key. Did you mean 'body'?"),
        ({"curl": "curl h", "path": "/"}, 422, "curl: 'curl' does not go with 'path'; write one of them."),
        ({"curl": "curl h", "body": {}}, 422, "body: the curl command says this itself."),
        ({"curl": "wget h"}, 400, "this is neither a JSON object nor a curl command"),
        ({"curl": "curl h -d @/etc/passwd"}, 400,
         "'@/etc/passwd' names a file, which only the command line reads; write its contents"),
        ({"path": "/v1", "host": "[::1"}, 400, "'http://[::1/v1' is no URL: Invalid IPv6 URL"),
        ({"path": "/v1", "session": "nobody"}, 404,
         "there is no session 'nobody'; a reply's x-emulator-session header names its session"),
    ],
)  # fmt: skip
def test_what_can_t_be_explained_is_refused_in_a_sentence(live: Live, question: Any, status: int, detail: str) -> None:
    assert detail == explained(live, status, **question)["detail"]


# ---------------------------------------------------------------- without a trace, and the same as the server


def standing(live: Live) -> str:
    session = live.server.app.sessions.find(live.journal[0].session)
    assert session is not None
    known = [getattr(session, name) for name in ("serial", "state", "used", "_met", "_turns", "_calls", "_windows")]
    return repr((known, session.memory._things, len(live.server.app.sessions), live.server.app.journal.total))


def test_asking_for_an_explanation_leaves_no_trace(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        limits: {requests_per_minute: 3}
        steps:
          - {when: {user: rain, call: 2}, reply: {text: again}}
          - {when: {user: rain}, replies: [{error: overloaded}, {text: wet, set: {asked: "yes"}}]}
          - reply: {text: none}
        """
    )
    live.ask("rain")
    session = live.journal[0].session
    before = standing(live)
    for question in (
        {"path": CHAT, "body": body()},
        {"path": "/plain/v1/responses", "body": {"model": "m", "input": "rain"}},
        {"path": "/plain/v1/conversations", "body": {}},
        {"path": CHAT, "body": {}},
    ):
        explained(live, session=session, **question)
        explained(live, **question)
    assert before == standing(live)


def test_what_is_explained_is_what_the_server_then_does(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        limits: {requests_per_minute: 5}
        chaos: {error: overloaded, chance: 30%}
        steps:
          - {name: fifth, when: {call: 5}, reply: {text: five}}
          - {name: turns, when: {user: "a*"}, replies: [{error: bad_gateway}, {text: a, chance: 50%}, {text: b}]}
          - {name: once, times: 1, when: {user: "b*"}, reply: {text: "{{ state.nothing }}"}}
        """
    )
    live.ask("zero")
    for user in ("a", "a", "a1", "b", "b", "b1", "a2", "a3", "a4", "a5", "a6"):
        # As the very bytes that are sent: whether they are a retry is judged by them.
        text = json.dumps(body(user))
        headers = {"Authorization": live.bearer}
        said = explained(live, path=CHAT, headers=headers, body=text, session=live.journal[-1].session)
        reply = live.send("POST", CHAT, text.encode())
        step = reply.headers["x-emulator-step"]
        assert (said["step"] or "none", said["status"]) == (step, reply.status)


@pytest.mark.parametrize(("provider", "protocol"), [cell for cell, paths in CELLS.items() if paths])
def test_every_protocol_of_every_provider_can_be_asked_about(examples: Live, provider: str, protocol: str) -> None:
    paths = CELLS[provider, protocol]
    assert paths
    prompt = "Please check the weather in Beijing for me today."
    for path, stream in zip(paths, (False, True), strict=True):
        headers = {"authorization": examples.bearer, "anthropic-version": "2023-06-01"}
        said = explained(examples, path=path, headers=headers, body=ASK[protocol](prompt, stream=stream))
        assert ("weather-tool-loop/ask-for-the-weather", stream) == (said["step"], said["stream"])


# ---------------------------------------------------------------- the command line


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text(f"version: 1\nname: test\n{STEPS.strip()}\n")

    def run(*arguments: str, request: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(request.encode())))
        code = cli.main(["explain", "s.yaml", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


GUESSED = f"\nTaken for POST {CHAT}, by 'messages'; --path names another.\n"


def test_a_body_is_explained_in_words(run: Callable[..., tuple[int, str, str]]) -> None:
    expected = (
        "test/rain (s.yaml:4) answers.\n"
        "\n"
        "The others:\n"
        "  test/any (s.yaml:6) order: it fits too, and test/rain comes before it\n"
        "  test/tools (s.yaml:5) has: the request carries no image\n" + GUESSED
    )
    assert (0, expected, "") == run(request=json.dumps(body()))


def test_a_miss_is_explained_in_words_and_has_an_exit_code_of_1(run: Callable[..., tuple[int, str, str]]) -> None:
    expected = (
        "No step answers, and the status is 404.\n"
        "\n"
        "The nearest first:\n"
        "  test/rain (s.yaml:4) user: 'snow' does not match '*rain*'\n"
        "  test/any (s.yaml:6) user: 'snow' does not match '*rain*'\n"
        "  test/tools (s.yaml:5) user: 'snow' does not match '*rain*'\n" + GUESSED
    )
    assert (1, expected, "") == run(request=json.dumps(body("snow")))


def test_a_rejection_and_a_page_are_explained_in_words(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run(request=f"curl http://h{CHAT} -d '{{}}'")
    assert (1, "Rejected before any step is asked, with status 401: missing_api_key: ") == (code, out[:69])
    code, out, _ = run(request="curl http://h/v1/ai/cloudbase/models -H 'authorization: Bearer k'")
    assert (0, "No step is asked: the service answers this by itself, with status 200.\n") == (code, out)


def test_a_key_that_asks_for_a_scenario_that_is_not_there_is_told(run: Callable[..., tuple[int, str, str]]) -> None:
    line = f"curl http://h{CHAT} -H 'authorization: Bearer me@tset' -d '{json.dumps(body())}'"
    code, out, _ = run(request=line)
    assert (1, True) == (code, out.endswith("which is not loaded. Did you mean 'test'?\n"))


def test_a_curl_command_in_a_file_reads_the_files_that_it_names(run: Callable[..., tuple[int, str, str]]) -> None:
    Path("body.json").write_text(json.dumps(body(stream=True)))
    Path("ask.sh").write_text(f"curl --nope http://h{CHAT} -H 'authorization: Bearer $KEY' -d @body.json")
    code, out, err = run("--request", "ask.sh")
    assert (0, "test/any (s.yaml:6) answers, with status 503.", "note: --nope is not known here, and left out\n") == (
        code,
        out.splitlines()[0],
        err,
    )


@pytest.mark.parametrize(
    ("request_", "options", "path"),
    [
        (body(), [], CHAT),
        ({"model": "m", "input": "rain"}, [], "/plain/v1/responses"),
        ({"contents": [{"parts": [{"text": "rain"}]}]}, [], "/plain/v1beta/models/gemini-2.5-flash:generateContent"),
        ({**body(), "max_tokens": 9}, ["--path", "/plain/v1/messages?beta=1"], "/plain/v1/messages"),
    ],
)
def test_the_path_is_guessed_or_given_and_programs_are_told_which(
    run: Callable[..., tuple[int, str, str]], request_: Any, options: list[str], path: str
) -> None:
    code, out, _ = run("--format", "json", *options, request="\ufeff" + json.dumps(request_))
    said = json.loads(out)
    guessed_by = None if options else next(key for key in ("messages", "input", "contents") if key in request_)
    assert (0, "test/rain", {"method": "POST", "path": path, "guessed_by": guessed_by}, []) == (
        code,
        said["step"],
        said["request"],
        said["notes"],
    )


@pytest.mark.parametrize(
    ("options", "request_", "error"),
    [
        (
            [],
            "{",
            "--request -: the body is not JSON: Expecting property name enclosed in double quotes at line 1 column 2",
        ),
        ([], "[]", "--request -: the body is a list, not an object"),
        (
            [],
            "{}",
            "--request -: the body has none of messages, input, contents, so that its path can't be guessed; name it",
        ),
        ([], "", "--request -: this is neither a JSON object nor a curl command"),
        (["--path", "/x"], "curl h", "--request -: a curl command has a URL; a path goes with a JSON body"),
        (["--path", "x"], "{}", "--request -: the path 'x' does not begin with a slash"),
        (["--request", "none"], "", "--request none: 'none' can't be read: No such file or directory"),
        ([], "curl h -d @none", "--request -: 'none' can't be read: No such file or directory"),
    ],
)
def test_what_can_t_be_read_is_wrong_usage(
    run: Callable[..., tuple[int, str, str]], options: list[str], request_: str, error: str
) -> None:
    assert (2, "", error + "\n") == run(*options, request=request_)


def test_another_format_is_wrong_usage(run: Callable[..., tuple[int, str, str]]) -> None:
    with pytest.raises(SystemExit) as caught:
        run("--format", "github")
    assert 2 == caught.value.code


def test_a_broken_scenario_explains_nothing(run: Callable[..., tuple[int, str, str]]) -> None:
    Path("s.yaml").write_text("version: 1\nstpes: []\n")
    assert (1, "", "s.yaml:2:1: stpes: unknown key. Did you mean 'steps'?\n") == run(request=json.dumps(body()))


def test_in_a_terminal_there_is_colour_unless_somebody_minds(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert run(request=json.dumps(body()))[1].startswith("\033[1;32mtest/rain\033[0m \033[2m(s.yaml:4)\033[0m answers.")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033" not in run(request=json.dumps(body()))[1]


def test_the_commands_of_the_founding_documents_can_be_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == cli.main(
        ["explain", str(ROOT / "scenarios"), "--request", str(ROOT / "tests" / "founding" / "001-02.sh")]
    )
    assert capsys.readouterr().out.startswith("weather-tool-loop/tell-the-weather (")
