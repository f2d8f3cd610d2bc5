#!/usr/bin/env python3
"""No expected file holds an error that nobody announced, and every announced one is there.

In sql/ a statement that is to fail has a comment directly above that begins with "-- error:" and says what is
refused.  One comment announces the errors up to the next comment or result.  Without this rule an expected file
that recorded a broken test passes for ever.
"""
import re

from source import files, finish, line_of, read, report

ANNOUNCED = re.compile(r"--\s*errors?:")
RAISED = re.compile(r"(psql:[^ ]+ )?(ERROR|FATAL|PANIC):  ")

for path in files(".out", under="expected/"):
    comment, comment_line, raised = None, 0, True
    for number, line in enumerate(read(path).splitlines(), 1):
        if RAISED.match(line):
            if comment is None or not ANNOUNCED.match(comment):
                report(path, number, f'not announced by an "-- error:" comment above: {line[:80]}')
            raised = True
        elif re.match(r"--\s*[^-\s]", line) or re.match(r"\(\d+ rows?\)", line):
            if comment is not None and ANNOUNCED.match(comment) and not raised:
                report(path, comment_line, f"announces an error that did not come: {comment[:80]}")
            comment, comment_line, raised = line, number, not line.startswith("--")
    if comment is not None and ANNOUNCED.match(comment) and not raised:
        report(path, comment_line, f"announces an error that did not come: {comment[:80]}")

tested = {p[len("sql/"):-len(".sql")] for p in files(".sql", under="sql/") if p.count("/") == 1}
expected = {re.sub(r"_\d$", "", p[len("expected/"):-len(".out")]) for p in files(".out", under="expected/")}
for name in sorted(tested - expected):
    report(f"sql/{name}.sql", 0, "has no file in expected/")
for name in sorted(expected - tested):
    report(f"expected/{name}.out", 0, "has no file in sql/")
finish()
