"""The process that has the workers: it takes the port, starts them, and ends when one of them does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from msgspec.structs import replace

from emulator.scenario import Library
from emulator.server.app import App, Server
from emulator.server.listening import sockets
from emulator.server.log import Log
from emulator.server.run import cannot_listen, refuse_problems, told_to_stop, welcome
from emulator.server.settings import Settings
from emulator.server.workers.job import READY, Job
from emulator.server.workers.post import Numbers, box
from emulator.types import EmulatorError

__all__ = ["run"]

_MAIN: Final = "import sys; sys.path[:] = {!r}; from emulator.server.workers.worker import main; main()"
"""With the modules of this process, wherever those come from."""
_LEAVE_SECONDS: Final = 5.0
"""How long a worker may take to end before it is made to."""


async def run(settings: Settings, library: Library, log: Log, *, watches: bool, workers: int) -> None:
    """Serve with so many workers until SIGINT or SIGTERM. Raises EmulatorError with what prevents or ends that."""
    refuse_problems(library)
    stopped = told_to_stop()
    listening = await _listening(settings)
    numbers, boxes = Numbers.new(), [box() for _ in range(workers)]
    job = Job(
        me=0,
        settings=settings,
        log=log,
        source=library.source,
        watches=watches,
        listening=tuple(one.fileno() for one in listening),
        inbox=0,
        boxes=tuple(slot.fileno() for _, slot in boxes),
        numbers=numbers,
    )
    jobs = [replace(job, me=me, inbox=inbox.fileno()) for me, (inbox, _) in enumerate(boxes)]
    server = Server(App(settings, library, log), port=listening[0].getsockname()[1])
    async with _crew(jobs) as crew:
        if not await _listen(crew, stopped):
            return
        # What is dropped into the box of a worker that has gone must be lost, and not wait for it here.
        for one in (*listening, *(end for pair in boxes for end in pair)):
            one.close()
        os.close(numbers.taken_at)
        os.close(numbers.laid_at)
        log.doubts(library.warnings)
        print(welcome(server, workers), flush=True)  # noqa: T201 - what the command is for
        await _first(stopped.wait(), *(worker.wait() for worker in crew))
        gone = [(me, worker.returncode) for me, worker in enumerate(crew, 1) if worker.returncode is not None]
    if gone and not stopped.is_set():
        me, code = gone[0]
        raise EmulatorError(f"worker {me} has ended with {code}, and its sessions with it; the server ends")


async def _listen(crew: Sequence[Process], stopped: asyncio.Event) -> bool:
    """Whether all workers listen; False: the server is told to stop before. Raises EmulatorError."""
    for me, worker in enumerate(crew, 1):
        if worker.stdout is not None:
            said = await _first(worker.stdout.readline(), stopped.wait())
            if not stopped.is_set() and said != READY:
                raise EmulatorError(f"worker {me} did not start")
    return not stopped.is_set()


async def _first(*ways: Coroutine[Any, Any, object]) -> object:
    """What comes first."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    return done.pop().result()


@asynccontextmanager
async def _crew(jobs: Sequence[Job]) -> AsyncIterator[list[Process]]:
    """Workers; at the end they are told to stop."""
    crew: list[Process] = []
    try:
        for job in jobs:
            crew.append(await _start(job))  # noqa: PERF401 - those that have started end where the next one does not
        yield crew
    finally:
        await asyncio.gather(*map(_end, crew))


async def _start(job: Job) -> Process:
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _MAIN.format(sys.path),
        stdin=PIPE,
        stdout=PIPE,
        pass_fds=(*job.listening, job.inbox, *job.boxes, job.numbers.taken_at, job.numbers.laid_at),
        process_group=0,  # Ctrl-C comes to this process alone, which tells them
    )
    if worker.stdin is not None:
        worker.stdin.write(pickle.dumps(job))
    return worker


async def _end(worker: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        worker.terminate()
    try:
        async with asyncio.timeout(_LEAVE_SECONDS):
            await worker.wait()
    except TimeoutError:
        worker.kill()
        await worker.wait()


async def _listening(settings: Settings) -> list[socket.socket]:
    """The sockets of the port, which nobody listens at yet. Raises EmulatorError."""
    try:
        return await sockets(settings.host, settings.port)
    except OSError as error:
        raise cannot_listen(settings, error) from None
