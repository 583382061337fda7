"""The close of day in the real program: by the command line and over HTTP, killed at random moments, beside customers at work."""

import random
import signal
import subprocess
import time
from datetime import date, timedelta
from decimal import Decimal

from harness.client import Client
from harness.server import binary


def wait_for(client, run_id, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        run = client.ok(f"/api/cob/runs/{run_id}")
        if run["status"] != "running":
            return run
        time.sleep(0.1)
    raise AssertionError("the run does not end")


def business_date(client):
    return date.fromisoformat(client.ok("/api/cob/business-date")["businessDate"])


def furnish(server):
    """Deposits that end within the days to be closed; who has which, and what it began with."""
    with Client(server, "customer1") as client:
        source = client.account()["id"]
        for days, instruction in ((7, "payOut"), (20, "renewAll")):
            answer = client.post("/api/deposits/fixed-deposits", json={
                "fromAccountId": source, "productCode": "FD01", "amount": "50000.00", "currency": "KES", "termInDays": days,
                "maturityInstruction": instruction})
            assert answer.status_code == 201, answer.text
        answer = client.post("/api/deposits/recurring-deposits", json={
            "fromAccountId": source, "productCode": "RD01", "monthlyInstallment": "1000.00", "currency": "KES",
            "tenureInMonths": 3, "autoDebit": True})
        assert answer.status_code == 201, answer.text


def books(server):
    """Everything that must not depend on accidents: the trial balance, customers' balances and deposits."""
    with Client(server, "productGL1") as finance, Client(server, "customer1") as customer:
        lines = finance.ok("/api/generalledger/trial-balance")["lines"]
        trial = {(line["glCode"], line["currency"]): (line["debitBalance"], line["creditBalance"]) for line in lines}
        accounts = sorted((account["accountType"], account["balance"]) for account in customer.every("/api/customer-portal/accounts"))
        deposits = sorted((deposit["depositType"], deposit["status"], deposit["principalAmount"], deposit["startDate"])
                          for deposit in customer.every("/api/deposits"))
        return trial, accounts, deposits


def test_a_run_killed_again_and_again_ends_with_the_books_of_an_undisturbed_one(make_server):
    undisturbed, disturbed = make_server().start(), make_server().start()
    for server in (undisturbed, disturbed):
        furnish(server)
    with Client(undisturbed, "admin") as admin:
        first = business_date(admin)
        last = first + timedelta(days=40)
        started = admin.post("/api/cob/runs", json={"throughDate": last.isoformat()})
        assert started.status_code == 202, started.text
        run = wait_for(admin, started.json()["runId"])
        assert run["status"] == "completed" and run["exceptions"] == [], run
        assert [step["name"] for step in run["steps"]][-1] == "dateRoll"
        assert business_date(admin) == last + timedelta(days=1)

    # The command line beside the server; both are killed at random moments, and started again.
    dice = random.Random(7)
    environment = disturbed.environment
    for _ in range(6):
        process = subprocess.Popen(
            [binary(), "close-day", "--through", last.isoformat()], env=environment, cwd=disturbed.home,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0.3, 2.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        if dice.random() < 0.5:
            disturbed.kill()
            disturbed.start()
    with Client(disturbed, "admin") as admin:
        end = time.monotonic() + 180
        while business_date(admin) <= last and time.monotonic() < end:
            runs = admin.ok("/api/cob/runs")["items"]
            if not runs or runs[0]["status"] == "completed":
                admin.post("/api/cob/runs", json={"throughDate": last.isoformat()})
            time.sleep(0.3)
        assert business_date(admin) == last + timedelta(days=1)
    assert books(disturbed) == books(undisturbed)
    for server in (undisturbed, disturbed):
        assert server.run("verify").returncode == 0


def test_customers_transfer_while_days_are_closed(make_server):
    server = make_server().start()
    with Client(server, "admin") as admin, Client(server, "customer1") as customer:
        source, destination = customer.account()["accountNumber"], customer.account(account_type="savings")["accountNumber"]
        before = Decimal(customer.balance(source))
        last = business_date(admin) + timedelta(days=10)
        started = admin.post("/api/cob/runs", json={"throughDate": last.isoformat()}).json()
        again = admin.post("/api/cob/runs", json={})
        assert again.status_code in (202, 409)
        sent = 0
        while admin.ok(f"/api/cob/runs/{started['runId']}")["status"] == "running":
            answer = customer.transfer(source, destination, "1.00")
            assert answer.status_code == 201, answer.text
            sent += 1
        assert Decimal(customer.balance(source)) == before - sent
        savings = customer.ok(f"/api/accounts/{destination}/balance")
        assert Decimal(savings["balance"]) > 0
    assert server.run("verify").returncode == 0


def test_a_dry_run_shows_and_posts_nothing(make_server):
    server = make_server().start()
    with Client(server, "productGL1") as finance:
        before = finance.ok("/api/generalledger/trial-balance")["lines"]
        shown = server.run("close-day", "--dry-run")
        assert shown.returncode == 0 and "interestAccrual" in shown.stdout, shown
        assert finance.ok("/api/generalledger/trial-balance")["lines"] == before


def test_jobs_of_the_administrator(bank, clients):
    admin = clients("admin")
    jobs = {job["jobName"]: job for job in admin.ok("/api/administrator/jobs")["items"]}
    assert {"close-of-day-catch-up", "fold-movements", "partition-maintenance"} <= set(jobs)
    paused = admin.post("/api/administrator/jobs/identity-purge/pause")
    assert paused.status_code == 200 and paused.json()["status"] == "paused"
    assert admin.post("/api/administrator/jobs/identity-purge/resume").json()["isPaused"] is False
    assert admin.post("/api/administrator/jobs/identity-purge/run").status_code == 202
    assert admin.post("/api/administrator/jobs/no-such-job/run").status_code == 404
    assert clients("teller1").get("/api/administrator/jobs").status_code == 403
