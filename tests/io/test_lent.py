import io
import threading

import pytest

from engine.io.lent import LentStream


def test_lent_stream_gives_the_stream_then_the_tail() -> None:
    stream = io.BytesIO(b"headbody")
    lent = LentStream(stream, 4, b"tail")
    assert lent.readable()
    assert [lent.read(3), lent.read(3), lent.read(3), lent.read(3)] == [b"bod", b"y", b"tail", b""]


def test_lent_stream_of_any_bytes_is_text_of_no_more_than_was_asked_for() -> None:
    content = bytes(range(256))
    lent = LentStream(io.BytesIO(content), any_bytes=True)
    blocks = list(iter(lambda: lent.read(10), b""))
    assert max(map(len, blocks)) == 10
    assert b"".join(blocks).decode().encode("latin-1") == content


def test_lent_stream_leaves_the_stream_alone_once_it_is_closed() -> None:
    stream = io.BytesIO(b"body")
    lent = LentStream(stream, 0, b"tail")
    lent.read(1)
    lent.close()
    assert lent.closed
    assert lent.read(1) == b""
    assert stream.read() == b"ody"


def test_lent_stream_waits_for_a_read_under_way_before_it_is_closed() -> None:
    begun, finish, events = threading.Event(), threading.Event(), []

    class Slow(io.BytesIO):
        """A stream that reads until it is told to finish."""

        def read(self, size: int | None = -1) -> bytes:
            begun.set()
            assert finish.wait(10)
            events.append("read")
            return super().read(size)

    lent = LentStream(Slow(b"body"))
    reader = threading.Thread(target=lent.read, args=(4,))
    closer = threading.Thread(target=lambda: (lent.close(), events.append("closed")))
    reader.start()
    assert begun.wait(10)
    closer.start()
    closer.join(0.05)
    assert closer.is_alive()
    finish.set()
    reader.join(10)
    closer.join(10)
    assert events == ["read", "closed"]


def test_lent_stream_passes_errors_on() -> None:
    class Broken(io.BytesIO):
        """A stream on a failing disk."""

        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        LentStream(Broken()).read(1)
