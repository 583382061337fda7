"""The second factor, the password and the devices, as their owner manages them."""

import base64
import hmac
import re
import struct
import time

import pytest
from harness.browser import DESKTOP, PHONE, now
from harness.client import PASSWORDS
from playwright.sync_api import expect

PERIOD_SECONDS = 30


class AuthenticatorApp:
    """What the app on a telephone does (RFC 6238). The bank takes each code once, so it waits for a fresh one."""

    def __init__(self, secret):
        self.key = base64.b32decode(secret.replace(" ", "") + "=" * (-len(secret.replace(" ", "")) % 8))
        self.last = None

    def code(self):
        while (step := int(time.time()) // PERIOD_SECONDS) == self.last:
            time.sleep(0.2)
        self.last = step
        digest = hmac.digest(self.key, struct.pack(">Q", step), "sha1")
        offset = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


@pytest.fixture(scope="module")
def own_bank(make_module_server):
    return make_module_server()


@pytest.fixture(scope="module")
def make_module_server():
    """A bank of this file's own: its customers get second factors and new passwords."""
    from harness.server import Server
    servers = []

    def make():
        servers.append(Server())
        return servers[-1].start()

    yield make
    for server in servers:
        server.close()


def message(own_bank, recipient, since, pattern):
    """The newest message to somebody that fits, as the administrator sees it."""
    from harness.client import Client
    with Client(own_bank, "admin") as admin:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            for each in admin.ok("/api/notifications/outbox", recipient=recipient, since=since, limit=20)["items"]:
                if found := re.search(pattern, each["body"]):
                    return found
            time.sleep(0.1)
    raise AssertionError(f"no message to {recipient} like {pattern}")


def test_second_factor_from_enrolment_to_sign_in(visit, own_bank):
    visitor = visit(PHONE, server=own_bank).signed_in("customer1", at="/security")
    page = visitor.page
    page.get_by_role("button", name="Set up").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Password", exact=True).fill("not it")
    dialog.get_by_role("button", name="Continue").click()
    expect(dialog.get_by_label("Password", exact=True)).to_have_accessible_description(re.compile("not your present password"))
    dialog.get_by_label("Password", exact=True).fill(PASSWORDS["customer1"])
    dialog.get_by_role("button", name="Continue").click()
    expect(dialog.get_by_role("img", name="QR code for the authenticator app")).to_be_visible()
    visitor.screenshot("second-factor-scan")
    visitor.assert_fits()
    visitor.assert_accessible()
    dialog.get_by_text("Cannot scan?").click()
    app = AuthenticatorApp(dialog.locator("details p").inner_text())
    code = dialog.get_by_label(re.compile("6-digit code"))
    code.fill("000000")
    expect(code).to_have_accessible_description(re.compile("not right"))
    code.fill(app.code())
    # The codes are shown once, and leaving without them takes a promise.
    expect(dialog.get_by_text("Save your recovery codes")).to_be_visible()
    codes = dialog.locator("ul li").all_inner_texts()
    assert len(codes) == 10
    visitor.screenshot("second-factor-codes")
    visitor.assert_accessible()
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Download").click()
    assert all(each in download.value.path().read_text() for each in codes)
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Finish").click()
    expect(dialog.get_by_text("Save the codes first")).to_be_visible()
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name="Finish").click()
    expect(page.get_by_text("10 recovery codes left")).to_be_visible()

    # Another device: the app's code, wrong and right.
    other = visit(DESKTOP, server=own_bank).open("/")
    other.fill_sign_in("customer1")
    field = other.page.get_by_label("Code", exact=True)
    expect(field).to_be_focused()
    other.screenshot("second-factor")
    other.assert_accessible()
    field.fill("000000")
    expect(field).to_have_accessible_description(re.compile("not right"))
    field.fill(app.code())
    expect(other.page.get_by_role("heading", level=1)).to_contain_text("Amina")

    # And one without the telephone: a recovery code, which works once.
    for is_first in (True, False):
        third = visit(DESKTOP, server=own_bank).open("/")
        third.fill_sign_in("customer1")
        third.page.get_by_role("button", name="Use a recovery code instead").click()
        third.page.get_by_label("Recovery code").fill(codes[0])
        third.page.get_by_role("button", name="Confirm").click()
        if is_first:
            expect(third.page.get_by_role("heading", level=1)).to_contain_text("Amina")
        else:
            expect(third.page.get_by_label("Recovery code")).to_have_accessible_description(re.compile("used before"))

    # A sensitive order asks the app now, not the telephone number.
    # Giving it up takes password and code.
    page.reload()
    visitor.settled()
    expect(page.get_by_text("9 recovery codes left")).to_be_visible()
    page.get_by_role("button", name="Turn off").click()
    dialog.get_by_label("Password", exact=True).fill(PASSWORDS["customer1"])
    dialog.get_by_role("textbox", name=re.compile("6-digit")).fill(app.code())
    visitor.assert_accessible()
    dialog.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Set up")).to_be_visible()


def test_a_forgotten_password(visit, own_bank):
    visitor = visit(PHONE, server=own_bank).open("/")
    page = visitor.page
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_role("button", name="Send the link").click()
    name = page.get_by_label("Username or e-mail address")
    expect(name).to_have_accessible_description(re.compile("Enter your username"))
    moment = now()
    name.fill("customer2")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look at your messages")
    visitor.screenshot("forgot-sent")
    visitor.assert_accessible()
    path = message(own_bank, "customer2@wekeza.example", moment, r"http://[^/\s]+(/reset-password#token=\S+)").group(1)
    visitor.open(path).settled()
    page.get_by_label("New password", exact=True).fill("password")
    page.get_by_label("New password again").fill("different")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_label("New password again")).to_have_accessible_description(re.compile("not the same"))
    page.get_by_label("New password again").fill("password")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_label("New password", exact=True)).to_have_accessible_description(re.compile("data leak"))
    new = "four trees beside a lake"
    page.get_by_label("New password", exact=True).fill(new)
    page.get_by_label("New password again").fill(new)
    visitor.screenshot("reset")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password is changed")).to_be_visible()
    page.get_by_role("link", name="Sign in").click()
    visitor.fill_sign_in("customer2", new)
    expect(page.get_by_role("heading", level=1)).to_contain_text("David")

    # The link works once.
    again = visit(DESKTOP, server=own_bank).open(path).settled()
    again.page.get_by_label("New password", exact=True).fill("another five small words")
    again.page.get_by_label("New password again").fill("another five small words")
    again.page.get_by_role("button", name="Change password").click()
    expect(again.page.get_by_role("link", name="Ask for a new link")).to_be_visible()
    again.assert_accessible()

    # Changing it where one is signed in.
    visitor.open("/security").settled()
    page.get_by_role("button", name="Change password").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Present password").fill("wrong")
    dialog.get_by_label("New password", exact=True).fill("yet another quiet river")
    dialog.get_by_label("New password again").fill("yet another quiet river")
    dialog.get_by_role("button", name="Change password").click()
    expect(dialog.get_by_label("Present password")).to_have_accessible_description(re.compile("not your present password"))
    expect(dialog.get_by_label("Present password")).to_be_focused()
    visitor.assert_accessible()
    dialog.get_by_label("Present password").fill(new)
    dialog.get_by_role("button", name="Change password").click()
    expect(dialog).to_be_hidden()
    page.reload()
    visitor.settled()
    expect(page.get_by_role("heading", level=1)).to_have_text("Security")


def test_a_device_is_signed_out_from_another(visit, own_bank):
    visitor = visit(server=own_bank).signed_in("customer1", at="/security")
    telephone = "Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537.36"
    other = visit(PHONE, server=own_bank, user_agent=telephone).signed_in("customer1")
    visitor.page.reload()
    visitor.settled()
    row = visitor.page.get_by_role("listitem").filter(has_text="Chrome on Android")
    visitor.screenshot("sessions")
    row.get_by_role("button", name="Sign out Chrome on Android").first.click()
    expect(row).to_have_count(0)
    other.page.reload()
    expect(other.page.get_by_label("Username")).to_be_visible()
    visitor.page.get_by_role("button", name="Sign out all other devices").click()
    expect(visitor.page.get_by_role("button", name="Sign out all other devices")).to_have_count(0)
    expect(visitor.page.get_by_text("This device")).to_be_visible()


def test_the_profile_is_changed_with_a_code_to_the_old_number(visit, own_bank):
    visitor = visit(PHONE, server=own_bank).signed_in("customer1", at="/profile")
    page = visitor.page
    page.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog", name="Contact")
    dialog.get_by_label("Phone number").fill("12345")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_label("Phone number")).to_have_accessible_description(re.compile("Kenyan number"))
    dialog.get_by_label("Phone number").fill("0722 000 111")
    dialog.get_by_label("Street, building or P.O. box").fill("Kenyatta Avenue 12")
    dialog.get_by_label("Town").fill("Nairobi")
    visitor.screenshot("profile-edit")
    moment = now()
    dialog.get_by_role("button", name="Save").click()
    code = page.get_by_role("dialog", name="Confirm with a code").get_by_role("textbox")
    expect(code).to_be_visible()
    code.fill(message(own_bank, "+254711000001", moment, r"\b(\d{6})\b").group(1))
    expect(page.get_by_text("+254 722 000 111")).to_be_visible()
    expect(page.get_by_text("Kenyatta Avenue 12")).to_be_visible()
    visitor.assert_accessible()
    # The language follows at once, and stays.
    page.get_by_role("group", name="Language").get_by_text("Kiswahili").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Wasifu")
    page.reload()
    visitor.settled()
    expect(page.get_by_role("heading", level=1)).to_have_text("Wasifu")
