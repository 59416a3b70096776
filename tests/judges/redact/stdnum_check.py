#!/usr/bin/env python3
"""Asks python-stdnum for its verdict on numbers.

stdnum_check.py FILE: lines of module, tab, number (`nl.bsn`, tab, `123456782`). Prints 1 or 0 for each, in their order.
"""
import datetime
import importlib
import re
import sys


class Day(datetime.date):
    """The clock stands still, so that a verdict does not change over night: the last year of birth that probity takes."""

    @classmethod
    def today(cls):
        return cls(2049, 12, 31)


datetime.date = Day

# Options that leave out what is no checksum: whether a country's bank or a maker of network cards is in a list.
OPTIONS = {"iban": {"check_country": False}, "mac": {"validate_manufacturer": False}}



def verdict(module, number):
    try:
        return modules[module](number, **OPTIONS.get(module, {}))
    # It stumbles over provinces of China without counties instead of refusing them: that is a refusal too.
    except KeyError:
        return False


modules = {}
verdicts = []
for line in open(sys.argv[1], encoding="utf-8"):
    module, number = line.rstrip("\n").split("\t")
    if module not in modules:
        modules[module] = importlib.import_module("stdnum." + module).is_valid
    # Detectors take more separators than each module knows.
    plain = re.sub("[ ./:-]", "", number)
    if module == "mac":
        plain = ":".join(re.findall("..", plain))
    verdicts.append(verdict(module, number) or (plain != number and verdict(module, plain)))
sys.stdout.write("".join("1\n" if valid else "0\n" for valid in verdicts))
