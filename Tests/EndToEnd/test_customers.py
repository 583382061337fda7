"""The customer file and the public way in, over the wire: uploads as hostile callers send them, and a stranger who becomes a customer."""

import base64
import re
import uuid

import httpx
import pytest

from harness.client import Client, assert_problem

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + b"\x00" * 64 + b"\xff\xd9"


def person(**more):
    number = str(uuid.uuid4().int)[:8]
    return {
        "firstName": "Zuhura", "lastName": "Mwakio" + number, "dateOfBirth": "1993-02-03", "nationality": "KE",
        "primaryEmail": f"z{number}@example.com", "primaryPhone": "0712" + number[:6],
        "primaryAddress": {"addressLine1": "Moi Avenue 1", "city": "Mombasa", "country": "KE"},
        "primaryIdentification": {"documentType": "nationalId", "documentNumber": number, "issuingCountry": "KE"},
    } | more


@pytest.fixture(scope="module")
def teller(clients):
    return clients("teller1")


@pytest.fixture(scope="module")
def party(teller):
    answer = teller.post("/api/cif/individual", json=person())
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].endswith(answer.json()["cifNumber"])
    return answer.json()


def upload(client, party, content, name="scan.pdf", kind="application/pdf", **fields):
    return client.post(
        f"/api/cif/{party['cifNumber']}/documents", files={"file": (name, content, kind)},
        data={"documentType": "proofOfAddress"} | fields)


@pytest.mark.parametrize("content,kind", [(PDF, "application/pdf"), (PNG, "image/png"), (JPEG, "image/jpeg")])
def test_documents_are_told_by_their_content(teller, party, content, kind):
    # The declared type and the name say something else; neither counts.
    answer = upload(teller, party, content, "whatever.txt", "text/plain")
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["contentType"] == kind and body["sizeBytes"] == len(content)
    back = teller.get(f"/api/cif/{party['cifNumber']}/documents/{body['documentId']}/content")
    assert back.content == content and back.headers["content-type"] == kind
    assert back.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("content", [b"MZ\x90\x00" + b"\x00" * 100, b"<html><script>alert(1)</script></html>", b"GIF89a" + b"\x00" * 50,
                                     b"\x89PNG\r\n\x1a\n<?php", b"#!/bin/sh\n", b"PK\x03\x04" + b"\x00" * 60])
def test_wrong_types_are_refused(teller, party, content):
    assert_problem(upload(teller, party, content), 422, "unsupported_file", "file")


def test_paths_in_names_are_made_harmless(teller, party):
    for name in ("../../../etc/passwd", "..\\..\\boot.ini", "/etc/shadow", "a/b/c.pdf"):
        answer = upload(teller, party, PDF, name)
        assert answer.status_code == 201
        kept = answer.json()["fileName"]
        assert "/" not in kept and "\\" not in kept and ".." not in kept


def test_a_kept_document_is_where_its_answer_says(teller, party):
    answer = upload(teller, party, PDF, "id-12345678.pdf")
    assert answer.json()["fileName"] == "id-****5678.pdf"
    assert teller.get(answer.headers["location"]).content == PDF


def test_names_are_found_by_their_sound(teller):
    for written, searched in (("Muhammed", "Mohamed"), ("Wanjeri", "Wanjiru"), ("Chebet", "Chébet")):
        kept = teller.post("/api/cif/individual", json=person(firstName=written, lastName="Kiplagat")).json()
        found = teller.get("/api/cif/search", params={"name": f"{searched} Kiplagat"}).json()["items"]
        assert kept["cifNumber"] in [each["cifNumber"] for each in found], (written, searched)


def test_too_large_is_refused(teller, party, bank):
    exact = PDF[:-6] + b" " * (10 * 1024 * 1024 - len(PDF)) + PDF[-6:]
    assert len(exact) == 10 * 1024 * 1024
    assert upload(teller, party, exact).status_code == 201
    assert_problem(upload(teller, party, exact + b" "), 413, "payload_too_large")
    # Somebody without a token is told so without the bank reading ten megabytes.
    with Client(bank) as stranger:
        answer = upload(stranger, party, b"x" * 2_000_000)
        assert answer.status_code == 401


def test_other_bodies_are_refused(teller, party):
    path = f"/api/cif/{party['cifNumber']}/documents"
    assert_problem(teller.post(path, json={"file": "x"}), 415, "unsupported_media_type")
    broken = teller.post(path, content=b"--b\r\nnonsense", headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert_problem(broken, 400, "malformed_request")
    assert_problem(teller.post(path, files={"other": ("a.pdf", PDF)}, data={"documentType": "passport"}), 422, "validation_failed", "file")
    assert_problem(upload(teller, {"cifNumber": "CIF999999999"}, PDF), 404, "customer_not_found")


def test_customer_file(clients, teller, party):
    compliance, auditor = clients("compliance1"), clients("executive1")
    cif = party["cifNumber"]
    again = person(primaryIdentification=party["primaryIdentification"])
    assert_problem(teller.post("/api/cif/individual", json=again), 409, "duplicate_customer")
    masked = auditor.ok(f"/api/cif/{cif}")
    assert masked["primaryIdentification"]["documentNumber"].startswith("****")
    found = teller.ok("/api/cif/search", name=party["lastName"][:-1])
    assert [each["cifNumber"] for each in found["items"]] == [cif]
    for status in ({"newStatus": "inProgress"}, {"newStatus": "verified", "kycTier": 2, "remarks": "seen"}):
        answer = compliance.put(f"/api/cif/{cif}/kyc-status", json=status)
        assert answer.status_code == 200, answer.text
    account = teller.post("/api/accounts/individual", json={"cifNumber": cif, "productCode": "CUR01", "currency": "KES"})
    assert account.status_code == 201, account.text
    view = teller.ok(f"/api/cif/{cif}/360-view")
    assert [each["accountNumber"] for each in view["accounts"]] == [account.json()["accountNumber"]]
    assert view["balances"] == [{"balance": "0.00", "currency": "KES"}]


def test_demo_customers_have_full_records(clients):
    customer = clients("customer1").user["customerId"]
    record = clients("teller1").ok(f"/api/cif/{customer}")
    assert record["primaryIdentification"]["documentType"] == "nationalId" and record["kycTier"] == 2


def code_for(bank_clients, phone):
    outbox = bank_clients("admin").ok("/api/notifications/outbox", recipient=phone)["items"]
    return next(re.search(r"\b\d{6}\b", each["body"])[0] for each in outbox if each["template"] == "onboarding.phoneCode")


class Applicant:
    def __init__(self, bank, **more):
        number = str(uuid.uuid4().int)[:8]
        self.phone = "+2547" + number
        self.username = "new" + number
        self.http = httpx.Client(base_url=bank.url, timeout=30)
        self.info = {
            "firstName": "Neema", "lastName": "Kazungu" + number[:3], "idNumber": number, "phoneNumber": self.phone,
            "email": f"n{number}@example.com", "dateOfBirth": "1995-06-07", "acceptTerms": True, "acceptPrivacy": True} | more
        answer = self.http.post("/api/customer-portal/onboard/basic-info", json=self.info)
        assert answer.status_code == 201, answer.text
        self.id, self.token = answer.json()["onboardingId"], answer.json()["onboardingToken"]
        assert answer.json()["nextStep"] == "verifyPhone"
        self.http.headers["X-Onboarding-Token"] = self.token

    def post(self, step, **arguments):
        return self.http.post(f"/api/customer-portal/onboard/{step}", **arguments)

    def setup(self, **more):
        return self.post("account-setup", json={"productCode": "SAV01", "username": self.username, "password": "a quiet river 88"} | more)

    def files(self):
        return {"idFront": ("../id.png", PNG, "image/png"), "selfie": ("me.jpg", JPEG, "image/jpeg")}


def test_a_stranger_becomes_a_customer(bank, clients):
    stranger = Applicant(bank)
    assert_problem(stranger.setup(), 409, "step_out_of_order")
    wrong = assert_problem(stranger.post("verify-phone", json={"onboardingId": stranger.id, "code": "x"}), 422, "invalid_code")
    assert wrong["attemptsLeft"] == 4
    answer = stranger.post("verify-phone", json={"onboardingId": stranger.id, "code": code_for(clients, stranger.phone)})
    assert answer.status_code == 200 and answer.json() == {"nextStep": "documents"}
    bad = stranger.post("documents", files={"idFront": ("id.exe", b"MZ" * 50), "selfie": ("me.jpg", JPEG)})
    assert_problem(bad, 422, "unsupported_file", "idFront")
    kept = stranger.post("documents", files=stranger.files())
    assert kept.status_code == 200 and kept.json()["nextStep"] == "accountSetup" and len(kept.json()["documents"]) == 2
    assert_problem(stranger.setup(username="customer1"), 409, "username_taken")
    assert_problem(stranger.setup(password="short"), 422, "validation_failed", "password", "too_short")
    assert_problem(stranger.setup(productCode="NOSUCH"), 404, "product_not_found")
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"productCode": "SAV01", "username": stranger.username, "password": "a quiet river 88"}
    done = stranger.post("account-setup", json=body, headers=key)
    assert done.status_code == 201, done.text
    again = stranger.post("account-setup", json=body, headers=key)
    assert again.status_code == 201 and again.json() == done.json() and again.headers["idempotent-replayed"] == "true"
    status = stranger.http.get(f"/api/customer-portal/onboard/status/{stranger.id}").json()
    assert status["status"] == "completed" and status["percentComplete"] == 100

    login = httpx.post(f"{bank.url}/api/authentication/login", json={"username": stranger.username, "password": "a quiet river 88"})
    assert login.status_code == 200, login.text
    accounts = httpx.get(
        f"{bank.url}/api/customer-portal/accounts", headers={"Authorization": f"Bearer {login.json()['token']}"}).json()["items"]
    assert [each["accountNumber"] for each in accounts] == [done.json()["accountNumber"]]
    record = clients("teller1").ok(f"/api/cif/{done.json()['cifNumber']}")
    assert record["kycTier"] == 1 and record["kycStatus"] == "verified"
    documents = clients("teller1").ok(f"/api/cif/{done.json()['cifNumber']}/documents")["items"]
    assert {each["documentType"] for each in documents} == {"idFront", "selfie"}


def test_applications_are_nobody_elses(bank):
    one, other = Applicant(bank), Applicant(bank)
    path = f"/api/customer-portal/onboard/status/{one.id}"
    assert httpx.get(bank.url + path).status_code == 404
    assert other.http.get(path).status_code == 404
    assert one.http.get(path).json()["status"] == "inProgress"
    assert other.post("verify-phone", json={"onboardingId": one.id, "code": "000000"}).status_code == 404


def test_nothing_is_revealed_about_customers(bank, clients):
    known = Applicant(bank, idNumber="23456781")
    other = Applicant(bank)
    for applicant in (known, other):
        for left in (4, 3, 2, 1, 0):
            wrong = applicant.post("verify-phone", json={"onboardingId": applicant.id, "code": "x"})
            assert assert_problem(wrong, 422, "invalid_code")["attemptsLeft"] == left
        assert_problem(applicant.post("verify-phone", json={"onboardingId": applicant.id, "code": "x"}), 422, "challenge_expired")
        for _ in range(3):
            assert applicant.post("resend-code", json={"onboardingId": applicant.id}).status_code == 202
        assert_problem(applicant.post("resend-code", json={"onboardingId": applicant.id}), 429, "too_many_attempts")
    outbox = clients("admin").ok("/api/notifications/outbox", recipient="+254711000001")["items"]
    assert any(each["template"] == "onboarding.alreadyCustomer" for each in outbox)


def test_a_blocking_hit_waits_for_compliance(bank, clients):
    compliance = clients("compliance1")
    listed = "Zaphkiel" + uuid.uuid4().hex[:6]
    listed = re.sub(r"\d", "q", listed)
    file = f"id,name\n{uuid.uuid4()},{listed} Kwambox\n".encode()
    loaded = compliance.post("/api/compliance/watchlists/local/import", files={"file": ("own.csv", file)})
    assert loaded.status_code == 201, loaded.text
    stranger = Applicant(bank, firstName="Kwambox", lastName=listed)
    stranger.post("verify-phone", json={"onboardingId": stranger.id, "code": code_for(clients, stranger.phone)})
    stranger.post("documents", files=stranger.files())
    held = stranger.setup()
    assert held.status_code == 202 and held.json() == {"status": "underReview", "onboardingId": stranger.id}
    queue = compliance.ok("/api/onboarding/applications", status="underReview")["items"]
    assert stranger.id in [each["onboardingId"] for each in queue]
    decision = f"/api/onboarding/applications/{stranger.id}/decision"
    approve = {"decision": "approve", "remarks": "seen in the branch"}
    assert_problem(compliance.post(decision, json=approve), 409, "not_ready")
    hits = compliance.every("/api/compliance/screening/hits", status="open")
    hit = next(each for each in hits if each["subjectId"] == stranger.id)
    assert hit["score"] == 1 and hit["listCode"] == "local"
    review = compliance.post(
        f"/api/compliance/screening/hits/{hit['hitId']}/review", json={"decision": "falsePositive", "notes": "another person"})
    assert review.status_code == 200, review.text
    decided = compliance.post(decision, json=approve)
    assert decided.status_code == 200 and decided.json()["status"] == "completed", decided.text
    login = httpx.post(f"{bank.url}/api/authentication/login", json={"username": stranger.username, "password": "a quiet river 88"})
    assert login.status_code == 200
    party = clients("teller1").ok(f"/api/cif/{decided.json()['customerId']}")
    assert party["status"] == "active" and party["kycTier"] == 1


def test_a_weaker_hit_waits_for_compliance_too(bank, clients):
    compliance, manager = clients("compliance1"), clients("manager1")
    listed = re.sub(r"\d", "q", "Zoroaster" + uuid.uuid4().hex[:6])
    file = f"id,name\n{uuid.uuid4()},{listed} Kwamboka\n".encode()
    assert compliance.post("/api/compliance/watchlists/local/import", files={"file": ("own.csv", file)}).status_code == 201
    # Half of one name differs: looked at, not blocked.
    stranger = Applicant(bank, firstName="Kwamhuri", lastName=listed)
    stranger.post("verify-phone", json={"onboardingId": stranger.id, "code": code_for(clients, stranger.phone)})
    stranger.post("documents", files=stranger.files())
    assert stranger.setup().status_code == 202
    hit = next(each for each in compliance.every("/api/compliance/screening/hits", status="open") if each["subjectId"] == stranger.id)
    assert hit["decision"] == "review", hit
    decision = f"/api/onboarding/applications/{stranger.id}/decision"
    approve = {"decision": "approve", "remarks": "seen in the branch"}
    assert_problem(manager.post(decision, json=approve), 409, "not_ready")
    review = compliance.post(
        f"/api/compliance/screening/hits/{hit['hitId']}/review", json={"decision": "falsePositive", "notes": "another person"})
    assert review.status_code == 200, review.text
    assert manager.post(decision, json=approve).json()["status"] == "completed"


def test_contact(bank, clients):
    message = {"name": "Juma", "email": "juma@example.com", "message": "When do you open on Saturdays?"}
    sent = httpx.post(f"{bank.url}/api/contact", json=message)
    assert sent.status_code == 202 and re.fullmatch(r"TKT[A-Z0-9]{12}", sent.json()["ticketNumber"])
    teller = clients("teller1")
    found = next(each for each in teller.ok("/api/contact/messages")["items"] if each["ticketNumber"] == sent.json()["ticketNumber"])
    done = teller.patch(f"/api/contact/messages/{found['id']}", json={"status": "answered", "note": "called"})
    assert done.status_code == 200 and done.json()["status"] == "answered" and done.json()["handledBy"] == "teller1"
    assert_problem(httpx.post(f"{bank.url}/api/contact", json=message | {"message": "short"}), 422, "validation_failed", "message")


def test_keys_can_be_exchanged(make_server):
    """A new key in front, rotate-keys, and the old key is not needed any more."""
    first, second = (base64.urlsafe_b64encode(bytes([n]) * 32).decode().rstrip("=") for n in (1, 2))
    server = make_server(WEKEZA_DATA_KEYS=first)
    server.start()
    with Client(server, "teller1") as teller:
        cif = teller.post("/api/cif/individual", json=person()).json()["cifNumber"]
        assert upload(teller, {"cifNumber": cif}, PDF).status_code == 201
    Applicant(server)
    done = server.run("rotate-keys", WEKEZA_DATA_KEYS=f"{second},{first}")
    assert done.returncode == 0 and "1 documents" in done.stdout and "1 parts" in done.stdout, done.stdout + done.stderr
    assert server.sql("SELECT count(DISTINCT key_id) FROM (SELECT profile_key AS key_id FROM parties.customer WHERE profile IS NOT NULL "
                      "UNION SELECT key_id FROM onboarding.application UNION SELECT key_id FROM parties.document) k").strip() == "1"
    again = server.run("rotate-keys", WEKEZA_DATA_KEYS=second)
    assert again.returncode == 0 and "0 profiles" in again.stdout
