"""`podrunner kubeconfig`, and kubectl with what it wrote."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import kubectl_session
from commandline import Running
from kubectl_session import KubectlWorld
from podrunner.client import api

pytestmark = pytest.mark.engine

MINIKUBE = """\
apiVersion: v1
clusters:
- cluster:
    server: https://192.168.49.2:8443
  name: minikube
contexts:
- context:
    cluster: minikube
    user: minikube
  name: minikube
current-context: minikube
kind: Config
users:
- name: minikube
  user:
    token: "0123"
"""


@pytest.fixture
def kubectl(tmp_path: Path) -> Iterator[KubectlWorld]:
    """A running server, and a kubeconfig with its context alone."""
    with kubectl_session.opened(tmp_path) as world:
        yield world


def kubeconfig(world: KubectlWorld, *options: str, **environ: str) -> Running:
    running = world.start("kubeconfig", *options, environ={**world.kubectl_environ, **environ})
    running.status()
    return running


def test_kubectl_reaches_the_server_with_what_was_written(kubectl: KubectlWorld) -> None:
    assert kubectl.kubeconfig.stat().st_mode & 0o777 == 0o600
    assert kubectl.kubectl("get", "--raw", "/healthz").out == "ok"
    assert kubectl.kubectl("version").out.splitlines()[2].startswith("Server Version: v1.37.")
    assert kubectl.kubectl("config", "current-context").out == "podrunner\n"
    assert kubectl.kubectl("create", "namespace", "shop").out == "namespace/shop created\n"


def test_a_server_is_started_if_none_runs(kubectl: KubectlWorld) -> None:
    kubectl.start("server", "stop").ends(0)
    printed = kubeconfig(kubectl)
    assert kubectl.kubeconfig.read_text() == printed.out
    assert api.server_info(kubectl.server).https.ready
    assert kubectl.kubectl("get", "--raw", "/readyz").out == "ok"


def test_it_is_still_right_after_the_server_was_killed_and_started_again(kubectl: KubectlWorld) -> None:
    kubectl.kill_server()
    kubectl.serve()
    assert kubectl.kubectl("get", "--raw", "/livez").out == "ok"


def test_a_wrong_token_is_told_in_kubectl_s_words(kubectl: KubectlWorld) -> None:
    token = (kubectl.files.credentials / "token").read_text().strip()
    kubectl.kubeconfig.write_text(kubectl.kubeconfig.read_text().replace(token, "wrong"))
    assert kubectl.kubectl("get", "--raw", "/api", status=1).err == (
        "error: You must be logged in to the server (Unauthorized)\n"
    )


def test_a_client_certificate_takes_the_place_of_the_token(kubectl: KubectlWorld) -> None:
    kubeconfig(kubectl, "--write", str(kubectl.kubeconfig), "--client-certificate").ends(0)
    assert "token" not in kubectl.kubeconfig.read_text()
    assert kubectl.kubectl("get", "--raw", "/api/v1/namespaces/default").out.startswith('{"')


def test_merging_adds_a_context_and_leaves_the_current_one(kubectl: KubectlWorld) -> None:
    kubectl.kubeconfig.write_text(MINIKUBE)
    merged = kubeconfig(kubectl, "--merge")
    assert merged.err == f"{kubectl.kubeconfig} has a context podrunner now: kubectl --context podrunner get pods\n"
    assert kubectl.kubectl("config", "current-context").out == "minikube\n"
    assert kubectl.kubectl("config", "get-contexts", "-o", "name").out == "minikube\npodrunner\n"
    assert kubectl.kubectl("--context", "podrunner", "get", "--raw", "/healthz").out == "ok"
    assert '    token: "0123"\n' in kubectl.kubeconfig.read_text()
    assert kubectl.kubeconfig.stat().st_mode & 0o777 == 0o600


def test_merging_into_nothing_makes_no_context_the_current_one(kubectl: KubectlWorld) -> None:
    kubeconfig(kubectl, "--merge", KUBECONFIG="").ends(0)
    default = kubectl.directory / ".kube" / "config"
    assert default.stat().st_mode & 0o777 == 0o600
    environ = {"KUBECONFIG": str(default)}
    assert kubectl.kubectl("config", "current-context", status=1, environ=environ).err == (
        "error: current-context is not set\n"
    )
    assert kubectl.kubectl("--context=podrunner", "get", "--raw", "/healthz", environ=environ).out == "ok"


def test_merging_goes_where_kubectl_would_write(kubectl: KubectlWorld) -> None:
    missing, there, last = (kubectl.directory / name for name in ("missing", "there", "last"))
    there.write_text(MINIKUBE)
    kubeconfig(kubectl, "--merge", KUBECONFIG=f"{missing}::{there}:{last}").ends(0)
    assert "podrunner" in there.read_text()
    there.unlink()
    kubeconfig(kubectl, "--merge", KUBECONFIG=f"{missing}:{there}:{last}").ends(0)
    assert [path.exists() for path in (missing, there, last)] == [False, False, True]


def test_a_link_to_a_kubeconfig_stays_one(kubectl: KubectlWorld) -> None:
    real, link = kubectl.directory / "dotfiles", kubectl.directory / "link"
    real.write_text(MINIKUBE)
    link.symlink_to(real)
    kubeconfig(kubectl, "--merge", str(link)).ends(0)
    assert link.is_symlink()
    assert "podrunner" in real.read_text()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (MINIKUBE, "it has other entries (minikube); --merge keeps them"),
        ("some text\n", "it is no kubeconfig"),
    ],
)
def test_a_file_that_is_not_podrunner_s_is_not_written_over(content: str, why: str, kubectl: KubectlWorld) -> None:
    file = kubectl.directory / "config"
    file.write_text(content)
    refused = kubeconfig(kubectl, "--write", str(file))
    refused.ends(2)
    assert refused.err == f"error: {file}: {why}\n"
    assert file.read_text() == content


def test_with_merge_it_is_written_among_the_others(kubectl: KubectlWorld) -> None:
    file = kubectl.directory / "config"
    file.write_text(MINIKUBE)
    kubeconfig(kubectl, "--write", str(file), "--merge").ends(0)
    assert kubectl.kubectl("config", "current-context", environ={"KUBECONFIG": str(file)}).out == "minikube\n"
    kubeconfig(kubectl, "--write", str(file), "--merge", "another").ends(2)


def test_a_file_that_kubectl_is_changing_is_left_to_it(kubectl: KubectlWorld) -> None:
    file = kubectl.directory / "config"
    (kubectl.directory / "config.lock").touch()
    refused = kubeconfig(kubectl, "--merge", str(file))
    refused.ends(1)
    assert refused.err == f"error: {file}.lock exists: another program is changing {file}\n"
    assert not file.exists()


def test_neither_the_log_nor_any_error_shows_the_token(kubectl: KubectlWorld) -> None:
    token = (kubectl.files.credentials / "token").read_text().strip()
    for path in ("/api", "/nothing", f"/api/v1/pods?access_token={token}", "/api/v1/pods?watch=1&resourceVersion=x"):
        told = kubectl.kubectl("get", "--raw", path, status=None)
        assert token not in told.out + told.err
    kubectl.kubectl("exec", "no-such-pod", "--", "true", status=1)
    kubectl.kubectl("delete", "pod", "no-such-pod", status=1)
    log = kubectl.start("server", "logs")
    log.ends(0)
    assert "listening at https://" in log.out
    assert token not in log.out
    assert token not in kubectl.start("server", "status", "-o", "json").out
