"""The results of a test, as TAP: each is told at once."""

import re

failures = 0


def check(text, holds, told=""):
    """`told` is shown when `text` does not hold."""
    global failures
    failures += not holds
    print(f"{'ok' if holds else 'not ok'} - {text}")
    if not holds:
        print(re.sub("^", "#   ", str(told).rstrip(), flags=re.MULTILINE))


def exit_status():
    return failures > 0
