"""podrunner runs Kubernetes pods on a plain Docker Engine, with the kubelet's semantics and without a cluster."""

__version__ = "0.1.0"
