"""What the bank tells its customers, and what they want to be told."""

import re
import time

from harness.browser import PHONE
from harness.client import Client
from playwright.sync_api import expect


def test_money_that_arrives_is_told_and_read(visit, bank):
    with Client(bank, "customer1") as payee, Client(bank, "customer2") as payer:
        payee.post("/api/notifications/read-all")
        assert payer.transfer(payer.account()["accountNumber"], payee.account()["accountNumber"], "63.00").status_code == 201
        end = time.monotonic() + 10
        while payee.ok("/api/notifications/unread-count")["count"] == 0 and time.monotonic() < end:
            time.sleep(0.2)
    visitor = visit(PHONE).signed_in("customer1")
    visitor.page.get_by_role("button", name=re.compile(r"Notifications, \d+ unread")).click()
    message = visitor.page.get_by_role("listitem").filter(has_text="63.00").first
    expect(message).to_contain_text("New")
    visitor.screenshot("notifications")
    visitor.assert_fits()
    visitor.assert_accessible()
    # What has been on the screen for a moment is read.
    expect(visitor.page.get_by_role("button", name="Notifications", exact=True).first).to_be_visible(timeout=10_000)
    message.get_by_role("link").click()
    expect(visitor.page.get_by_text("63.00").first).to_be_visible()


def test_preferences_are_kept(visit):
    visitor = visit(PHONE).signed_in("customer1", at="/notifications?view=preferences")
    switch = visitor.page.get_by_role("switch", name="Offers and news")
    before = switch.get_attribute("aria-checked")
    switch.click()
    expect(visitor.page.get_by_text("Saved", exact=True)).to_be_visible()
    visitor.assert_accessible()
    visitor.page.reload()
    visitor.settled()
    expect(switch).to_have_attribute("aria-checked", "false" if before == "true" else "true")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", before)


def test_a_refused_preference_jumps_back(visit):
    visitor = visit().signed_in("customer1", at="/notifications?view=preferences")
    visitor.page.route(
        "**/api/notifications/preferences", lambda route: route.abort() if route.request.method == "PUT" else route.continue_())
    switch = visitor.page.get_by_role("switch", name="Sign-ins")
    before = switch.get_attribute("aria-checked")
    switch.click()
    expect(visitor.page.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(switch).to_have_attribute("aria-checked", before)
