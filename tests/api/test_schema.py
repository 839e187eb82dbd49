"""Whatever anybody sends, the hub answers: no 5xx on any route, and every refusal says why."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

from hub.api.app import create_app
from tests.case_store.template import copied_store

from .small_hub import SmallHub

TOKEN = "master-secret"
STREAM = "/api/v1/stream"
EXAMPLES = 10  # a route: some 20 s in all on a busy machine


@pytest.fixture(scope="module")
def served(
    template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, SmallHub]]:
    """Serve the API on a free port, with two cases in it."""
    with (
        copied_store(template, tmp_path_factory.mktemp("served")) as store,
        socket.socket() as port,
    ):
        hub = SmallHub(store)
        hub.alarm("nb1")
        hub.alarm("nb2")
        port.bind(("127.0.0.1", 0))
        app = create_app(hub, master_token=TOKEN)
        config = uvicorn.Config(app, log_level="critical", http="h11")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([port],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port.getsockname()[1]}", hub
        server.should_exit = True
        thread.join(10)


def test_no_input_breaks_the_hub(served: tuple[str, SmallHub]) -> None:
    """On every route: never 5xx, and every refusal is a problem document with its own number."""
    base, hub = served
    known = hub.store.find()[0][0].id
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json")
    # The stream never ends, so it has tests of its own.
    operations = [found.ok() for found in schema.exclude(path=STREAM).get_all_operations()]
    assert len(operations) >= 18

    met: set[int] = set()

    def check(case: schemathesis.Case) -> None:
        if "case_id" in case.path_parameters and len(str(case.path_parameters["case_id"])) % 2:
            # Half of the time a case that exists: otherwise all answers were 404.
            case.path_parameters["case_id"] = known
        answer = case.call(base_url=base, headers={"authorization": f"Bearer {TOKEN}"})
        met.add(answer.status_code)
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            assert answer.headers["content-type"][0] == "application/problem+json"
            assert answer.json()["status"] == answer.status_code

    few = settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    for operation in operations:
        few(given(case=operation.as_strategy())(check))()
        with suppress(Unsatisfiable):  # a route without any parameter cannot be asked wrongly
            few(given(case=operation.as_strategy(schemathesis.GenerationMode.NEGATIVE))(check))()
    # A test that only ever met closed doors would show nothing.
    assert {200, 404, 422} <= met
