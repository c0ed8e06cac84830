"""A pasted curl command, read into its request."""

import contextlib
import json
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from emulator.server import curl
from emulator.types import Call, EmulatorError
from tests.live import ROOT

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
USUAL = {("accept", "*/*"), ("user-agent", "curl/8")}


def files(name: str) -> bytes:
    return {"body.json": b'{"a":\r\n 1}\n', "heads": b"X-A: 1\n\nX-B: 2\n"}[name]


def read(text: str) -> tuple[str, str, dict[str, str], bytes]:
    command = curl.read(text, files)
    assert [] == command.notes
    headers = {name: value for name, value in command.headers.items() if (name, value) not in USUAL}
    return command.method, command.url, headers, command.body


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("curl http://h/p", ("GET", "http://h/p", {}, b"")),
        ("curl h/p", ("GET", "http://h/p", {}, b"")),
        ("$ curl -I http://h", ("HEAD", "http://h", {}, b"")),
        ("/usr/bin/curl -X delete http://h", ("DELETE", "http://h", {}, b"")),
        ("curl http://h -d a=1 -d b=2", ("POST", "http://h", FORM, b"a=1&b=2")),
        ("curl http://h --json '{' --json '}'", ("POST", "http://h", {**JSON, "accept": "application/json"}, b"{}")),
        ("curl http://h -H 'Content-Type: application/json' -d '{}'", ("POST", "http://h", JSON, b"{}")),
        ("curl http://h --header='Content-Type: application/json' --data={}", ("POST", "http://h", JSON, b"{}")),
        ("curl -HX-A:1 -H 'X-A: 2' http://h", ("GET", "http://h", {"x-a": "1, 2"}, b"")),
        ("curl http://h -H 'X-A;' -H 'Content-Type:' -d x", ("POST", "http://h", {"x-a": ""}, b"x")),
        ("curl http://h -H @heads", ("GET", "http://h", {"x-a": "1", "x-b": "2"}, b"")),
        ("curl -sSNXPUT http://h -d x", ("PUT", "http://h", FORM, b"x")),
        ("curl -G http://h/?a=1 -d b=2 --data-urlencode 'c= &'", ("GET", "http://h/?a=1&b=2&c=+%26", {}, b"")),
        ("curl http://h -d @body.json", ("POST", "http://h", FORM, b'{"a": 1}')),
        ("curl http://h --data-binary @body.json", ("POST", "http://h", FORM, b'{"a":\r\n 1}\n')),
        ("curl http://h --data-raw @body.json", ("POST", "http://h", FORM, b"@body.json")),
        ("curl http://h --data-urlencode q@heads", ("POST", "http://h", FORM, b"q=X-A%3A+1%0A%0AX-B%3A+2%0A")),
        ("curl http://h --data-urlencode 'a b'", ("POST", "http://h", FORM, b"a+b")),
        ("curl http://h -u me:you", ("GET", "http://h", {"authorization": "Basic bWU6eW91"}, b"")),
        ("curl -u a:b http://h -H 'Authorization: Bearer k'", ("GET", "http://h", {"authorization": "Bearer k"}, b"")),
        ("curl --oauth2-bearer k http://h", ("GET", "http://h", {"authorization": "Bearer k"}, b"")),
        ("curl -A me -e http://r -b a=1 http://h",
         ("GET", "http://h", {"user-agent": "me", "referer": "http://r", "cookie": "a=1"}, b"")),
        ("curl -k -s -S -N -i -v -L --compressed --no-progress-meter -o f -m 3 --retry 2 -w '%{http_code}' -x p http://h",
         ("GET", "http://h", {}, b"")),
        ("KEY=x sudo curl http://h", ("GET", "http://h", {}, b"")),
        ("# what's this\ncurl http://h", ("GET", "http://h", {}, b"")),
        ("curl http://h | jq .", ("GET", "http://h", {}, b"")),
        ("curl http://h 2>/dev/null >f", ("GET", "http://h", {}, b"")),
        ("curl http://h && echo done", ("GET", "http://h", {}, b"")),
        ("curl \\\n  http://h \\ \n -H \\\r\n 'a: b'", ("GET", "http://h", {"a": "b"}, b"")),
        ("curl ^\r\n http://h `\n -X PUT", ("PUT", "http://h", {}, b"")),
        (r"""curl http://h --data-raw $'{"a": "it\'s \u4f60\x21\101\n"}'""",
         ("POST", "http://h", FORM, '{"a": "it\'s 你!A\n"}'.encode())),
        (r"""curl http://h -d '{"a": "it'\''s"}'""", ("POST", "http://h", FORM, b'{"a": "it\'s"}')),
        ('curl http://h -d "{\\"a\\": \\\n1}"', ("POST", "http://h", FORM, b'{"a": 1}')),
        ('curl http://h -H "Authorization: Bearer $KEY"', ("GET", "http://h", {"authorization": "Bearer $KEY"}, b"")),
        ("curl http://h -d '\\\n'", ("POST", "http://h", FORM, b"\\\n")),
        ("curl http://h/{YOUR KEY}/x", ("GET", "http://h/{YOUR KEY}/x", {}, b"")),
        ("curl --url http://h -XPOST", ("POST", "http://h", {}, b"")),
        (r"""curl http://h -d a\ b"\n\"\$\`\\"'c'""", ("POST", "http://h", FORM, b'a b\\n"$`\\c')),
        ("curl http://h -d '|' -d \">\" -H 'a: <b>' -d $';'", ("POST", "http://h", {**FORM, "a": "<b>"}, b"|&>&;")),
        ("cd x && curl http://h -s >f -X PUT", ("GET", "http://h", {}, b"")),
        ("curl http://h -d ''", ("POST", "http://h", FORM, b"")),
        ("curl http://h/$A/`b`/{c}/^d -d {a:1}", ("POST", "http://h/$A/`b`/{c}/^d", FORM, b"{a:1}")),
    ],
)  # fmt: skip
def test_a_command_is_read(text: str, expected: tuple[str, str, dict[str, str], bytes]) -> None:
    assert expected == read(text)


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("curl --frobnicate http://h", ["--frobnicate is not known here, and left out"]),
        ("curl --frobnicate=3 http://h", ["--frobnicate is not known here, and left out"]),
        ("curl --frobnicate 3 http://h", ["--frobnicate is not known here, and left out"]),
        ("curl -s? http://h", ["-? is not known here, and left out"]),
        ("curl -F a=1 http://h", ["--form: a multipart body is not read"]),
        ("curl http://h http://i", ["'http://i' is a second URL; only the first is asked"]),
        ("curl http://h --next http://i", ["--next: only the request before it is read"]),
    ],
)
def test_what_is_not_followed_is_said_and_the_rest_is_read(text: str, notes: list[str]) -> None:
    command = curl.read(text)
    assert ("http://h", notes) == (command.url, command.notes)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("wget http://h", "this is neither a JSON object nor a curl command"),
        ("", "this is neither a JSON object nor a curl command"),
        ("curl -s", "the curl command has no URL"),
        ("curl http://h -d", "the curl command ends after -d, which has a value"),
        ("curl http://h --data", "the curl command ends after --data, which has a value"),
        ("curl http://h -d '{", "the curl command can't be read: a quotation begins with ' and has no end"),
        (
            "curl http://h -d @body.json",
            "'@body.json' names a file, which only the command line reads; write its contents",
        ),
    ],
)
def test_what_is_no_command_is_said_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(EmulatorError) as caught:
        curl.read(text)
    assert sentence == str(caught.value)


def test_a_command_is_the_call_that_a_server_would_see() -> None:
    text = "curl 'https://Lab.API.example:443/v1/a%20b?key=1&key=2&q=' -H 'Authorization: Bearer k' -d '{}'"
    assert Call(
        "POST",
        "/v1/a b",
        {"key": "1", "q": ""},
        {"host": "Lab.API.example:443", "accept": "*/*", "user-agent": "curl/8", **FORM, "authorization": "Bearer k"},
        b"{}",
        "lab.api.example",
    ) == curl.call_of(curl.read(text))


def test_a_url_that_is_none_is_said_in_a_sentence() -> None:
    with pytest.raises(EmulatorError, match=r"^'http://\[::1' is no URL: "):
        curl.call_of(curl.read("curl 'http://[::1'"))


@pytest.mark.parametrize(
    "text",
    [
        "-d '" + "x" * 2**20 + "'",
        "-d '" + 'x"' * 2**19,
        '"' + '\\"' * 2**19,
        "$'" + "\\'" * 2**19,
        "{a b " * 2**18,
        "^ " * 2**19,
        "\n" * 2**20,
        "'' " * 2**18,
    ],
    ids=range(8),
)
def test_a_megabyte_is_read_in_linear_time(text: str) -> None:
    began = time.process_time()
    with contextlib.suppress(EmulatorError):
        curl.read(f"curl http://h {text}")
    assert time.process_time() - began < 15  # three times what it takes under coverage; quadratic it would be hours


@pytest.mark.parametrize("file", sorted(path.name for path in (ROOT / "tests" / "founding").glob("*.sh")))
def test_every_command_of_the_founding_documents_is_read(file: str) -> None:
    command = curl.read((ROOT / "tests" / "founding" / file).read_text(encoding="utf-8"))
    assert ("POST", "application/json", []) == (command.method, command.headers["content-type"], command.notes)
    assert command.headers["authorization"].startswith("Bearer ")
    assert command.url.endswith(("/chat/completions", "/v1/messages", "/generateContent"))
    assert {"messages", "contents"} & json.loads(command.body).keys()


# ---------------------------------------------------------------- the same as curl itself


class Keeper(HTTPServer):
    """Keeps what came, and says nothing."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Kept)
        self.came: list[Any] = []
        self.origin = f"http://127.0.0.1:{self.server_port}"

    def asked(self, command: str) -> Any:
        """What comes of a command that a shell runs."""
        shell = ["bash", "-c", command]
        subprocess.run(shell, check=True, timeout=20, capture_output=True)
        return self.came.pop()


class Kept(BaseHTTPRequestHandler):
    def handle_any(self) -> None:
        assert isinstance(self.server, Keeper)
        body = self.rfile.read(int(self.headers["content-length"] or 0))
        del self.headers["content-length"]
        headers = {name.lower(): re.sub("^curl/.*", "curl/8", value) for name, value in self.headers.items()}
        self.server.came.append((self.command, self.server.origin + self.path, headers, body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = do_HEAD = handle_any  # noqa: N815 - the standard library's names

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def keeper() -> Iterator[Keeper]:
    with Keeper() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(timeout=10)


@pytest.mark.parametrize(
    "command",
    [
        "curl ORIGIN/a?b=1",
        "curl ORIGIN/ -d 'a=1' --data-urlencode 'b= ü&' -H 'X-A;' -H 'x-b: 1'",
        "curl ORIGIN/x -G -d a=1 -d b=2 --data-urlencode 'c=d e'",
        """curl -sSX PUT ORIGIN/x --json '{"a":' --json '1}'""",
        r"""curl "ORIGIN/x" --data-raw $'{"a": "it\'s \u4f60"}' -u me:you -A mine -e there -b c=1""",
        "curl ORIGIN/x -d @FILE --oauth2-bearer k",
        "curl ORIGIN/x --data-binary @FILE -H 'Content-Type:' -H 'Accept:'",
        "curl ORIGIN/x --data-urlencode @FILE --data-urlencode n@FILE --data-urlencode =a= --data-urlencode b",
        "curl -H 'Authorization: mine' -u a:b \\\n -I ORIGIN/x",
    ],
)
def test_a_command_makes_the_request_that_curl_makes(keeper: Keeper, tmp_path: Path, command: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(b'{"a":\r\n "b c"}\n')
    command = command.replace("ORIGIN", keeper.origin).replace("FILE", shlex.quote(str(file)))
    read = curl.read(command, lambda name: Path(name).read_bytes())
    call = curl.call_of(read)
    assert keeper.asked(command) == (call.method, read.url, call.headers, call.body)
