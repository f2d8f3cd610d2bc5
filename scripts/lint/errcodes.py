#!/usr/bin/env python3
"""Every error that a caller can meet has an SQLSTATE that somebody chose.

A client can act on a code, not on a sentence.  In C every ereport() of ERROR or more names errcode(); elog() is
for what cannot happen.  In SQL every RAISE EXCEPTION names a condition or USING ERRCODE; a code of our own class
must stand in src/core/errors.h.
"""
import re

from source import balanced, c_code, files, finish, line_of, read, report, sql_code

known = set(re.findall(r"MAKE_SQLSTATE\('(.)', *'(.)', *'(.)', *'(.)', *'(.)'\)", read("src/core/errors.h")))
known = {"".join(k) for k in known}

for path in files(".c", ".h", under="src/"):
    text = read(path)
    code = c_code(text)
    for m in re.finditer(r"\bereport\s*\(", code):
        call = code[m.start():balanced(code, m.end() - 1)]
        if re.match(r"ereport\s*\(\s*(ERROR|FATAL|PANIC)\b", call) and not re.search(r"\berrcode(_for_\w+)?\s*\(", call):
            report(path, line_of(text, m.start()), "ereport() of an error without errcode()")

for path in files(".sql", under="src/"):
    text = read(path)
    code = sql_code(text, keep_bodies=True)
    for m in re.finditer(r"\bRAISE\s+EXCEPTION\b([^;]*);", code, re.I):
        if not re.search(r"\bERRCODE\s*=", m.group(1), re.I):
            report(path, line_of(text, m.start()), "RAISE EXCEPTION without USING ERRCODE")
    for m in re.finditer(r"'(OR\d\w\w)'", text):
        if m.group(1) not in known:
            report(path, line_of(text, m.start()), f"SQLSTATE {m.group(1)} is not in src/core/errors.h")

documented = read("docs/reference-errors.md") if files("reference-errors.md", under="docs/") else ""
for code in sorted(known):
    if code not in documented:
        report("docs/reference-errors.md", 0, f"SQLSTATE {code} of src/core/errors.h is not documented")
finish()
