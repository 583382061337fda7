"""Fixtures of the tests in a real browser. They share the demo bank of the other end-to-end tests."""

import pytest
from harness.browser import CHROMIUM, Outbox, Visitor
from harness.server import ROOT
from playwright.sync_api import sync_playwright


@pytest.fixture(scope="session")
def chromium():
    if not (ROOT / "Web" / "dist" / "personal.html").exists():
        pytest.skip("Web/build has not run")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, bank, request):
    """`visit()` is a person at a desktop, `visit(PHONE)` at a telephone. In the end nobody's page may have failed."""
    visitors = []

    def make(viewport=None, server=None, **context):
        visitors.append(Visitor(chromium, server or bank, request.node.name, viewport, **context))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.close()
    for visitor in visitors:
        visitor.assert_no_faults()


@pytest.fixture(scope="session")
def outbox(clients):
    return Outbox(clients("admin"))
