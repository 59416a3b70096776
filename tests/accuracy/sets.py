"""Public sets of text with marked personal values, read into one form, and which of them tune and which measure.

A text is `{"text": …, "values": [[start, end, kind, type], …]}`: places in characters, `type` as the set has it, `kind`
one of KINDS or "neutral": marked in the set, but no value that the default profile is asked to take out (dates other than
a birth, forms of address, nationalities, professions, diagnoses). What is neutral is neither demanded nor held against
anybody. README.md says where each file comes from.
"""

import gzip
import json
import re
from pathlib import Path

KINDS = ["person", "place", "address", "organisation", "phone", "card", "id", "bank", "birth", "email", "network", "username", "secret"]
NEUTRAL = "neutral"

# What each set calls a value, and what it is here. What is not named is neutral.
PRESIDIO = {
    "PERSON": "person", "GPE": "place", "LOCATION": "place", "STREET_ADDRESS": "address", "ADDRESS": "address", "ZIP_CODE": "address",
    "ORGANIZATION": "organisation", "PHONE_NUMBER": "phone", "CREDIT_CARD": "card", "US_SSN": "id", "US_DRIVER_LICENSE": "id",
    "IBAN_CODE": "bank", "EMAIL_ADDRESS": "email", "IP_ADDRESS": "network",
}  # fmt: skip
PII_ANON = {
    "PERSON_NAME": "person", "LOCATION_NAME": "place", "STREET_ADDRESS": "address", "POSTAL_CODE": "address", "ORGANIZATION_NAME": "organisation",
    "PHONE_NUMBER": "phone", "CREDIT_CARD_NUMBER": "card", "SOCIAL_SECURITY_NUMBER": "id", "NATIONAL_ID_NUMBER": "id", "TAX_ID": "id",
    "DRIVER_LICENSE_NUMBER": "id", "PASSPORT_NUMBER": "id", "MEDICAL_RECORD_NUMBER": "id", "NPI_NUMBER": "id", "DEA_NUMBER": "id",
    "HEALTH_INSURANCE_ID": "id", "INSURANCE_POLICY_NUMBER": "id", "EMPLOYEE_ID": "id", "LICENSE_PLATE": "id", "VISA_NUMBER": "id",
    "VEHICLE_IDENTIFICATION_NUMBER": "id", "BAR_NUMBER": "id", "BANK_ACCOUNT_NUMBER": "bank", "BANK_ROUTING_NUMBER": "bank", "IBAN": "bank",
    "SWIFT_BIC_CODE": "bank", "CRYPTOCURRENCY_ADDRESS": "bank", "DATE_OF_BIRTH": "birth", "EMAIL_ADDRESS": "email", "IP_ADDRESS": "network",
    "MAC_ADDRESS": "network", "LATITUDE_LONGITUDE": "address", "USERNAME": "username", "API_KEY": "secret", "PASSWORD": "secret",
    "AUTHENTICATION_TOKEN": "secret",
}  # fmt: skip
CONLL = {
    "PER": "person", "person": "person", "LOC": "place", "location": "place", "ORG": "organisation", "corporation": "organisation",
    "group": "organisation",
}  # fmt: skip

# Name of the set → how it is read, from which file, and what it is for.
SETS = {
    "presidio-small": ("tune", "generated_small.json", lambda path: presidio(path)),
    "presidio-large": ("tune", "generated_large.json", lambda path: presidio(path)),
    "pii-anon-clinical": ("tune", "test_clinical.jsonl.gz", lambda path: every(4, pii_anon(path))),
    "wnut17-dev": ("tune", "emerging.dev.conll", lambda path: conll(path, "\t", 1)),
    "presidio-v2": ("measure", "synth_dataset_v2.json", lambda path: presidio(path)),
    "presidio-v2-new": ("measure", "synth_dataset_v2.json", lambda path: new_templates(path)),
    "pii-anon-legal": ("measure", "test_legal.jsonl.gz", lambda path: every(2, pii_anon(path))),
    "pii-anon-technology": ("measure", "test_technology.jsonl.gz", lambda path: every(2, pii_anon(path))),
    "wikigold": ("measure", "wikigold.conll.txt", lambda path: conll(path, " ", 4)),
    "wnut17": ("measure", "emerging.test.annotated", lambda path: conll(path, "\t", 1)),
}  # fmt: skip


def load(name, folder):
    _, file, read = SETS[name]
    return read(Path(folder) / file)


def presidio(path):
    for row in json.loads(path.read_text()):
        yield text(row["full_text"], [(s["start_position"], s["end_position"], s["entity_type"]) for s in row["spans"]], PRESIDIO)


def new_templates(path):
    """Those texts of presidio-v2 whose template is not one of the tuning sets' (two fifths of them)."""
    known = {template(row) for name in ("presidio-small", "presidio-large") for row in load(name, path.parent)}
    return (row for row in presidio(path) if template(row) not in known)


def template(row):
    """The text with its values blanked out, and what stands between neighbouring ones dropped."""
    left = row["text"]
    for start, end, _, _ in sorted(row["values"], reverse=True):
        left = left[:start] + "#" + left[end:]
    return re.sub(r"(#[\s,.]*)+", "#", " ".join(left.split()))


def pii_anon(path):
    """The English records. Of values marked within one another the outer one stands."""
    with gzip.open(path, "rt") as lines:
        for row in map(json.loads, lines):
            if row["language"] == "en":
                yield text(row["text"], [(a["start"], a["end"], a["entity_type"]) for a in row["annotations"]], PII_ANON)


def conll(path, separator, together):
    """Sentences of one word a line, the tag last; `together` sentences make a text, since prose is more than a line."""
    sentences, words = [], []
    for line in path.read_text().splitlines() + [""]:
        parts = line.split(separator) if line.strip() else []
        if len(parts) >= 2:
            words.append((parts[0], parts[-1]))
        elif words:
            sentences.append(words)
            words = []
    for at in range(0, len(sentences), together):
        yield joined(sentences[at : at + together])


def joined(sentences):
    """Words set as prose is."""
    line, values = "", []
    for sentence in sentences:
        tag_before = "O"
        for word, tag in sentence:
            glued = word[0] in ".,;:!?)]}%" or word in ("'s", "n't", "'re", "'ve", "'ll", "'d", "'m", "''")
            if line and not glued and not line.endswith((" ", "(", "[", "$", "“")):
                line += " "
            start, line = len(line), line + word
            name = tag[2:]
            if tag != "O" and (tag[0] == "B" or tag_before == "O" or tag_before[2:] != name):
                values.append([start, len(line), name])
            elif tag != "O":
                values[-1][1] = len(line)
            tag_before = tag
        line += " "
    return text(line.rstrip(), values, CONLL)


def text(full, values, kinds):
    return {"text": full, "values": [[start, end, kinds.get(of, NEUTRAL), of] for start, end, of in values]}


def every(step, rows):
    return (row for at, row in enumerate(rows) if at % step == 0)
