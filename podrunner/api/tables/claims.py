"""PersistentVolumeClaims as rows. Pure; performs no I/O.

Source: `printPersistentVolumeClaim`, kubernetes pkg/printers/internalversion/printers.go.
"""

from datetime import datetime

from podrunner.api.tables import layout
from podrunner.api.tables.layout import AGE, NAME, UNSET, Cell, Column, Layout, wide
from podrunner.objects import quantity
from podrunner.objects.storage import PersistentVolumeClaim

_OLD_CLASS = "volume.beta.kubernetes.io/storage-class"
_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _claim(claim: PersistentVolumeClaim, now: datetime) -> list[Cell]:
    spec, status = claim.spec, claim.status
    capacity = modes = ""
    if spec.volume_name:
        capacity = quantity.canonical(status.capacity.get("storage", "0"))
        modes = ",".join(short for mode, short in _MODES.items() if mode in status.access_modes)
    return [
        claim.metadata.name,
        "Terminating" if claim.metadata.deletion_timestamp is not None else status.phase,
        spec.volume_name,
        capacity,
        modes,
        claim.metadata.annotations.get(_OLD_CLASS, spec.storage_class_name or ""),
        UNSET if spec.volume_attributes_class_name is None else spec.volume_attributes_class_name,
        layout.age_of(claim, now),
        UNSET if spec.volume_mode is None else spec.volume_mode,
    ]


CLAIM = Layout(
    (
        NAME,
        Column("Status", "Whether the claim has its volume."),
        Column("Volume", "The volume the claim has."),
        Column("Capacity", "The size of the volume."),
        Column("Access Modes", "How the volume can be mounted."),
        Column("StorageClass", "The storage class the claim asks for."),
        Column("VolumeAttributesClass", "The volume attributes class the claim asks for."),
        AGE,
        wide("VolumeMode", "Whether the volume is a file system or a block device."),
    ),
    _claim,
)
