"""The table of merge rules speaks of fields there are, and leaves no list of structs to chance."""

import msgspec
import pytest
from msgspec import inspect

from podrunner.objects import base, container, kinds, meta, pod, pod_status, scheduling, service, volume
from podrunner.objects.patches import schema, shapes


def _structs(
    shape: shapes.Shape, found: dict[type[base.Struct], shapes.Shape]
) -> dict[type[base.Struct], shapes.Shape]:
    if shape.struct is not None and shape.struct not in found:
        found[shape.struct] = shape
        for inner in shape.fields.values():
            _structs(inner, found)
    if shape.item is not None:
        _structs(shape.item, found)
    return found


FOUND: dict[type[base.Struct], shapes.Shape] = {}
for _kind in kinds.KINDS:
    _structs(shapes.of(_kind.type), FOUND)

ROWS = {
    (type_, field)
    for table in (schema.RULES, schema.ATOMIC_LISTS)
    for type_, fields in table.items()
    for field in fields
}


def test_the_table_names_only_fields_there_are() -> None:
    assert {(type_, field) for type_, field in ROWS if type_ not in FOUND or field not in FOUND[type_].fields} == set()
    assert set(FOUND) >= schema.ATOMIC_STRUCTS


def test_the_table_covers_every_list_of_structs() -> None:
    lists = {
        (type_, field)
        for type_, shape in FOUND.items()
        for field, inner in shape.fields.items()
        if inner.kind == shapes.LIST and inner.item is not None and inner.item.kind == shapes.STRUCT
    }
    inherited = {(each, field) for type_, field in ROWS for each in FOUND if issubclass(each, type_)}
    assert lists - inherited == set()
    assert len(lists) > 80


def test_merge_keys_and_map_keys_are_fields_of_the_items() -> None:
    for type_, fields in schema.RULES.items():
        for field, rule in fields.items():
            item = FOUND[type_].fields[field].item
            assert item is not None
            assert {*rule.map_keys, *filter(None, [rule.merge_key])} <= set(item.fields), (type_, field)


@pytest.mark.parametrize(
    ("type_", "field", "list_type", "merge_key"),
    [
        (pod.PodSpec, "containers", "map", "name"),
        (pod.PodSpec, "tolerations", "atomic", ""),
        (pod.PodSpec, "topologySpreadConstraints", "map", "topologyKey"),
        (container.Container, "ports", "map", "containerPort"),
        (container.EphemeralContainer, "env", "map", "name"),
        (container.Container, "command", "atomic", ""),
        (container.ResourceRequirements, "claims", "map", ""),
        (meta.ObjectMeta, "finalizers", "set", ""),
        (meta.ObjectMeta, "ownerReferences", "map", "uid"),
        (pod_status.PodStatus, "conditions", "map", "type"),
        (pod_status.PodStatus, "hostIPs", "atomic", "ip"),
        (pod_status.PodStatus, "podIPs", "map", "ip"),
        (volume.ProjectedVolumeSource, "sources", "atomic", ""),
    ],
)
def test_lists_merge_as_kubernetes_markers_say(
    type_: type[base.Struct], field: str, list_type: str, merge_key: str
) -> None:
    assert (schema.list_type(type_, field), schema.merge_key(type_, field)) == (list_type, merge_key)


def test_volumes_and_claims_keep_only_the_keys_a_patch_retains() -> None:
    strategies = {
        field: schema.rule(pod.PodSpec, field).strategy for field in ("volumes", "resourceClaims", "containers")
    }
    assert strategies == {"volumes": "merge,retainKeys", "resourceClaims": "merge,retainKeys", "containers": "merge"}


def test_shapes_know_what_is_one_value() -> None:
    spec = shapes.of(pod.PodSpec).fields
    assert (spec["nodeSelector"].kind, spec["nodeSelector"].atomic) == ("map", True)
    assert (spec["overhead"].kind, spec["overhead"].atomic) == ("map", False)
    assert shapes.of(scheduling.NodeSelector).atomic
    assert not shapes.of(scheduling.Affinity).atomic
    assert shapes.of(container.Container).fields["ports"].keys == (("containerPort", 0), ("protocol", "TCP"))
    assert shapes.of(service.ServiceSpec).fields["ports"].keys == (("port", 0), ("protocol", "TCP"))


def test_scalars_are_told_apart_as_in_the_api() -> None:
    kinds_of = {
        "terminationGracePeriodSeconds": "numeric",
        "hostNetwork": "boolean",
        "hostname": "string",
        "priorityClassName": "string",
    }
    assert {field: shapes.of(pod.PodSpec).fields[field].kind for field in kinds_of} == kinds_of
    assert shapes.of(container.HTTPGetAction).fields["port"].kind == "any"  # a number or a name
    limits = shapes.of(container.ResourceRequirements).fields["limits"].item
    assert limits is not None
    assert limits.kind == "any"  # a quantity may be a number
    assert shapes.of(meta.ObjectMeta).fields["creationTimestamp"].kind == "string"


def test_shapes_have_the_fields_the_decoder_knows() -> None:
    decoded = inspect.type_info(pod.PodSpec)
    assert isinstance(decoded, inspect.StructType)
    assert set(shapes.of(pod.PodSpec).fields) == {field.encode_name for field in decoded.fields}
    assert len(msgspec.structs.fields(pod.PodSpec)) == len(shapes.of(pod.PodSpec).fields)
