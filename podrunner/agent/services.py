"""What all pods of the node share."""

from collections.abc import Mapping
from typing import NamedTuple

from podrunner import clock
from podrunner.agent.followers import Followers
from podrunner.agent.network import PodNetwork
from podrunner.agent.progress import Progress
from podrunner.agent.service_network import ServiceNetwork
from podrunner.credentials import tokens
from podrunner.engine import client


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
    clock: clock.Clock
    tokens: tokens.Signer
    node_ip: str
    allocatable: Mapping[str, str]
    backoff_scale: float = 1.0
