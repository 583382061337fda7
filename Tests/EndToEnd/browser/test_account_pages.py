"""Finding a transaction again."""

import re

import pytest
from harness.browser import DESKTOP, PHONE
from harness.client import Client
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def account(bank):
    """Customer 2's current account with more transactions than one page shows."""
    with Client(bank, "customer2") as client, Client(bank, "customer1") as other:
        current, savings = client.account()["accountNumber"], client.account(account_type="savings")["accountNumber"]
        for index in range(1, 31):
            assert client.transfer(current, savings, f"{index}.00", narration=f"Saving {index}").status_code == 201
        assert client.transfer(current, other.account()["accountNumber"], "77.00", narration="Needle in the hay").status_code == 201
        return current


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["390", "1280"])
def test_older_transactions_come_when_they_are_asked_for(visit, account, viewport):
    visitor = visit(viewport).signed_in("customer2", at=f"/accounts/{account}")
    rows = visitor.page.locator("main tbody tr")
    expect(rows).to_have_count(25)
    visitor.screenshot("account")
    visitor.page.get_by_role("button", name="Show more").click()
    expect(rows.nth(30)).to_be_visible()
    visitor.assert_fits()
    visitor.assert_accessible()
    texts = rows.all_inner_texts()
    assert len(texts) == len(set(texts)), "no row twice"


def test_a_search_finds_it_and_survives_the_way_to_the_receipt_and_back(visit, account):
    visitor = visit().signed_in("customer2", at=f"/accounts/{account}")
    visitor.page.get_by_role("searchbox").fill("needle")
    rows = visitor.page.locator("main tbody tr")
    expect(rows.nth(3)).to_be_hidden()
    expect(rows.first).to_contain_text("Needle in the hay")
    expect(rows.first).to_contain_text(re.compile(r"−77\.00"))
    rows.first.get_by_role("link").click()
    expect(visitor.page.get_by_text("Needle in the hay")).to_be_visible()
    visitor.page.go_back()
    expect(visitor.page.get_by_role("searchbox")).to_have_value("needle")
    expect(rows.first).to_contain_text("Needle in the hay")
    visitor.page.reload()
    expect(rows.first).to_contain_text("Needle in the hay")
    visitor.page.get_by_role("searchbox").fill("no such thing at all")
    expect(visitor.page.get_by_text("Nothing matches")).to_be_visible()
    visitor.screenshot("account-no-match")
    visitor.assert_accessible()
    visitor.page.get_by_role("button", name="Clear filters").click()
    expect(rows).to_have_count(25)


def test_filters_by_amount_and_direction(visit, account):
    visitor = visit(PHONE).signed_in("customer2", at=f"/accounts/{account}")
    page = visitor.page
    page.get_by_role("button", name="Filters").click()
    dialog = page.get_by_role("dialog")
    visitor.screenshot("account-filters")
    visitor.assert_accessible()
    dialog.get_by_label("Direction").select_option("Money out")
    dialog.get_by_label("From amount").fill("10")
    dialog.get_by_label("To amount").fill("12")
    dialog.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("button", name="Filters (3)")).to_be_visible()
    expect(page.locator("main tbody tr")).to_have_count(3)
    # The amount that was covered stays covered until it is asked for.
    page.get_by_role("button", name="Filters (3)").click()
    expect(dialog.get_by_label("From amount")).to_have_value("10.00")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Filters (3)")).to_be_focused()


def test_amounts_can_be_covered(visit):
    visitor = visit().signed_in("customer2")
    visitor.page.get_by_role("button", name="Hide amounts").click()
    expect(visitor.page.get_by_text("••••••").first).to_be_visible()
    visitor.page.reload()
    visitor.settled()
    expect(visitor.page.get_by_role("button", name="Show amounts")).to_be_visible()


def test_a_statement_is_downloaded(visit, account):
    visitor = visit(PHONE).signed_in("customer2", at=f"/accounts/{account}")
    page = visitor.page
    page.get_by_role("button", name="Statement").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Period").select_option("This month")
    visitor.screenshot("statement")
    visitor.assert_accessible()
    for name, ending, beginning in (("PDF", ".pdf", b"%PDF-"), ("CSV", ".csv", b"date,valueDate,")):
        if not dialog.is_visible():
            page.get_by_role("button", name="Statement").click()
            dialog.get_by_label("Period").select_option("This month")
        dialog.get_by_text(re.compile(f"^{name}, ")).click()
        with page.expect_download() as download:
            dialog.get_by_role("button", name="Download").click()
        assert download.value.suggested_filename.endswith(ending)
        assert download.value.path().read_bytes().startswith(beginning)
        expect(dialog).to_be_hidden()
