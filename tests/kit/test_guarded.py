"""Calls to addresses that others named: what is not reached, what is not followed, what is not waited for."""

from __future__ import annotations

import socket
import time
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinuo.kit.guarded import check_url, may_reach, post
from yinuo.kit.outbound import Reply, Unreachable
from yinuo.kit.refusals import Malformed

call = partial(post, body=b"{}", headers={}, bytes_max=500)
NEVER = ("169.254.169.254", "fd00:ec2::254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1",
         "100.100.100.200", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:1::", "::7f00:1", "::ffff:169.254.169.254",
         "fec0::1")
PRIVATE = ("10.0.0.1", "172.16.5.5", "192.168.1.1", "fd12:3456::1", "::ffff:10.1.2.3")
HERE = ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1")
PUBLIC = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34")


@pytest.mark.parametrize(("reach", "allowed", "refused"), [
    ("public", PUBLIC, HERE + PRIVATE + NEVER),
    ("loopback", PUBLIC + HERE, PRIVATE + NEVER),
    ("private", PUBLIC + HERE + PRIVATE, NEVER),
])
def test_who_is_reached(reach, allowed, refused):
    assert [text for text in allowed if not may_reach(ip_address(text), reach)] == []
    assert [text for text in refused if may_reach(ip_address(text), reach)] == []


@given(number=st.integers(0, 2**32 - 1), reach=st.sampled_from(("public", "loopback", "private")))
def test_an_address_in_disguise_is_the_address(number, reach):
    address = IPv4Address(number)
    assert may_reach(IPv6Address(f"::ffff:{address}"), reach) == may_reach(address, reach)
    if may_reach(address, "public"):
        assert address.is_global
        assert [address.is_private, address.is_multicast, address.is_reserved] == [False] * 3


@pytest.mark.parametrize("url", [
    "", "ftp://a.example/", "http://a.example/", "https://", "https://user:secret@a.example/", "https://a.example/#b",
    "https://a b.example/", "https://münchen.example/", "https://a.example:0/", "https://a.example:99999/", "https://[::1",
    "https://a.example/\r\nX: y", "https://a.example/" + "a" * 500, "https://127.0.0.1/", "https://localhost/",
    "https://169.254.169.254/", "https://[::1]/", "http://127.0.0.1/", "//a.example/",
])
def test_what_is_no_address_to_call_is_refused(url):
    with pytest.raises(Malformed):
        check_url(url, reach="public")
    with pytest.raises(Malformed):
        call(url, reach="public")


def test_what_may_be_called():
    assert check_url("https://a.example/hook?x=1", reach="public")
    assert check_url("http://127.0.0.1:9000/", reach="loopback")
    assert check_url("http://localhost/", reach="loopback")
    assert check_url("https://10.0.0.1/", reach="private")
    for url in ("http://a.example/", "https://10.0.0.1/", "http://93.184.216.34/"):
        with pytest.raises(Malformed):
            check_url(url, reach="loopback")


def test_an_answer_is_read_no_further_than_needed(serving):
    url = serving(lambda method, path, body: (200, "text/plain", f"{method} {path} ".encode() + body + b"x" * 10**6))
    reply = call(f"{url}/a?b=c", reach="loopback")
    assert reply == Reply(200, "text/plain", (b"POST /a?b=c {}" + b"x" * 500)[:500])


def test_a_redirection_is_not_followed(serving):
    led = []
    secret = serving(lambda *_: led.append(1) or (200, "text/plain", b"secret"))
    url = serving(lambda *_: f"HTTP/1.1 307 Moved\r\nLocation: {secret}\r\nContent-Length: 0\r\n\r\n".encode())
    assert call(url, reach="loopback").status == 307
    assert led == []


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"])
def test_what_is_no_answer_is_refused(serving, answer):
    with pytest.raises(Unreachable, match="no usable answer"):
        call(serving(lambda *_: answer), reach="loopback")


def test_an_answer_that_does_not_come_is_not_waited_for(serving):
    url = serving(lambda *_: time.sleep(.6) or (200, "text/plain", b""))
    with pytest.raises(Unreachable, match=r"took too long|timed out"):
        call(url, reach="loopback", seconds=.1)


def test_nobody_listening_is_told():
    with pytest.raises(Unreachable, match="refused"):
        call("http://127.0.0.1:1/", reach="loopback")


def test_what_speaks_no_tls_is_refused(serving):
    url = serving(lambda *_: (200, "text/plain", b""))
    with pytest.raises(Unreachable, match=r"(?i)ssl|tls"):
        call(url.replace("http:", "https:"), reach="loopback")


def answering(monkeypatch, *answers):
    """Has names looked up as told, each time once."""
    looked = []

    def look_up(host, port, *_, **__):
        looked.append(host)
        found = answers[len(looked) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return looked


@pytest.mark.parametrize("found", [["127.0.0.1"], ["10.1.1.1"], ["169.254.169.254"], ["93.184.216.34", "192.168.0.1"]])
def test_a_name_that_stands_for_an_inner_address_is_refused(monkeypatch, found):
    answering(monkeypatch, found)
    with pytest.raises(Unreachable, match="not on the internet"):
        call("https://rebound.example/", reach="public")


def test_a_name_is_looked_up_once_and_just_that_address_called(monkeypatch, serving):
    url = serving(lambda *_: (204, "text/plain", b""))
    looked = answering(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    assert call(url.replace("127.0.0.1", "localhost"), reach="loopback").status == 204
    assert looked == ["localhost"]


def test_a_name_on_the_internet_is_not_called_in_the_clear(monkeypatch):
    answering(monkeypatch, ["93.184.216.34"])
    with pytest.raises(Unreachable, match="only https"):
        call("http://localhost/", reach="loopback")


def test_what_a_broken_answer_holds_is_told_in_signs_that_logs_and_databases_keep(serving):
    url = serving(lambda *_: b"HTTQ\0\x1b[31m one\r\n\r\n")
    with pytest.raises(Unreachable) as refused:
        call(url, reach="loopback")
    assert refused.value.sentence == "It gave no usable answer: HTTQ\ufffd\ufffd[31m one."
