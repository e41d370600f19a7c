"""Cases of kubernetes pkg/kubelet/kubelet_pods_test.go: TestManagedHostsFileContent, TestNodeHostsFileContent."""

from podrunner.objects.meta import ObjectMeta
from podrunner.objects.pod import HostAlias, Pod, PodSpec
from podrunner.pods import hosts

ALIASES = (
    HostAlias(ip="123.45.67.89", hostnames=("foo", "bar", "baz")),
    HostAlias(ip="456.78.90.123", hostnames=("park", "doo", "boo")),
)
ENTRIES = "\n# Entries added by HostAliases.\n123.45.67.89\tfoo\tbar\tbaz\n456.78.90.123\tpark\tdoo\tboo\n"


def of(*, host_network: bool = False, **spec: object) -> hosts.Template:
    subject = Pod(metadata=ObjectMeta(name="web", namespace="shop"), spec=PodSpec(**spec))  # type: ignore[arg-type]
    return hosts.template(subject, host_network=host_network)


def test_the_file_begins_as_the_kubelets_does() -> None:
    assert of() == hosts.Template(
        "# Kubernetes-managed hosts file.\n"
        "127.0.0.1\tlocalhost\n"
        "::1\tlocalhost ip6-localhost ip6-loopback\n"
        "fe00::0\tip6-localnet\n"
        "fe00::0\tip6-mcastprefix\n"
        "fe00::1\tip6-allnodes\n"
        "fe00::2\tip6-allrouters\n",
        "web",
        "",
    )


def test_the_name_with_the_domain_comes_first() -> None:
    assert of(subdomain="team").names == "web.team.shop.svc.cluster.local\tweb"
    assert of(subdomain="team", hostname="front").names == "front.team.shop.svc.cluster.local\tfront"
    assert of(subdomain="team", hostname_override="a.example.com").names == "a.example.com"


def test_aliases_are_a_line_for_each_address() -> None:
    assert of(host_aliases=ALIASES).tail == ENTRIES


def test_on_the_hosts_network_the_file_is_the_hosts_with_the_aliases() -> None:
    assert of(host_network=True, subdomain="team", host_aliases=ALIASES) == hosts.Template(
        "# Kubernetes-managed hosts file (host network).\n", "", ENTRIES
    )
