"""The identity check: what is missing is sent, and stands there until somebody has looked at it."""

import re

import pytest
from harness.browser import PHONE
from playwright.sync_api import expect

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c63f8cfc0f01f0005050102a2d9a4ba0000000049454e44ae426082")


@pytest.fixture
def dialog(visit):
    visitor = visit(PHONE).signed_in("customer2", at="/identity")
    visitor.page.get_by_role("button", name="Send a document").click()
    return visitor, visitor.page.get_by_role("dialog")


def test_upload_a_document(dialog, clients):
    visitor, form = dialog
    page = visitor.page
    visitor.assert_accessible()
    form.get_by_label("What it is").select_option("passport")
    form.locator("input[type=file]").set_input_files({"name": "my passport.png", "mimeType": "image/png", "buffer": PNG})
    form.get_by_label("Number of the document").fill("AK1234567")
    form.locator("input[type=date]").fill("2099-05-01")
    visitor.screenshot("identity-upload")
    form.get_by_role("button", name="Send").dblclick()
    expect(form).to_be_hidden()
    expect(page.get_by_text("my passport.png").first).to_be_visible()
    expect(page.get_by_text("Being looked at").first).to_be_visible()
    visitor.screenshot("identity")
    visitor.assert_fits()
    visitor.assert_accessible()
    # It stands in the queue of those who review, once.
    waiting = clients("teller1").every("/api/cif/pending-documents")
    assert [each["fileName"] for each in waiting].count("my passport.png") == 1


def test_refusals_stand_beside_the_file(dialog):
    visitor, form = dialog
    field = form.locator("input[type=file]")
    expect(field).to_have_accessible_description(re.compile("at most 10 MB"))
    form.get_by_role("button", name="Send").click()
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile("Choose a file"))
    field.set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"words"})
    expect(field).to_have_accessible_description(re.compile("not a PDF, JPEG or PNG"))
    field.set_input_files({"name": "large.png", "mimeType": "image/png", "buffer": PNG + bytes(10 * 1024 * 1024)})
    expect(field).to_have_accessible_description(re.compile("This file has 10.0 MB"))
    # The name lies, the content does not.
    field.set_input_files({"name": "program.png", "mimeType": "image/png", "buffer": b"MZ program"})
    form.get_by_role("button", name="Send").click()
    expect(field).to_have_accessible_description(re.compile("not a PDF, JPEG or PNG"))
    visitor.screenshot("identity-refused")
    visitor.assert_accessible()


def test_a_slow_line_shows_how_far_it_is(dialog):
    visitor, form = dialog
    page = visitor.page
    line = visitor.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", {
        "offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 200_000})
    form.get_by_label("What it is").select_option("photo")
    form.locator("input[type=file]").set_input_files(
        {"name": "photo.png", "mimeType": "image/png", "buffer": PNG[:-12] + bytes(400_000) + PNG[-12:]})
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("progressbar")).to_be_visible()
    expect(form).to_be_hidden()
    expect(page.get_by_text("photo.png").first).to_be_visible()
