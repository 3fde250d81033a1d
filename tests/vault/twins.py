"""Small local twins of two key services, speaking their wire protocols: HashiCorp Vault's transit engine, and AWS KMS."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "a-token"
KEY = "yinuo"


class _Twin(BaseHTTPRequestHandler):
    cipher = AESGCM(b"t" * 32)
    asked: list[str]

    def log_message(self, *words: Any) -> None:
        """Say nothing."""

    def _body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return body

    def _answer(self, status: int, body: dict[str, Any], kind: str) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def seal(self, plain: bytes, bound: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self.cipher.encrypt(nonce, plain, bound)

    def open(self, sealed: bytes, bound: bytes) -> bytes:
        return self.cipher.decrypt(sealed[:12], sealed[12:], bound)


class Transit(_Twin):
    """POST /v1/transit/encrypt/KEY and /decrypt/KEY, as the transit engine's API describes them."""

    def do_POST(self) -> None:
        """Answer a call."""
        self.asked.append(self.path)
        body = self._body()
        bound = base64.b64decode(body.get("associated_data", ""))
        if self.headers["X-Vault-Token"] != TOKEN:
            self._answer(403, {"errors": ["permission denied"]}, "application/json")
            return
        _, _, mount, what, name = self.path.split("/")
        if (mount, name) != ("transit", KEY):
            self._answer(400, {"errors": ["encryption key not found"]}, "application/json")
            return
        try:
            if what == "encrypt":
                sealed = self.seal(base64.b64decode(body["plaintext"]), bound)
                data = {"ciphertext": f"vault:v1:{base64.b64encode(sealed).decode()}", "key_version": 1}
            else:
                opened = self.open(base64.b64decode(body["ciphertext"].removeprefix("vault:v1:")), bound)
                data = {"plaintext": base64.b64encode(opened).decode()}
        except (InvalidTag, ValueError):
            self._answer(400, {"errors": ["cipher: message authentication failed"]}, "application/json")
            return
        self._answer(200, {"request_id": "1", "lease_id": "", "renewable": False, "data": data}, "application/json")


class Kms(_Twin):
    """AWS's JSON 1.1 protocol: TrentService.Encrypt and TrentService.Decrypt."""

    def do_POST(self) -> None:
        """Answer a call."""
        target = self.headers["X-Amz-Target"]
        self.asked.append(target)
        body = self._body()
        bound = json.dumps(body.get("EncryptionContext", {}), sort_keys=True).encode()
        assert self.headers["Authorization"].startswith("AWS4-HMAC-SHA256")
        assert self.headers["Content-Type"] == "application/x-amz-json-1.1"
        if body["KeyId"] != KEY:
            self._fail("NotFoundException", f"Key '{body['KeyId']}' does not exist")
            return
        arn = {"KeyId": f"arn:aws:kms:eu-west-1:111122223333:key/{KEY}", "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}
        try:
            if target == "TrentService.Encrypt":
                sealed = self.seal(base64.b64decode(body["Plaintext"]), bound)
                answer = {"CiphertextBlob": base64.b64encode(sealed).decode()}
            else:
                opened = self.open(base64.b64decode(body["CiphertextBlob"]), bound)
                answer = {"Plaintext": base64.b64encode(opened).decode()}
        except (InvalidTag, ValueError):
            self._fail("InvalidCiphertextException", "")
            return
        self._answer(200, answer | arn, "application/x-amz-json-1.1")

    def _fail(self, kind: str, message: str) -> None:
        self._answer(400, {"__type": kind, "message": message}, "application/x-amz-json-1.1")


@contextmanager
def running(twin: type[_Twin]) -> Iterator[tuple[str, list[str]]]:
    """A twin that listens: its address, and what it was asked."""
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type(twin.__name__, (twin,), {"asked": asked}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
