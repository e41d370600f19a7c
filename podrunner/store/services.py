"""What is particular to Services in the store: their addresses and node ports."""

from podrunner.objects import defaults, fielderrors, kinds
from podrunner.objects.service import Service
from podrunner.services import allocation
from podrunner.store import problems
from podrunner.store.registry import Registry

SERVICE = kinds.of(Service())


def create(registry: Registry, service: Service, *, dry_run: bool = False) -> Service:
    """Stores a new Service with what it needs of addresses and ports. Raises errors.Invalid for what is taken."""
    return registry.create(complete(registry, defaults.apply(service)), dry_run=dry_run)


def complete(registry: Registry, service: Service) -> Service:
    """The Service with its addresses and ports, none of which another one has. Raises errors.Invalid."""
    about = service.metadata
    found = fielderrors.Errors()
    others = [each for each in every(registry) if _key(each) != (about.namespace, about.name)]
    completed = allocation.allocate(service, others, found)
    if found:
        raise problems.invalid("Service", about.name, found)
    return completed


def every(registry: Registry) -> tuple[Service, ...]:
    """The Services of all namespaces."""
    listed: tuple[Service, ...] = registry.list(SERVICE).items
    return listed


def _key(service: Service) -> tuple[str, str]:
    return service.metadata.namespace, service.metadata.name
