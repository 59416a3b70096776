#!/usr/bin/env python3
"""How many names of people in public texts an export takes out (Art. 15(4)), and how much of the rest. See README.md.

usage: export.py --data FOLDER [--probity FILE] [SET…]

Each text is a note about one person, whose name stands in none of them; the export of that person is what is measured.
"""

import argparse
import json
import re
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import score
import sets

MARK = re.compile(r"\[redacted: [a-z- ]+\]")
MAP = """dataset:
- fides_key: desk
  collections:
  - name: person
    fields:
    - {name: id, data_categories: [user.unique_id]}
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
  - name: note
    fields:
    - {name: id, data_categories: [user.unique_id]}
    - {name: text, data_categories: [user.content]}
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, help="folder with the files that README.md names")
    parser.add_argument("--probity", default="target/release/probity")
    parser.add_argument("sets", nargs="*")
    ask = parser.parse_args()
    print("| set | texts | names | unreadable | texts whose names are all unreadable | of what was taken, names |")
    print("|---|---|---|---|---|---|")
    for name in ask.sets or ["presidio-v2", "presidio-v2-new", "wikigold", "wnut17"]:
        rows = list(sets.load(name, ask.data))
        report(name, rows, exported(Path(ask.probity).resolve(), [row["text"] for row in rows]))


def report(name, rows, outs):
    names = hidden = whole = named = taken = right = 0
    for row, out in zip(rows, outs):
        found = missing(row["text"], out)
        covered = score.cover(row["text"], found)
        people = [value for value in row["values"] if value[2] == "person"]
        people = [value for value in people if any(score.WORD.finditer(row["text"], *score.inner(row["text"], value)))]
        gone = sum(score.is_hidden(row["text"], covered, value) for value in people)
        names, hidden, named = names + len(people), hidden + gone, named + bool(people)
        whole += bool(people) and gone == len(people)
        for start, end, mark in found:
            if "person" in mark:
                taken += 1
                right += any(value[0] < end and start < value[1] for value in people)
    shares = [score.share(hidden, names), score.share(whole, named), f"{score.share(right, taken)} of {taken:,}"]
    print(f"| {name} | {len(rows):,} | {names:,} | " + " | ".join(shares) + " |", flush=True)


def exported(program, texts):
    """The notes as the export has them."""
    with tempfile.TemporaryDirectory() as folder:
        run = lambda *words: subprocess.run([program, "--no-input", *words], cwd=folder, check=True, capture_output=True)
        run("init", ".")
        base = sqlite3.connect(Path(folder, "desk.db"))
        base.execute("CREATE TABLE person (id INTEGER PRIMARY KEY, mail TEXT)")
        base.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, person INTEGER REFERENCES person (id), text TEXT)")
        base.execute("INSERT INTO person VALUES (1, 'q@example.org')")
        base.executemany("INSERT INTO note VALUES (?, 1, ?)", list(enumerate(texts)))
        base.commit()
        base.close()
        Path(folder, "probity-map.yml").write_text(MAP)
        with Path(folder, "probity.toml").open("a") as settings:
            settings.write('\n[stores.desk]\nurl = "sqlite:desk.db"\n')
        run("export", "email=q@example.org", "--format", "json", "--output", "out.json")
        notes = json.loads(Path(folder, "out.json").read_text())["data"]["desk:note"]
        return [note["text"] for note in sorted(notes, key=lambda note: int(note["id"]))]


def missing(text, out):
    """Where the output has marks, in places of the input: [start, end, mark]."""
    marks = list(MARK.finditer(out))
    kept = [out[a:b] for a, b in zip([0] + [m.end() for m in marks], [m.start() for m in marks] + [len(out)])]
    return [[start, end, mark.group()] for (start, end), mark in zip(score.aligned(text, kept), marks)]


if __name__ == "__main__":
    main()
