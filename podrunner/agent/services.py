"""What all pods of the node share."""

from typing import NamedTuple

from podrunner import clock
from podrunner.agent.followers import Followers
from podrunner.agent.network import PodNetwork
from podrunner.agent.progress import Progress
from podrunner.engine import client


class Services(NamedTuple):
    """What the workers of all pods share. `backoff_scale` is for pods that name none."""

    engine: client.Client
    instance: str
    network: PodNetwork
    followers: Followers
    progress: Progress
    clock: clock.Clock
    node_ip: str
    backoff_scale: float = 1.0
