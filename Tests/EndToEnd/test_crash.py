"""kill -9 at any moment: what was acknowledged is there exactly once, and what is unknown is settled by repeating its key."""

import os
import signal
import threading
import time
import uuid
from decimal import Decimal

import httpx
import pytest

from harness.client import Client

CLIENTS = 8
MAXIMUM_ORDERS = 400


class Load:
    """Clients that send transfers, each with its own key and narration, until they are told to stop."""

    def __init__(self, server, user="customer1"):
        self.server = server
        with Client(server, user) as client:
            self.token = client.headers["Authorization"]
            self.source = client.account()["accountNumber"]
            self.destination = client.account(account_type="savings")["accountNumber"]
        self.acknowledged = {}
        self.unknown = []
        self.refused = []
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.send_many, args=(number,)) for number in range(CLIENTS)]

    def send_many(self, number):
        with Client(self.server) as client:
            client.headers["Authorization"] = self.token
            for order in range(MAXIMUM_ORDERS // CLIENTS):
                if self.stopping.is_set():
                    return
                key = f"crash-{number}-{order}-{uuid.uuid4()}"
                self.send(client, key)

    def send(self, client, key):
        try:
            answer = client.transfer(self.source, self.destination, "1.00", key=key, narration=key)
        except httpx.HTTPError:
            with self.lock:
                self.unknown.append(key)
            time.sleep(0.05)
            return
        with self.lock:
            if answer.status_code == 201:
                self.acknowledged[key] = answer.json()["transactionId"]
            elif answer.status_code == 503:
                # Nothing has happened, says the contract: the key may be sent again.
                self.unknown.append(key)
                time.sleep(0.05)
            else:
                self.refused.append((key, answer.status_code, answer.text))

    def run_until(self, acknowledged):
        for thread in self.threads:
            thread.start()
        end = time.monotonic() + 60
        while len(self.acknowledged) < acknowledged and time.monotonic() < end:
            time.sleep(0.005)

    def finish(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(90)
            assert not thread.is_alive()

    def settle(self):
        """After the restart: repeats every unknown key until it has an answer, then looks at the account."""
        with Client(self.server, "customer1") as client:
            for key in self.unknown:
                for _ in range(150):
                    answer = client.transfer(self.source, self.destination, "1.00", key=key, narration=key)
                    # Sessions of the database that died are noticed when they are used; then the answer is "try again".
                    if answer.status_code != 503:
                        break
                    time.sleep(0.1)
                assert answer.status_code == 201, answer.text
                self.acknowledged[key] = answer.json()["transactionId"]
            for key in list(self.acknowledged)[:20]:
                again = client.transfer(self.source, self.destination, "1.00", key=key, narration=key)
                assert again.status_code == 201 and again.headers["idempotent-replayed"] == "true"
                assert again.json()["transactionId"] == self.acknowledged[key]
            items = client.every(f"/api/customer-portal/accounts/{self.source}/transactions", limit=200)
        found = {}
        for item in items:
            if (item.get("narration") or "").startswith("crash-") and item["type"] == "transfer":
                found.setdefault(item["narration"], []).append(item["transactionId"])
        assert self.refused == [], [line for line in self.server.log_text().split("\n") if '"level":"error"' in line][:5]
        assert found == {key: [transaction] for key, transaction in self.acknowledged.items()}
        for newer, older in zip(items, items[1:]):
            signed = Decimal(newer["amount"]) * (1 if newer["direction"] == "credit" else -1)
            assert Decimal(newer["balanceAfter"]) == Decimal(older["balanceAfter"]) + signed


def assert_verified(server):
    result = server.run("verify")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("acknowledged", [1, 60])
def test_the_program_is_killed_under_load(make_server, acknowledged):
    server = make_server().start()
    load = Load(server)
    load.run_until(acknowledged)
    server.kill()
    load.finish()
    assert len(load.acknowledged) >= acknowledged
    server.start()
    load.settle()
    assert_verified(server)
    assert server.stop() == 0
    assert server.postmaster() is None


def test_the_database_is_killed_under_load(make_server):
    server = make_server().start()
    load = Load(server)
    load.run_until(40)
    os.kill(server.postmaster(), signal.SIGKILL)
    time.sleep(1)
    with Client(server) as client:
        assert client.get("/health/live").status_code == 200
    load.finish()
    server.stop(signal.SIGTERM)
    server.start()
    load.settle()
    assert_verified(server)


def test_a_backend_is_killed_under_load(make_server):
    """PostgreSQL restarts all its sessions; the program mends itself without a restart."""
    server = make_server().start()
    load = Load(server)
    load.run_until(30)
    victim = server.sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1")
    os.kill(int(victim), signal.SIGKILL)
    time.sleep(1)
    load.finish()
    end = time.monotonic() + 30
    with Client(server) as client:
        while client.get("/health/ready").status_code != 200 and time.monotonic() < end:
            time.sleep(0.1)
    load.settle()
    assert_verified(server)
