"""Key-encryption keys: what protects a wrapping key in its file. Chosen by YINUO_KEK; a service sees wrapping keys only."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Protocol

from yinuo.kit.refusals import Malformed, Refusal


class KeyServiceFailed(Refusal):
    """The service that protects the wrapping keys did not do what was asked of it."""

    status = 503
    code = "key-service-failed"


class Kek(Protocol):
    """Protects the bytes of a wrapping key, bound to its id."""

    def protect(self, key: bytes, key_id: str) -> str:
        """What to write into the file."""

    def reveal(self, protected: str, key_id: str) -> bytes:
        """The key again; refuses what was not protected under this id."""


class FileKek:
    """No further protection: the file holds the key, and its permissions keep it."""

    def protect(self, key: bytes, key_id: str) -> str:
        """The key in hexadecimal."""
        return key.hex()

    def reveal(self, protected: str, key_id: str) -> bytes:
        """The key again."""
        return bytes.fromhex(protected)


class TransitKek:
    """A key in the transit engine of HashiCorp Vault or OpenBao, which never leaves it. VAULT_TOKEN is shown to it."""

    def __init__(self, *, name: str, url: str) -> None:
        mount, _, self._name = name.rpartition("/")
        self._mount = mount or "transit"
        self._url = url
        self._client: Any = None

    def protect(self, key: bytes, key_id: str) -> str:
        """What the service makes of the key, such as "vault:v1:..."."""
        return str(self._ask("encrypt_data", plaintext=base64.b64encode(key).decode(), key_id=key_id)["ciphertext"])

    def reveal(self, protected: str, key_id: str) -> bytes:
        """The key again."""
        return base64.b64decode(self._ask("decrypt_data", ciphertext=protected, key_id=key_id)["plaintext"])

    def _ask(self, what: str, *, key_id: str, **given: str) -> dict[str, Any]:
        try:
            import hvac  # noqa: PLC0415 - an extra
            import requests  # noqa: PLC0415 - what hvac speaks through
        except ImportError:
            raise _extra("transit", "hashicorp") from None
        try:
            self._client = self._client or hvac.Client(url=self._url or None, timeout=10)
            bound = base64.b64encode(key_id.encode()).decode()
            answer = getattr(self._client.secrets.transit, what)(
                name=self._name, mount_point=self._mount, associated_data=bound, **given
            )
        except (hvac.exceptions.VaultError, requests.RequestException) as error:
            raise _failed("HashiCorp Vault", error) from None
        data: dict[str, Any] = answer["data"]
        return data


class KmsKek:
    """A key in AWS KMS, which never leaves it. Credentials and region come from where AWS's tools take them."""

    def __init__(self, *, name: str, url: str) -> None:
        self._name, self._url = name, url
        self._client: Any = None

    def protect(self, key: bytes, key_id: str) -> str:
        """What the service makes of the key, in base 64."""
        answer = self._ask("encrypt", KeyId=self._name, Plaintext=key, key_id=key_id)
        return base64.b64encode(answer["CiphertextBlob"]).decode()

    def reveal(self, protected: str, key_id: str) -> bytes:
        """The key again."""
        answer = self._ask("decrypt", KeyId=self._name, CiphertextBlob=base64.b64decode(protected), key_id=key_id)
        return bytes(answer["Plaintext"])

    def _ask(self, what: str, *, key_id: str, **given: Any) -> dict[str, Any]:
        try:
            import boto3  # noqa: PLC0415 - an extra
            from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
        except ImportError:
            raise _extra("kms", "aws") from None
        try:
            self._client = self._client or boto3.client("kms", endpoint_url=self._url or None)
            answer: dict[str, Any] = getattr(self._client, what)(EncryptionContext={"yinuo-wrapping-key": key_id}, **given)
        except (BotoCoreError, ClientError) as error:
            raise _failed("AWS KMS", error) from None
        return answer


KEKS = ("file", "transit", "kms")
MALFORMED_FILE = (ValueError, binascii.Error)


def kek_of(kind: str, *, name: str, url: str) -> Kek:
    """The adapter of this kind, as the settings describe it."""
    if kind == "file":
        return FileKek()
    if not name:
        raise Malformed(f"YINUO_KEK={kind} needs the name of the key there.", path="YINUO_KEK_KEY")
    return TransitKek(name=name, url=url) if kind == "transit" else KmsKek(name=name, url=url)


def _extra(kind: str, extra: str) -> Malformed:
    return Malformed(f"YINUO_KEK={kind} needs the extra {extra!r}: pip install 'yinuo[{extra}]'.", path="YINUO_KEK")


def _failed(service: str, error: Exception) -> KeyServiceFailed:
    said = str(error).strip().partition("\n")[0][:300] or type(error).__name__
    return KeyServiceFailed(f"{service} did not open or protect the wrapping key: {said}")
