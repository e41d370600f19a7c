"""Lease of coordination.k8s.io. Pure; performs no I/O."""

from podrunner.objects import base, meta


class LeaseSpec(base.Struct):
    """`acquire_time` and `renew_time` are MicroTimes: see `meta.at_microsecond`."""

    acquire_time: base.Time | None = None
    holder_identity: str | None = None
    lease_duration_seconds: base.Int32 | None = None
    lease_transitions: base.Int32 | None = None
    preferred_holder: str | None = None
    renew_time: base.Time | None = None
    strategy: str | None = None


class Lease(meta.Object):
    api_version: str = base.always("coordination.k8s.io/v1")
    kind: str = base.always("Lease")
    spec: LeaseSpec = base.always(LeaseSpec())
