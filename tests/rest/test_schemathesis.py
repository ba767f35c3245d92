"""The service against its OpenAPI document, by requests that schemathesis makes up from it."""

import io
import time
from collections.abc import Iterator

import pyarrow as pa
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from engine.folders import read_catalog
from engine.packaged import packaged
from engine.rest import passwords
from engine.rest.gate import ARROW
from engine.rest.store import connect
from engine.rest.tokens import SignIns, issue_token
from engine.rest.users import add_user
from tests.rest.calling import service
from tests.rest.test_passwords import CHEAP
from tests.rest.test_users import WORD

# Left out: that a wrong method is answered by 405 (Magento says 404: no route matches); that all
# that the document allows is taken (a source has to be known, too), and that all else is refused
# (as PHP does, "2" passes for 2).
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FEW = settings(
    max_examples=3,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def stream() -> bytes:
    """Return order lines as an Arrow stream."""
    lines = {"order_id": [1], "stock_id": [2], "sku": ["24-WB01"], "qty": [20]}
    sink = io.BytesIO()
    table = pa.table(lines)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


schemathesis.openapi.media_type(ARROW, st.just(stream()) | st.binary())


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.BaseSchema]:
    """The document of a service with the users anna, who writes, and bob, who reads."""
    path = tmp_path_factory.mktemp("api") / "store.db"
    patch = pytest.MonkeyPatch()
    patch.setattr(passwords, "COST", CHEAP)  # sign-ins of users that there are not
    with service(path, read_catalog(packaged("msi_example/catalog"))) as call:
        db = connect(path, make=True)
        tokens = {}
        for name, role in (("anna", "write"), ("bob", "read")):
            add_user(db, name, role, WORD, time.time(), CHEAP)
            tokens[role] = issue_token(db, name, WORD, time.time(), SignIns())
        db.close()
        found = schemathesis.openapi.from_asgi("/openapi.json", call.gate)
        found.tokens = tokens
        yield found
    patch.undo()


@pytest.mark.parametrize("role", ["read", None])
def test_requests_at_random(api: schemathesis.BaseSchema, role: str | None):
    for operation in operations(api):
        for mode in schemathesis.GenerationMode:

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(FEW)
            def check(case: schemathesis.Case) -> None:
                answer = case.call_and_validate(checks=CHECKS, headers=headers(api, role))
                signing_in = case.path.endswith("/admin/token")
                assert role or signing_in or answer.status_code == 401

            check()


def test_requests_at_the_bounds(api: schemathesis.BaseSchema):
    """Least and most, too little and too much, nothing and something else, of each value."""
    seen = set()
    for operation in operations(api):
        cases = api.iter_coverage_cases(
            operation,
            generation_modes=list(schemathesis.GenerationMode),
            generation_config=api.config.generation_for(operation=operation),
        )
        for case in cases:
            if case.method.upper() == operation.method.upper():
                answer = case.call_and_validate(checks=CHECKS, headers=headers(api, "write"))
                seen.add(answer.status_code)
    assert seen == {200, 400, 401, 404}


def operations(api: schemathesis.BaseSchema) -> list[schemathesis.APIOperation]:
    return [found.ok() for found in api.get_all_operations()]


def headers(api: schemathesis.BaseSchema, role: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {api.tokens[role]}"} if role else {}
