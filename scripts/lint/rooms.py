#!/usr/bin/env python3
"""Who may include whom (src/README.md): core <- the rooms <- reconcile; kube knows nobody but core's compat.h.

Also: PG_VERSION_NUM stands in src/core/compat.h alone, and pure files include no header of the backend's insides.
"""
import os
import re

from source import ROOT, c_code, files, finish, line_of, read, report

ROOMS = ("access", "audit", "events", "inventory", "lifecycle", "logs", "monitor", "partition", "usage")
MAY = {room: {"core", "kube"} for room in ROOMS}
MAY["access"].add("inventory/shape.h")  # how a JSON value is checked and the place of a mistake named
for writer in ("audit", "lifecycle", "usage"):
    MAY[writer] |= {"partition/partition.h", "partition/log.h"}  # whoever writes log rows sees to it that their month is there
MAY["logs"].add("access")  # container_logs() asks for the permission itself
MAY["core"] = set()
MAY["kube"] = {"core/compat.h"}
MAY["reconcile"] = {"core", "kube", *ROOMS}
MAY["orchestration.c"] = {"access", "audit", "core", "logs", "monitor", "reconcile"}
PURE = ("src/lifecycle/state_machine.c", "src/reconcile/status.c", "src/reconcile/lease_state.c", "src/kube/quantity.c", "src/inventory/names.c",
        "src/inventory/image.c", "src/partition/month.c", "src/logs/log_time.c", "src/monitor/hysteresis.c", "src/reconcile/plan.c", "src/usage/counter.c")
IMPURE = re.compile(r"(executor|catalog|access|commands|storage|tcop|utils)/|funcapi\.h|miscadmin\.h|fmgr\.h")

for path in files(".c", ".h", under="src/"):
    text = read(path)
    room = path.split("/")[1]
    for m in re.finditer(r'^[ \t]*#[ \t]*include[ \t]+["<]([^">]+)[">]', text, re.M):
        header, line = m.group(1), line_of(text, m.start())
        target = header.split("/")[0]
        # access/xact.h and the like are PostgreSQL's own
        if os.path.exists(os.path.join(ROOT, "src", header)) and target in MAY and target != room and target not in MAY[room] and header not in MAY[room]:
            report(path, line, f'"{header}": {room} may not call {target}')
        if path in PURE and IMPURE.match(header):
            report(path, line, f'"{header}": this file is to stay testable without a server')
    if path != "src/core/compat.h":
        for m in re.finditer(r"\bPG_(VERSION_NUM|MAJORVERSION_NUM)\b", c_code(text)):
            report(path, line_of(text, m.start()), "versions of PostgreSQL are told apart in src/core/compat.h alone")
finish()
