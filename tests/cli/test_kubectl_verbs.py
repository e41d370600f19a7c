"""The verbs that kubectl has, too, against the API over a store in memory; the wording is kubectl's 1.37."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import api_world
from podrunner.cli import main


class Done(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[api_world.World]:
    with api_world.World(tmp_path_factory.mktemp("s") / "podrunner.sock") as running:
        running.create_pod("web", app="web", tier="front")
        running.create_pod("db", app="db")
        yield running


@pytest.fixture
def run(world: api_world.World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("PODRUNNER_STATE_DIR", str(world.path.parent))

    def run(*arguments: str) -> Done:
        status = main.run(arguments)
        return Done(status, *capsys.readouterr())

    return run


@pytest.mark.parametrize(
    ("command", "status", "out", "err"),
    [
        ("get pods -o name", 0, "pod/db\npod/web\n", ""),
        ("get po/web svc/kubernetes -o name", 0, "pod/web\nservice/kubernetes\n", ""),
        ("get pods -l app=web -o name", 0, "pod/web\n", ""),
        ("get pods --field-selector metadata.name!=web -o name", 0, "pod/db\n", ""),
        ("get pods -n nowhere", 0, "", "No resources found in nowhere namespace.\n"),
        ("get pods -A -l app=nope", 0, "", "No resources found\n"),
        ("get pods web -o jsonpath={.metadata.labels.tier}", 0, "front", ""),
        ("get pods --sort-by=.metadata.labels.tier -o name", 0, "pod/db\npod/web\n", ""),
        ("get pods --no-headers=true -o custom-columns=N:.metadata.name", 0, "db\nweb\n", ""),
        ("get pods -o custom-columns=N:.metadata.name web", 0, "N\nweb\n", ""),
        ("get pod nope", 1, "", 'Error from server (NotFound): pods "nope" not found\n'),
        ("get pod nope --ignore-not-found", 0, "", ""),
        ("get pod nope web -o name", 1, "pod/web\n", 'Error from server (NotFound): pods "nope" not found\n'),
        ("get", 2, "", "error: say which kind of resource: pods, events, configmaps, …, or all\n"),
        ("get boats", 2, "", 'error: the server doesn\'t have a resource type "boats"\n'),
        ("get pod web -A", 2, "", "error: a resource cannot be retrieved by name across all namespaces\n"),
        ("get pod web -l a=b", 2, "", "error: name cannot be provided when a selector is specified\n"),
        (
            "get pods -o go-template={{.}}", 2, "",
            "error: podrunner has no Go templates: -o jsonpath=..., custom-columns=... or json will do it\n",
        ),
        ("delete pod nope", 1, "", 'Error from server (NotFound): pods "nope" not found\n'),
        ("delete pod nope --ignore-not-found", 0, "", ""),
        ("delete pods -l app=nope", 0, "No resources found\n", ""),
        ("delete pod", 2, "", "error: resource(s) were provided, but no name was specified\n"),
        ("delete pod web --dry-run=client", 0, 'pod "web" deleted from default namespace (dry run)\n', ""),
        ("delete svc kubernetes --dry-run=server -o name", 0, "service/kubernetes\n", ""),
        (
            "delete pod web --now --grace-period=3", 2, "",
            "error: --now and --grace-period cannot be specified together\n",
        ),
        ("wait --for=delete pod/nope", 0, "", ""),
        ("wait --for=create pod/web", 0, "pod/web condition met\n", ""),
        ("wait --for=condition=PodScheduled pod/web", 0, "pod/web condition met\n", ""),
        ("wait --for=jsonpath={.metadata.labels.app}=web pod/web", 0, "pod/web condition met\n", ""),
        ("wait --for=condition=Ready pod/nope", 1, "", 'Error from server (NotFound): pods "nope" not found\n'),
        ("wait --for=condition=Ready pod -l app=nope", 1, "", "error: no matching resources found\n"),
        ("wait --for=condition=Ready pod/web --timeout=0", 1, "", "error: condition not met for pods/web\n"),
        (
            "wait --for=condition=Ready pod/web --timeout=10ms", 1, "",
            "error: timed out waiting for the condition on pods/web\n",
        ),
        ("wait --for=boats pod/web", 2, "", 'error: unrecognized condition: "boats"\n'),
        ("describe pod nope", 1, "", 'Error from server (NotFound): pods "nope" not found\n'),
        ("describe pods -n nowhere", 0, "", "No resources found in nowhere namespace.\n"),
        ("events -n nowhere", 0, "", "No events found in nowhere namespace.\n"),
        ("events --types=Odd", 2, "", "error: valid --types are Normal or Warning\n"),
        ("apply", 2, "", "error: must specify -f\n"),
    ],
)  # fmt: skip
def test_a_command_says_what_kubectl_says(run: Run, command: str, status: int, out: str, err: str) -> None:
    assert run(*command.split()) == (status, out, err)


def test_several_kinds_are_apart_and_named(run: Run) -> None:
    pods, services = run("get", "pods,svc").out.split("\n\n")
    assert [line.split()[0] for line in pods.splitlines()] == ["NAME", "pod/db", "pod/web"]
    assert [line.split()[0] for line in services.splitlines()] == ["NAME", "service/kubernetes"]


def test_managed_fields_are_shown_only_if_asked_for(run: Run, world: api_world.World) -> None:
    pod = api_world.manifest("owned")
    world.ask("POST", f"{api_world.PODS}?fieldManager=tester", pod)
    assert "managedFields" not in run("get", "pod", "owned", "-o", "yaml").out
    assert "manager: tester" in run("get", "pod", "owned", "-o", "yaml", "--show-managed-fields").out
    run("delete", "pod", "owned", "--force")


def test_delete_returns_when_the_pod_is_gone(run: Run, world: api_world.World) -> None:
    world.create_pod("going")
    removal = threading.Timer(0.02, world.ask, ("DELETE", f"{api_world.PODS}/going?gracePeriodSeconds=0"))
    removal.start()
    assert run("delete", "pod", "going") == (0, 'pod "going" deleted from default namespace\n', "")
    assert run("get", "pod", "going").status == 1


def test_delete_gives_up_waiting_at_the_timeout(run: Run, world: api_world.World) -> None:
    world.create_pod("lasting")
    assert run("delete", "pod", "lasting", "--timeout=20ms") == (
        1,
        'pod "lasting" deleted from default namespace\n',
        "error: timed out waiting for the condition on pods/lasting\n",
    )
    assert run("delete", "pod", "lasting", "--force").out == 'pod "lasting" force deleted from default namespace\n'


def test_describe_tells_no_value_of_a_secret(run: Run, world: api_world.World) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "data": {"token": "aHVudGVyMg=="}}
    world.ask("POST", "/api/v1/namespaces/default/secrets", secret)
    told = run("describe", "secret", "key").out
    assert "token:  7 bytes\n" in told
    assert "hunter2" not in told
    assert "aHVudGVyMg" not in told


def test_no_server_is_told_and_none_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODRUNNER_STATE_DIR", str(tmp_path / "none"))
    assert main.run(["get", "pods"]) == 125
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("podrunner get po", ["pods", "podtemplates"]),
        ("podrunner get pods,po", ["pods,pods", "pods,podtemplates"]),
        ("podrunner get pods w", ["web"]),
        ("podrunner delete pod web d", ["db"]),
        ("podrunner get pod/", ["pod/db", "pod/web"]),
        ("podrunner get pods -n kube-p", ["kube-public"]),
        ("podrunner get boats w", []),
        ("podrunner events --for pod/w", ["pod/web"]),
        ("podrunner wait --for=del", ["delete"]),
    ],
)
def test_names_of_the_running_server_are_completed(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str, offered: list[str]
) -> None:
    from podrunner.cli import completion

    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    completion.answer(main.podrunner_command, "bash_complete")
    assert [line.removeprefix("plain,") for line in capsys.readouterr().out.split()] == offered


@pytest.mark.engine  # needs none, but a process
def test_a_short_command_imports_no_library_it_does_not_need() -> None:
    heavy = "{'docker', 'starlette', 'uvicorn', 'rich', 'yaml', 'requests', 'cryptography'}"
    code = f"""
import importlib, sys, podrunner.cli.main
for command in ("get", "describe", "delete", "wait", "events", "top"):
    importlib.import_module(f"podrunner.cli.{{command}}")
    print(command, {heavy} & set(sys.modules) or "")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["get", "describe", "delete", "wait", "events", "top"]
