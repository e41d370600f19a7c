"""PodTemplate. Pure; performs no I/O."""

from podrunner.objects import base, meta, pod


class PodTemplateSpec(base.Struct):
    metadata: meta.ObjectMeta = base.always(meta.ObjectMeta())
    spec: pod.PodSpec = base.always(pod.PodSpec())


class PodTemplate(meta.Object):
    kind: str = base.always("PodTemplate")
    template: PodTemplateSpec = base.always(PodTemplateSpec())
