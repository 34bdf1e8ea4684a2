"""Dial plans: how numbers are written and dialled at one place.

Law: values and their defaults by country; the rules that apply them stand in `engine.reading`.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import phonenumbers


class ExtensionRange(msgspec.Struct, frozen=True, array_like=True):
    """Extensions declared as own ones: `+49 89 12345-100..-199`.

    Attributes:
        trunk: E.164 digits before the extension.
        low: the first extension.
        high: the last one; as many digits as `low`.
    """

    trunk: str
    low: str
    high: str

    def holds(self, extension: str) -> bool:
        """Tell whether an extension is one of the range."""
        return len(extension) == len(self.low) and self.low <= extension <= self.high


class DialPlan(msgspec.Struct, frozen=True):
    """How numbers are written and dialled at one place. All fields hold digits only.

    Attributes:
        name: the configuration's name, "" for the plan made from the region alone.
        country_code: without "+", 1–3 digits.
        area_code: without the national prefix; "" where local numbers are not dialled.
        national_prefix: before national numbers ("0"); "" where there is none (Italy, Spain).
        international_prefix: "00", "011" …
        outside_line: digits before external numbers; "" for none.
        trunks: own main numbers in E.164 digits; extensions follow them.
        extension_length: least and most digits of an extension; (0, 0) = none but the ranges.
        ranges: extensions declared one by one; they win over service numbers of the same digits.
    """

    name: str = ""
    country_code: str = "49"
    area_code: str = ""
    national_prefix: str = "0"
    international_prefix: str = "00"
    outside_line: str = ""
    trunks: tuple[str, ...] = ()
    extension_length: tuple[int, int] = (0, 0)
    ranges: tuple[ExtensionRange, ...] = ()

    def is_extension(self, digits: str) -> bool:
        """Tell whether `digits` may be dialled inside: by a declared range or by their length."""
        low, high = self.extension_length
        return (bool(self.trunks) and low <= len(digits) <= high) or self.is_declared(digits)

    def is_declared(self, digits: str) -> bool:
        """Tell whether `digits` are an extension of a declared range."""
        return bool(self.ranges) and any(each.holds(digits) for each in self.ranges)

    def trunks_before(self, extension: str) -> tuple[str, ...]:
        """Return the own trunks an extension may stand behind, declared ranges first, each once."""
        low, high = self.extension_length
        own = self.trunks if low <= len(extension) <= high else ()
        if not self.ranges:
            return own
        declared = dict.fromkeys(each.trunk for each in self.ranges if each.holds(extension))
        return (*declared, *(trunk for trunk in own if trunk not in declared))

    def extensions_in(self, digits: str) -> Iterator[str]:
        """Give what stands behind each own trunk in E.164 digits; nothing for other numbers."""
        for each in self.ranges:
            rest = digits[len(each.trunk) :]
            if digits.startswith(each.trunk) and each.holds(rest):
                yield rest
        low, high = self.extension_length
        for trunk in self.trunks:
            rest = digits[len(trunk) :]
            if digits.startswith(trunk) and low <= len(rest) <= high:
                yield rest


def region_plan(region: str) -> DialPlan:
    """Return the plan of a country (ISO 3166 code such as "DE"): prefixes only, no trunks.

    Raises:
        ValueError: the region is unknown to libphonenumber.
    """
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region.upper(), None)
    if metadata is None:
        raise ValueError(f"unknown region {region!r}: use an ISO 3166 code such as DE, AT, US")
    exit_code = metadata.preferred_international_prefix or metadata.international_prefix or "00"
    exit_code = exit_code.replace("~", "")  # Russia's 8~10: wait for a tone in between
    return DialPlan(
        country_code=str(metadata.country_code),
        national_prefix=metadata.national_prefix or "",
        international_prefix=exit_code if exit_code.isdigit() else "00",
    )


def country_plan(country_code: str) -> DialPlan:
    """Return the plan of a calling code ("49"): prefixes only, no trunks.

    Raises:
        ValueError: the code is not assigned.
    """
    region = None
    if country_code.isascii() and country_code.isdigit():
        region = phonenumbers.region_code_for_country_code(int(country_code))
    if region is None or region == "ZZ":
        raise ValueError(f"unknown country code {country_code!r}: use digits such as 49")
    if region == "001":
        return DialPlan(country_code=country_code, national_prefix="")
    return region_plan(region)
