"""How far image pulls are, from the progress of their layers. Pure; performs no I/O."""

import msgspec

from podrunner.client.api import RunMessage
from podrunner.pods import images

_FETCHED = ("Download complete", "Verifying Checksum", "Extracting", "Pull complete", "Already exists")
_DONE = ("Pull complete", "Already exists")


class Layer(msgspec.Struct, frozen=True):
    fetched: int = 0
    size: int = 0
    done: bool = False


class Pull(msgspec.Struct, frozen=True):
    """One image on its way: bytes of the layers whose size is known yet, and how many layers are done."""

    reference: str
    fetched: int
    size: int
    done_layers: int
    layers: int


class Pulls:
    """The pulls under way in a run."""

    def __init__(self) -> None:
        self._layers: dict[tuple[str, str, str], dict[str, Layer]] = {}
        self._references: dict[tuple[str, str, str], str] = {}

    def progressed(self, message: RunMessage) -> None:
        """A layer came further, or an image that was pulled ahead of its turn is there, or can't be had yet."""
        key = (message.namespace, message.pod, message.container)
        if message.status == images.PULL_OVER:
            self._layers.pop(key, None)
            return
        self._references[key] = message.reference
        layers = self._layers.setdefault(key, {})
        if message.layer:
            layers[message.layer] = _further(layers.get(message.layer, Layer()), message)

    def ended(self, namespace: str, pod: str, container: str) -> None:
        """The container's image is there, or the pull failed."""
        self._layers.pop((namespace, pod, container), None)

    def under_way(self) -> list[Pull]:
        return [
            Pull(
                self._references[key],
                sum(layer.fetched for layer in layers.values()),
                sum(layer.size for layer in layers.values()),
                sum(layer.done for layer in layers.values()),
                len(layers),
            )
            for key, layers in self._layers.items()
        ]


def _further(layer: Layer, message: RunMessage) -> Layer:
    """Only a download's figures are bytes of the layer as it comes; an extraction counts its own."""
    if message.status == "Downloading":
        return Layer(message.current, max(message.total, layer.size))
    if message.status in _FETCHED:
        return Layer(layer.size, layer.size, message.status in _DONE)
    return layer
