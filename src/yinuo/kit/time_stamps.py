"""Time stamps (RFC 3161): an authority signs that a text existed at a time; nothing is believed that does not verify."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from yinuo.kit.der import with_sorted_certificates
from yinuo.kit.refusals import Malformed, Refusal

ANSWER_BYTES_MAX = 65_536
QUERY_TYPE = "application/timestamp-query"
REPLY_TYPE = "application/timestamp-reply"
_SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_STATUS = {
    1: "it changed what was asked for", 2: "it refused", 3: "it has not decided yet",
    4: "its certificate is about to be revoked", 5: "its certificate was revoked",
}


class NotStamped(Refusal):
    """The authority's answer is not a time stamp of this text that can be trusted."""

    status = 422
    code = "not-stamped"


@dataclass(frozen=True, slots=True)
class Authority:
    """A time-stamping authority: its address, and the certificates by which its signature is believed."""

    url: str
    certificates: tuple[x509.Certificate, ...]


def read_certificates(pem: bytes, path: str) -> tuple[x509.Certificate, ...]:
    """The certificates in a PEM file; refuses one that holds none."""
    try:
        return tuple(dict.fromkeys(x509.load_pem_x509_certificates(pem)))
    except ValueError:
        raise Malformed("The file holds no certificates in PEM.", path=path) from None


def ask_for(text: str) -> TimeStampRequest:
    """A request for a time stamp of a text, with a nonce of its own."""
    return TimestampRequestBuilder(text.encode(), HashAlgorithm.SHA256, nonce=True, cert_req=True).build()


def check_stamp(
    answer: bytes, text: str, certificates: Sequence[x509.Certificate], *, asked: TimeStampRequest | None = None
) -> datetime:
    """The time at which the text existed, by an answer that one of these certificates stands behind; refuses otherwise.

    With what was asked, the answer must be to that and no other request.
    """
    if len(answer) > ANSWER_BYTES_MAX:
        raise NotStamped(f"A time stamp larger than {ANSWER_BYTES_MAX:,} bytes is not read.")
    try:
        response = decode_timestamp_response(with_sorted_certificates(answer))
        _check_status(response)
        if response.tst_info.message_imprint.hash_algorithm != _SHA256:
            raise NotStamped("The time stamp is over another kind of hash than SHA-256.")
        builder = VerifierBuilder() if asked is None else VerifierBuilder.from_request(asked)
        for certificate in certificates:
            builder = builder.add_root_certificate(certificate)
        builder.build().verify(response, hashlib.sha256(text.encode()).digest())
        return response.tst_info.gen_time.astimezone(UTC)
    except VerificationError as error:
        raise NotStamped(f"The time stamp does not verify: {str(error)[:200]}.") from None
    except (ValueError, TypeError) as error:
        raise NotStamped(
            f"The answer cannot be read as a time stamp ({str(error)[:200] or 'it is cut off'}). Nothing of it was kept; ask "
            "the authority, or name another one in YINUO_TSA."
        ) from None


def _check_status(response: TimeStampResponse) -> None:
    """Refuse an answer without a stamp exactly as it was asked for."""
    if response.status != 0:
        said = " ".join(response.status_string)[:200]
        reason = _STATUS.get(response.status, f"it answered with status {response.status}")
        raise NotStamped(f"The authority gave no time stamp as it was asked for: {reason}{f' ({said})' if said else ''}.")
