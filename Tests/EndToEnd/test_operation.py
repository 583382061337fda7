"""Running the program: settings, second starts, two instances side by side, signals, and commands beside a running server."""

import signal
import socket

import pytest

from harness.client import Client


def spend(server):
    with Client(server, "customer1") as client:
        source, savings = client.account()["accountNumber"], client.account(account_type="savings")["accountNumber"]
        assert client.transfer(source, savings, "77.00", narration="kept").status_code == 201
        return client.balance(source)


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM])
def test_a_clean_stop_and_a_second_start_keep_everything(make_server, with_signal):
    server = make_server().start()
    balance = spend(server)
    assert server.stop(with_signal) == 0, server.log_text()
    assert server.postmaster() is None
    server.start()
    with Client(server, "customer1") as client:
        account = client.account()
        assert client.balance(account["accountNumber"]) == balance
        assert len(client.ok("/api/customer-portal/accounts")["items"]) == 2
    assert server.run("verify").returncode == 0


def test_two_instances_side_by_side(make_server):
    one, two = make_server().start(), make_server().start()
    before = spend(two)
    spend(one)
    spend(one)
    with Client(two, "customer1") as client:
        assert client.balance(client.account()["accountNumber"]) == before
        token = client.headers["Authorization"]
    with Client(one) as client:
        assert client.get("/api/authentication/me", headers={"Authorization": token}).status_code == 401
    assert one.stop() == 0
    with Client(two, "customer2") as client:
        assert client.ok("/health")["status"] == "healthy"


def test_commands_beside_a_running_server(bank):
    verified = bank.run("verify")
    assert verified.returncode == 0, verified.stderr
    assert "hashChain" in verified.stdout and "ok" in verified.stdout
    assert bank.run("migrate").returncode == 0
    again = bank.run("seed")
    assert again.returncode == 0, again.stderr
    with Client(bank) as client:
        assert client.get("/health/ready").status_code == 200


def test_commands_without_a_server_stop_the_cluster_they_started(make_server):
    server = make_server()
    assert server.run("migrate").returncode == 0
    assert server.postmaster() is None
    seeded = server.run("seed")
    assert seeded.returncode == 0, seeded.stderr
    assert server.run("verify").returncode == 0
    assert server.postmaster() is None
    server.start()
    with Client(server, "sme_owner") as client:
        assert client.balance(client.account()["accountNumber"]) >= 1_000_000


def test_production_seeds_nothing(make_server):
    server = make_server(WEKEZA_MODE="production", WEKEZA_RATE_LIMITS="on")
    secrets = make_server().run("new-secrets")
    assert secrets.returncode == 0, secrets.stderr
    (server.home / ".env").write_text(secrets.stdout)
    server.start()
    with Client(server) as client:
        assert client.ok("/api")["mode"] == "production"
        answer = client.post("/api/authentication/login", json={"username": "admin", "password": "Admin@123"})
        assert answer.status_code == 401
    refused = server.run("seed")
    assert refused.returncode != 0 and len(refused.stderr.strip().split("\n")) == 1
    assert "Admin@123" not in server.log_text()


def test_the_demo_shows_its_logins(bank):
    text = bank.log_text()
    for word in (bank.url, "customer1", "Customer@123", "/swagger"):
        assert word in text


@pytest.mark.parametrize("settings, lines", [
    ({"WEKEZA_API_PORT": "abc"}, ['wekeza: WEKEZA_API_PORT must be a port from 1 to 65535, not "abc"']),
    ({"WEKEZA_MODE": "x"}, ['wekeza: WEKEZA_MODE must be demo or production, not "x"']),
    ({"WEKEZA_REDIS_URL": "nonsense"}, ["wekeza: WEKEZA_REDIS_URL must be an address such as redis://127.0.0.1:6379"]),
    ({"WEKEZA_DATABASE_URL": "nonsense"}, ["wekeza: WEKEZA_DATABASE_URL must be an address such as postgresql://user@host:5432/wekeza"]),
    ({"WEKEZA_API_PORT": "0", "WEKEZA_LOG_LEVEL": "x"}, [
        'wekeza: WEKEZA_API_PORT must be a port from 1 to 65535, not "0"',
        'wekeza: WEKEZA_LOG_LEVEL must be trace, debug, info, notice, warning, error or critical, not "x"']),
])
@pytest.mark.parametrize("command", ["serve", "verify"])
def test_a_wrong_setting_stops_the_start(make_server, command, settings, lines):
    result = make_server().run(command, timeout=30, **settings)
    assert result.returncode == 2
    assert result.stderr.strip().split("\n") == lines
    assert result.stdout == ""


def test_production_without_secrets_does_not_start(make_server):
    result = make_server().run("serve", timeout=30, WEKEZA_MODE="production", WEKEZA_RATE_LIMITS="on")
    assert result.returncode == 2
    assert all(line.startswith("wekeza: WEKEZA_") for line in result.stderr.strip().split("\n"))


def test_a_mistyped_name_is_pointed_out(make_server):
    server = make_server()
    (server.home / ".env").write_text("WEKEZA_API_PROT=1\n")
    result = server.run("verify", timeout=60, WEKEZA_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert "wekeza: WEKEZA_API_PROT is not a setting; did you mean WEKEZA_API_PORT?" in result.stderr


def test_a_port_in_use_is_one_clear_line(make_server):
    server = make_server()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", server.ports["API"]))
        taken.listen()
        result = server.run("serve", timeout=90)
    assert result.returncode != 0
    errors = [line for line in result.stderr.strip().split("\n") if not line.startswith("{")]
    assert len(errors) == 1 and str(server.ports["API"]) in errors[0] and "in use" in errors[0], result.stderr
    assert server.postmaster() is None


def test_an_unreachable_database_is_one_clear_line(make_server):
    result = make_server().run("verify", timeout=60, WEKEZA_DATABASE_URL="postgresql://me:hidden@127.0.0.1:1/none")
    assert result.returncode not in (0, 2)
    assert len(result.stderr.strip().split("\n")) == 1 and result.stderr.startswith("wekeza: ")
    assert "hidden" not in result.stderr


def test_a_data_directory_that_cannot_be_is_one_clear_line(make_server):
    server = make_server()
    (server.home / "file").write_text("x")
    result = server.run("migrate", timeout=60, WEKEZA_DATA_DIR=str(server.home / "file" / "var"))
    assert result.returncode != 0
    assert len(result.stderr.strip().split("\n")) == 1 and result.stderr.startswith("wekeza: ")


def test_help_and_unknown_commands(make_server):
    server = make_server()
    text = server.run("--help").stdout
    for command in ("serve", "migrate", "seed", "verify"):
        assert command in text
    unknown = server.run("frobnicate")
    assert unknown.returncode != 0 and "frobnicate" in unknown.stderr
