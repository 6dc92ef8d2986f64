"""A hub of our own on this machine: takes what huggingface_hub pushes, and gives it back."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "b" * 40
TOKEN = "hf_right"


class OwnHub:
    """Repositories by name, each a dict of files.

    ``fails`` gives a status for calls whose path holds a word.
    """

    def __init__(self) -> None:
        self.repos: dict[str, dict[str, bytes]] = {}
        self.private: dict[str, bool] = {}
        self.blobs: dict[str, bytes] = {}
        self.fails: dict[str, int] = {}
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.handled(send=False)

            def do_GET(self) -> None:
                self.handled()

            def do_POST(self) -> None:
                self.handled()

            def do_PUT(self) -> None:
                self.handled()

            def handled(self, send: bool = True) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, content, more = served.answer(self, self.path.partition("?")[0], body)
                self.send_response(status)
                for name, value in {"X-Repo-Commit": COMMIT, **more}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if send:
                    self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, call: Any, path: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        for word, status in self.fails.items():
            if word in path:
                return status, b'{"error": "no"}', {}
        writes = call.command in ("POST", "PUT") and not path.startswith("/blob/")
        if writes and call.headers.get("Authorization") != f"Bearer {TOKEN}" and "validate" not in path:
            return 401, b'{"error": "Invalid credentials"}', {}
        if path == "/api/repos/create":
            asked = json.loads(body)
            repo = f"{asked.get('organization') or 'ann'}/{asked['name']}"
            known = repo in self.repos
            self.repos.setdefault(repo, {".gitattributes": b""})
            self.private.setdefault(repo, asked.get("private") is True or asked.get("visibility") == "private")
            return (409 if known else 200), self.told({"url": f"{self.address}/{repo}"}), {}
        if path == "/api/validate-yaml":
            return 200, self.told({"errors": [], "warnings": []}), {}
        if path.startswith("/blob/"):
            self.blobs[path.removeprefix("/blob/")] = body
            return 200, b"", {"ETag": '"x"'}
        if path.endswith(".git/info/lfs/objects/batch"):
            return 200, self.lfs(json.loads(body)), {"Content-Type": "application/vnd.git-lfs+json"}
        if path.startswith("/api/models/"):
            return self.of_models(*path.removeprefix("/api/models/").split("/", 2), body=body)
        repo, _, rest = path.lstrip("/").partition("/resolve/")
        content = self.repos.get(repo, {}).get(rest.partition("/")[2])
        if content is None:
            return 404, b"", {"X-Error-Code": "EntryNotFound" if repo in self.repos else "RepoNotFound"}
        return 200, content, {"ETag": f'"{hashlib.sha256(content).hexdigest()}"'}

    def of_models(self, org: str, name: str, rest: str = "", *, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        files = self.repos.get(f"{org}/{name}")
        if files is None:
            return 404, b"", {"X-Error-Code": "RepoNotFound"}
        if rest.startswith("preupload"):
            asked = [file["path"] for file in json.loads(body)["files"]]
            modes = [
                {
                    "path": file,
                    "uploadMode": "lfs" if file.endswith(".safetensors") else "regular",
                    "shouldIgnore": False,
                }
                for file in asked
            ]
            return 200, self.told({"files": modes}), {}
        if rest.startswith("commit"):
            for line in body.splitlines():
                entry = json.loads(line)
                value = entry["value"]
                if entry["key"] == "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                elif entry["key"] == "lfsFile":
                    files[value["path"]] = self.blobs[value["oid"]]
                elif entry["key"] == "deletedFile":
                    files.pop(value["path"], None)
            return (
                200,
                self.told({"commitUrl": f"{self.address}/{org}/{name}/commit/{COMMIT}", "commitOid": COMMIT}),
                {},
            )
        if rest.startswith("tree"):
            listed = [
                {"type": "file", "path": file, "size": len(held), "oid": hashlib.sha1(held).hexdigest()}
                for file, held in files.items()
            ]
            return 200, self.told(listed), {}
        siblings = [{"rfilename": file} for file in files]
        return 200, self.told({"id": f"{org}/{name}", "sha": COMMIT, "siblings": siblings}), {}

    def lfs(self, asked: dict[str, Any]) -> bytes:
        objects = [
            {"oid": o["oid"], "size": o["size"], "actions": {"upload": {"href": f"{self.address}/blob/{o['oid']}"}}}
            for o in asked["objects"]
        ]
        return self.told({"transfer": "basic", "objects": objects})

    @staticmethod
    def told(value: Any) -> bytes:
        return json.dumps(value).encode()
