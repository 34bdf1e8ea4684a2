"""What people write as the country of an address, and its calling code.

Law: data and one look-up. ISO 3166 codes are libphonenumber's; names stand here for the countries
that our dial plans are tried with, as German, English and their own people write them. An unknown
name says nothing.
"""

from __future__ import annotations

from functools import cache

import phonenumbers

_NAMES = {
    "49": "d deutschland germany allemagne germania duitsland alemania niemcy",
    "43": "a österreich oesterreich austria autriche oostenrijk",
    "41": "schweiz suisse svizzera switzerland",
    "39": "i italien italia italy italie",
    "33": "f frankreich france francia frankrijk",
    "44": "uk gb england schottland scotland großbritannien grossbritannien",
    "1": "usa kanada canada",
    "31": "niederlande netherlands nederland holland",
    "34": "e spanien españa spain espagne",
    "48": "polen polska poland pologne",
    "32": "b belgien belgië belgium belgique",
    "352": "l luxemburg luxembourg",
    "423": "fl liechtenstein",
    "420": "tschechien česko czechia",
    "45": "dk dänemark danmark denmark",
}
_LONG_NAMES = {
    "united kingdom": "44",
    "vereinigtes königreich": "44",
    "great britain": "44",
    "united states": "1",
    "united states of america": "1",
    "vereinigte staaten": "1",
    "the netherlands": "31",
    "czech republic": "420",
}
MAX_COUNTRY_CHARS = 40


@cache
def _codes() -> dict[str, str]:
    codes = {
        region.casefold(): str(phonenumbers.country_code_for_region(region))
        for region in phonenumbers.SUPPORTED_REGIONS
    }
    for code, names in _NAMES.items():
        codes |= dict.fromkeys(names.split(), code)
    return codes | _LONG_NAMES


def calling_code_of(country: str) -> str:
    """Return the calling code of a country as an address names it, "" for an unknown one.

    Args:
        country: ISO 3166 code of two letters, the sign of its cars, or a common name.
    """
    if not country or len(country) > MAX_COUNTRY_CHARS:
        return ""
    return _codes().get(country.strip(" .").casefold(), "")
