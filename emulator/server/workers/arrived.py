"""What has come over a connection, kept as it came as long as another worker may have to read it again."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Arrived"]

_BLANK = b"\r\n\r\n"


class Arrived(Struct):
    """The bytes of a connection from where the first request begins that nobody has begun to answer.

    The HTTP parser does not tell where in the stream a request ends, so that it is found out here. What is no HTTP
    the parser refuses, and closes the connection.
    """

    data: bytes = b""
    _passing: int = 0
    """How much more belongs to the request that is answered."""
    _chunked: bool = False
    """Whether what comes then is a chunk of its body."""

    def add(self, data: bytes) -> None:
        """Keep what has come."""
        self.data = self.data + data if self.data else data
        if self._passing or self._chunked:
            self._pass()

    def answered_here(self, length: int | None) -> None:
        """Leave out the first request, whose body has so many bytes; None: it comes in chunks."""
        begins = len(self.data) - len(self.data.lstrip(b"\r\n"))
        ends = self.data.find(_BLANK, begins)
        self._passing = len(self.data) if ends < 0 else ends + len(_BLANK) + (length or 0)
        self._chunked = length is None
        self._pass()

    def _pass(self) -> None:
        self._skip()
        while self._chunked and not self._passing:
            size, line, _ = self.data.partition(b"\r\n")
            try:
                bytes_of_it = int(size.partition(b";")[0], 16) if line else 0
            except ValueError:
                self._chunked = False
                return
            if line and bytes_of_it:
                self._passing = len(size) + len(line) + bytes_of_it + len(line)
            elif _BLANK in self.data:  # the last chunk, of no bytes, and what may trail it
                self._passing = self.data.index(_BLANK) + len(_BLANK)
                self._chunked = False
            else:
                return
            self._skip()

    def _skip(self) -> None:
        skipped = min(self._passing, len(self.data))
        self._passing -= skipped
        self.data = self.data[skipped:]
