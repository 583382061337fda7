"""Standing orders by the real program: given over HTTP, run by its own job, once, also across a kill."""

import time
from decimal import Decimal

from harness.client import Client, assert_problem

ORDERS = "/api/payments/standing-orders"


def order(client, source, destination, amount, start, **more):
    return client.post(ORDERS, json={
        "kind": "internal", "fromAccountId": source["id"], "toAccountNumber": destination["accountNumber"], "amount": amount,
        "currency": "KES", "frequency": "monthly", "startDate": start, "narration": "Rent"} | more)


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.2)
    raise AssertionError("it did not happen")


def test_what_is_due_runs_by_itself_and_once(make_server):
    server = make_server().start()
    with Client(server, "customer1") as one, Client(server, "customer2") as two:
        source, destination = one.account(), two.account()
        today = one.ok(f"/api/customer-portal/accounts/{source['id']}/balance")["businessDate"]
        before = two.balance(destination["accountNumber"])
        answer = order(one, source, destination, "100.00", today, dayOfMonth=int(today[8:]), maxRuns=1)
        assert answer.status_code == 201, answer.text
        identifier = answer.json()["standingOrderId"]
        assert answer.json()["nextRunDate"] == today
        until(lambda: one.ok(f"{ORDERS}/{identifier}")["status"] == "ended")
        assert two.balance(destination["accountNumber"]) == before + Decimal("100.00")
        # Another one is due when the program is killed and comes back: still once.
        second = order(one, source, destination, "33.00", today, maxRuns=1).json()
        server.kill()
        server.start()
    with Client(server, "customer1") as one, Client(server, "customer2") as two:
        until(lambda: one.ok(f"{ORDERS}/{second['standingOrderId']}")["status"] == "ended", seconds=90)
        assert two.balance(destination["accountNumber"]) == before + Decimal("133.00")
        history = two.ok(f"/api/customer-portal/accounts/{destination['id']}/transactions", type="transfer")["items"]
        assert [item["amount"] for item in history if item["reference"].startswith("STO")] == ["33.00", "100.00"]


def test_month_ends_and_leap_days(clients):
    one, two = clients("customer1"), clients("customer2")
    source, destination = one.account(), two.account()
    first = order(one, source, destination, "10.00", "2031-01-31", dayOfMonth=31).json()
    assert first["nextRunDate"] == "2031-01-31"
    shorter = order(one, source, destination, "10.00", "2031-02-01", dayOfMonth=31).json()
    assert shorter["nextRunDate"] == "2031-02-28"
    leap = order(one, source, destination, "10.00", "2032-02-01", dayOfMonth=30).json()
    assert leap["nextRunDate"] == "2032-02-29"
    yearly = order(one, source, destination, "10.00", "2032-02-29", frequency="yearly").json()
    assert yearly["nextRunDate"] == "2032-02-29"
    assert_problem(order(one, source, destination, "10.00", "2031-02-29"), 422, "validation_failed", "startDate", "invalid_format")
    assert_problem(order(one, source, destination, "10.00", "2001-01-01"), 422, "validation_failed", "startDate", "in_past")
    assert_problem(order(one, source, destination, "10.00", "2031-01-01", kind="bank"), 422, "validation_failed", "kind", "not_allowed")
    assert_problem(order(one, destination, source, "10.00", "2031-01-01"), 404, "account_not_found")
    for each in (first, shorter, leap, yearly):
        assert one.delete(f"{ORDERS}/{each['standingOrderId']}").status_code == 204
    assert {item["status"] for item in one.every(ORDERS, status="ended")} == {"ended"}
