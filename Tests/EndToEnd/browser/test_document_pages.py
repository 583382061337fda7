"""Statements and papers to download, and a further account."""

import re

import pytest
from harness.browser import PHONE
from harness.client import Client
from playwright.sync_api import expect

SIGNS = {
    "pdf": b"%PDF-", "csv": b"date,valueDate,reference", "camt.053": b"camt.053.001.08", "mt940": b":20:", "json": b"\"openingBalance\""}


@pytest.mark.parametrize("format", SIGNS)
def test_statement_in_every_format(visit, format):
    visitor = visit().signed_in("customer1", at="/documents")
    page = visitor.page
    page.get_by_label("Format").select_option(format)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download", exact=True).first.click()
    assert SIGNS[format] in download.value.path().read_bytes()
    expect(page.get_by_text("The file is in your downloads.")).to_be_visible()


def test_certificates_are_asked_for_and_a_refusal_stands_beside_the_year(visit):
    visitor = visit(PHONE).signed_in("customer1", at="/documents")
    page = visitor.page
    asked = []

    def answer(route):
        asked.append(route.request.url)
        if "interest" in route.request.url:
            route.fulfill(status=200, content_type="application/pdf", body="%PDF-1.4 %%EOF")
        else:
            route.fulfill(
                status=422, content_type="application/problem+json",
                body='{"status":422,"code":"validation_failed","title":"no","errors":[{"field":"year","code":"in_future","message":"no"}]}')

    page.route("**/certificates/**", answer)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download: Interest certificate").click()
    assert download.value.suggested_filename.endswith(".pdf")
    page.get_by_role("button", name="Download: Withholding-tax certificate").click()
    expect(page.get_by_label("Year").nth(1)).to_have_accessible_description(re.compile("still to come"))
    page.get_by_role("button", name="Download: Balance confirmation").click()
    expect(page.get_by_text("still to come")).to_have_count(2)
    assert [re.search(r"/accounts/\d{13}/certificates/([\w-]+)\?(year|date)=", url).group(1) for url in asked] == [
        "interest", "withholding-tax", "balance"]
    visitor.assert_fits()
    visitor.assert_accessible()


def test_certificates_are_real_papers(visit):
    visitor = visit().signed_in("customer1", at="/documents")
    page = visitor.page
    for name in ("Interest certificate", "Withholding-tax certificate", "Balance confirmation"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Download: {name}").click()
        assert download.value.suggested_filename.endswith(".pdf"), name
        assert download.value.path().read_bytes().startswith(b"%PDF-"), name


def test_open_a_further_account(visit, bank):
    visitor = visit(PHONE).signed_in("customer2", at="/accounts")
    page = visitor.page
    page.get_by_role("link", name="Open an account").click()
    visitor.settled()
    visitor.assert_accessible()
    page.locator("input[name=alias]").fill("School fees for both of the children")
    page.get_by_role("button", name="Open the account").dblclick()
    expect(page.get_by_role("heading", name="School fees for both of the children")).to_be_visible()
    visitor.settled()
    visitor.screenshot("account-new")
    visitor.assert_fits()
    with Client(bank, "customer2") as client:
        found = [each for each in client.every("/api/customer-portal/accounts") if (each.get("alias") or "").startswith("School fees")]
        assert len(found) == 1 and found[0]["balance"] == "0.00"
        client_account = found[0]["accountNumber"]
    # The other tests of this customer expect the accounts of the demo bank.
    with Client(bank, "manager1") as manager:
        manager.post(f"/api/accounts/{client_account}/close", json={"reason": "end of the test"})
