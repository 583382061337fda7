"""The public website: every page for everybody, figures that agree with the API, and an account from the first click to the first login."""

import re
import secrets
from datetime import datetime, timezone

import httpx
import pytest
from harness.browser import DESKTOP, PHONE
from harness.client import Client
from playwright.sync_api import expect

PAGES = ["/", "/products", "/products/sav01", "/products/fd01", "/rates", "/calculators?calculator=fixed&amount=250000&term=182",
         "/calculators?calculator=fixed&amount=1&term=x", "/branches", "/branches?q=nowhere-at-all", "/about", "/security", "/contact",
         "/privacy", "/terms", "/open-account", "/no-such-page"]
LOOKS = [(PHONE, "light"), (PHONE, "dark"), (DESKTOP, "light"), (DESKTOP, "dark")]
IDS = [f"{viewport['width']}-{scheme}" for viewport, scheme in LOOKS]


@pytest.fixture
def site(visit):
    return lambda viewport=None, **context: visit(viewport, channel="public", **context)


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS, ids=IDS)
def test_every_page_fits_and_is_accessible(site, viewport, scheme):
    visitor = site(viewport, color_scheme=scheme)
    for path in PAGES:
        visitor.open(path)
        expect(visitor.page.locator("h1")).to_have_count(1)
        visitor.screenshot("site-" + (re.sub(r"\W+", "-", path.strip("/")) or "home") + ("-dark" if scheme == "dark" else ""))
        visitor.assert_fits()
        visitor.assert_accessible()


def test_every_link_leads_somewhere(site):
    visitor = site()
    waiting, seen = ["/"], set()
    while waiting:
        path = waiting.pop().split("#")[0]
        if path in seen:
            continue
        seen.add(path)
        answer = visitor.page.goto(visitor.origin + path)
        assert answer.status == 200, path
        hrefs = visitor.page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
        waiting += [href for href in hrefs if href.startswith("/") and not href.startswith("/assets/")]
    assert {"/rates", "/products/sav01", "/open-account", "/contact"} <= seen


def test_every_fee_can_be_read_on_a_phone(site):
    visitor = site(PHONE)
    visitor.open("/rates")
    cells = visitor.page.locator(".fees td.figure")
    assert cells.count() > 5
    for box in (cell.bounding_box() for cell in cells.all()):
        assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"], box
    expect(visitor.page.locator(".fees tbody tr").first).to_contain_text("KES")


def weight(origin, path, seen):
    """Bytes over the wire of a page with everything that it asks for: files of its html, and of their style sheets."""
    if path in seen:
        return 0
    seen.add(path)
    answer = httpx.get(origin + path, headers={"Accept-Encoding": "br, gzip"})
    is_text = answer.headers.get("content-type", "").startswith(("text/html", "text/css"))
    files = re.findall(r"/assets/[\w.-]+", answer.text) if is_text else []
    return int(answer.headers["content-length"]) + sum(weight(origin, file, seen) for file in files)


def test_pages_read_without_scripts_and_stay_small(site):
    visitor = site(java_script_enabled=False)
    for path in PAGES:
        visitor.open(path)
        expect(visitor.page.locator("h1")).to_be_visible()
        size = weight(visitor.origin, path, set())
        assert 10 * 1024 < size < 60 * 1024, (path, size)


def test_the_calculator_says_what_the_api_says(site, clients):
    visitor = site()
    visitor.open("/calculators")
    form = visitor.page.locator("#fixed")
    form.get_by_label("Amount in shillings").fill("1,000,000")
    form.get_by_label("For how many days").fill("90")
    form.get_by_role("button", name="Work it out").click()
    # Golden vector: 1,000,000 at 11 % for 90 days of 365.
    expect(form).to_contain_text("KES 27,123.29")
    expect(form).to_contain_text("− KES 4,068.49")
    expect(form).to_contain_text("KES 1,023,054.80")


def test_a_message_gets_a_number(site):
    visitor = site(PHONE)
    visitor.open("/contact")
    visitor.page.get_by_label("Your name").fill("Asha Wanjiru")
    visitor.page.get_by_label("E-mail").fill("not an address")
    visitor.page.get_by_label("Message").fill("Do you open on Saturdays?")
    visitor.page.get_by_role("button", name="Send").click()
    expect(visitor.page.get_by_label("E-mail")).to_have_attribute("aria-invalid", "true")
    expect(visitor.page.get_by_label("Message")).to_have_value("Do you open on Saturdays?")
    visitor.page.get_by_label("E-mail").fill("asha@example.com")
    visitor.page.get_by_role("button", name="Send").click()
    expect(visitor.page.get_by_role("status")).to_contain_text("Your message has the number")


# A picture of one pixel: what a phone's camera sends differs in size only.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082")


def test_from_the_first_click_to_the_first_login(site, visit, outbox):
    visitor = site(PHONE)
    page, since = visitor.page, datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
    digits = "".join(secrets.choice("123456789") for _ in range(7))
    page_name = f"new.{digits}"
    visitor.open("/products/sav01")
    page.get_by_role("link", name="Open this account").click()
    page.get_by_label("First name").fill("Nafula")
    page.get_by_label("Last name").fill("Barasa")
    page.get_by_label("National identity number").fill(digits)
    page.get_by_label("Date of birth").fill("1994-02-28")
    page.get_by_label("Mobile phone").fill(f"071{digits}")
    page.get_by_label("E-mail").fill(f"{page_name}@example.com")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_label("I accept the terms of use.")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("First name")).to_have_value("Nafula")
    page.get_by_label("I accept the terms of use.").check()
    page.get_by_label("I have read how Wekeza handles my data.").check()
    page.get_by_role("button", name="Go on").click()

    page.get_by_label("Code from the SMS").fill("000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Code from the SMS").fill(outbox.code(f"+25471{digits}", since))
    page.get_by_role("button", name="Confirm").click()

    # The browser is closed and opened again: the application goes on where it stopped.
    visitor.open("/open-account")
    expect(page.get_by_role("heading", name="Your documents")).to_be_visible()
    for label in ("Identity card, front", "A picture of you"):
        page.get_by_label(label).set_input_files({"name": "../../photo.png", "mimeType": "image/png", "buffer": b"GIF89a not a picture"})
    page.get_by_role("button", name="Send the documents").click()
    expect(page.get_by_label("Identity card, front")).to_have_attribute("aria-invalid", "true")
    for label in ("Identity card, front", "Identity card, back", "A picture of you"):
        page.get_by_label(label).set_input_files({"name": "photo.png", "mimeType": "image/png", "buffer": PNG})
    page.get_by_role("button", name="Send the documents").click()

    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    expect(page.get_by_label(re.compile("Savings Account"))).to_be_checked()
    page.get_by_label("Name to sign in with").fill(page_name)
    page.get_by_label("Password", exact=True).fill("maziwa-lala-ya-asubuhi")
    page.get_by_label("Password once more").fill("maziwa-lala-ya-asubuhi")
    page.get_by_role("button", name="Open the account").click()
    expect(page.get_by_role("heading", name="Karibu. Your account is open.")).to_be_visible()
    visitor.screenshot("site-account-open")

    customer = visit(PHONE)
    customer.open("/")
    customer.fill_sign_in(page_name, "maziwa-lala-ya-asubuhi")
    customer.settled()
    expect(customer.page.get_by_text("Savings Account").first).to_be_visible()
