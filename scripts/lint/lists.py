#!/usr/bin/env python3
"""Kinds and resources are written in one list each (src/engine/kinds.h, src/core/resources.h).

A statement of SQL or C that names three or more of the kinds, of the types of owners or of the tables of the list is a
second list: the next member would be missing in it.  Make it of kinds(), resources(), owners or the C tables instead.  What is
about each of its members in its own way stands in ALLOWED, with the reason.
"""
import re

from source import c_code, files, finish, line_of, read, report

KINDS_H, RESOURCES_H = "src/engine/kinds.h", "src/core/resources.h"
# (file, text that the statement contains): why it is no second list
ALLOWED = {
    ("src/access/policies.sql", "'managed_objects', 'OWNED'"): "tables outside of namespaces, each with conditions of its own",
    ("src/audit/guards.sql", "CASE kind"): "alerts is the name of a step here",
    ("src/inventory/capabilities.sql", "x.node_selector"): "what a row of each asks of an engine, column by column",
    ("src/inventory/rule_triggers.sql", "INSERT INTO orchestration_internal.object_names"): "whose objects can meet by name; claims.sql has the same three",
    ("src/inventory/rule_triggers.sql", "'bound_namespaces'"): "rules, not tables: which columns each of them reads",
    ("src/inventory/rule_triggers.sql", "keep_used"): "what others refer to; keep_used() knows how, for each",
    ("src/inventory/weigh.c", "ENTRY_BYTES"): "what a row of each takes when it is rendered",
    ("src/lifecycle/touch.c", "{\"container\", \"container_id\""): "by which way each is referred to",
    ("src/engine/kubernetes/facts.c", "writers[]"): "how the facts of each kind are taken; the list has their names",
    ("src/engine/kubernetes/slim.c", "kinds[] = {{"): "of what large ones have nobody reads a part; the others share one rule",
    ("src/inventory/references.sql", "x.what"): "by which name and type a row of each is found",
    ("src/inventory/references.sql", "naming_containers(what"): "by which column a row of a part refers to each",
    ("src/inventory/references.sql", "AS config_maps"): "a lock on rows of a table needs its name",
    ("src/reconcile/manifests_view.sql", "VIEW orchestration_internal.parts_templates"): "what the pod of a container is made of, each in its own way",
    ("src/reconcile/why.sql", "SELECT 'namespace'::text"): "what a container refers to, each by its own table",
}
UNION = re.compile(r"\bFROM\s+orchestration\.(\w+)")



def the_list(path, macro):
    return re.search(r"#define " + macro + r"\(.*?\n\n", read(path), re.S).group()


KINDS = set(re.findall(r"^\t[KA]\((\w+), ", the_list(KINDS_H, "ORCH_KINDS"), re.M))
TABLES, OWNERS, OWNER_TABLES = set(), set(), set()
body = the_list(RESOURCES_H, "ORCH_RESOURCES")
for own, name, rest in re.findall(r"^\t([RP])\((\w+), (.*?)(?=\n\t[RP]\(|\n\t/\*|\n\n)", body, re.M | re.S):
    TABLES.add(name)
    words = re.findall(r'"(\w+)"', rest)
    if ".owner" in rest:
        OWNERS.add(words[0] if own == "R" else words[1])
        OWNER_TABLES.add(name)
if len(KINDS) < 8 or len(OWNERS) < 6 or len(TABLES) < 20:
    report(RESOURCES_H, 0, "the lists were not understood")


def named(string, names):
    """Of a literal: the name that it is, or those of the list {a,b} or pattern (a|b) that it holds."""
    if string in names:
        return {string}
    if re.match(r"\{[\w, ]+\}$", string) or re.search(r"\([\w]+(\|\w+)+\)", string):
        return set(re.findall(r"\w+", string)) & names
    return set()


def literals(statement, quote):
    return re.findall(quote + r"([^" + quote + r"\n]*)" + quote, statement)


def judge(path, text, statement, position, quote):
    strings = literals(statement, quote)
    for what, names in (("kinds", KINDS), ("types of owners", OWNERS), ("tables", TABLES)):
        found = set().union(*(named(s, names) for s in strings)) if strings else set()
        if what == "tables" and re.match(r"\s*(GRANT|REVOKE)\b", statement):
            found |= set(re.findall(r"orchestration\.(\w+)", statement)) & names
        if what == "tables" and re.search(r"\bUNION\b", statement):
            found |= set(UNION.findall(statement)) & OWNER_TABLES
        if len(found) < 3:
            continue
        if any(path == file and text_in in statement for file, text_in in ALLOWED):
            used.update(key for key in ALLOWED if path == key[0] and key[1] in statement)
            continue
        start = position + len(statement) - len(statement.lstrip())
        report(path, line_of(text, start), f"names {len(found)} {what}: {', '.join(sorted(found))}; make it of the list")


def statements(text):
    position = 0
    for part in text.split(";"):
        yield part, position
        position += len(part) + 1


used = set()
for path in files(".sql", ".c", ".h", under="src/"):
    if path in (KINDS_H, RESOURCES_H) or path.startswith("src/inventory/shapes"):
        continue
    text = read(path)
    if path.endswith(".sql"):
        code = re.sub(r"/\*.*?\*/|--[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)
        code = re.sub(r"^COMMENT ON .*?;$", lambda m: re.sub(r"[^\n;]", " ", m.group()), code, flags=re.M)
        for statement, position in statements(code):
            judge(path, code, statement, position, "'")
    else:
        code = c_code(text)
        for statement, position in statements(text):
            judge(path, text, statement, position, '"')
for key in sorted(set(ALLOWED) - used):
    report(key[0], 0, f"nothing in it needs the permission for {key[1]!r} any more")
finish()
