"""A container of a pod spec: command, environment, ports, probes, hooks, resources. Pure; performs no I/O."""

from podrunner.objects import base, meta, security


class ResourceClaim(base.Struct):
    name: str = base.always("")
    request: str = ""


class ResourceRequirements(base.Struct):
    claims: tuple[ResourceClaim, ...] = ()
    limits: dict[str, base.Quantity] = {}
    requests: dict[str, base.Quantity] = {}


class ConfigMapKeySelector(base.Struct):
    key: str = base.always("")
    name: str = ""
    optional: bool | None = None


class VolumeMount(base.Struct):
    name: str = base.always("")
    bind_mount_options: tuple[str, ...] = ()
    mount_path: str = base.always("")
    mount_propagation: str | None = None
    read_only: bool = False
    recursive_read_only: str | None = None
    sub_path: str = ""
    sub_path_expr: str = ""


class VolumeDevice(base.Struct):
    name: str = base.always("")
    device_path: str = base.always("")


class FileKeySelector(base.Struct):
    key: str = base.always("")
    optional: bool | None = None
    path: str = base.always("")
    volume_name: str = base.always("")


class SecretKeySelector(base.Struct):
    key: str = base.always("")
    name: str = ""
    optional: bool | None = None


class EnvVarSource(base.Struct):
    config_map_key_ref: ConfigMapKeySelector | None = None
    field_ref: meta.ObjectFieldSelector | None = None
    file_key_ref: FileKeySelector | None = None
    resource_field_ref: meta.ResourceFieldSelector | None = None
    secret_key_ref: SecretKeySelector | None = None


class EnvVar(base.Struct):
    name: str = base.always("")
    value: str = ""
    value_from: EnvVarSource | None = None


class ConfigMapEnvSource(base.Struct):
    name: str = ""
    optional: bool | None = None


class SecretEnvSource(base.Struct):
    name: str = ""
    optional: bool | None = None


class EnvFromSource(base.Struct):
    config_map_ref: ConfigMapEnvSource | None = None
    prefix: str = ""
    secret_ref: SecretEnvSource | None = None


class ExecAction(base.Struct):
    command: tuple[str, ...] = ()


class HTTPHeader(base.Struct):
    name: str = base.always("")
    value: str = base.always("")


class HTTPGetAction(base.Struct):
    host: str = ""
    http_headers: tuple[HTTPHeader, ...] = ()
    path: str = ""
    port: base.IntOrString = base.always(0)
    protocol: str | None = None
    scheme: str = ""


class SleepAction(base.Struct):
    seconds: base.Int64 = base.always(0)


class TCPSocketAction(base.Struct):
    host: str = ""
    port: base.IntOrString = base.always(0)


class LifecycleHandler(base.Struct):
    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    sleep: SleepAction | None = None
    tcp_socket: TCPSocketAction | None = None


class Lifecycle(base.Struct):
    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None
    stop_signal: str | None = None


class GRPCAction(base.Struct):
    mode: str | None = None
    port: base.Int32 = base.always(0)
    service: str | None = None


class Probe(base.Struct):
    exec: ExecAction | None = None
    failure_threshold: base.Int32 = 0
    grpc: GRPCAction | None = None
    http_get: HTTPGetAction | None = None
    initial_delay_seconds: base.Int32 = 0
    period_seconds: base.Int32 = 0
    success_threshold: base.Int32 = 0
    tcp_socket: TCPSocketAction | None = None
    termination_grace_period_seconds: base.Int64 | None = None
    timeout_seconds: base.Int32 = 0


class ContainerPort(base.Struct):
    name: str = ""
    container_port: base.Int32 = base.always(0)
    host_ip: str = ""
    host_port: base.Int32 = 0
    protocol: str = ""


class ContainerResizePolicy(base.Struct):
    resource_name: str = base.always("")
    restart_policy: str = base.always("")


class ContainerRestartRuleOnExitCodes(base.Struct):
    operator: str = base.always("")
    values: tuple[base.Int32, ...] = ()


class ContainerRestartRule(base.Struct):
    action: str = base.always("")
    exit_codes: ContainerRestartRuleOnExitCodes | None = None


class Container(base.Struct):
    name: str = base.always("")
    args: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvFromSource, ...] = ()
    image: str = ""
    image_pull_policy: str = ""
    lifecycle: Lifecycle | None = None
    liveness_probe: Probe | None = None
    ports: tuple[ContainerPort, ...] = ()
    readiness_probe: Probe | None = None
    resize_policy: tuple[ContainerResizePolicy, ...] = ()
    resources: ResourceRequirements = base.always(ResourceRequirements())
    restart_policy: str | None = None
    restart_policy_rules: tuple[ContainerRestartRule, ...] = ()
    security_context: security.SecurityContext | None = None
    startup_probe: Probe | None = None
    stdin: bool = False
    stdin_once: bool = False
    termination_message_path: str = ""
    termination_message_policy: str = ""
    tty: bool = False
    volume_devices: tuple[VolumeDevice, ...] = ()
    volume_mounts: tuple[VolumeMount, ...] = ()
    working_dir: str = ""


class EphemeralContainer(Container):
    target_container_name: str = ""
