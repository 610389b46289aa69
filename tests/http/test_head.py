"""HEAD, as probes and caches ask, of a real server: the headers of a GET, and a connection that goes on."""

import http.client

import pytest

from portico.server import create_app
from portico.services.runtime import Runtime
from tests.journeys.server import answering
from tests.mail.smtp import free_port

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # none of it is about the database


def test_whoever_asks_for_the_headers_alone_keeps_his_connection(runtime: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    with answering(create_app(runtime), port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for path, status in (("/healthz", 200), ("/nothing", 404), ("/openapi.json", 200), ("/v1/graphql", 405), ("/v1/buyers", 401)):
            for method in ("HEAD", "GET"):
                connection.request(method, path, headers={"Host": "portal.test"})
                socket = connection.sock
                answer = connection.getresponse()
                assert (answer.status, bool(answer.read())) == (status, method == "GET"), (method, path)
                assert connection.sock is socket, "it was not closed"
        connection.close()
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []
