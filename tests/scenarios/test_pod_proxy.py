"""`pods/{name}/proxy`: a pod's web server, through the API."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import kubectl_session
from commandline import eventually

pytestmark = pytest.mark.engine

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "kubia-init.yaml"
POD = "/api/v1/namespaces/default/pods"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kubectl_session.KubectlWorld]:
    """A server with the chapter's main containers: a web server at 8080, and one that speaks TLS at 8443."""
    manifest = yaml.safe_load(EXAMPLE.read_text())
    manifest["metadata"]["name"] = "kubia"
    manifest["spec"] |= {"initContainers": [], "terminationGracePeriodSeconds": 0}
    with kubectl_session.opened(tmp_path_factory.mktemp("proxy")) as world:
        world.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(manifest))
        world.becomes("Running", "kubia")
        eventually(lambda: world.kubectl("get", "--raw", f"{POD}/kubia/proxy/", status=None).status == 0)
        yield world


@pytest.mark.parametrize("name", ["kubia", "kubia:8080", "http:kubia:8080", "https:kubia:8443"])
def test_a_web_server_in_a_pod_answers_through_the_api(world: kubectl_session.KubectlWorld, name: str) -> None:
    answer = eventually(lambda: world.kubectl("get", "--raw", f"{POD}/{name}/proxy/some/path", status=None).out)
    assert answer.startswith("Hey there, this is kubia.")


def test_a_port_where_nothing_listens_is_unavailable(world: kubectl_session.KubectlWorld) -> None:
    refused = world.kubectl("get", "--raw", f"{POD}/kubia:81/proxy/", status=1)
    assert refused.err.startswith("Error from server (ServiceUnavailable): ")
    assert "connection refused" in refused.err


def test_a_port_that_is_no_number_is_a_bad_request(world: kubectl_session.KubectlWorld) -> None:
    refused = world.kubectl("get", "--raw", f"{POD}/kubia:web/proxy/", status=1)
    assert refused.err == 'Error from server (BadRequest): invalid pod request "kubia:web"\n'
