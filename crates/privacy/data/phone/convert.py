"""Writes regions.tsv from the metadata of PyPI `phonenumbers` (Apache-2.0, the data of libphonenumber).

    pip install phonenumbers==9.0.43 && python3 convert.py > regions.tsv

One line a region (001: codes without a country): its name; the calling code; `main` for the region that stands for the
code; the prefix that dials abroad; the national prefix that a number may carry; what replaces it; the shape of all
numbers; their lengths; the lengths that only work inside an area.
"""
import re

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata


def plain(pattern):
    return re.sub(r"\s+", "", pattern or "")


def lengths(values):
    return ",".join(str(value) for value in values or () if value > 0)


def row(region, code, is_main, data):
    rule = plain(data.national_prefix_transform_rule).replace("\\", "$")
    general = data.general_desc
    cells = [region, code, "main" if is_main else "", plain(data.international_prefix),
             plain(data.national_prefix_for_parsing), rule, plain(general.national_number_pattern),
             lengths(general.possible_length), lengths(general.possible_length_local_only)]
    print(*cells, sep="\t")


def main():
    print("# Made by convert.py from phonenumbers", phonenumbers.__version__, "(Apache-2.0): do not edit.")
    for code, regions in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()):
        for region in regions:
            data = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
            row(region, code, region == regions[0], data)


main()
