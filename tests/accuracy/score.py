#!/usr/bin/env python3
"""How much of the personal data in public texts is unreadable after `probity redact`, beside Presidio. See README.md.

usage: score.py --data FOLDER --probity FILE [--peer PYTHON --model NAME] [--misses KIND | --wrong KIND] [SET…]
"""

import argparse
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import sets

# What stands where something was taken out. The default profile keeps no character of a value.
PLACEHOLDER = re.compile(r"\[[A-Z][A-Z-]*(?:-\d+)?\]")
# Forms of address are no part of a name.
TITLES = re.compile(r"(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Madam|Hon|Judge|Justice)\b\.?\s*)*", re.IGNORECASE)
WORD = re.compile(r"[^\W_]+")
# Presidio's types that the default profile is not asked for.
PEER_NEUTRAL = {"DATE_TIME", "NRP", "URL"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, help="folder with the files that README.md names")
    parser.add_argument("--probity", default="target/release/probity")
    parser.add_argument("--peer", help="interpreter of the venv that has Presidio")
    parser.add_argument("--model", default="en_core_web_lg")
    parser.add_argument("--least", type=float, default=0.0, help="leave out Presidio's findings below this score")
    parser.add_argument("--misses", help="print what of this kind stayed readable: for tuning sets only")
    parser.add_argument("--wrong", help="print what of this kind was taken out and is no value: for tuning sets only")
    parser.add_argument("sets", nargs="*")
    ask = parser.parse_args()
    wanted = ask.sets or [name for name, (use, _, _) in sets.SETS.items() if use == "measure"]
    for name in wanted:
        use = sets.SETS[name][0]
        if (ask.misses or ask.wrong) and use != "tune":
            sys.exit(f"{name} measures: what was missed in it is not looked at")
        rows = list(sets.load(name, ask.data))
        report(name, use, rows, ask)


def report(name, use, rows, ask):
    began = time.monotonic()
    ours, refused = probity(ask.probity, [row["text"] for row in rows])
    tools = {"probity": tally(rows, ours)}
    took = f"{time.monotonic() - began:.0f} s"
    if ask.peer:
        tools["Presidio"] = tally(rows, peer(ask, [row["text"] for row in rows]))
    size = sum(len(row["text"].encode()) for row in rows)
    print(f"\n### {name} ({use}): {len(rows)} texts, {size:,} bytes, {refused}, {took}\n")
    table(tools)
    if ask.misses or ask.wrong:
        show(rows, ours, ask)


def table(tools):
    names = list(tools)
    print("| kind | values | " + " | ".join(f"{name} unreadable" for name in names) + " |")
    print("|---|---|" + "---|" * len(names))
    counts = tools[names[0]]
    groups = [(kind, [kind]) for kind in sets.KINDS if counts["values", kind]]
    groups += [("**all but organisations**", [kind for kind in sets.KINDS if kind != "organisation"]), ("**all**", sets.KINDS)]
    for label, kinds in groups:
        values = sum(counts["values", kind] for kind in kinds)
        shares = [share(sum(tool["hidden", kind] for kind in kinds), values) for tool in tools.values()]
        print(f"| {label} | {values:,} | " + " | ".join(shares) + " |")
    for label, right, all_of in [("precision of findings", "right", "findings"), ("precision of characters", "own", "taken")]:
        shares = [f"{share(tool[right], tool[all_of])} of {tool[all_of]:,}" for tool in tools.values()]
        print(f"| {label} | | " + " | ".join(shares) + " |")


def share(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "–"


def tally(rows, found):
    counts = collections.Counter()
    for row, taken in zip(rows, found):
        covered = cover(row["text"], taken)
        for value in row["values"]:
            if value[2] != sets.NEUTRAL and any(WORD.finditer(row["text"], *inner(row["text"], value))):
                counts["values", value[2]] += 1
                counts["hidden", value[2]] += is_hidden(row["text"], covered, value)
        for finding, verdict in judged(row, taken):
            if verdict is not None:
                counts["findings"] += 1
                counts["right"] += verdict
                letters = [at for at in range(*finding[:2]) if row["text"][at].isalnum()]
                counts["taken"] += len(letters)
                counts["own"] += sum(any(value[0] <= at < value[1] for value in row["values"]) for at in letters)
    return counts


def cover(text, taken):
    covered = bytearray(len(text))
    for start, end, *_ in taken:
        covered[start:end] = b"\1" * (end - start)
    return covered


def inner(text, value):
    """A value without the form of address before it; nothing when it is no more than that."""
    start, end, kind, _ = value
    if kind == "person":
        start = TITLES.match(text, start, end).end()
    return start, end


def is_hidden(text, covered, value):
    """Whether no two letters or digits of the value are left beside each other at its place."""
    start, end = inner(text, value)
    left = "".join(" " if covered[at] else text[at] for at in range(start, end))
    # Where a region is missing, the generator of presidio-* writes `nan`: no word of anybody.
    return not any(len(word.group()) > 1 and word.group() != "nan" for word in WORD.finditer(left))


def judged(row, taken):
    """Each finding, and whether it lies on a value: None when it lies on what is neutral, so that nobody can say."""
    known = {word for value in row["values"] if value[2] != sets.NEUTRAL for word in WORD.findall(row["text"][value[0] : value[1]].lower())}
    for finding in taken:
        start, end, label = finding[:3]
        over = {value[2] for value in row["values"] if value[0] < end and start < value[1]}
        words = WORD.findall(row["text"][start:end].lower())
        if over - {sets.NEUTRAL}:
            yield finding, True
        elif over or label in PEER_NEUTRAL or not words:
            yield finding, None
        else:
            # The sets leave some repetitions of a value unmarked: "Thomas" after "Thomas Wilson".
            yield finding, all(word in known for word in words)


def probity(program, texts):
    """What is missing in the real output of `probity redact` with its default profile, and how many texts have none.

    Each text is a run of its own: the files of one run teach each other, and these texts have nothing to do with each
    other. A text in which a name can stand for two persons is taken again with `--operator label`, as the hint says. A
    text that is refused altogether stays unread by anybody, but here all of its values count as left.
    """
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = list(pool.map(lambda one: redacted(program, Path(folder, f"{one[0]}.txt"), one[1]), enumerate(texts)))
    codes = collections.Counter(code for _, code in runs)
    labelled, refused = codes.pop("label", 0), sum(count for code, count in codes.items() if code)
    return [taken for taken, _ in runs], f"{labelled} by label for an ambiguous name, {refused} refused"


def redacted(program, file, text):
    """What is missing of one text, and `label`, the code of a refusal, or nothing."""
    file.write_bytes(text.encode())
    out = file.with_suffix(".out.txt")
    command = [program, "--no-input", "redact", file, "-o", out]
    ran = subprocess.run(command, capture_output=True, text=True)
    code = (re.findall(r"  code: ([a-z-]+)", ran.stderr) + ["?"])[0] if ran.returncode else ""
    if code == "ambiguous-name":
        ran = subprocess.run([*command, "--operator", "label"], capture_output=True, text=True)
        code = "label" if ran.returncode == 0 else code
    return (missing(text, out.read_bytes().decode()) if ran.returncode == 0 else []), code


def missing(text, out):
    """Where the output has placeholders, in places of the input: [start, end, label]."""
    marks = list(PLACEHOLDER.finditer(out))
    kept = [out[a:b] for a, b in zip([0] + [m.end() for m in marks], [m.start() for m in marks] + [len(out)])]
    return [[start, end, mark.group()] for (start, end), mark in zip(aligned(text, kept), marks)]


def aligned(text, kept):
    """The places of what is kept, found again in order; each gap as short as it can be.

    A value that line ends broke leaves them behind its placeholder, with the marks that begin the lines (`>`), so that
    lines stay as many as they were: then what begins with a line end may be there or not.
    """
    strict = [re.escape(part) for part in kept]
    loose = [re.sub(r"^\s*\n[\s>#*/|?-]*", "\0", part) for part in kept]
    loose = [re.escape(part).replace("\0", r"[\s>#*/|?-]*?") for part in loose]
    for parts in (strict, loose):
        match = re.fullmatch("(.+?)".join(parts), text, re.DOTALL)
        if match:
            return [match.span(at + 1) for at in range(len(kept) - 1)]
    raise ValueError("the output is not the input with placeholders in it: " + repr(kept) + repr(text))


def peer(ask, texts):
    """Presidio's findings; those that overlap are one. It is slow, so what it found in a text is kept beside the data."""
    kept = Path(ask.data, f"presidio-{Path(ask.model).parent.name or ask.model}.json")
    known = json.loads(kept.read_text()) if kept.exists() else {}
    missing = [text for text in dict.fromkeys(texts) if text not in known]
    if missing:
        lines = "".join(json.dumps(text) + "\n" for text in missing)
        script = Path(__file__).with_name("peer.py")
        ran = subprocess.run([ask.peer, script, ask.model], input=lines, capture_output=True, text=True)
        if ran.returncode:
            sys.exit(ran.stderr)
        known |= zip(missing, map(json.loads, ran.stdout.splitlines()), strict=True)
        kept.write_text(json.dumps(known))
    for text in texts:
        merged = []
        for start, end, label, score in sorted(known[text]):
            if score < ask.least:
                continue
            if merged and start < merged[-1][1]:
                merged[-1][1] = max(end, merged[-1][1])
                merged[-1][2] = label if label not in PEER_NEUTRAL else merged[-1][2]
            else:
                merged.append([start, end, label])
        yield merged


def show(rows, found, ask):
    seen = []
    for row, taken in zip(rows, found):
        text = row["text"]
        if ask.misses:
            covered = cover(text, taken)
            for value in row["values"]:
                if value[2] == ask.misses and not is_hidden(text, covered, value):
                    rest = "".join("·" if covered[at] else text[at] for at in range(value[0], value[1]))
                    seen.append((text[value[0] : value[1]], rest, text[max(0, value[0] - 50) : value[0]], text[value[1] : value[1] + 40]))
        else:
            for (start, end, label), verdict in judged(row, taken):
                if verdict is False and ask.wrong.lower() in label.lower():
                    seen.append((label, text[start:end], text[max(0, start - 50) : start], text[end : end + 40]))
    random.Random(1).shuffle(seen)
    print(len(seen))
    for one in seen[:100]:
        print(*map(repr, one), sep="  ")


if __name__ == "__main__":
    main()
