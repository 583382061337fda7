"""Health, metrics, headers, and the document that describes it all."""

import json
import time
from decimal import Decimal

import pytest
from openapi_spec_validator import validate

from harness.client import assert_problem

METHODS = ("get", "post", "put", "patch", "delete")

# What is built of the contract's stage 1. Everything here is served; more may be.
STAGE_ONE = """
GET /health/live | GET /health/ready | GET /health | GET /metrics | GET /openapi.json | GET /.well-known/jwks.json | GET /api
POST /api/authentication/login | POST /api/authentication/refresh | POST /api/authentication/logout
GET /api/authentication/me | POST /api/authentication/change-password
GET /api/authentication/sessions | DELETE /api/authentication/sessions/{} | DELETE /api/authentication/sessions
POST /api/authentication/step-up/verify | POST /api/authentication/step-up/resend
GET /api/customer-portal/dashboard | GET /api/customer-portal/accounts | GET /api/customer-portal/accounts/{}
GET /api/customer-portal/accounts/{}/balance | GET /api/customer-portal/accounts/{}/transactions
GET /api/customer-portal/transactions/recent | GET /api/customer-portal/transactions/{}
GET /api/customer-portal/transactions/resolve-recipient | POST /api/customer-portal/transactions/transfer
GET /api/customer-portal/beneficiaries | POST /api/customer-portal/beneficiaries
PUT /api/customer-portal/beneficiaries/{} | DELETE /api/customer-portal/beneficiaries/{}
GET /api/accounts | GET /api/accounts/{} | GET /api/accounts/{}/summary | GET /api/accounts/{}/balance
GET /api/accounts/{}/transactions | POST /api/accounts/individual | POST /api/accounts/business
PATCH /api/accounts/{}/freeze | PATCH /api/accounts/{}/unfreeze | PATCH /api/accounts/{}/reactivate | POST /api/accounts/{}/close
POST /api/transactions/transfer | GET /api/transactions | GET /api/transactions/{}
GET /api/generalledger/accounts | GET /api/generalledger/accounts/{} | GET /api/generalledger/accounts/{}/entries
GET /api/generalledger/journal-entries | GET /api/generalledger/journal-entries/{} | GET /api/generalledger/trial-balance
GET /api/generalledger/verify
"""


def operations(document):
    return [(method.upper(), path) for path, item in document["paths"].items() for method in METHODS if method in item]


def nameless(path):
    """A path whose parameters have no names, for comparison."""
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


@pytest.fixture(scope="module")
def document(anybody):
    return anybody.ok("/openapi.json")


def test_health(anybody):
    assert anybody.ok("/health/live") == {"status": "live"}
    ready = anybody.ok("/health/ready")
    assert ready["status"] == "ready" and {"database", "migrations", "cache", "outbox"} <= set(ready["checks"])
    assert all(check["status"] == "up" for check in ready["checks"].values()), ready
    health = anybody.ok("/health")
    assert health["status"] == "healthy" and health["uptimeSeconds"] >= 0 and len(health["businessDate"]) == 10


def test_api_root(anybody):
    root = anybody.ok("/api")
    assert root["apiVersion"] == "1" and root["mode"] == "demo" and root["documentation"] == "/swagger" and root["name"]


def test_metrics(anybody, clients):
    clients("customer1").ok("/api/customer-portal/accounts")
    text = anybody.get("/metrics").text
    for name in ("http_requests_total{", "http_request_duration_seconds_bucket{", "database_connection_pool_usage", "outbox_pending",
                 "ledger_imbalance_minor_units{currency=\"KES\"} 0", "cob_business_date_lag_days",
                 "transactions_posted_total{type=\"transfer\"}", "transactions_posted_total{type=\"cardRefund\"} 0",
                 "transaction_failures_total{code=\"insufficient_funds\"}"):
        assert name in text, name


def test_statistics_are_counted(clients):
    admin, customer = clients("admin"), clients("customer1")
    before = admin.ok("/api/administrator/system/stats")
    assert before["customers"] >= 4 and before["accounts"] >= 7 and before["branches"] >= 1 and before["loans"] == []
    assert before["activeUsers"] >= 16 and before["databaseSizeBytes"] > 1_000_000 and before["outboxPending"] >= 0
    controls = [line for line in admin.ok("/api/generalledger/trial-balance")["lines"] if "2001" <= line["glCode"] <= "2005"]
    for total in before["deposits"]:
        owed = sum(Decimal(line["creditBalance"]) for line in controls if line["currency"] == total["currency"])
        assert Decimal(total["balance"]) == owed, total
    assert {total["currency"] for total in before["deposits"]} == {"KES", "USD"}
    moved = customer.transfer(customer.account()["accountNumber"], customer.account(account_type="savings")["accountNumber"], "1.00")
    assert moved.status_code == 201, moved.text
    assert admin.ok("/api/administrator/system/stats")["transactionsToday"] == before["transactionsToday"] + 1
    assert_problem(customer.get("/api/administrator/system/stats"), 403, "forbidden")


def test_refusals_are_in_the_audit_trail(clients):
    admin, customer, teller = clients("admin"), clients("customer1"), clients("teller1")
    source, savings = customer.account()["accountNumber"], customer.account(account_type="savings")["accountNumber"]
    refused = [
        (customer.transfer(source, savings, "499999999.00"), "insufficient_funds"),
        (customer.get("/api/customer-portal/accounts/0010100009999"), "account_not_found"),
        (teller.get("/api/generalledger/verify"), "forbidden"),
    ]
    faulty = customer.transfer(source, savings, "0")
    end = time.monotonic() + 10
    for answer, code in refused:
        assert_problem(answer, code=code)
        user = (teller if code == "forbidden" else customer).user
        while True:
            entries = admin.ok("/api/administrator/audit-logs", action="request.refuse", userId=user["id"], limit=200)["items"]
            entry = next((each for each in entries if each["traceId"] == answer.headers["x-trace-id"]), None)
            if entry is not None:
                break
            assert time.monotonic() < end, f"no record of {code}"
            time.sleep(0.05)
        assert entry["outcome"] == "refused" and entry["code"] == code and entry["username"] == user["username"]
        assert entry["entityType"] == "operation" and entry["entityId"].split(" ")[1].startswith("/api/")
        assert faulty.headers["x-trace-id"] not in {each["traceId"] for each in entries}, "a mistyped field is no refusal of a person"
    assert admin.ok("/api/administrator/audit-logs/verify")["status"] == "ok"


def test_headers(anybody):
    answer = anybody.get("/api", headers={"traceparent": "00-8f0c2d6a51be4e739d1a7c40b2f5e896-00f067aa0ba902b7-01"})
    assert answer.headers["x-trace-id"] == "8f0c2d6a51be4e739d1a7c40b2f5e896"
    assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert "access-control-allow-origin" not in anybody.get("/api", headers={"Origin": "http://evil.example"}).headers
    assert_problem(anybody.get("/api/nothing/here"), 404, "not_found")
    answer = anybody.delete("/api/authentication/login")
    assert_problem(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["allow"]
    assert anybody.get("/API/Authentication/ME/").status_code == 401


def test_cors_preflight(bank, anybody):
    origin = f"http://localhost:{bank.ports['PERSONAL']}"
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,idempotency-key"}
    answer = anybody.options("/api/authentication/login", headers=ask | {"Origin": origin})
    assert answer.status_code in (200, 204) and answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"
    answer = anybody.options("/api/authentication/login", headers=ask | {"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_the_document_is_valid_openapi(document):
    validate(document)


def test_the_document_has_stage_one(document):
    served = {(method, nameless(path)) for method, path in operations(document)}
    wanted = {tuple(row.split()) for line in STAGE_ONE.strip().split("\n") for row in line.split("|")}
    assert wanted - served == set()


def test_every_operation_of_the_document_is_routed(document, anybody, clients):
    for method, path in operations(document):
        concrete = "/".join("0" if part.startswith("{") else part for part in path.split("/"))
        answer = clients("admin").request(method, concrete) if method == "GET" else anybody.request(method, concrete)
        assert answer.status_code != 405, f"{method} {path}"
        assert answer.status_code < 500, f"{method} {path}: {answer.text}"
        if answer.status_code == 404:
            assert path.count("{") > 0, f"{method} {path} is documented but not served"


def test_methods_that_are_not_documented_are_not_served(document, anybody):
    for path, item in document["paths"].items():
        concrete = "/".join("0" if part.startswith("{") else part for part in path.split("/"))
        # Two templates may fit one concrete path, such as /transactions/recent and /transactions/{transactionId}: the literal one is meant.
        meant = max((other for other in document["paths"] if fits(other, concrete)), key=literalness)
        allowed = {method for method in METHODS if method in document["paths"][meant]}
        for method in set(METHODS) - allowed:
            answer = anybody.request(method.upper(), concrete)
            assert answer.status_code == 405, f"{method} {path}: {answer.status_code}"


def fits(template, concrete):
    left, right = template.strip("/").split("/"), concrete.strip("/").split("/")
    return len(left) == len(right) and all(one.startswith("{") or one == other for one, other in zip(left, right))


def literalness(template):
    return [not part.startswith("{") for part in template.split("/")]


def test_a_path_that_is_known_is_never_an_identifier(clients):
    for path in ("/api/customer-portal/transactions/transfer", "/API/customer-portal/transactions/Transfer/"):
        answer = clients("customer1").get(path)
        assert_problem(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == "POST, OPTIONS"


def test_small_lists_are_paged_like_large_ones(anybody, clients):
    admin = clients("admin")
    for client, path in [(anybody, "/api/products/catalog"), (anybody, "/api/contact/branches"), (anybody, "/api/products/reference-rates"),
                         (admin, "/api/administrator/parameters"), (admin, "/api/administrator/jobs"),
                         (admin, "/api/products/CUR01/versions")]:
        whole = client.every(path)
        assert client.every(path, limit=2) == whole, path
        assert len(client.ok(path, limit=1)["items"]) == 1, path
        assert_problem(client.get(path, params={"limit": 0}), 422, "validation_failed", "limit", "out_of_range")
        assert_problem(client.get(path, params={"cursor": "forged"}), 422, "invalid_cursor")


def test_the_document_names_no_secret_place(document):
    text = json.dumps(document)
    for word in ("/tmp/", "postgres", ".swift", "wekeza_app"):
        assert word not in text


def test_swagger_is_served(anybody):
    page = anybody.get("/swagger", follow_redirects=True)
    assert page.status_code == 200 and "swagger-ui" in page.text
