#!/usr/bin/env python3
"""Every test that the fault matrix names is there, and says the words that it is quoted with.

A table of faults that names tests which were renamed or removed promises what nobody checks.  The last cell of a row is
`file`: words; more words; `another file`: its words.  The words stand in that file as they are, or with what it prints
for a variable left out at either end.
"""
import os
import re

from source import ROOT, finish, line_of, read, report

PAGE = "docs/reliability.md"
LEAST = 60
CITED = re.compile(r"`([\w./-]+\.\w+)`: ([^`]*)")

SECTION = re.compile(r"^## The fault matrix\n.*?(?=^## |\Z)", re.M | re.S)

text = read(PAGE)
promises = set(re.findall(r"^\| \*\*([A-Z])\*\* \|", text, re.M))
faults = 0
rows = [(s.start() + m.start(), m) for s in SECTION.finditer(text) for m in re.finditer(r"^\|(.*)\|$", s.group(), re.M)]
for position, m in rows:
    cells = [c.strip() for c in m.group(1).split(" | ")]
    line = line_of(text, position)
    if cells[0] == "fault" or set(m.group(1)) <= set("-|"):
        continue
    faults += 1
    if len(cells) != 4:
        report(PAGE, line, f"a row has a fault, what happens, what holds and a test, not {len(cells)} cells")
        continue
    for promise in cells[2].split():
        if promise not in promises:
            report(PAGE, line, f"there is no promise {promise}")
    cited = CITED.findall(cells[3])
    if not cited:
        report(PAGE, line, "names no test")
    for path, words in cited:
        if not os.path.exists(os.path.join(ROOT, path)):
            report(PAGE, line, f"{path} does not exist")
            continue
        test = read(path)
        for phrase in filter(None, (w.strip() for w in words.split(";"))):
            if phrase not in test:
                report(PAGE, line, f'{path} does not say "{phrase}"')
if faults < LEAST:
    report(PAGE, 0, f"the matrix has {faults} faults; there were more than {LEAST}")
finish()
