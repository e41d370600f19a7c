"""Resource quantities ("500m", "1Gi", "1e3"): exact values and canonical text. Pure; performs no I/O.

The rules are apimachinery's (`pkg/api/resource/quantity.go`, `suffix.go`): a signed decimal number, then one suffix.
Values finer than a nano-unit are rounded up, away from zero.
"""

import functools
import re
from fractions import Fraction
from typing import NamedTuple

_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY_SUFFIX = {power: suffix for suffix, power in _BINARY.items()}
_DECIMAL_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_SYNTAX = r"([+-]?)(\d+\.?\d*|\.\d+)(?:([KMGTPE]i)|([eE][+-]?\d{1,9})|([numkMGTPE]?))"
_NANO = Fraction(1, 10**9)
_MAX = 2**63 - 1
_LONGEST = 300

SYNTAX_RULE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


class Quantity(NamedTuple):
    """An exact amount. `format` is how it was written ("binary", "decimal", "exponent") and how `str` writes it."""

    amount: Fraction
    format: str

    @property
    def value(self) -> int:
        """In whole units, rounded up, as Kubernetes' Value()."""
        return _ceil(self.amount)

    @property
    def milli_value(self) -> int:
        """In thousandths, rounded up, as Kubernetes' MilliValue()."""
        return _ceil(self.amount * 1000)

    def rounded_to_milli(self) -> "Quantity":
        """Rounded up to thousandths."""
        return Quantity(Fraction(self.milli_value, 1000), self.format)

    def __str__(self) -> str:
        """Kubernetes' canonical form: no fraction, the largest suffix that allows it ("0.5" is "500m")."""
        if self.format == "binary" and self.amount.denominator == 1 and abs(self.amount) >= 1024:
            return _canonical_binary(int(self.amount))
        return _canonical_decimal(self.amount, exponent_form=self.format == "exponent")


@functools.lru_cache(maxsize=1024)
def parse(text: str) -> Quantity:
    """Reads a quantity. Raises ValueError, with Kubernetes' words, when `text` is none."""
    match = re.fullmatch(_SYNTAX, text, re.ASCII) if len(text) <= _LONGEST else None
    if match is None:
        raise ValueError(SYNTAX_RULE)
    sign, digits, binary, exponent, decimal = match.groups()
    number = _decimal_fraction(digits)
    if binary:
        amount, form = number * 1024 ** _BINARY[binary], "binary"
    elif exponent:
        amount, form = number * _power_of_ten(int(exponent[1:])), "exponent"
    else:
        amount, form = number * _power_of_ten(_DECIMAL[decimal]), "decimal"
    amount = min(_round_up(amount), Fraction(_MAX))
    return Quantity(-amount if sign == "-" else amount, form)


def canonical(text: str) -> str:
    """`text` in canonical form; raises ValueError when it is no quantity."""
    return str(parse(text))


def _decimal_fraction(digits: str) -> Fraction:
    whole, _, part = digits.partition(".")
    return Fraction(int((whole + part) or "0"), 10 ** len(part))


def _power_of_ten(exponent: int) -> Fraction:
    """10 ** exponent, with an absurd exponent cut to one that already over- or underflows."""
    exponent = max(-40, min(40, exponent))
    return Fraction(10**exponent) if exponent >= 0 else Fraction(1, 10**-exponent)


def _ceil(amount: Fraction) -> int:
    return -((-amount.numerator) // amount.denominator)


def _round_up(amount: Fraction) -> Fraction:
    return amount if (amount * 10**9).denominator == 1 else _ceil(amount / _NANO) * _NANO


def _canonical_binary(amount: int) -> str:
    power = 0
    while power < 6 and amount % 1024 == 0:
        amount //= 1024
        power += 1
    return f"{amount}{_BINARY_SUFFIX.get(power, '')}"


def _canonical_decimal(amount: Fraction, *, exponent_form: bool) -> str:
    if amount == 0:
        return "0"
    exponent = -9
    number = int(amount * 10**9)
    while exponent < 18 and number % 1000 == 0:
        number //= 1000
        exponent += 3
    if exponent_form:
        return f"{number}e{exponent}" if exponent else str(number)
    return f"{number}{_DECIMAL_SUFFIX[exponent]}"
