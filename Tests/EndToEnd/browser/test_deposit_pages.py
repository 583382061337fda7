"""Putting money aside by hand: opened once, seen in the balance, changed, and closed early."""

import re
from decimal import Decimal

import pytest
from harness.browser import PHONE
from harness.client import Client
from playwright.sync_api import expect


@pytest.fixture
def customer(bank):
    """Customer 2, whose deposits all end with the test."""
    with Client(bank, "customer2") as client:
        yield client
        for each in open_deposits(client):
            client.post(f"/api/deposits/{each['depositId']}/close", json={})


def open_deposits(client):
    return [each for each in client.every("/api/customer-portal/deposits") if each["status"] == "active"]


def balance(client):
    return Decimal(client.account()["balance"])


def enter_fixed(page, amount):
    page.locator("input[name=amount]").fill(amount)
    page.get_by_role("button", name="30 days").click()


def test_open_once_change_and_close_early(visit, customer):
    before = balance(customer)
    visitor = visit(PHONE).signed_in("customer2", at="/deposits")
    page = visitor.page
    page.get_by_role("link", name="Open a deposit").click()
    page.get_by_role("link", name=re.compile("Fixed deposit")).click()
    visitor.settled()
    # The rate follows the amount, the figures come from the bank: 20,000 at 8.5 % for 30 days.
    enter_fixed(page, "20000")
    expect(page.get_by_text("139.73")).to_be_visible()
    expect(page.get_by_text("20.96")).to_be_visible()
    expect(page.get_by_text("20,118.77")).to_be_visible()
    visitor.screenshot("deposit-form")
    visitor.assert_fits()
    visitor.assert_accessible()
    page.get_by_role("button", name="Continue").click()
    visitor.settled()
    visitor.screenshot("deposit-confirm")
    visitor.assert_accessible()
    page.get_by_role("button", name="Open the deposit").dblclick()
    expect(page.get_by_text("Your deposit is open")).to_be_visible()
    visitor.settled()
    visitor.screenshot("deposit")
    visitor.assert_fits()
    visitor.assert_accessible()
    assert len(open_deposits(customer)) == 1
    assert balance(customer) == before - 20_000
    # Stepping back does not lead to the order again.
    page.go_back()
    expect(page).to_have_url(re.compile(r"/deposits/new"))
    assert len(open_deposits(customer)) == 1
    page.goto(visitor.origin + "/deposits")
    page.get_by_role("link", name=re.compile("Fixed deposit")).first.click()
    # Another instruction.
    page.get_by_role("button", name="Change").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Renew the sum with the interest").click()
    visitor.assert_accessible()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("Renew the sum with the interest")).to_be_visible()
    # The paper that goes with it.
    with page.expect_download() as download:
        page.get_by_role("button", name="Certificate").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    # And the end: what comes out stands on the button before it is pressed.
    page.get_by_role("button", name="Close deposit").click()
    expect(dialog.get_by_text("It has not matured yet")).to_be_visible()
    visitor.screenshot("deposit-close")
    visitor.assert_accessible()
    dialog.get_by_role("button", name="Close and pay out KES 20,000.00").dblclick()
    expect(page.get_by_role("heading", name="Deposits")).to_be_visible()
    expect(page.get_by_text("Closed early").first).to_be_visible()
    assert balance(customer) == before
    assert not open_deposits(customer)


def test_refusals_stand_beside_the_field(visit, customer):
    visitor = visit().signed_in("customer2", at="/deposits/new?product=FD01")
    page = visitor.page
    amount, term = page.locator("input[name=amount]"), page.locator("input[name=term]")
    page.get_by_role("button", name="Continue").click()
    expect(amount).to_be_focused()
    expect(amount).to_have_accessible_description(re.compile("Enter an amount"))
    amount.fill("500")
    page.get_by_role("button", name="Continue").click()
    expect(amount).to_have_accessible_description(re.compile("at least KES.10,000.00"))
    amount.fill("20000")
    term.fill("3")
    page.get_by_role("button", name="Continue").click()
    expect(term).to_be_focused()
    expect(term).to_have_accessible_description(re.compile("From 7 to 3650 days"))
    visitor.assert_accessible()
    # What only the bank knows: the money went elsewhere while the order was being confirmed.
    term.fill("30")
    page.get_by_role("button", name="Continue").click()
    visitor.settled()
    page.route("**/api/deposits/fixed-deposits", lambda route: route.fulfill(
        status=422, content_type="application/problem+json",
        body='{"status":422,"code":"insufficient_funds","title":"no","detail":"no"}'))
    page.get_by_role("button", name="Open the deposit").click()
    expect(amount).to_have_value("20,000.00")
    expect(amount).to_have_accessible_description(re.compile("not enough money"))
    assert not open_deposits(customer)


def test_a_lost_answer_does_not_open_twice(visit, customer):
    visitor = visit().signed_in("customer2", at="/deposits/new?product=FD01")
    page = visitor.page
    enter_fixed(page, "10000")
    page.get_by_role("button", name="Continue").click()
    visitor.settled()
    lost = []

    def lose(route):
        """The order arrives, its answer does not."""
        if len(lost) < 3:
            lost.append(route.fetch())
            route.abort()
        else:
            route.continue_()

    page.route("**/api/deposits/fixed-deposits", lose)
    page.get_by_role("button", name="Open the deposit").click()
    expect(page.get_by_text("We do not know yet whether your deposit was opened")).to_be_visible()
    page.get_by_role("button", name="Ask again").click()
    expect(page.get_by_text("Your deposit is open")).to_be_visible()
    assert len(open_deposits(customer)) == 1


def test_recurring_and_call_deposits(visit, customer):
    visitor = visit().signed_in("customer2", at="/deposits/new?product=RD01")
    page = visitor.page
    page.locator("input[name=amount]").fill("1000")
    page.get_by_role("button", name="6 months", exact=True).click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Open the deposit").click()
    expect(page.get_by_text("1 of 6 installments paid")).to_be_visible()
    page.get_by_role("button", name="Pay an installment").click()
    visitor.assert_accessible()
    page.get_by_role("dialog").get_by_role("button", name="Pay KES 1,000.00").click()
    expect(page.get_by_text("2 of 6 installments paid")).to_be_visible()
    visitor.screenshot("deposit-recurring")
    visitor.open("/deposits/new?product=CALL01").settled()
    page.locator("input[name=amount]").fill("60000")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Open the deposit").click()
    page.get_by_role("button", name="Give notice").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[name=amount]").fill("20000")
    dialog.get_by_role("button", name="Give notice").click()
    # Fifty thousand must stay.
    expect(dialog.locator("input[name=amount]")).to_have_accessible_description(re.compile("Too little would be left"))
    dialog.get_by_role("button", name="The whole sum").click()
    visitor.assert_accessible()
    dialog.get_by_role("button", name="Give notice").click()
    expect(page.get_by_role("heading", name="Notice given")).to_be_visible()
    visitor.screenshot("deposit-call")
