"""Says whether two data maps are the same to a program that reads YAML 1.1, as Fides does: order apart, nothing but values.

Arguments: pairs of files. One line a pair: `same`, or the first difference.
"""

import sys

import yaml


def plain(value):
    """Order of datasets, collections and fields does not count, nor do keys without a value, nor which key the meta has."""
    if isinstance(value, dict):
        out = {key: plain(inner) for key, inner in value.items() if inner is not None}
        old = out.pop("fidesops_meta", None)
        if old:
            out["fides_meta"] = out.get("fides_meta") or old
        if out.get("fides_meta") == {}:
            del out["fides_meta"]
        return out
    if isinstance(value, list):
        items = [plain(item) for item in value]
        if items and all(isinstance(item, dict) and ("name" in item or "fides_key" in item) for item in items):
            items.sort(key=lambda item: str(item.get("fides_key", item.get("name"))))
        return items
    return value


def difference(one, other, path=""):
    if type(one) is not type(other):
        return f"{path}: {one!r} and {other!r}"
    if isinstance(one, dict):
        for key in sorted(set(one) | set(other), key=str):
            if key not in one or key not in other:
                return f"{path}.{key}: only in the {'first' if key in one else 'second'}"
            if found := difference(one[key], other[key], f"{path}.{key}"):
                return found
    elif isinstance(one, list):
        if len(one) != len(other):
            return f"{path}: {len(one)} and {len(other)}"
        for index, (left, right) in enumerate(zip(one, other)):
            if found := difference(left, right, f"{path}[{index}]"):
                return found
    elif one != other:
        return f"{path}: {one!r} and {other!r}"
    return None


def load(path):
    with open(path, encoding="utf-8") as file:
        return plain(yaml.safe_load(file))


for first, second in zip(sys.argv[1::2], sys.argv[2::2]):
    print(difference(load(first), load(second)) or "same")
