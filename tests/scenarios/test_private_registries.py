"""Images of registries that want a password, which pods bring along in pull secrets; over TLS too."""

import base64
import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import docker_registry
from commandline import container, docker, eventually, manifest
from docker_registry import PASSWORD, USER, Registry
from lifecycle_world import FOREVER, serve
from scenario_world import NAMESPACE, World

pytestmark = pytest.mark.engine

CERTIFICATES = Path("/etc/docker/certs.d")
"""Where the engine looks for the authorities of registries, at each pull."""

MISSING = (
    "Warning FailedToRetrieveImagePullSecret Unable to retrieve some image pull secrets (absent, lost); "
    "attempting to pull the image may not succeed."
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registry")


@pytest.fixture(scope="module")
def cache(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.cache.mkdir("docker-registry")


@pytest.fixture(scope="module")
def registry(directory: Path, cache: Path) -> Iterator[Registry]:
    with docker_registry.running(directory, cache) as registry:
        yield registry


@pytest.fixture
def stranger(world: World) -> World:
    """A world whose user is logged in nowhere, with a server."""
    (world.directory / "docker").mkdir()
    world.environ["DOCKER_CONFIG"] = str(world.directory / "docker")
    return serve(world)


def create(world: World, kind: str, body: Mapping[str, Any]) -> None:
    path = f"/api/v1/namespaces/{NAMESPACE}/{kind}"
    world.server.request("POST", path, body=json.dumps({"apiVersion": "v1", **body}).encode())


def log_in(world: World, name: str, location: str, password: str = PASSWORD, *, older: bool = False) -> None:
    """Creates a pull secret; an `older` one is what `docker` wrote before it had a config.json."""
    entry = {location: {"auth": base64.b64encode(f"{USER}:{password}".encode()).decode()}}
    kind, key = ("dockercfg", ".dockercfg") if older else ("dockerconfigjson", ".dockerconfigjson")
    data = {key: json.dumps(entry if older else {"auths": entry})}
    secret = {"kind": "Secret", "metadata": {"name": name}, "type": f"kubernetes.io/{kind}", "stringData": data}
    create(world, "secrets", secret)


def named(*names: str) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


def told(world: World, pod: str = "web") -> list[str]:
    """The pod's events with `N` for the time that a pull took, from the one after its assignment on."""
    return [re.sub(r" in [0-9.]+s\b", " in Ns", event) for event in world.events(pod)][1:]


def test_pull_secrets_are_tried_in_turn_a_missing_one_is_told_of_and_none_is_shown(
    stranger: World, registry: Registry
) -> None:
    image = registry.publish("team/private:1")
    log_in(stranger, "elsewhere", "registry.example.com")
    log_in(stranger, "wrong", f"{registry.host}/team", "wrong-password")
    log_in(stranger, "right", f"http://{registry.host}", older=True)
    secrets = named("absent", "elsewhere", "wrong", "lost", "right")
    both = (container(FOREVER, image=image), container(FOREVER, "again", image=image))
    stranger.create(manifest(*both, imagePullSecrets=secrets))
    stranger.becomes("Running")
    assert told(stranger)[:3] == [
        MISSING,
        f'Normal Pulling Pulling image "{image}"',
        f'Normal Pulled Successfully pulled image "{image}" in Ns',
    ]
    assert told(stranger).count(f'Normal Pulled Container image "{image}" already present on machine') == 1
    shown = [stranger.files.log.read_text(), *stranger.events(), json.dumps(stranger.containers())]
    for command in ("describe pod web", "get pod web -o yaml", "get events -o yaml", "describe secret right"):
        asked = stranger.start(*command.split())
        assert asked.status() == 0, asked.err
        shown += [asked.out, asked.err]
    hidden = [
        PASSWORD,
        "wrong-password",
        *(base64.b64encode(f"{USER}:{each}".encode()).decode() for each in (PASSWORD, "wrong-password")),
    ]
    assert [(text, secret) for text in shown for secret in hidden if secret in text] == []


def test_without_the_right_secret_a_pull_fails_until_it_is_there(stranger: World, registry: Registry) -> None:
    image = registry.publish("late:1")
    unreadable = {".dockerconfigjson": json.dumps({"auths": {registry.host: {"auth": PASSWORD}}})}
    body = {"kind": "Secret", "metadata": {"name": "late"}, "type": "kubernetes.io/dockerconfigjson"}
    create(stranger, "secrets", {**body, "stringData": unreadable})
    log_in(stranger, "wrong", registry.host, "wrong-password")
    stranger.create(manifest(container(FOREVER, image=image), imagePullSecrets=named("wrong", "absent")))
    stranger.create(manifest(container(FOREVER, image=image), name="odd", imagePullSecrets=named("late")))
    refused = eventually(lambda: [event for event in told(stranger) if "Failed to pull" in event])
    assert re.search(r"Error response from daemon: .*(unauthorized|no basic auth credentials)", refused[0])
    odd = eventually(lambda: [event for event in told(stranger, "odd") if "Failed to pull" in event])
    assert (
        odd[0]
        .removesuffix(f" (x{len(odd)})")
        .startswith(
            f'Warning Failed Failed to pull image "{image}": image pull secret "late" can\'t be read: '
            "unable to parse auth field, must be formatted as base64(username:password)"
        )
    )
    log_in(stranger, "absent", registry.host)
    stranger.becomes("Running")


def test_a_service_accounts_secrets_are_its_pods_and_policies_hold_for_digests(
    stranger: World, registry: Registry
) -> None:
    image = registry.digest(registry.publish("digest:1"))
    log_in(stranger, "regcred", registry.host)
    account = {"kind": "ServiceAccount", "metadata": {"name": "robot"}, "imagePullSecrets": named("regcred")}
    create(stranger, "serviceaccounts", account)
    before = registry.visits()
    policies = ("Always", "Always", "IfNotPresent", "Never")
    mains = [
        container(FOREVER, f"main-{number}", image=image, imagePullPolicy=policy)
        for number, policy in enumerate(policies)
    ]
    created = stranger.create(manifest(*mains, serviceAccountName="robot"))
    assert [secret.name for secret in created.spec.image_pull_secrets] == ["regcred"]
    stranger.becomes("Running")
    pulling = f'Normal Pulling Pulling image "{image}"'
    pulled = f'Normal Pulled Successfully pulled image "{image}" in Ns'
    present = f'Normal Pulled Container image "{image}" already present on machine'
    events = [event for event in told(stranger) if image in event]
    assert sorted(events) == sorted([pulling, pulled, pulling, pulled, present, present])
    assert events[:2] == [pulling, pulled]
    # An engine that has the manifest of a digest does not load it again, but asks the registry whether it is there.
    assert registry.visits() == before + 2
    docker("image", "rm", "--force", image)


def test_a_registry_whose_authority_the_engine_does_not_know_is_not_trusted(
    stranger: World, registry: Registry, directory: Path, cache: Path
) -> None:
    if not os.access(CERTIFICATES.parent, os.W_OK):
        pytest.skip(f"{CERTIFICATES.parent} can't be written")
    name = registry.publish("tls:1").removeprefix(f"{registry.host}/")
    (address,) = docker("network", "inspect", "bridge", "--format={{(index .IPAM.Config 0).Gateway}}")
    with docker_registry.encrypted(directory, cache, address) as host:
        trusted, image = CERTIFICATES / host, f"{host}/{name}"
        log_in(stranger, "regcred", host)
        stranger.create(manifest(container(FOREVER, image=image), imagePullSecrets=named("regcred")))
        failed = eventually(lambda: [event for event in told(stranger) if "Failed to pull" in event])
        assert "x509: certificate signed by unknown authority" in failed[0]
        trusted.mkdir(parents=True)
        try:
            shutil.copy(directory / "certificate.pem", trusted / "ca.crt")
            stranger.becomes("Running")
        finally:
            shutil.rmtree(trusted)
            with contextlib.suppress(OSError):  # others may have registries there
                CERTIFICATES.rmdir()
            docker_registry.forget(image)
