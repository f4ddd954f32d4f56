#!/usr/bin/env python3
"""Looks at the status page in a headless Chromium: status_page.py CONTROL PICTURES

CONTROL is log-courier-ctl, PICTURES a folder for screenshots. The service has delivered what it can, and a target of its is blocked.
Output is TAP; exit status 1 when an assert does not hold.
"""

import json
import os
import subprocess
import sys

from browser import Browser

PORT = os.environ["LOG_COURIER_METRICS_SERVER_LISTEN_PORT"]
URL = f"http://127.0.0.1:{PORT}/"
TAB, ENTER = "\ue004", "\ue007"
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
# What the page shows of each shard as it stands in the document.
EXACT = ("records_delivered", "objects_delivered", "pending_records", "restarts")
failures = 0


def check(text, holds, told=""):
    global failures
    failures += not holds
    print(f"{'ok' if holds else 'not ok'} - {text}")
    if not holds:
        print(f"#   {told}")


def status(control):
    told = subprocess.run([control, "status", "--json"], capture_output=True, check=True).stdout
    return json.loads(told)


def cells(browser, table):
    return browser.run(
        "return [...document.querySelectorAll('#' + arguments[0] + ' tr')].map((row) =>"
        " Object.fromEntries([...row.cells].map((cell) => [cell.dataset.name, cell.textContent])))", table)


def compare(browser, document):
    shown = cells(browser, "shards")
    expected = [{"shard": str(shard["shard"]), "state": shard["state"],
                 **{name: f"{shard[name]:,}" for name in EXACT}} for shard in document["shards"]]
    check("each shard stands in the table as in status --json",
          [{name: row[name] for name in expected[0]} for row in shown] == expected, f"{shown} is not {expected}")
    for name, member in (("delivered", "records_delivered"), ("pending", "pending_records"),
                         ("inflight", "inflight_bytes"), ("blocked", "targets_blocked")):
        value = browser.run("return Number(document.getElementById(arguments[0]).dataset.value)", name)
        total = sum(shard[member] for shard in document["shards"])
        check(f"the sum of {member} is that of status --json", value == total, f"{value} is not {total}")
    health = browser.run("return document.getElementById('health').textContent")
    check("health is told", health.split(",")[0] == ("healthy" if document["healthy"] else "unhealthy"), health)
    findings = browser.run("return [...document.querySelectorAll('#findings li')].map((item) => item.textContent)")
    check("each finding is told", len(findings) == len(document["findings"]), findings)
    kinds = browser.run("return [...document.querySelectorAll('#findings li')].map((item) => item.dataset.value)")
    check("each with its severity", kinds == [finding["severity"] for finding in document["findings"]], kinds)


def look_at(browser, name, scheme, pictures):
    width, height = SIZES[name]
    browser.resize(width, height)
    browser.prefer(scheme)
    page = browser.run("return document.documentElement.scrollWidth")
    check(f"the page is not wider than a {name}", page <= width, f"{page} pixels of {width}")
    small = browser.run("return [...document.querySelectorAll('button')].filter((each) =>"
                        " each.getBoundingClientRect().height < 44).length")
    check(f"what is to be touched is large enough on a {name}", small == 0, small)
    browser.picture(os.path.join(pictures, f"{name}-{scheme}.png"))


def use_keyboard(browser):
    browser.press(TAB)
    check("the first stop of the keyboard is the button",
          browser.run("return document.activeElement.id") == "refresh")
    browser.press(ENTER)
    check("which pauses", browser.run("return document.activeElement.getAttribute('aria-pressed')") == "true")
    browser.press(ENTER)
    check("and goes on", browser.run("return document.activeElement.getAttribute('aria-pressed')") == "false")
    browser.press(TAB)
    check("the next one is the table, to be scrolled",
          browser.run("return document.activeElement.getAttribute('aria-labelledby')") == "shards-title")


def main():
    control, pictures = sys.argv[1:]
    with open(os.path.join(pictures, "chromedriver.log"), "w", encoding="utf-8") as log, Browser(log) as browser:
        browser.resize(*SIZES["desktop"])
        browser.open(URL)
        browser.await_true("return Number(document.body.dataset.looks) >= 2")
        compare(browser, status(control))
        targets = cells(browser, "targets")
        check("the blocked target stands there with its reason",
              any(row["bucket"] == "nowhere" and "NoSuchBucket" in row["last_error"] for row in targets), targets)
        for name in SIZES:
            for scheme in ("light", "dark"):
                look_at(browser, name, scheme, pictures)
        use_keyboard(browser)
        points = browser.run("return document.getElementById('pace-line').getAttribute('points').split(' ').length")
        check("the charts grow", points >= 2, points)
        others = browser.run("return performance.getEntriesByType('resource').map((each) => each.name)"
                             ".filter((name) => !name.startsWith(location.origin) && !name.startsWith('data:'))")
        check("nothing is fetched from elsewhere", others == [], others)
        complaints = browser.errors()
        check("the console has no complaint", complaints == [], complaints)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
