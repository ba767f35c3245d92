"""Keys that print differently and are the same: SKUs by case, postcodes by case and spaces."""

from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

Strings: TypeAlias = pa.Array | pa.ChunkedArray


def fold_sku(skus: Strings) -> Strings:
    """Return SKUs as they compare: Unicode lower case, code point by code point.

    Notes
    -----
    MSI compares SKUs in lower case. No normalisation and no trimming happens.

    Examples
    --------
    >>> fold_sku(pa.array(["24-WB01", None])).to_pylist()
    ['24-wb01', None]
    """
    return pc.utf8_lower(skus)


def fold_country(countries: Strings) -> Strings:
    """Return country codes in upper case, without surrounding blanks.

    Examples
    --------
    >>> fold_country(pa.array([" gb"])).to_pylist()
    ['GB']
    """
    return pc.utf8_upper(pc.utf8_trim_whitespace(countries))


def fold_postcode(postcodes: Strings) -> Strings:
    """Return postcodes in upper case, without any blanks.

    Examples
    --------
    >>> fold_postcode(pa.array(["ec1a 4sd"])).to_pylist()
    ['EC1A4SD']
    """
    return pc.utf8_upper(pc.replace_substring_regex(postcodes, r"[\s\p{Z}]+", ""))


def fold_name(names: Strings) -> Strings:
    """Return names of cities and regions without case, accents and surrounding blanks.

    Examples
    --------
    >>> fold_name(pa.array([" Île-de-France"])).to_pylist()
    ['ile-de-france']
    """
    bare = pc.replace_substring_regex(pc.utf8_normalize(names, "NFKD"), r"\p{M}", "")
    # By way of upper case, so that both small sigmas are one letter.
    return pc.utf8_lower(pc.utf8_upper(pc.utf8_trim_whitespace(bare)))


FOLDS = {
    "sku": fold_sku,
    "country_id": fold_country,
    "region": fold_name,
    "postcode": fold_postcode,
    "postcode_prefix": fold_postcode,
}
"""How a key column compares, by its name; other columns compare as they print."""
