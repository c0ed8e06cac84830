"""What the released SDKs make of each fault: which exception, after which text. docs/faults.md is made of this."""

from collections.abc import Iterable

import pytest

from tests.faults import nodes, sdks
from tests.faults.conftest import Once, Servers
from tests.faults.table import (
    ARRIVED,
    ASKED_AGAIN,
    ENDS,
    STREAMED,
    TEXT,
    WHOLE,
    Case,
    Observed,
    compare,
    shown,
    table,
)


@pytest.fixture(scope="session")
def python(servers: Servers, once: Once) -> Observed:
    return once("python", lambda: sdks.everything((servers.quick, servers.slow), servers.of))


@pytest.fixture(scope="session")
def node(servers: Servers, once: Once) -> Observed:
    return once("node", lambda: nodes.everything(servers.of))


@pytest.fixture(params=["python", pytest.param("node", marks=pytest.mark.node)])
def observed(request: pytest.FixtureRequest) -> Observed:
    found: Observed = request.getfixturevalue(request.param)
    return found


def clients(observed: Observed) -> list[str]:
    return list(dict.fromkeys(name for name, _ in observed))


def short(client: str) -> str:
    """The client without its version."""
    return client.partition(" ")[0]


def ends(observed: Observed, case: Case) -> dict[str, str]:
    """How it ended for each client."""
    return {name: observed[name, case].end for name in clients(observed)}


# ---------------------------------------------------------------- what users see

ALL = dict.fromkeys(("split", "comment", "keep_alive"), TEXT)
DROPPED, TWICE = TEXT.replace("天", ""), TEXT.replace("天", "天天")
READ = {**dict.fromkeys(STREAMED, ARRIVED), **ALL, "drop": DROPPED, "duplicate": TWICE}
"""The text that is read of each stream."""
OTHERWISE = {
    # who reads another text: anthropic passes over events it does not know, google-genai stumbles over a comment
    ("garbage", "anthropic"): TEXT,
    ("garbage", "@anthropic-ai/sdk"): TEXT,
    ("comment", "google-genai"): ARRIVED,
}


@pytest.mark.parametrize("fault", STREAMED)
def test_the_text_that_went_out_before_a_fault_arrives(observed: Observed, fault: str) -> None:
    found = {name: observed[name, Case("streamed", fault)].text for name in clients(observed)}
    assert {name: OTHERWISE.get((fault, short(name)), READ[fault]) for name in found} == found


@pytest.mark.parametrize("fault", ["error", "reset", "close", "gate", "stall"])
def test_no_client_takes_a_stream_that_breaks_off_for_a_good_one(observed: Observed, fault: str) -> None:
    assert ENDS not in ends(observed, Case("streamed", fault)).values()


def test_a_stream_that_is_cut_short_cleanly_looks_well_to_all_but_one(observed: Observed) -> None:
    found = ends(observed, Case("streamed", "truncate"))
    assert {name: "ai.InvalidResponseDataError" if short(name) == "ai" else ENDS for name in found} == found


@pytest.mark.parametrize("fault", ["split", "duplicate", "drop", "keep_alive"])
def test_no_client_notices_what_is_still_well_formed(observed: Observed, fault: str) -> None:
    found = ends(observed, Case("streamed", fault))
    assert dict.fromkeys(found, ENDS) == found


def test_one_client_stumbles_over_a_comment(observed: Observed) -> None:
    found = ends(observed, Case("streamed", "comment"))
    stumbles = "genai.errors.UnknownApiResponseError"
    assert {name: stumbles if short(name) == "google-genai" else ENDS for name in found} == found


@pytest.mark.parametrize("fault", WHOLE)
def test_no_client_makes_an_answer_of_a_broken_reply(observed: Observed, fault: str) -> None:
    """One client takes an empty body for an answer without a text."""
    seen = {name: observed[name, Case("whole", fault)] for name in clients(observed)}
    assert {""} == {one.text for one in seen.values()}
    silent = {name for name, one in seen.items() if one.end == ENDS}
    assert silent == {name for name in seen if (fault, short(name)) == ("empty", "google-genai")}


@pytest.mark.parametrize("fault", ASKED_AGAIN)
def test_every_client_but_googles_asks_three_times(observed: Observed, fault: str) -> None:
    """But those that give up when their time is over."""
    found = {name: observed[name, Case("retried", fault)].asked for name in clients(observed)}
    once = {"google-genai", "@google/genai", *(["ai"] if fault == "hang" else [])}
    assert {name: 1 if short(name) in once else 3 for name in found} == found


def test_a_client_that_is_told_not_to_asks_once(observed: Observed) -> None:
    assert {1} == {seen.asked for (_, case), seen in observed.items() if case.kind != "retried"}


# ---------------------------------------------------------------- the page


def rows(observed: Observed, kind: str, faults: Iterable[str]) -> str:
    names = clients(observed)
    return table(
        ("fault", *names),
        ((f"`{fault}`", *(shown(observed[name, Case(kind, fault)]) for name in names)) for fault in faults),
    )


def asks(observed: Observed) -> str:
    names = clients(observed)
    found = {fault: [observed[name, Case("retried", fault)] for name in names] for fault in ASKED_AGAIN}
    return table(
        ("fault", *names),
        ((f"`{fault}`", *(f"{one.asked}, {shown(one)}" for one in seen)) for fault, seen in found.items()),
    )


def test_the_page_says_what_the_python_clients_see(python: Observed, request: pytest.FixtureRequest) -> None:
    compare("python", rows(python, "streamed", STREAMED), request)
    compare("python whole", rows(python, "whole", WHOLE), request)
    compare("python asks", asks(python), request)


@pytest.mark.node
def test_the_page_says_what_the_node_clients_see(node: Observed, request: pytest.FixtureRequest) -> None:
    compare("node", rows(node, "streamed", STREAMED), request)
    compare("node whole", rows(node, "whole", WHOLE), request)
    compare("node asks", asks(node), request)
