import msgspec

from podrunner.engine import ports, translate
from podrunner.objects import container, meta, pod

UNCAPPED = {
    "Type": "json-file",
    "Config": {"max-size": "1000000g", "max-file": "1", "compress": "false", "mode": "blocking"},
}
NGINX = container.Container(name="nginx", image="nginx:1.27")
WEB = pod.Pod(metadata=meta.ObjectMeta(name="web", namespace="shop", uid="0e0d"), spec=pod.PodSpec(containers=(NGINX,)))
POD_LABELS = {
    "io.kubernetes.pod.name": "web",
    "io.kubernetes.pod.namespace": "shop",
    "io.kubernetes.pod.uid": "0e0d",
    "podrunner.dev/instance": "mine",
    "podrunner.dev/attempt": "1",
}


HOSTS_HEAD = """\
# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
"""
SANDBOX_LABELS = POD_LABELS | {"io.kubernetes.container.name": "POD", "io.kubernetes.docker.type": "podsandbox"}


def of_sandbox(subject: pod.Pod, *publish: ports.Published) -> dict[str, object]:
    return translate.sandbox_config(
        subject, instance="mine", attempt=1, network="cafe", pause_image="pause:1", publish=publish
    )


def of_container(subject: container.Container, in_pod: pod.Pod = WEB, **variables: str) -> dict[str, object]:
    return translate.container_config(
        in_pod, subject, instance="mine", attempt=1, sandbox_id="5eed", environment=variables
    )


def test_a_container_that_joins_another_sees_its_processes_wherever_the_others_are() -> None:
    shared = with_spec(share_process_namespace=True)
    config = translate.container_config(shared, NGINX, instance="mine", attempt=0, sandbox_id="5eed", joins="7a9e7")
    assert config["HostConfig"]["PidMode"] == "container:7a9e7"
    assert config["HostConfig"]["IpcMode"] == "container:5eed"


def with_spec(**changes: object) -> pod.Pod:
    return msgspec.structs.replace(WEB, spec=msgspec.structs.replace(WEB.spec, **changes))


def test_a_sandbox_holds_the_namespaces_and_has_no_privileges() -> None:
    assert of_sandbox(WEB) == {
        "Image": "pause:1",
        "Hostname": "web",
        "Env": [
            f"PODRUNNER_HOSTS_HEAD={HOSTS_HEAD}",
            "PODRUNNER_HOSTS_NAMES=web",
            "PODRUNNER_HOSTS_TAIL=",
        ],
        "User": "65535:65535",
        "Labels": SANDBOX_LABELS,
        "ExposedPorts": {},
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {
            "NetworkMode": "cafe",
            "IpcMode": "shareable",
            "PortBindings": {},
            "CapDrop": ["ALL"],
            "CapAdd": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SYS_PTRACE"],
            "Binds": [],
            "Mounts": [
                {"Type": "volume", "Target": "/podrunner/messages", "VolumeOptions": {"Labels": SANDBOX_LABELS}}
            ],
            "LogConfig": UNCAPPED,
            "RestartPolicy": {"Name": "no"},
        },
    }


def test_host_ports_and_published_ports_belong_to_the_sandbox() -> None:
    exposing = msgspec.structs.replace(NGINX, ports=(container.ContainerPort(container_port=80, host_port=8080),))
    config = of_sandbox(with_spec(containers=(exposing,)), ports.Published(container_port=443, host_port=8443))
    assert config["ExposedPorts"] == {"80/tcp": {}, "443/tcp": {}}
    host_config = config["HostConfig"]
    assert isinstance(host_config, dict)
    assert host_config["PortBindings"] == {
        "80/tcp": [{"HostIp": "", "HostPort": "8080"}],
        "443/tcp": [{"HostIp": "", "HostPort": "8443"}],
    }


def test_a_shared_process_namespace_is_the_sandboxs() -> None:
    sharing = with_spec(share_process_namespace=True)
    joined = of_container(NGINX, sharing)["HostConfig"]
    assert isinstance(joined, dict)
    assert joined["PidMode"] == "container:5eed"


def test_a_sandbox_on_the_hosts_network_has_the_hosts_name() -> None:
    config = translate.sandbox_config(WEB, instance="mine", attempt=1, network="host", pause_image="pause:1")
    assert config["Hostname"] == ""
    assert config["Env"] == [
        "PODRUNNER_HOSTS_HEAD=# Kubernetes-managed hosts file (host network).\n",
        "PODRUNNER_HOSTS_NAMES=",
        "PODRUNNER_HOSTS_TAIL=",
    ]


def test_a_container_joins_the_sandbox_and_leaves_the_rest_to_its_image() -> None:
    assert of_container(NGINX) == {
        "Image": "nginx:1.27",
        "Env": [],
        "Labels": POD_LABELS
        | {
            "io.kubernetes.container.name": "nginx",
            "io.kubernetes.docker.type": "container",
            "io.kubernetes.sandbox.id": "5eed",
        },
        "Healthcheck": {"Test": ["NONE"]},
        "OpenStdin": False,
        "StdinOnce": False,
        "Tty": False,
        "HostConfig": {
            "NetworkMode": "container:5eed",
            "IpcMode": "container:5eed",
            "CpuShares": 102,
            "OomScoreAdj": 1000,
            "Mounts": [],
            "LogConfig": UNCAPPED,
            "RestartPolicy": {"Name": "no"},
        },
    }


def test_command_is_the_entrypoint_and_args_are_the_command() -> None:
    subject = msgspec.structs.replace(NGINX, command=("sh", "-c"), args=("exit 3",), working_dir="/srv")
    config = of_container(subject)
    assert (config["Entrypoint"], config["Cmd"], config["WorkingDir"]) == (["sh", "-c"], ["exit 3"], "/srv")


def test_args_alone_keep_the_images_entrypoint() -> None:
    config = of_container(msgspec.structs.replace(NGINX, args=("-g", "daemon off;")))
    assert config["Cmd"] == ["-g", "daemon off;"]
    assert "Entrypoint" not in config


def test_command_and_arguments_expand_the_variables() -> None:
    subject = msgspec.structs.replace(NGINX, command=("echo", "$(URL)", "$(NONE)"), args=("$(HOST)",))
    config = of_container(subject, URL="pg://db/$(HOST)", HOST="db2")
    assert config["Env"] == ["URL=pg://db/$(HOST)", "HOST=db2"]
    assert config["Entrypoint"] == ["echo", "pg://db/$(HOST)", "$(NONE)"]
    assert config["Cmd"] == ["db2"]


def test_a_terminal_and_standard_input_are_as_the_container_says() -> None:
    config = of_container(msgspec.structs.replace(NGINX, stdin=True, stdin_once=True, tty=True))
    assert (config["OpenStdin"], config["StdinOnce"], config["Tty"]) == (True, True, True)


def test_volumes_are_mounted_before_the_sandboxes_files() -> None:
    volume, file = {"Type": "volume", "Target": "/data"}, {"Type": "bind", "Target": "/etc/hosts"}
    config = translate.container_config(
        WEB, NGINX, instance="mine", attempt=0, sandbox_id="5eed", sandbox_mounts=[file], volume_mounts=[volume]
    )
    assert config["HostConfig"]["Mounts"] == [volume, file]


def test_a_stop_signal_of_the_spec_takes_the_place_of_the_images() -> None:
    asked = msgspec.structs.replace(NGINX, lifecycle=container.Lifecycle(stop_signal="SIGUSR1"))
    assert of_container(asked)["StopSignal"] == "SIGUSR1"
    assert "StopSignal" not in of_container(NGINX)
