"""The one job everything rests on: money moves once, exactly, on both sides, and the books prove it."""

import threading
import uuid
from decimal import Decimal

import pytest

from harness.client import Client, assert_problem

TRANSFER = "/api/customer-portal/transactions/transfer"


@pytest.fixture(scope="module")
def one(clients):
    return clients("customer1")


@pytest.fixture(scope="module")
def two(clients):
    return clients("customer2")


@pytest.fixture(scope="module")
def source(one):
    return one.account()["accountNumber"]


@pytest.fixture(scope="module")
def destination(two):
    return two.account()["accountNumber"]


def assert_books_are_right(controller):
    proof = controller.ok("/api/generalledger/verify")
    assert proof["status"] == "ok", proof
    assert {check["name"] for check in proof["checks"]} >= {
        "journalsBalanced", "trialBalanceZero", "balancesMatchEntries", "subledgerMatchesControl", "holdsMatchAvailable",
        "noForbiddenNegative", "externalReferencesUnique", "hashChain", "auditChain"}
    assert all(check["passed"] for check in proof["checks"])
    for total in controller.ok("/api/generalledger/trial-balance")["totals"]:
        assert total["balanced"] and total["totalDebit"] == total["totalCredit"], total
    return proof


def test_a_transfer_moves_money_on_both_sides(one, two, source, destination, clients):
    before = one.balance(source), two.balance(destination)
    answer = one.transfer(source, destination, "1500.00", narration="Rent é 😀", beneficiaryName="Jane")
    assert answer.status_code == 201, answer.text
    body = answer.json()
    fee, excise = Decimal(body["fee"]), Decimal(body["excise"])
    assert body["status"] == "completed" and body["amount"] == "1500.00" and body["currency"] == "KES"
    assert body["narration"] == "Rent é 😀" and answer.headers["location"] and answer.headers["idempotency-key"]
    assert excise == (fee * 15 / 100).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
    assert one.balance(source) == before[0] - 1500 - fee - excise == Decimal(body["balanceAfter"])
    assert two.balance(destination) == before[1] + 1500
    mine = one.ok(f"/api/customer-portal/accounts/{source}/transactions", limit=5)["items"]
    theirs = two.ok(f"/api/customer-portal/accounts/{destination}/transactions", limit=1)["items"][0]
    main = next(item for item in mine if item["transactionId"] == body["transactionId"])
    assert main["direction"] == "debit" and main["type"] == "transfer" and main["journalId"] == body["journalId"]
    assert theirs["transactionId"] == body["transactionId"] and theirs["direction"] == "credit"
    assert theirs["counterpartyAccountNumber"].endswith(source[-4:]) and theirs["counterpartyAccountNumber"] != source
    if fee:
        extra = {item["type"]: item for item in mine if item["reference"] == body["reference"] and item is not main}
        assert Decimal(extra["fee"]["amount"]) == fee and Decimal(extra["excise"]["amount"]) == excise
    journal = clients("productGL1").ok(f"/api/generalledger/journal-entries/{body['journalId']}")
    lines = journal["lines"]
    assert sum(Decimal(line["debitAmount"]) for line in lines) == sum(Decimal(line["creditAmount"]) for line in lines)
    assert_books_are_right(clients("productGL1"))


def test_running_balances_chain_without_gaps(one, source):
    for _ in range(3):
        assert one.transfer(source, one.account(account_type="savings")["accountNumber"], "10.00").status_code == 201
    items = one.every(f"/api/customer-portal/accounts/{source}/transactions", limit=3)
    for newer, older in zip(items, items[1:]):
        signed = Decimal(newer["amount"]) * (1 if newer["direction"] == "credit" else -1)
        assert Decimal(newer["balanceAfter"]) == Decimal(older["balanceAfter"]) + signed
    assert Decimal(items[0]["balanceAfter"]) == one.balance(source)


def test_own_accounts_are_free(one, source):
    savings = one.account(account_type="savings")["accountNumber"]
    body = one.transfer(source, savings, "200.00").json()
    assert body["fee"] == "0.00" and body["excise"] == "0.00"
    assert one.transfer(savings, source, 200).status_code == 201


def test_a_repeat_with_the_same_key_moves_nothing(one, source, destination):
    key = str(uuid.uuid4())
    first = one.transfer(source, destination, "12.34", key=key)
    balance = one.balance(source)
    again = one.transfer(source, destination, "12.34", key=key)
    assert first.status_code == again.status_code == 201 and first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true" and "idempotent-replayed" not in first.headers
    assert one.balance(source) == balance
    assert_problem(one.transfer(source, destination, "12.35", key=key), 422, "idempotency_key_reused")
    assert one.balance(source) == balance


def test_a_key_sent_by_many_at_once_moves_money_once(bank, one, source, destination):
    key = str(uuid.uuid4())
    balance = one.balance(source)
    answers = []

    def send():
        with Client(bank) as client:
            client.headers["Authorization"] = one.headers["Authorization"]
            answers.append(client.transfer(source, destination, "100.00", key=key))

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    done = [answer for answer in answers if answer.status_code == 201]
    assert len(answers) == 12 and done
    assert all(answer.status_code == 201 or answer.json()["code"] == "idempotency_in_progress" for answer in answers)
    assert len({answer.json()["transactionId"] for answer in done}) == 1
    body = done[0].json()
    assert one.balance(source) == balance - 100 - Decimal(body["fee"]) - Decimal(body["excise"])


def test_parallel_transfers_behave_as_one_after_the_other(bank, one, two, source, destination):
    before = one.balance(source), two.balance(destination)
    answers = []

    def send():
        with Client(bank) as client:
            client.headers["Authorization"] = one.headers["Authorization"]
            for _ in range(10):
                answers.append(client.transfer(source, destination, "5.00"))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [answer.status_code for answer in answers] == [201] * 80
    spent = sum(5 + Decimal(answer.json()["fee"]) + Decimal(answer.json()["excise"]) for answer in answers)
    assert one.balance(source) == before[0] - spent and two.balance(destination) == before[1] + 400
    assert len({answer.json()["balanceAfter"] for answer in answers}) == 80


@pytest.mark.parametrize("change, status, code, field", [
    ({"toAccountNumber": "0010000000000"}, 404, "destination_not_found", None),
    ({"fromAccountNumber": "0010000000000"}, 404, "account_not_found", None),
    ({"toAccountNumber": "SOURCE"}, 422, "same_account", None),
    ({"currency": "USD"}, 422, "currency_mismatch", None),
    ({"currency": "QQQ"}, 422, "validation_failed", ("currency", "unknown_currency")),
    ({"amount": "9999999.00"}, 422, "limit_exceeded", None),
    ({"amount": "0"}, 422, "validation_failed", ("amount", "not_positive")),
    ({"amount": "0.00"}, 422, "validation_failed", ("amount", "not_positive")),
    ({"amount": -5}, 422, "validation_failed", ("amount", "not_positive")),
    ({"amount": "1.005"}, 422, "validation_failed", ("amount", "too_many_decimals")),
    ({"amount": "1.500"}, 422, "validation_failed", ("amount", "too_many_decimals")),
    ({"amount": "12345678901234"}, 422, "validation_failed", ("amount", "out_of_range")),
    ({"amount": "1,000"}, 422, "validation_failed", ("amount", "invalid_format")),
    ({"amount": "1e3"}, 422, "validation_failed", ("amount", "invalid_format")),
    ({"amount": " 1"}, 422, "validation_failed", ("amount", "invalid_format")),
    ({"amount": None}, 422, "validation_failed", ("amount", "required")),
    ({"amount": True}, 422, "validation_failed", ("amount", "wrong_type")),
    ({"amount": {"value": 1}}, 422, "validation_failed", ("amount", "wrong_type")),
    ({"narration": "x" * 141}, 422, "validation_failed", ("narration", "too_long")),
    ({"narration": "a\u0000b"}, 422, "validation_failed", ("narration", "invalid_format")),
    ({"transactionId": "not-an-id"}, 422, "validation_failed", ("transactionId", "invalid_format")),
    ({"amount": "60000.00"}, 403, "step_up_required", None),
])
def test_refusals_change_nothing(one, source, destination, change, status, code, field):
    balance = one.balance(source)
    body = {"fromAccountNumber": source, "toAccountNumber": destination, "amount": "10.00", "currency": "KES"} | change
    if body["toAccountNumber"] == "SOURCE":
        body["toAccountNumber"] = source
    answer = one.post(TRANSFER, json=body)
    assert_problem(answer, status, code, *(field or ()))
    assert one.balance(source) == balance


def test_what_belongs_to_others_is_not_there(one, two, destination, clients):
    mine, theirs = one.account(), two.account()
    account = "/api/customer-portal/accounts/"
    for path in (theirs["id"], theirs["accountNumber"]):
        for suffix in ("", "/balance", "/transactions"):
            foreign = one.get(f"{account}{path}{suffix}")
            missing = one.get(f"{account}{uuid.uuid4()}{suffix}")
            assert_problem(foreign, 404, "account_not_found")
            assert foreign.json()["detail"] == missing.json()["detail"]
        assert_problem(one.get(f"/api/accounts/{path}"), 404, "account_not_found")
    assert_problem(one.transfer(theirs["accountNumber"], mine["accountNumber"], "10.00"), 404, "account_not_found")
    made = two.transfer(destination, two.account(account_type="savings")["accountNumber"], "1.00")
    assert made.status_code == 201, made.text
    assert_problem(one.get(f"/api/customer-portal/transactions/{made.json()['transactionId']}"), 404)
    assert_problem(one.get("/api/generalledger/trial-balance"), 403, "forbidden")
    assert_problem(clients("teller1").get("/api/customer-portal/accounts"), 403, "forbidden")
    assert_problem(clients("corporate_checker").post(TRANSFER, json={}), 403, "forbidden")


def test_a_frozen_account_refuses_and_stays_readable(one, source, destination, clients):
    supervisor, manager = clients("supervisor1"), clients("manager1")
    freeze = supervisor.patch(f"/api/accounts/{source}/freeze", json={"reason": "Court order 12"})
    assert freeze.status_code == 200 and freeze.json()["status"] == "frozen", freeze.text
    try:
        assert_problem(one.transfer(source, destination, "10.00"), 422, "account_frozen", "fromAccountNumber")
        assert one.balance(source) >= 0
        assert_problem(supervisor.patch(f"/api/accounts/{source}/freeze", json={"reason": "Court order 12"}), 409, "invalid_state")
    finally:
        thaw = manager.patch(f"/api/accounts/{source}/unfreeze", json={"reason": "Order lifted"})
    assert thaw.status_code == 200 and thaw.json()["status"] == "active"
    assert one.transfer(source, destination, "10.00").status_code == 201


def test_balances_of_the_past(one, source):
    now = one.ok(f"/api/customer-portal/accounts/{source}/balance")
    body = one.transfer(source, one.account(account_type="savings")["accountNumber"], "3.00").json()
    assert one.ok(f"/api/customer-portal/accounts/{source}/balance", asOf=now["asOf"])["balance"] == now["balance"]
    assert one.ok(f"/api/customer-portal/accounts/{source}/balance", asOf="1999-01-01")["balance"] == "0.00"
    assert_problem(one.get(f"/api/customer-portal/accounts/{source}/balance?asOf=2999-01-01"), 422, "validation_failed", "asOf")
    assert one.ok(f"/api/customer-portal/accounts/{source}/balance", asOf=body["postedAt"])["balance"] == body["balanceAfter"]


def test_beneficiaries_need_a_second_factor(one, destination):
    answer = one.post("/api/customer-portal/beneficiaries", json={
        "nickname": "Jane", "beneficiaryName": "Jane W", "kind": "internal", "accountNumber": destination})
    problem = assert_problem(answer, 403, "step_up_required")
    assert problem["challengeId"] and problem["methods"] and problem["expiresAt"]
    assert one.ok("/api/customer-portal/beneficiaries")["items"] == []


def test_the_books_are_right_at_the_end(clients):
    assert_books_are_right(clients("productGL1"))
