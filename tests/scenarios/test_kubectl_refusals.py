"""What kubectl tells when an object is not accepted, word for word."""

from collections.abc import Iterator

import pytest

import kubectl_session
import kubectl_shell
from kubectl_shell import config_map, pod

pytestmark = pytest.mark.engine

LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with"
    " an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is"
    " '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and"
    " end with an alphanumeric character (e.g. 'example.com', regex used for validation is"
    " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and"
    " end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is"
    " '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
KEY_RULE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',"
    "  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)


SERVER = ("config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}")


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kubectl_shell.Shell]:
    with kubectl_session.opened(tmp_path_factory.mktemp("refusals")) as world:
        yield kubectl_shell.opened(world)


def test_each_wrong_field_is_named_with_its_path(kubectl: kubectl_shell.Shell) -> None:
    containers = [
        {"name": "Main_1", "image": ""},
        {"name": "b", "image": "x", "ports": [{"containerPort": 99999}], "imagePullPolicy": "Sometimes"},
    ]
    first, *named = kubectl("create", "-f", "-", stdin=pod(containers=containers), status=1).splitlines()
    assert first == 'The Pod "web" is invalid: '
    assert set(named) == {
        f'* spec.containers[0].name: Invalid value: "Main_1": {LABEL_RULE}',
        "* spec.containers[0].image: Required value",
        "* spec.containers[1].ports[0].containerPort: Invalid value: 99999: must be between 1 and 65535, inclusive",
        (
            "* spec.containers[1].imagePullPolicy: Unsupported value: "
            '"Sometimes": supported values: "Always", "IfNotPresent", "Never"'
        ),
    }


def test_names_labels_and_keys_have_their_rules(kubectl: kubectl_shell.Shell) -> None:
    stated = config_map("x y", {"a": "b c"}, **{"a/b": "c"})
    assert kubectl("create", "-f", "-", stdin=stated, status=1).splitlines() == [
        'The ConfigMap "x y" is invalid: ',
        f'* metadata.name: Invalid value: "x y": {SUBDOMAIN_RULE}',
        f'* metadata.labels: Invalid value: "b c": {VALUE_RULE}',
        f'* data[a/b]: Invalid value: "a/b": {KEY_RULE}',
    ]
    assert kubectl("create", "namespace", "Bad_", status=1).splitlines() == [
        'The Namespace "Bad_" is invalid: ',
        f'* metadata.name: Invalid value: "Bad_": {LABEL_RULE}',
        f'* metadata.labels: Invalid value: "Bad_": {VALUE_RULE}',
    ]
    nameless = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}
    assert kubectl("create", "-f", "-", stdin=nameless, status=1) == (
        'The ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required\n'
    )


def test_unknown_fields_are_errors_warnings_or_nothing_as_validation_is_asked_for(
    kubectl: kubectl_shell.Shell,
) -> None:
    stated = pod(contaners=[])
    stated["spec"]["containers"][0]["imagePolicy"] = "Always"
    create = ("create", "--dry-run=server", "-f", "-")
    assert kubectl(*create, stdin=stated, status=1) == (
        'Error from server (BadRequest): error when creating "STDIN": Pod in version "v1" cannot be handled as a Pod:'
        ' strict decoding error: unknown field "spec.containers[0].imagePolicy", unknown field "spec.contaners"\n'
    )
    assert kubectl(*create, "--validate=warn", stdin=stated) == (
        "pod/web created (server dry run)\n"
        'Warning: unknown field "spec.containers[0].imagePolicy"\nWarning: unknown field "spec.contaners"\n'
    )
    assert kubectl(*create, "--validate=false", stdin=stated) == "pod/web created (server dry run)\n"


def test_values_of_the_wrong_type_are_named(kubectl: kubectl_shell.Shell) -> None:
    stated = config_map()
    stated["data"] = {"a": 1}
    assert kubectl("create", "-f", "-", stdin=stated, status=1) == (
        'Error from server (BadRequest): error when creating "STDIN": ConfigMap in version "v1" cannot be handled as a'
        " ConfigMap: data[a]: Invalid value: 1: must be a string, put it in quotes\n"
    )


def test_kinds_that_are_not_served_are_not_found(kubectl: kubectl_shell.Shell) -> None:
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    assert kubectl("create", "-f", "-", stdin=deployment, status=1) == (
        'error: resource mapping not found for name: "web" namespace: "" from "STDIN":'
        ' no matches for kind "Deployment" in version "apps/v1"\nensure CRDs are installed first\n'
    )
    assert kubectl("create", "deployment", "web", "--image=busybox:1.36", status=1) == (
        "error: failed to create deployment: the server could not find the requested resource\n"
    )


def test_a_namespace_has_to_be_there(kubectl: kubectl_shell.Shell) -> None:
    stated = pod()
    stated["metadata"]["namespace"] = "absent"
    run = kubectl.world.kubectl
    assert run("create", "-f", "-", stdin=kubectl_shell.manifests(stated), status=1).err == (
        'Error from server (NotFound): error when creating "STDIN": namespaces "absent" not found\n'
    )
    assert run("apply", "-f", "-", stdin=kubectl_shell.manifests(stated), status=1).err == (
        'Error from server (NotFound): error when creating "STDIN": namespaces "absent" not found\n'
    )


def test_a_field_that_does_less_than_in_a_cluster_is_warned_of(kubectl: kubectl_shell.Shell) -> None:
    limited = pod(resources={"limits": {"cpu": "1"}})
    assert kubectl("create", "--dry-run=server", "-f", "-", stdin=limited) == (
        "pod/web created (server dry run)\n"
        "Warning: spec.resources.limits[cpu]: holds for each container that has no such limit of its own: "
        "an engine can't limit several together\n"
    )


def test_a_volume_that_needs_a_cluster_is_refused(kubectl: kubectl_shell.Shell) -> None:
    remote = pod(volumes=[{"name": "v", "nfs": {"server": "s", "path": "/"}}])
    assert kubectl("create", "-f", "-", stdin=remote, status=1) == (
        'The Pod "web" is invalid: spec.volumes[0].nfs: Forbidden: volumes of this kind need a cluster, '
        "with its drivers and its network's or cloud's disks\n"
    )


def test_a_taken_name_is_refused(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=config_map("taken"))
    assert kubectl("create", "-f", "-", stdin=config_map("taken"), status=1) == (
        'Error from server (AlreadyExists): error when creating "STDIN": configmaps "taken" already exists\n'
    )


def test_a_wrong_token_is_unauthorized(kubectl: kubectl_shell.Shell) -> None:
    credentials = (
        "--kubeconfig=/dev/null",
        f"--server={kubectl.world.kubectl(*SERVER).out}",
        "--insecure-skip-tls-verify",
    )
    told = kubectl(*credentials, "get", "--raw", "/api/v1/pods", "--token=wrong", status=1)
    assert told == "error: You must be logged in to the server (Unauthorized)\n"
