"""Lists in pages: one list whatever changes meanwhile, or Expired."""

import pytest

from podrunner import errors
from podrunner.objects import config, kinds, meta, selectors
from podrunner.store import database, pages
from podrunner.store.registry import Listing, Registry

CONFIG_MAP = kinds.of(config.ConfigMap())


def config_map(name: str, namespace: str = "default", colour: str = "red") -> config.ConfigMap:
    return config.ConfigMap(metadata=meta.ObjectMeta(name=name, namespace=namespace, labels={"colour": colour}))


def seen(listing: Listing) -> list[str]:
    return [f"{item.metadata.name}={item.metadata.labels['colour']}" for item in listing.items]


@pytest.fixture
def first(registry: Registry) -> Listing:
    """The first page of the list of a, b, c and d."""
    for name in "badc":
        registry.create(config_map(name))
    return registry.list(CONFIG_MAP, "default", limit=2)


def following(registry: Registry, page: Listing, limit: int | None = 2) -> Listing:
    return registry.list(CONFIG_MAP, "default", limit=limit, continue_=page.continue_token)


def test_a_list_comes_in_pages(registry: Registry, first: Listing) -> None:
    assert (seen(first), first.remaining) == (["a=red", "b=red"], 2)
    second = following(registry, first)
    assert (seen(second), second.remaining, second.continue_token) == (["c=red", "d=red"], None, "")
    assert second.resource_version == first.resource_version


def test_a_list_that_fits_has_no_second_page(registry: Registry, first: Listing) -> None:
    for limit in (4, 5, None):
        whole = registry.list(CONFIG_MAP, "default", limit=limit)
        assert (len(whole.items), whole.continue_token, whole.remaining) == (4, "", None)


def test_pages_go_on_over_namespaces(registry: Registry) -> None:
    for namespace, name in (("a", "y"), ("a", "z"), ("b", "x")):
        registry.create(config_map(name, namespace))
    names, token = [], ""
    for _ in range(3):
        page = registry.list(CONFIG_MAP, limit=1, continue_=token)
        names += [item.metadata.name for item in page.items]
        token = page.continue_token
    assert (names, token) == (["y", "z", "x"], "")


def test_what_a_selector_leaves_out_takes_no_place(registry: Registry) -> None:
    for name in "abcd":
        registry.create(config_map(name, colour="green" if name in "ac" else "red"))
    red = selectors.parse("colour=red")
    page = registry.list(CONFIG_MAP, labels=red, limit=1)
    assert (seen(page), page.remaining) == (["b=red"], None)
    rest = registry.list(CONFIG_MAP, labels=red, limit=1, continue_=page.continue_token)
    assert (seen(rest), rest.continue_token) == (["d=red"], "")


def test_later_changes_do_not_show_on_later_pages(registry: Registry, first: Listing) -> None:
    registry.update(config_map("c", colour="green"))
    registry.update(config_map("c", colour="blue"))
    registry.delete(CONFIG_MAP, "default", "d")
    registry.create(config_map("cc"))
    registry.create(config_map("e"))
    registry.delete(CONFIG_MAP, "default", "e")
    registry.delete(CONFIG_MAP, "default", "a")
    page = following(registry, first, limit=1)
    assert seen(page) == ["c=red"]
    last = following(registry, page)
    assert (seen(last), last.continue_token) == (["d=red"], "")
    assert last.resource_version == first.resource_version
    assert max(int(item.metadata.resource_version) for item in last.items) <= int(last.resource_version)


def test_a_page_of_a_list_that_history_has_forgotten_is_expired(
    registry: Registry, first: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "HISTORY_CHANGES", 2)
    for number in range(database.COMPACTION_INTERVAL * 2):
        registry.update(config_map("c", colour=str(number)))
    with pytest.raises(errors.Expired) as caught:
        following(registry, first)
    assert str(caught.value) == (
        "The provided continue parameter is too old to display a consistent list result."
        " You must start a new list without the continue parameter."
    )


def test_a_token_of_another_store_is_expired(registry: Registry) -> None:
    token = pages.token(pages.Position(99, database.Key("default", "a")))
    with pytest.raises(errors.Expired):
        registry.list(CONFIG_MAP, continue_=token)


@pytest.mark.parametrize("token", ["x", "%%%", "eyJ2IjoxfQ", "bnVsbA"])
def test_what_is_no_token_is_refused(registry: Registry, token: str) -> None:
    with pytest.raises(errors.BadRequest, match=r"^continue key is not valid: "):
        registry.list(CONFIG_MAP, continue_=token)
