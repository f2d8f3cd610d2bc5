"""Finds circles of files inside a room; rooms.py reports them, and says in its head what counts.

A name is what one file gives to others: in C a function or a variable that is not static, in SQL a function.  Who
mentions a name, be it only to pass it on, leans on the file that gives it, whichever header declares it: so one header
for a whole room hides nothing.  What a header itself has, macros and inline functions, stands for the names in it.
"""
import os
import re
from collections import defaultdict

from source import c_code, read, sql_code

_WORD = re.compile(r"\b[A-Za-z_]\w+\b")
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.M)
_MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)((?:.*\\\n)*.*)", re.M)
# PostgreSQL's style: the name of a function begins its line, the type stands above it
_FUNCTION = re.compile(r"^([A-Za-z_][\w \t\*]*)\n(\w+)\(([^;{}]*)\)\s*?\n\{(.*?)^\}", re.M | re.S)
_VARIABLE = re.compile(r"^(?!extern\b|static\b|typedef\b|struct \w+\n|enum \w+\n|union \w+\n|return\b)[A-Za-z_][\w \t\*]*?\b(\w+)(?:\[[^\]\n]*\])*[ \t]*(?:=[^;]*?)?;", re.M)
_EXTERN = re.compile(r"^extern\b[^;{]*;", re.M)
_SQL_FUNCTION = re.compile(r"\bCREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE|AGGREGATE)\s+(\w+\.\w+)")
_SQL_ABOUT = re.compile(r"\b(?:COMMENT ON|GRANT \w+ ON|REVOKE \w+ ON|DROP|ALTER) (?:FUNCTION|PROCEDURE|AGGREGATE)[^;]*;")


def _is_static(kind):
    return bool(re.search(r"\bstatic\b", kind))


def _of_c(code):
    """What a .c file gives and mentions."""
    code = _EXTERN.sub("", code)
    gives = {m.group(2) for m in _FUNCTION.finditer(code) if not _is_static(m.group(1))}
    outside = _FUNCTION.sub("", code)
    gives |= {m.group(1) for m in _VARIABLE.finditer(re.sub(r"\{[^{}]*\}", "{}", re.sub(r"\{[^{}]*\}", "{}", outside)))}
    return gives, set(_WORD.findall(code))


def _of_header(code):
    """Its macros and inline functions, each with the words in it."""
    for m in _MACRO.finditer(code):
        yield m.group(1), _WORD.findall(m.group(2))
    for m in _FUNCTION.finditer(code):
        yield m.group(2), _WORD.findall(m.group(3) + m.group(4))


def _of_sql(code):
    gives = set(_SQL_FUNCTION.findall(code))
    code = _SQL_FUNCTION.sub("", _SQL_ABOUT.sub("", code))
    return gives, set(re.findall(r"\b(\w+\.\w+)\s*\(", code))


def _resolve(names, inline):
    """names, and what stands behind those that a header has."""
    known, todo = set(), list(names)
    while todo:
        name = todo.pop()
        if name not in known:
            known.add(name)
            todo += inline.get(name, ())
    return known


def _face(path, paths):
    """The file that a header belongs to by its name, or the header."""
    own = re.sub(r"(_internal)?\.h$", ".c", path)
    return own if own in paths else path


def graph(paths, faces=False):
    """file -> file -> why, over the files of one room; with faces a header is one with the file of its name."""
    givers, mentions, inline, edges = defaultdict(set), {}, defaultdict(set), defaultdict(dict)
    for path in paths:
        text = read(path)
        if path.endswith(".sql"):
            gives, mentions[path] = _of_sql(sql_code(text, True))
        elif path.endswith(".c"):
            gives, mentions[path] = _of_c(c_code(text))
        else:
            gives = ()
            for name, body in _of_header(c_code(text)):
                inline[name].update(body)
        for name in gives:
            givers[name].add(path)
        for header in _INCLUDE.findall(text):
            target = os.path.join("src", header)
            if target in paths and (faces or path.endswith(".h")):
                edges[path][target] = f'#include "{header}"'
    for path, names in mentions.items():
        for name in sorted(_resolve(names, inline)):
            if path not in givers[name]:
                edges[path].update({giver: name for giver in givers[name]})
    if faces:
        joined = defaultdict(dict)
        for path, others in edges.items():
            joined[_face(path, paths)].update({_face(other, paths): why for other, why in others.items()})
        edges = joined
    return {path: {other: why for other, why in others.items() if other != path} for path, others in edges.items()}


def circles(edges):
    """The sets of files of which each leans on each other, by way of others (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in edges.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            members = [stack.pop()]
            while members[-1] != node:
                members.append(stack.pop())
            if len(members) > 1:
                found.append(sorted(members))

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return found
