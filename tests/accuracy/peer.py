"""Presidio over texts: JSON Lines of strings in, JSON Lines of [start, end, type, score] out. Runs in the peer's venv.

usage: peer.py MODEL < texts > found      MODEL: name or path of a spaCy pipeline

Presidio as it comes: every recogniser of its registry, no threshold. tldextract must not look for a suffix list in the net.
"""

import json
import sys

import tldextract
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())
tldextract.tldextract.TLD_EXTRACTOR = tldextract.extract
models = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": sys.argv[1]}]}
engine = AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=models).create_engine(), supported_languages=["en"])
for line in sys.stdin:
    found = engine.analyze(text=json.loads(line), language="en")
    print(json.dumps([[one.start, one.end, one.entity_type, one.score] for one in found]), flush=True)
