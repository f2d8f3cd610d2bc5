#!/usr/bin/env python3
"""Size and tidiness: files that fit a head, no path of somebody's machine, no stray blanks.

A source file of more than 500 lines is reported and of more than 800 refused (a test of that length is reported
only); a C function of more than 60 lines is reported.  Reports do not fail the check.
"""
import re

from source import c_code, files, finish, line_of, read, report

SOURCES = (".c", ".h", ".sql", ".sh", ".py", ".pl", ".pm")
PRIVATE = re.compile(r"(?<![\w.$}~/])/(?:work|root|home/\w+|Users/\w+)/")
FUNCTION = re.compile(r"^(\w[\w\s\*]*?\b(\w+)\([^;{}]*\))\s*^\{.*?^\}", re.M | re.S)


def functions(code):
    for m in FUNCTION.finditer(code):
        yield m.group(2), m.start(), m.group().count("\n", len(m.group(1))) - 1


for path in files():
    if path.endswith((".sum", ".mod", ".png", ".svg")) or path.startswith(("expected/", "test/isolation/expected/")):
        continue
    text = read(path)
    lines = text.count("\n")
    if path.endswith(SOURCES) and lines > 800 and not path.startswith(("test/", "sql/")):
        report(path, 0, f"{lines} lines; 800 is the most, 500 the aim")
    elif path.endswith(SOURCES) and lines > 500:
        print(f"note: {path}: {lines} lines; the aim is 500")
    for m in PRIVATE.finditer(text):
        report(path, line_of(text, m.start()), f"path of one machine: {text[m.start():m.start() + 40].split()[0]}")
    for m in re.finditer(r"[ \t]+$", text, re.M):
        if not path.endswith((".md", ".out", ".diff", ".patch")):
            report(path, line_of(text, m.start()), "blanks at the end of the line")
    if text and not text.endswith("\n"):
        report(path, lines + 1, "no newline at the end of the file")

for path in files(".c", under="src/"):
    text = read(path)
    for name, position, length in functions(c_code(text)):
        if length > 60:
            print(f"note: {path}:{line_of(text, position)}: {name}() has {length} lines; the aim is 60")
finish()
