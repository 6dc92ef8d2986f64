"""Networks from the hub, against a small server of our own: cache first, quick and clear answers."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from text_families import family_folder

from headstart.errors import SourceError
from headstart.networks.reading import hub
from headstart.networks.reading.loading import load_network

COMMIT = "a" * 40


class Hub:
    """Serves files as the hub does; counts calls."""

    @staticmethod
    def parts(path: str) -> tuple[str, str, str]:
        """Repository, "revision" or "tree" for a listing, and the name of a file."""
        path = path.partition("?")[0].lstrip("/")
        if path.startswith("api/models/"):
            org, name, *rest = path.removeprefix("api/models/").split("/")
            return f"{org}/{name}", rest[0] if rest else "revision", ""
        repo, _, rest = path.partition("/resolve/")
        return repo, "", rest.partition("/")[2]

    def listing(self, asked: str) -> bytes:
        """The names of all files, as the hub's two calls give them."""
        if asked == "revision":
            siblings = [{"rfilename": name} for name in self.files]
            return json.dumps({"id": "org/net", "sha": COMMIT, "siblings": siblings}).encode()
        sizes = [
            {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
            for name, content in self.files.items()
        ]
        return json.dumps(sizes).encode()

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.calls: list[str] = []
        self.fails: dict[str, tuple[int, str]] = {}
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.answer(send=False)

            def do_GET(self) -> None:
                self.answer(send=True)

            def answer(self, send: bool) -> None:
                served.calls.append(f"{self.command} {self.path}")
                repo, asked, rest = served.parts(self.path)
                status, error = served.fails.get(repo, (200, ""))
                content = served.listing(asked) if asked else served.files.get(rest)
                if repo not in ("org/net", *served.fails):
                    status, error = 404, "RepoNotFound"
                elif status == 200 and content is None:
                    status, error = 404, "EntryNotFound"
                self.send_response(status)
                self.send_header("X-Repo-Commit", COMMIT)
                if status != 200 or content is None:
                    self.send_header("X-Error-Code", error)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if send:
                    self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture(autouse=True)
def own_hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_ETAG_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "hub"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    folder = tmp_path / "net"
    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=32, patch_size=8
    )
    torch.manual_seed(0)
    transformers.ViTForImageClassification(config).save_pretrained(folder)
    settings = {"image_processor_type": "ViTImageProcessor", "size": {"height": 32, "width": 32}}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A network\n")
    running = Hub()
    running.files = {file.name: file.read_bytes() for file in folder.iterdir()}
    monkeypatch.setenv("HF_ENDPOINT", running.address)
    yield running
    running.server.shutdown()
    running.server.server_close()


def test_fetched_once_then_read_with_no_call(server: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    network = load_network("org/net")
    assert network.preprocessing.size == (32, 32) and network.name == "org/net"
    assert network.card.origin == "hub: org/net" and network.card.licence == "apache-2.0"
    assert server.calls
    server.calls.clear()
    assert hub.fetch("org/net").joinpath("model.safetensors").is_file()
    assert hub.fetch(f"org/net@{COMMIT}") == hub.fetch("org/net")
    assert server.calls == []
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a call was made"))
    assert hub.fetch("org/net").joinpath("model.safetensors").is_file()


def test_network_for_texts_comes_with_tokenizer_and_pooling(server: Hub, tmp_path: Path) -> None:
    folder = family_folder("bert", tmp_path)
    kinds = [("", "Transformer"), ("1_Pooling", "Pooling")]
    modules = [{"idx": i, "path": path, "type": f"x.{kind}"} for i, (path, kind) in enumerate(kinds)]
    server.files = {file.name: file.read_bytes() for file in folder.iterdir()}
    server.files |= {"modules.json": json.dumps(modules).encode(), "1_Pooling/config.json": b'{"pooling_mode": "cls"}'}
    network = load_network("org/net", input_type="text")
    assert network.module.pooling.modes == ("first",) and network.preprocessing.size == (40,)
    server.calls.clear()
    cached = hub.fetch("org/net")
    assert server.calls == []
    (cached / "tokenizer.json").unlink()
    assert hub.cached_folder("org/net") is None
    assert (hub.fetch("org/net") / "tokenizer.json").is_file()


def test_cached_folder_is_none_until_it_is_whole(server: Hub) -> None:
    assert hub.cached_folder("org/net") is None
    folder = hub.fetch("org/net")
    assert hub.cached_folder("org/net") == folder
    (folder / "model.safetensors").unlink()
    assert hub.cached_folder("org/net") is None
    assert hub.fetch("org/net") == folder


def test_shards_are_all_fetched(server: Hub) -> None:
    weights = server.files.pop("model.safetensors")
    index = {"metadata": {}, "weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    server.files |= {"model.safetensors.index.json": json.dumps(index).encode(), "model-1.safetensors": weights}
    server.files["model-2.safetensors"] = weights[:9]
    folder = hub.fetch("org/net")
    assert (folder / "model-1.safetensors").is_file() and (folder / "model-2.safetensors").is_file()
    (folder / "model-2.safetensors").unlink()
    assert hub.cached_folder("org/net") is None


def test_no_answer_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    started = time.perf_counter()
    with pytest.raises(
        SourceError, match=rf"fetch 'org/net' from http://127\.0\.0\.1:{port}, found no answer: "
    ) as said:
        load_network("org/net")
    assert time.perf_counter() - started < 5
    assert "hf download org/net --local-dir DIR" in str(said.value) and "'starter:pictures'" in str(said.value)


def test_a_server_that_never_answers_is_left_within_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.perf_counter()
        with pytest.raises(SourceError, match=r"found no answer: .*tim(ed|e) ?out"):
            load_network("org/net")
        assert time.perf_counter() - started < 15
    assert hub.ANSWER_WITHIN < 5


def test_a_call_that_hangs_in_the_system_is_left() -> None:
    started = time.perf_counter()
    with pytest.raises(TimeoutError, match="no answer within"):
        hub.within_time(lambda: time.sleep(60), 0.2)
    assert time.perf_counter() - started < 30
    with pytest.raises(ZeroDivisionError):
        hub.within_time(lambda: 1 / 0, 1)
    assert hub.within_time(lambda: 3, 1) == 3


def test_offline_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(
        SourceError, match=r"'org/net' in the local cache .*HF_HUB_OFFLINE forbids a call\. .*hf download"
    ):
        load_network("org/net")


@pytest.mark.parametrize(
    ("source", "status", "code", "words"),
    [
        ("org/nit", 200, "", r"a folder or a network on the hub named 'org/nit', found neither"),
        ("org/shut", 401, "RepoNotFound", r"named 'org/shut', found neither.*hf auth login"),
        ("org/gated", 403, "GatedRepo", r"owners ask for an agreement first\. Accept it at .*org/gated"),
        ("org/net@v9", 404, "RevisionNotFound", r"the revision of 'org/net@v9', found none"),
        ("org/down", 503, "", r"found no answer: .*503"),
    ],
)
def test_refusals_of_the_hub(server: Hub, source: str, status: int, code: str, words: str) -> None:
    if status != 200:
        server.fails[source.partition("@")[0]] = (status, code)
    started = time.perf_counter()
    with pytest.raises(SourceError, match=words):
        load_network(source)
    assert time.perf_counter() - started < 5


def test_no_network_in_it(server: Hub) -> None:
    config = server.files.pop("config.json")
    with pytest.raises(SourceError, match=r"transformers network at 'org/net', found no config\.json"):
        load_network("org/net")
    server.files["config.json"] = config
    server.files.pop("model.safetensors")
    with pytest.raises(SourceError, match=r"on the hub as safetensors, found no model\.safetensors"):
        load_network("org/net")
    server.files["pytorch_model.bin"] = b"a pickle"
    with pytest.raises(SourceError, match=r"found pytorch_model\.bin alone, a pickle.*NAME@REVISION"):
        load_network("org/net")
    assert not any("/resolve/" in call for call in server.calls)


def test_neither_pickles_nor_code_are_fetched(server: Hub) -> None:
    server.files |= {"pytorch_model.bin": b"a pickle", "modeling.py": b"1 / 0", "onnx/model.safetensors": b"more"}
    folder = hub.fetch("org/net")
    assert not [name for name in ("pytorch_model.bin", "modeling.py", "onnx") if (folder / name).exists()]


def test_a_server_that_is_no_hub(monkeypatch: pytest.MonkeyPatch, server: Hub) -> None:
    monkeypatch.setattr(hub.HfApi, "model_info", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(SourceError, match=r"found no answer: division by zero"):
        load_network("org/net")


def test_shard_names_cannot_leave_the_folder(server: Hub) -> None:
    server.files.pop("model.safetensors")
    index = {"weight_map": {"a": "../../evil.safetensors"}}
    server.files["model.safetensors.index.json"] = json.dumps(index).encode()
    folder = hub.fetch("org/net")
    assert not any("evil" in call for call in server.calls) and folder.is_dir()
