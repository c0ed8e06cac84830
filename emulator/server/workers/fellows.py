"""The workers of a server, as one of them sees them: where a session is at home, and what the others say."""

from __future__ import annotations

import asyncio
import hashlib
import pickle
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, Final, TypeAlias

from emulator.server.control import Control
from emulator.server.control.question import Question, Refused
from emulator.server.control.route import Route
from emulator.server.workers import merging
from emulator.server.workers.post import Numbers, Post
from emulator.types import Json

__all__ = ["STREAM", "Fellows", "home", "reply"]

STREAM: Final = "/_emulator/journal/stream"
"""Goes on over its connection, which is where its session is at home."""
_Key: TypeAlias = tuple[str, str]
_MERGED: Final[Mapping[_Key, Callable[[Sequence[Any]], Any]]] = {
    ("GET", "/_emulator/health"): merging.health,
    ("GET", "/_emulator/journal"): merging.journal,
    ("GET", "/_emulator/metrics"): merging.metrics,
}
"""What all of them are asked for."""
_EVERYWHERE: Final = {("PUT", "/_emulator/scenarios/{name}"), ("DELETE", "/_emulator/scenarios/{name}")}
"""What is done in all of them."""
_OF_ONE: Final = {("GET", STREAM), ("POST", "/_emulator/verify")}
"""What is only said of one session, where there are several workers."""
_MADE: Final = ("POST", "/_emulator/sessions")
_EXPLAINED: Final = ("POST", "/_emulator/explain")


@lru_cache(maxsize=1024)
def home(session: str, workers: int) -> int:
    """Which of so many workers a session is at home in: the same for ever, and in every process."""
    digest = hashlib.blake2b(session.encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(digest) % workers


class Fellows:
    """The workers of a server."""

    def __init__(self, me: int, post: Post, numbers: Numbers) -> None:
        self.me = me
        """Which of them this is, from 0."""
        self.number = numbers.draw
        """Gives the number of the next exchange, over all of them."""
        self._all = range(len(post.boxes))
        self._post = post
        self._turns = count(me)
        """Whose turn it is to make a session."""
        self._order = asyncio.Lock()

    def home(self, session: str) -> int:
        """Which worker a session is at home in."""
        return home(session, len(self._all))

    def is_home(self, session: str) -> bool:
        """Whether a session is at home here."""
        return self.home(session) == self.me

    async def answer(
        self, route: Route, names: Mapping[str, str], question: Question, here: Callable[[], Json]
    ) -> Json:
        """Answer the control API, for all of them. Raises Refused."""
        key = route.method, route.path
        letter = key, names, question
        session = names.get("session") or question.query.get("session")
        if session is None and key == _EXPLAINED:
            from emulator.server.control.forms import Explain  # noqa: PLC0415 - as the table, loaded when asked

            session = question.form(Explain).session
        if session is not None and route.path != STREAM:
            return await self._at(self.home(session), letter, here)
        if merge := _MERGED.get(key):
            return merge(await asyncio.gather(*(self._at(worker, letter, here) for worker in self._all)))
        if key == _MADE:
            return await self._at(next(self._turns) % len(self._all), letter, here)
        if key in _EVERYWHERE:
            return await self._everywhere(letter, here)
        if session is None and key in _OF_ONE:
            detail = "there are several workers, each with some of the sessions: add ?session= with the id of one"
            raise Refused(400, "which session?", detail)
        return here()

    async def _at(self, worker: int, letter: Any, here: Callable[[], Json], *, alone: bool = True) -> Json:
        """What one worker says, which passes it on to nobody where it is alone. Raises Refused."""
        if worker == self.me:
            return here()
        try:
            answer = await self._post.ask(worker, pickle.dumps((letter, alone)))
        except OSError:
            answer = b""
        if not answer:
            raise Refused(503, "a worker has gone", "the server is about to end")
        good, said = pickle.loads(answer)  # noqa: S301 - from a worker: nobody else has its pair
        if good:
            return said
        document, headers = said
        problems = document.get("problems", ())
        raise Refused(document["status"], document["title"], document["detail"], problems, headers=headers)

    async def _everywhere(self, letter: Any, here: Callable[[], Json]) -> Json:
        """Do something in every worker, in the same order in each: the first one sees to that."""
        if self.me != self._all[0]:
            return await self._at(self._all[0], letter, here, alone=False)
        # Whoever asks may leave meanwhile: what has begun is done in all.
        return await asyncio.shield(self._one_after_the_other(letter, here))

    async def _one_after_the_other(self, letter: Any, here: Callable[[], Json]) -> Json:
        async with self._order:
            said = here()
            for worker in self._all[1:]:
                await self._at(worker, letter, here)
            return said


async def reply(control: Control, letter: bytes) -> bytes:
    """Answer a question that has come to another worker."""
    from emulator.server.control.table import ROUTES  # noqa: PLC0415 - takes time to load, and many get no question

    (key, names, question), alone = pickle.loads(letter)  # noqa: S301 - as above
    say = control.said_here if alone else control.said
    try:
        route = next(route for route in ROUTES if (route.method, route.path) == key)
        said = say(route, names, question)
        answer = True, said if alone else await said
    except Refused as refused:
        answer = False, (refused.document, refused.headers)
    return pickle.dumps(answer)
