"""Figures, as they are collected; the table on the terminal; the JSON."""

import datetime
import json
import os
import platform

from .measure import Series

DIGITS = 3


def machine():
    model = ""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {"processor": model, "processors": os.cpu_count(), "kernel": platform.release()}


def number(value):
    """As people read it: three digits, thousands set apart."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{DIGITS}g}" if abs(value) >= 0.001 or value == 0 else f"{value:.1e}"


class Figure:
    """One figure of one case: a value for each repetition, for each courier or for none."""

    def __init__(self, name, unit):
        self.name = name
        self.unit = unit
        self.series = {}

    def document(self):
        return {
            "unit": self.unit,
            "values": {who: {"median": s.median, "least": s.least, "spread": round(s.spread, 4),
                             "values": s.values} for who, s in self.series.items()},
        }


REFERENCE = "reference"  # stands for what is measured without log-courier


class Case:
    """The figures of one case."""

    def __init__(self, name, title):
        self.name = name
        self.title = title
        self.figures = {}
        self.facts = {}

    def add(self, figure, unit, value, who=REFERENCE):
        entry = self.figures.setdefault(figure, Figure(figure, unit))
        entry.series.setdefault(who, Series()).values.append(value)

    def add_ratio(self, figure, above, below):
        """median / median, for each courier that `above` has."""
        if above not in self.figures or below not in self.figures:
            return
        denominator = self.figures[below].series
        for who, series in list(self.figures[above].series.items()):
            against = denominator.get(who) or denominator.get(REFERENCE)
            if against and against.median:
                self.add(figure, "x", series.median / against.median, who)

    def document(self):
        return {"title": self.title, "facts": self.facts,
                "figures": {name: figure.document() for name, figure in self.figures.items()}}


class Report:
    def __init__(self, couriers, mode):
        self.couriers = couriers
        self.mode = mode
        self.cases = {}
        self.began = datetime.datetime.now(datetime.timezone.utc)

    def document(self):
        return {
            "made": self.began.isoformat(timespec="seconds"),
            "mode": self.mode,
            "machine": machine(),
            "couriers": {name: {"directory": c.directory, "version": c.version}
                         for name, c in self.couriers.items()},
            "cases": {name: case.document() for name, case in self.cases.items()},
        }

    def write(self, path):
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.document(), file, indent=1)
            file.write("\n")
        os.replace(path + ".new", path)


def cell(series):
    if series is None:
        return "", "", ""
    alone = len(series.values) == 1
    spread = "" if alone else f"±{100 * series.spread:.1f}%"
    return number(series.median), "" if alone else number(series.least), spread


def before(baseline, case, figure, who):
    """The same figure in an earlier report: the same courier's, or that of its only one."""
    values = baseline["cases"].get(case.name, {}).get("figures", {}).get(figure.name, {}).get("values", {})
    return (values.get(who) or (values.get("courier") if who != REFERENCE else None) or {}).get("median")


def print_case(case, baseline):
    print(f"\n{case.name}: {case.title}")
    head = f"  {'':46} {'median':>10} {'least':>10} {'spread':>8}  unit"
    print(head + (f" {'':10} {'before':>10} {'ratio':>7}" if baseline else ""))
    for figure in case.figures.values():
        for who, series in figure.series.items():
            label = figure.name
            if who == REFERENCE:
                label = "· " + label
            elif len(figure.series) > 1 and who != "courier":
                label = f"{label} [{who}]"
            median, least, spread = cell(series)
            line = f"  {label:46} {median:>10} {least:>10} {spread:>8}  {figure.unit}"
            former = baseline and before(baseline, case, figure, who)
            if former:
                line = f"{line:<91} {number(former):>10} {series.median / former:>6.2f}x"
            print(line)
    for name, fact in case.facts.items():
        print(f"  {name}: {fact}")
