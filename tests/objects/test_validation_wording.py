"""Kubernetes' rules in Kubernetes' words: from a good object, break one thing, compare with what a cluster says."""

from typing import Any

import pytest

from podrunner.objects import decode, defaults, kinds, validation

LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
DNS_1035 = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
QUALIFIED = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
LABEL_VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
CONFIG_KEY = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
NO_INIT = "may not be set for init containers without restartPolicy=Always"
SAME_PATH = {"name": "a", "items": [{"key": "k", "path": "p"}]}
TRUE = {"exec": {"command": ["true"]}}
ONE_SOURCE = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"


def check(kind: str, data: dict[str, Any]) -> list[str]:
    known = kinds.by_name(kind)
    assert known is not None
    decoded = decode.decode({"metadata": {"name": "good"}, **data}, known.type)
    assert decoded.problems == []
    return [str(error) for error in validation.validate(defaults.apply(decoded.object))]


def check_spec(**spec: Any) -> list[str]:
    return check("Pod", {"spec": {"containers": [{"name": "kubia", "image": "luksa/kubia:1.0"}], **spec}})


def check_container(**fields: Any) -> list[str]:
    volumes = [{"name": "data", "emptyDir": {}}, {"name": "claim", "persistentVolumeClaim": {"claimName": "c"}}]
    return check_spec(containers=[{"name": "kubia", "image": "luksa/kubia:1.0", **fields}], volumes=volumes)


def check_volume(**source: Any) -> list[str]:
    return check_spec(volumes=[{"name": "data", **source}])


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"name": ""}, "metadata.name: Required value: name or generateName is required"),
        ({"name": "Kubia"}, f'metadata.name: Invalid value: "Kubia": {SUBDOMAIN}'),
        ({"name": "a" * 254}, f'metadata.name: Invalid value: "{"a" * 200}"...: must be no more than 253 bytes'),
        ({"generateName": "kubia_"}, f'metadata.generateName: Invalid value: "kubia_": {SUBDOMAIN}'),
        ({"namespace": "a.b"}, 'metadata.namespace: Invalid value: "a.b": must not contain dots'),
        ({"labels": {"-app": "x"}}, f'metadata.labels: Invalid value: "-app": name part {QUALIFIED}'),
        ({"labels": {"/app": "x"}}, 'metadata.labels: Invalid value: "/app": prefix part must be non-empty'),
        ({"labels": {"A.b/app": "x"}}, f'metadata.labels: Invalid value: "A.b/app": prefix part {SUBDOMAIN}'),
        (
            {"labels": {"a/b/c": "x"}},
            (
                f'metadata.labels: Invalid value: "a/b/c": a valid label key {QUALIFIED} '
                "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            ),
        ),
        ({"labels": {"app": "two words"}}, f'metadata.labels: Invalid value: "two words": {LABEL_VALUE}'),
        ({"labels": {"a": "x" * 64}}, f'metadata.labels: Invalid value: "{"x" * 64}": must be no more than 63 bytes'),
        ({"annotations": {"a": "x" * 2**18}}, "metadata.annotations: Too long: may not be more than 262144 bytes"),
        (
            {"finalizers": ["mine"]},
            (
                'metadata.finalizers[0]: Invalid value: "mine": '
                "name is neither a standard finalizer name nor is it fully qualified"
            ),
        ),
        (
            {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "a"}]},
            'metadata.ownerReferences[0].uid: Invalid value: "": must not be empty',
        ),
    ],
)
def test_metadata(metadata: dict[str, Any], expected: str) -> None:
    spec = {"containers": [{"name": "a", "image": "b"}]}
    assert check("Pod", {"metadata": {"name": "good", **metadata}, "spec": spec}) == [expected]


def test_a_generated_name_stands_in_for_a_name() -> None:
    assert check("ConfigMap", {"metadata": {"generateName": "kubia-"}}) == []


def test_container_names_are_unique_across_init_and_regular_containers() -> None:
    twice = [{"name": "kubia", "image": "a"}, {"name": "kubia", "image": "b"}]
    assert check_spec(containers=twice) == ['spec.containers[1].name: Duplicate value: "kubia"']
    assert check_spec(initContainers=[{"name": "kubia", "image": "a"}]) == [
        'spec.initContainers[0].name: Duplicate value: "kubia"'
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": ""}, "name: Required value"),
        ({"name": "Kubia"}, f'name: Invalid value: "Kubia": {LABEL}'),
        ({"image": ""}, "image: Required value"),
        ({"image": " kubia"}, 'image: Invalid value: " kubia": must not have leading or trailing whitespace'),
        (
            {"imagePullPolicy": "always"},
            'imagePullPolicy: Unsupported value: "always": supported values: "Always", "IfNotPresent", "Never"',
        ),
        (
            {"terminationMessagePolicy": "Log"},
            'terminationMessagePolicy: Unsupported value: "Log": supported values: "FallbackToLogsOnError", "File"',
        ),
        ({"ports": [{"name": "web"}]}, "ports[0].containerPort: Required value"),
        (
            {"ports": [{"containerPort": 70000}]},
            "ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        ),
        (
            {"ports": [{"containerPort": 1, "hostPort": -1}]},
            "ports[0].hostPort: Invalid value: -1: must be between 1 and 65535, inclusive",
        ),
        ({"ports": [{"containerPort": 1, "hostIP": "here"}]}, f'ports[0].hostIP: Invalid value: "here": {IP}'),
        (
            {"ports": [{"containerPort": 1, "protocol": "tcp"}]},
            'ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"',
        ),
        (
            {"ports": [{"containerPort": 1, "name": "Web"}]},
            (
                'ports[0].name: Invalid value: "Web": '
                "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
            ),
        ),
        (
            {"ports": [{"containerPort": 1, "name": "80"}]},
            'ports[0].name: Invalid value: "80": must contain at least one letter (a-z)',
        ),
        (
            {"ports": [{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}]},
            'ports[1].name: Duplicate value: "a"',
        ),
        (
            {"ports": [{"containerPort": 1, "hostPort": 9}, {"containerPort": 2, "hostPort": 9}]},
            'ports[1].hostPort: Duplicate value: "TCP//9"',
        ),
        ({"env": [{"value": "x"}]}, "env[0].name: Required value"),
        (
            {"env": [{"name": "a=b"}]},
            (
                'env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of printable '
                "ASCII characters other than '='"
            ),
        ),
        (
            {"env": [{"name": "A", "valueFrom": {}}]},
            f'env[0].valueFrom: Invalid value: "": must specify one of: {ONE_SOURCE}',
        ),
        (
            {"env": [{"name": "A", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]},
            'env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
        ),
        (
            {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.color"}}}]},
            (
                'env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.color": '
                "error converting fieldPath: field label not supported: spec.color"
            ),
        ),
        (
            {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.phase"}}}]},
            (
                'env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: '
                '"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", '
                '"status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"'
            ),
        ),
        (
            {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}}]},
            "env[0].valueFrom.secretKeyRef.key: Required value",
        ),
        (
            {"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "2"}}}]},
            (
                'env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": '
                "only divisor's values 1m and 1 are supported with the cpu resource"
            ),
        ),
        ({"envFrom": [{}]}, 'envFrom[0]: Invalid value: "": must specify one of: `configMapRef` or `secretRef`'),
        ({"envFrom": [{"configMapRef": {}}]}, "envFrom[0].configMapRef.name: Required value"),
        ({"volumeMounts": [{"name": "none", "mountPath": "/a"}]}, 'volumeMounts[0].name: Not found: "none"'),
        ({"volumeMounts": [{"name": "data"}]}, "volumeMounts[0].mountPath: Required value"),
        (
            {"volumeMounts": [{"name": "data", "mountPath": "/a"}, {"name": "data", "mountPath": "/a"}]},
            'volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
        ),
        (
            {"volumeMounts": [{"name": "data", "mountPath": "/a:b"}]},
            """volumeMounts[0].mountPath: Invalid value: "/a:b": must not contain ':'""",
        ),
        (
            {"volumeMounts": [{"name": "data", "mountPath": "/a", "subPath": "../b"}]},
            """volumeMounts[0].subPath: Invalid value: "../b": must not contain '..'""",
        ),
        (
            {"volumeMounts": [{"name": "data", "mountPath": "/a", "subPath": "/b"}]},
            'volumeMounts[0].subPath: Invalid value: "/b": must be a relative path',
        ),
        (
            {"volumeMounts": [{"name": "data", "mountPath": "/a", "mountPropagation": "Bidirectional"}]},
            (
                "volumeMounts[0].mountPropagation: Forbidden: "
                "Bidirectional mount propagation is available only to privileged containers"
            ),
        ),
        (
            {"volumeMounts": [{"name": "data", "mountPath": "/a", "recursiveReadOnly": "Enabled"}]},
            "volumeMounts[0].recursiveReadOnly: Forbidden: may only be specified when readOnly is true",
        ),
        (
            {"volumeDevices": [{"name": "data", "devicePath": "/dev/x"}]},
            (
                'volumeDevices[0].name: Invalid value: "data": '
                "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
            ),
        ),
        ({"resources": {"limits": {"cpu": "1x"}}}, f'resources.limits[cpu]: Invalid value: "1x": {QUANTITY}'),
        (
            {"resources": {"limits": {"cpu": "-1"}}},
            'resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
        ),
        (
            {"resources": {"limits": {"cpu": "0.5"}, "requests": {"cpu": "1"}}},
            'resources.requests: Invalid value: "1": must be less than or equal to cpu limit of 500m',
        ),
        (
            {"resources": {"requests": {"example.com/gpu": "1"}}},
            "resources.limits: Required value: Limit must be set for non overcommitable resources",
        ),
        (
            {"resources": {"limits": {"hugepages-2Mi": "4Mi"}}},
            "resources: Forbidden: HugePages require cpu or memory",
        ),
        (
            {"resources": {"claims": [{"name": "gpu"}]}},
            'resources.claims[0]: Not found: "gpu": must be one of the names in pod.spec.resourceClaims which is empty',
        ),
        ({"livenessProbe": {"periodSeconds": 1}}, "livenessProbe: Required value: must specify a handler type"),
        (
            {"readinessProbe": {**TRUE, "tcpSocket": {"port": 1}}},
            "readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type",
        ),
        (
            {"livenessProbe": {**TRUE, "successThreshold": 2}},
            "livenessProbe.successThreshold: Invalid value: 2: must be 1",
        ),
        (
            {"startupProbe": {**TRUE, "timeoutSeconds": -3}},
            "startupProbe.timeoutSeconds: Invalid value: -3: must be greater than or equal to 0",
        ),
        (
            {"readinessProbe": {**TRUE, "terminationGracePeriodSeconds": 1}},
            "readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes",
        ),
        (
            {"livenessProbe": {"httpGet": {"port": 0}}},
            "livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive",
        ),
        (
            {"livenessProbe": {"httpGet": {"port": 1, "scheme": "ftp"}}},
            'livenessProbe.httpGet.scheme: Unsupported value: "ftp": supported values: "HTTP", "HTTPS"',
        ),
        (
            {"lifecycle": {"preStop": {"sleep": {"seconds": 31}}}},
            (
                "lifecycle.preStop.sleep: Invalid value: 31: "
                "must be non-negative and less than terminationGracePeriodSeconds (30)"
            ),
        ),
        (
            {"lifecycle": {"stopSignal": "SIGTERM"}},
            "lifecycle.stopSignal: Forbidden: may not be set for containers with empty `spec.os.name`",
        ),
        (
            {"securityContext": {"runAsUser": -1}},
            "securityContext.runAsUser: Invalid value: -1: must be between 0 and 4294967295, inclusive",
        ),
        (
            {"securityContext": {"seccompProfile": {"type": "Localhost"}}},
            (
                "securityContext.seccompProfile.localhostProfile: "
                "Required value: must be set when seccomp type is Localhost"
            ),
        ),
        (
            {"securityContext": {"procMount": "Unmasked"}},
            'securityContext.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`',
        ),
        (
            {"restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In", "values": [3]}}]},
            "restartPolicy: Required value: must specify restartPolicy when restart rules are used",
        ),
        (
            {"restartPolicy": "Never", "restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "Is"}}]},
            'restartPolicyRules[0].exitCodes.operator: Unsupported value: "Is": supported values: "In", "NotIn"',
        ),
        (
            {"resizePolicy": [{"resourceName": "disk", "restartPolicy": "NotRequired"}]},
            'resizePolicy[0].resourceName: Unsupported value: "disk": supported values: "cpu", "memory"',
        ),
    ],
)
def test_containers(fields: dict[str, Any], expected: str) -> None:
    assert check_container(**fields) == [f"spec.containers[0].{expected}"]


@pytest.mark.parametrize("field", ["livenessProbe", "readinessProbe", "startupProbe"])
def test_init_containers_have_probes_only_as_sidecars(field: str) -> None:
    init = {"name": "init", "image": "a", field: TRUE}
    assert check_spec(initContainers=[init]) == [f"spec.initContainers[0].{field}: Forbidden: {NO_INIT}"]
    assert check_spec(initContainers=[{**init, "restartPolicy": "Always"}]) == []


def test_one_host_port_serves_init_containers_one_after_the_other() -> None:
    port = {"ports": [{"containerPort": 80, "hostPort": 80}]}
    inits = [{"name": "a", "image": "x", **port}, {"name": "b", "image": "x", **port}]
    assert check_spec(initContainers=inits) == []
    assert check_spec(containers=inits) == ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"']


def test_ephemeral_containers_come_later_and_with_little() -> None:
    ephemeral = {"name": "debug", "image": "a", "targetContainerName": "nobody", "readinessProbe": TRUE}
    assert check_spec(ephemeralContainers=[ephemeral]) == [
        'spec.ephemeralContainers[0].targetContainerName: Not found: "nobody"',
        "spec.ephemeralContainers[0].readinessProbe: Forbidden: cannot be set for an Ephemeral Container",
        "spec.ephemeralContainers: Forbidden: cannot be set on create",
    ]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"containers": []}, "containers: Required value"),
        (
            {"restartPolicy": "always"},
            'restartPolicy: Unsupported value: "always": supported values: "Always", "OnFailure", "Never"',
        ),
        (
            {"dnsPolicy": "Host"},
            (
                'dnsPolicy: Unsupported value: "Host": supported values: '
                '"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"'
            ),
        ),
        ({"dnsPolicy": "None"}, "dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"),
        ({"dnsConfig": {"nameservers": ["dns"]}}, f'dnsConfig.nameservers[0]: Invalid value: "dns": {IP}'),
        (
            {"dnsConfig": {"nameservers": ["1.1.1.1"] * 4}},
            (
                'dnsConfig.nameservers: Invalid value: ["1.1.1.1", "1.1.1.1", "1.1.1.1", "1.1.1.1"]: '
                "must not have more than 3 nameservers"
            ),
        ),
        (
            {"activeDeadlineSeconds": 0},
            "activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
        ),
        (
            {"terminationGracePeriodSeconds": -1},
            "terminationGracePeriodSeconds: Invalid value: -1: must be greater than or equal to 0",
        ),
        ({"hostname": "a.b"}, 'hostname: Invalid value: "a.b": must not contain dots'),
        (
            {"hostnameOverride": "a.example.com", "setHostnameAsFQDN": True},
            "hostnameOverride: Forbidden: may not be set when `setHostnameAsFQDN` is true",
        ),
        (
            {"hostnameOverride": "a.example.com", "hostNetwork": True},
            "hostnameOverride: Forbidden: may not be set when `hostNetwork` is true",
        ),
        ({"hostnameOverride": "a" * 60 + ".test"}, "hostnameOverride: Too long: may not be more than 64 bytes"),
        ({"hostnameOverride": "A"}, f'hostnameOverride: Invalid value: "A": {SUBDOMAIN}'),
        ({"subdomain": "A"}, f'subdomain: Invalid value: "A": {LABEL}'),
        ({"serviceAccountName": "A"}, f'serviceAccountName: Invalid value: "A": {SUBDOMAIN}'),
        ({"hostAliases": [{"ip": "x"}]}, f'hostAliases[0].ip: Invalid value: "x": {IP}'),
        (
            {
                "hostNetwork": True,
                "containers": [{"name": "a", "image": "b", "ports": [{"containerPort": 1, "hostPort": 2}]}],
            },
            "containers[0].ports[0].hostPort: Invalid value: 2: must match `containerPort` when `hostNetwork` is true",
        ),
        ({"hostUsers": False, "hostPID": True}, "hostPID: Forbidden: when `pod.Spec.HostUsers` is false"),
        (
            {"shareProcessNamespace": True, "hostPID": True},
            "shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled",
        ),
        (
            {"securityContext": {"sysctls": [{"name": "net.x", "value": "1"}, {"name": "net.x", "value": "2"}]}},
            'securityContext.sysctls[1].name: Duplicate value: "net.x"',
        ),
        (
            {"securityContext": {"fsGroupChangePolicy": "Never"}},
            (
                'securityContext.fsGroupChangePolicy: Unsupported value: "Never": supported values: '
                '"Always", "OnRootMismatch"'
            ),
        ),
        ({"nodeSelector": {"disk": "a b"}}, f'nodeSelector: Invalid value: "a b": {LABEL_VALUE}'),
        (
            {"tolerations": [{"operator": "Equal", "value": "x"}]},
            (
                'tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, '
                'which means "match all values and all keys"'
            ),
        ),
        (
            {"tolerations": [{"key": "a", "effect": "Never"}]},
            (
                'tolerations[0].effect: Unsupported value: "Never": supported values: '
                '"NoSchedule", "PreferNoSchedule", "NoExecute"'
            ),
        ),
        (
            {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {}}}},
            (
                "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: "
                "Required value: must have at least one node selector term"
            ),
        ),
        (
            {"topologySpreadConstraints": [{"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]},
            "topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
        ),
        ({"schedulingGates": [{"name": "g"}, {"name": "g"}]}, 'schedulingGates[1]: Duplicate value: "g"'),
        ({"overhead": {"cpu": "-1"}}, 'overhead[cpu]: Invalid value: "-1": must be greater than or equal to 0'),
        (
            {"resources": {"limits": {"disk.io/x": "1"}}},
            'resources.limits[disk.io/x]: Unsupported value: "disk.io/x": supported values: "cpu", "memory"',
        ),
        (
            {"resourceClaims": [{"name": "gpu"}]},
            (
                'resourceClaims[0]: Invalid value: "gpu": '
                "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            ),
        ),
        (
            {"os": {"name": "linux"}, "securityContext": {"windowsOptions": {"runAsUserName": "me"}}},
            "securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod",
        ),
        ({"os": {"name": "plan9"}}, 'os.name: Unsupported value: "plan9": supported values: "linux", "windows"'),
    ],
)
def test_pod_specs(spec: dict[str, Any], expected: str) -> None:
    assert check_spec(**spec) == [f"spec.{expected}"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"emptyDir": {}, "secret": {"secretName": "s"}}, "secret: Forbidden: may not specify more than 1 volume type"),
        ({"hostPath": {}}, "hostPath.path: Required value"),
        (
            {"hostPath": {"path": "/x", "type": "Dir"}},
            (
                'hostPath.type: Unsupported value: "Dir": supported values: "", "BlockDevice", "CharDevice", '
                '"Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"'
            ),
        ),
        ({"hostPath": {"path": "/x/../y"}}, """hostPath.path: Invalid value: "/x/../y": must not contain '..'"""),
        ({"configMap": {}}, "configMap.name: Required value"),
        (
            {"configMap": {"name": "a", "defaultMode": 512}},
            "configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive",
        ),
        (
            {"secret": {"secretName": "a", "items": [{"key": "k", "path": "/abs"}]}},
            'secret.items[0].path: Invalid value: "/abs": must be a relative path',
        ),
        (
            {"secret": {"secretName": "a", "items": [{"key": "k", "path": "..data"}]}},
            """secret.items[0].path: Invalid value: "..data": must not start with '..'""",
        ),
        ({"persistentVolumeClaim": {}}, "persistentVolumeClaim.claimName: Required value"),
        (
            {"downwardAPI": {"items": [{"path": "a"}]}},
            "downwardAPI.items[0]: Required value: one of fieldRef and resourceFieldRef is required",
        ),
        (
            {"projected": {"sources": [{"secret": {"name": "a"}, "configMap": {"name": "b"}}]}},
            "projected.sources[0]: Forbidden: may not specify more than 1 volume type per source",
        ),
        (
            {"projected": {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 60}}]}},
            (
                "projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 60: "
                "may not specify a duration less than 10 minutes"
            ),
        ),
        (
            {"projected": {"sources": [{"secret": SAME_PATH}, {"configMap": SAME_PATH}]}},
            'projected: Invalid value: "p": conflicting duplicate paths',
        ),
        ({"nfs": {"server": "s", "path": "x"}}, 'nfs.path: Invalid value: "x": must be an absolute path'),
        ({"csi": {}}, "csi.driver: Required value"),
        ({"image": {}}, "image.reference: Required value"),
        (
            {"ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"]}}}},
            "ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value",
        ),
        (
            {"emptyDir": {"sizeLimit": "-1Gi"}},
            'emptyDir.sizeLimit: Invalid value: "-1Gi": must be greater than or equal to 0',
        ),
    ],
)
def test_volumes(source: dict[str, Any], expected: str) -> None:
    assert check_volume(**source) == [f"spec.volumes[0].{expected}"]


def test_volume_names() -> None:
    volumes = [{"name": "a", "emptyDir": {}}, {"name": "a", "emptyDir": {}}, {"emptyDir": {}}]
    assert check_spec(volumes=volumes) == [
        'spec.volumes[1].name: Duplicate value: "a"',
        "spec.volumes[2].name: Required value",
    ]


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("ConfigMap", {"data": {"a/b": "x"}}, f'data[a/b]: Invalid value: "a/b": {CONFIG_KEY}'),
        ("ConfigMap", {"data": {"..": "x"}}, """data[..]: Invalid value: "..": must not be '..'"""),
        (
            "ConfigMap",
            {"data": {"a": "x"}, "binaryData": {"a": "eA=="}},
            'data[a]: Invalid value: "a": duplicate of key present in binaryData',
        ),
        ("ConfigMap", {"data": {"a": "x" * (2**20 + 1)}}, "Too long: may not be more than 1048576 bytes"),
        ("Secret", {"stringData": {"a": "x" * (2**20 + 1)}}, "data: Too long: may not be more than 1048576 bytes"),
        ("Secret", {"type": "kubernetes.io/tls", "data": {"tls.crt": ""}}, "data[tls.key]: Required value"),
        (
            "Secret",
            {"type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": "hunter2"}},
            'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": must be a JSON object',
        ),
        (
            "Service",
            {"metadata": {"name": "1st"}, "spec": {"ports": [{"port": 80}]}},
            f'metadata.name: Invalid value: "1st": {DNS_1035}',
        ),
        ("Service", {"spec": {}}, "spec.ports: Required value"),
        ("Service", {"spec": {"ports": [{"port": 1, "name": "a"}, {"port": 2}]}}, "spec.ports[1].name: Required value"),
        (
            "Service",
            {"spec": {"ports": [{"port": 80, "nodePort": 30000}]}},
            "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
        ),
        (
            "Service",
            {"spec": {"type": "Balancer", "ports": [{"port": 80}]}},
            (
                'spec.type: Unsupported value: "Balancer": supported values: '
                '"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'
            ),
        ),
        ("Service", {"spec": {"type": "ExternalName"}}, "spec.externalName: Required value"),
        ("Namespace", {"metadata": {"name": "a.b"}}, 'metadata.name: Invalid value: "a.b": must not contain dots'),
        (
            "Namespace",
            {"metadata": {"name": "a", "namespace": "b"}},
            "metadata.namespace: Forbidden: not allowed on this type",
        ),
        ("ServiceAccount", {"metadata": {"name": "A"}}, f'metadata.name: Invalid value: "A": {SUBDOMAIN}'),
        (
            "PersistentVolumeClaim",
            {"spec": {"resources": {"requests": {"storage": "1Gi"}}}},
            "spec.accessModes: Required value: at least 1 access mode is required",
        ),
        (
            "PersistentVolumeClaim",
            {"spec": {"accessModes": ["ReadWriteOnce"]}},
            "spec.resources[storage]: Required value",
        ),
        (
            "PersistentVolumeClaim",
            {"spec": {"accessModes": ["RWO"], "resources": {"requests": {"storage": "1Gi"}}}},
            (
                'spec.accessModes[0]: Unsupported value: "RWO": supported values: '
                '"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"'
            ),
        ),
        (
            "PersistentVolumeClaim",
            {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "0"}}}},
            'spec.resources.requests[storage]: Invalid value: "0": must be greater than zero',
        ),
    ],
)
def test_other_kinds(kind: str, data: dict[str, Any], expected: str) -> None:
    assert check(kind, data) == [expected]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("ConfigMap", {"data": {"a.b": "x"}, "binaryData": {"c": "eA=="}}),
        ("Secret", {"type": "kubernetes.io/basic-auth", "stringData": {"username": "a"}}),
        ("Service", {"spec": {"clusterIP": "None", "selector": {"app": "kubia"}}}),
        ("Service", {"spec": {"type": "NodePort", "ports": [{"port": 80, "targetPort": "http"}]}}),
        ("Namespace", {}),
        ("Node", {}),
        ("ServiceAccount", {}),
        (
            "PersistentVolumeClaim",
            {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}},
        ),
    ],
)
def test_good_objects_of_other_kinds_pass(kind: str, data: dict[str, Any]) -> None:
    assert check(kind, data) == []
