#!/usr/bin/env python3
"""Makes telephone numbers of every calling code and asks PyPI's phonenumbers which are valid.

phones_check.py SEED EACH: for every region and kind its example number, EACH times with some digits changed, grown or cut,
in international form with different separators. Prints the number, a tab, and 1 or 0.
"""
import random
import sys

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType


def examples():
    kinds = [kind for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN]
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in kinds:
            yield phonenumbers.example_number_for_type(region, kind)
    for code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
        yield phonenumbers.example_number_for_non_geo_entity(code)


def varied(digits, chance):
    digits = list(digits)
    for _ in range(chance.randrange(4)):
        digits[chance.randrange(len(digits))] = chance.choice("0123456789")
    if chance.random() < 0.1:
        digits.append(chance.choice("0123456789"))
    if chance.random() < 0.1:
        digits.pop()
    return "".join(digits)


def written(number, chance):
    form = chance.choice([PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL])
    text = phonenumbers.format_number(number, form)
    return text.replace(" ", chance.choice(" -.")) if form == PhoneNumberFormat.INTERNATIONAL else text


def main():
    chance, each = random.Random(int(sys.argv[1])), int(sys.argv[2])
    for example in examples():
        if example is None:
            continue
        code, national = str(example.country_code), phonenumbers.national_significant_number(example)
        for _ in range(each):
            text = f"+{code}{varied(national, chance)}"
            try:
                number = phonenumbers.parse(text)
            except phonenumbers.NumberParseException:
                continue
            if chance.random() < 0.5:
                text = written(number, chance)
            if 9 <= sum(map(str.isdigit, text)) <= 17 and text.isascii() and ";" not in text:
                print(text, int(phonenumbers.is_valid_number(phonenumbers.parse(text))), sep="\t")


main()
