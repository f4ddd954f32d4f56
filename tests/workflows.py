#!/usr/bin/env python3
"""What the workflows of continuous integration name exists: scripts and their options, make targets, jobs, matrix entries, steps.
Actions are pinned by their commit, the same in all workflows; no registry is named; dependabot looks after actions and base image.

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
DEPENDABOT = TOP / ".github" / "dependabot.yaml"
OTHERS = [DEPENDABOT, TOP / "codecov.yml"]
LINT = "{extends: default, rules: {document-start: disable, truthy: {check-keys: false}, line-length: {max: 120}, comments: {min-spaces-from-content: 1}}}"
# The commit is what is run; the comment names its release, for people and for dependabot.
ACTION = re.compile(r"uses: ([\w-]+/[\w.-]+(?:/[\w./-]+)?)@([0-9a-f]{40}) # v\d+(?:\.\d+){2}")
OURS = re.compile(r"\.?(contrib|tests|packaging|ci)/")
ALLOWED = {
    "job": {"runs-on", "container", "timeout-minutes", "strategy", "steps", "needs", "permissions", "if", "env"},
    "step": {"uses", "with", "run", "if", "env", "name", "working-directory", "id"},
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
    registry = step.get("with", {}).get("registry", "${{ vars. }}")
    faults.unless(registry.startswith("${{ vars."), f"{where}: names the registry {registry}")
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
    steps = job.get("steps", [])
    for number, step in enumerate(steps, 1):
        check_step(step, f"{where}: step {number}", faults)
    for named in re.findall(r"steps\.([\w-]+)", str(job)):
        faults.unless(named in [step.get("id") for step in steps], f"{where}: no step is called {named}")


def check_actions(files, faults):
    """Each is pinned, to one commit in all files."""
    commits = {}
    for path in files:
        for line in filter(re.compile(r"\buses:").search, path.read_text().splitlines()):
            action = ACTION.fullmatch(line.strip().removeprefix("- "))
            faults.unless(action, f"{path.name}: not pinned by a commit, with its release: {line.strip()}")
            if action:
                faults.unless(commits.setdefault(action[1], action[2]) == action[2],
                              f"{path.name}: another commit of {action[1]} than elsewhere")


def check_dependabot(yaml, faults):
    """It looks for updates where there are things to update, and finds their names."""
    updates = yaml.safe_load(DEPENDABOT.read_text())["updates"]
    places = {update["package-ecosystem"]: TOP / update["directory"].lstrip("/") for update in updates}
    faults.unless(set(places) == {"github-actions", "docker"}, f"dependabot looks after {', '.join(sorted(places))}")
    container = places.get("docker", TOP) / "Containerfile"
    faults.unless(container.exists(), f"{container} is missing")
    # It does not look into variables.
    images = re.findall(r"^FROM (\S+)", container.read_text() if container.exists() else "", re.M)
    faults.unless(any(re.fullmatch(r"[a-z]+:[\w.-]+", image) for image in images), "dependabot sees no base image")


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
    check_actions(files, faults)
    check_dependabot(yaml, faults)
    return 1 if faults.count else 0


if __name__ == "__main__":
    sys.exit(main())
