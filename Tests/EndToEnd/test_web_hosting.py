"""The channels' hosting from outside: pages and API on one origin, cookies, foreign origins, TLS."""

import ipaddress
import re
import socket
import ssl
import subprocess

import httpx
import pytest
from harness.client import PASSWORDS, assert_problem
from harness.server import ROOT

pytestmark = pytest.mark.skipif(not (ROOT / "Web" / "dist" / "personal.html").exists(), reason="Web/build has not run")

CHANNEL = {"X-Wekeza-Channel": "personal"}
CREDENTIALS = {"username": "customer1", "password": PASSWORDS["customer1"]}
COOKIE = "wekeza_refresh_personal"


@pytest.fixture
def browser(bank):
    """Speaks to the channel's origin as its page does."""
    origin = bank.origin()
    with httpx.Client(base_url=origin, headers=CHANNEL | {"Origin": origin}, timeout=30) as client:
        yield client


def sign_in(browser):
    answer = browser.post("/api/authentication/login", json=CREDENTIALS)
    assert answer.status_code == 200, answer.text
    return answer


def test_the_page_and_everything_it_names_is_served(bank, browser):
    page = browser.get("/")
    assert page.status_code == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script>" not in page.text and "<style" not in page.text and "javascript:" not in page.text
    assert not re.search(r"\s(on\w+|style)=", page.text), "no inline handlers or styles"
    assets = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text)
    assert len(assets) >= 4
    for asset in assets:
        answer = browser.get(asset, headers={"Accept-Encoding": "br"})
        assert answer.status_code == 200, asset
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers.get("content-encoding") == "br", asset
    assert browser.get("/accounts/anything").text == page.text
    assert browser.get("/assets/unknown.js").status_code == 404


def test_asvs_14_4_every_page_has_the_strict_headers(browser):
    headers = browser.get("/").headers
    policy = headers["content-security-policy"]
    for directive in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert directive in policy
    assert "unsafe" not in policy and "require-trusted-types-for 'script'" in policy
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin" and "camera=()" in headers["permissions-policy"]
    assert len(headers["x-trace-id"]) == 32
    assert "strict-transport-security" not in headers


def test_the_api_answers_on_the_channels_origin(bank, browser):
    assert browser.get("/health/live").status_code == 200
    assert browser.get("/openapi.json").json()["openapi"].startswith("3.")
    assert_problem(browser.get("/api/nothing"), 404, "not_found")
    assert_problem(browser.get("/api/customer-portal/dashboard"), 401, "authentication_required")
    # What is the API's alone stays at the API's port.
    assert browser.get("/metrics").headers["content-type"].startswith("text/html")


def test_head_and_conditional_requests(browser):
    page = browser.get("/")
    head = browser.head("/")
    assert head.status_code == 200 and head.content == b""
    assert head.headers["content-length"] == page.headers["content-length"]
    again = browser.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert again.status_code == 304 and again.content == b""


def test_no_path_of_the_disk_is_reachable(bank):
    for target in ("/../../etc/passwd", "/assets/../../../etc/passwd", "/assets/..%2f..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd"):
        with socket.create_connection(("127.0.0.1", bank.ports["PERSONAL"]), timeout=10) as connection:
            connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 404"), target
        assert b"root:" not in answer


def test_asvs_3_4_the_refresh_token_travels_in_a_strict_cookie_only(browser):
    answer = sign_in(browser)
    assert "refreshToken" not in answer.json()
    cookie = answer.headers["set-cookie"]
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/api/authentication"):
        assert attribute in cookie, cookie
    assert "Secure" not in cookie
    assert COOKIE in browser.cookies


def test_a_session_is_continued_by_the_cookie_alone(browser):
    sign_in(browser)
    answer = browser.post("/api/authentication/refresh")
    assert answer.status_code == 200, answer.text
    token = answer.json()["token"]
    assert browser.get("/api/customer-portal/dashboard", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert browser.post("/api/authentication/logout", headers={"Authorization": f"Bearer {token}"}).status_code == 204
    assert browser.get("/api/customer-portal/dashboard", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_the_first_pages_data_comes_along_with_the_session(bank, browser):
    sign_in(browser)
    dashboard = {"X-Wekeza-Then": "/api/customer-portal/dashboard"}
    answer = browser.post("/api/authentication/refresh", headers=dashboard)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    own = browser.get("/api/customer-portal/dashboard", headers={"Authorization": f"Bearer {body['token']}"}).json()
    assert body["then"]["status"] == 200
    assert {name: body["then"]["body"][name] for name in ("customerId", "totalBalance")} == {
        name: own[name] for name in ("customerId", "totalBalance")}
    assert COOKIE in answer.headers["set-cookie"]
    # What cannot be read leaves the session's answer as it is; nothing but the API's GET paths can be asked for.
    for path in ("/api/generalledger/accounts", "/api/nothing", "/metrics", "https://evil.example/", "/api/../metrics", "x" * 2000):
        answer = browser.post("/api/authentication/refresh", headers={"X-Wekeza-Then": path})
        assert answer.status_code == 200 and "then" not in answer.json(), path
    # Only on the channel's own port, and never for a foreign page.
    foreign = browser.post("/api/authentication/refresh", headers=dashboard | {"Origin": "https://evil.example"})
    assert_problem(foreign, 403, "origin_not_allowed")
    allowed = browser.options("/api/authentication/refresh", headers={
        "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-wekeza-then"})
    assert "x-wekeza-then" not in allowed.headers.get("access-control-allow-headers", "").lower()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example:3001", None])
def test_asvs_4_2_a_post_from_a_foreign_page_does_nothing(bank, browser, origin):
    sign_in(browser)
    del browser.headers["Origin"]
    headers = {} if origin is None else {"Origin": origin}
    assert_problem(browser.post("/api/authentication/refresh", headers=headers), 403, "origin_not_allowed")
    # The session lives on, so nothing has happened.
    assert browser.post("/api/authentication/refresh", headers={"Origin": bank.origin()}).status_code == 200


def test_a_post_without_the_channels_header_does_nothing(bank, browser):
    sign_in(browser)
    del browser.headers["X-Wekeza-Channel"]
    assert_problem(browser.post("/api/authentication/refresh"), 403, "origin_not_allowed")


def test_a_foreign_origin_is_not_told_that_it_may_read(browser):
    answer = browser.options("/api/customer-portal/dashboard", headers={
        "Origin": "https://evil.example", "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"})
    assert "access-control-allow-origin" not in answer.headers


def test_a_cookie_that_was_used_twice_ends_the_family(bank, browser):
    sign_in(browser)
    stolen = browser.cookies[COOKIE]
    # The owner goes on twice, so the stolen one's successor is used.
    for _ in range(2):
        assert browser.post("/api/authentication/refresh").status_code == 200
    thief = httpx.post(bank.origin() + "/api/authentication/refresh", headers=CHANNEL | {
        "Origin": bank.origin(), "Cookie": f"{COOKIE}={stolen}"}, timeout=30)
    assert_problem(thief, 401, "refresh_token_reused")
    assert browser.post("/api/authentication/refresh").status_code == 401


def test_sign_in_attempts_are_counted_by_the_callers_address_on_every_port(make_server):
    server = make_server(WEKEZA_RATE_LIMITS="on").start()
    statuses = set()
    for attempt in range(25):
        origin = server.origin() if attempt % 2 else server.url
        answer = httpx.post(origin + "/api/authentication/login", json={"username": f"nobody{attempt}", "password": "x"}, timeout=30)
        statuses.add(answer.status_code)
    assert statuses == {401, 429}


def test_tls_1_3_alone_with_secure_cookies(make_server):
    server = make_server(WEKEZA_TLS="self-signed").start()
    certificate = server.data / "tls" / "certificate.pem"
    assert (server.data / "tls" / "key.pem").stat().st_mode & 0o077 == 0
    trusted = ssl.create_default_context(cafile=str(certificate))
    for port in (server.ports["API"], server.ports["PERSONAL"]):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as plain, \
                trusted.wrap_socket(plain, server_hostname="localhost") as tls:
            assert tls.version() == "TLSv1.3"
            names = tls.getpeercert()["subjectAltName"]
            assert ("DNS", "localhost") in names and ("IP Address", str(ipaddress.ip_address("127.0.0.1"))) in names
    old = ssl.create_default_context(cafile=str(certificate))
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(("127.0.0.1", server.ports["API"]), timeout=10) as plain, pytest.raises(ssl.SSLError):
        old.wrap_socket(plain, server_hostname="localhost")
    with httpx.Client(base_url=server.origin(), headers=CHANNEL | {"Origin": server.origin()}, verify=trusted, timeout=30) as browser:
        answer = sign_in(browser)
        assert "Secure" in answer.headers["set-cookie"]
        assert "max-age=31536000" in answer.headers["strict-transport-security"]
        assert "max-age=31536000" in browser.get("/").headers["strict-transport-security"]
        assert browser.post("/api/authentication/refresh").status_code == 200
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://localhost:{server.ports['PERSONAL']}/", timeout=10)
    fingerprint = certificate.read_bytes()
    server.stop()
    server.start()
    assert certificate.read_bytes() == fingerprint, "the certificate stays the same over a restart"


def test_a_certificate_of_the_banks_own(make_server, tmp_path):
    paths = {name: tmp_path / f"{name}.pem" for name in ("key", "certificate", "other")}
    for key, certificate in (("key", "certificate"), ("other", None)):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=bank.example",
             "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-keyout", paths[key],
             "-out", paths[certificate] if certificate else tmp_path / "unused.pem"], check=True, capture_output=True)
    server = make_server(WEKEZA_TLS_CERTIFICATE=str(paths["certificate"]), WEKEZA_TLS_KEY=str(paths["key"])).start()
    trusted = ssl.create_default_context(cafile=str(paths["certificate"]))
    assert httpx.get(server.origin() + "/health/live", verify=trusted, timeout=10).status_code == 200
    server.stop()
    wrong = server.run("serve", WEKEZA_TLS_KEY=str(paths["other"]))
    assert wrong.returncode == 1 and "is not the key of the certificate" in wrong.stderr, wrong.stderr


def test_without_a_build_no_channel_is_served(make_server):
    server = make_server(WEKEZA_WEB="off").start()
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.origin(), timeout=5)
    assert "Personal banking" not in server.log_text()


def test_the_start_tells_where_the_channels_are(bank):
    assert f"Personal banking  {bank.origin()}" in bank.log_text()


@pytest.mark.parametrize(("settings", "complaint"), [
    ({"WEKEZA_TLS": "yes"}, "WEKEZA_TLS must be off or self-signed"),
    ({"WEKEZA_TLS_CERTIFICATE": "certificate.pem"}, "belong together"),
    ({"WEKEZA_TLS": "self-signed", "WEKEZA_MODE": "production"}, "self-signed in demo mode only"),
    ({"WEKEZA_WEB": "/nowhere"}, "WEKEZA_WEB must be off or a folder with personal.html"),
])
def test_wrong_settings_are_refused_before_anything_starts(make_server, settings, complaint):
    refused = make_server().run("serve", **settings)
    assert refused.returncode == 2 and complaint in refused.stderr, refused.stderr
