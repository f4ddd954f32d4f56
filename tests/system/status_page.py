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
from tap import check, exit_status

PORT = os.environ["LOG_COURIER_METRICS_SERVER_LISTEN_PORT"]
URL = f"http://127.0.0.1:{PORT}/"
TAB, ENTER = "\ue004", "\ue007"
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
# What the page shows of each shard as it stands in the document.
EXACT = ("records_delivered", "objects_delivered", "pending_records", "restarts")
COMPARED = ("shard", "state", *EXACT)
SUMS = (("delivered", "records_delivered"), ("pending", "pending_records"))


def told_by(control, *words):
    told = subprocess.run([control, *words, "--json"], capture_output=True, check=True).stdout
    return json.loads(told)


def status(control):
    """What status tells, without what changes from one moment to the next."""
    document = told_by(control, "status")
    shards = [{name: shard[name] for name in COMPARED} for shard in document["shards"]]
    severities = [finding["severity"] for finding in document["findings"]]
    return {"healthy": document["healthy"], "severities": severities, "shards": shards}


def blocked_names(control):
    """A target that is blocked in several shards is one."""
    targets = told_by(control, "targets", "--blocked")["targets"]
    return {(target["bucket"], "" if target["whole_bucket"] else target["prefix"]) for target in targets}


def cells(browser, table):
    return browser.run(
        "return [...document.querySelectorAll('#' + arguments[0] + ' tr')].map((row) =>"
        " Object.fromEntries([...row.cells].map((cell) => [cell.dataset.name, cell.textContent])))", table)


def shown_by(browser):
    """What the page shows of what status() and blocked_names() tell."""
    number = "return Number(document.getElementById(arguments[0]).dataset.value)"
    findings = "return [...document.querySelectorAll('#findings li')].map((item) => item."
    return {
        "shards": [{name: row[name] for name in COMPARED} for row in cells(browser, "shards")],
        "sums": {name: browser.run(number, name) for name, _ in SUMS},
        "blocked": browser.run(number, "blocked"),
        "health": browser.run("return document.getElementById('health').textContent").split(",")[0],
        "findings": browser.run(findings + "textContent)"),
        "severities": browser.run(findings + "dataset.value)")}


def looks(browser):
    return browser.run("return Number(document.body.dataset.looks)")


def settled(browser, control):
    """What status, the targets and the page tell once the service stood still while the page took a look of its own."""
    for _ in range(60):
        before = (status(control), blocked_names(control))
        browser.await_true(f"return Number(document.body.dataset.looks) >= {looks(browser) + 2}")
        shown = shown_by(browser)
        if before == (status(control), blocked_names(control)):
            return *before, shown
    raise RuntimeError(f"the service never stands still: {before}")


def compare(document, blocked, shown):
    expected = [{"shard": str(shard["shard"]), "state": shard["state"],
                 **{name: f"{shard[name]:,}" for name in EXACT}} for shard in document["shards"]]
    check("each shard stands in the table as in status --json",
          shown["shards"] == expected, f"{shown['shards']} is not {expected}")
    for name, member in SUMS:
        total = sum(shard[member] for shard in document["shards"])
        check(f"the sum of {member} is that of status --json", shown["sums"][name] == total, f"{shown['sums']} is not {total}")
    check("each blocked target is counted once", shown["blocked"] == len(blocked), f"{shown['blocked']} is not {blocked}")
    check("health is told", shown["health"] == ("healthy" if document["healthy"] else "unhealthy"), shown["health"])
    check("each finding is told", len(shown["findings"]) == len(document["severities"]), shown["findings"])
    check("each with its severity", shown["severities"] == document["severities"], f"{shown['severities']} is not {document}")


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
        compare(*settled(browser, control))
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
    sys.exit(exit_status())


if __name__ == "__main__":
    main()
