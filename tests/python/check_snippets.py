"""Holds the snippets of a Markdown file against what reads them.

    python tests/python/check_snippets.py FILE

YAML is parsed, and what is for Kubernetes is validated against its schemas, unknown keys included; Python is compiled. Each
command line of bronzegate is printed, without the program's name, for the test to run.
"""

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
found = 0
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
    elif language in ("", "sh"):
        for line in snippet.splitlines():
            line = line.split(" # ")[0].split(" >> ")[0]
            if "bronzegate" in line and "pip install" not in line:
                print(shlex.join(after_name(shlex.split(line))))
if not found:
    sys.exit(f"{sys.argv[1]} has no snippets")
