#!/usr/bin/env python3
"""The install script: nothing adopts what somebody planted beforehand, and every function guards its names.

OR REPLACE and IF NOT EXISTS take over an existing object with its owner.  A function without its own search_path
resolves names where the caller says.  What bootstrap() executes later stands in quoted definitions and may use
OR REPLACE: by then the schema is ours.
"""
import glob
import os
import re

from source import ROOT, files, finish, line_of, read, report, sql_statements

ROUTINE = re.compile(r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE)\s+([\w.\"]+)", re.I)
SEARCH_PATH = re.compile(r"\bSET\s+search_path\s*(?:=|TO)\s*pg_catalog\s*,\s*pg_temp\b", re.I)
ADOPTING = re.compile(r"\bOR\s+REPLACE\b|\bIF\s+NOT\s+EXISTS\b", re.I)


def comment_above(text, position):
    found = re.search(r"(/\*(?:(?!\*/).)*\*/|(?:--[^\n]*\n)+)\s*\Z", text[:position], re.S)
    return found.group(1).lower() if found else ""


def comment_on(text, name):
    found = re.search(r"COMMENT ON (?:FUNCTION|PROCEDURE) " + re.escape(name) + r"\([^)]*\) IS '((?:[^']|'')*)'", text)
    return found.group(1).lower() if found else ""


def check_routine(path, text, position, head, name):
    line = line_of(text, position)
    # a SET clause costs more than what a policy calls for every row
    resolves = not (re.search(r"\bLANGUAGE\s+c\b", head, re.I) and "resolves no names" in comment_above(text, position))
    if resolves and not SEARCH_PATH.search(head):
        report(path, line, f"{name} does not SET search_path = pg_catalog, pg_temp")
    if not name.startswith(("orchestration.", "orchestration_internal.")):
        report(path, line, f"{name} is not qualified with the schema")
    if re.search(r"\bSECURITY\s+DEFINER\b", head, re.I) and not re.search(
            r"security definer|with the rights of", comment_above(text, position) + comment_on(text, name)):
        report(path, line, f"{name}: no comment says why it is SECURITY DEFINER")


for path in files(".sql", under="src/"):
    text = read(path)
    for position, _, head in sql_statements(text):
        routine = ROUTINE.match(head)
        if routine:
            check_routine(path, text, position, head, routine.group(1))

scripts = glob.glob(os.path.join(ROOT, "build", "orchestration--*.sql"))
if not scripts:
    report("build", 0, "there is no install script; run make")
for path in scripts:
    text = read(path)
    for position, _, head in sql_statements(text):
        adopting = ADOPTING.search(head)
        if adopting:
            report(path, line_of(text, position), f"{adopting.group()} in the statement {' '.join(head.split())[:60]}")
finish()
