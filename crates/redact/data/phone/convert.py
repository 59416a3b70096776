"""Writes numbers.tsv from the metadata of PyPI `phonenumbers` (Apache-2.0, the data of libphonenumber).

    pip install phonenumbers==9.0.43 && python3 convert.py > numbers.tsv

One line a calling code: the code; the national prefix that a number may wrongly carry after it, as a pattern, and what
it is replaced by; the shape of all its numbers; the shapes of those in use, of every region of the code and every kind.
"""
import re

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata

KINDS = ("fixed_line mobile toll_free premium_rate shared_cost personal_number voip pager uan voicemail").split()


def metadata(code, region):
    found = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    return found


def plain(pattern):
    return re.sub(r"\s+", "", pattern or "")


def main():
    print("# Made by convert.py from phonenumbers", phonenumbers.__version__, "(Apache-2.0): do not edit.")
    for code, regions in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()):
        first = metadata(code, regions[0])
        shapes = []
        for region in regions:
            for kind in KINDS:
                desc = getattr(metadata(code, region), kind)
                pattern = plain(desc and desc.national_number_pattern)
                if pattern and pattern != "NA" and pattern not in shapes:
                    shapes.append(pattern)
        prefix = plain(first.national_prefix_for_parsing)
        rule = (first.national_prefix_transform_rule or "").replace("\\", "$")
        general = plain(first.general_desc.national_number_pattern)
        print(code, prefix, rule, general, "|".join(shapes), sep="\t")


main()
