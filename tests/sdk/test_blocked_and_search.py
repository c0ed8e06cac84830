"""What services add to an answer, as the released `anthropic` and `google-genai` packages read it over a socket.

Searches and their citations, several candidates, how likely tokens were, and prompts that are blocked.
"""

import base64
from typing import Any

import anthropic
import pytest
from google import genai
from google.genai import types

from emulator import Session

ANSWERS = """
version: 1
steps:
  - when: {user: search}
    reply:
      content:
        - text: Let me look.
        - web_search:
            query: sky & sea
            results:
              - {url: "https://e.org/sky", title: The sky, text: The sky is blue.}
              - {url: "https://e.org/sea", title: The sea, text: The sea is grey.}
        - text: Blau, wie schön!
  - when: {user: several}
    reply:
      choices:
        - {text: One.}
        - {reasoning: Hm., text: "Two, and more of it.", finish: length}
      logprobs: [{token: One, logprob: -0.5, top: [[One, -0.5], [Two, -2]]}, {token: ".", logprob: -0.25}]
  - when: {user: blocked}
    reply: {blocked: SAFETY}
"""


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own settings must not steer the client."""
    for name in ("API_KEY", "AUTH_TOKEN", "BASE_URL", "CUSTOM_HEADERS", "LOG", "PROFILE", "WORKSPACE_ID"):
        monkeypatch.delenv(f"ANTHROPIC_{name}", raising=False)


@pytest.fixture
def emulator(emulator: Session) -> Session:
    """The test's own session, with the answers above."""
    emulator.load(ANSWERS)
    return emulator


@pytest.fixture
def claude(emulator: Session) -> anthropic.Anthropic:
    # Strict validation makes the client refuse what its own types do not allow.
    return anthropic.Anthropic(**emulator.plain.anthropic, max_retries=0, _strict_response_validation=True)


@pytest.fixture
def gemini(emulator: Session) -> genai.Client:
    return genai.Client(**emulator.plain.gemini)


def asked(user: str) -> Any:
    return {"model": "m", "max_tokens": 99, "messages": [{"role": "user", "content": user}]}


def message(client: anthropic.Anthropic, user: str, *, stream: bool, beta: bool = False) -> Any:
    resource: Any = client.beta.messages if beta else client.messages
    if not stream:
        return resource.create(**asked(user))
    with resource.stream(**asked(user)) as events:
        return events.get_final_message()


def answers(client: genai.Client, user: str, *, stream: bool, **options: Any) -> list[types.GenerateContentResponse]:
    """The whole answer, or the chunks of a stream."""
    arguments: Any = {"model": "m", "contents": user, "config": types.GenerateContentConfig(**options)}
    if stream:
        return list(client.models.generate_content_stream(**arguments))
    return [client.models.generate_content(**arguments)]


# ---------------------------------------------------------------- searches


@pytest.mark.parametrize("beta", [False, True])
@pytest.mark.parametrize("stream", [False, True])
def test_anthropic_reads_a_search_its_results_and_the_citations_of_the_text(
    claude: anthropic.Anthropic, stream: bool, beta: bool
) -> None:
    done = message(claude, "search", stream=stream, beta=beta)
    before, use, results, after = done.content
    assert ("Let me look.", None) == (before.text, before.citations)
    assert ("server_tool_use", "web_search", {"query": "sky & sea"}) == (use.type, use.name, use.input)
    assert use.id == results.tool_use_id
    assert [("https://e.org/sky", "The sky", None), ("https://e.org/sea", "The sea", None)] == [
        (result.url, result.title, result.page_age) for result in results.content
    ]
    assert all(base64.b64decode(result.encrypted_content, validate=True) for result in results.content)
    assert "Blau, wie schön!" == after.text
    assert [
        ("https://e.org/sky", "The sky", "The sky is blue."),
        ("https://e.org/sea", "The sea", "The sea is grey."),
    ] == [(citation.url, citation.title, citation.cited_text) for citation in after.citations]
    assert ("end_turn", 1) == (done.stop_reason, done.usage.server_tool_use.web_search_requests)


def test_anthropics_helper_tells_of_each_citation_before_the_text(claude: anthropic.Anthropic) -> None:
    with claude.messages.stream(**asked("search")) as events:
        kinds = [event.type for event in events]
    first = kinds.index("citation")
    assert ["citation", "citation"] == [kind for kind in kinds[first:] if kind == "citation"]
    assert "text" in kinds[first:]


def test_an_answer_with_a_search_can_be_sent_back(emulator: Session, claude: anthropic.Anthropic) -> None:
    said = message(claude, "search", stream=True)
    turns: Any = [*asked("search")["messages"], {"role": "assistant", "content": said.content}]
    done = claude.messages.create(model="m", max_tokens=9, messages=[*turns, {"role": "user", "content": "several"}])
    assert "One." == done.content[0].text  # type: ignore[union-attr]
    assert ["hit", "hit"] == [entry.outcome for entry in emulator.requests]


@pytest.mark.parametrize("stream", [False, True])
def test_google_reads_what_an_answer_stands_on(gemini: genai.Client, stream: bool) -> None:
    *before, last = answers(gemini, "search", stream=stream)
    assert "Let me look.Blau, wie schön!" == "".join(answer.text or "" for answer in [*before, last])
    assert [None] * len(before) == [(answer.candidates or [])[0].grounding_metadata for answer in before]
    metadata = (last.candidates or [])[0].grounding_metadata
    assert metadata is not None
    assert ["sky & sea"] == metadata.web_search_queries
    assert [("https://e.org/sky", "The sky"), ("https://e.org/sea", "The sea")] == [
        (chunk.web.uri, chunk.web.title) for chunk in metadata.grounding_chunks or [] if chunk.web
    ]
    [support] = metadata.grounding_supports or []
    segment = support.segment
    assert segment is not None
    assert ([0, 1], 1, 17, "Blau, wie schön!") == (
        support.grounding_chunk_indices,
        segment.part_index,
        segment.end_index,
        segment.text,
    )
    assert metadata.search_entry_point is not None
    assert "sky &amp; sea" in (metadata.search_entry_point.rendered_content or "")


# ---------------------------------------------------------------- several candidates


@pytest.mark.parametrize("stream", [False, True])
def test_google_reads_candidates_that_say_different_things(gemini: genai.Client, stream: bool) -> None:
    said: dict[int, list[str]] = {}
    ends: dict[int, Any] = {}
    chunks = answers(gemini, "several", stream=stream, candidate_count=2)
    for candidate in [candidate for chunk in chunks for candidate in chunk.candidates or []]:
        number = candidate.index or 0
        parts = (candidate.content.parts if candidate.content else None) or []
        said.setdefault(number, []).extend(part.text or "" for part in parts if not part.thought)
        if candidate.finish_reason:
            ends[number] = candidate.finish_reason
    assert {0: "One.", 1: "Two, and more of it."} == {number: "".join(texts) for number, texts in said.items()}
    assert {0: types.FinishReason.STOP, 1: types.FinishReason.MAX_TOKENS} == ends


def test_google_reads_the_same_usage_of_a_stream(gemini: genai.Client) -> None:
    [whole] = answers(gemini, "several", stream=False, candidate_count=2)
    *_, last = answers(gemini, "several", stream=True, candidate_count=2)
    assert whole.usage_metadata == last.usage_metadata


@pytest.mark.parametrize("stream", [False, True])
def test_google_reads_how_likely_the_tokens_were(gemini: genai.Client, stream: bool) -> None:
    chunks = answers(gemini, "several", stream=stream, response_logprobs=True, logprobs=2)
    results = [(chunk.candidates or [])[0].logprobs_result for chunk in chunks]
    chosen = [token for result in results if result for token in result.chosen_candidates or []]
    assert [("One", -0.5), (".", -0.25)] == [(token.token, token.log_probability) for token in chosen]
    tops = [top.candidates or [] for result in results if result for top in result.top_candidates or []]
    assert [["One", "Two"], []] == [[token.token for token in top] for top in tops]
    assert -0.375 == (chunks[-1].candidates or [])[0].avg_logprobs


# ---------------------------------------------------------------- blocked prompts


@pytest.mark.parametrize("stream", [False, True])
def test_google_reads_why_a_prompt_is_blocked(gemini: genai.Client, stream: bool) -> None:
    [answer] = answers(gemini, "blocked", stream=stream)
    assert not answer.candidates
    assert answer.text is None
    feedback, usage = answer.prompt_feedback, answer.usage_metadata
    assert feedback is not None
    assert usage is not None
    assert types.BlockedReason.SAFETY == feedback.block_reason
    assert [True] == [rating.blocked for rating in feedback.safety_ratings or []]
    assert (2, 2, None) == (usage.prompt_token_count, usage.total_token_count, usage.candidates_token_count)


@pytest.mark.parametrize("stream", [False, True])
def test_anthropic_raises_where_a_prompt_is_blocked(claude: anthropic.Anthropic, stream: bool) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        message(claude, "blocked", stream=stream)
    body: Any = caught.value.body
    assert ("invalid_request_error", "Output blocked by content filtering policy") == (
        body["error"]["type"],
        body["error"]["message"],
    )
