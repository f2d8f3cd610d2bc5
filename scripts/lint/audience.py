#!/usr/bin/env python3
"""Denied unless meant: below each function's COMMENT stands whom it is for.

Either GRANT EXECUTE ON FUNCTION ... TO roles, or the line "-- for the owner alone".  Trigger and support functions
cannot be called and go without.  A function that nobody thought about would else be for whoever a blanket grant names.
"""
import re

from source import files, finish, line_of, read, report, sql_code

HEAD = re.compile(r"^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE) (orchestration(?:_internal)?\.\w+)\(", re.M)
BLANKET = re.compile(r"\bGRANT\s+(?:EXECUTE|ALL)[^;]*\bON\s+ALL\s+(?:FUNCTIONS|ROUTINES|PROCEDURES)\b|\bGRANT\s+EXECUTE\b[^;]*\bTO\b[^;]*\bPUBLIC\b", re.I)
NOT_CALLED = re.compile(r"\bRETURNS\s+(?:trigger|event_trigger|internal)\b", re.I)

for path in files(".sql", under="src/"):
    text = read(path)
    code = sql_code(text, keep_bodies=True)
    for blanket in BLANKET.finditer(code):
        report(path, line_of(text, blanket.start()), "a GRANT names its functions and its roles, and never PUBLIC")
    heads = list(HEAD.finditer(text))
    for head, following in zip(heads, heads[1:] + [None]):
        part = text[head.start():following.start() if following else len(text)]
        name = head.group(1)
        if NOT_CALLED.search(part.split("\nAS ", 1)[0]):
            continue
        if not re.search(r"^GRANT EXECUTE ON FUNCTION [^;]*" + re.escape(name) + r"\(|^-- for the owner alone$", part, re.M):
            report(path, line_of(text, head.start()), f"{name}: nothing below it says whom it is for (GRANT EXECUTE, or \"-- for the owner alone\")")
finish()
