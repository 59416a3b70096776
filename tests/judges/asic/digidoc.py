"""libdigidocpp, through pydigidoc, with the trusted list of tests/peers/test-tsa --trusted-list. Offline but for that peer.

digidoc.py verify PKI CONTAINER...                  "VALID CONTAINER SIGNER TIME", or "INVALID CONTAINER REASONS", a line each
digidoc.py sign PKI ADDRESS CONTAINER FILE...       signs with PKI/qualified.p12, a time stamp and an OCSP answer of ADDRESS
"""

import base64
import pathlib
import shutil
import sys

import pydigidoc


def start(pki, address=None):
    lists = pki / "trusted-list"
    for schema in (pathlib.Path(pydigidoc.__file__).parent / "schema").glob("*.xsd"):
        shutil.copy(schema, lists)
    pem = (pki / "rsa.pem").read_text()
    conf = pydigidoc.DigiDocConf(str(lists))
    conf.set_tslcert(base64.b64decode("".join(pem.split("-----")[2].split())))
    conf.set_tslurl("https://localhost/LIST.xml")  # only the file name counts
    if address:
        conf.set_tsurl(address + "/")
        responders = pydigidoc.StringMap()
        responders["Test root"] = address + "/ocsp"
        conf.set_ocspurls(responders)
    pydigidoc.Conf.init(conf)
    conf.thisown = False
    pydigidoc.initialize_lib("test", str(lists))


def verify(pki, *containers):
    start(pki)
    for path in containers:
        try:
            container = pydigidoc.Container.open(str(path))  # must outlive its signatures, else it crashes
            for signature in container.signatures():
                signature.validate()
                print("VALID", path, signature.signed_by(), signature.trusted_signing_time())
        except Exception as reasons:
            print("INVALID", path, " ".join(str(reasons).split()))


def sign(pki, address, target, *files):
    start(pki, str(address))
    container = pydigidoc.Container.create(str(target))
    for path in files:
        container.add_data_file(str(path), "text/plain")
    container.sign(pydigidoc.PKCS12Signer(str(pki / "qualified.p12"), "test"))
    container.save()


act, pki, *rest = sys.argv[1:]
{"verify": verify, "sign": sign}[act](pathlib.Path(pki), *rest)
