"""Writes zones.tsv: each zone of the tz database and the rule that holds in it now, as POSIX writes it (public domain).

    pip install tzdata==2026.3 && python3 zones.py > zones.tsv      (any later version too)

The rule stands in the last line of each TZif file (RFC 8536 §3.3). Terms run into the future, so that the rules of the
past are left out.
"""
import importlib.resources

import tzdata


def main():
    root = importlib.resources.files("tzdata")
    print("# Made by zones.py from tzdata", tzdata.IANA_VERSION, "(public domain): do not edit.")
    for name in sorted(root.joinpath("zones").read_text().split()):
        data = root.joinpath("zoneinfo", *name.split("/")).read_bytes()
        print(name, data.rstrip(b"\n").rsplit(b"\n", 1)[1].decode(), sep="\t")


main()
