"""Says of each file that is named whether the fideslang package takes every dataset in it: `accepts` or `refuses`."""

import sys

import yaml
from fideslang.models import Dataset


def verdict(path):
    try:
        with open(path, encoding="utf-8") as file:
            for dataset in yaml.safe_load(file)["dataset"]:
                Dataset(**dataset)
    except Exception as error:
        return "refuses " + " ".join(str(error).split())[:200]
    return "accepts"


for path in sys.argv[1:]:
    print(verdict(path))
