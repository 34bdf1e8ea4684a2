"""The dial plans of the golden table: one or more of each country.

Law: data only.
"""

from __future__ import annotations

from engine.phone import DialPlan, ExtensionRange, region_plan

Rows = tuple[tuple[str, str], ...]
"""What is written, and the key it means or a word of the reason for which it is refused."""

PLANS = {
    "munich": DialPlan(
        name="munich", area_code="89", trunks=("498999998",), extension_length=(2, 4)
    ),
    "munich-outside": DialPlan(
        name="munich-outside",
        area_code="89",
        outside_line="0",
        trunks=("498999998",),
        extension_length=(3, 3),
    ),
    "berlin-ranges": DialPlan(
        name="berlin-ranges",
        area_code="30",
        ranges=(
            ExtensionRange("493023125", "100", "199"),
            ExtensionRange("493023125", "30", "59"),
            ExtensionRange("498999998", "9000", "9099"),
        ),
    ),
    "germany": region_plan("DE"),
    "vienna": DialPlan(
        name="vienna",
        country_code="43",
        area_code="1",
        trunks=("431234567",),
        extension_length=(1, 5),
    ),
    "graz": DialPlan(name="graz", country_code="43", area_code="316"),
    "zurich": DialPlan(
        name="zurich",
        country_code="41",
        trunks=("4144111",),
        extension_length=(4, 4),
        outside_line="0",
    ),
    "switzerland": region_plan("CH"),
    "rome": region_plan("IT"),
    "milan-area": DialPlan(
        name="milan-area", country_code="39", area_code="02", national_prefix=""
    ),
    "paris": DialPlan(
        name="paris",
        country_code="33",
        ranges=(
            ExtensionRange("33199003", "000", "099"),
            ExtensionRange("3319900", "3600", "3699"),
        ),
    ),
    "london": DialPlan(name="london", country_code="44", area_code="20", outside_line="9"),
    "new-york": DialPlan(
        name="new-york",
        country_code="1",
        area_code="212",
        national_prefix="1",
        international_prefix="011",
        outside_line="9",
        trunks=("1212555",),
        extension_length=(4, 4),
    ),
    "usa": region_plan("US"),
    "amsterdam": DialPlan(name="amsterdam", country_code="31", area_code="20"),
    "madrid": region_plan("ES"),
    "warsaw": region_plan("PL"),
    "copenhagen": region_plan("DK"),
    "budapest": region_plan("HU"),
    "moscow": region_plan("RU"),
    "sydney": region_plan("AU"),
    "vilnius": region_plan("LT"),
    "minsk": region_plan("BY"),
    "mexico": region_plan("MX"),
    "buenos-aires": region_plan("AR"),
    "sao-paulo": DialPlan(name="sao-paulo", country_code="55", area_code="11"),
    "shanghai": region_plan("CN"),
    "vaduz": region_plan("LI"),
}
