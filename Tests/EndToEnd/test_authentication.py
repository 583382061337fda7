"""Signing in, staying signed in, signing out, and what an attacker tries with tokens."""

import base64
import hashlib
import hmac
import json
import time
import uuid

import pytest

from harness.client import PASSWORDS, Client, assert_problem

ME = "/api/authentication/me"


def encode(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_sign_in_me_refresh_and_out(bank):
    with Client(bank, "customer2") as client:
        me = client.ok(ME)
        assert me["username"] == "customer2" and me["roles"] == ["Customer"] and me["customerId"]
        assert "accounts:view" in me["permissions"] and me["mustChangePassword"] is False and me["mfaEnabled"] is False
        first = client.post("/api/authentication/refresh", json={"refreshToken": client.refresh_token})
        assert first.status_code == 200 and first.json()["refreshToken"] != client.refresh_token
        client.headers["Authorization"] = f"Bearer {first.json()['token']}"
        assert client.ok(ME)["username"] == "customer2"
        assert client.post("/api/authentication/logout").status_code == 204
        assert_problem(client.get(ME), 401, "invalid_token")
        assert_problem(
            client.post("/api/authentication/refresh", json={"refreshToken": first.json()["refreshToken"]}), 401, "invalid_refresh_token")


@pytest.mark.parametrize("username", sorted(PASSWORDS))
def test_every_demo_user_signs_in(bank, username):
    with Client(bank, username) as client:
        assert client.user["username"] == username
        assert (client.user.get("customerId") is not None) == (
            username in ("customer1", "customer2", "corporate_maker", "corporate_checker", "sme_owner"))
        client.post("/api/authentication/logout")


def test_user_names_are_read_in_any_case(anybody):
    answer = anybody.post("/api/authentication/login", json={"username": "CUSTOMER1", "password": "Customer@123"})
    assert answer.status_code == 200 and answer.json()["user"]["username"] == "customer1"


def test_a_spent_refresh_token_ends_the_family(bank):
    with Client(bank, "payments1") as client:
        second = client.post("/api/authentication/refresh", json={"refreshToken": client.refresh_token}).json()
        third = client.post("/api/authentication/refresh", json={"refreshToken": second["refreshToken"]}).json()
        assert_problem(
            client.post("/api/authentication/refresh", json={"refreshToken": client.refresh_token}), 401, "refresh_token_reused")
        client.headers["Authorization"] = f"Bearer {third['token']}"
        assert_problem(client.get(ME), 401, "invalid_token")


def test_wrong_password_and_unknown_user_look_alike(anybody):
    wrong = anybody.post("/api/authentication/login", json={"username": "loans1", "password": "nonsense"})
    unknown = anybody.post("/api/authentication/login", json={"username": "nobody-here", "password": "nonsense"})
    shown = [{name: value for name, value in answer.json().items() if name != "traceId"} for answer in (wrong, unknown)]
    assert_problem(wrong, 401, "invalid_credentials")
    assert shown[0] == shown[1]


def test_the_sixth_attempt_is_locked_out(anybody):
    name = f"locked-{uuid.uuid4()}"
    attempts = [anybody.post("/api/authentication/login", json={"username": name, "password": "x"}) for _ in range(6)]
    assert [answer.status_code for answer in attempts] == [401] * 5 + [429]
    assert_problem(attempts[5], 429, "too_many_attempts")
    assert int(attempts[5].headers["retry-after"]) > 0


def test_sessions_are_listed_and_ended(bank):
    with Client(bank, "tradeFinance1") as one, Client(bank, "tradeFinance1") as other:
        sessions = one.ok("/api/authentication/sessions")["items"]
        assert sum(session["current"] for session in sessions) == 1 and len(sessions) >= 2
        assert one.delete("/api/authentication/sessions").status_code == 204
        assert_problem(other.get(ME), 401, "invalid_token")
        assert one.ok(ME)["username"] == "tradeFinance1"


def test_browser_channels_get_the_refresh_token_as_a_cookie_only(bank, anybody):
    origin = f"http://localhost:{bank.ports['PERSONAL']}"
    headers = {"X-Wekeza-Channel": "personal", "Origin": origin}
    body = {"username": "customer1", "password": "Customer@123"}
    with Client(bank) as browser:
        answer = browser.post("/api/authentication/login", json=body, headers=headers)
        assert answer.status_code == 200 and not answer.json().get("refreshToken")
        cookie = answer.headers["set-cookie"]
        for part in ("wekeza_refresh_personal=", "HttpOnly", "SameSite=Strict", "Path=/api/authentication"):
            assert part.lower() in cookie.lower(), cookie
        assert answer.headers["access-control-allow-origin"] == origin
        assert browser.post("/api/authentication/refresh", headers=headers).status_code == 200
        assert_problem(
            browser.post("/api/authentication/refresh", headers=headers | {"Origin": "http://evil.example"}), 403, "origin_not_allowed")
    wrong_channel = {"X-Wekeza-Channel": "staff", "Origin": f"http://localhost:{bank.ports['STAFF']}"}
    assert_problem(anybody.post("/api/authentication/login", json=body, headers=wrong_channel), 403, "channel_not_allowed")


def forged_tokens(token, keys):
    """What attackers send in place of a token that was signed here."""
    header, payload, signature = token.split(".")
    claims = decode(payload)
    signed = decode(header)
    public = base64.urlsafe_b64decode(keys[0]["x"] + "==") + base64.urlsafe_b64decode(keys[0]["y"] + "==")

    def hs256(head, key):
        content = encode(head) + "." + encode(claims)
        return content + "." + encode(hmac.new(key, content.encode(), hashlib.sha256).digest())

    yield "one letter", "x"
    yield "not a token", "abc"
    yield "two parts", f"{header}.{payload}"
    yield "no signature", f"{header}.{payload}."
    yield "no algorithm", encode(signed | {"alg": "none"}) + f".{payload}."
    yield "algorithm in capitals", encode(signed | {"alg": "NONE"}) + f".{payload}."
    yield "public key as shared secret", hs256(signed | {"alg": "HS256"}, public)
    yield "public key as text", hs256(signed | {"alg": "HS256"}, json.dumps(keys[0]).encode())
    yield "other claims", f"{header}." + encode(claims | {"roles": ["Administrator"]}) + f".{signature}"
    yield "other person", f"{header}." + encode(claims | {"sub": str(uuid.uuid4())}) + f".{signature}"
    yield "later expiry", f"{header}." + encode(claims | {"exp": int(time.time()) + 10**6}) + f".{signature}"
    yield "key of one's own", encode(signed | {"jwk": keys[0]}) + f".{payload}.{signature}"
    yield "key from elsewhere", encode(signed | {"jku": "http://evil.example/keys"}) + f".{payload}.{signature}"
    yield "unknown critical header", encode(signed | {"crit": ["x"], "x": 1}) + f".{payload}.{signature}"
    yield "unknown key", encode(signed | {"kid": "../../etc/passwd"}) + f".{payload}.{signature}"
    yield "signature of zeros", f"{header}.{payload}." + encode(b"\0" * 64)
    yield "signature too long", f"{header}.{payload}.{signature}" + "A" * 100
    yield "signature in DER", f"{header}.{payload}." + encode(b"\x30\x44" + b"\x02\x20" + b"\1" * 32 + b"\x02\x20" + b"\1" * 32)
    yield "padding", token + "=="
    yield "very long", "a" * 20_000


def test_forged_tokens_are_refused(bank, anybody):
    with Client(bank, "executive1") as client:
        token = client.headers["Authorization"].split(" ")[1]
        assert decode(token.split(".")[0])["typ"] == "at+jwt" and decode(token.split(".")[0])["alg"] == "ES256"
        claims = decode(token.split(".")[1])
        assert claims["aud"] == "wekeza-api" and claims["exp"] - claims["iat"] == 600
        for name, forged in forged_tokens(token, anybody.ok("/.well-known/jwks.json")["keys"]):
            answer = anybody.get(ME, headers={"Authorization": f"Bearer {forged}"})
            assert answer.status_code in (401, 431), f"{name}: {answer.status_code} {answer.text}"
            if answer.status_code == 401:
                assert answer.json()["code"] in ("invalid_token", "authentication_required"), name
                assert answer.headers["www-authenticate"].startswith("Bearer"), name
        refresh = anybody.get(ME, headers={"Authorization": f"Bearer {client.refresh_token}"})
        assert_problem(refresh, 401, "invalid_token")
        assert_problem(anybody.get(ME), 401, "authentication_required")
        for scheme in ("Basic YTpi", "bearer", "Bearer", "Token abc"):
            answer = anybody.get(ME, headers={"Authorization": scheme})
            assert answer.status_code == 401, f"{scheme}: {answer.text}"
        assert client.ok(ME)["username"] == "executive1"
