"""Writes the seeds of one fuzz target into a folder: seeds.py TARGET FOLDER [COUNT]. All of them come from fixtures/.

With COUNT damaged ones beside them, so many in all: the same bytes on every machine, whatever the program became.
A seed is a file of fixtures/, a text inside a vector, a member of the package vector, or a built-in pack.
"""

import base64
import hashlib
import io
import json
import pathlib
import random
import sys
import tomllib
import zipfile

ROOT = pathlib.Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"
VECTORS = FIXTURES / "vectors"
REDACT = FIXTURES / "redact"
DETECTORS = ROOT / "crates/redact/data/detectors"
PACK = ROOT / "crates/slo/packs/production"
LARGEST = 64 * 1024


def files(folder):
    """Every sample below a folder, without what is written for people or for tests."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in (".expect", ".md", ".tsv") and path.stat().st_size < LARGEST:
            yield path.read_bytes()


def texts(value):
    """Every text inside a JSON value, and the bytes of those that are hexadecimal."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value.encode()
        try:
            yield bytes.fromhex(value)
        except ValueError:
            pass


def vectors(*names):
    for name in names:
        for path in sorted((VECTORS / name).glob("*.json")):
            yield from texts(json.loads(path.read_bytes()))


def ots():
    """Proofs, and the answer of a calendar: what stands in the second one from the promise on."""
    pending, confirmed = ((VECTORS / f"ots/{name}.ots").read_bytes() for name in ("pending", "confirmed"))
    yield from (pending, confirmed, confirmed[confirmed.rindex(b"\xf1") :])


def signatures(*endings):
    """Signatures and what belongs to them; certificates also without the lines around them."""
    for path in sorted((VECTORS / "signatures").iterdir()):
        if path.suffix in endings:
            yield path.read_bytes() if path.suffix != ".pem" else base64.b64decode(path.read_text().split("-----")[2])


def members():
    with zipfile.ZipFile(VECTORS / "package/intact.zip") as package:
        for number, name in enumerate(package.namelist()):
            yield number, name, package.read(name)


def packs():
    settings = (PACK / "pack.toml").read_bytes()
    for rule in sorted(PACK.glob("*.yaml")):
        yield b"\0".join([settings, rule.read_bytes(), b"512MiB"])


def record(index, payload):
    return b"\xa1" + len(payload).to_bytes(4, "big") + index.to_bytes(8, "big") + payload + bytes(4)


def segments():
    """Two groups from index 5 on; the target puts the checksums right."""
    commit = lambda count, size: b"\xc1" + count.to_bytes(4, "big") + size.to_bytes(8, "big") + bytes(36)
    yield (5).to_bytes(8, "big") + record(5, b"one") + record(6, b"two") + commit(2, 7) + record(7, b"three") + commit(1, 8)


def edits():
    """One edit of each kind, at a few places."""
    for what in range(3):
        for where in (0, 3, 60, 1000, 20000):
            yield bytes([what]) + where.to_bytes(2, "big") + b"\x04{}\n0"


def wide():
    """Tables and pages in UTF-16."""
    for folder, encoding in (("csv", "utf-16-le"), ("html", "utf-16-be")):
        for data in files(REDACT / folder):
            yield data.decode().encode(encoding)


def documents():
    """The parts of each office document, in the order that office programs write them."""
    for kind in ("docx", "xlsx", "odt", "ods"):
        folder = REDACT / "office" / kind
        parts = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        yield {name: parts[name] for name in sorted(parts, key=lambda name: (name not in FIRST, name))}


def joined(parts):
    """What the target packs: name, content, name, content; no UTF-8 has the byte between them."""
    return b"\xff".join(field for name, content in parts.items() for field in (name.encode(), content))


def zipped(parts):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_STORED if name in FIRST else None)
    return packed.getvalue()


def office():
    """Each document, and small ones with an older document, a picture or a program within."""
    for parts in documents():
        yield joined(parts)
        for name, content in parts.items():
            if name not in FIRST and len(content) < 4096:
                yield joined({first: parts[first] for first in FIRST if first in parts} | {name: content})


def pages():
    """Page, form, map, annotation, outline, font."""
    content = "BT /F1 12 Tf 72 700 Td (%s) Tj ET"
    split = "BT /F1 12 Tf 72 700 Td [(Jan Mus) -10 (ter)] TJ 0 -14 Td (note 4711) ' ET /Fm Do"
    box = "0 0 0 rg 60 690 200 30 re f BT /F2 9 Tf 3 Tr 1 0 0 1 72 700 Tm <20212021> Tj ET"
    marked = "/Span << /ActualText (Ada Muster) >> BDC BT /F1 1 Tf 12 0 0 12 72 700 Tm (A) Tj ET EMC"
    unicode = "1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfrange <20> <21> <0041> endbfrange 1 beginbfchar <22> <004100420043> endbfchar"
    note = "/Subtype /Text /Contents (by Jan Muster) /T (Ada Muster)"
    for page in (content % "Jan Muster, ada@muster.example", split, box, marked):
        parts = page, content % "Ada Muster", unicode, note, "/Title (Jan Muster)", "/FirstChar 32 /LastChar 33 /Widths [250 300]"
        yield b"\xff".join(part.encode() for part in parts)


def redactions():
    """Samples of every format behind its number in `Kind::ALL`, and what each detector finds."""
    for number, folder in ((2, "json"), (4, "csv"), (5, "xml"), (6, "html"), (7, "yaml"), (8, "toml"), (9, "env"), (10, "sql"), (11, "mail"), (14, "pdf")):
        for data in files(REDACT / folder):
            yield bytes([number]) + data
    for data in files(REDACT / "mail"):
        yield bytes([12]) + data
    for parts in documents():
        yield bytes([13]) + zipped(parts)
    examples = [text for path in sorted(DETECTORS.glob("*.toml")) for text in tomllib.loads(path.read_text())["yes"]]
    for start in range(0, len(examples), 40):
        yield bytes([start // 40 % 2]) + "\n".join(examples[start : start + 40]).encode()


FIRST = ("mimetype", "[Content_Types].xml")
ENTRY = {
    "act": "ingest.committed", "actor": "user", "code": 0, "command": "ingest", "digests": {"original": "00" * 32},
    "facts": {"records": 3, "tool": "probity"}, "outcome": "done", "time": "2026-01-31T09:00:00Z", "v": 1,
}  # fmt: skip
SELECTORS = [b"up", b'http_requests_total{code!~"5..",job="a"}', b'{"http.requests",label=\'x\'}', b"rate(up[5m])"]
VALUES = [b"0.95", b"-12.50", b"30d", b"1h", b"512MiB", b"4096", b"2026-01-31T09:00:00.5Z", b"00" * 32]
PATHS = [b"tile/0/x001/234.p/17", b"tile/entries/000", b"tile/63/001"]

def posted():
    """What an exporter sent in protobuf, points of each kind in JSON, and whole requests with both."""
    sent = (ROOT / "crates/sampler/src/application/exporter.pb").read_bytes()
    points = json.dumps(OTLP, separators=(",", ":")).encode()
    yield from (b"\2" + sent, b"\1" + points)
    for kind, body in ("application/x-protobuf", sent), ("application/json; charset=utf-8", points):
        yield b"\0POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (kind.encode(), len(body), body)
    yield b"\0GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"


OTLP = {"resourceMetrics": [{
    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
    "scopeMetrics": [{"metrics": [
        {"name": "offload.done", "sum": {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": [{"asInt": "5", "flags": 0}]}},
        {"name": "active", "sum": {"aggregationTemporality": 1, "dataPoints": [{"asDouble": -1.5}]}},
        {"name": "queue", "gauge": {"dataPoints": [{"asInt": "3", "attributes": [{"key": "n", "value": {"intValue": "3"}}]}]}},
        {"name": "wait", "histogram": {"aggregationTemporality": 1, "dataPoints": [
            {"count": "6", "sum": 1.5, "bucketCounts": ["1", "2", "3"], "explicitBounds": [0.1, 1]}]}},
        {"name": "old", "summary": {"dataPoints": [{}]}},
    ]}],
}]}
STATSD = [
    b"offloaded:1|c\noffloaded:3|c|@0.5\r\n\n", b"queue:5|g\nqueue:-2|g\nqueue:+1|g", b"hits:1|c|#b:2,a:1,c", b"ratio:0.25|g|c:x|T7",
    b"wait:3:120|ms|#route:pay\nwait:9000|h|@0.1\nwait:1e3|d", b"x\n:1|c\nx:1|q\nx:nan|g\nx:1|c|@2\nsystem.cpu.utilization:0|g\na.b:1|c\na_b:1|c\na-b_total:1|c",
]


def requests():
    """Edits of a journal, and a line of each file of a project about requests."""
    for edit in edits():
        yield b"\0" + edit[1:]
    digest = "00" * 32
    hold = {"approver": "counsel", "code": "17-3-e", "collection": "shop.invoice", "id": "hold-0001", "law": "4 O 17/26", "since": "2026-01-31T09:00:00Z", "v": 1}
    stone = {"erased": "2026-01-31T09:00:00Z", "key": "k1", "kind": "email", "normalisation": 1, "pseudonym": digest, "request": "req-0001", "v": 1}
    request = {
        "schema": "request/1", "request_id": "req-0001", "right": "erasure", "regime": "gdpr", "article": "17", "ground": None,
        "status": "in_progress", "reason": None, "received_at": "2026-01-31T09:00:00Z", "expected_by": None, "extension": None,
        "pauses": [{"from": "2026-01-31T09:00:00Z", "until": None, "reason": "identity check"}], "answered_at": None,
        "subject": [{"kind": "email", "commitment": digest}], "verification": None, "digests": {"plan": digest},
        "processing_details": None,
    }  # fmt: skip
    for kind, value in ((1, stone), (2, hold), (3, stone), (4, request)):
        yield bytes([kind]) + json.dumps(value).encode() + b"\n"


ROWS = [
    b'{"mail":"ann@example.org","n":1}\n{"mail": "bob@example.org", "n": [1, {"a": null}]}\r\n\n{}\n',
    b'mail;name\r\n"ann@example.org";"A ""B""\nC"\r\n;\r\nbob@example.org;Bob\r\n',
    b'\xef\xbb\xbf[{"mail": "ann@example.org"},\n {"mail": null} , {"n": 1e3}]\n',
]
ANSWERS = [
    b"\0<?xml version=\"1.0\"?><R xmlns=\"x\"><Name>b</Name><Version><Key>a&amp;b&#x41;</Key><Owner><ID>1</ID></Owner></Version></R>",
    b'\1{"rows": [{"id": 1, "mail": "\\u0041\\n"}], "next": null, "n": -1.5e3}',
    b'\2a.b\n{"a": [{"b": "x"}, {"b": 7}], "c": true}',
    b'\3{"id":1,"row":{"key":["1"],"cells":[null,"x"]}}',
    b"\4person:{id}:*\nperson:7:x",
]
IDENTITIES = [
    b"email=Ann+News@Example.ORG", b"phone=+49 (30) 1234-567", b"user_id=4711", "email=\u00e4nn@b\u00fccher.example".encode(),
    b"user=3F2504E0-4F89-11D3-9A0C-0305E82C3301", b"iban=DE89 3704 0044 0532 0130 00",
]  # fmt: skip

# What a shop answers a journey: login, item, a redirect.
ANSWERED = [
    b'200\nContent-Type: application/json\nX-Next: bye\nSet-Cookie: sid=1; Path=/; Secure; HttpOnly\n\n{"ok": true, "token": "t"}',
    b"200\nSet-Cookie: a=b; Domain=shop.example; Max-Age=60\n\nItem 7: order <b>A-1</b>",
    b"302\nLocation: /done\nSet-Cookie: sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT\n\n",
    b"204\n\n",
]
SEEDS = {
    "alerts_read": lambda: files(FIXTURES / "alerts"),
    "connectors_answers": lambda: ANSWERS,
    "connectors_rows": lambda: (bytes([kind, chosen, what]) + text for kind, text in enumerate(ROWS) for chosen in (0, 1, 2) for what in range(4)),
    "evidence_custody": lambda: (data for _, name, data in members() if name.endswith("custody.jsonl")),
    "evidence_foreign": lambda: [
        *(bytes([number]) + edit for number in range(4) for edit in edits()),
        *files(VECTORS / "foreign"),
        *signatures(".p7s", ".tsr"),
        *ots(),
    ],
    "evidence_package": lambda: (bytes([number]) + data for number, _, data in members()),
    "evidence_statement": lambda: [b"\0".join((VECTORS / "custody" / name).read_bytes() for name in ("transfer.json", "transfer.json.sig"))],
    "evidence_zip": lambda: [*edits(), *files(VECTORS / "package")],
    "facts_queries": lambda: files(FIXTURES / "queries"),
    "facts_read": lambda: files(FIXTURES / "rules"),
    "ingest_access_log": lambda: files(FIXTURES / "accesslog"),
    "ingest_detect": lambda: files(FIXTURES),
    "ingest_journald_json": lambda: files(FIXTURES / "journald-json"),
    "ingest_otlp_protobuf": lambda: files(FIXTURES / "otlp-protobuf"),
    "ingest_remote_write": lambda: files(FIXTURES / "remote-write"),
    "ledger_checkpoint": lambda: vectors("tlog", "note"),
    "ledger_entry": lambda: [json.dumps(ENTRY, separators=(",", ":")).encode()],
    "ledger_folder": lambda: (bytes([file]) + edit for file in range(7) for edit in edits()),
    "ledger_proof": lambda: vectors("tlog"),
    "ledger_segment": segments,
    "ledger_tile": lambda: [*PATHS, *vectors("tlog")],
    "model_values": lambda: VALUES,
    "pades_read": lambda: [*edits(), *(data for data in files(VECTORS / "pades") if data.startswith(b"%PDF"))],
    "privacy_files": requests,
    "privacy_identity": lambda: IDENTITIES,
    "privacy_map": lambda: files(FIXTURES / "fideslang"),
    "privacy_plan": lambda: files(VECTORS / "plan"),
    "probe_journey": lambda: (b"\0".join([journey, *ANSWERED]) for journey in files(FIXTURES / "probe")),
    "redact_csv": lambda: files(REDACT / "csv"),
    "redact_encoding": wide,
    "redact_json": lambda: files(REDACT / "json"),
    "redact_mail": lambda: files(REDACT / "mail"),
    "redact_office": office,
    "redact_page": pages,
    "redact_pdf": lambda: (data for data in files(REDACT / "pdf") if data.startswith(b"%PDF")),
    "redact_sql": lambda: files(REDACT / "sql"),
    "redact_take": redactions,
    "redact_text": lambda: [*files(FIXTURES / "accesslog"), *files(REDACT / "env")],
    "redact_xml": lambda: [*files(REDACT / "xml"), *files(REDACT / "html")],
    "redact_yaml": lambda: (data for name in ("yaml", "toml", "env") for data in files(REDACT / name)),
    "redact_zip": lambda: (zipped(parts) for parts in documents()),
    "sampler_receive": posted,
    "sampler_statsd": lambda: STATSD,
    "seal_canonical": lambda: [*vectors("canonical"), *files(VECTORS / "canonical"), *files(FIXTURES / "golden")],
    "seal_cms": lambda: signatures(".p7s"),
    "seal_key": lambda: vectors("key", "sshsig"),
    "seal_minisign": lambda: vectors("minisign"),
    "seal_note": lambda: vectors("note", "tlog"),
    "seal_ocsp": lambda: signatures(".ocsp", ".crl", ".pem"),
    "seal_ots": ots,
    "seal_sshsig": lambda: vectors("sshsig"),
    "seal_tsp": lambda: signatures(".tsr"),
    "seal_vkey": lambda: vectors("note", "tlog"),
    "seal_xades": lambda: (data for data in files(VECTORS / "xades") if data.startswith(b"<?xml")),
    "slo_book": lambda: files(FIXTURES / "openslo"),
    "slo_import": lambda: files(FIXTURES / "import"),
    "slo_pack": packs,
    "slo_selector": lambda: SELECTORS,
    "yaml_read": lambda: [*files(FIXTURES / "openslo"), *files(FIXTURES / "fideslang"), *files(REDACT / "yaml")],
    "store_log": lambda: [*edits(), *files(VECTORS / "store/data/_delta_log")],
}


def damaged(seeds, count):
    """So many texts with a few places changed, cut out, doubled, or put in from another seed."""
    draw = random.Random(1)
    below = lambda limit: int(draw.random() * limit)

    def stretch(data):
        start = below(len(data) + 1)
        return start, min(len(data), start + 1 + below(1 << below(7)))

    for number in range(count):
        data, other = seeds[number % len(seeds)], seeds[below(len(seeds))]
        for _ in range(1 + below(4)):
            start, end = stretch(data)
            from_, to = stretch(other)
            middle = [bytes([below(256)]), b"", data[start:end] * 2, other[from_:to], SIGNS[below(len(SIGNS))]][below(5)]
            data = data[:start] + middle + data[end if below(2) else start :]
        yield data


# What separates, closes or escapes in one of the formats.
SIGNS = [bytes([sign]) for sign in b"\0\t\n\r \"'#%&(),-./:;<=>@[\\]`{|}\x80\xc3\xff"] + [b"\r\n", b"<!--", b"]]>", b"%20", b"\\u0040", b"9" * 20]


def main(target, folder, count="0"):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    seeds = list(SEEDS.get(target, lambda: files(FIXTURES / target.removeprefix("ingest_")))())
    if not seeds:
        sys.exit(f"fuzz/seeds.py: {target} has no seeds")
    for seed in [*seeds, *damaged(seeds, int(count) - len(seeds))]:
        (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)


main(*sys.argv[1:])
