#!/usr/bin/env python3
"""How fast a customer sees the own money: cold and warm dashboard in Debian's Chromium over a slow line and on a slow processor.

Usage: .venv/bin/python Benchmarks/web/measure.py [--rounds N] [--network none] [--program PATH]

Starts the program on free ports with the demo bank, signs in once, and then opens the dashboard again and again: cold (empty cache, as
on the first visit with a session) and warm (as on every visit after). Everything is read from the browser's own performance interface;
"data on screen" is the first paint the browser reports after the dashboard's answer was in the document (marks of Web/lib/query.ts).
Prints a table.
"""

import argparse
import os
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))

from playwright.sync_api import sync_playwright  # noqa: E402

from harness.client import PASSWORDS  # noqa: E402
from harness.server import Server  # noqa: E402

# 1.6 Mbit/s down, 750 kbit/s up, 150 ms round trip, a processor four times as slow: Lighthouse's "slow 4G" phone.
LINE = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
PROCESSOR_SLOWDOWN = 4
MARK = "shown GET /customer-portal/dashboard"
WATCHED_MILLISECONDS = 4_000
AIMS = {"cold": 1_500, "warm": 600}

OBSERVE = """
window.measured = { shift: 0, paint: 0, paints: [] };
new PerformanceObserver(list => { for (const each of list.getEntries()) window.measured.shift += each.value; })
  .observe({ type: 'layout-shift', buffered: true });
new PerformanceObserver(list => {
  for (const each of list.getEntries()) {
    window.measured.paint = each.startTime;
    window.measured.paints.push(each.startTime);
  }
}).observe({ type: 'largest-contentful-paint', buffered: true });
"""

READ = """
() => {
  if (performance.getEntriesByName(MARK).length === 0) return null;
  const resources = performance.getEntriesByType('resource');
  const page = performance.getEntriesByType('navigation')[0];
  const bytes = resources.reduce((sum, each) => sum + each.transferSize, page.transferSize);
  const answers = name => Math.max(0, ...resources.filter(each => each.name.endsWith(name)).map(each => each.responseEnd));
  const committed = performance.getEntriesByName(MARK.replace('shown', 'committed'))[0].startTime;
  const paints = [...performance.getEntriesByType('paint').map(each => each.startTime), ...window.measured.paints];
  const data = Math.min(performance.getEntriesByName(MARK)[0].startTime, ...paints.filter(paint => paint >= committed));
  return {
    data, html: page.responseEnd, session: answers('/authentication/refresh'),
    answer: answers('/customer-portal/dashboard'), paint: window.measured.paint, shift: window.measured.shift, bytes,
    requests: resources.filter(each => each.transferSize > 0).length + 1,
  };
}
""".replace("MARK", repr(MARK))


@dataclass
class Visit:
    """What one visit came to: milliseconds since the navigation began, and bytes over the wire."""

    data: float
    html: float
    session: float
    answer: float
    paint: float
    shift: float
    bytes: int
    requests: int


class Visitor:
    """One browser profile with a session of customer1."""

    def __init__(self, browser, origin, is_slow):
        self.origin = origin
        self.context = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2)
        answer = self.context.request.post(
            f"{origin}/api/authentication/login", data={"username": "customer1", "password": PASSWORDS["customer1"]},
            headers={"X-Wekeza-Channel": "personal", "Origin": origin})
        assert answer.ok, answer.text()
        self.context.add_init_script("localStorage.setItem('wekeza.returning.personal', '1');")
        self.context.add_init_script(OBSERVE)
        self.page = self.context.new_page()
        self.tools = self.context.new_cdp_session(self.page)
        self.tools.send("Network.enable")
        if is_slow:
            self.tools.send("Network.emulateNetworkConditions", LINE)
            self.tools.send("Emulation.setCPUThrottlingRate", {"rate": PROCESSOR_SLOWDOWN})

    def visit(self, is_cold):
        self.page.goto("about:blank")
        if is_cold:
            self.tools.send("Network.clearBrowserCache")
        self.page.goto(self.origin + "/", wait_until="commit")
        # No question is put to the page while it works: the tool's own scripts would be compiled on the slow processor too. And what
        # comes late must not shift anything either.
        for _ in range(10):
            self.page.wait_for_timeout(WATCHED_MILLISECONDS)
            if (measured := self.page.evaluate(READ)) is not None:
                return Visit(**measured)
        raise TimeoutError("the dashboard's data never came")


def row(name, visits, aim):
    def middle(attribute):
        return statistics.median(getattr(visit, attribute) for visit in visits)

    worst = max(visit.data for visit in visits)
    shift = max(visit.shift for visit in visits)
    verdict = "met" if middle("data") < aim and shift == 0 else "**missed**"
    return (
        f"| {name} | {middle('data'):.0f} ms | {worst:.0f} ms | < {aim} ms | {verdict} | {middle('html'):.0f} | {middle('session'):.0f} | "
        f"{middle('answer'):.0f} | {middle('paint'):.0f} | {shift:.3f} | {middle('bytes') / 1024:.0f} kB | {middle('requests'):.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--network", choices=["slow", "none"], default="slow")
    parser.add_argument("--program", help="default: the release build, else the debug build")
    parser.add_argument("--origin", help="a running program's channel instead of a new one")
    arguments = parser.parse_args()
    built = [ROOT / ".build" / kind / "wekeza" for kind in ("release", "debug")]
    program = arguments.program or next((str(path) for path in built if path.exists()), None)
    if program is None:
        sys.exit("measure.py: build the program first: swift build -c release --product wekeza")
    os.environ["WEKEZA_TEST_BINARY"] = program
    if arguments.origin:
        report(arguments.origin, arguments)
        return
    with Server() as server:
        server.start()
        report(server.origin(), arguments)


def report(origin, arguments):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("WEKEZA_TEST_CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
        visitor = Visitor(browser, origin, arguments.network == "slow")
        # The first visits warm the program up, not the browser.
        visitor.visit(True)
        cold = [visitor.visit(True) for _ in range(arguments.rounds)]
        warm = [visitor.visit(False) for _ in range(arguments.rounds)]
        browser.close()
    print(f"Dashboard of personal banking, 390 px, {arguments.rounds} visits each"
          + (", 1.6 Mbit/s, 150 ms, processor / 4" if arguments.network == "slow" else ", without emulation"))
    print()
    print("| visit | data on screen, median | worst | aim | | page | session | answer | largest paint | layout shift | over the wire "
          "| requests |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    print(row("cold", cold, AIMS["cold"]))
    print(row("warm", warm, AIMS["warm"]))


if __name__ == "__main__":
    main()
