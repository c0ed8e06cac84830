"""Everything that draws, makes or counts something, asked in every protocol. Run by itself it prints what came back."""

import json
import sys
from pathlib import Path

from tests.live import Live, Thread, library_of
from tests.snippets import ROUTES, exchanged

__all__ = ["told"]

SCENARIO = """
version: 1
name: everything
vars: {unit: °C}
models: [one, two]
chaos:
  - {error: overloaded, chance: 10%}
  - {error: rate_limited, chance: 10%, seed: 7, retry_after: 2s, message: "{{ random.integer(1, 1000) }}"}
defaults:
  stream: {first_token: 300ms, rate: 40/s, jitter: 20%, keep_alive: 100ms}
steps:
  - {name: vectors, when: {protocol: embeddings}, reply: {embeddings: {dimensions: 16}}}
  - {name: pictures, when: {protocol: images}, reply: {images: generated}}
  - {name: sounds, when: {protocol: audio}, reply: {audio: generated}}
  - {name: shaped, when: {has: schema}, reply: {from_schema: true}}
  - {name: forced, when: {tool_choice: get_current_weather}, reply: {from_schema: true}}
  - name: many
    when: {body: {/n: 3}}
    reply: {choices: [{text: "One of {{ random.integer(1, 9) }}."}, {text: Another.}], logprobs: auto}
  - name: odd
    when: {call: {any: [2, 5, 8, 11, 14]}}
    reply:
      reasoning: "{{ random.choice(['Hm', 'Well']) }}"
      text: "{{ random.integer(1, 1000000) }} {{ state.seen if call > 2 else '' }} {{ random.hex(8) }} {{ now }}"
      tool_calls: [{name: get_current_weather, arguments: {location: Bern}}]
      set: {seen: "{{ call }}"}
  - name: rest
    replies:
      - {error: server_error, chance: 20%, retry_after: 1s}
      - {text: one two three, chance: 20%, stream: {at: [{chunk: 1, stall: 1s}, {chunk: 2, error: timeout}]}}
      - {text: one two three, chance: 20%, stream: {at: [{chunk: 1, split: 9}, {chunk: 2, close: true}]}}
      - {text: one two three, chance: 20%, fault: {truncate: 50%}}
      - {text: "{{ random.number() }} {{ vars.unit }}", set: {seen: "{{ random.number() }}"}}
"""


LIMITED = """
version: 1
limits: {requests_per_minute: 40, tokens_per_minute: 500}
steps: [{reply: {text: "{{ now }}"}}]
"""


def told(live: Live, rounds: int = 3) -> list[str]:
    """What each request is answered, bytes for bytes, in rounds."""
    answers = []
    for _ in range(rounds):
        for route in ROUTES:
            data, end = exchanged(live, route)
            answers.append(f"{route[0]}: {end} {data!r}")
    models = live.send("GET", "/plain/v1/models")
    return [*answers, f"models: {models.status} {models.headers} {models.body!r}"]


def main(folder: Path) -> None:
    """Print all of it as JSON."""
    thread = Thread()
    answers = []
    # Quotas go by the manual clock: on the others a slow run is told of less time that is left than a fast one.
    for name, text, options in (("everything", SCENARIO, {}), ("limited", LIMITED, {"clock": "manual"})):
        file = folder / f"{name}.yaml"
        file.write_text(text, encoding="utf-8")
        live = thread.start(library_of(file), **options)
        live.key = "the-key-of-both"
        answers += told(live)
        live.run(live.server.stop())
    thread.close()
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
