"""One demo bank for all tests that leave it in order, and a maker of further instances for those that do not."""

import time

import pytest

from harness.client import Client
from harness.server import Server


@pytest.fixture(scope="session")
def bank():
    with Server() as server:
        yield server.start()


@pytest.fixture
def make_server():
    servers = []

    def make(**settings):
        servers.append(Server(**settings))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def clients(bank):
    """Signed-in clients by user name; each user signs in once, and again before the token of 10 minutes runs out."""
    made = {}

    def client(username):
        if username not in made:
            made[username] = Client(bank, username)
        elif time.monotonic() - made[username].signed_in_at > 240:
            made[username].sign_in()
        return made[username]

    yield client
    for each in made.values():
        each.close()


@pytest.fixture(scope="session")
def anybody(bank):
    with Client(bank) as client:
        yield client
