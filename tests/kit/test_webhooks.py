"""What webhooks are signed with, held against the specification's own library and its published example."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from yinuo.kit.webhooks import headers_of, new_secret, sign


def test_the_published_example():
    signature = sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330,
                     body=b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_has_the_length_and_the_mark_that_the_specification_asks_for(realm):
    secret = new_secret(realm.entropy)
    assert secret.startswith("whsec_")
    assert 24 <= len(base64.b64decode(secret[6:])) <= 64
    assert new_secret(realm.entropy) != secret


@given(key=st.binary(min_size=24, max_size=64), body=st.text())
def test_its_own_library_verifies(key, body):
    secret = "whsec_" + base64.b64encode(key).decode()
    other = "whsec_" + base64.b64encode(key[::-1] + b"x").decode()
    now = int(datetime.now(UTC).timestamp())
    headers = headers_of([other, secret], id="msg_1", timestamp=now, body=body.encode())
    for each in (secret, other):
        standardwebhooks.Webhook(each).verify(body.encode(), headers, json_parse=False)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(secret).verify(body.encode() + b"x", headers, json_parse=False)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(secret).verify(body.encode(), headers | {"webhook-id": "msg_2"}, json_parse=False)
    late = headers_of([secret], id="msg_1", timestamp=now - int(timedelta(minutes=6).total_seconds()), body=body.encode())
    with pytest.raises(standardwebhooks.WebhookVerificationError, match="too old"):
        standardwebhooks.Webhook(secret).verify(body.encode(), late, json_parse=False)
