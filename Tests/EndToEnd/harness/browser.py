"""A visitor with a browser: one profile of Debian's Chromium on the personal channel, with eyes for what nobody may see."""

import os
import re
import time
from datetime import datetime, timezone
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from harness.client import PASSWORDS
from harness.server import ROOT

CHROMIUM = os.environ.get("WEKEZA_TEST_CHROMIUM", "/usr/bin/chromium")
SCREENSHOTS = Path(os.environ.get("WEKEZA_TEST_SCREENSHOTS", ROOT / "var" / "screenshots"))
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}

# What the browser reports of refusals that a test provokes; everything else on the console is a fault of the page.
EXPECTED_CONSOLE = re.compile(r"Failed to load resource: (the server responded with a status of (4\d\d|503)|net::ERR_)")


class Visitor:
    """A person at a device. Each has cookies and storage of its own."""

    def __init__(self, chromium, bank, name, viewport=None, channel="personal", **context):
        self.bank = bank
        self.name = name
        self.channel = channel
        self.origin = bank.origin(channel)
        self.viewport = viewport or DESKTOP
        self.context = chromium.new_context(
            viewport=self.viewport, ignore_https_errors=True, **({"locale": "en-KE", "timezone_id": "Africa/Nairobi"} | context))
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.faults = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error}"))

    def _console(self, message):
        if message.type == "error" and not EXPECTED_CONSOLE.search(message.text):
            self.faults.append(message.text)

    # MARK: going somewhere

    def open(self, path="/"):
        self.page.goto(self.origin + path)
        return self

    def sign_in(self, username="customer1", password=None, at="/"):
        """Through the form, as a person does."""
        self.open(at)
        self.fill_sign_in(username, password)
        self.settled()
        return self

    def fill_sign_in(self, username, password=None, within=None):
        place = within or self.page
        place.get_by_label("Username").fill(username)
        place.get_by_label("Password", exact=True).fill(password or PASSWORDS[username])
        place.get_by_role("button", name="Sign in").click()

    def signed_in(self, username="customer1", at="/"):
        """Without the form: the cookie comes from the API, and the page continues the session."""
        answer = self.context.request.post(
            f"{self.origin}/api/authentication/login", data={"username": username, "password": PASSWORDS[username]},
            headers={"X-Wekeza-Channel": self.channel, "Origin": self.origin})
        assert answer.ok, answer.text()
        self.context.add_init_script(f"localStorage.setItem('wekeza.returning.{self.channel}', '1');")
        self.open(at)
        self.settled()
        return self

    def settled(self):
        """Until the page has its heading and nothing is busy any more."""
        expect(self.page.locator("h1").first).to_be_visible()
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)
        return self

    # MARK: looking

    def screenshot(self, name):
        """For a person to look at; kept out of git."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}-{self.viewport['width']}.png", full_page=True)

    def assert_accessible(self):
        """axe finds nothing to complain about, at any severity."""
        result = Axe().run(self.page)
        violations = [
            f"{each['id']} ({each['impact']}): {each['help']}\n  " + "\n  ".join(node["html"][:200] for node in each["nodes"][:5])
            for each in result.response["violations"]]
        assert not violations, f"{self.page.url}:\n" + "\n".join(violations)

    def assert_fits(self):
        """Nothing has to be scrolled sideways."""
        width = self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= self.viewport["width"], f"{self.page.url} is {width} px wide on {self.viewport['width']} px"

    def assert_no_faults(self):
        assert not self.faults, f"{self.page.url}: {self.faults}"

    def forgive(self):
        """Forgets the faults that a test has provoked on purpose."""
        self.page.wait_for_timeout(200)
        self.faults.clear()

    def close(self):
        self.context.close()


class Outbox:
    """Messages of the demo bank to its customers, read as the administrator who may."""

    def __init__(self, admin):
        self.admin = admin

    def code(self, recipient, since, seconds=10):
        """The newest single-use code of six digits that was sent to somebody after a moment (RFC 3339)."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for message in self.admin.ok("/api/notifications/outbox", recipient=recipient, since=since, limit=20)["items"]:
                found = re.search(r"\b(\d{6})\b", message["body"])
                if found:
                    return found.group(1)
            time.sleep(0.1)
        raise AssertionError(f"no message with a code to {recipient} since {since}")


def now():
    """This moment as the API writes it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
