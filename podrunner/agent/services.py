"""What all pods of the node share."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from podrunner import clock
from podrunner.agent.followers import Followers
from podrunner.agent.network import PodNetwork
from podrunner.agent.progress import Progress
from podrunner.agent.service_network import ServiceNetwork
from podrunner.credentials import tokens
from podrunner.engine import client, pulls


class Machine(NamedTuple):
    """What the engine's machine has for confining containers.

    `app_armor`: it enforces AppArmor's profiles. `remaps_users`: every container has a user namespace (userns-remap).
    `seccomp_root`: where podrunner reads the seccomp profiles that pods name.
    """

    memory_bytes: int = 0
    app_armor: bool = False
    remaps_users: bool = False
    seccomp_root: Path = Path("/nonexistent")


class Services(NamedTuple):
    """What the workers of all pods share.

    `allocatable` is what the node has, by resource ("cpu": "2"); `backoff_scale` is for pods that name none.
    """

    engine: client.Client
    instance: str
    network: PodNetwork
    service_network: ServiceNetwork
    followers: Followers
    progress: Progress
    pulls: pulls.Pulls
    clock: clock.Clock
    tokens: tokens.Signer
    node_ip: str
    allocatable: Mapping[str, str]
    backoff_scale: float = 1.0
    machine: Machine = Machine()
