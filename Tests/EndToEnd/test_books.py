"""The books as a financial controller and an outsider see them: statements, proofs, holds."""

import copy
import uuid
from decimal import Decimal

import pytest

from harness.client import assert_problem
from harness.journal_proof import check


@pytest.fixture(scope="module")
def controller(clients):
    return clients("productGL1")


@pytest.fixture(scope="module")
def posted(clients):
    """Some transfers with fees between two customers."""
    one, other = clients("customer1"), clients("customer2")
    source, target = one.account()["accountNumber"], other.account()["accountNumber"]
    answers = [one.transfer(source, target, f"{amount}.00", narration=f"Ünïcode № {amount}") for amount in (1500, 2500, 3500)]
    assert [each.status_code for each in answers] == [201] * 3, [each.text for each in answers]
    return [each.json() for each in answers]


def net(line):
    return Decimal(line["creditBalance"]) - Decimal(line["debitBalance"])


def test_statements_agree_with_the_trial_balance(controller, posted):
    trial = controller.ok("/api/generalledger/trial-balance")
    sheet = controller.ok("/api/generalledger/balance-sheet", asOf=trial["asOf"])
    assert sheet["asOf"] == sheet["businessDate"] == trial["asOf"]
    assert [each["currency"] for each in sheet["currencies"]] == sorted({line["currency"] for line in trial["lines"]})
    for each in sheet["currencies"]:
        lines = [line for line in trial["lines"] if line["currency"] == each["currency"]]
        by_type = {kind: sum(net(line) for line in lines if line["accountType"] == kind)
                   for kind in ("asset", "liability", "equity", "income", "expense", "memorandum")}
        assert Decimal(each["totalAssets"]) == -by_type["asset"]
        assert Decimal(each["totalLiabilities"]) == by_type["liability"]
        assert Decimal(each["totalEquity"]) == by_type["equity"]
        assert Decimal(each["currentResult"]) == by_type["income"] + by_type["expense"]
        assert Decimal(each["totalPositions"]) == by_type["memorandum"]
        assert each["balanced"] and each["totalAssets"] == each["totalLiabilitiesAndEquity"]
        shown = {line["glCode"]: Decimal(line["amount"]) for section in ("assets", "liabilities", "equity", "positions")
                 for line in each[section]["lines"]}
        for line in lines:
            if line["accountType"] not in ("income", "expense"):
                assert shown[line["glCode"]] == (-net(line) if line["accountType"] == "asset" else net(line))
        assert all(line["glName"] and line["category"] and line["currency"] == each["currency"] for line in each["assets"]["lines"])
    # The demo bank has rates for every currency that it keeps books in.
    rates = {each["currency"]: Decimal(each["midRate"]) for each in sheet["kesEquivalent"]["rates"]} | {"KES": Decimal(1)}
    assert sheet["kesEquivalent"]["currency"] == "KES"
    valued = sum(Decimal(each["totalAssets"]) * rates[each["currency"]] for each in sheet["currencies"])
    assert abs(valued - Decimal(sheet["kesEquivalent"]["totalAssets"])) <= Decimal("0.01") * len(rates)

    income = controller.ok("/api/generalledger/income-statement", **{"from": "2000-01-01", "to": trial["asOf"]})
    results = {each["currency"]: each["result"] for each in income["currencies"]}
    for each in sheet["currencies"]:
        assert Decimal(results.get(each["currency"], "0")) == Decimal(each["currentResult"])
    kes = next(each for each in income["currencies"] if each["currency"] == "KES")
    assert any(line["glCode"] == "4001" and Decimal(line["amount"]) > 0 for line in kes["income"]["lines"])
    assert Decimal(kes["totalIncome"]) - Decimal(kes["totalExpenses"]) == Decimal(kes["result"])
    # Without dates: this year until today.
    this_year = controller.ok("/api/generalledger/income-statement")
    assert (this_year["from"], this_year["to"]) == (trial["asOf"][:4] + "-01-01", trial["asOf"])


def test_statements_of_other_days(controller, posted):
    assert controller.ok("/api/generalledger/balance-sheet", asOf="2001-01-01")["currencies"] == []
    assert controller.ok("/api/generalledger/income-statement", **{"from": "2001-01-01", "to": "2001-12-31"})["currencies"] == []
    for path, field in (("balance-sheet?asOf=2999-01-01", "asOf"), ("income-statement?to=2999-01-01", "to"),
                        ("income-statement?from=2999-01-01", "from"), ("income-statement?from=2026-02-01&to=2026-01-01", "from")):
        assert_problem(controller.get(f"/api/generalledger/{path}"), 422, "validation_failed", field, "out_of_range")
    for path, field in (("balance-sheet?asOf=today", "asOf"), ("income-statement?from=2026-02-30", "from")):
        assert_problem(controller.get(f"/api/generalledger/{path}"), 422, "validation_failed", field, "invalid_format")


@pytest.mark.parametrize("path", ["balance-sheet", "income-statement", f"journal-entries/{uuid.uuid4()}/proof"])
def test_the_books_are_not_for_everybody(clients, anybody, path):
    path = f"/api/generalledger/{path}"
    assert_problem(anybody.get(path), 401, "authentication_required")
    for user in ("customer1", "teller1", "manager1", "compliance1"):
        assert_problem(clients(user).get(path), 403, "forbidden")
    for user in ("productGL1", "executive1", "admin"):
        assert clients(user).get(path).status_code == (404 if path.endswith("proof") else 200)


def test_a_proof_convinces_an_outsider(controller, posted):
    head = controller.ok("/api/generalledger/verify")["chainHead"]
    for transfer in posted:
        path = f"/api/generalledger/journal-entries/{transfer['journalId']}"
        journal, proof = controller.ok(path), controller.ok(path + "/proof")
        assert proof["pathComplete"] and proof["chainHead"] == head
        check(proof)
        assert (proof["hash"], proof["previousHash"]) == (journal["hash"], journal["previousHash"])
        assert proof["content"]["narration"] == transfer["narration"] == journal["description"]
        assert [int(line["minorUnits"]) for line in proof["content"]["lines"]] == [
            int((Decimal(line["creditAmount"]) - Decimal(line["debitAmount"])) * 100) for line in journal["lines"]]
        # Another bank's books, or a line too many: nobody is convinced.
        for forge in (lambda p: p["content"].update(narration="forged"), lambda p: p["content"]["lines"].pop(),
                      lambda p: p["content"]["lines"][0].update(minorUnits="-1"), lambda p: p.update(previousHash="00" * 32),
                      lambda p: p.update(canonical=p["canonical"][:-4] + "AAAA"), lambda p: p.update(chainHead="00" * 32)):
            forged = copy.deepcopy(proof)
            forge(forged)
            with pytest.raises(AssertionError):
                check(forged)


def test_every_journal_of_the_demo_bank_can_be_proved_in_pieces(controller):
    journals = controller.every("/api/generalledger/journal-entries", limit=200)
    assert len(journals) > 5
    oldest = journals[-1]["journalId"]
    pieces, hashes = 0, None
    while True:
        proof = controller.ok(f"/api/generalledger/journal-entries/{oldest}/proof", limit=2)
        assert hashes in (None, proof["hash"])
        hashes = check(proof)
        pieces += 1
        if proof["pathComplete"]:
            break
        oldest = proof["path"][-1]["journalId"]
    assert pieces > 1
    for journal in journals[:20]:
        check(controller.ok(f"/api/generalledger/journal-entries/{journal['journalId']}/proof"))
    for limit in ("0", "1001", "x"):
        answer = controller.get(f"/api/generalledger/journal-entries/{oldest}/proof", params={"limit": limit})
        assert_problem(answer, 422, "validation_failed", "limit")
    assert_problem(controller.get("/api/generalledger/journal-entries/nonsense/proof"), 404, "not_found")


def test_holds_over_the_wire(clients):
    owner, supervisor = clients("customer1"), clients("supervisor1")
    account = owner.account()
    path = f"/api/accounts/{account['accountNumber']}/holds"
    before = Decimal(owner.ok(f"/api/customer-portal/accounts/{account['id']}")["availableBalance"])
    placed = supervisor.post(path, json={"amount": "150.50", "currency": "KES", "reason": "Court order"})
    assert placed.status_code == 201, placed.text
    hold = placed.json()
    assert {"holdId", "amount", "currency", "reason", "status", "placedAt"} <= hold.keys() and hold["status"] == "active"
    assert Decimal(owner.ok(f"/api/customer-portal/accounts/{account['id']}")["availableBalance"]) == before - Decimal("150.50")
    assert [each["holdId"] for each in clients("teller1").ok(path, status="active")["items"]][0] == hold["holdId"]
    assert_problem(owner.get(path), 403, "forbidden")
    assert supervisor.delete(f"{path}/{hold['holdId']}").status_code == 204
    assert_problem(supervisor.delete(f"{path}/{hold['holdId']}"), 409, "invalid_state")
    assert Decimal(owner.ok(f"/api/customer-portal/accounts/{account['id']}")["availableBalance"]) == before
    released = clients("teller1").ok(path)["items"][0]
    assert (released["status"], released["amount"]) == ("released", "150.50")


def test_statement_and_summary_of_an_account(clients):
    owner, teller = clients("customer1"), clients("teller1")
    number = owner.account()["accountNumber"]
    for client in (owner, teller):
        summary = client.ok(f"/api/accounts/{number}/summary")
        assert {"accruedInterest", "lastTransactionAt", "signatories", "holdCount", "cardCount"} <= summary.keys()
        today = clients("customer1").ok(f"/api/accounts/{number}/balance")["businessDate"]
        statement = client.ok(f"/api/transactions/statement/{number}", **{"from": today, "to": today})
        assert statement["accountNumber"] == number
    assert_problem(clients("customer2").get(f"/api/accounts/{number}/summary"), 404, "account_not_found")
    assert_problem(clients("customer2").get(f"/api/transactions/statement/{number}", params={"from": today, "to": today}), 404)
