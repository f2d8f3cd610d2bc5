#!/usr/bin/env python3
"""Schema orchestration is what a person reads: at most 80 functions, each of which the docs show in use.

The generated reference does not count: it repeats the COMMENT.  What nobody would look for in the docs is made of
functions of orchestration_internal, or belongs there itself.
"""
import re

from source import files, finish, line_of, read, report

MOST = 80
CREATED = re.compile(r"^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE) orchestration\.(\w+)\(", re.M)
GENERATED = re.compile(r"<!-- generated: .*?<!-- end -->", re.S)

pages = [p for p in files(".md") if p.startswith("docs/") or re.match(r"README[^/]*\.md$", p)]
prose = "\n".join(GENERATED.sub("", read(p)) for p in pages)
documented = set(re.findall(r"\b(\w+)\(", prose))
count = 0
for path in files(".sql", under="src/"):
    text = read(path)
    for m in CREATED.finditer(text):
        count += 1
        if m.group(1) not in documented:
            report(path, line_of(text, m.start()), f"orchestration.{m.group(1)}() is shown nowhere in docs/*.md: document it, or move it to orchestration_internal")
if count > MOST:
    report("src", 0, f"schema orchestration has {count} functions; at most {MOST} are read by anybody")
finish()
