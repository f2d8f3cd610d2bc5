"""What the lint scripts share: reading the tree's files, and telling code from comments and quoted text.

Blanking keeps every newline and every position, so that a finding's line number is the file's own.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.realpath(os.environ.get("LINT_ROOT") or os.path.join(os.path.dirname(__file__), "..", ".."))

_found = 0


def report(path, line, message):
    """Prints one finding as path:line: message."""
    global _found
    _found += 1
    where = os.path.relpath(path, ROOT) if os.path.isabs(path) else path
    print(f"{where}:{line}: {message}" if line else f"{where}: {message}")


def finish():
    """Ends the script; exit status 1 when something was found."""
    sys.exit(1 if _found else 0)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def files(*suffixes, under=""):
    """Files of the tree that are, or would be, under version control."""
    if os.path.exists(os.path.join(ROOT, ".git")):
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z"],
            check=True, capture_output=True).stdout.decode().split("\0")
    else:
        listed = [os.path.relpath(os.path.join(d, f), ROOT) for d, _, fs in os.walk(ROOT) for f in fs]
    return sorted(p for p in set(listed)
                  if p.startswith(under) and p.endswith(suffixes or ("",)) and not p.startswith("build/")
                  and os.path.isfile(os.path.join(ROOT, p)))


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


_C_TOKENS = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def c_code(text):
    """C with comments and literals blanked (the quotes stay)."""
    def blank(m):
        t = m.group()
        return _blank(t) if t[0] == "/" else t[0] + _blank(t[1:-1]) + t[-1]
    return _C_TOKENS.sub(blank, text)


_SQL_TOKENS = re.compile(
    r"/\*.*?\*/|--[^\n]*|(?P<tag>\$(?:[A-Za-z_]\w*)?\$)(?P<body>.*?)(?P=tag)|'(?:[^']|'')*'", re.S)


def sql_code(text, keep_bodies=False):
    """SQL with comments and string literals blanked; dollar-quoted bodies too, unless keep_bodies."""
    def blank(m):
        t = m.group()
        if m.group("tag"):
            if keep_bodies:
                return _blank(m.group("tag")) + sql_code(m.group("body"), True) + _blank(m.group("tag"))
            return _blank(t)
        return _blank(t) if t[0] in "/-" else "'" + _blank(t[1:-1]) + "'"
    return _SQL_TOKENS.sub(blank, text)


def sql_statements(text):
    """Yields (position, statement as written, statement with quoted text blanked)."""
    code = sql_code(text)
    start = 0
    for m in re.finditer(r";|\Z", code):
        body = code[start:m.end()]
        if body.strip(" \n\t;"):
            lead = len(body) - len(body.lstrip())
            yield start + lead, text[start + lead:m.end()], body.lstrip()
        start = m.end()


def balanced(code, open_at):
    """Position after the parenthesis that closes the one at open_at."""
    depth = 0
    for i in range(open_at, len(code)):
        depth += {"(": 1, ")": -1}.get(code[i], 0)
        if depth == 0:
            return i + 1
    return len(code)
