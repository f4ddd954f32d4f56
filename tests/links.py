#!/usr/bin/env python3
"""links.py FOLDER: the links of its Markdown documents to files and headings lead somewhere. Prints those that do not.

Addresses of the web are not looked at. Exit status 1 when a link leads nowhere.
"""

import pathlib
import re
import sys

FENCE = re.compile(r"^```.*?^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", re.M)
# What belongs to the documents: not what a build or a checkout keeps below them.
PLACES = ("*.md", "docs/*.md", "contrib/**/*.md")


def anchors(path):
    """How a heading is named in a link: in lower case, without punctuation, with hyphens for blanks."""
    texts = HEADING.findall(FENCE.sub("", path.read_text()))
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in texts}


def leads_somewhere(path, link):
    target, _, anchor = link.partition("#")
    file = path.parent / target if target else path
    return file.exists() and (not anchor or file.suffix != ".md" or anchor in anchors(file))


def main():
    folder = pathlib.Path(sys.argv[1])
    documents = sorted({path for place in PLACES for path in folder.glob(place)})
    broken = [f"{path}: {link} leads nowhere" for path in documents for link in LINK.findall(FENCE.sub("", path.read_text()))
              if not re.match(r"[a-z]+:", link) and not leads_somewhere(path, link)]
    if not documents:
        broken.append(f"{folder} has no documents")
    print("\n".join(broken), end="\n" if broken else "")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
