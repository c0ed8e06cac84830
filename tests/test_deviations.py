"""docs/deviations.md says how much is known and what is refused, as the tables have it (`pytest --golden-update`)."""

import inspect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

import pytest

from emulator.protocols import PROTOCOLS, chat, gemini, messages, responses
from emulator.protocols.media import answering
from emulator.providers import PROVIDERS
from emulator.providers.cloudbase import errors as cloudbase
from emulator.providers.cloudsway import errors as cloudsway
from emulator.providers.enveloped import errors as enveloped
from emulator.types import Origin, Rule
from tests.asking import CELLS
from tests.live import ROOT

PAGE = ROOT / "docs" / "deviations.md"
ORIGINS = get_args(Origin)

MEDIA = {
    "cloudbase": ("images",),
    "cloudsway": ("embeddings", "images", "audio"),
    "enveloped": (),
    "plain": ("embeddings", "images", "audio"),
}
SERVED = [
    *(cell for cell, paths in CELLS.items() if paths),
    *((provider, protocol) for provider, protocols in MEDIA.items() for protocol in protocols),
]

# Where a table has no origin of its own for a row, what its heading says of the statuses.
ERRORS: list[tuple[str, str, Mapping[str, Any], Origin]] = [
    ("cloudbase", "all", cloudbase.ERRORS, "inferred"),
    ("cloudsway", "all", cloudsway.ERRORS, "inferred"),
    ("enveloped", "all", enveloped.ERRORS, "inferred"),
    ("plain", "chat", chat.ERRORS, "package"),
    ("plain", "responses", responses.ERRORS, "package"),
    ("plain", "messages", messages.ERRORS, "inferred"),
    ("plain", "gemini", gemini.ERRORS, "inferred"),
    ("plain", "media", answering.ERRORS, "package"),
]
OURS = {"no_step", "template_failed"}


# ---------------------------------------------------------------- how much is known


def facts() -> Iterator[tuple[str, str, str, Counter[str]]]:
    """Provider, protocol, kind of fact, and how many there are of each origin."""
    for provider, protocol in SERVED:
        rules = PROVIDERS[provider]().rules(PROTOCOLS[protocol])
        yield provider, protocol, "rules", Counter(rule.origin for rule in rules)
    for provider, protocol, table, otherwise in ERRORS:
        origins = (getattr(row, "origin", otherwise) for name, row in table.items() if name not in OURS)
        yield provider, protocol, "errors", Counter(origin for origin in origins if origin != "emulator")
    for folder in sorted((ROOT / "tests" / "golden").iterdir()):
        provider, _, protocol = folder.name.partition("-")
        heads = [golden.read_text(encoding="utf-8").partition("\n")[0] for golden in sorted(folder.glob("*.http"))]
        yield provider, protocol, "goldens", Counter(origin_of(head) for head in heads if "emulator's own" not in head)


def origin_of(head: str) -> str:
    """The first word after the mark."""
    return head.removeprefix("# origin: ").split()[0].removesuffix(":")


def known() -> str:
    rows = sorted(facts(), key=lambda fact: (fact[0], fact[2], fact[1]))
    total: Counter[str] = Counter()
    lines = [f"| Provider | Protocol | Facts | {' | '.join(ORIGINS)} |", f"|{' --- |' * (3 + len(ORIGINS))}"]
    for provider, protocol, kind, counted in rows:
        total += counted
        lines.append(f"| {provider} | {protocol} | {kind} | {' | '.join(str(counted[name]) for name in ORIGINS)} |")
    lines.append(f"| all | all | all | {' | '.join(str(total[name]) for name in ORIGINS)} |")
    return "\n".join(lines)


# ---------------------------------------------------------------- what is refused


def refused() -> str:
    sections = [home(name) for name, protocol in PROTOCOLS.items() if protocol.RULES]
    sections += [elsewhere(provider, protocol) for provider, protocol in SERVED]
    return "\n\n".join(section for section in sections if section)


def home(name: str) -> str:
    """Every rule of a protocol, one a line."""
    lines = [f"### {name} at home", "", "| Rule | What is refused | Origin | Source |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *map(line, PROTOCOLS[name].RULES)])


def elsewhere(provider: str, protocol: str) -> str:
    """What a provider has otherwise than its protocol's home: its own rules, and how the others are known."""
    at_home = PROTOCOLS[protocol].RULES
    names = {rule.name for rule in at_home}
    rules = PROVIDERS[provider]().rules(PROTOCOLS[protocol])
    if rules == at_home:
        return ""
    own = [rule for rule in rules if rule.name not in names]
    left_out = sorted(names - {rule.name for rule in rules})
    lines = [f"### {protocol} of {provider}", ""]
    if own:
        lines += ["| Rule | What is refused | Origin | Source |", "| --- | --- | --- | --- |", *map(line, own), ""]
    taken = [rule for rule in rules if rule.name in names and rule not in at_home]
    if taken:
        lines += ["| Rules of the protocol's home | Refused, or only noted | Origin | Source |"]
        lines += ["| --- | --- | --- | --- |", *grouped(taken), ""]
    if left_out:
        lines += [f"Not asked: {', '.join(left_out)}."]
    return "\n".join(lines).rstrip()


def line(rule: Rule) -> str:
    what = (inspect.getdoc(rule.check.look) or "as its name says").splitlines()[0].removesuffix(".")
    noted = "" if rule.refused else " (noted, not refused)"
    return f"| `{rule.name}` | {cell(what)}{noted} | {rule.origin} | {cell(rule.source)} |"


def grouped(rules: Iterable[Rule]) -> Iterator[str]:
    """Rules that are known alike are one line."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for rule in rules:
        known = ("refused" if rule.refused else "noted", rule.origin, rule.source)
        alike.setdefault(known, []).append(f"`{rule.name}`")
    for (mode, origin, source), names in alike.items():
        yield f"| {', '.join(names)} | {mode} | {origin} | {cell(source)} |"


def cell(text: str) -> str:
    """A text as a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


# ---------------------------------------------------------------- the page

GENERATED = {"known": known, "refused": refused}


def page(text: str) -> str:
    """The page with its generated parts as they are to be."""
    for name, write in GENERATED.items():
        start, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->\n"
        before, _, rest = text.partition(start)
        assert rest, f"docs/deviations.md has lost its mark {start!r}"
        text = f"{before}{start}\n{write()}\n\n{end}{rest.partition(end)[2]}"
    return text


def test_the_page_says_what_the_tables_say(request: pytest.FixtureRequest) -> None:
    expected = page(PAGE.read_text(encoding="utf-8"))
    if request.config.getoption("--golden-update"):
        PAGE.write_text(expected, encoding="utf-8")
    assert expected == PAGE.read_text(encoding="utf-8")


def test_every_origin_is_a_word_of_the_page() -> None:
    counted = sum((fact[3] for fact in facts()), Counter[str]())
    assert set(ORIGINS) >= set(counted)
    heading = PAGE.read_text(encoding="utf-8").partition("\n## ")[0]
    assert [] == [name for name in ORIGINS if name not in heading]


@pytest.mark.parametrize(("provider", "protocol"), SERVED)
def test_every_rule_has_a_name_of_its_own_and_a_dated_source(provider: str, protocol: str) -> None:
    rules = PROVIDERS[provider]().rules(PROTOCOLS[protocol])
    assert len(rules) == len({rule.name for rule in rules})
    assert [] == [rule.name for rule in rules if not rule.source]


@pytest.mark.parametrize("protocol", ["messages", "gemini"])
def test_what_is_known_of_a_service_says_when_it_was_read(protocol: str) -> None:
    known = [rule for rule in PROVIDERS["plain"]().rules(PROTOCOLS[protocol]) if rule.origin != "inferred"]
    assert [] == [rule.name for rule in known if "2026-11-20" not in rule.source]
