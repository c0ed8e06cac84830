"""One worker: a process with some of the sessions."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import pickle
import socket
import sys
from functools import partial

from aiohttp import web

from emulator.scenario import Library
from emulator.server import loop
from emulator.server.app import LEAVE_SECONDS, App
from emulator.server.listening import listen_at
from emulator.server.run import told_to_stop, watch
from emulator.server.workers.desk import Desk, Guests
from emulator.server.workers.fellows import Fellows, reply
from emulator.server.workers.job import READY, Job
from emulator.server.workers.post import Post

__all__ = ["main"]


def main() -> None:
    """Do the job that comes over stdin, until that ends or a signal comes."""
    job: Job = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that has started this one
    loop.run(_work(job))
    gc.freeze()  # as `serve` ends


async def _work(job: Job) -> None:
    stopped = told_to_stop()
    # The pipe ends when the process at its other end does, in whatever way: nobody is left behind.
    asyncio.get_running_loop().add_reader(sys.stdin, stopped.set)
    post = Post(_socket(job.inbox), tuple(_socket(box) for box in job.boxes))
    fellows = Fellows(job.me, post, job.numbers)
    library = Library(*job.source)
    app = App(job.settings, library, job.log, fellows)
    guests = Guests(app, Desk(app, fellows, post).handle)
    runner = web.ServerRunner(guests, shutdown_timeout=LEAVE_SECONDS)
    await runner.setup()
    post.deliver(partial(reply, app.control), guests.adopt)
    for descriptor in job.listening:
        await listen_at(runner, _socket(descriptor))
    with contextlib.suppress(BrokenPipeError):  # nobody waits any more
        os.write(sys.stdout.fileno(), READY)
    # All of them see the same files: one tells of them.
    watching = asyncio.create_task(watch(library, job.log if job.me == 0 else None)) if job.watches else None
    await stopped.wait()
    asyncio.get_running_loop().remove_reader(sys.stdin)
    if watching is not None:
        watching.cancel()
    app.stopping = True
    app.control.stop()
    await runner.cleanup()


def _socket(descriptor: int) -> socket.socket:
    inherited = socket.socket(fileno=descriptor)
    inherited.settimeout(0)
    return inherited
