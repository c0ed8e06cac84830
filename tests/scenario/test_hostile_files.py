"""Files made to hurt: each is refused, or read, in bounded time and with a plain sentence."""

import time

import pytest

from emulator.scenario import load_text
from tests.scenario.tables import NAMES

MIB = 1024 * 1024
SECONDS = 20.0
"""Far more than any of them takes on a slow machine, far less than what they would take unbounded."""
TOO_MUCH = "the aliases of this file stand for too much; at most for 100,000 values and 4,194,304 characters."
HEAD = "version: 1\nsteps: "

REFUSED = {
    "a bomb of aliases": (
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{key}: &{key} [{', '.join([f'*{last}'] * 10)}]\n"
            for last, key in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        f"s.yaml:5:36: e[7]: {TOO_MUCH}",
    ),
    "aliases of a long text": (
        f"{HEAD}\n- reply: {{text: &t '{'a ' * MIB}'}}\n" + "- reply: {text: *t}\n" * 3,
        f"s.yaml:6:17: steps[3].reply.text: {TOO_MUCH}",
    ),
    "an alias to itself": (
        "steps: &s\n  - *s\n",
        "s.yaml:2:5: steps[0]: the alias *s stands within what it stands for.",
    ),
    "a merge with itself": (
        "a: &a\n  <<: *a\n",
        "s.yaml:2:7: a['<<']: the alias *a stands within what it stands for.",
    ),
    "65 levels": (
        "[" * 65 + "]" * 65,
        f"s.yaml:1:65: {('[0]' * 64)[:79]}…: this is nested more than 64 levels deep.",
    ),
    "65 levels by an alias": (
        f"a: &a {'[' * 40}{']' * 40}\nb: {'[' * 30}*a{']' * 30}\n",
        f"s.yaml:2:34: {('b' + '[0]' * 30)[:79]}…: with the alias *a this is nested more than 64 levels deep.",
    ),
    "open brackets": ("[" * 100_000, f"s.yaml:1:65: {('[0]' * 64)[:79]}…: this is nested more than 64 levels deep."),
    "open braces": ("{a: " * 100_000, f"s.yaml:1:254: {('a.' * 64)[:79]}…: this is nested more than 64 levels deep."),
    "dashes": ("- " * 100_000, f"s.yaml:1:129: {('[0]' * 64)[:79]}…: this is nested more than 64 levels deep."),
    "question marks": ("? " * 100_000, None),
    "10 MB": ("a" * 10_000_000, "s.yaml:1:1: the file is larger than 4 MiB."),
    "one byte too many": (" " * (4 * MIB + 1), "s.yaml:1:1: the file is larger than 4 MiB."),
    "4 MiB of spaces": (" " * 4 * MIB, "s.yaml:1:1: the file is empty."),
    "4 MiB of quotes": ("'" * 4 * MIB, None),
    "4 MiB of backslashes": ("{" + "\\" * (4 * MIB - 1), None),
    "zeros": ("\0" * MIB, "s.yaml:1:1: the character U+0000 can't stand in YAML; is this a text file?"),
    "every byte": (bytes(range(256)), "s.yaml:3:115: the file is not UTF-8: byte 0x80 can't stand here."),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0", "s.yaml:1:1: the file is not UTF-8: byte 0x89 can't stand here."),
    "UTF-16": (HEAD.encode("utf-16"), "s.yaml:1:1: the file is UTF-16; save it as UTF-8."),
    "a million values": (
        f"{HEAD}[{'1,' * 1_000_000}]",
        "s.yaml:2:499999: steps[249995]: the file has more than 250,000 values.",
    ),
    "a great many wrong steps": (f"{HEAD}[{'{},' * 15_000}]", None),
    "a great many misspelt keys": (HEAD + "[" + ",".join(f"{{replx{n}: 1}}" for n in range(6_000)) + "]", None),
    "a great many keys": ("version: 1\n" + "".join(f"key{n}: 1\n" for n in range(15_000)), None),
    "one key again and again": ("a: 1\n" * 50_000, None),
    "a number of a million digits": (
        f"version: {'9' * MIB}",
        "s.yaml:1:10: version: this number has 1,048,576 digits; at most 400 are read.",
    ),
    "a hexadecimal number": (
        f"version: 0x{'f' * MIB}",
        "s.yaml:1:10: version: this number has 1,048,578 digits; at most 400 are read.",
    ),
    "a number beyond floats": (
        "version: 1e999999999",
        "s.yaml:1:10: version: '1e999999999' is not a number that JSON can write.",
    ),
    "a tag that runs code": (
        "!!python/object/apply:os.system ['true']",
        "s.yaml:1:1: the tag !!python/object/apply:os.system has no meaning here.",
    ),
    "a tag that makes an object": (
        "version: !!python/object/new:list [[1]]",
        "s.yaml:1:10: version: the tag !!python/object/new:list has no meaning here.",
    ),
    "documents": (
        "version: 1\n---\nversion: 1\n" * 1000,
        "s.yaml:2:1: a second document begins here; a file holds one.",
    ),
    "a regex of groups": (
        f"{HEAD}[{{when: {{user: {{regex: '{'(' * MIB}{')' * MIB}'}}}}, reply: {{text: a}}}}]",
        "s.yaml:2:31: steps[0].when.user.regex: as a regex this has 2,097,152 characters; at most 10,000 are matched.",
    ),
    "a regex of letters": (
        f"{HEAD}[{{when: {{user: {{regex: '{chr(92)}pL{{1000}}'}}}}, reply: {{text: a}}}}]",
        "s.yaml:2:31: steps[0].when.user.regex: RE2 refuses this pattern: pattern too large - compile failed.",
    ),
    "a million wildcards": (
        f"{HEAD}[{{when: {{user: '{'*a?' * (MIB // 8)}'}}, reply: {{text: a}}}}]",
        "s.yaml:2:23: steps[0].when.user: as a regex this has 524,292 characters; at most 10,000 are matched.",
    ),
    "a name of a megabyte": (f"{'n' * MIB}: 1", None),
}

PIECES = f"[{'a,' * 100_000}]"
READ = {
    "64 levels": f"{HEAD}[{{when: {{body: {{/a: {{equals: {'[' * 57}{']' * 57}}}}}}}, reply: {{text: a}}}}]",
    "a text of white space": f"{HEAD}[{{reply: {{text: '{' ' * 4_000_000}'}}}}]",
    "a text of line breaks": f'{HEAD}[{{reply: {{text: "{chr(92)}n{" " * 3_000_000}x", stream: {{chunk: word}}}}}}]',
    "a text of words": f"{HEAD}[{{reply: {{text: '{'a ' * 1_000_000}'}}}}]",
    "a text in characters": f"{HEAD}[{{reply: {{text: '{'a' * 2_000_000}', stream: {{chunk: char}}}}}}]",
    "a hundred thousand pieces": f"{HEAD}[{{reply: {{text: '{'a' * 100_000}', stream: {{chunk: {PIECES}}}}}}}]",
    "a great many alternatives": f"{HEAD}[{{when: {{user: {{any: [{'x*a?b*,' * 5000}]}}}}, reply: {{text: a}}}}]",
    "a great many aliases": f"{HEAD}\n- reply: &r {{text: a}}\n" + "- reply: *r\n" * 10_000,
}


def timed(data: str | bytes) -> tuple[list[str], int, float]:
    start = time.perf_counter()
    loaded = load_text(data if isinstance(data, bytes) else data.encode(), "s.yaml", NAMES)
    return [str(problem) for problem in loaded.problems], len(loaded.scenarios), time.perf_counter() - start


@pytest.mark.parametrize(("data", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_hostile_file_is_refused_soon_and_plainly(data: str | bytes, sentence: str | None) -> None:
    said, scenarios, seconds = timed(data)
    assert (0, True, True) == (scenarios, len(said) > 0, seconds < SECONDS)
    assert sentence is None or sentence in said
    assert [] == [line for line in said if len(line) > 1000]


@pytest.mark.parametrize("data", READ.values(), ids=READ)
def test_a_large_file_is_read_soon(data: str) -> None:
    said, scenarios, seconds = timed(data)
    assert ([], 1, True) == (said, scenarios, seconds < SECONDS)
