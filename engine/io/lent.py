"""A stream lent to Arrow, whose threads may still read it after Arrow has given up."""

import io
import threading
from typing import BinaryIO


class LentStream(io.RawIOBase):
    """The bytes of a stream from ``start`` on, then those of ``tail``.

    Arrow reads ahead in threads of its own, also while it reports an error. Once this is closed,
    none of them touches the stream below any more, so that it can be read again from the start.

    With ``any_bytes`` each byte beyond ASCII becomes a character of Latin-1, so that nothing is
    invalid UTF-8 any more and the bytes can be had back.
    """

    def __init__(
        self, stream: BinaryIO, start: int = 0, tail: bytes = b"", any_bytes: bool = False
    ) -> None:
        self._stream = stream
        self._tail = tail
        self._any_bytes = any_bytes
        self._lock = threading.Lock()
        self._is_lent = True
        stream.seek(start)

    def readable(self) -> bool:
        """Return that this is for reading."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, none at the very end."""
        with self._lock:
            if not self._is_lent:
                return b""
            # A byte of Latin-1 takes up to two in UTF-8.
            block = self._stream.read(size // 2 if self._any_bytes else size)
            if not block:
                block, self._tail = self._tail, b""
        return block.decode("latin-1").encode() if self._any_bytes else block

    def close(self) -> None:
        """Take the stream back; the stream itself stays open."""
        with self._lock:
            self._is_lent = False
        super().close()
