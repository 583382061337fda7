"""Everything malformed that one can send to every endpoint: a refusal in the contract's form, never a 500, and the books unmoved."""

import json
import socket

import pytest

from harness.client import Client, assert_problem
from harness.server import Server

METHODS = ("get", "post", "put", "patch", "delete")

STAFF = ["admin", "productGL1", "manager1", "supervisor1", "teller1", "compliance1", "executive1"]
OWNERS = ["customer1", "sme_owner", "corporate_maker"]

NOWHERE = "0010000000000"
DEEP = b"[" * 50_000 + b"]" * 50_000
RAW_BODIES = {
    "nothing": b"", "half an object": b'{"amount":', "an array": b"[]", "null": b"null", "a string": b'"x"', "a number": b"1",
    "not UTF-8": b'{"narration":"\xff\xfe"}', "two values": b"{}{}", "a comment": b"/* */{}", "single quotes": b"{'a':1}",
    "a trailing comma": b'{"a":1,}', "not a number": b'{"amount":NaN}', "leading zeros": b'{"amount":007}', "deep": DEEP,
    "deep objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "a byte order mark": b"\xef\xbb\xbf[]", "nul bytes": b"\0\0\0\0",
    "UTF-16": '{"amount":1}'.encode("utf-16"), "a lone surrogate": b'{"narration":"\\ud800"}[', "a raw line break": b'{"a":"x\ny"}',
}
WRONG_VALUES = [
    None, True, 0, -1, 1e300, 10**40, -(10**40), "", " ", "x" * 20_000, "\u0000", "a\u0000b", "\u202etxt", "😀" * 500, "'; DROP TABLE x; --",
    "${jndi:x}", "../../etc/passwd", "%00", [], [[]], [None], {}, {"a": {}}, "-1", "1.001", "1e5", "NaN", "Infinity", "0x10", "１２",
    "99999999999999", "KSH", "kes", "2024-02-30", "0000-00-00", "true", "null", "a\rb", "\ufffe",
]


@pytest.fixture(scope="module")
def bank():
    """A bank of its own: what is sent here locks users out and ends sessions."""
    with Server() as server:
        yield server.start()


@pytest.fixture(scope="module")
def callers(bank):
    made = [Client(bank, name) for name in STAFF + OWNERS] + [Client(bank)]
    yield made
    for each in made:
        each.close()


@pytest.fixture(scope="module")
def document(callers):
    return callers[-1].ok("/openapi.json")


@pytest.fixture(scope="module", autouse=True)
def books_unmoved(bank, callers):
    controller = Client(bank, "productGL1")
    # The instant of the proof moves; what it counts must not.
    before = controller.ok("/api/generalledger/verify"), controller.ok("/api/generalledger/trial-balance")
    yield
    after = controller.ok("/api/generalledger/verify"), controller.ok("/api/generalledger/trial-balance")
    assert after[0]["status"] == "ok", after[0]
    assert after[0]["journalsChecked"] == before[0]["journalsChecked"]
    assert [after[1]["lines"], after[1]["totals"]] == [before[1]["lines"], before[1]["totals"]]


def resolve(document, schema):
    while "$ref" in schema:
        target = document
        for part in schema["$ref"].lstrip("#/").split("/"):
            target = target[part]
        schema = target
    for key in ("allOf", "oneOf", "anyOf"):
        if key in schema:
            return resolve(document, schema[key][0])
    return schema


def plausible(document, schema, name=""):
    """A value of the right shape that concerns nothing in this bank."""
    schema = resolve(document, schema)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    kind = next((each for each in kind if each != "null"), "string") if isinstance(kind, list) else kind
    if kind == "object":
        return {key: plausible(document, value, key) for key, value in schema.get("properties", {}).items()}
    if kind == "array":
        return [plausible(document, schema.get("items", {}), name)]
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "boolean":
        return True
    lower = name.lower()
    if "accountnumber" in lower:
        return NOWHERE
    if lower.endswith("currency"):
        return "KES"
    if lower.endswith("amount") or lower.endswith("limit") or lower.endswith("value"):
        return "10.00"
    if lower.endswith("id"):
        return "0190a5d0-0000-7000-8000-000000000000"
    if lower.endswith("date") or lower in ("from", "to"):
        return "2024-02-29"
    if "number" in lower:
        return "CIF000000000"
    return "nothing of ours"


# Every field is optional, and leaving all of them out is an order that posts: the tests of the close of day feed these.
ORDERS_WITHOUT_FIELDS = {"/api/cob/runs", "/api/deposits/interest-accrual"}


def cases(document):
    """Each operation that takes a body: method, concrete path, a plausible body."""
    for path, item in document["paths"].items():
        if path in ORDERS_WITHOUT_FIELDS:
            continue
        for method in METHODS:
            content = item.get(method, {}).get("requestBody", {}).get("content", {})
            if "application/json" in content:
                concrete = "/".join(NOWHERE if part.startswith("{") else part for part in path.split("/"))
                yield method.upper(), concrete, plausible(document, content["application/json"].get("schema", {}))


def admitted(callers, method, path):
    """The first caller whom the endpoint does not turn away for lack of rights."""
    for caller in callers:
        if caller.request(method, path, content=b"[]", headers={"Content-Type": "application/json"}).status_code not in (401, 403):
            return caller
    return callers[0]


def assert_refused(answer, what):
    assert answer.status_code < 500, f"{what}: {answer.status_code} {answer.text[:500]}"
    if answer.status_code >= 400:
        assert_problem(answer)


def test_bodies_that_are_no_json_objects(document, callers):
    seen = 0
    for method, path, _ in cases(document):
        if path.endswith("/logout"):
            continue
        caller = admitted(callers, method, path)
        for name, body in RAW_BODIES.items():
            answer = caller.request(method, path, content=body, headers={"Content-Type": "application/json"})
            assert_refused(answer, f"{method} {path} with {name}")
            assert answer.status_code >= 400, f"{method} {path} took {name}"
            if name not in ("nothing",):
                assert answer.status_code in (400, 401, 403, 429), f"{method} {path} with {name}: {answer.text[:300]}"
            seen += 1
    assert seen > 100


def test_bodies_of_other_types_and_sizes(document, callers):
    for method, path, body in cases(document):
        if path.endswith("/logout"):
            continue
        caller = admitted(callers, method, path)
        for media in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "x", "application/json; charset=latin-1x"):
            answer = caller.request(method, path, content=b"{}", headers={"Content-Type": media})
            assert_refused(answer, f"{method} {path} as {media}")
            if "json" not in media:
                assert answer.status_code in (401, 403, 415, 429), f"{method} {path} as {media}: {answer.text[:300]}"
        huge = b'{"narration":"' + b"x" * 1_200_000 + b'"}'
        answer = caller.request(method, path, content=huge, headers={"Content-Type": "application/json"})
        assert answer.status_code in (401, 403, 413, 429), f"{method} {path}: {answer.status_code} {answer.text[:300]}"


def test_every_field_with_every_wrong_value(document, callers):
    seen = 0
    for method, path, body in cases(document):
        if path.endswith("/logout") or not isinstance(body, dict):
            continue
        caller = admitted(callers, method, path)
        for field in body:
            for value in WRONG_VALUES:
                answer = caller.request(
                    method, path, content=json.dumps(body | {field: value}).encode(), headers={"Content-Type": "application/json"})
                assert_refused(answer, f"{method} {path} with {field} = {str(value)[:60]!r}")
                seen += 1
        for missing in body:
            answer = caller.request(method, path, json={name: value for name, value in body.items() if name != missing})
            assert_refused(answer, f"{method} {path} without {missing}")
    assert seen > 500


def test_numbers_are_read_exactly(callers):
    customer = next(caller for caller in callers if caller.user and caller.user["username"] == "customer1")
    source = customer.account()["accountNumber"]
    body = '{"fromAccountNumber":"%s","toAccountNumber":"%s","currency":"KES","amount":%%s}' % (source, NOWHERE)
    for number, status in [("0.1", 404), ("1.10", 404), ("1.1000", 404), ("1.001", 422), ("1e2", 404), ("1E-2", 404), ("1e-3", 422),
                           ("1e400", 422), ("1e-400", 422), ("0.1e1", 404), ("-0.01", 422), ("-0", 422), ("0", 422), ("9" * 400, 422),
                           ("0." + "0" * 400 + "1", 422), ("1e999999999999999999999", 422)]:
        answer = customer.post("/api/customer-portal/transactions/transfer", content=(body % number).encode(),
                               headers={"Content-Type": "application/json"})
        assert_problem(answer, status)


def test_queries_and_paths(document, callers):
    wrong = ["", "abc", "0", "-1", "201", "1e3", "99999999999999999999", "%00", "%ff", "2024-13-01", "2024-02-30", "%F0%9F%98%80",
             "a" * 3_000, "null", "[]", "'", "%27%3B--", "2024-01-01T00:00:00Z", "1.5"]
    for path, item in document["paths"].items():
        if "get" not in item:
            continue
        concrete = "/".join(NOWHERE if part.startswith("{") else part for part in path.split("/"))
        parameters = item["get"].get("parameters", []) + item.get("parameters", [])
        names = [parameter["name"] for parameter in parameters if parameter.get("in") == "query"] or ["limit"]
        for caller in (callers[0], callers[1], callers[len(STAFF)]):
            if caller.get(concrete).status_code == 403:
                continue
            for name in names:
                for value in wrong:
                    answer = caller.get(f"{concrete}?{name}={value}")
                    assert answer.status_code != 500, f"GET {concrete}?{name}={value[:40]}: {answer.text[:300]}"
                    if answer.status_code >= 400 and concrete not in ("/health", "/health/ready"):
                        assert_problem(answer)
        if "{" in path:
            for value in ["%00", "%2e%2e", "%2F", "%", "%zz", "%ff", "a" * 2_000, "%F0%9F%98%80", "'", "-", "...",
                          "0190A5D0-0000-7000-8000-000000000000"]:
                mangled = "/".join(value if part.startswith("{") else part for part in path.split("/"))
                answer = raw_get(callers[0], mangled)
                # 422 where a parameter that must be there is missing: fields are looked at before things are looked for.
                assert answer in (400, 403, 404, 414, 422), f"GET {mangled[:80]}: {answer}"


def raw_get(caller, target):
    """The status of a GET whose target travels exactly as written: HTTP libraries mend such targets."""
    lines = [f"GET {target} HTTP/1.1", "Host: localhost", f"Authorization: {caller.headers['Authorization']}", "Connection: close", "", ""]
    return raw_status(caller, "\r\n".join(lines).encode())


def raw_status(caller, request):
    with socket.create_connection((caller.base_url.host, caller.base_url.port), timeout=20) as connection:
        connection.sendall(request)
        received = b""
        while b"\r\n" not in received:
            chunk = connection.recv(4_096)
            if not chunk:
                break
            received += chunk
    return int(received.split(b" ")[1]) if received.startswith(b"HTTP/1.1 ") else None


@pytest.mark.parametrize("head", [
    b"POST /api/authentication/login HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\n{}",
    b"POST /api/authentication/login HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /api/authentication/login HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/authentication/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /api HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 200_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"NONSENSE\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET /api HTTP/9.9\r\n\r\n", b"GET  /api  HTTP/1.1\r\n\r\n",
])
def test_requests_that_are_no_http(callers, head):
    try:
        status = raw_status(callers[0], head)
    except (ConnectionError, TimeoutError):
        status = None
    assert status is None or 400 <= status < 500 or status == 505
    assert callers[0].get("/health/live").status_code == 200


@pytest.mark.parametrize("headers", [
    {"Idempotency-Key": "x" * 256}, {"Idempotency-Key": ""}, {"Idempotency-Key": "a b\tc"}, {"Idempotency-Key": "é".encode()},
    {"traceparent": "nonsense"}, {"traceparent": "00-" + "0" * 32 + "-" + "0" * 16 + "-00"}, {"X-Wekeza-Channel": "moon"},
    {"Accept": "text/html"}, {"X-Step-Up-Token": "x" * 5_000}, {"Content-Encoding": "gzip"}, {"Expect": "200-maybe"},
    {"Cookie": "wekeza_refresh_personal=" + "x" * 3_000}, {"X-Forwarded-For": "not an address, ::::"},
])
def test_headers_that_make_no_sense(callers, headers):
    customer = next(caller for caller in callers if caller.user and caller.user["username"] == "customer1")
    answer = customer.post("/api/customer-portal/transactions/transfer", headers=headers, json={
        "fromAccountNumber": customer.account()["accountNumber"], "toAccountNumber": NOWHERE, "amount": "1.00", "currency": "KES"})
    assert_problem(answer)
