"""Whatever goes wrong under /api is answered with problem details and a sentence."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("method", "path", "status", "code", "words"), [
    ("get", "/api/nothing", 404, "not-found", "There is nothing under this address"),
    ("get", "/api/nothing/at/all/", 404, "not-found", "There is nothing under this address"),
    ("get", "/api/standings/m0", 404, "not-found", "."),
    ("delete", "/api/facts", 405, "method-not-allowed", "does not take DELETE; it takes POST"),
    ("get", "/api/merchants?sort=colour", 422, "malformed", "'standing'"),
    ("get", "/api/merchants?after=" + "x" * 21, 422, "malformed", "at most 20"),
    ("post", "/api/facts", 401, "unauthenticated", "Authorization: Bearer"),
])
def test_every_error_is_a_problem_with_a_sentence(client, method, path, status, code, words):
    answer = getattr(client, method)(path)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert (problem["type"], problem["status"], problem["code"]) == ("about:blank", status, code)
    assert words in problem["detail"]
    assert problem["detail"].endswith(".")


def test_a_page_stays_a_page(client):
    assert client.get("/nothing")["Content-Type"].startswith("text/html")


def test_our_own_fault_is_said_to_be_ours(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("yinuo.record.queries.size", lambda: 1 // 0)
    answer = client.get("/api/health")
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert "fault is ours" in answer.json()["detail"]
