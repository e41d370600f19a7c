"""How the containers of a pod resolve names: what their /etc/resolv.conf says. Pure; performs no I/O.

Source: kubernetes pkg/kubelet/network/dns/dns.go; its limits are those that a dnsConfig has itself. In place of the
node's configuration stands what the engine writes for a sandbox: on networks but its default one and the host's, that
names the engine's own server, which knows the network's containers and asks the host's servers for the rest.

The file itself is written by the sandbox's start command (images/pause), which sees what the engine wrote.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from podrunner.objects.pod import Pod, PodDNSConfig, PodDNSConfigOption
from podrunner.objects.validation import pods as rules
from podrunner.pods import hostnames

PATH = "/etc/resolv.conf"

LONGEST_SEARCH = 253

CLUSTER_OPTIONS = ("ndots:5",)


class Resolver(msgspec.Struct, frozen=True, kw_only=True):
    """What a resolv.conf says."""

    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


OF_ENGINE = Resolver(nameservers=("127.0.0.11",), options=("ndots:0",))
"""The engine's own server on its user-defined networks; the host's search domains come to it."""


class Formed(NamedTuple):
    """A configuration within the limits, and what is to be said of what they made it lose (DNSConfigForming)."""

    resolver: Resolver
    complaints: tuple[str, ...] = ()


def of(pod: Pod, node: Resolver, cluster_dns: str | None = None) -> Formed:
    """The configuration of the pod's containers, where the node has `node`.

    `cluster_dns` is the address of the server that knows the Services, if there is one.
    """
    base = node
    if pod.spec.dns_policy == "None":
        base = Resolver()
    elif cluster_dns is not None and is_cluster_first(pod):
        base = _of_cluster(pod, node, cluster_dns)
    return _within_limits(_merged(base, pod.spec.dns_config))


def is_cluster_first(pod: Pod) -> bool:
    """Whether the names of Services are looked up first (`getPodDNSType`)."""
    if pod.spec.dns_policy == "ClusterFirst":
        return not pod.spec.host_network
    return pod.spec.dns_policy == "ClusterFirstWithHostNet"


def is_own(pod: Pod) -> bool:
    """Whether the pod asks for anything but what the engine has for it."""
    return pod.spec.dns_policy == "None" or pod.spec.dns_config is not None


def parse(text: str) -> Resolver:
    """What a resolv.conf says (`parseResolvConf`): of its search and options lines the last ones count."""
    nameservers: list[str] = []
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    for line in text.splitlines():
        match line.split():
            case ["nameserver", address, *_]:
                nameservers.append(address)
            case ["search", *domains]:
                searches = tuple(domain.removesuffix(".") for domain in domains)
            case ["options", *given]:
                options = tuple(given)
    return Resolver(nameservers=tuple(nameservers), searches=searches, options=options)


def text(resolver: Resolver) -> str:
    """The resolv.conf that says it."""
    lines = [f"nameserver {address}" for address in resolver.nameservers]
    if resolver.searches:
        lines.append(f"search {' '.join(resolver.searches)}")
    if resolver.options:
        lines.append(f"options {' '.join(resolver.options)}")
    return "".join(f"{line}\n" for line in lines)


def of_options(options: Iterable[PodDNSConfigOption]) -> tuple[str, ...]:
    """Options as a resolv.conf has them."""
    return tuple(f"{option.name}:{option.value}" if option.value else option.name for option in options)


def _of_cluster(pod: Pod, node: Resolver, cluster_dns: str) -> Resolver:
    """`generateSearchesForDNSClusterFirst`"""
    services = f"svc.{hostnames.CLUSTER_DOMAIN}"
    searches = (f"{pod.metadata.namespace}.{services}", services, hostnames.CLUSTER_DOMAIN, *node.searches)
    return Resolver(nameservers=(cluster_dns,), searches=_distinct(searches), options=CLUSTER_OPTIONS)


def _merged(base: Resolver, config: PodDNSConfig | None) -> Resolver:
    """`appendDNSConfig`"""
    if config is None:
        return base
    options = {option.partition(":")[0]: option for option in (*base.options, *of_options(config.options))}
    return Resolver(
        nameservers=_distinct((*base.nameservers, *config.nameservers)),
        searches=_distinct((*base.searches, *config.searches)),
        options=tuple(options.values()),
    )


def _within_limits(wanted: Resolver) -> Formed:
    """`formDNSConfigFitsLimits`"""
    complaints = []
    nameservers = wanted.nameservers[: rules.MAX_NAMESERVERS]
    if nameservers != wanted.nameservers:
        complaints.append(
            "Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: "
            + " ".join(nameservers)
        )
    searches = [search for search in wanted.searches[: rules.MAX_SEARCHES] if len(search) <= LONGEST_SEARCH]
    while len(" ".join(searches)) > rules.MAX_SEARCH_CHARACTERS:
        searches.pop()
    if len(searches) != len(wanted.searches):
        complaints.append(
            "Search Line limits were exceeded, some search paths have been omitted, the applied search line is: "
            + " ".join(searches)
        )
    resolver = msgspec.structs.replace(wanted, nameservers=nameservers, searches=tuple(searches))
    return Formed(resolver, tuple(complaints))


def _distinct(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
