"""Payments that go out by themselves, set up and ended by hand."""

import re
from datetime import date, timedelta

import pytest
from harness.browser import PHONE
from harness.client import Client
from playwright.sync_api import expect


@pytest.fixture
def customer(bank):
    """Customer 2, whose standing orders all end with the test."""
    with Client(bank, "customer2") as client:
        yield client
        for each in client.every("/api/payments/standing-orders"):
            client.delete(f"/api/payments/standing-orders/{each['standingOrderId']}")


def test_set_up_change_pause_and_end(visit, customer, bank):
    with Client(bank, "customer1") as other:
        target = other.account()["accountNumber"]
    visitor = visit(PHONE).signed_in("customer2", at="/standing-orders")
    page = visitor.page
    expect(page.get_by_text("No standing orders")).to_be_visible()
    visitor.screenshot("standing-orders-empty")
    page.get_by_role("link", name="New standing order").click()
    visitor.settled()
    page.get_by_role("button", name="Create standing order").click()
    recipient = page.get_by_label("Account number of the recipient")
    expect(recipient).to_be_focused()
    expect(page.get_by_label("First payment")).to_have_accessible_description(re.compile("Choose the day"))
    visitor.assert_accessible()
    recipient.fill(target)
    expect(page.get_by_text(re.compile(r"Account of Amina W\*\*\*"))).to_be_visible()
    page.locator("input[name=amount]").fill("2500")
    # The bank's day may run ahead of the calendar's, never behind it.
    page.get_by_label("First payment").fill((date.today() + timedelta(days=40)).replace(day=28).isoformat())
    page.locator("input[name=narration]").fill("Rent")
    visitor.screenshot("standing-order-new")
    page.get_by_role("button", name="Create standing order").click()
    row = page.get_by_role("listitem").filter(has_text="Every month, on day 28")
    expect(row).to_contain_text("2,500.00")
    visitor.screenshot("standing-orders")
    visitor.assert_fits()
    visitor.assert_accessible()
    # Another amount.
    row.get_by_role("link").click()
    expect(page.get_by_text("Next payment")).to_be_visible()
    visitor.screenshot("standing-order")
    visitor.assert_accessible()
    page.get_by_role("button", name="Change").click()
    page.locator("input[name=amount]").fill("2600")
    page.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("2,600.00")
    # A pause.
    row.get_by_role("link").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Active", exact=True)).to_be_visible()
    # And the end.
    page.get_by_role("button", name="End standing order").click()
    dialog = page.get_by_role("dialog")
    visitor.assert_accessible()
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="End standing order").click()
    dialog.get_by_role("button", name="End standing order").click()
    expect(row).to_contain_text("Ended")
    assert [each["status"] for each in customer.every("/api/payments/standing-orders")] == ["ended"]
