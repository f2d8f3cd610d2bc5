#!/usr/bin/env python3
"""Tests of the API run as those who use it: why() failed for everybody but superusers, and no test noticed.

In sql/, every function that is granted to orchestration_user is called at least once by a session that is somebody
(SET SESSION AUTHORIZATION, SET ROLE), and a file that calls some of them and never becomes anybody says why in a line
that begins with "-- as the owner: ".  So does a line of a Perl test against a cluster.
"""
import re

from source import files, finish, line_of, read, report

GRANTED = re.compile(r"^GRANT EXECUTE ON FUNCTION orchestration\.(\w+)\([^;]*\bTO\b[^;]*\borchestration_user\b", re.M)
BECOMES = re.compile(r"^\s*SET (?:SESSION AUTHORIZATION|(?:LOCAL |SESSION )?ROLE) '?(\w+)", re.I)
ENDS = re.compile(r"^\s*(?:RESET (?:SESSION AUTHORIZATION|ROLE|ALL)|SET SESSION AUTHORIZATION DEFAULT|\\c\b)", re.I)
# functions of a test that become somebody themselves
WITHIN = re.compile(r"set_config\('(?:role|session_authorization)'|\bSET role = \w+", re.I)
REASON = re.compile(r"^-- as the owner: \S", re.M)

granted = {}
for path in files(".sql", under="src/"):
    text = read(path)
    for m in GRANTED.finditer(text):
        granted.setdefault(m.group(1), (path, line_of(text, m.start())))
calls = re.compile(r"(?<![\w.])(?:orchestration\.)?(" + "|".join(sorted(granted)) + r")\(")

by_people = set()
for path in (p for p in files(".sql", under="sql/") if p.count("/") == 1):
    text = read(path)
    somebody, ever, called, people = False, False, False, set()
    superusers = set(re.findall(r"CREATE ROLE (\w+)[^;]*\bSUPERUSER", text)) | {"orchestration_worker"}
    inside = bool(WITHIN.search(text))
    for line in text.splitlines():
        if line.startswith("--"):
            continue
        becomes = BECOMES.match(line)
        if becomes:
            somebody = becomes.group(1) not in superusers and becomes.group(1).lower() != "none"
        elif ENDS.match(line):
            somebody = False
        ever = ever or somebody or inside
        found = set(calls.findall(line))
        called = called or bool(found)
        if somebody or inside:
            people |= found
    by_people |= people
    if called and not ever and not REASON.search(text):
        report(path, 0, 'only the owner calls the API here: SET SESSION AUTHORIZATION to somebody (sql/include/as_people.sql), or say why in a line "-- as the owner: ..."')
# against a cluster, or what plays one: $pg->sql() is the owner, as_operator() and as_administrator() are people
perl = re.compile(r"""\$pg->(?:sql|error|try)\((["'])SELECT (?:[^"';]* FROM |\w+\()?orchestration\.(?:""" + "|".join(sorted(granted)) + r")\(")
for path in files(".pl", under="test/kube/t/") + files(".pl", under="test/stub/t/"):
    for number, line in enumerate(read(path).splitlines(), 1):
        if perl.search(line) and "as => " not in line and "# as the owner: " not in line:
            report(path, number, 'the owner calls the API: as_operator() or as_administrator(), or say why in "# as the owner: ..." at the end of the line')
for name in sorted(set(granted) - by_people):
    report(*granted[name], f"no test in sql/ calls {name}() as somebody who is not the owner")
finish()
