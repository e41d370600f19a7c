"""The Kubernetes release whose API we follow. Pure; performs no I/O."""

from podrunner import __version__

MAJOR, MINOR, PATCH = "1", "37", "0"

GIT_VERSION = f"v{MAJOR}.{MINOR}.{PATCH}+podrunner-{__version__}"
"""What clients are told: the release, and ours as its build."""
