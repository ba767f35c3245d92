"""The service under load: ``make load``, which needs wrk.

One service on one core, wrk on the other; a store of 100,000 SKUs at 50 sources, requests to
10,000 postcodes. First each kind of call is asked the same, and the answers must agree.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.cases import Case, files
from benchmarks.machine import commit, machine
from benchmarks.markdown import table, where

CASE = Case(
    "load",
    "100k lines, 100k SKUs, 50 sources, 10k destinations",
    lines=100_000,
    skus=100_000,
    sources=50,
    lines_per_order=2,
    destinations=10_000,
)
PAGE = Path(__file__).parents[1] / "docs" / "load.md"
_ARROW = "application/vnd.apache.arrow.stream"
_BODIES = 20_000
_CONNECTIONS = 16
_CHECKED = 500
_PASSWORD = "of no use elsewhere"


class Service(NamedTuple):
    """A service under test: where it answers, and a token for it."""

    url: str
    token: str

    def post(self, path: str, body: bytes, kind: str = "application/json") -> bytes:
        """Send a body, return the answer."""
        headers = {"Content-Type": kind, "Authorization": f"Bearer {self.token}"}
        request = Request(f"{self.url}/rest/default/V1/{path}", body, headers)
        with urlopen(request, timeout=60) as answer:
            return answer.read()


@contextmanager
def service(folder: Path, catalog: Path, cores: set[int]) -> Iterator[Service]:
    """Run ``ssa serve`` on some cores, over a new store with one user."""
    store = folder / "store.db"
    users = ["users", str(store), "--add", "load", "--role", "read"]
    subprocess.run([*_SSA, *users], input=_PASSWORD, text=True, check=True, capture_output=True)
    serve = ["serve", "--store", str(store), "--catalog", str(catalog), "--port", "0"]
    running = subprocess.Popen(
        [*_SSA, *serve],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    try:
        lines = iter(running.stdout or [])
        url = next(line.split()[1] for line in lines if line.startswith("serving "))
        body = json.dumps({"username": "load", "password": _PASSWORD}).encode()
        token = Service(url, "none").post("integration/admin/token", body)
        yield Service(url, json.loads(token))
    finally:
        running.terminate()
        running.wait(20)


_SSA = [sys.executable, "-c", "from engine.cli import main; main()"]


def requests(orders: Path) -> list[dict[str, Any]]:
    """Return the orders of a case as inventory requests."""
    lines = pq.read_table(orders / "order_lines.parquet")
    heads = pq.read_table(orders / "orders.parquet")
    found = {
        row["order_id"]: {
            "stockId": row["stock_id"],
            "items": [],
            "extension_attributes": {
                "destination_address": {
                    "country": row["country_id"],
                    "postcode": row["postcode"],
                    "street": "1 Main St",
                    "region": "",
                    "city": "",
                }
            },
        }
        for row in heads.to_pylist()
    }
    for row in lines.to_pylist():
        found[row["order_id"]]["items"].append({"sku": row["sku"], "qty": float(row["qty"])})
    return [request for request in found.values() if request["items"]]


def lines_with_orders(orders: Path) -> pa.Table:
    """Return the lines of a case with the columns of their orders."""
    heads = pq.read_table(orders / "orders.parquet")
    heads = heads.select(["order_id", "stock_id", "country_id", "postcode"])
    lines = pq.read_table(orders / "order_lines.parquet").append_column(
        "at", pa.array(range(CASE.lines))
    )
    return lines.join(heads, "order_id").sort_by("at").drop_columns(["at"])


def check(server: Service, asked: list[dict[str, Any]], algorithm: str) -> None:
    """Stop unless a batch answers as its requests alone do."""
    one = [
        json.loads(
            server.post(
                "inventory/source-selection-algorithm-result",
                json.dumps({"inventoryRequest": request, "algorithmCode": algorithm}).encode(),
            )
        )
        for request in asked
    ]
    body = {"requests": asked, "algorithmCode": algorithm, "includeZero": True}
    many = server.post("inventory/source-selection-batch", json.dumps(body).encode())
    if json.loads(many)["results"] != one:
        sys.exit(f"load: the batch answers otherwise than its requests alone, by {algorithm}")


def selection(server: Service, folder: Path, seconds: int, cores: set[int]) -> list[str]:
    """Have wrk ask for selections; return requests per second, p50 and p99 in ms, and errors."""
    ran = subprocess.run(
        [
            *("wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{seconds}s"),
            *("-s", str(Path(__file__).with_suffix(".lua"))),
            f"{server.url}/rest/default/V1/inventory/source-selection-algorithm-result",
        ],
        env={**os.environ, "LOAD_BODIES": str(folder / "bodies"), "LOAD_TOKEN": server.token},
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    found = next(line for line in ran.stdout.splitlines() if line.startswith("RESULT"))
    count, micros, p50, p99, errors = map(int, found.split()[1:])
    return [f"{count / micros * 1e6:,.0f}", f"{p50 / 1e3:.1f}", f"{p99 / 1e3:.1f}", str(errors)]


def batch(server: Service, body: bytes, kind: str, query: str, rounds: int) -> str:
    """Return lines per second of whole calls of the batch endpoint, the median of some."""
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        server.post(f"inventory/source-selection-batch{query}", body, kind)
        took.append(time.perf_counter() - start)
    return f"{CASE.lines / sorted(took)[rounds // 2]:,.0f}"


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10, help="of each run of wrk")
    parser.add_argument("--rounds", type=int, default=5, help="calls of each kind of batch")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("load: wrk is not installed; Debian's package is wrk")
    cores = sorted(os.sched_getaffinity(0))
    catalog, orders = files(CASE)
    asked = requests(orders)
    rows, batches = [], []
    with TemporaryDirectory() as name, service(Path(name), catalog, {cores[0]}) as server:
        folder = Path(name)
        sink = pa.BufferOutputStream()
        lines = lines_with_orders(orders)
        with pa.ipc.new_stream(sink, lines.schema) as writer:
            writer.write_table(lines)
        stream = sink.getvalue().to_pybytes()
        for algorithm in ("priority", "distance"):
            check(server, asked[:_CHECKED], algorithm)
            bodies = (
                json.dumps({"inventoryRequest": request, "algorithmCode": algorithm})
                for request in asked[:_BODIES]
            )
            (folder / "bodies").write_text("".join(f"{body}\n" for body in bodies))
            rows.append([algorithm, *selection(server, folder, options.seconds, {cores[-1]})])
            as_json = json.dumps({"requests": asked, "algorithmCode": algorithm}).encode()
            for mode in ("independent", "sequential"):
                query = f"?algorithmCode={algorithm}&mode={mode}"
                rate = batch(server, stream, _ARROW, query, options.rounds)
                batches.append([algorithm, mode, "Arrow", rate])
            rate = batch(server, as_json, "application/json", "", options.rounds)
            batches.append([algorithm, "independent", "JSON", rate])
    page = _page(rows, batches)
    print(page)
    PAGE.write_text(page)


def _page(rows: list[list[str]], batches: list[list[str]]) -> str:
    measured = {"machine": machine(), "commit": commit(), "date": f"{date.today()}"}
    head = ["algorithm", "requests/s", "p50 ms", "p99 ms", "errors"]
    return f"""\
# The REST service under load

`make load` measures this and writes this page: {where(measured)}.

One service on one core, wrk with {_CONNECTIONS} connections on the other, a token with each
request; {CASE.about}; two lines an order on average. The answers of a batch were compared with
those of its first {_CHECKED} requests alone before anything was timed.

## One request after the other

{table(head, rows)}

## {CASE.lines:,} lines in one call

Whole calls of `source-selection-batch`, from the first byte sent to the last one received.

{table(["algorithm", "mode", "as", "lines/s"], batches)}
"""


if __name__ == "__main__":
    main()
