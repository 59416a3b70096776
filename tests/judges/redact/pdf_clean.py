"""Says whether pdf-redaction-check and x-ray find anything in a redacted PDF.

Usage: pdf_clean.py FILE VALUE…   Exit 0: both find nothing. Exit 1: what they found, on standard output.
Run it with the Python that has tests/requirements-redact-pdf.txt.
"""

import os
import subprocess
import sys

bin = os.path.dirname(sys.executable)
file, values = sys.argv[1], sys.argv[2:]
secrets = [part for value in values for part in ("-s", value)]
check = subprocess.run([os.path.join(bin, "pdf-redaction-check"), file, *secrets, "--json"], capture_output=True, text=True)
xray = subprocess.run([os.path.join(bin, "xray"), file], capture_output=True, text=True)
# x-ray exits 0 whatever it finds: an empty object is its way of saying that there is nothing. What its reader says of
# annotations that have no picture stands before that.
boxes = "".join(line for line in xray.stdout.split("\n") if not line.startswith("MuPDF error:")).replace(" ", "")
if check.returncode != 0:
    print("pdf-redaction-check:", check.returncode, check.stdout, check.stderr)
if xray.returncode != 0 or boxes != "{}":
    print("x-ray:", xray.returncode, xray.stdout, xray.stderr)
sys.exit(check.returncode != 0 or xray.returncode != 0 or boxes != "{}")
