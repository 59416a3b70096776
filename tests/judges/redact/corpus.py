"""Gathers about 100 MB of ordinary source code, documentation and logs, in which nobody is meant to be named.

    corpus.py OUT [MEGABYTES]

OUT gets one file a source: code.txt (the crates of Cargo.lock as cargo has fetched them, Python's library; no tests), docs.txt (/usr/share/doc),
headers.txt (/usr/include), logs.txt (dpkg's and apt's own, and made ones of a kernel, a service manager, a JSON service).
Addresses of e-mail and telephone numbers of authors stand in such texts: they are true findings, and are told apart by
whoever judges. Nothing of it is committed: it is made anew from what the machine has, in the same order.
"""
import glob
import gzip
import json
import os
import pathlib
import random
import re
import sys

SOURCES = {
    "code.txt": (55, ["~/.cargo/registry/src/*/*/src/**/*.rs", "/usr/lib/python3*/**/*.py", "~/.pyenv/versions/*/lib/python3*/**/*.py"]),
    "docs.txt": (15, ["/usr/share/doc/**/*", "~/.cargo/registry/src/*/*/README.md"]),
    "headers.txt": (15, ["/usr/include/**/*.h"]),
}


# Tests are full of what is made to look like somebody's, and what is installed beside Python's library differs everywhere.
MADE = re.compile(r"/(tests?|testing|site-packages|dist-packages|examples|benches|fixtures)/|/(test_|conftest)[^/]*$|_tests?\.\w+$")


def read(path):
    try:
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
            text = file.read()
        return text if b"\0" not in text[:4096] else b""
    except OSError:
        return b""


def locked():
    """The folders of the crates that the project builds with: what else a machine has fetched would change the corpus."""
    lock = pathlib.Path(__file__).resolve().parents[3].joinpath("Cargo.lock").read_text()
    return {"-".join(pair) for pair in re.findall(r'^name = "(.+)"\nversion = "(.+)"$', lock, re.MULTILINE)}


def gather(out, name, megabytes, patterns):
    crates = locked()
    files = sorted({file for pattern in patterns for file in glob.glob(os.path.expanduser(pattern), recursive=True)})
    files = [file for file in files if os.path.isfile(file) and os.path.getsize(file) < 1 << 20 and not MADE.search(file)]
    files = [file for file in files if "/registry/src/" not in file or file.split("/registry/src/")[1].split("/")[1] in crates]
    random.Random(name).shuffle(files)
    left = megabytes * 1_000_000
    with open(os.path.join(out, name), "wb") as into:
        for file in files:
            text = read(file)[:left]
            into.write(text + b"\n")
            left -= len(text)
            if left <= 0:
                return


KERNEL = [
    "kernel: [{t:12.6f}] pci 0000:{a:02x}:{b:02x}.0: [8086:{c:04x}] type 00 class 0x{d:06x}",
    "kernel: [{t:12.6f}] BIOS-e820: [mem 0x{e:016x}-0x{f:016x}] usable",
    "kernel: [{t:12.6f}] EXT4-fs (sda{a}): mounted filesystem {u} r/w with ordered data mode. Quota mode: none.",
    "kernel: [{t:12.6f}] TCP: Hash tables configured (established {e} bind {f})",
    "systemd[1]: Started session-{c}.scope - Session {c} of service manager.",
    "systemd[1]: app-{u}.service: Consumed {a}.{c}s CPU time, {d} bytes read, {e} bytes written.",
    "containerd[{c}]: time=\"2026-11-22T{a:02d}:{b:02d}:00.{d}Z\" level=info msg=\"shim disconnected\" id={h} namespace=moby",
    "dockerd[{c}]: Layer sha256:{h} cleaned up",
    "app[{c}]: GET /api/v2/orders/{e}/items/{d}?page={a}&size=50 200 {f}us request_id={u}",
    "app[{c}]: order {e} total {d}.{a:02d} paid, invoice {f}, parcel {e}{a:02d} shipped, batch {h}",
    "db[{c}]: checkpoint complete: wrote {d} buffers ({a}.{b}%); lsn={e:X}/{f:X}, redo lsn={e:X}/{d:X}",
]


def made(seed, megabytes):
    chance = random.Random(seed)
    lines, left = [], megabytes * 1_000_000
    while left > 0:
        v = {
            "t": chance.random() * 1e5, "a": chance.randrange(60), "b": chance.randrange(60), "c": chance.randrange(65536),
            "d": chance.randrange(1 << 24), "e": chance.randrange(1 << 34), "f": chance.randrange(1 << 34),
            "h": f"{chance.getrandbits(256):064x}", "u": "-".join(f"{chance.getrandbits(4 * n):0{n}x}" for n in (8, 4, 4, 4, 12)),
        }
        line = f"Nov {chance.randrange(1, 31):2d} {v['a'] % 24:02d}:{v['a']:02d}:{v['b']:02d} web-{v['a'] % 9} " + chance.choice(KERNEL).format(**v)
        if chance.random() < 0.3:
            line = json.dumps({"ts": f"2026-11-22T10:{v['a']:02d}:{v['b']:02d}.{v['d'] % 1000:03d}Z", "level": "info", "service": "checkout",
                               "trace_id": v["h"][:32], "span_id": v["h"][:16], "duration_ms": v["d"] / 1000, "status": 200, "bytes": v["d"], "msg": "request finished", "offset": v["e"]})
        lines.append(line)
        left -= len(line) + 1
    return "\n".join(lines).encode()


def main():
    out, megabytes = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100
    os.makedirs(out, exist_ok=True)
    for name, (share, patterns) in SOURCES.items():
        gather(out, name, share * megabytes // 100, patterns)
    with open(os.path.join(out, "logs.txt"), "wb") as into:
        for file in sorted(glob.glob("/var/log/dpkg.log*") + glob.glob("/var/log/apt/*.log*")):
            into.write(read(file))
        into.write(made(11, 15 * megabytes // 100))


main()
