"""A container's environment variables, from everywhere they may come. Pure; performs no I/O.

Order and precedence are those of `makeEnvironmentVariables`, kubernetes pkg/kubelet/kubelet_pods.go: Services, then
envFrom, then env; what comes later wins. Since Kubernetes 1.34 every key of a ConfigMap or Secret is a valid name.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from podrunner import errors
from podrunner.objects.config import ConfigMap, Secret
from podrunner.objects.container import Container, EnvFromSource, EnvVarSource, FileKeySelector
from podrunner.objects.pod import Pod
from podrunner.pods import downward, envfile, expansion, spec
from podrunner.pods.configuration import Configuration

File = tuple[str, str]
"""A file with variables: the volume's name, and the path in it."""


class Sources(NamedTuple):
    """What variables are made from. `files` are those of the container, None where there is none."""

    configuration: Configuration
    pod_ips: Sequence[str] = ()
    files: Mapping[File, str | None] = {}


def files(container: Container) -> tuple[File, ...]:
    """The files that the container's variables come from."""
    refs = (variable.value_from.file_key_ref for variable in container.env if variable.value_from is not None)
    return tuple({(ref.volume_name, ref.path): None for ref in refs if ref is not None})


def needs_pod_address(container: Container) -> bool:
    """Whether one of the variables tells the pod's address."""
    refs = (variable.value_from.field_ref for variable in container.env if variable.value_from is not None)
    return any(ref is not None and ref.field_path in downward.POD_ADDRESSES for ref in refs)


def resolve(pod: Pod, container: Container, sources: Sources) -> dict[str, str]:
    """The variables by name. Raises CreateContainerConfigError for what is missing and not optional."""
    environment: dict[str, str] = {}
    for source in container.env_from:
        environment.update(_all_of(pod, source, sources.configuration))
    of_services = sources.configuration.service_variables
    for variable in container.env:
        value: str | None = expansion.expand(variable.value, {**of_services, **environment})
        if variable.value_from is not None and not variable.value:
            value = _value_of(pod, container, variable.value_from, sources)
        if value is not None:
            environment[variable.name] = value
    return {**of_services, **environment}


def _all_of(pod: Pod, source: EnvFromSource, configuration: Configuration) -> dict[str, str]:
    if source.config_map_ref is not None:
        optional = bool(source.config_map_ref.optional)
        config_map = _config_map(source.config_map_ref.name, configuration, optional=optional)
        entries = dict(config_map.data) if config_map else {}
    elif source.secret_ref is not None:
        secret = _secret(source.secret_ref.name, configuration, optional=bool(source.secret_ref.optional))
        entries = {key: _text(value) for key, value in secret.data.items()} if secret else {}
    else:
        entries = {}
    return {source.prefix + key: value for key, value in entries.items()}


def _value_of(pod: Pod, container: Container, source: EnvVarSource, sources: Sources) -> str | None:
    """The value that a source leads to; None if it leads nowhere and may."""
    configuration = sources.configuration
    if source.field_ref is not None:
        return downward.field(pod, source.field_ref.field_path, configuration, sources.pod_ips)
    if source.resource_field_ref is not None:
        ref = source.resource_field_ref
        subject = spec.container(pod, ref.container_name) if ref.container_name else container
        if subject is None:
            raise errors.CreateContainerConfigError(f"container {ref.container_name} not found")
        return downward.resource(pod, subject, ref, configuration.allocatable)
    if source.config_map_key_ref is not None:
        key_ref, optional = source.config_map_key_ref, bool(source.config_map_key_ref.optional)
        config_map = _config_map(key_ref.name, configuration, optional=optional)
        data = config_map.data if config_map else {}
        return _entry(data, key_ref.key, f"ConfigMap {pod.metadata.namespace}/{key_ref.name}", optional=optional)
    if source.secret_key_ref is not None:
        secret_ref, optional = source.secret_key_ref, bool(source.secret_key_ref.optional)
        secret = _secret(secret_ref.name, configuration, optional=optional)
        texts = {key: _text(value) for key, value in secret.data.items()} if secret else {}
        return _entry(texts, secret_ref.key, f"Secret {pod.metadata.namespace}/{secret_ref.name}", optional=optional)
    if source.file_key_ref is not None:
        return _of_file(source.file_key_ref, sources.files)
    return ""


def _entry(entries: Mapping[str, str], key: str, where: str, *, optional: bool) -> str | None:
    if key not in entries and not optional:
        raise errors.CreateContainerConfigError(f"couldn't find key {key} in {where}")
    return entries.get(key)


def _of_file(ref: FileKeySelector, contents: Mapping[File, str | None]) -> str | None:
    """Source: KEP-3721 and `parseEnvFile` in kubernetes pkg/kubelet/util/env."""
    content = contents.get((ref.volume_name, ref.path))
    if content is None:
        if ref.optional:
            return None
        raise errors.CreateContainerConfigError(f"couldn't parse env file {ref.path}: it does not exist")
    try:
        entries = envfile.parse(content)
    except ValueError as error:
        raise errors.CreateContainerConfigError(f"couldn't parse env file {ref.path}: {error}") from error
    if ref.key not in entries and not ref.optional:
        raise errors.CreateContainerConfigError(f"environment variable key {ref.key!r} not found in file {ref.path!r}")
    return entries.get(ref.key)


def _config_map(name: str, configuration: Configuration, *, optional: bool) -> ConfigMap | None:
    found = configuration.config_maps.get(name)
    if found is None and not optional:
        raise errors.CreateContainerConfigError(f'configmap "{name}" not found')
    return found


def _secret(name: str, configuration: Configuration, *, optional: bool) -> Secret | None:
    found = configuration.secrets.get(name)
    if found is None and not optional:
        raise errors.CreateContainerConfigError(f'secret "{name}" not found')
    return found


def _text(value: bytes) -> str:
    # What is no UTF-8 reaches the process as the bytes it is: the engine's JSON carries no others.
    return value.decode("utf-8", errors="replace")
