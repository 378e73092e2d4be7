# SPDX-License-Identifier: GPL-3.0-or-later
"""Records what AWX answers to playbooks/awx.yml and to launched jobs, for tests/unit/awx.

    record_awx.py PROJECT_URL [FOLDER]    by default tests/unit/awx/recorded

CONTROLLER_HOST and CONTROLLER_OAUTH_TOKEN name an AWX that may be changed: it gets objects whose names begin
with PREFIX, and a few jobs, which are canceled. AWX has to reach the repository PROJECT_URL. A proxy between
awx.awx and AWX writes each exchange once. The requests' authorization is not recorded; the variables are
those of the tests, without a secret.
"""

import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
RECORDED = CHECKOUT / "tests" / "unit" / "awx" / "recorded"
PREFIX = "Recorded"
# What an object is, beside the fields that the playbook gives. The rest of an answer is AWX's own.
_IDENTITY = ("id", "type", "url")
# Answers to surveys, by the name of the job template: valid ones and others.
ANSWERS = (
    ("scale masters", {"fluid_hosts": "hbase", "fluid_master_replicas": "5"}),
    ("scale masters", {"fluid_hosts": "hbase", "fluid_master_replicas": "4"}),
    ("scale masters", {"fluid_hosts": "hbase", "fluid_master_replicas": 5}),
    ("scale masters", {"fluid_hosts": "hbase"}),
    ("scale masters", {"fluid_hosts": "", "fluid_master_replicas": "5"}),
    ("scale workers", {"fluid_hosts": "hbase", "fluid_worker_replicas": 3}),
    ("scale workers", {"fluid_hosts": "hbase", "fluid_worker_replicas": "3"}),
    ("scale workers", {"fluid_hosts": "hbase", "fluid_worker_replicas": -1}),
    ("cleanup", {"fluid_hosts": "hbase"}),
    ("restore", {"fluid_hosts": "hbase", "fluid_restore_confirm": "data/hbase"}),
    ("failover drill", {"fluid_drill_confirm": "hbase"}),
    ("failover drill", {"fluid_hosts": "hbase", "fluid_drill_confirm": "hbase"}),
    ("verify", {}),
    ("verify", {"fluid_probes": "true"}),
    ("verify", {"fluid_probes": True}),
    ("verify", {"fluid_probes": "perhaps"}),
    ("deploy HA", {"fluid_warm_up": "- /a\n- /b", "fluid_raft": "profile: fast"}),
    ("backup", {"fluid_backup_keep": 7}),
    ("backup", {"fluid_backup_keep": 0}),
)


class Recorder:
    """A proxy that writes what passes. url: where it answers."""

    def __init__(self, host: str) -> None:
        self._host = host.rstrip("/")
        self._fields = set(_IDENTITY)
        self.exchanges: list[dict] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_arguments) -> None:
                """Print nothing."""

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                code, headers, answer = recorder.forward(
                    self.command, self.path, self.headers.get("Authorization", ""), body)
                self.send_response(code)
                for name, value in headers.items():
                    if name.startswith("X-API-") or name == "Content-Type":
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_PATCH = do_DELETE = _answer

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def forward(self, method: str, path: str, authorization: str, body: bytes) -> tuple[int, dict, bytes]:
        """Pass a request on and record it with its answer."""
        request = urllib.request.Request(
            self._host + path, method=method, data=body or None,
            headers={"Authorization": authorization, "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                code, headers, data = answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as refused:
            code, headers, data = refused.code, dict(refused.headers), refused.read()
        self._record(method, path, json.loads(body) if body else {}, code, data)
        return code, headers, data

    def _record(self, method: str, path: str, given: dict, code: int, data: bytes) -> None:
        self._fields |= given.keys()
        answer = json.loads(data) if data else {}
        found = {"method": method, "path": path, "body": given, "code": code,
                 "answer": answer if code >= 400 else self._reduced(answer)}
        if found not in self.exchanges:
            self.exchanges.append(found)

    def _reduced(self, answer: object) -> object:
        """Return the fields that identify an object and those that any request gives."""
        if isinstance(answer, list):
            return [self._reduced(each) for each in answer]
        if not isinstance(answer, dict):
            return answer
        if "results" in answer:
            return {"count": answer["count"], "results": self._reduced(answer["results"])}
        return {name: value for name, value in answer.items() if name in self._fields}


def main() -> int:
    if len(sys.argv) not in (2, 3):
        print(__doc__)
        return 2
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else RECORDED
    folder.mkdir(parents=True, exist_ok=True)
    recorder = Recorder(os.environ["CONTROLLER_HOST"])
    for _run in ("creates", "compares"):
        if code := _play(recorder.url, sys.argv[1]):
            return code
    _write(folder / "exchanges.jsonl", recorder.exchanges)
    _write(folder / "launches.jsonl", [_launched(name, answers) for name, answers in ANSWERS])
    return 0


def _play(url: str, project: str) -> int:
    sys.path.insert(0, str(CHECKOUT / "tests" / "unit" / "plugins" / "support"))
    from awx_variables import GIVEN
    variables = {**GIVEN, "fluid_awx_project_url": project, "fluid_awx_prefix": PREFIX}
    return subprocess.run(
        ["ansible-playbook", CHECKOUT / "playbooks" / "awx.yml", "-e", json.dumps(variables)],
        env={**os.environ, "CONTROLLER_HOST": url}, check=False).returncode


def _launched(name: str, answers: dict) -> dict:
    """Launch a job, and return AWX's answer with the variables of the job."""
    template = _ask("GET", f"job_templates/?name={PREFIX}%20{name.replace(' ', '%20')}")[1]["results"][0]
    code, found = _ask("POST", f"job_templates/{template['id']}/launch/", {"extra_vars": answers})
    if code >= 400:
        return {"template": name, "answers": answers, "code": code, "answer": found}
    _ask("POST", f"jobs/{found['id']}/cancel/", {})
    variables = json.loads(found["extra_vars"])
    return {"template": name, "answers": answers, "code": code, "extra_vars": variables}


def _ask(method: str, path: str, body: dict | None = None) -> tuple[int, dict]:
    request = urllib.request.Request(
        f"{os.environ['CONTROLLER_HOST'].rstrip('/')}/api/v2/{path}", method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {os.environ['CONTROLLER_OAUTH_TOKEN']}",
                 "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read() or b"{}")


def _write(file: Path, lines: list[dict]) -> None:
    file.write_text("".join(json.dumps(line, sort_keys=True) + "\n" for line in lines))
    print(f"{file}: {len(lines)} lines, {file.stat().st_size} bytes")


if __name__ == "__main__":
    sys.exit(main())
