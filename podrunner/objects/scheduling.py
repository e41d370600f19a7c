"""Affinity, tolerations and spreading: what a scheduler of many nodes reads. Pure; performs no I/O."""

from podrunner.objects import base, meta


class NodeSelectorRequirement(base.Struct):
    key: str = base.always("")
    operator: str = base.always("")
    values: tuple[str, ...] = ()


class NodeSelectorTerm(base.Struct):
    match_expressions: tuple[NodeSelectorRequirement, ...] = ()
    match_fields: tuple[NodeSelectorRequirement, ...] = ()


class NodeSelector(base.Struct):
    node_selector_terms: tuple[NodeSelectorTerm, ...] = ()


class PreferredSchedulingTerm(base.Struct):
    preference: NodeSelectorTerm | None = None
    weight: base.Int32 = base.always(0)


class NodeAffinity(base.Struct):
    preferred_during_scheduling_ignored_during_execution: tuple[PreferredSchedulingTerm, ...] = ()
    required_during_scheduling_ignored_during_execution: NodeSelector | None = None


class PodAffinityTerm(base.Struct):
    label_selector: meta.LabelSelector | None = None
    match_label_keys: tuple[str, ...] = ()
    mismatch_label_keys: tuple[str, ...] = ()
    namespace_selector: meta.LabelSelector | None = None
    namespaces: tuple[str, ...] = ()
    topology_key: str = base.always("")


class WeightedPodAffinityTerm(base.Struct):
    pod_affinity_term: PodAffinityTerm | None = None
    weight: base.Int32 = base.always(0)


class PodAffinity(base.Struct):
    preferred_during_scheduling_ignored_during_execution: tuple[WeightedPodAffinityTerm, ...] = ()
    required_during_scheduling_ignored_during_execution: tuple[PodAffinityTerm, ...] = ()


class PodAntiAffinity(base.Struct):
    preferred_during_scheduling_ignored_during_execution: tuple[WeightedPodAffinityTerm, ...] = ()
    required_during_scheduling_ignored_during_execution: tuple[PodAffinityTerm, ...] = ()


class Affinity(base.Struct):
    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAntiAffinity | None = None


class Toleration(base.Struct):
    key: str = ""
    effect: str = ""
    operator: str = ""
    toleration_seconds: base.Int64 | None = None
    value: str = ""


class TopologySpreadConstraint(base.Struct):
    label_selector: meta.LabelSelector | None = None
    match_label_keys: tuple[str, ...] = ()
    max_skew: base.Int32 = base.always(0)
    min_domains: base.Int32 | None = None
    node_affinity_policy: str | None = None
    node_taints_policy: str | None = None
    topology_key: str = base.always("")
    when_unsatisfiable: str = base.always("")
