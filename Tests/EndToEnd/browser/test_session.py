"""What a session survives, and what nobody gets hold of."""

import http.server
import re
import threading

import httpx
import pytest
from harness.browser import DESKTOP, PHONE
from harness.client import Client
from playwright.sync_api import expect

READ_EVERYTHING = """
async () => {
  const found = [];
  const seen = new Set();
  const walk = (value, path, depth) => {
    if (typeof value === 'string') { found.push([path, value]); return; }
    if (value === null || (typeof value !== 'object' && typeof value !== 'function') || depth > 3 || seen.has(value)) return;
    seen.add(value);
    let names = [];
    try { names = Reflect.ownKeys(value); } catch { return; }
    for (const name of names) {
      let member;
      try { member = value[name]; } catch { continue; }
      walk(member, `${path}.${String(name)}`, depth + 1);
    }
  };
  walk(window, 'window', 0);
  walk({ ...localStorage }, 'localStorage', 0);
  walk({ ...sessionStorage }, 'sessionStorage', 0);
  walk(history.state, 'history.state', 0);
  found.push(['cookie', document.cookie]);
  found.push(['html', document.documentElement.outerHTML]);
  found.push(['address', location.href]);
  found.push(['databases', JSON.stringify(indexedDB.databases ? await indexedDB.databases() : [])]);
  found.push(['caches', JSON.stringify(await caches.keys())]);
  return found;
}
"""


def test_asvs_3_5_neither_token_nor_session_is_readable_by_scripts_of_the_page(visit):
    visitor = visit()
    tokens = []
    visitor.page.on("response", lambda answer: tokens.append(answer) if answer.url.endswith("/authentication/refresh") else None)
    visitor.sign_in("customer1")
    visitor.page.reload()
    visitor.settled()
    token = tokens[-1].json()["token"]
    cookie = next(each["value"] for each in visitor.context.cookies() if each["name"] == "wekeza_refresh_personal")
    for path, value in visitor.page.evaluate(READ_EVERYTHING):
        assert token not in value and cookie not in value, path
        assert not re.search(r"eyJ[\w-]{10,}\.", value), path
    # Reading everything also reads what may not be read.
    visitor.forgive()


def test_asvs_14_4_3_scripts_that_are_not_the_banks_do_not_run(visit):
    visitor = visit().signed_in("customer1")
    outcome = visitor.page.evaluate("""
        async () => {
          const outcome = {};
          try { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.broken=1">'); outcome.html = 'taken'; }
          catch (error) { outcome.html = error.name; }
          const script = document.createElement('script');
          try { script.text = 'window.broken = 1'; document.body.append(script); outcome.script = 'taken'; }
          catch (error) { outcome.script = error.name; }
          // In a task of its own: the tool's own call is exempt from the rule.
          await new Promise(resolve => setTimeout(() => {
            try { (0, eval)('window.broken = 1'); outcome.eval = 'taken'; } catch (error) { outcome.eval = error.name; }
            resolve();
          }));
          try { await fetch('https://evil.example/'); outcome.elsewhere = 'taken'; } catch (error) { outcome.elsewhere = error.name; }
          await new Promise(resolve => setTimeout(resolve, 200));
          return { ...outcome, broken: window.broken ?? null };
        }
    """)
    assert outcome == {"html": "TypeError", "script": "TypeError", "eval": "EvalError", "elsewhere": "TypeError", "broken": None}
    visitor.forgive()


class ForeignPage(http.server.BaseHTTPRequestHandler):
    """A page of somebody else, which uses the visitor's cookies if the browser lets it."""

    target = ""

    def do_GET(self):
        body = f"""<!DOCTYPE html><title>Win a phone</title>
            <form id="form" method="post" action="{self.target}/api/authentication/refresh" target="frame"></form>
            <iframe name="frame"></iframe><iframe id="bank" src="{self.target}/"></iframe>
            <script>
              window.outcome = (async () => {{
                form.submit();
                const answers = [];
                for (const options of [{{ mode: 'no-cors' }}, {{ headers: {{ 'X-Wekeza-Channel': 'personal' }} }}]) {{
                  try {{
                    const asked = {{ method: 'POST', credentials: 'include', ...options }};
                    const answer = await fetch('{self.target}/api/authentication/refresh', asked);
                    answers.push(answer.type);
                  }} catch (error) {{ answers.push(error.name); }}
                }}
                return answers;
              }})();
            </script>""".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def foreign_page(bank):
    ForeignPage.target = bank.origin()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ForeignPage)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    # Another host name than the bank's localhost, so another site.
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_asvs_4_2_2_a_foreign_page_cannot_use_the_session_or_frame_the_bank(visit, foreign_page):
    visitor = visit().signed_in("customer1")
    before = visitor.context.cookies()
    visitor.page.goto(foreign_page)
    answers = visitor.page.evaluate("window.outcome")
    assert answers == ["opaque", "TypeError"]
    assert visitor.context.cookies() == before, "no token was traded"
    frames = [frame for frame in visitor.page.frames if frame.url.startswith(visitor.origin)]
    assert all(frame.locator("h1").count() == 0 for frame in frames)
    visitor.forgive()
    visitor.open("/").settled()
    expect(visitor.page.get_by_role("heading", level=1)).to_contain_text("Amina")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["390", "1280"])
def test_a_session_that_ends_in_the_middle_of_a_form_keeps_what_was_typed(visit, bank, viewport):
    visitor = visit(viewport).signed_in("customer2", at="/transfer")
    amount = visitor.page.locator("input[name=amount]")
    amount.fill("1234.5")
    with Client(bank, "customer2") as elsewhere:
        elsewhere.delete("/api/authentication/sessions")
    # The next thing that asks the bank finds out.
    visitor.page.evaluate("dispatchEvent(new Event('online'))")
    dialog = visitor.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    visitor.screenshot("session-ended")
    visitor.assert_accessible()
    dialog.get_by_label("Password", exact=True).fill("Customer@123")
    dialog.get_by_role("button", name="Sign in", exact=True).click()
    expect(dialog).to_be_hidden()
    assert re.sub(r"[^\d.]", "", amount.input_value()) in ("1234.5", "1234.50")


def test_without_a_line_the_page_says_so_and_goes_on_by_itself(visit):
    visitor = visit().signed_in("customer1")
    visitor.context.set_offline(True)
    expect(visitor.page.get_by_text("You are offline").first).to_be_visible()
    visitor.assert_accessible()
    # Money that was seen stays seen.
    expect(visitor.page.get_by_text(re.compile(r"KES\s[\d,]+\.\d\d")).first).to_be_visible()
    visitor.context.set_offline(False)
    expect(visitor.page.get_by_text("You are offline")).to_have_count(0)


def test_a_slow_line_shows_that_something_happens(visit):
    visitor = visit().signed_in("customer1")
    visitor.page.route("**/api/customer-portal/accounts?*", lambda route: None)
    visitor.page.route("**/api/customer-portal/accounts", lambda route: None)
    visitor.page.get_by_role("link", name="Accounts").first.click()
    expect(visitor.page.locator("[aria-busy=true]").first).to_be_visible()
    expect(visitor.page.get_by_text("The connection is slow")).to_be_visible()


def test_back_and_forward_lead_where_they_should(visit):
    visitor = visit().signed_in("customer1")
    visitor.page.get_by_role("link", name="Accounts").first.click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Accounts")
    expect(visitor.page.get_by_role("heading", level=1)).to_be_focused()
    assert visitor.page.title() == "Accounts · Wekeza"
    visitor.page.go_back()
    expect(visitor.page.get_by_role("heading", level=1)).to_contain_text("Amina")
    visitor.page.go_forward()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Accounts")


def test_signing_out_in_one_tab_signs_out_in_the_other(visit):
    visitor = visit().signed_in("customer1")
    other = visitor.context.new_page()
    other.goto(visitor.origin)
    expect(other.get_by_role("heading", level=1)).to_contain_text("Amina")
    visitor.page.get_by_role("button", name="Your account").first.click()
    visitor.page.get_by_role("menuitem", name="Sign out").click()
    expect(other.get_by_label("Username")).to_be_visible()


def test_two_tabs_that_open_at_once_share_the_session(visit):
    visitor = visit().signed_in("customer1")
    pages = [visitor.context.new_page() for _ in range(4)]
    for page in pages:
        page.evaluate("location.href = " + repr(visitor.origin + "/accounts"))
    for page in pages:
        expect(page.get_by_role("heading", level=1)).to_have_text("Accounts")
    visitor.page.reload()
    expect(visitor.page.get_by_role("heading", level=1)).to_contain_text("Amina")


def refresh_status(visitor, cookies):
    """What the bank says to somebody who kept the session's cookie."""
    value = next(each["value"] for each in cookies if each["name"] == "wekeza_refresh_personal")
    return httpx.post(
        visitor.origin + "/api/authentication/refresh", timeout=30, headers={
            "X-Wekeza-Channel": "personal", "Origin": visitor.origin, "Cookie": f"wekeza_refresh_personal={value}"}).status_code


def test_asvs_3_3_1_signing_out_without_a_line_ends_the_session_as_soon_as_there_is_one(visit):
    visitor = visit().signed_in("customer1")
    cookies = visitor.context.cookies()
    visitor.context.set_offline(True)
    visitor.page.get_by_role("button", name="Your account").first.click()
    visitor.page.get_by_role("menuitem", name="Sign out").click()
    expect(visitor.page.get_by_text("Amina")).to_have_count(0)
    with visitor.page.expect_response("**/api/authentication/logout"):
        visitor.context.set_offline(False)
    expect(visitor.page.get_by_label("Username")).to_be_visible()
    assert refresh_status(visitor, cookies) == 401


def test_asvs_3_3_2_an_idle_session_warns_and_then_closes_without_losing_the_page(visit):
    visitor = visit()
    visitor.page.clock.install()
    visitor.signed_in("customer2", at="/transfer")
    amount = visitor.page.locator("input[name=amount]")
    amount.fill("750")
    visitor.page.clock.fast_forward("28:30")
    dialog = visitor.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Are you still there?")
    visitor.assert_accessible()
    # The clock must not run ahead of the bank's answer.
    with visitor.page.expect_response(lambda answer: answer.url.endswith("/authentication/refresh")):
        dialog.get_by_role("button", name="Stay signed in").click()
    expect(dialog).to_be_hidden()
    visitor.page.clock.fast_forward("28:30")
    expect(dialog).to_contain_text("Are you still there?")
    visitor.page.clock.fast_forward("02:00")
    expect(dialog).to_contain_text("Sign in again")
    dialog.get_by_label("Password", exact=True).fill("Customer@123")
    dialog.get_by_role("button", name="Sign in", exact=True).click()
    expect(dialog).to_be_hidden()
    assert re.sub(r"[^\d.]", "", amount.input_value()) in ("750", "750.00")


def test_asvs_9_1_the_channel_works_over_tls_with_secure_cookies(visit, make_server):
    server = make_server(WEKEZA_TLS="self-signed").start()
    visitor = visit(server=server).sign_in("customer1")
    assert visitor.page.url.startswith("https://")
    cookie = next(each for each in visitor.context.cookies() if each["name"] == "wekeza_refresh_personal")
    assert cookie["secure"] and cookie["httpOnly"] and cookie["sameSite"] == "Strict"
    visitor.page.reload()
    visitor.settled()
    expect(visitor.page.get_by_role("heading", level=1)).to_contain_text("Amina")
