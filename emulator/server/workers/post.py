"""How workers reach each other: over pairs of sockets that nobody else has, so that nobody else is listened to."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from msgspec import Struct, field

__all__ = ["Numbers", "Post", "Reader", "Taker", "box"]

Reader: TypeAlias = Callable[[bytes], Awaitable[bytes]]
"""Reads a letter, and gives the reply."""
Taker: TypeAlias = Callable[[int, bytes], Awaitable[None]]
"""Takes a connection over, by its file descriptor, with what has been read of it."""

_WHOLE: Final = b"w"
_BY_STREAM: Final = b"s"
"""How a message begins: what there is to say follows, or comes over the stream whose end is enclosed."""
_MOST: Final = 64 * 1024
"""How long a message is at most."""
_FULL: Final = (errno.EAGAIN, errno.ENOBUFS)
"""How Linux and macOS say that a box is full."""
_BREATH: Final = 0.001
"""Seconds in which a worker comes to its box, where that is full."""
_WIDTH: Final = 8


def box() -> tuple[socket.socket, socket.socket]:
    """A worker's box: where it takes messages out, and where all drop them in. Each stays in one piece."""
    inside, slot = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    slot.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * _MOST)
    return inside, slot


class Post(Struct):
    """The post of one worker."""

    inbox: socket.socket
    boxes: tuple[socket.socket, ...]
    """Where messages to each worker are dropped, to this one too."""
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def ask(self, to: int, letter: bytes) -> bytes:
        """The reply to a letter. Raises OSError where that worker has gone."""
        return await self._stream(to, letter)

    async def give(self, to: int, connection: int, read: bytes) -> None:
        """Give a connection away, with what has been read of it. Raises OSError where that worker has gone."""
        if len(read) < _MOST:
            await self._drop(to, _WHOLE + read, connection)
        else:
            await self._stream(to, read, connection)

    def deliver(self, read: Reader, take: Taker) -> None:
        """Have letters read and connections taken as they come, several at a time."""
        loop = asyncio.get_running_loop()

        def collect() -> None:
            message, enclosed, _, _ = socket.recv_fds(self.inbox, _MOST, 2)
            match message[:1], enclosed:
                case b"w", [connection]:
                    todo = take(connection, message[1:])
                case b"s", [stream]:
                    todo = _answer(stream, read)
                case b"s", [stream, connection]:
                    todo = _answer(stream, lambda letter: _taken(take, connection, letter))
                case _:  # there are no more file descriptors to be had
                    return
            task = asyncio.ensure_future(todo, loop=loop)
            self._open.add(task)
            task.add_done_callback(self._open.discard)

        loop.add_reader(self.inbox.fileno(), collect)

    async def _stream(self, to: int, letter: bytes, *enclosed: int) -> bytes:
        mine, theirs = socket.socketpair()
        with theirs:
            await self._drop(to, _BY_STREAM, theirs.fileno(), *enclosed)
        reader, writer = await asyncio.open_unix_connection(sock=mine)
        try:
            writer.write(letter)
            writer.write_eof()
            return await reader.read()
        finally:
            writer.close()

    async def _drop(self, to: int, message: bytes, *enclosed: int) -> None:
        while True:
            try:
                socket.send_fds(self.boxes[to], [message], enclosed)
            except OSError as error:
                if error.errno not in _FULL:
                    raise
                await asyncio.sleep(_BREATH)
            else:
                return


async def _answer(stream: int, read: Reader) -> None:
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=stream))
    try:
        writer.write(await read(await reader.read()))
    finally:
        writer.close()


async def _taken(take: Taker, connection: int, read: bytes) -> bytes:
    await take(connection, read)
    return b""


class Numbers(Struct, frozen=True):
    """Numbers from 1 on, each drawn once by any of the workers: the next one lies in a pipe."""

    taken_at: int
    laid_at: int

    @classmethod
    def new(cls) -> Numbers:
        """Make the pipe, with the first number in it."""
        numbers = cls(*os.pipe())
        os.write(numbers.laid_at, (1).to_bytes(_WIDTH))
        return numbers

    def draw(self) -> int:
        """Draw the next number. Others wait meanwhile, for two system calls."""
        number = int.from_bytes(os.read(self.taken_at, _WIDTH))
        os.write(self.laid_at, (number + 1).to_bytes(_WIDTH))
        return number
