"""What the bank does when something it leans on goes away, and when somebody asks too often."""

import os
import shutil
import signal
import subprocess
import time
import urllib.parse

import pytest

from harness.client import Client, assert_problem
from harness.server import free_ports


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"nothing happened within {seconds} s"
        time.sleep(0.1)


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server here")
def test_a_lost_cache_degrades_and_comes_back(make_server):
    port = free_ports(1)[0]
    server = make_server(WEKEZA_REDIS_URL=f"redis://127.0.0.1:{port}", WEKEZA_RATE_LIMITS="on")
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]

    def redis():
        return subprocess.Popen(command, cwd=server.home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    running = redis()
    try:
        server.start()
        with Client(server, "customer1") as client:
            def cache():
                answer = client.get("/health/ready")
                assert answer.status_code == 200
                return answer.json()["checks"]["cache"]["status"]

            until(lambda: cache() == "up")
            running.terminate()
            running.wait(20)
            until(lambda: cache() == "degraded")
            assert client.ok("/health")["status"] == "degraded"
            assert client.ok("/api/customer-portal/accounts")["items"]
            running = redis()
            until(lambda: cache() == "up")
    finally:
        running.kill()
        running.wait()


def test_a_lost_database_is_started_again_by_the_program(make_server):
    server = make_server().start()
    with Client(server, "customer1") as client:
        source, savings = client.account()["accountNumber"], client.account(account_type="savings")["accountNumber"]
        assert client.transfer(source, savings, "10.00", narration="before").status_code == 201
        balance = client.balance(source)
        lost = server.postmaster()
        os.kill(lost, signal.SIGKILL)
        assert client.get("/health/live").status_code == 200
        until(lambda: server.postmaster() not in (None, lost))
        until(lambda: client.get("/health/ready").status_code == 200)
        assert client.balance(source) == balance
        until(lambda: client.transfer(source, savings, "10.00", key="after-the-loss").status_code == 201)
        assert client.balance(source) == balance - 10
    assert server.run("verify").returncode == 0
    assert server.stop() == 0 and server.postmaster() is None


def test_too_many_requests(make_server):
    server = make_server(WEKEZA_RATE_LIMITS="on").start()
    with Client(server) as client:
        body = {"username": "nobody", "password": "nothing"}
        answers = [client.post("/api/authentication/login", json=body | {"username": f"nobody{number}"}) for number in range(21)]
        assert [answer.status_code for answer in answers] == [401] * 20 + [429]
        assert_problem(answers[20], 429, "rate_limited")
        assert int(answers[20].headers["retry-after"]) > 0
        assert answers[0].headers["ratelimit-limit"] == "20" and answers[20].headers["ratelimit-remaining"] == "0"
        assert client.get("/health/live").status_code == 200


def test_a_named_database_whose_owner_is_no_superuser(make_server):
    keeper = make_server().start()
    keeper.sql("CREATE ROLE bank_owner LOGIN CREATEROLE")
    keeper.sql("CREATE DATABASE bank OWNER bank_owner")
    socket_directory = urllib.parse.quote(keeper.socket_directory(), safe="")
    url = f"postgresql://bank_owner@/bank?host={socket_directory}&port={keeper.cluster_port()}"
    server = make_server(WEKEZA_DATABASE_URL=url).start()
    with Client(server, "customer1") as client:
        source, savings = client.account()["accountNumber"], client.account(account_type="savings")["accountNumber"]
        assert client.transfer(source, savings, "10.00").status_code == 201
    assert server.postmaster() is None
    assert server.run("verify").returncode == 0
    # The bank's sessions have given the owner's rights away.
    denied = subprocess.run(
        ["psql", "-X", url + "&options=-c%20role%3Dwekeza_app", "-c", "DELETE FROM ledger.journal"], capture_output=True, text=True,
        timeout=30)
    assert denied.returncode != 0 and "permission denied" in denied.stderr
    assert server.stop() == 0
