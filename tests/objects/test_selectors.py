"""Label and field selectors as kubectl takes them."""

import pytest

from podrunner.objects import meta, selectors

LABELS = {"app": "kubia", "tier": "front", "release": "7", "empty": ""}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("app=kubia", True),
        ("app==kubia,tier=front", True),
        ("app=other", False),
        ("app!=other", True),
        ("missing!=x", True),
        ("missing=x", False),
        ("app", True),
        ("!app", False),
        ("!missing", True),
        ("tier in (front, back)", True),
        ("tier in (back)", False),
        ("tier notin (back),app in (kubia,x)", True),
        ("missing notin (a)", True),
        ("missing in (a)", False),
        ("empty=", True),
        ("release>6", True),
        ("release < 7", False),
        ("app>1", False),
    ],
)
def test_a_label_selector_matches(text: str, matches: bool) -> None:
    assert selectors.parse(text).matches(LABELS) is matches


@pytest.mark.parametrize("text", ["a b", "=x", "a in b", "a,,b", "a in (b", "a=b=c,", "a==="])
def test_what_is_no_label_selector_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="unable to parse requirement"):
        selectors.parse(text)


def test_an_objects_selector_means_all_of_its_parts() -> None:
    selector = selectors.of_labels(
        meta.LabelSelector(
            match_labels={"app": "kubia"},
            match_expressions=(meta.LabelSelectorRequirement(key="tier", operator="NotIn", values=("back",)),),
        )
    )
    assert selector is not None
    assert selector.matches(LABELS)
    assert not selector.matches({"app": "kubia", "tier": "back"})
    assert selectors.of_labels(meta.LabelSelector()) == selectors.EVERYTHING
    assert selectors.of_labels(None) is None


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("status.phase=Running", True),
        ("status.phase!=Running", False),
        ("metadata.name==a,status.phase!=Failed", True),
        (r"spec.note=x\,y\=z", True),
    ],
)
def test_a_field_selector_matches(text: str, matches: bool) -> None:
    fields = {"metadata.name": "a", "status.phase": "Running", "spec.note": "x,y=z"}
    assert selectors.parse_fields(text).matches(fields) is matches


def test_a_field_that_can_not_be_selected_by_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"field label not supported: spec\.color"):
        selectors.parse_fields("spec.color=red").matches({"metadata.name": "a"})
    with pytest.raises(ValueError, match="can't understand 'novalue'"):
        selectors.parse_fields("novalue")
