"""What holds on every page: it fits, everybody can use it, nothing fails in the console, and it speaks Swahili."""

import pytest
from harness.browser import DESKTOP, PHONE
from harness.client import Client
from playwright.sync_api import expect

PAGES = ["/", "/accounts", "/accounts/{account}", "/transfer", "/standing-orders", "/standing-orders/new", "/beneficiaries", "/deposits",
         "/deposits/new", "/deposits/new?product=FD01", "/deposits/new?product=RD01", "/accounts/new", "/documents", "/identity", "/more",
         "/profile", "/security", "/notifications", "/no-such-page"]
OPEN_PAGES = ["/", "/forgot-password", "/reset-password"]
LOOKS = [(PHONE, "light"), (PHONE, "dark"), (DESKTOP, "light"), (DESKTOP, "dark")]
NAMES = [f"{viewport['width']}-{scheme}" for viewport, scheme in LOOKS]


@pytest.fixture(scope="module")
def account(bank):
    with Client(bank, "customer1") as client:
        return client.account()["accountNumber"]


def look_at(visitor, name):
    visitor.screenshot(name)
    visitor.assert_fits()
    visitor.assert_accessible()
    assert visitor.page.locator("h1").count() == 1, visitor.page.url
    assert visitor.page.title().endswith(" · Wekeza")


def name_of(path, scheme):
    name = path.strip("/").replace("?product=", "-").replace("/", "-").replace("{", "").replace("}", "")
    return (name or "overview") + ("-dark" if scheme == "dark" else "")


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS, ids=NAMES)
def test_every_page_of_a_customer(visit, account, viewport, scheme):
    visitor = visit(viewport, color_scheme=scheme).signed_in("customer1")
    for path in PAGES:
        visitor.open(path.format(account=account)).settled()
        look_at(visitor, name_of(path, scheme))


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS, ids=NAMES)
def test_every_page_of_a_stranger(visit, viewport, scheme):
    visitor = visit(viewport, color_scheme=scheme)
    for path in OPEN_PAGES:
        visitor.open(path).settled()
        look_at(visitor, "stranger-" + name_of(path, scheme))


def test_every_page_in_swahili(visit, account):
    visitor = visit(PHONE, locale="sw-KE")
    visitor.open("/").settled()
    expect(visitor.page.locator("html")).to_have_attribute("lang", "sw")
    visitor.assert_fits()
    visitor.assert_accessible()
    visitor.signed_in("customer1")
    for path in PAGES:
        visitor.open(path.format(account=account)).settled()
        expect(visitor.page.locator("html")).to_have_attribute("lang", "sw")
        visitor.screenshot("sw-" + name_of(path, "light"))
        visitor.assert_fits()
        visitor.assert_accessible()


def test_every_link_of_every_page_leads_somewhere(visit, account):
    visitor = visit().signed_in("customer1")
    waiting, seen = ["/"], set()
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith("/transactions/") and sum(each.startswith("/transactions/") for each in seen) > 2:
            continue
        seen.add(path)
        visitor.open(path).settled()
        assert visitor.page.get_by_text("There is nothing here").count() == 0, path
        hrefs = visitor.page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
        waiting += [href.split("#")[0] for href in hrefs if href.startswith("/") and not href.startswith("/assets/")]
    assert {"/accounts", "/transfer", "/beneficiaries", "/deposits", "/documents", "/identity", "/profile", "/security"} <= seen
