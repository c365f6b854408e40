"""Compares the snippets of a Markdown file with what reads them.

    python tests/python/check_snippets.py FILE

YAML is parsed, and what is for Kubernetes is validated against its schemas, unknown keys included; Python is compiled; the
instructions of a Dockerfile are known ones. Each command line of bronzegate is printed, without the program's name, for the
test to run: also those in a line of text and those of the services in a table.
"""

import json
import re
import shlex
import sys

import kubernetes_validate
import yaml

VERSION = "1.31"


def commands(value):
    """The `args` of containers and the `run` of steps."""
    if isinstance(value, dict):
        if isinstance(value.get("args"), list):
            yield value["args"]
        if isinstance(value.get("run"), str):
            yield shlex.split(value["run"])
        for inner in value.values():
            yield from commands(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from commands(inner)


def after_name(words):
    return words[words.index("bronzegate") + 1 :] if "bronzegate" in words else words


with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()


def of_dockerfile(lines):
    """What the image starts, with what a job service adds to it."""
    known = {"FROM", "RUN", "COPY", "ENTRYPOINT", "ENV", "USER", "WORKDIR", "CMD"}
    instructions = [line.split(" ", 1) for line in lines if line]
    assert instructions[0][0] == "FROM" and known.issuperset(name for name, _ in instructions), instructions
    for name, rest in instructions:
        if name == "ENTRYPOINT":
            yield json.loads(rest) + ["run", "--due"]


def of_text(text):
    """`run --due …`, and `--args run,--due,…` of Cloud Run."""
    for line in re.findall(r"`(run --due[^`]*)`", text):
        yield shlex.split(line)
    for line in re.findall(r"--args (run,[^ `]*)", text):
        yield line.split(",")


found = 0
for words in of_text(text):
    print(shlex.join(words))
for language, snippet in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
    found += 1
    if language == "yaml":
        document = yaml.safe_load(snippet)
        if "apiVersion" in document:
            kubernetes_validate.validate(document, VERSION, strict=True)
        for words in commands(document):
            print(shlex.join(after_name(words)))
    elif language == "python":
        compile(snippet, sys.argv[1], "exec")
        for line in re.findall(r"bash_command=\"(.*)\"", snippet):
            print(shlex.join(after_name(shlex.split(line.replace("{{ data_interval_end | ts }}", "2026-11-22T17:00:00+00:00")))))
    elif language == "dockerfile":
        for words in of_dockerfile(snippet.splitlines()):
            print(shlex.join(after_name(words)))
    elif language in ("", "sh"):
        for line in snippet.splitlines():
            line = line.split(" # ")[0].split(" >> ")[0]
            if "bronzegate" in line and "pip install" not in line:
                print(shlex.join(after_name(shlex.split(line))))
    elif language == "json":
        json.loads(snippet)
    else:
        sys.exit(f"{sys.argv[1]}: nothing checks snippets of {language}")
if not found:
    sys.exit(f"{sys.argv[1]} has no snippets")
