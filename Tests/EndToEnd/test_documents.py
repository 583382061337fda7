"""Receipts and statements as the outside world reads them: pdftotext, a spreadsheet, an MT940 parser, an XML parser."""

import csv
import io
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from datetime import date, timedelta
from decimal import Decimal

import mt940
import pytest

from harness.client import assert_problem

CAMT = "{urn:iso:std:iso:20022:tech:xsd:camt.053.001.08}"


def text_of(pdf, tmp_path):
    file = tmp_path / "file.pdf"
    file.write_bytes(pdf)
    return subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout


def as_written(amount):
    return f"{Decimal(amount):,.2f}"


@pytest.fixture(scope="module")
def story(clients):
    """A few transfers with narrations that somebody meant badly."""
    one, two = clients("customer1"), clients("customer2")
    source, destination = one.account()["accountNumber"], two.account()["accountNumber"]
    made = []
    for amount, narration in [("2500.00", "=cmd|' /C calc'!A0"), ("130.50", "@SUM(A1), \"quoted\""), ("1200.00", "Ñandú & <b>王小明</b> 😀")]:
        answer = one.transfer(source, destination, amount, narration=narration)
        assert answer.status_code == 201, answer.text
        made.append(answer.json())
    return one, source, made


@pytest.fixture(scope="module")
def period(story):
    one, source, _ = story
    today = one.ok(f"/api/customer-portal/accounts/{source}/balance")["businessDate"]
    return {"from": today[:8] + "01", "to": today}


def statement(client, number, period, file_format):
    answer = client.get(
        f"/api/customer-portal/accounts/{number}/statement", params=period | {"format": file_format})
    assert answer.status_code == 200, answer.text
    return answer


def test_a_receipt_prints_what_happened(story, tmp_path):
    one, source, made = story
    path = f"/api/customer-portal/transactions/{made[0]['transactionId']}/receipt"
    receipt = one.ok(path)
    answer = one.get(path, params={"format": "pdf"})
    assert answer.headers["content-type"] == "application/pdf"
    assert made[0]["reference"] in answer.headers["content-disposition"]
    text = text_of(answer.content, tmp_path)
    for word in ["Wekeza Bank", made[0]["reference"], source, "KES 2,500.00", receipt["verificationCode"], as_written(receipt["total"]),
                 "=cmd|' /C calc'!A0", "Page 1 of 1"]:
        assert word in text, f"{word} is missing in:\n{text}"
    assert one.get(path, params={"format": "pdf"}).content == answer.content
    assert_problem(one.get(path, params={"format": "html"}), 422, "validation_failed", "format", "unknown_value")


def test_all_formats_of_a_statement_agree(story, period, tmp_path):
    one, source, made = story
    document = statement(one, source, period, "json").json()
    opening, closing = Decimal(document["openingBalance"]), Decimal(document["closingBalance"])
    credits = sum(Decimal(entry.get("credit") or 0) for entry in document["entries"])
    debits = sum(Decimal(entry.get("debit") or 0) for entry in document["entries"])
    assert opening + credits - debits == closing
    assert (credits, debits) == (Decimal(document["totalCredits"]), Decimal(document["totalDebits"]))
    assert len(document["entries"]) == document["creditCount"] + document["debitCount"]
    assert {item["transactionId"] for item in made} <= {entry["transactionId"] for entry in document["entries"]}
    balance = opening
    for entry in document["entries"]:
        balance += Decimal(entry.get("credit") or 0) - Decimal(entry.get("debit") or 0)
        assert balance == Decimal(entry["balance"])

    rows = list(csv.DictReader(io.StringIO(statement(one, source, period, "csv").text, newline="")))
    assert rows[0]["description"] == "Opening balance" and Decimal(rows[0]["balance"]) == opening
    assert rows[-1]["description"] == "Closing balance" and Decimal(rows[-1]["balance"]) == closing
    assert len(rows) == len(document["entries"]) + 2
    for row in rows:
        assert not row["description"].startswith(tuple("=+-@")) and not row["reference"].startswith(tuple("=+-@"))

    parsed = mt940.parse(statement(one, source, period, "mt940").text)
    assert len(parsed) == len(document["entries"])
    assert [t.data["amount"].amount for t in parsed] == [
        Decimal(entry.get("credit") or "-" + str(entry.get("debit"))) for entry in document["entries"]]
    assert parsed.data["final_opening_balance"].amount.amount == opening
    assert parsed.data["final_closing_balance"].amount.amount == closing
    assert parsed.data["account_identification"] == source

    tree = ElementTree.fromstring(statement(one, source, period, "camt.053").content)
    body = tree.find(f"{CAMT}BkToCstmrStmt/{CAMT}Stmt")
    assert tree.tag == CAMT + "Document" and body.findtext(f"{CAMT}Acct/{CAMT}Id/{CAMT}Othr/{CAMT}Id") == source
    balances = {
        node.findtext(f"{CAMT}Tp/{CAMT}CdOrPrtry/{CAMT}Cd"): Decimal(node.findtext(f"{CAMT}Amt")) for node in body.findall(f"{CAMT}Bal")}
    assert balances == {"OPBD": opening, "CLBD": closing}
    entries = body.findall(f"{CAMT}Ntry")
    assert len(entries) == len(document["entries"])
    for node, entry in zip(entries, document["entries"]):
        sign = 1 if node.findtext(f"{CAMT}CdtDbtInd") == "CRDT" else -1
        assert sign * Decimal(node.findtext(f"{CAMT}Amt")) == Decimal(entry.get("credit") or 0) - Decimal(entry.get("debit") or 0)
        assert node.findtext(f"{CAMT}Sts/{CAMT}Cd") == "BOOK" and node.findtext(f"{CAMT}BookgDt/{CAMT}Dt") == entry["date"]
        # The order that the schema prescribes.
        names = [child.tag.removeprefix(CAMT) for child in node]
        wanted = ["NtryRef", "Amt", "CdtDbtInd", "RvslInd", "Sts", "BookgDt", "ValDt", "AcctSvcrRef", "BkTxCd", "NtryDtls"]
        assert names == [name for name in wanted if name in names]
    order = ["Id", "ElctrncSeqNb", "CreDtTm", "FrToDt", "Acct", "Bal", "TxsSummry", "Ntry"]
    assert list(dict.fromkeys(child.tag.removeprefix(CAMT) for child in body)) == order

    text = text_of(statement(one, source, period, "pdf").content, tmp_path)
    day = "/".join(reversed(period["to"].split("-")))
    assert re.search(rf"{day}\s+{day}", text), "a date stands on one line"
    for word in ["Wekeza Bank", source, as_written(document["openingBalance"]), as_written(document["closingBalance"]), "Page 1 of"]:
        assert word in text, f"{word} is missing in:\n{text}"
    for item in made:
        assert item["reference"] in text.replace("\n", "")


def test_periods_meet_and_have_an_end(story, period, clients):
    one, source, _ = story
    path = f"/api/transactions/statement/{source}"
    staff = clients("teller1")
    assert staff.ok(path, **period)["closingBalance"] == statement(one, source, period, "json").json()["closingBalance"]
    assert_problem(one.get(path, params={"from": "2020-01-01", "to": "2021-01-01"}), 422, "range_too_long")
    empty = one.ok(path, **{"from": "2020-01-01", "to": "2020-12-31"})
    assert empty["entries"] == [] and empty["closingBalance"] == "0.00"
    assert_problem(clients("customer2").get(path, params=period), 404, "account_not_found")
    assert_problem(one.get(path, params=period | {"format": "xlsx"}), 422, "validation_failed", "format", "unknown_value")


def test_no_day_is_missing_between_two_periods(story, period):
    one, source, _ = story
    today = date.fromisoformat(period["to"])
    path = f"/api/transactions/statement/{source}"
    before = one.ok(path, **{"from": str(today - timedelta(days=40)), "to": str(today - timedelta(days=1))})
    after = one.ok(path, **{"from": str(today), "to": str(today)})
    assert before["closingBalance"] == after["openingBalance"]
