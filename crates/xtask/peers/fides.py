#!/usr/bin/env python3
"""Fides, asked for the data of people: what `cargo xtask bench privacy fides` runs beside probity.

    VENV/bin/python fides.py FOLDER SHOP MAP

FOLDER is empty and becomes the server's working folder. SHOP is the database with the people, in which Fides gets a database
of its own beside it; MAP is the dataset. Redis is at PROBITY_TEST_REDIS_URL.

Starts the web server with its tasks run in it (`task_always_eager`: no worker, no queue between them, which is the quickest
way), waits until it is healthy, sets up connection, dataset and policies, and says so: {"ready": SECONDS, ...}. Then reads
lines `access EMAIL` and `erasure EMAIL` and answers each with one line of JSON: seconds from the request to its end, CPU seconds of server
and Redis, rows per collection, peak memory. Ends with its input.
"""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

USER, PASSWORD = "root", "Testpassword1!"
TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def settings(shop, redis):
    return f"""
[database]
server = "{shop.hostname}"
port = "{shop.port}"
user = "{shop.username}"
password = "none"
db = "fides"
[redis]
enabled = true
host = "{redis.hostname}"
port = {redis.port}
user = ""
password = ""
[security]
app_encryption_key = "OLMkv91j8DHiDAULnK5Lxx3kSCov30b3"
oauth_root_client_id = "fidesadmin"
oauth_root_client_secret = "fidesadminsecret"
env = "prod"
[execution]
task_retry_count = 0
require_manual_request_approval = false
[celery]
task_always_eager = true
[logging]
level = "ERROR"
[user]
analytics_opt_out = true
"""


class Server:
    def __init__(self, folder, shop, redis):
        self.folder = folder
        (folder / "fides.toml").write_text(settings(shop, redis))
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        environment = dict(os.environ, FIDES__CONFIG_PATH=str(folder / "fides.toml"))
        program = pathlib.Path(sys.executable).parent / "fides"
        began = time.monotonic()
        self.process = subprocess.Popen(
            [program, "webserver", "--port", str(port)],
            cwd=folder, env=environment, stdout=open(folder / "server.log", "w"), stderr=subprocess.STDOUT,
        )
        self.token = None
        while True:
            try:
                if self.call("GET", "/health")["webserver"] == "healthy":
                    break
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() - began > 600:
                raise SystemExit("Fides did not start:\n" + (folder / "server.log").read_text()[-4000:])
            time.sleep(0.1)
        self.start_seconds = time.monotonic() - began
        form = {"client_id": "fidesadmin", "client_secret": "fidesadminsecret", "grant_type": "client_credentials"}
        self.token = self.call("POST", "/api/v1/oauth/token", form=form)["access_token"]

    def call(self, method, path, body=None, form=None):
        headers, data = {}, None
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            headers["Content-Type"], data = "application/json", json.dumps(body).encode()
        if form is not None:
            data = urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()[:2000]}")

    def done(self, *arguments):
        """For bulk endpoints, which answer 200 and say inside what they refused."""
        answer = self.call(*arguments)
        if answer.get("failed"):
            raise SystemExit(f"{arguments[:2]}: {answer['failed']}")
        return answer

    def pids(self):
        """The server and its children."""
        found, children = [self.process.pid], {}
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                except OSError:
                    continue
                children.setdefault(parent, []).append(int(entry.name))
        for pid in found:
            found.extend(children.get(pid, []))
        return found


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    # User and system time, own and of children that were waited for.
    return sum(map(int, fields[11:15])) / TICK


def peak(pid):
    found = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024


def set_up(server, shop, dataset):
    """Connection, dataset, a place for results, a policy for each of the two rights."""
    server.done("PATCH", "/api/v1/connection", [{"key": "shop", "name": "shop", "connection_type": "postgres", "access": "write"}])
    server.call("PUT", "/api/v1/connection/shop/secret?verify=true", {
        "host": shop.hostname, "port": shop.port, "dbname": shop.path.lstrip("/"),
        "username": shop.username, "password": "none", "db_schema": "public",
    })
    server.call("POST", "/api/v1/dataset", dataset)
    key = dataset["fides_key"]
    server.done("PATCH", "/api/v1/connection/shop/datasetconfig", [{"fides_key": key, "ctl_dataset_fides_key": key}])
    server.done("PATCH", "/api/v1/storage/config", [
        {"name": "here", "key": "here", "type": "local", "format": "json", "details": {"naming": "request_id"}}
    ])
    for right, rule in {
        "access": {"action_type": "access", "storage_destination_key": "here"},
        "erasure": {"action_type": "erasure", "masking_strategy": {"strategy": "null_rewrite", "configuration": {}}},
    }.items():
        server.done("PATCH", "/api/v1/dsr/policy", [{"name": right, "key": right}])
        server.done("PATCH", f"/api/v1/dsr/policy/{right}/rule", [{"name": right, "key": right, **rule}])
        server.done("PATCH", f"/api/v1/dsr/policy/{right}/rule/{right}/target", [
            {"name": f"{right}_all", "key": f"{right}_all", "data_category": "user"}
        ])


def ask(server, redis_pid, right, email):
    """One request, from the call to its end."""
    pids = server.pids() + [redis_pid]
    before, began = sum(map(cpu, pids)), time.monotonic()
    answer = server.done("POST", "/api/v1/privacy-request", [{"policy_key": right, "identity": {"email": email}}])
    request = answer["succeeded"][0]["id"]
    while True:
        status = server.call("GET", f"/api/v1/privacy-request?request_id={request}")["items"][0]["status"]
        if status in ("complete", "error", "canceled"):
            break
        time.sleep(0.01)
    seconds = time.monotonic() - began
    if status != "complete":
        logs = server.call("GET", f"/api/v1/privacy-request?request_id={request}&verbose=true")
        raise SystemExit(f"{right} {email}: {status}\n{json.dumps(logs)[:4000]}")
    rows, written = {}, list((server.folder / "fides_uploads").glob(f"{request}*"))
    for file in written:
        for name, found in json.loads(file.read_text()).items():
            if isinstance(found, list):
                rows[name.rsplit(":", 1)[-1]] = len(found)
    return {
        "seconds": seconds,
        "cpu": sum(cpu(pid) for pid in pids) - before,
        "peak": sum(map(peak, pids)),
        "rows": rows,
    }


def main():
    folder, shop, dataset = pathlib.Path(sys.argv[1]), urllib.parse.urlsplit(sys.argv[2]), sys.argv[3]
    dataset = yaml.safe_load(pathlib.Path(dataset).read_text())["dataset"][0]
    redis = urllib.parse.urlsplit(os.environ["PROBITY_TEST_REDIS_URL"])
    admin = sys.argv[2].rsplit("/", 1)[0] + "/postgres"
    for statement in ("DROP DATABASE IF EXISTS fides WITH (FORCE)", "CREATE DATABASE fides"):
        subprocess.run(["psql", "-Xqd", admin, "-c", statement], check=True, stderr=subprocess.DEVNULL)
    server = Server(folder, shop, redis)
    try:
        set_up(server, shop, dataset)
        print(json.dumps({"ready": server.start_seconds}), flush=True)
        for line in sys.stdin:
            right, email = line.split()
            print(json.dumps(ask(server, int(os.environ["PROBITY_TEST_REDIS_PID"]), right, email)), flush=True)
    finally:
        server.process.send_signal(signal.SIGTERM)
        try:
            server.process.wait(20)
        except subprocess.TimeoutExpired:
            server.process.kill()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main()
