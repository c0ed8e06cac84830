"""A curl command as people paste it, read into the request that it makes. No shell and no curl is run."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, quote_plus, unquote, urlsplit

from msgspec import Struct, field

from emulator.types import Call, EmulatorError

__all__ = ["Command", "call_of", "read"]

Reader: TypeAlias = Callable[[str], bytes]

# The options, and which of them have a value: `curl --help all` of curl 7.88.1 (package, 2023-02).
_LETTERS: Final = {
    "A": "user-agent", "b": "cookie", "d": "data", "e": "referer", "F": "form", "G": "get", "H": "header", "I": "head",
    "T": "upload-file", "u": "user", "X": "request",
    "c": "cookie-jar", "C": "continue-at", "D": "dump-header", "E": "cert", "K": "config", "m": "max-time",
    "o": "output", "r": "range", "w": "write-out", "x": "proxy", "y": "speed-time", "Y": "speed-limit",
    "#": "progress-bar", "0": "http1.0", "4": "ipv4", "6": "ipv6", "f": "fail", "g": "globoff", "i": "include",
    "k": "insecure", "L": "location", "n": "netrc", "N": "no-buffer", "O": "remote-name", "q": "disable",
    "s": "silent", "S": "show-error", "v": "verbose",
}  # fmt: skip
_VALUED_LIST: Final = """
    abstract-unix-socket alt-svc aws-sigv4 cacert capath cert cert-type ciphers config connect-timeout
    connect-to continue-at cookie cookie-jar create-file-mode crlfile curves data data-ascii data-binary
    data-raw data-urlencode dns-servers doh-url dump-header etag-compare etag-save expect100-timeout form
    form-string happy-eyeballs-timeout-ms header hsts interface json keepalive-time key key-type limit-rate
    local-port max-filesize max-redirs max-time netrc-file noproxy oauth2-bearer output output-dir pass
    pinnedpubkey proto proto-default proto-redir proxy proxy-cacert proxy-header proxy-user proxy1.0 range rate
    referer request request-target resolve retry retry-delay retry-max-time socks4 socks4a socks5
    socks5-hostname speed-limit speed-time stderr time-cond tls-max tls13-ciphers trace trace-ascii unix-socket
    upload-file url url-query user user-agent write-out
"""
_FLAG_LIST: Final = """
    anyauth basic compressed create-dirs digest disable fail fail-early fail-with-body get globoff
    haproxy-protocol head http0.9 http1.0 http1.1 http2 http2-prior-knowledge http3 http3-only include insecure
    ipv4 ipv6 junk-session-cookies location location-trusted negotiate netrc netrc-optional no-alpn no-buffer
    no-clobber no-keepalive no-progress-meter no-sessionid ntlm parallel path-as-is post301 post302 post303
    progress-bar proxy-insecure proxytunnel raw remote-header-name remote-name remote-name-all remote-time
    retry-all-errors retry-connrefused show-error silent ssl ssl-no-revoke ssl-reqd styled-output tcp-fastopen
    tcp-nodelay tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 tr-encoding trace-time verbose
"""
_VALUED: Final = frozenset(_VALUED_LIST.split())
_FLAGS: Final = frozenset(_FLAG_LIST.split())
_UNREAD: Final = {
    "config": "what its file says is not read",
    "form": "a multipart body is not read",
    "form-string": "a multipart body is not read",
    "upload-file": "the file is not read",
}
_BODY: Final = frozenset({"data", "data-ascii", "data-binary", "data-raw", "data-urlencode", "json"})
_GONE: Final = "\0"
"""In place of the value of a header that is taken away."""
_SETS: Final = {"cookie": "cookie", "referer": "referer", "user-agent": "user-agent"}


class Command(Struct):
    """The request that a curl command makes."""

    method: str = ""
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    """By name in lower case."""
    body: bytes = b""
    notes: list[str] = field(default_factory=list)
    """What of the command has not been followed, a sentence each."""


def read(text: str, file: Reader | None = None) -> Command:
    """Read a command. `file` gives the contents of a file that it names; without, naming one is an error.

    Raises EmulatorError with a sentence for what is no curl command.
    """
    reading = _Reading(file)
    for option, value in _options(_arguments(text), reading.command.notes):
        reading.take(option, value)
    return reading.finish()


def call_of(command: Command) -> Call:
    """The call as it arrives at a server. Raises EmulatorError where the URL is none."""
    try:
        parts = urlsplit(command.url)
    except ValueError as error:
        raise EmulatorError(f"'{command.url}' is no URL: {error}") from None
    host = command.headers.get("host") or parts.netloc.rpartition("@")[2]
    return Call(
        method=command.method,
        path=unquote(parts.path, errors="replace") or "/",
        query=dict(reversed(parse_qsl(parts.query, keep_blank_values=True))),  # of several the first, as in the server
        headers={"host": host, **command.headers},
        body=command.body,
        host=host.lower().partition(":")[0],
    )


# ---------------------------------------------------------------- the shell's part: words


# Not `shlex`: it knows no $'…', and takes half a minute for a megabyte in quotes.
_SPANS: Final = re.compile(
    r"""
      (?P<between>(?:\s|[\\^`][ \t]*\r?\n)+)         # lines that go on too: of a shell, of cmd.exe, of PowerShell
    | \$'(?P<ansi>(?:[^'\\]|\\.)*)'                  # $'…': with escapes, as "Copy as cURL" writes it
    | '(?P<plain>[^']*)'
    | "(?P<double>(?:[^"\\]|\\.)*)"
    | (?P<open>['"])
    | \\(?P<escaped>.)
    | (?P<place>\{[A-Za-z_]+(?:[ ][A-Za-z_]+)+\})    # {YOUR KEY}: what a document leaves open is one word
    | (?<!\S)(?P<over>(?:\|\|?|&&?|;)(?!\S)|[0-9&]?>\S*|<\S*)   # a pipe, another command, a file for the output
    | (?P<bare>[^\s'"\\^`${]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_WITHIN: Final = re.compile(r'\\(?:(["\\$`])|\r?\n)')
"""What a backslash takes part in between double quotes."""
_ESCAPES: Final = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|(.))", re.DOTALL
)
_CONTROLS: Final = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
_COMMENTS: Final = re.compile(r"\A(?:\s*#[^\n]*\n)+")
_PROGRAM: Final = re.compile(r"(?:.*[/\\])?curl(?:\.exe)?")


def _arguments(text: str) -> list[str]:
    """Take the words after `curl`, up to the end of that command. Raises EmulatorError."""
    words = list(_words(_COMMENTS.sub("", text)))
    start = next((at for at, word in enumerate(words) if word and _PROGRAM.fullmatch(word)), None)
    if start is None:
        raise EmulatorError("this is neither a JSON object nor a curl command")
    return [word for word in takewhile(lambda word: word is not None, words[start + 1 :]) if word is not None]


def _words(text: str) -> Iterator[str | None]:
    """Take a text apart as a shell does. Variables stay as they are written. None: a command ends here."""
    parts: list[str] = []
    for span in _SPANS.finditer(text):
        match span.lastgroup:
            case "between":
                if parts:
                    yield "".join(parts)
                parts = []
            case "ansi":
                parts.append(_ESCAPES.sub(_unescaped, span["ansi"]))
            case "double":
                parts.append(_WITHIN.sub(lambda escape: escape[1] or "", span["double"]))
            case "over":
                yield None
            case "open":
                raise EmulatorError(f"the curl command can't be read: a quotation begins with {span[0]} and has no end")
            case str() as kind:
                parts.append(span[kind])
    if parts:
        yield "".join(parts)


def _unescaped(escape: re.Match[str]) -> str:
    two, four, eight, octal, letter = escape.groups()
    if number := two or four or eight:
        code = int(number, 16)
        return chr(code) if code < 0x110000 else "\ufffd"  # noqa: PLR2004 - the end of Unicode
    if octal:
        return chr(int(octal, 8))
    return _CONTROLS.get(letter, letter)


# ---------------------------------------------------------------- curl's part: options


def _options(words: list[str], notes: list[str]) -> Iterator[tuple[str, str]]:
    """Give each option by its long name, with its value; a URL is the option `url`."""
    waiting = iter(words)
    for word in waiting:
        if word == "--next":
            notes.append("--next: only the request before it is read")
            return
        if word.startswith("--") and len(word) > 2:  # noqa: PLR2004 - more than the dashes
            name, equals, value = word[2:].partition("=")
            if name in _VALUED:
                yield name, value if equals else _value(word, waiting)
            elif name in _FLAGS or name.removeprefix("no-") in _FLAGS:
                yield name, ""
            else:
                notes.append(f"--{name} is not known here, and left out")
        elif word.startswith("-") and len(word) > 1:
            yield from _short(word, waiting, notes)
        else:
            yield "url", word


def _short(word: str, waiting: Iterator[str], notes: list[str]) -> Iterator[tuple[str, str]]:
    """Give the options of a word of letters, such as `-sSXPOST`."""
    for at, letter in enumerate(word[1:], 2):
        name = _LETTERS.get(letter)
        if name is None:
            notes.append(f"-{letter} is not known here, and left out")
        elif name in _VALUED:
            yield name, word[at:] or _value(f"-{letter}", waiting)
            return
        else:
            yield name, ""


def _value(option: str, waiting: Iterator[str]) -> str:
    value = next(waiting, None)
    if value is None:
        raise EmulatorError(f"the curl command ends after {option}, which has a value")
    return value


class _Reading(Struct):
    """A command as far as it has been read."""

    file: Reader | None
    command: Command = field(default_factory=Command)
    pieces: list[tuple[str, bytes]] = field(default_factory=list)
    """The body's, with the options that gave them."""
    flags: set[str] = field(default_factory=set)
    defaults: dict[str, str] = field(default_factory=dict)
    """Headers that options other than -H make; -H has the last word."""

    def take(self, option: str, value: str) -> None:
        """Follow one option."""
        command = self.command
        if option in _BODY:
            self.pieces.append((option, self._piece(option, value)))
        elif option in _SETS:
            self.defaults[_SETS[option]] = value
        elif option in _UNREAD:
            command.notes.append(f"--{option}: {_UNREAD[option]}")
        match option:
            case "url" if command.url and ("://" in command.url or "://" not in value):
                command.notes.append(f"'{value}' is a second URL; only the first is asked")
            case "url":
                command.url = value
            case "request":
                command.method = value.upper()
            case "header":
                self._header(value)
            case "user":
                self.defaults["authorization"] = f"Basic {base64.b64encode(value.encode()).decode()}"
            case "oauth2-bearer":
                self.defaults["authorization"] = f"Bearer {value}"
            case _:
                self.flags.add(option)

    def finish(self) -> Command:
        """Put together what the options leave open. Raises EmulatorError where there is no URL."""
        command = self.command
        if not command.url:
            raise EmulatorError("the curl command has no URL")
        command.url = command.url if "://" in command.url else f"http://{command.url}"
        sent = self.pieces and "get" not in self.flags
        body = b""
        for option, piece in self.pieces:
            body += piece if option == "json" or not body else b"&" + piece
        if sent:
            as_json = any(option == "json" for option, _ in self.pieces)
            kind = "application/json" if as_json else "application/x-www-form-urlencoded"
            self.defaults |= {"content-type": kind, **({"accept": kind} if as_json else {})}
            command.body = body
        elif self.pieces:
            command.url += ("&" if "?" in command.url else "?") + body.decode(errors="replace")
        headers = {"accept": "*/*", "user-agent": "curl/8", **self.defaults, **command.headers}
        command.headers = {name: value for name, value in headers.items() if value != _GONE}
        command.method = command.method or ("HEAD" if "head" in self.flags else "POST" if sent else "GET")
        return command

    def _header(self, value: str) -> None:
        if value.startswith("@"):
            for line in self._contents(value[1:]).decode(errors="replace").splitlines():
                if line.strip():
                    self._header(line)
            return
        name, colon, text = value.partition(":")
        key = name.strip().lower()
        if not colon:  # "Name;" is a header without a value
            key, text = key.removesuffix(";"), ""
        elif not text.strip():  # "Name:" takes away one that curl would send
            text = _GONE
        before = self.command.headers.get(key)
        self.command.headers[key] = text.strip() if before is None else f"{before}, {text.strip()}"

    def _piece(self, option: str, value: str) -> bytes:
        if option == "data-raw":
            return value.encode()
        if option == "data-urlencode":
            return self._encoded(value)
        if not value.startswith("@"):
            return value.encode()
        data = self._contents(value[1:])
        # curl takes line ends and null bytes out of a file, but not for these two: curl(1), 7.88.1 (package, 2023-02).
        return data if option in {"data-binary", "json"} else re.sub(rb"[\r\n\0]", b"", data)

    def _encoded(self, value: str) -> bytes:
        found = re.match("[=@]", value) or re.search("[=@]", value)
        if found is None:
            return quote_plus(value, safe="").encode()
        name, text = value[: found.start()], value[found.end() :].encode()
        data = quote_plus(self._contents(text.decode()) if found[0] == "@" else text, safe="")
        return f"{name}={data}".encode() if name else data.encode()

    def _contents(self, name: str) -> bytes:
        if self.file is None:
            raise EmulatorError(f"'@{name}' names a file, which only the command line reads; write its contents")
        return self.file(name)
