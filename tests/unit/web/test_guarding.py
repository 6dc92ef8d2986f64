"""Who may ask a server, from which page, and what a browser may do with what it says."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from served import Served, served

from headstart.errors import ParameterError
from headstart.guard.baselines.texts import TextBaselineClassifier
from headstart.models.model import Model
from headstart.web.guarding import known_host, token_for
from headstart.web.limits import Limits

TOKEN = "a-token-of-24-letters"


def small_model() -> Model:
    baseline = TextBaselineClassifier().fit(["so good", "so bad"] * 4, ["good", "bad"] * 4)
    return Model(baseline, {}, task="classification", classes=baseline.classes_.tolist(), input_type="text")


@pytest.fixture(scope="module")
def guarded() -> Iterator[Served]:
    with served(small_model(), token=TOKEN, limits=Limits(body_bytes=100_000)) as server:
        yield server


def test_only_who_knows_the_token_is_answered(guarded: Served) -> None:
    assert guarded.ask("/health").status == 200
    for headers in ({}, {"authorization": "Bearer wrong"}, {"cookie": "headstart-token=wrong"}, {"authorization": ""}):
        refused = guarded.ask("/model", headers=headers)
        assert refused.status == 401 and "Expected the token of this server" in refused.said["error"]
    assert guarded.ask("/model", headers={"authorization": f"Bearer {TOKEN}"}).status == 200
    assert guarded.post("/predict", {"texts": ["good"]}, {"authorization": f"bearer {TOKEN}"}).status == 200
    entered = guarded.ask(f"/?token={TOKEN}")
    assert (entered.status, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert guarded.ask("/", headers={"cookie": f"a=b; {cookie.partition(';')[0]}"}).status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1.evil.example", "127.0.0.1@evil"])
def test_another_name_is_refused(guarded: Served, host: str) -> None:
    refused = guarded.ask("/health", headers={"host": host})
    assert refused.status in (400, 403) and (refused.status == 400 or "found another" in refused.said["error"])


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_page_cannot_ask(guarded: Served, headers: dict[str, str]) -> None:
    known = {"authorization": f"Bearer {TOKEN}"}
    refused = guarded.post("/predict", {"texts": ["good"]}, {**known, **headers})
    assert refused.status == 403 and "another page's" in refused.said["error"]
    own = {"origin": guarded.address.rstrip("/"), "sec-fetch-site": "same-origin"}
    assert guarded.post("/predict", {"texts": ["good"]}, {**known, **own}).status == 200


def test_every_answer_forbids_scripts_from_elsewhere(guarded: Served) -> None:
    for place in ("/", "/nowhere", "/health"):
        headers = guarded.ask(place, headers={"authorization": f"Bearer {TOKEN}"}).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff" and "server" not in headers
    page = guarded.ask("/", headers={"authorization": f"Bearer {TOKEN}"}).body.decode()
    assert page.count("<script") == 1 and "style=" not in page and " on" not in page.replace(" one", "")


def test_a_body_that_is_too_large_is_refused_whatever_it_says_of_itself(guarded: Served) -> None:
    known = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    refused = guarded.ask("/predict", "POST", b"x" * 100_001, known)
    assert refused.status == 413 and "Expected at most 0 MiB, found more" in refused.said["error"]
    pieces = (b"%x\r\n%s\r\n" % (len(part), part) for part in [b"x" * 30_000] * 4)
    chunked = guarded.ask(
        "/predict", "POST", b"".join(pieces) + b"0\r\n\r\n", {**known, "transfer-encoding": "chunked"}
    )
    assert chunked.status == 413


@pytest.mark.parametrize(
    ("status", "head"),
    [
        (401, "content-length: 90000"),
        (403, f"authorization: Bearer {TOKEN}\r\norigin: null\r\ncontent-length: 90000"),
        (413, f"authorization: Bearer {TOKEN}\r\ncontent-length: 1000000"),
        (413, f"authorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked"),
    ],
)
def test_the_refused_read_why_though_their_request_was_still_on_its_way(
    guarded: Served, status: int, head: str
) -> None:
    body = b"x" * (1_000_000 if status == 413 else 90_000)
    with socket.create_connection((guarded.host, guarded.port), timeout=20) as visitor:
        visitor.sendall(f"POST /predict HTTP/1.1\r\nhost: {guarded.host}\r\n{head}\r\n\r\n".encode())
        if "chunked" in head:
            visitor.sendall(b"%x\r\n%s\r\n" % (150_000, body[:150_000]))
        answer = visitor.recv(1)  # refused by now
        if "chunked" in head:
            for start in range(0, len(body), 50_000):
                visitor.sendall(b"%x\r\n%s\r\n" % (50_000, body[start : start + 50_000]))
            visitor.sendall(b"0\r\n\r\n")
        else:
            for start in range(0, len(body), 5_000):
                visitor.sendall(body[start : start + 5_000])
        visitor.shutdown(socket.SHUT_WR)
        while piece := visitor.recv(4096):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 %d" % status) and b'{"error": "Expected' in answer


def test_a_token_is_made_where_others_can_reach_the_address() -> None:
    assert token_for("127.0.0.1", None) is None and token_for("localhost", None) is None
    made = token_for("0.0.0.0", None)
    assert made is not None and len(made) >= 20 and made != token_for("0.0.0.0", None)
    assert token_for("127.0.0.1", TOKEN) == TOKEN
    with pytest.raises(ParameterError, match="Expected a token of 8 letters"):
        token_for("0.0.0.0", "short")
    with pytest.raises(ParameterError, match="Leave it out for a new one"):
        token_for("0.0.0.0", "with a space and;")


def test_addresses_in_numbers_are_this_servers_own() -> None:
    assert known_host("192.168.1.4:8000", []) and known_host("[fe80::1]:80", []) and known_host("here:1", ["HERE"])
    assert not known_host("192.168.1.4.nip.io", []) and not known_host("here.evil.example", ["here"])
