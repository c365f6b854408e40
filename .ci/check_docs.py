#!/usr/bin/env python3
"""Checks the words of the tree: links and the length of sentences in the documentation, and words that are hard to read in
everything that people read: documentation, comments, messages, help, Terraform.

Usage: check_docs.py [ROOT]. Prints a line for each finding as `file:line: what`, and exits with 1 if there is one.
"""

import os
import re
import sys
from pathlib import Path

MOST_WORDS = 25

# What is refused, and what to write instead.
HARD = {
    r"\btold of\b": "reported, warned",
    r"\bgone on with\b": "resumed",
    r"\b(?:goes|go|going) on with\b": "resumes, continues with",
    r"\bpass(?:es|ed|ing)? over\b": "skips, ignores",
    # As a word, not as a name in code.
    r"(?:^|(?<=[a-z`)/!#] ))(?<!let )(?<!if )(?<!fn )(?<!mut )anew\b(?!\()": "again",
    r"\bfor good\b(?! in )": "permanently",
    r"\bstands? in the way\b": "blocks",
    r"\bnothing came of\b": "failed permanently",
    r"\bwhat it brings\b": "its records",
    r"\ba person\b": "you, somebody",
    r"\bbehind (?:it|them|those|others|what|which|these|each|all|full|the (?:last|first|others|end|records?|pages?|table|list|value|name|host|point|quote))\b":
        "after it, after them",
    r"\b(?:can|could|cannot|could not) be had\b": "is available, is not available",
    r"\bin the place of\b": "instead of, in place of",
    r"\bheld against\b": "compared with",
    r"\bin its place\b": "instead",
}

ANY = re.compile("|".join(HARD), re.IGNORECASE)

# Text that people read, by the names of its files. The README of the project is checked as documentation.
READ = (".md", ".rs", ".py", ".tf", ".tftpl", ".hcl", ".html", ".cjs", ".yaml", ".yml", ".json", ".toml", "Makefile")
# Folders of other people's files, or of what is built.
OTHERS = {"target", "node_modules"}

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
IMAGE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6}\s+(.*)$", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)


def blank(match):
    """The same number of lines, without their text."""
    return "\n" * match.group(0).count("\n")


def prose(text):
    """The text without code blocks; lines stay where they are."""
    return FENCE.sub(blank, text)


def anchors(text):
    """The anchors of a page's headings, as GitHub makes them."""
    found = set()
    for heading in HEADING.findall(prose(text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = 1
        unique = anchor
        while unique in found:
            unique, number = f"{anchor}-{number}", number + 1
        found.add(unique)
    return found


def links(root, page, text):
    """Links within the tree that lead nowhere."""
    for number, line in enumerate(prose(text).split("\n"), 1):
        for target in LINK.findall(line) + IMAGE.findall(line):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            to = (page.parent / path).resolve() if path else page
            if not to.exists():
                yield number, f"the link {target} leads nowhere"
            elif anchor and to.suffix == ".md" and anchor not in anchors(to.read_text(encoding="utf-8")):
                yield number, f"the link {target}: there is no such heading"
            elif not to.is_relative_to(root):
                yield number, f"the link {target} leads out of the tree"


def paragraphs(text):
    """Paragraphs, items of lists and cells of tables, each with the line that it begins at."""
    begin, lines = 1, []
    for number, line in enumerate([*prose(text).split("\n"), ""], 1):
        is_row = line.lstrip().startswith("|")
        begins = re.match(r"\s*([-*]|\d+\.)\s|#|>", line)
        if (not line.strip() or begins or is_row) and lines:
            yield begin, " ".join(lines)
            lines = []
        if is_row:
            for cell in re.split(r"(?<!\\)\|", line):
                yield number, cell
        elif line.strip():
            begin = begin if lines else number
            lines.append(line.strip())


def sentences(text):
    """Sentences with more words than are easy to read."""
    for number, paragraph in paragraphs(text):
        plain = re.sub(r"`[^`]*`", "code", paragraph)
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", plain)
        plain = re.sub(r"^\s*([-*]|\d+\.|#+|>)\s", "", plain).replace("*", "")
        for sentence in re.split(r"(?<=[.!?:])\s+", plain):
            words = len(re.findall(r"[\w'’\-/]+", sentence))
            if words > MOST_WORDS:
                yield number, f"a sentence has {words} words, at most {MOST_WORDS}: {sentence[:60]}…"


def words(text):
    """Words that are refused."""
    for number, line in enumerate(text.split("\n"), 1):
        if not ANY.search(line):
            continue
        for hard, instead in HARD.items():
            found = re.search(hard, line, re.IGNORECASE)
            if found:
                yield number, f"“{found.group(0)}”: write {instead}"


def files(root):
    """The files of the tree that people read, but this one, which names the words."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in OTHERS and not name.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            if name.endswith(READ) and not name.startswith(".") and not path.is_symlink():
                yield path


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    findings = 0
    pages = 0
    for page in files(root):
        text = page.read_text(encoding="utf-8")
        checks = [words(prose(text) if page.suffix == ".md" else text)]
        if page.suffix == ".md":
            pages += 1
            checks.append(links(root, page, text))
        if page.is_relative_to(root / "docs"):
            checks.append(sentences(text))
        for check in checks:
            for number, what in check:
                findings += 1
                print(f"{page.relative_to(root)}:{number}: {what}")
    if not pages:
        print("no pages were found")
    sys.exit(1 if findings or not pages else 0)


if __name__ == "__main__":
    main()
