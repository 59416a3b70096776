#!/usr/bin/env python3
"""Texts to compare name finders on, a JSON string a line: made ones (faker, seeded) and real ones.

spacy_texts.py made COUNT [SEED]      letters, notes, captions and log lines with made persons in eight locales
spacy_texts.py real COUNT [SEED]      paragraphs of what Debian and Python packages on this machine say about themselves
spacy_texts.py fixture                 those of crates/redact/tests/names/agreement.jsonl: made ones, and crates/redact/tests/names/prose.txt
"""

import glob
import gzip
import json
import random
import re
import sys
from pathlib import Path

LOCALES = ["en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL"]
FRAMES = [
    "Dear {name},\n\nthank you for your letter of {date}. We have sent {amount} to your address, {address}.\n\nYours, {name}",
    "{name} v. {company}, No. {number}, was argued before Judge {last} in {city} on {date}.",
    "{first} {last} ({mail}) called {time} from {city}; she'll be back on {day}, won't she? {sentence}",
    "On {date}, {name}, {job} at {company}, moved from {city} to {country}. {sentence}",
    "{company} paid {name} and {name} {amount} -- about {percent}% more than last year's U.S. average.",
    "PATIENT: {name}   DOB: {date}\nSeen by Dr. {last}, M.D., in {city}/{country}. {sentence}",
    "{date} {time} INFO user={user} ip={ip} url={url} msg=\"login of {name}\"",
    "<{mail}> wrote: “{sentence} … {name} isn’t there (yet).”",
    "{sentence} {sentence} {first}'s sister {first} lives at {address}.",
    "MR. {upper}: I don't recall. Q. Weren't you in {city} in {year}? A. I can't say; ask {last}-{last} or O'{last}.",
    "- {name}: {job}\n- {name}: {job}, {company}\n\n  {url}",
    "{prose}",
]


def made(count, seed):
    from faker import Faker
    Faker.seed(seed)
    random.seed(seed)
    fakers = {locale: Faker(locale) for locale in LOCALES}
    for _ in range(count):
        fake = fakers[random.choice(LOCALES)]
        english = fakers["en_US"]
        make = {
            "name": fake.name, "first": fake.first_name, "last": fake.last_name, "city": fake.city, "job": english.job,
            "company": fake.company, "country": english.country, "mail": fake.email, "user": fake.user_name,
            "ip": fake.ipv4, "url": fake.url, "address": lambda: fake.address().replace("\n", ", "),
            "sentence": english.sentence, "prose": lambda: english.paragraph(nb_sentences=4), "year": fake.year,
            "date": lambda: english.date(random.choice(["%B %d, %Y", "%d/%m/%Y", "%d %b %Y", "%Y-%m-%d"])),
            "day": english.day_of_week, "time": lambda: english.time(random.choice(["%H:%M", "%I:%M %p"])),
            "amount": lambda: random.choice(["$", "€", "£"]) + f"{random.randint(1, 99999):,}",
            "percent": lambda: str(random.randint(1, 99)), "number": lambda: english.bothify("##-cv-####"),
            "upper": lambda: fake.last_name().upper(),
        }
        frames = random.sample(FRAMES, random.randint(1, 2))
        yield re.sub(r"{(\w+)}", lambda word: make[word.group(1)](), "\n".join(frames))


def real(count, seed):
    files = glob.glob("/usr/share/doc/**/*", recursive=True) + glob.glob("/usr/share/perl/**/*.pod", recursive=True)
    files += glob.glob(sys.prefix + "/lib/python3*/site-packages/**/*METADATA", recursive=True)
    random.seed(seed)
    files.sort()
    random.shuffle(files)
    seen = set()
    for path in files:
        try:
            data = (gzip.open if path.endswith(".gz") else open)(path, "rb").read()
            text = data.decode("utf-8")
        except (OSError, UnicodeDecodeError, EOFError):
            continue
        paragraphs = [part for part in re.split(r"\n[ \t]*\n", text) if 40 < len(part) < 3000]
        for part in random.sample(paragraphs, min(3, len(paragraphs))):
            if part not in seen and "\x00" not in part:
                seen.add(part)
                yield part
                count -= 1
                if not count:
                    return


def fixture():
    yield from made(280, 77)
    prose = Path(__file__).parents[3] / "crates/redact/tests/names/prose.txt"
    yield from prose.read_text().strip().split("\n\n")


def main():
    if sys.argv[1:] == ["fixture"]:
        for text in fixture():
            print(json.dumps(text, ensure_ascii=False))
        return
    kind, count, *seed = sys.argv[1:]
    for text in {"made": made, "real": real}[kind](int(count), int((seed or [1])[0])):
        print(json.dumps(text, ensure_ascii=False))


if __name__ == "__main__":
    main()
