"""The cases are the rules of kubernetes third_party/forked/golang/expansion, one example each."""

import pytest

from podrunner.pods import expansion

VALUES = {"A": "a", "B": "b", "EMPTY": "", "NESTED": "$(A)", "a)b": "never"}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)", "a"),
        ("x$(A)y$(B)z", "xaybz"),
        ("$(A)$(A)", "aa"),
        ("$(EMPTY)", ""),
        ("$(MISSING)", "$(MISSING)"),
        ("$()", "$()"),
        ("$$", "$"),
        ("$$$$", "$$"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$a"),
        ("$$$$(A)", "$$(A)"),
        ("$A", "$A"),
        ("${A}", "${A}"),
        ("price: 5$", "price: 5$"),
        ("$(A", "$(A"),
        ("$(A$$", "$(A$"),
        ("$($(A)", "$($(A)"),
        ("$(a)b)", "$(a)b)"),
        ("$(NESTED)", "$(A)"),
        ("$(A)\n$(B)", "a\nb"),
        ("", ""),
    ],
)
def test_references_are_expanded_as_kubernetes_does(text: str, expanded: str) -> None:
    assert expansion.expand(text, VALUES) == expanded
