#!/usr/bin/env python3
"""What the pages name is there, and what is there they name: files, links, tests in commands, versions of libraries; log
tables, processes, maintenance steps, alert rules.

A page is read by somebody who copies from it.  These statements went wrong when something was renamed or a fourth one added.
"""
import os
import re

from source import ROOT, files, finish, line_of, read, report

PATH = re.compile(r"(?<![\w/.:-])((?:test|scripts|sql|expected|src|bench|examples|docs)/[\w./-]+\.(?:pl|pm|sql|out|spec|py|sh|patch|c|h|md|txt|conf|ya?ml|json))\b")
GENERATED = re.compile(r"<!-- generated: .*?<!-- end -->", re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
TESTS = {"REGRESS_TESTS": ("sql/", ".sql"), "ISOLATION_TESTS": ("test/isolation/specs/", ".spec")}
OF_KIND = re.compile(r"scripts/check-(?:tap\.sh +(\S+)|(kube)\.sh) +(t/\w+\.pl)")


def there(path):
    return os.path.exists(os.path.join(ROOT, path))


def headings(text):
    """The anchors that GitHub makes of the headings."""
    titles = re.findall(r"^#+ +(.*)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", t.replace("`", "").strip().lower()).replace(" ", "-") for t in titles}


for page in files(".md"):
    text = read(page)
    for m in PATH.finditer(text):
        if not there(m.group(1)):
            report(page, line_of(text, m.start()), f"{m.group(1)} does not exist")
    for m in OF_KIND.finditer(text):
        path = f"{os.path.dirname(m.group(1)) if m.group(1) else 'test/' + m.group(2)}/{m.group(3)}"
        if not there(path):
            report(page, line_of(text, m.start()), f"{path} does not exist")
    for m in re.finditer(r'(REGRESS_TESTS|ISOLATION_TESTS)="([^"]+)"', text):
        folder, suffix = TESTS[m.group(1)]
        for name in m.group(2).split():
            if not there(folder + name + suffix):
                report(page, line_of(text, m.start()), f"{m.group(1)}: there is no test {name}")
    for m in LINK.finditer(text):
        target, _, anchor = m.group(1).partition("#")
        if ":" in target:
            continue
        path = os.path.normpath(os.path.join(os.path.dirname(page), target)) if target else page
        if not there(path):
            report(page, line_of(text, m.start()), f"the link leads to {path}, which does not exist")
        elif anchor and path.endswith(".md") and anchor not in headings(read(path)):
            report(page, line_of(text, m.start()), f"{path} has no heading #{anchor}")

# what is made in the schemas, and the settings; months of log tables, files of the extension and of users are other things
code = "\n".join(read(p) for p in files(".c", ".h", under="src/"))
sql = "\n".join(read(p) for p in files(".sql", under="src/"))
made = set(re.findall(r"^CREATE (?:OR REPLACE )?(?:UNLOGGED )?(?:FUNCTION|PROCEDURE|TABLE|VIEW|MATERIALIZED VIEW|TYPE|DOMAIN) (orchestration(?:_internal)?\.\w+)", sql, re.M))
made |= set(re.findall(r'"(orchestration\.\w+)"', code))
NAME = re.compile(r"(?<![\w/.-])(orchestration(?:_internal)?\.(\w+))\b(?![-/])")
OTHER = re.compile(r"^(?:.*_\d{6}|key|control|c|so|notes|prom|X|rows|ours)$")
for page in files(".md"):
    text = GENERATED.sub(lambda m: re.sub(r"[^\n]", "", m.group()), read(page))
    for m in NAME.finditer(text):
        if m.group(1) not in made and not OTHER.match(m.group(2)):
            report(page, line_of(text, m.start()), f"{m.group(1)} does not exist")

openssl = re.search(r"OPENSSL_VERSION_NUMBER < 0x(\d)0(\d)", code)
curl = re.search(r"LIBCURL_VERSION_NUM < 0x([0-9a-f]{2})([0-9a-f]{2})", code)
wanted = [f"OpenSSL {openssl.group(1)}.{openssl.group(2)}"] if openssl else []
wanted += [f"libcurl {int(curl.group(1), 16)}.{int(curl.group(2), 16)}"] if curl else []
for page in ("README.md", "README.zh-CN.md"):
    for version in wanted:
        if not re.search(re.escape(version) + r"(?!\d)", read(page)):
            report(page, 0, f"does not say that {version} is needed, as the code does")

operations = read("docs/operations.md")
install = operations.partition("\n## Install\n")[2].partition("\n## ")[0]
logs = operations.partition("\n## Log tables\n")[2].partition("\n```")[0]
for process in re.findall(r'bgw_type, "orchestration (\w+)"', code):
    if process not in install:
        report("docs/operations.md", 0, f"Install does not count the process {process} in max_worker_processes")
for path in files(".sql", under="src/"):
    for table in re.findall(r"^CREATE TABLE orchestration\.(\w+) \(\n(?:\t[^\n]*\n|\n)*\) PARTITION BY", read(path), re.M):
        if f"`{table}`" not in logs:
            report("docs/operations.md", 0, f"Log tables does not name {table}")
    for step in re.findall(r"^CREATE OR REPLACE FUNCTION orchestration_internal\.maintain_(\w+)\(", read(path), re.M):
        if f"`{step}`" not in operations.partition("\n## Maintenance\n")[2].partition("\n## ")[0]:
            report("docs/operations.md", 0, f"Maintenance does not name the step {step}")
monitoring = read("docs/monitoring.md")
for rule in re.findall(r"^\t\('(\w+)', '\w+', '[<>=]+'", read("src/monitor/seed.sql"), re.M):
    if f"`{rule}`" not in monitoring:
        report("docs/monitoring.md", 0, f"the alert rule {rule} is not named")
finish()
