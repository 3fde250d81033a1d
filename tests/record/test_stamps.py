"""Time stamps of the record's head: an authority of our own speaks RFC 3161, rightly and in every wrong way."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import settings

from yinuo.cli import _here, _vouching
from yinuo.cli._here import authorities
from yinuo.kit.actors import PUBLIC, SYSTEM
from yinuo.kit.notes import parse_note
from yinuo.kit.outbound import send
from yinuo.kit.refusals import Malformed, NotAllowed
from yinuo.kit.time_stamps import Authority, NotStamped, check_stamp, read_certificates
from yinuo.record import actions, queries
from yinuo.record.models import Checkpoint, TimeStamp

pytestmark = pytest.mark.django_db


# An authority (RFC 3161 over RFC 5652), as small as it can be


def der(tag, *parts):
    content = b"".join(parts)
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, 128 + len(octets)]) + octets + content


def seq(*parts):
    return der(0x30, *parts)


def many(*parts):
    return der(0x31, *sorted(parts))


def number(value):
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def oid(dotted):
    first, second, *rest = map(int, dotted.split("."))
    octets = bytes([first * 40 + second])
    for arc in rest:
        low, left = [arc & 127], arc >> 7
        while left:
            low.append(left & 127 | 128)
            left >>= 7
        octets += bytes(reversed(low))
    return der(0x06, octets)


SHA256, SHA512 = "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.3"
STAMP = "1.2.840.113549.1.9.16.1.4"


def items(content):
    """The elements in some DER: tag and content of each, and the whole of it."""
    found, place = [], 0
    while place < len(content):
        tag, length, start = content[place], content[place + 1], place + 2
        if length > 127:
            start += length - 128
            length = int.from_bytes(content[place + 2 : start])
        found.append((tag, content[start : start + length], content[place : start + length]))
        place = start + length
    return found


def name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def certificate(common, key, *, issuer, signer, start, days, authority=False, usage=ExtendedKeyUsageOID.TIME_STAMPING):
    builder = (
        x509.CertificateBuilder().subject_name(name(common)).issuer_name(name(issuer)).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(start + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
    return builder.sign(signer, hashes.SHA256())


@dataclass
class Stamper:
    """A time-stamping authority; its fields say in what it is wrong."""

    at: datetime
    days: int = 365
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING
    status: int = 0
    said: str = ""
    nonce: int | None = 0                # added to the right one; None leaves it out
    imprint: bytes = b""
    algorithm: str = SHA256
    other_key: bool = False
    late: timedelta = timedelta(0)
    media_type: str = "application/timestamp-reply"
    change: object = lambda answer: answer
    chain: bool = False                  # whether it sends the root too, and an intermediate authority stands between them
    asked: list = field(default_factory=list)

    def __post_init__(self):
        start = self.at - timedelta(days=30)
        self.root_key, self.key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.root = certificate("root", self.root_key, issuer="root", signer=self.root_key, start=start, days=3650,
                                authority=True)
        issuer, signer, self.between = "root", self.root_key, []
        if self.chain:
            issuer, signer = "between", ec.generate_private_key(ec.SECP256R1())
            self.between = [certificate(issuer, signer, issuer="root", signer=self.root_key, start=start, days=3650,
                                        authority=True)]
        self.own = certificate("stamper", self.key, issuer=issuer, signer=signer, start=start, days=self.days,
                               usage=self.usage)

    def answer(self, method, path, body):
        self.asked.append(body)
        said = seq(der(0x0C, self.said.encode())) if self.said else b""
        token = b"" if self.status > 1 else self._token(body)
        return 200, self.media_type, self.change(seq(seq(number(self.status), said), token))

    def _token(self, request):
        (_, inside, _), = items(request)
        _version, imprint, *more = items(inside)
        algorithm, digest = items(imprint[1])
        assert items(algorithm[1])[0][2] == oid(SHA256)
        nonce = next((int.from_bytes(content) for tag, content, _ in more if tag == 0x02), None)
        told = b"" if self.nonce is None or nonce is None else number(nonce + self.nonce)
        stated = (self.at + self.late).strftime("%Y%m%d%H%M%SZ").encode()
        imprinted = seq(seq(oid(self.algorithm)), der(0x04, self.imprint or digest[1]))
        info = seq(number(1), oid("1.3.6.1.4.1.99999.1"), imprinted, number(7), der(0x18, stated), told)
        der_certificate = self.own.public_bytes(serialization.Encoding.DER)
        ess = seq(seq(seq(der(0x04, hashlib.sha256(der_certificate).digest()))))
        attributes = [
            seq(oid("1.2.840.113549.1.9.3"), many(oid(STAMP))),
            seq(oid("1.2.840.113549.1.9.4"), many(der(0x04, hashlib.sha256(info).digest()))),
            seq(oid("1.2.840.113549.1.9.16.2.47"), many(ess)),
        ]
        key = ec.generate_private_key(ec.SECP256R1()) if self.other_key else self.key
        signature = key.sign(many(*attributes), ec.ECDSA(hashes.SHA256()))
        signer = seq(
            number(1), seq(self.own.issuer.public_bytes(), number(self.own.serial_number)), seq(oid(SHA256)),
            der(0xA0, *sorted(attributes)), seq(oid("1.2.840.10045.4.3.2")), der(0x04, signature),
        )
        content = seq(oid(STAMP), der(0xA0, der(0x04, info)))
        more = [each.public_bytes(serialization.Encoding.DER) for each in [*self.between, *[self.root] * self.chain]]
        sent = sorted([der_certificate, *more], reverse=self.chain)      # never as DER would have it
        signed = seq(number(3), many(seq(oid(SHA256))), content, der(0xA0, *sent), many(signer))
        return seq(oid("1.2.840.113549.1.7.2"), der(0xA0, signed))


@pytest.fixture
def running(serving, now):
    """Runs an authority, which may be wrong in something; returns it, and as what the record knows it."""

    def run(**wrong):
        stamper = Stamper(now, **wrong)
        return stamper, Authority(f"{serving(stamper.answer)}/tsr", (stamper.root,))

    return run


def test_the_head_is_stamped_and_the_stamp_kept(state, running, now):
    note = state()
    stamper, authority = running()
    (visit,) = actions.stamp(actor=SYSTEM, authorities=[authority], send=send, at=now)
    assert (visit.whom, visit.good) == (authority.url, True)
    assert "2026-06-01 12:00:00" in visit.told
    (kept,) = queries.stamps_of(size=1)
    assert (kept.authority, kept.at) == (authority.url, now)
    text = parse_note(note).text
    assert check_stamp(kept.answer, text, authority.certificates) == now
    assert hashlib.sha256(text.encode()).digest() in stamper.asked[0]
    assert Checkpoint.objects.get(pk=1).pinned
    assert queries.newest_timed() == 1


def test_a_kept_stamp_is_of_its_own_text_and_authority(state, running, now):
    text = parse_note(state()).text
    _, authority = running()
    _, other = running()
    actions.stamp(actor=SYSTEM, authorities=[authority], send=send, at=now)
    (kept,) = queries.stamps_of(size=1)
    for answer, said, certificates in (
        (kept.answer, text.replace("\n1\n", "\n2\n"), authority.certificates), (kept.answer, text, other.certificates),
        (kept.answer[:-1], text, authority.certificates), (b"", text, authority.certificates),
        (kept.answer + b"x", text, authority.certificates), (kept.answer, text, ()),
    ):
        with pytest.raises(NotStamped):
            check_stamp(answer, said, certificates)


def test_no_flipped_bit_of_a_stamp_changes_what_it_says(state, running, now):
    text = parse_note(state()).text
    _, authority = running()
    actions.stamp(actor=SYSTEM, authorities=[authority], send=send, at=now)
    (kept,) = queries.stamps_of(size=1)
    for place in range(len(kept.answer)):
        changed = bytearray(kept.answer)
        changed[place] ^= 1 << place % 8
        try:
            assert check_stamp(bytes(changed), text, authority.certificates) == now
        except NotStamped:
            continue


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_another_program_accepts_it(state, running, now, tmp_path):
    text = parse_note(state()).text
    stamper, authority = running()
    actions.stamp(actor=SYSTEM, authorities=[authority], send=send, at=now)
    (tmp_path / "tsr").write_bytes(queries.stamps_of(size=1)[0].answer)
    (tmp_path / "text").write_text(text)
    (tmp_path / "pem").write_bytes(stamper.root.public_bytes(serialization.Encoding.PEM))
    check = ["openssl", "ts", "-verify", "-in", "tsr", "-data", "text", "-CAfile", "pem", "-attime", str(int(now.timestamp()))]
    found = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verification: OK" in found.stdout + found.stderr
    (tmp_path / "text").write_text(text.replace("\n1\n", "\n2\n"))
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_an_authority_may_send_its_chain_in_any_order(state, running, now):
    text = parse_note(state()).text
    stamper, authority = running(chain=True)
    (visit,) = actions.stamp(actor=SYSTEM, authorities=[authority], send=send, at=now)
    assert visit.good, visit.told
    (kept,) = queries.stamps_of(size=1)
    sent = [each.public_bytes(serialization.Encoding.DER) for each in (stamper.own, *stamper.between, stamper.root)]
    assert b"".join(sorted(sent, reverse=True)) in kept.answer      # kept as it came
    assert check_stamp(kept.answer, text, authority.certificates) == now
    for place in range(0, len(kept.answer), 7):
        changed = bytearray(kept.answer)
        changed[place] ^= 1 << place % 8
        try:
            assert check_stamp(bytes(changed), text, authority.certificates) == now
        except NotStamped:
            continue


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_a_stamp_with_its_chain_by_another_program_is_read(tmp_path):
    """As `openssl ts` makes it: leaf first, then the authority above it."""
    (tmp_path / "conf").write_text(OPENSSL)
    (tmp_path / "serial").write_text("01\n")
    (tmp_path / "text").write_text("a head\n")
    for command in (
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=authority -config conf -extensions ca",
        "req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=stamper -config conf",
        "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 30 -extfile conf -extensions leaf",
        "ts -query -data text -sha256 -cert -out request",
        "ts -reply -config conf -queryfile request -inkey tsa.key -signer tsa.pem -chain ca.pem -out answer",
    ):
        subprocess.run(["openssl", *command.split()], cwd=tmp_path, capture_output=True, check=True)
    trusted = read_certificates((tmp_path / "ca.pem").read_bytes(), "ca.pem")
    check_stamp((tmp_path / "answer").read_bytes(), "a head\n", trusted)
    with pytest.raises(NotStamped):
        check_stamp((tmp_path / "answer").read_bytes(), "another head\n", trusted)


OPENSSL = """
[req]
distinguished_name = nobody
[nobody]
[ca]
basicConstraints = critical, CA:true
[leaf]
basicConstraints = critical, CA:false
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = authority
[authority]
serial = serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
ess_cert_id_alg = sha256
ess_cert_id_chain = no
"""


WRONG = {
    "nonce": ({"nonce": 1}, "Nonce mismatch"),
    "no nonce": ({"nonce": None}, "Nonce mismatch|nonce"),
    "imprint": ({"imprint": b"x" * 32}, "Mismatch between messages"),
    "kind of hash": ({"algorithm": SHA512}, "another kind of hash"),
    "key": ({"other_key": True}, "does not verify"),
    "expired certificate": ({"days": 3}, "does not verify"),
    "certificate for another use": ({"usage": ExtendedKeyUsageOID.SERVER_AUTH}, "does not verify"),
    "back in its certificate's time": ({"days": 3, "late": timedelta(days=-29)}, "which is not now"),
    "time to come": ({"late": timedelta(hours=1)}, "which is not now"),
    "granted with modifications": ({"status": 1}, "changed what was asked"),
    "rejected": ({"status": 2, "said": "not you"}, r"it refused \(not you\)"),
    "waiting": ({"status": 3}, "not decided"),
    "revoked": ({"status": 5}, "was revoked"),
    "status of its own": ({"status": 77}, "status 77|cannot be read"),
    "cut off": ({"change": lambda answer: answer[:-9]}, "cannot be read"),
    "empty": ({"change": lambda answer: b""}, "cannot be read"),
    "nonsense": ({"change": lambda answer: b"\x30\x84\xff\xff\xff\xff"}, "cannot be read"),
    "huge": ({"change": lambda answer: answer + b"x" * 70_000}, "larger than 65,536"),
    "left over": ({"change": lambda answer: answer + b"x"}, "cannot be read"),
    "granted without a stamp": ({"change": lambda answer: seq(seq(number(0)))}, "cannot be read"),
    "page": ({"media_type": "text/html"}, "no time stamp"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_answer_is_told_and_nothing_kept(state, running, now, what):
    state()
    wrong, told = WRONG[what]
    _, authority = running(**wrong)
    (visit,) = actions.stamp(actor=SYSTEM, authorities=[authority], send=send, at=now)
    assert not visit.good
    assert re.search(told, visit.told), visit.told
    assert not TimeStamp.objects.exists()
    assert not Checkpoint.objects.get().pinned


def test_an_authority_that_nobody_vouches_for_is_not_believed(state, running, now):
    state()
    _, authority = running()
    stranger, _ = running()
    (visit,) = actions.stamp(actor=SYSTEM, authorities=[Authority(authority.url, (stranger.root,))], send=send, at=now)
    assert not visit.good
    assert not TimeStamp.objects.exists()


def test_one_fails_alone(state, running, now):
    state()
    good, bad = running()[1], Authority("http://127.0.0.1:1/", ())
    visits = actions.stamp(actor=SYSTEM, authorities=[bad, good], send=send, at=now)
    assert [visit.good for visit in visits] == [False, True]


def test_each_head_is_stamped_once_and_not_too_often(state, running, now):
    state()
    stamper, authority = running()
    hour = timedelta(hours=1)
    assert actions.stamp(actor=SYSTEM, authorities=[], send=send, at=now) == []
    for minutes, asked in ((0, 1), (1, 1), (30, 1), (59, 1), (60, 2), (61, 2)):
        stamper.at = now + timedelta(minutes=minutes)
        state(at=stamper.at)
        actions.stamp(actor=SYSTEM, authorities=[authority], send=send, at=stamper.at, every=hour)
        assert len(stamper.asked) == asked
    actions.stamp(actor=SYSTEM, authorities=[authority], send=send, at=stamper.at)
    actions.stamp(actor=SYSTEM, authorities=[authority], send=send, at=stamper.at)
    assert len(stamper.asked) == 3


def test_nothing_signed_nothing_stamped(running, now):
    stamper, authority = running()
    assert actions.stamp(actor=SYSTEM, authorities=[authority], send=send, at=now) == []
    assert stamper.asked == []


def test_only_the_system_asks(state, running, now):
    state()
    stamper, authority = running()
    with pytest.raises(NotAllowed):
        actions.stamp(actor=PUBLIC, authorities=[authority], send=send, at=now)
    assert stamper.asked == []


def test_authorities_are_read_from_settings(running, tmp_path, monkeypatch):
    stamper, _ = running()
    pem = stamper.root.public_bytes(serialization.Encoding.PEM)
    monkeypatch.setitem(settings.YINUO, "YINUO_TSA", ["https://tsa.example/tsr"])
    with pytest.raises(Malformed, match=r"Name the folder that holds tsa\.example\.pem"):
        authorities()
    for odd in ("ftp://tsa.example/tsr", "https:///tsr", "tsa.example"):
        monkeypatch.setitem(settings.YINUO, "YINUO_TSA", [odd])
        with pytest.raises(Malformed, match="no address of an authority"):
            authorities()
    monkeypatch.setitem(settings.YINUO, "YINUO_TSA", ["https://tsa.example/tsr"])
    monkeypatch.setitem(settings.YINUO, "YINUO_TSA_CERTIFICATES", tmp_path)
    with pytest.raises(Malformed, match="cannot be read"):
        authorities()
    (tmp_path / "tsa.example.pem").write_bytes(b"none")
    with pytest.raises(Malformed, match="holds no certificates"):
        authorities()
    (tmp_path / "tsa.example.pem").write_bytes(pem + pem)
    (found,) = authorities()
    assert (found.url, found.certificates) == ("https://tsa.example/tsr", (stamper.root,))
    assert read_certificates(pem, "x") == (stamper.root,)


def test_the_worker_has_it_stamped(state, serving, tmp_path, monkeypatch):
    """What fails beside it does not end the round."""
    stop, at = threading.Event(), _here.now().replace(microsecond=0)
    stamper = Stamper(at)

    def answer(*call):
        stop.set()
        return stamper.answer(*call)

    state(at=at)
    (tmp_path / "127.0.0.1.pem").write_bytes(stamper.root.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setattr(_vouching, "LOOK_SECONDS", .01)
    for name_of, value in {"TSA": ["http://127.0.0.1:1/", serving(answer)], "TSA_CERTIFICATES": tmp_path,
                           "CALENDARS": ["http://127.0.0.1:1/"]}.items():
        monkeypatch.setitem(settings.YINUO, f"YINUO_{name_of}", value)
    _vouching.keep_vouched(stop)
    assert [each.at for each in queries.stamps_of(size=1)] == [at]
