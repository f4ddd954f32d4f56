#!/usr/bin/env python3
"""What the workflows of continuous integration name exists: scripts and their options, make targets, jobs, matrix entries.

Exit code 77 when yamllint or Python's yaml is missing.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
WORKFLOWS = TOP / ".github" / "workflows"
OTHERS = [TOP / ".github" / "dependabot.yaml", TOP / "codecov.yml"]
LINT = "{extends: default, rules: {document-start: disable, truthy: {check-keys: false}, line-length: {max: 120}}}"
ACTION = re.compile(r"[\w-]+/[\w.-]+(/[\w./-]+)?@v\d+")
OURS = re.compile(r"\.?(contrib|tests|packaging|ci)/")
ALLOWED = {
    "job": {"runs-on", "container", "timeout-minutes", "strategy", "steps", "needs", "permissions", "if", "env"},
    "step": {"uses", "with", "run", "if", "env", "name", "working-directory"},
}


class Faults:
    def __init__(self):
        self.count = 0

    def unless(self, holds, text):
        if not holds:
            self.count += 1
            print(text)


def make_targets():
    text = "\n".join(path.read_text() for path in [TOP / "Makefile.am", *TOP.glob("**/include.am")])
    rules = re.findall(r"^([a-z][\w-]*(?: [a-z][\w-]*)*):", text, re.M)
    return {name for rule in rules for name in rule.split()} | {"all", "check", "dist", "distcheck", "install"}


def check_command(words, where, faults):
    if words[0] == "make":
        for target in (word for word in words[1:] if re.fullmatch(r"[a-z][\w-]*", word)):
            faults.unless(target in make_targets(), f"{where}: there is no make target {target}")
    for word in filter(OURS.match, words):
        faults.unless((TOP / word).exists(), f"{where}: there is no {word}")
    if not OURS.match(words[0]) or not (TOP / words[0]).is_file():
        return
    faults.unless(os.access(TOP / words[0], os.X_OK), f"{where}: {words[0]} is not executable")
    text = (TOP / words[0]).read_text()
    for option in (word for word in words[1:] if word.startswith("--")):
        faults.unless(f"{option})" in text, f"{where}: {words[0]} does not know {option}")


def check_step(step, where, faults):
    faults.unless(set(step) <= ALLOWED["step"], f"{where}: unknown keys {set(step) - ALLOWED['step']}")
    faults.unless(("uses" in step) != ("run" in step), f"{where}: a step either uses or runs")
    if "uses" in step:
        faults.unless(ACTION.fullmatch(step["uses"]), f"{where}: {step['uses']} is not pinned by its major version")
    for line in filter(None, re.split(r"\n|&&|;", step.get("run", ""))):
        check_command(line.split(), where, faults)


def check_job(name, job, jobs, where, faults):
    where = f"{where}: {name}"
    faults.unless(set(job) <= ALLOWED["job"], f"{where}: unknown keys {set(job) - ALLOWED['job']}")
    for key in ("runs-on", "timeout-minutes", "steps"):
        faults.unless(key in job, f"{where}: {key} is missing")
    needs = job.get("needs", [])
    for needed in [needs] if isinstance(needs, str) else needs:
        faults.unless(needed in jobs, f"{where}: needs {needed}, which is no job")
    matrix = job.get("strategy", {}).get("matrix", {})
    for entry in re.findall(r"matrix\.([\w-]+)", str(job)):
        faults.unless(entry in matrix, f"{where}: the matrix has no {entry}")
    for number, step in enumerate(job.get("steps", []), 1):
        check_step(step, f"{where}: step {number}", faults)


def check_workflow(path, yaml, faults):
    where = path.name
    workflow = yaml.safe_load(path.read_text())
    # To YAML 1.1, and so to this library, the key "on" means true.
    for key in ("name", True, "permissions", "jobs"):
        faults.unless(key in workflow, f"{where}: {'on' if key is True else key} is missing")
    jobs = workflow.get("jobs", {})
    for name, job in jobs.items():
        check_job(name, job, jobs, where, faults)


def main():
    try:
        import yaml
    except ImportError:
        print("Python's yaml is missing")
        return 77
    if shutil.which("yamllint") is None:
        print("yamllint is missing")
        return 77
    files = sorted(WORKFLOWS.glob("*.y*ml"))
    faults = Faults()
    faults.unless(files, f"there is no workflow in {WORKFLOWS}")
    lint = subprocess.run(["yamllint", "--strict", "-d", LINT, *files, *OTHERS], check=False)
    faults.unless(lint.returncode == 0, "yamllint has complaints")
    for path in files:
        check_workflow(path, yaml, faults)
    return 1 if faults.count else 0


if __name__ == "__main__":
    sys.exit(main())
