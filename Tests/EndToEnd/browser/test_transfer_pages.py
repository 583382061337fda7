"""Sending money, as a person does it."""

import json
import re
from decimal import Decimal

import pytest
from harness.browser import DESKTOP, PHONE, now
from harness.client import Client
from playwright.sync_api import expect

TRANSFER = "**/api/customer-portal/transactions/transfer"


@pytest.fixture
def accounts(bank):
    """The current accounts of the two customers, and a way to ask for their balances."""
    with Client(bank, "customer1") as payer, Client(bank, "customer2") as payee:
        yield Accounts(payer, payee)


class Accounts:
    def __init__(self, payer, payee):
        self.payer, self.payee = payer, payee
        self.source = payer.account()["accountNumber"]
        self.savings = payer.account(account_type="savings")["accountNumber"]
        self.target = payee.account()["accountNumber"]

    def balances(self):
        return self.payer.balance(self.source), self.payee.balance(self.target)


def fill(visitor, target, amount, narration=""):
    page = visitor.page
    page.get_by_label(re.compile("Account number of the recipient|Nambari ya akaunti ya mpokeaji")).fill(target)
    page.locator("input[name=amount]").fill(amount)
    if narration:
        page.locator("input[name=narration]").fill(narration)


def go_on(visitor):
    visitor.page.get_by_role("button", name=re.compile("^(Continue|Endelea)$")).click()


def confirm_button(visitor):
    return visitor.page.get_by_role("button", name=re.compile(r"^(Send|Tuma) KES"))


def to_confirmation(visitor, target, amount, narration=""):
    fill(visitor, target, amount, narration)
    go_on(visitor)
    expect(confirm_button(visitor)).to_be_visible()


def expect_receipt(visitor):
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text(re.compile("Sent|Imetumwa"))
    visitor.settled()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["390", "1280"])
def test_money_arrives_and_both_balances_change(visit, accounts, viewport):
    payer, payee = accounts.balances()
    visitor = visit(viewport).signed_in("customer1", at="/transfer")
    fill(visitor, accounts.target, "1234.5", "School fees")
    expect(visitor.page.get_by_text(re.compile(r"Account of David O\*\*\*"))).to_be_visible()
    visitor.screenshot("transfer-filled")
    visitor.assert_accessible()
    go_on(visitor)
    expect(confirm_button(visitor)).to_have_text("Send KES 1,234.50")
    expect(visitor.page.get_by_text("Total taken from your account")).to_be_visible()
    total = Decimal(re.sub(r"[^\d.]", "", visitor.page.locator("dd.text-lg").inner_text()))
    assert accounts.balances() == (payer, payee), "nothing moves before it is confirmed"
    visitor.screenshot("transfer-confirm")
    visitor.assert_fits()
    visitor.assert_accessible()
    confirm_button(visitor).click()
    expect_receipt(visitor)
    visitor.screenshot("transfer-receipt")
    visitor.assert_fits()
    visitor.assert_accessible()
    assert accounts.balances() == (payer - total, payee + Decimal("1234.50"))


def test_between_own_accounts_it_costs_nothing(visit, accounts):
    before = accounts.payer.balance(accounts.source), accounts.payer.balance(accounts.savings)
    visitor = visit().signed_in("customer1", at="/transfer?kind=own")
    page = visitor.page
    page.get_by_role("group", name="From account").get_by_text("Current account").click()
    page.get_by_role("group", name="To account").get_by_text("Savings account").click()
    page.locator("input[name=amount]").fill("100")
    go_on(visitor)
    expect(page.get_by_text("Free", exact=True)).to_be_visible()
    confirm_button(visitor).click()
    expect_receipt(visitor)
    after = accounts.payer.balance(accounts.source), accounts.payer.balance(accounts.savings)
    assert after == (before[0] - 100, before[1] + 100)


def test_what_is_wrong_stands_beside_its_field(visit, accounts):
    visitor = visit().signed_in("customer1", at="/transfer")
    page = visitor.page
    recipient, amount = page.get_by_label("Account number of the recipient"), page.locator("input[name=amount]")
    go_on(visitor)
    expect(recipient).to_have_attribute("aria-invalid", "true")
    expect(recipient).to_be_focused()
    expect(recipient).to_have_accessible_description(re.compile("Enter the account number"))
    expect(amount).to_have_accessible_description(re.compile("Enter an amount"))
    visitor.assert_accessible()
    # A number that nobody has.
    fill(visitor, "0010100000999", "10")
    expect(recipient).to_have_accessible_description(re.compile("no such account"))
    # The own account.
    fill(visitor, accounts.source, "10")
    go_on(visitor)
    expect(recipient).to_have_accessible_description(re.compile("two different accounts"))
    # More than there is.
    fill(visitor, accounts.target, "99999999")
    go_on(visitor)
    expect(amount).to_have_accessible_description(re.compile("more than is available"))
    # More than is allowed at once: only the bank knows.
    with Client(visitor.bank, "customer1") as client:
        savings, current = client.account(account_type="savings"), client.account()
    largest = max(Decimal(savings["availableBalance"]), Decimal(current["availableBalance"]))
    if largest > 0:
        fill(visitor, accounts.target, str(Decimal(current["availableBalance"])))
        go_on(visitor)
        expect(amount).to_have_accessible_description(re.compile("not enough money|over your limit"))
        expect(amount).to_be_focused()


def test_a_refusal_that_comes_late_leads_back_to_its_field(visit, accounts):
    visitor = visit().signed_in("customer1", at="/transfer")
    to_confirmation(visitor, accounts.target, "15")
    refusal = {"type": "urn:wekeza:problem:insufficient_funds", "title": "Not enough", "status": 422, "code": "insufficient_funds",
               "detail": "Not enough", "traceId": "0" * 32, "errors": [{"field": "amount", "code": "insufficient_funds", "message": ""}]}
    visitor.page.route(TRANSFER, lambda route: route.fulfill(status=422, content_type="application/problem+json", body=json.dumps(refusal)))
    confirm_button(visitor).click()
    amount = visitor.page.locator("input[name=amount]")
    expect(amount).to_have_value("15.00")
    expect(amount).to_have_accessible_description(re.compile("not enough money"))
    expect(amount).to_be_focused()


def test_a_double_click_sends_once(visit, accounts):
    payer, payee = accounts.balances()
    visitor = visit().signed_in("customer1", at="/transfer")
    keys = []
    visitor.page.on("request", lambda sent: keys.append(sent.headers.get("idempotency-key")) if sent.url.endswith("/transfer") else None)
    to_confirmation(visitor, accounts.target, "20")
    confirm_button(visitor).dblclick()
    expect_receipt(visitor)
    assert len(keys) == 1 and keys[0]
    assert accounts.balances()[1] == payee + 20
    # Back does not lead to a page that would send it again.
    visitor.page.go_back()
    visitor.settled()
    expect(visitor.page.locator("input[name=amount]")).to_have_value("")
    assert accounts.balances()[1] == payee + 20


def test_a_reload_before_confirming_loses_nothing_and_sends_nothing(visit, accounts):
    _, payee = accounts.balances()
    visitor = visit().signed_in("customer1", at="/transfer")
    to_confirmation(visitor, accounts.target, "25", "Milk")
    visitor.page.reload()
    expect(confirm_button(visitor)).to_be_visible()
    expect(visitor.page.get_by_text("Milk")).to_be_visible()
    visitor.page.go_back()
    expect(visitor.page.locator("input[name=amount]")).to_have_value("25.00")
    expect(visitor.page.locator("input[name=narration]")).to_have_value("Milk")
    visitor.page.go_forward()
    confirm_button(visitor).click()
    expect_receipt(visitor)
    assert accounts.balances()[1] == payee + 25


def test_a_lost_answer_is_asked_for_again_and_never_pays_twice(visit, accounts):
    _, payee = accounts.balances()
    visitor = visit().signed_in("customer1", at="/transfer")
    to_confirmation(visitor, accounts.target, "30")
    keys = []

    def lose_the_answer(route):
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) <= 3:
            route.fetch()  # The bank carries it out …
            route.abort()  # … and nobody hears of it.
        else:
            route.continue_()

    visitor.page.route(TRANSFER, lose_the_answer)
    confirm_button(visitor).click()
    expect(visitor.page.get_by_text("We are checking whether your transfer went through")).to_be_visible(timeout=15_000)
    visitor.screenshot("transfer-checking")
    visitor.assert_accessible()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=30_000)
    assert len(set(keys)) == 1, "one key for one order"
    assert accounts.balances()[1] == payee + 30


def test_without_a_line_nothing_is_lost(visit, accounts):
    _, payee = accounts.balances()
    visitor = visit().signed_in("customer1", at="/transfer")
    to_confirmation(visitor, accounts.target, "35")
    visitor.context.set_offline(True)
    confirm_button(visitor).click()
    expect(visitor.page.get_by_text("We are checking whether your transfer went through")).to_be_visible(timeout=15_000)
    visitor.context.set_offline(False)
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=40_000)
    assert accounts.balances()[1] == payee + 35


def test_a_slow_bank_shows_that_something_happens(visit, accounts):
    visitor = visit().signed_in("customer1", at="/transfer")
    to_confirmation(visitor, accounts.target, "40")
    held = []
    visitor.page.route(TRANSFER, lambda route: held.append(route))
    confirm_button(visitor).click()
    expect(visitor.page.locator("button[aria-busy=true]")).to_be_visible()
    expect(visitor.page.get_by_text("The connection is slow")).to_be_visible(timeout=8_000)
    held[0].continue_()
    expect_receipt(visitor)


def test_a_large_transfer_asks_for_a_code(visit, accounts, outbox):
    _, payee = accounts.balances()
    visitor = visit(PHONE).signed_in("customer1", at="/transfer")
    to_confirmation(visitor, accounts.target, "50001")
    moment = now()
    confirm_button(visitor).click()
    dialog = visitor.page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile(r"KES\s50,001\.00"))).to_be_visible()
    visitor.screenshot("transfer-step-up")
    visitor.assert_accessible()
    code = outbox.code(accounts.payer.ok("/api/customer-portal/profile")["phoneNumber"], moment)
    field = dialog.get_by_role("textbox")
    field.fill("000000" if code != "000000" else "111111")
    expect(field).to_have_accessible_description(re.compile("4 attempts are left"))
    assert accounts.balances()[1] == payee
    field.fill(code)
    expect_receipt(visitor)
    assert accounts.balances()[1] == payee + 50_001


def test_the_keyboard_is_enough(visit, accounts):
    _, payee = accounts.balances()
    visitor = visit().signed_in("customer1")
    page, press = visitor.page, visitor.page.keyboard.press

    def tab_to(condition):
        for _ in range(60):
            press("Tab")
            if page.evaluate(f"(() => {{ const e = document.activeElement; return {condition}; }})()"):
                return
        raise AssertionError(f"Tab never reached {condition}")

    tab_to("e.matches('main a[href=\"/transfer\"]')")
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    tab_to("e.inputMode === 'numeric'")
    page.keyboard.type(accounts.target)
    tab_to("e.name === 'amount'")
    page.keyboard.type("45")
    press("Enter")
    expect(confirm_button(visitor)).to_be_visible()
    tab_to("e.textContent.startsWith('Send KES')")
    press("Enter")
    expect_receipt(visitor)
    assert accounts.balances()[1] == payee + 45


def test_the_receipt_can_be_kept_and_the_transfer_repeated(visit, accounts):
    _, payee = accounts.balances()
    visitor = visit().signed_in("customer1", at="/transfer")
    to_confirmation(visitor, accounts.target, "50", "Bus fare")
    confirm_button(visitor).click()
    expect_receipt(visitor)
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="Save as PDF").click()
    assert download.value.suggested_filename.endswith(".pdf")
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    visitor.page.get_by_role("link", name="Send again").click()
    expect(visitor.page.locator("input[name=amount]")).to_have_value("50.00")
    expect(visitor.page.locator("input[name=narration]")).to_have_value("Bus fare")
    go_on(visitor)
    confirm_button(visitor).click()
    expect_receipt(visitor)
    assert accounts.balances()[1] == payee + 100


def test_in_swahili_from_the_form_to_the_receipt(visit, accounts):
    _, payee = accounts.balances()
    visitor = visit(PHONE, locale="sw-KE").signed_in("customer1", at="/transfer")
    fill(visitor, accounts.target, "55", "Nauli")
    expect(visitor.page.get_by_text(re.compile(r"Akaunti ya David O\*\*\*"))).to_be_visible()
    go_on(visitor)
    expect(confirm_button(visitor)).to_have_text("Tuma KES 55.00")
    visitor.screenshot("sw-transfer-confirm")
    visitor.assert_fits()
    confirm_button(visitor).click()
    expect_receipt(visitor)
    visitor.screenshot("sw-transfer-receipt")
    visitor.assert_accessible()
    assert accounts.balances()[1] == payee + 55
