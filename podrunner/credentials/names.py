"""How the server is called by its clients, and they by it. Pure; performs no I/O."""

HOST = "127.0.0.1"
"""Where the server listens: this machine's programs reach it, nobody else's."""

OWN = (
    HOST,
    "::1",
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)
"""The addresses and names of its certificate: loopback's, and what clients in a cluster call the API server."""

OWNER = "podrunner"
"""Who has the token, or may open the Unix socket."""

OWNERS_GROUPS = ("system:masters",)
"""What Kubernetes calls those who may do everything."""
