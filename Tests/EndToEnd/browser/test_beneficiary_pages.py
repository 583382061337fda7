"""People whom one pays again and again."""

import re

import pytest
from harness.browser import PHONE, now
from harness.client import Client
from playwright.sync_api import expect


@pytest.fixture
def customer(bank):
    """Customer 2 without beneficiaries, before and after."""
    with Client(bank, "customer2") as client:
        forget(client)
        yield client
        forget(client)


def forget(client):
    for each in client.every("/api/customer-portal/beneficiaries"):
        client.delete(f"/api/customer-portal/beneficiaries/{each['beneficiaryId']}")


def give_code(visitor, outbox, customer, moment):
    dialog = visitor.page.get_by_role("dialog", name="Confirm with a code")
    expect(dialog).to_be_visible()
    visitor.assert_accessible()
    dialog.get_by_role("textbox").fill(outbox.code(customer.ok("/api/customer-portal/profile")["phoneNumber"], moment))


def test_add_pay_change_and_remove(visit, bank, customer, outbox):
    with Client(bank, "customer1") as other:
        target = other.account()["accountNumber"]
    visitor = visit(PHONE).signed_in("customer2", at="/beneficiaries")
    page = visitor.page
    expect(page.get_by_text("No beneficiaries yet")).to_be_visible()
    visitor.screenshot("beneficiaries-empty")
    page.get_by_role("button", name="Add beneficiary").click()
    dialog = page.get_by_role("dialog", name="Add a beneficiary")
    dialog.get_by_role("button", name="Add beneficiary").click()
    expect(dialog.get_by_label("Your name for it")).to_be_focused()
    dialog.get_by_label("Your name for it").fill("Amina from the market with a name that is much longer than any phone")
    dialog.get_by_label("Account number of the recipient").fill(target)
    expect(dialog.get_by_text(re.compile(r"Account of Amina W\*\*\*"))).to_be_visible()
    visitor.screenshot("beneficiary-new")
    moment = now()
    dialog.get_by_role("button", name="Add beneficiary").click()
    give_code(visitor, outbox, customer, moment)
    expect(page.get_by_role("list").get_by_text("Amina from the market").first).to_be_visible()
    visitor.screenshot("beneficiaries")
    visitor.assert_fits()
    visitor.assert_accessible()
    # The same account again is refused beside its field.
    page.get_by_role("button", name="Add beneficiary").click()
    dialog.get_by_label("Your name for it").fill("Amina again")
    dialog.get_by_label("Account number of the recipient").fill(target)
    dialog.get_by_role("button", name="Add beneficiary").click()
    field = dialog.get_by_label("Account number of the recipient")
    expect(field).to_have_accessible_description(re.compile("already saved"), timeout=10_000)
    dialog.get_by_role("button", name="Cancel").click()
    # One tap fills the form of a transfer.
    page.get_by_role("link", name=re.compile("^Send money: Amina")).click()
    expect(page.get_by_text(re.compile(r"Account of Amina W\*\*\*"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Amina from"))).to_have_attribute("aria-pressed", "true")
    # Another name.
    visitor.open("/beneficiaries").settled()
    page.get_by_role("button", name=re.compile("^Actions for Amina")).click()
    page.get_by_role("menuitem", name="Edit").click()
    change = page.get_by_role("dialog", name="Change beneficiary")
    change.get_by_label("Your name for it").fill("Amina")
    moment = now()
    change.get_by_role("button", name="Save").click()
    give_code(visitor, outbox, customer, moment)
    expect(page.get_by_role("button", name="Actions for Amina", exact=True)).to_be_visible()
    # And gone.
    page.get_by_role("button", name="Actions for Amina", exact=True).click()
    page.get_by_role("menuitem", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No beneficiaries yet")).to_be_visible()
    assert customer.every("/api/customer-portal/beneficiaries") == []
