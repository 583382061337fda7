"""Messages leave the bank: mail through a real SMTP server, SMS through an HTTP gateway that fails at first."""

import email
import email.policy
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from aiosmtpd.controller import Controller

from harness.client import Client
from harness.server import free_ports


class Postbox:
    def __init__(self):
        self.mails = []

    async def handle_DATA(self, _server, _session, envelope):
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 Message accepted for delivery"


class Gateway(BaseHTTPRequestHandler):
    failures = 1
    received = []
    refused = 0

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if Gateway.failures > 0:
            Gateway.failures -= 1
            Gateway.refused += 1
            self.send_response(503)
        else:
            Gateway.received.append((dict(self.headers), body))
            self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def eventually(find, seconds=40):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (found := find()):
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen")


@pytest.fixture(scope="module")
def post():
    """A bank whose mail and SMS really leave."""
    from harness.server import Server

    postbox, (smtp_port,) = Postbox(), free_ports(1)
    mail = Controller(postbox, hostname="127.0.0.1", port=smtp_port)
    mail.start()
    gateway = HTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=gateway.serve_forever, daemon=True).start()
    server = Server(
        WEKEZA_SMTP_URL=f"smtp://127.0.0.1:{smtp_port}", WEKEZA_SMTP_FROM="no-reply@wekeza.example",
        WEKEZA_SMS_URL=f"http://127.0.0.1:{gateway.server_port}/send", WEKEZA_SMS_KEY="a-key-of-the-aggregator")
    try:
        yield server.start(), postbox
    finally:
        server.close()
        mail.stop()
        gateway.shutdown()


def test_money_that_moved_is_told_by_mail_and_in_the_application(post):
    server, postbox = post
    with Client(server, "customer1") as one, Client(server, "customer2") as two:
        answer = one.transfer(one.account()["accountNumber"], two.account()["accountNumber"], "1234.00")
        assert answer.status_code == 201, answer.text
        notice = eventually(lambda: two.ok("/api/notifications")["items"])[0]
        assert notice["kind"] == "credit" and "KES 1,234.00" in notice["title"] and notice.get("readAt") is None
        assert two.ok("/api/notifications/unread-count")["count"] == 1
        assert two.ok("/api/customer-portal/dashboard")["unreadNotificationCount"] == 1
        assert two.post(f"/api/notifications/{notice['notificationId']}/read").status_code == 204
        assert two.ok("/api/customer-portal/dashboard")["unreadNotificationCount"] == 0
        sender, recipients, mail = eventually(
            lambda: [each for each in postbox.mails if each[1] == ["customer2@wekeza.example"] and "1,234.00" in each[2]["Subject"]])[0]
        assert sender == "no-reply@wekeza.example"
        assert mail["Message-ID"] and mail["Date"] and mail.get_content_type() == "text/plain"
        assert "KES 1,234.00" in mail.get_content() and "David Otieno" in mail.get_content()
        # Whoever wants no mail about debits gets none.
        assert one.put("/api/notifications/preferences", json={"events": {"debit": False}}).json()["events"]["debit"] is False
        assert one.transfer(one.account()["accountNumber"], two.account()["accountNumber"], "77.00").status_code == 201
        eventually(lambda: [each for each in postbox.mails if "77.00" in each[2]["Subject"]])
        assert not [each for each in postbox.mails if each[1] == ["customer1@wekeza.example"] and "77.00" in each[2]["Subject"]]


def test_a_code_reaches_the_phone_though_the_gateway_failed_first(post):
    server, _ = post
    with Client(server, "customer1") as one, Client(server, "customer2") as two:
        source, destination = one.account()["accountNumber"], two.account()["accountNumber"]
        asked = one.transfer(source, destination, "60000.00")
        assert asked.status_code == 403 and asked.json()["code"] == "step_up_required", asked.text
        challenge = asked.json()["challengeId"]
        headers, body = eventually(lambda: Gateway.received)[-1]
        assert Gateway.refused >= 1
        assert body["to"] == "+254711000001" and headers["Authorization"] == "Bearer a-key-of-the-aggregator"
        assert headers["Idempotency-Key"] == body["messageId"]
        code = next(word.strip(".,:") for word in body["message"].split() if word.strip(".,:").isdigit() and len(word.strip(".,:")) == 6)
        token = one.post("/api/authentication/step-up/verify", json={"challengeId": challenge, "code": code})
        assert token.status_code == 200, token.text
        with Client(server, "admin") as admin:
            sent = admin.ok("/api/notifications/outbox", recipient="+254711000001")["items"][0]
            assert sent["status"] == "sent" and sent["attempts"] >= 2
    # Neither codes nor keys are in the log.
    assert code not in server.log_text() and "a-key-of-the-aggregator" not in server.log_text()
