"""A process of its own that runs one statement: connectorx on one side, an Arrow stream out.

In a process of its own, what connectorx does at its worst stays harmless: it panics with a page of
text, tries a wrong password for half a minute, and does not heed Ctrl-C while a server thinks.
"""

import os
import signal
import sys

import msgspec
import pyarrow as pa

FAULT = "ssa-fault: "
"""Begins the line on stderr that says what went wrong."""

BATCH_ROWS = 1 << 16


class Asked(msgspec.Struct):
    """What comes in, as JSON on stdin: there no list of processes shows the password."""

    uri: str
    session: tuple[str, ...]
    statement: str


def main() -> None:
    """Run the statement that stdin asks for, and write its rows to stdout."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this ends it
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)  # nothing but the stream goes there
        try:
            _copy(asked, out)
        except BaseException as error:  # a panic of connectorx is no Exception
            fault = f"{FAULT}{' '.join(str(error).split())}\n"
            os.write(2, fault.encode(errors="backslashreplace"))
            os._exit(1)


def _copy(asked: Asked, out: object) -> None:
    import connectorx

    batches = connectorx.read_sql(
        asked.uri,
        asked.statement,
        return_type="arrow_stream",
        pre_execution_query=list(asked.session),
        batch_size=BATCH_ROWS,
    )
    with pa.ipc.new_stream(out, batches.schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


if __name__ == "__main__":
    main()
