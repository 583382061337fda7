"""Signing in, as a person sees it."""

import re
import uuid

import pytest
from harness.browser import DESKTOP, PHONE
from playwright.sync_api import expect

GREETING = re.compile(r"Good (morning|afternoon|evening), Amina")


def heading(visitor):
    return visitor.page.get_by_role("heading", level=1)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["390", "1280"])
def test_sign_in_shows_the_own_money(visit, viewport):
    visitor = visit(viewport).sign_in("customer1")
    expect(heading(visitor)).to_have_text(GREETING)
    expect(visitor.page.get_by_text(re.compile(r"KES\s[\d,]+\.\d\d")).first).to_be_visible()
    visitor.screenshot("overview")
    visitor.assert_fits()
    visitor.assert_accessible()


def test_a_reload_keeps_the_person_signed_in(visit):
    visitor = visit().sign_in("customer1")
    visitor.page.reload()
    visitor.settled()
    expect(heading(visitor)).to_have_text(GREETING)


def test_asvs_2_2_1_a_wrong_password_says_so_and_clears_the_field(visit):
    visitor = visit().open("/")
    visitor.fill_sign_in("customer2", "not the password")
    expect(visitor.page.get_by_role("alert")).to_contain_text("do not match")
    password = visitor.page.get_by_label("Password", exact=True)
    expect(password).to_have_value("")
    expect(password).to_be_focused()
    expect(visitor.page.get_by_label("Username")).to_have_value("customer2")
    visitor.assert_accessible()
    # The right one still works, and nothing of the refusal stays.
    visitor.fill_sign_in("customer2")
    visitor.settled()
    expect(visitor.page.get_by_role("heading", level=1)).to_contain_text("David")


def test_asvs_2_2_1_the_sixth_attempt_is_locked_out_with_a_way_to_go(visit):
    visitor = visit().open("/")
    name = f"guest-{uuid.uuid4()}"
    for _ in range(5):
        visitor.fill_sign_in(name, "wrong")
        expect(visitor.page.get_by_role("alert")).to_contain_text("do not match")
        expect(visitor.page.get_by_label("Password", exact=True)).to_have_value("")
    visitor.fill_sign_in(name, "wrong")
    expect(visitor.page.get_by_role("alert")).to_contain_text(re.compile(r"paused; try again in \d+ minutes"))


def test_somebody_of_another_channel_is_told_where_to_go(visit):
    visitor = visit().open("/")
    visitor.fill_sign_in("teller1")
    expect(visitor.page.get_by_role("alert")).to_contain_text("does not belong to personal banking")


def test_an_empty_form_says_what_is_missing_beside_the_fields(visit):
    visitor = visit().open("/")
    visitor.page.get_by_role("button", name="Sign in", exact=True).click()
    expect(visitor.page.get_by_label("Username")).to_be_focused()
    expect(visitor.page.get_by_label("Username")).to_have_attribute("aria-invalid", "true")
    visitor.assert_accessible()


def test_the_address_that_one_wanted_is_shown_after_signing_in(visit):
    visitor = visit().sign_in("customer1", at="/accounts")
    expect(heading(visitor)).to_have_text("Accounts")
    assert visitor.page.url.endswith("/accounts")


def test_signing_in_with_the_keyboard_alone(visit):
    visitor = visit().open("/")
    visitor.page.get_by_label("Username").focus()
    visitor.page.keyboard.type("customer1")
    # Over the link for forgotten passwords, if it comes first.
    for _ in range(3):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate("document.activeElement.name") == "password":
            break
    visitor.page.keyboard.type("Customer@123")
    visitor.page.keyboard.press("Enter")
    visitor.settled()
    expect(heading(visitor)).to_have_text(GREETING)


def test_signing_out_ends_the_session_here_and_at_the_bank(visit):
    visitor = visit().signed_in("customer1")
    visitor.open("/accounts").settled()
    cookies = visitor.context.cookies()
    assert [each["httpOnly"] for each in cookies if each["name"].startswith("wekeza_refresh")] == [True]
    visitor.page.get_by_role("button", name="Your account").first.click()
    visitor.page.get_by_role("menuitem", name="Sign out").click()
    expect(visitor.page.get_by_label("Username")).to_be_visible()
    visitor.page.go_back()
    expect(visitor.page.get_by_label("Username")).to_be_visible()
    # The old cookie, had somebody kept it, is worth nothing.
    visitor.context.add_cookies(cookies)
    visitor.page.reload()
    expect(visitor.page.get_by_label("Username")).to_be_visible()
