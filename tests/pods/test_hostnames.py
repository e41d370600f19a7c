"""Cases of kubernetes pkg/kubelet/kubelet_pods_test.go (TestGeneratePodHostNameAndDomain) and
test/e2e/node/pod_hostnameoverride.go.
"""

import pytest

from podrunner import errors
from podrunner.objects.meta import ObjectMeta
from podrunner.objects.pod import Pod, PodSpec
from podrunner.pods import hostnames


def named(name: str = "web", **spec: object) -> Pod:
    return Pod(metadata=ObjectMeta(name=name, namespace="shop"), spec=PodSpec(**spec))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("subject", "names"),
    [
        (named(), ("web", "web", "web")),
        (named(hostname="front"), ("front", "front", "front")),
        (named(subdomain="team"), ("web", "web.team.shop.svc.cluster.local", "web")),
        (named(hostname="front", subdomain="team"), ("front", "front.team.shop.svc.cluster.local", "front")),
        (
            named(subdomain="team", set_hostname_as_fqdn=True),
            ("web", "web.team.shop.svc.cluster.local", "web.team.shop.svc.cluster.local"),
        ),
        (named(set_hostname_as_fqdn=True), ("web", "web", "web")),
        (named(hostname_override="a.example.com"), ("a.example.com", "a.example.com", "a.example.com")),
        (
            named(hostname_override="a.example.com", hostname="front", subdomain="team"),
            ("a.example.com", "a.example.com", "a.example.com"),
        ),
    ],
)
def test_a_pod_is_called(subject: Pod, names: tuple[str, str, str]) -> None:
    """Short, with its domain, and what the kernel is told."""
    assert (hostnames.short(subject), hostnames.fqdn(subject), hostnames.of_kernel(subject)) == names


def test_a_host_name_too_long_for_the_kernel_is_cut_as_the_kubelet_does() -> None:
    assert hostnames.short(named("a" * 63)) == "a" * 63
    assert hostnames.short(named("a" * 64)) == "a" * 63
    assert hostnames.short(named("a" * 61 + ".-b" + "c" * 20)) == "a" * 61
    assert hostnames.short(named(hostname_override="a" * 62 + ".b")) == "a" * 62


def test_a_name_with_its_domain_that_is_too_long_for_the_kernel_is_refused() -> None:
    fits = named("a" * 36, subdomain="team", set_hostname_as_fqdn=True)
    assert len(hostnames.of_kernel(fits)) == 64
    with pytest.raises(errors.SandboxRefused) as refused:
        hostnames.of_kernel(named("a" * 37, subdomain="team", set_hostname_as_fqdn=True))
    assert str(refused.value) == (
        "failed to construct FQDN from pod hostname and cluster domain, FQDN "
        + "a" * 37
        + ".team.shop.svc.cluster.local is too long (64 characters is the max, 65 characters requested)"
    )
