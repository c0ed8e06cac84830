"""Gemini generateContent: several candidates, likelihoods, searches, media and blocked prompts, without a server."""

import json
from typing import Any

import pytest

from emulator.protocols import gemini
from emulator.types import (
    Call,
    Completion,
    Embedding,
    Endpoint,
    Failure,
    Found,
    Frame,
    Logprob,
    Media,
    Part,
    Reasoning,
    Refusal,
    Request,
    Search,
    Stamp,
    Text,
    ToolCall,
    Turn,
    Usage,
)
from emulator.types.logprobs import logprobs

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
TURNS = (Turn("user", (Text("12345678"),)),)


def asking(count: int = 1, **options: Any) -> Request:
    return Request(Call("POST", "/"), Endpoint("p", gemini), {"generationConfig": options}, "m", TURNS, count=count)


def whole(done: Completion, request: Request | None = None) -> list[Any]:
    candidates: list[Any] = gemini.body(done, request or asking(), STAMP)["candidates"]
    return candidates


def frames(done: Completion, request: Request | None = None) -> list[Frame]:
    return list(gemini.frames(done, request or asking(), STAMP))


# ---------------------------------------------------------------- several candidates

SHORT = Completion((Text("one"),), "stop")
LONG = Completion((Reasoning("hm"), Text("two, too", (3, 5))), "length")
BOTH = Completion(SHORT.parts, SHORT.finish, others=(LONG,))


def test_each_candidate_says_its_own() -> None:
    said = [
        (candidate["index"], candidate["content"]["parts"][-1]["text"], candidate["finishReason"])
        for candidate in whole(BOTH, asking(3))
    ]
    assert [(0, "one", "STOP"), (1, "two, too", "MAX_TOKENS"), (2, "one", "STOP")] == said


def test_a_chunk_has_the_next_piece_of_every_candidate_that_goes_on() -> None:
    chunks = [
        [
            (candidate["index"], candidate["content"]["parts"][0]["text"], candidate.get("finishReason"))
            for candidate in frame.data["candidates"]
        ]
        for frame in frames(BOTH, asking(2))
    ]
    assert [
        [(0, "one", None), (1, "hm", None)],
        [(0, "", "STOP"), (1, "two", None)],
        [(1, ", ", None)],
        [(1, "too", None)],
        [(1, "", "MAX_TOKENS")],
    ] == chunks


def test_a_frame_says_the_text_of_the_first_candidate_and_is_a_beat_where_any_says_something() -> None:
    assert [("one", True), ("", True), ("", True), ("", True), ("", False)] == [
        (frame.text, frame.beat) for frame in frames(BOTH, asking(2))
    ]
    turned = Completion(LONG.parts, "length", others=(SHORT,))
    assert ["", "two", ", ", "too", ""] == [frame.text for frame in frames(turned, asking(2))]


def test_words_that_are_no_text_are_not_told_as_text() -> None:
    done = Completion((Reasoning("hm"), Refusal("no"), ToolCall("f", "{}"), Media("image", "AA")), "stop")
    assert [""] * 5 == [frame.text for frame in frames(done)]


def test_usage_adds_up_over_the_candidates() -> None:
    request = asking(2)
    usage = gemini.body(BOTH, request, STAMP)["usageMetadata"]
    assert (3, 1, 6) == (usage["candidatesTokenCount"], usage["thoughtsTokenCount"], usage["totalTokenCount"])
    counts = [frame.data["usageMetadata"] for frame in frames(BOTH, request)]
    assert usage == counts[-1]
    assert [4, 5, 6, 6, 6] == [count["totalTokenCount"] for count in counts]


def test_the_last_chunk_counts_what_the_scenario_counts() -> None:
    done = Completion(BOTH.parts, "stop", Usage(output=99), others=BOTH.others)
    counts = [frame.data["usageMetadata"]["totalTokenCount"] for frame in frames(done, asking(2))]
    assert [4, 5, 6, 7, 101] == counts


# ---------------------------------------------------------------- how likely tokens were

GIVEN = (
    Logprob("Hel", -0.5, (("Hel", -0.5), ("Jel", -1.5))),
    Logprob("lo", -0.25, (("lo", -0.25),)),
    Logprob("!", 0.0),
)
HELLO = Completion((Text("Hello!", (3,)),), "stop", logprobs=GIVEN)


def told(entries: list[Any]) -> list[Any]:
    return [(entry["token"], entry["logProbability"]) for entry in entries]


CHOSEN = [("Hel", -0.5), ("lo", -0.25), ("!", 0.0)]


@pytest.mark.parametrize("options", [{}, {"logprobs": 3}, {"responseLogprobs": False, "logprobs": 3}])
def test_who_does_not_ask_how_likely_tokens_were_is_not_told(options: Any) -> None:
    assert {"content", "finishReason", "index"} == set(whole(HELLO, asking(**options))[0])


def test_the_chosen_tokens_and_those_in_their_place_are_told_to_who_asks() -> None:
    [candidate] = whole(HELLO, asking(responseLogprobs=True, logprobs=2))
    assert -0.25 == candidate["avgLogprobs"]
    likely = candidate["logprobsResult"]
    assert CHOSEN == told(likely["chosenCandidates"])
    tops = [told(top["candidates"]) for top in likely["topCandidates"]]
    assert [[("Hel", -0.5), ("Jel", -1.5)], [("lo", -0.25)], []] == tops


def test_a_token_has_one_number_wherever_it_stands() -> None:
    likely = whole(HELLO, asking(responseLogprobs=True, logprobs=2))[0]["logprobsResult"]
    [hel, lo, mark], [[also_hel, jel], [also_lo], []] = (
        likely["chosenCandidates"],
        [top["candidates"] for top in likely["topCandidates"]],
    )
    assert (hel, lo) == (also_hel, also_lo)
    assert 4 == len({entry["tokenId"] for entry in (hel, lo, mark, jel)})


@pytest.mark.parametrize("options", [{"responseLogprobs": True}, {"response_logprobs": True, "logprobs": 0}])
def test_without_a_number_the_chosen_tokens_are_told_alone(options: Any) -> None:
    likely = whole(HELLO, asking(**options))[0]["logprobsResult"]
    assert ({"chosenCandidates"}, CHOSEN) == (set(likely), told(likely["chosenCandidates"]))


def test_a_chunk_tells_of_its_own_tokens_and_the_last_one_of_them_all() -> None:
    candidates = [frame.data["candidates"][0] for frame in frames(HELLO, asking(responseLogprobs=True))]
    likely = [told(candidate.get("logprobsResult", {}).get("chosenCandidates", [])) for candidate in candidates]
    assert [CHOSEN[:1], CHOSEN[1:], []] == likely
    assert [None, None, -0.25] == [candidate.get("avgLogprobs") for candidate in candidates]


def test_likelihoods_that_nobody_gives_are_made_of_each_candidates_own_text() -> None:
    made = whole(BOTH, asking(2, responseLogprobs=True, logprobs=2))
    for candidate, said in zip(made, (SHORT, LONG), strict=True):
        tokens = logprobs(said, STAMP, 2)
        chosen = candidate["logprobsResult"]["chosenCandidates"]
        assert [(token.token, token.logprob) for token in tokens] == told(chosen)
        assert [2] * len(tokens) == [len(top["candidates"]) for top in candidate["logprobsResult"]["topCandidates"]]


@pytest.mark.parametrize("parts", [(), (ToolCall("f", "{}"),), (Text(""), Refusal("no"))])
def test_without_a_text_there_is_nothing_to_tell(parts: tuple[Part, ...]) -> None:
    request = asking(responseLogprobs=True)
    [candidate] = whole(Completion(parts, "stop", logprobs=GIVEN), request)
    assert not {"avgLogprobs", "logprobsResult"} & set(candidate)
    assert "logprobs" not in json.dumps([frame.data for frame in frames(Completion(parts, "stop"), request)]).lower()


# ---------------------------------------------------------------- searches

SKY = Search(
    "sky & sea", (Found("https://e.org/sky", "The sky", "blue"), Found("https://e.org/sea", "The sea", "grey"))
)
SUN = Search("<sun>", (Found("https://e.org/sun", "The sun", "hot"),))
GROUNDED: tuple[Part, ...] = (Text("Ätna?"), SKY, Text("Blaß.", (2,)), SUN, Text("Heiß."))
METADATA = {
    "searchEntryPoint": {
        "renderedContent": '<div class="container">'
        '<a class="chip" href="https://www.google.com/search?q=sky+%26+sea">sky &amp; sea</a>'
        '<a class="chip" href="https://www.google.com/search?q=%3Csun%3E">&lt;sun&gt;</a></div>'
    },
    "groundingChunks": [
        {"web": {"uri": "https://e.org/sky", "title": "The sky"}},
        {"web": {"uri": "https://e.org/sea", "title": "The sea"}},
        {"web": {"uri": "https://e.org/sun", "title": "The sun"}},
    ],
    "groundingSupports": [
        {"segment": {"partIndex": 1, "endIndex": 6, "text": "Blaß."}, "groundingChunkIndices": [0, 1]},
        {"segment": {"partIndex": 2, "endIndex": 6, "text": "Heiß."}, "groundingChunkIndices": [2]},
    ],
    "webSearchQueries": ["sky & sea", "<sun>"],
}


def test_the_texts_after_a_search_stand_on_what_it_found() -> None:
    [candidate] = whole(Completion(GROUNDED, "stop"))
    assert METADATA == candidate["groundingMetadata"]
    for support in candidate["groundingMetadata"]["groundingSupports"]:
        segment = support["segment"]
        part = candidate["content"]["parts"][segment["partIndex"]]["text"].encode()
        assert segment["text"] == part[: segment["endIndex"]].decode()


def test_of_a_stream_the_last_chunk_tells_what_it_stands_on() -> None:
    metadata = [frame.data["candidates"][0].get("groundingMetadata") for frame in frames(Completion(GROUNDED, "stop"))]
    assert [None, None, None, None, METADATA] == metadata


def test_a_search_that_found_nothing_supports_nothing() -> None:
    [candidate] = whole(Completion((Search("q", ()), Text("a")), "stop"))
    assert {"searchEntryPoint", "webSearchQueries"} == set(candidate["groundingMetadata"])


@pytest.mark.parametrize(
    ("before", "place"),
    [
        ((), None),
        ((Text(""), ToolCall("f", "{")), None),
        ((Reasoning("hm"), Refusal("no"), ToolCall("f", "{}"), Media("image", "AA"), Embedding(3)), 4),
    ],
)
def test_a_segment_is_in_the_part_that_it_counts_from(before: tuple[Part, ...], place: int | None) -> None:
    [candidate] = whole(Completion((*before, SUN, Text("hot")), "stop"))
    [support] = candidate["groundingMetadata"]["groundingSupports"]
    assert place == support["segment"].get("partIndex")
    assert "hot" == candidate["content"]["parts"][place or 0]["text"]


# ---------------------------------------------------------------- media, free calls


@pytest.mark.parametrize(
    ("part", "written"),
    [
        (Media("image", "iVBO", "image/png"), {"inlineData": {"mimeType": "image/png", "data": "iVBO"}}),
        (Media("audio", "UklG", "audio/wav"), {"inlineData": {"mimeType": "audio/wav", "data": "UklG"}}),
    ],
)
def test_media_are_parts_of_their_own(part: Part, written: Any) -> None:
    done = Completion((Text("See:"), part), "stop")
    assert [{"text": "See:"}, written] == whole(done)[0]["content"]["parts"]
    assert [(True, {"text": "See:"}), (True, written), (False, {"text": ""})] == [
        (frame.beat, frame.data["candidates"][0]["content"]["parts"][0]) for frame in frames(done)
    ]


def test_of_an_answer_that_ends_with_a_picture_an_empty_text_is_signed_as_in_a_stream() -> None:
    done = Completion((Reasoning("hm"), Media("image", "iVBO", "image/png")), "stop")
    [candidate] = whole(done)
    [_, picture, signed] = candidate["content"]["parts"]
    assert ({"inlineData"}, "") == (set(picture), signed["text"])
    assert signed == frames(done)[-1].data["candidates"][0]["content"]["parts"][0]


def test_vectors_are_not_said() -> None:
    assert [{"text": "a"}] == whole(Completion((Embedding(3), Text("a")), "stop"))[0]["content"]["parts"]


@pytest.mark.parametrize("text", ["", "say {", '{"a": 1}'])
def test_a_free_call_has_its_text_for_a_field(text: str) -> None:
    [candidate] = whole(Completion((ToolCall("f", text, id="c", free=True),), "tool_calls"))
    call = candidate["content"]["parts"][0]["functionCall"]
    assert ({"name": "f", "args": {"input": text}, "id": "c"}, "STOP") == (call, candidate["finishReason"])


# ---------------------------------------------------------------- blocked prompts, errors


@pytest.mark.parametrize(
    ("reason", "feedback"),
    [
        ("PROHIBITED_CONTENT", {"blockReason": "PROHIBITED_CONTENT"}),
        (
            "SAFETY",
            {
                "blockReason": "SAFETY",
                "safetyRatings": [
                    {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}
                ],
            },
        ),
    ],
)
def test_a_blocked_prompt_has_no_candidates_and_a_reason(reason: str, feedback: Any) -> None:
    done = Completion((), "stop", Usage(input=9), model="other", blocked=reason)
    assert done is gemini.blocked(done)
    plain = gemini.body(Completion((), "stop", model="other"), asking(), STAMP)
    expected = {
        "promptFeedback": feedback,
        "usageMetadata": {
            "promptTokenCount": 9,
            "totalTokenCount": 9,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 9}],
        },
        "modelVersion": "other",
        "responseId": plain["responseId"],
    }
    assert expected == gemini.body(done, asking(2), STAMP)
    assert [Frame(expected)] == frames(done, asking(2))


def test_there_is_no_sign_of_life_but_a_comment() -> None:
    assert gemini.PING is None


def test_a_failed_template_is_an_error_of_the_server_in_its_own_words() -> None:
    page = gemini.failure(Failure("template_failed", "line 3: 'x' is undefined"), STAMP)
    assert (500, {"error": {"code": 500, "message": "line 3: 'x' is undefined", "status": "INTERNAL"}}) == (
        page.status,
        page.body,
    )
