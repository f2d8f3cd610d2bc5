#!/usr/bin/env python3
"""The way of one value in docs/architecture.md is there as it is told, and no longer than it may be.

A way that names files which were renamed or functions that moved leads a newcomer nowhere; one that grows unnoticed is
how a value comes to be judged and written down in two places.  An item is: 1. `src/file`, `name`: what it does there.
The name stands in that file, the numbers count, and no file comes twice.
"""
import os
import re

from source import ROOT, finish, line_of, read, report

PAGE = "docs/architecture.md"
MOST = 20

text = read(PAGE)
sections = list(re.finditer(r"^### The way of one value\n.*?(?=^#|\Z)", text, re.M | re.S))
passed = []
for s in sections:
    for m in re.finditer(r"^(\d+)\. (.*)", s.group(), re.M):
        line = line_of(text, s.start() + m.start())
        item = re.match(r"`(src/[\w./-]+)`, `(\w+)(?:\(\))?`: .", m.group(2))
        if not item:
            report(PAGE, line, "an item is: number, `file`, `name`: what it does there")
            continue
        path, name = item.groups()
        if int(m.group(1)) != len(passed) + 1:
            report(PAGE, line, f"number {m.group(1)} stands where {len(passed) + 1} should")
        if path in passed:
            report(PAGE, line, f"{path} comes twice")
        if not os.path.exists(os.path.join(ROOT, path)):
            report(PAGE, line, f"{path} does not exist")
        elif not re.search(rf"\b{name}\b", read(path)):
            report(PAGE, line, f"{path} has no {name}")
        passed.append(path)
if not passed:
    report(PAGE, 0, "has no way of one value")
if len(passed) > MOST:
    report(PAGE, 0, f"the way of one value passes {len(passed)} files; at most {MOST} are allowed")
finish()
