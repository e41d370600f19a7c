"""A container's variables: where they come from, which of them wins, what is missing.

Obligations of `makeEnvironmentVariables`, kubernetes pkg/kubelet/kubelet_pods.go.
"""

from typing import Any

import pytest

import pod_cases
from pod_cases import changed
from podrunner import errors
from podrunner.objects import meta
from podrunner.objects.config import ConfigMap, Secret
from podrunner.objects.container import (
    ConfigMapEnvSource,
    ConfigMapKeySelector,
    Container,
    EnvFromSource,
    EnvVar,
    EnvVarSource,
    FileKeySelector,
    ResourceRequirements,
    SecretEnvSource,
    SecretKeySelector,
)
from podrunner.objects.pod import Pod
from podrunner.pods import environment
from podrunner.pods.configuration import Configuration, references

COLORS = ConfigMap(data={"sky": "blue", "grass": "green"})
KEYS = Secret(data={"door": b"1234", "sky": b"hidden"})
HAS = Configuration(
    config_maps={"colors": COLORS},
    secrets={"keys": KEYS},
    allocatable={"cpu": "2", "memory": "4194304Ki"},
    host_ips=("10.0.0.9",),
)

FROM_COLORS = EnvFromSource(config_map_ref=ConfigMapEnvSource(name="colors"))
FROM_KEYS = EnvFromSource(secret_ref=SecretEnvSource(name="keys"))


def variable(name: str, **source: Any) -> EnvVar:
    return EnvVar(name=name, value_from=EnvVarSource(**source))


def field(path: str) -> EnvVar:
    return variable("IT", field_ref=meta.ObjectFieldSelector(field_path=path))


def of_config_map(key: str, *, name: str = "colors", optional: bool | None = None) -> EnvVar:
    return variable("IT", config_map_key_ref=ConfigMapKeySelector(name=name, key=key, optional=optional))


def of_secret(key: str, *, name: str = "keys", optional: bool | None = None) -> EnvVar:
    return variable("IT", secret_key_ref=SecretKeySelector(name=name, key=key, optional=optional))


def resource(name: str, divisor: str = "", container: str = "") -> EnvVar:
    ref = meta.ResourceFieldSelector(resource=name, divisor=divisor, container_name=container)
    return variable("IT", resource_field_ref=ref)


def pod(container: Container) -> Pod:
    subject = pod_cases.pod(inits=(), mains=(container, pod_cases.ENVOY))
    labelled = changed_meta(subject, labels={"app": "kubia", "tier": 'a "b"\n'}, annotations={"example.com/x": "1"})
    return changed_spec(labelled, service_account_name="default")


def changed_meta(subject: Pod, **changes: Any) -> Pod:
    return changed(subject, metadata=changed(subject.metadata, **changes))


def changed_spec(subject: Pod, **changes: Any) -> Pod:
    return changed(subject, spec=changed(subject.spec, **changes))


def resolved(container: Container, has: Configuration = HAS, **sources: Any) -> dict[str, str]:
    return environment.resolve(
        pod(container), container, environment.Sources(has, ("172.18.0.2", "fd00::2"), **sources)
    )


def value(one: EnvVar, **sources: Any) -> str | None:
    return resolved(changed(pod_cases.KUBIA, env=(one,)), **sources).get("IT")


def problem(*env: EnvVar, env_from: tuple[EnvFromSource, ...] = (), **sources: Any) -> str:
    with pytest.raises(errors.CreateContainerConfigError) as refused:
        resolved(changed(pod_cases.KUBIA, env=env, env_from=env_from), **sources)
    return str(refused.value)


def test_all_keys_of_a_config_map_or_secret_become_variables_with_a_prefix_if_one_is_given() -> None:
    prefixed = EnvFromSource(prefix="K_", secret_ref=SecretEnvSource(name="keys"))
    assert resolved(changed(pod_cases.KUBIA, env_from=(FROM_COLORS, prefixed))) == {
        "sky": "blue",
        "grass": "green",
        "K_door": "1234",
        "K_sky": "hidden",
    }


def test_the_later_source_wins_and_env_wins_over_env_from_and_both_over_services() -> None:
    kubia = changed(pod_cases.KUBIA, env_from=(FROM_COLORS, FROM_KEYS), env=(EnvVar(name="grass", value="dry"),))
    services = changed(HAS, service_variables={"grass": "service", "WEB_PORT": "tcp://10.96.0.7:80"})
    assert resolved(kubia, services) == {
        "sky": "hidden",
        "grass": "dry",
        "door": "1234",
        "WEB_PORT": "tcp://10.96.0.7:80",
    }


def test_a_value_may_refer_to_variables_before_it_to_those_of_env_from_and_of_services() -> None:
    env = (
        EnvVar(name="EARLY", value="$(LATE) $(sky) $$(sky) $(WEB)"),
        EnvVar(name="LATE", value="late"),
        EnvVar(name="LAST", value="$(EARLY)/$(LATE)"),
    )
    kubia = changed(pod_cases.KUBIA, env_from=(FROM_COLORS,), env=env)
    found = resolved(kubia, changed(HAS, service_variables={"WEB": "w"}))
    assert found["EARLY"] == "$(LATE) blue $(sky) w"
    assert found["LAST"] == "$(LATE) blue $(sky) w/late"


def test_single_keys_of_config_maps_and_secrets() -> None:
    assert value(of_config_map("sky")) == "blue"
    assert value(of_secret("door")) == "1234"


def test_what_is_missing_is_told_in_the_kubelets_words() -> None:
    assert problem(of_config_map("sky", name="nope")) == 'configmap "nope" not found'
    assert problem(of_secret("door", name="nope")) == 'secret "nope" not found'
    assert problem(of_config_map("zz")) == "couldn't find key zz in ConfigMap default/colors"
    assert problem(of_secret("zz")) == "couldn't find key zz in Secret default/keys"
    assert problem(env_from=(FROM_COLORS,), has=Configuration()) == 'configmap "colors" not found'
    assert problem(env_from=(FROM_KEYS,), has=Configuration()) == 'secret "keys" not found'


def test_what_is_missing_and_optional_makes_no_variable() -> None:
    env = (
        of_config_map("zz", optional=True),
        of_config_map("sky", name="nope", optional=True),
        of_secret("zz", optional=True),
        of_secret("door", name="nope", optional=True),
    )
    env_from = (
        EnvFromSource(config_map_ref=ConfigMapEnvSource(name="nope", optional=True)),
        EnvFromSource(secret_ref=SecretEnvSource(name="nope", optional=True)),
    )
    assert resolved(changed(pod_cases.KUBIA, env=env, env_from=env_from)) == {}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("metadata.name", "kubia-init"),
        ("metadata.namespace", "default"),
        ("metadata.uid", "1234"),
        ("metadata.labels['app']", "kubia"),
        ("metadata.labels['none']", ""),
        ("metadata.annotations['example.com/x']", "1"),
        ("spec.nodeName", "vm"),
        ("spec.serviceAccountName", "default"),
        ("status.hostIP", "10.0.0.9"),
        ("status.hostIPs", "10.0.0.9"),
        ("status.podIP", "172.18.0.2"),
        ("status.podIPs", "172.18.0.2,fd00::2"),
    ],
)
def test_fields_of_the_pod(path: str, text: str) -> None:
    assert value(field(path)) == text


@pytest.mark.parametrize(
    ("name", "divisor", "text"),
    [
        ("limits.cpu", "", "1"),
        ("limits.cpu", "1m", "250"),
        ("requests.cpu", "1m", "100"),
        ("limits.memory", "", "67108865"),
        ("limits.memory", "1Mi", "65"),
        ("requests.memory", "1Ki", "0"),
        ("limits.ephemeral-storage", "", "0"),
        ("limits.hugepages-2Mi", "1Mi", "4"),
    ],
)
def test_resources_are_rounded_up_to_the_divisor(name: str, divisor: str, text: str) -> None:
    limits = {"cpu": "250m", "memory": "67108865", "hugepages-2Mi": "4Mi"}
    resources = ResourceRequirements(limits=limits, requests={"cpu": "100m"})
    kubia = changed(pod_cases.KUBIA, env=(resource(name, divisor),), resources=resources)
    assert resolved(kubia)["IT"] == text


def test_a_limit_that_is_not_set_is_what_the_pod_or_else_the_node_has() -> None:
    assert value(resource("limits.cpu")) == "2"
    assert value(resource("limits.memory", "1Mi")) == "4096"
    limited = changed_spec(pod(pod_cases.KUBIA), resources=ResourceRequirements(limits={"cpu": "1500m"}))
    kubia = changed(pod_cases.KUBIA, env=(resource("limits.cpu", "1m"),))
    assert environment.resolve(limited, kubia, environment.Sources(HAS)) == {"IT": "1500"}


def test_the_resources_may_be_another_containers() -> None:
    assert value(resource("limits.cpu", container="envoy")) == "2"
    assert problem(resource("limits.cpu", container="nobody")) == "container nobody not found"


def test_keys_of_a_file() -> None:
    ref = FileKeySelector(volume_name="config", path="app.env", key="COLOR")
    found = {("config", "app.env"): "# made by init\nCOLOR='blue $(X)'\nTEXT='two\nlines'\n"}
    assert value(variable("IT", file_key_ref=ref), files=found) == "blue $(X)"
    assert value(variable("IT", file_key_ref=changed(ref, key="TEXT")), files=found) == "two\nlines"
    missing = variable("IT", file_key_ref=changed(ref, key="SIZE"))
    assert problem(missing, files=found) == "environment variable key 'SIZE' not found in file 'app.env'"
    assert problem(missing) == "couldn't parse env file app.env: it does not exist"
    assert value(variable("IT", file_key_ref=changed(ref, key="SIZE", optional=True)), files=found) is None
    assert value(variable("IT", file_key_ref=changed(ref, optional=True))) is None
    broken = {("config", "app.env"): "\n\nCOLOR=blue\n"}
    expected = "couldn't parse env file app.env: invalid environment variable format at line 3"
    assert problem(variable("IT", file_key_ref=ref), files=broken) == expected


def test_what_a_pod_refers_to() -> None:
    kubia = changed(pod_cases.KUBIA, env=(of_config_map("a", name="one"), of_secret("b", name="two")))
    checker = changed(pod_cases.NETWORK_CHECK, env_from=(FROM_COLORS, FROM_KEYS))
    found = references(pod_cases.pod(inits=(checker,), mains=(kubia,)))
    assert found.config_maps == {"one", "colors"}
    assert found.secrets == {"two", "keys"}
