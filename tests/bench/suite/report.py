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

    def add_ratio(self, figure, above, below, value="median"):
        """One figure's median, or least value, to another's, for each courier that `above` has."""
        if above not in self.figures or below not in self.figures:
            return
        denominator = self.figures[below].series
        for who, series in list(self.figures[above].series.items()):
            against = denominator.get(who) or denominator.get(REFERENCE)
            if against and getattr(against, value):
                self.add(figure, "x", getattr(series, value) / getattr(against, value), who)

    def add_pairs(self, figure, above, below):
        """One figure to a reference of the same repetition, which holds on a machine whose load changes."""
        references = self.figures[below].series[REFERENCE].values
        for who, series in list(self.figures[above].series.items()):
            for value, reference in zip(series.values, references):
                self.add(figure, "x", value / reference, who)

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


class Former:
    """What the figures are held against: another courier of the same run, or an earlier report."""

    def __init__(self, report, baseline):
        self.name = next((name for name in report.couriers if name != "courier"), None)
        self.cases = (baseline or {}).get("cases", {})

    def __bool__(self):
        return bool(self.name or self.cases)

    def facts(self, case):
        return self.cases.get(case.name, {}).get("facts", {})

    def series(self, case, figure, who):
        """Of a courier's figure, or of a reference; None if there is none."""
        if self.name in figure.series and who != REFERENCE:
            return figure.series[self.name]
        values = self.cases.get(case.name, {}).get("figures", {}).get(figure.name, {}).get("values", {})
        return Series(values[who]["values"]) if who in values else None


def ratio(now, before):
    return f"{now / before:.3f}" if before else ""


def print_figure(case, figure, who, former):
    series = figure.series[who]
    several = len(series.values) > 1
    label = figure.name if who != REFERENCE else "· " + figure.name
    line = (f"  {label:52} {number(series.median):>10} {number(series.least) if several else '':>10} "
            f"{f'±{100 * series.spread:.1f}%' if len(series.values) > 2 else '':>7}  {figure.unit:9}")
    before = former.series(case, figure, who) if former else None
    if before:
        line += (f" {number(before.median):>10} {ratio(series.median, before.median):>7} "
                 f"{ratio(series.least, before.least) if several else '':>7}")
    print(line.rstrip())


def print_case(case, former):
    print(f"\n{case.name}: {case.title}")
    head = f"  {'':52} {'median':>10} {'least':>10} {'spread':>7}  {'':9}"
    print((head + (f" {'before':>10} {'ratio':>7} {'of least':>8}" if former else "")).rstrip())
    for figure in case.figures.values():
        for who in figure.series:
            if who in ("courier", REFERENCE):
                print_figure(case, figure, who, former)
    for name, fact in case.facts.items():
        before = former.facts(case).get(name) if name != "took" else None
        known = "" if before is None else "  (as before)" if before == fact else f"  (before: {before})"
        print(f"  {name}: {fact}{known}")


def reference_of(figures, name, who):
    """The series that a figure is held against: of a reference, or the same courier's other figure."""
    if name not in figures:
        return None
    series = figures[name].series
    return series.get(REFERENCE) or series.get(who)


def print_summary(report, rows):
    """The figures that count, as a table in Markdown: of the courier, and of what it is held against."""
    rows = [row for row in rows if row[1] in getattr(report.cases.get(row[0]), "figures", {})]
    if not rows:
        return
    columns = list(report.couriers)
    print("\n| case | figure | " + " | ".join(columns if len(columns) > 1 else ["measured"]) + " | reference | ratio |")
    print("|---" * (4 + len(columns)) + "|")
    for name, figure, reference in rows:
        figures = report.cases[name].figures
        values = {who: figures[figure].series[who].median for who in columns if who in figures[figure].series}
        against = reference_of(figures, reference, "courier")
        cells = [f"{number(values[who])} {figures[figure].unit}" if who in values else "" for who in columns]
        cells += [f"{number(against.median)}, {reference}" if against else "",
                  f"{number(values['courier'] / against.median)}" if against and against.median else ""]
        print(f"| {name} | {figure} | " + " | ".join(cells) + " |")
