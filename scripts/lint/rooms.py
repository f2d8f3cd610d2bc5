#!/usr/bin/env python3
"""Who may include whom (src/README.md): core <- the rooms <- reconcile; kube knows nobody but core's compat.h, engine errors.h as well, an engine (engine/<name>) kube and engine, reconcile engine alone.

Also: PG_VERSION_NUM stands in src/core/compat.h alone, and pure files include no header of the backend's insides.

Inside a room, too, files lean on each other in one direction: what stands in a circle can be neither read, tested nor
replaced by itself.  A file leans on another whose function or variable it mentions, in C as in SQL, wherever that is
declared; a header on those that it includes.  In the rooms of FACES a file leans on every header that it includes, and a
header belongs to the file of its name: there not even a type may be known upwards.  Tables, triggers and columns do not
count: they are what the files of a room have in common.
"""
import os
import re
from collections import defaultdict

from circles import circles, graph
from source import ROOT, c_code, files, finish, line_of, read, report

ROOMS = ("access", "audit", "events", "inventory", "lifecycle", "logs", "monitor", "partition", "usage")
MAY = {room: {"core", "kube"} for room in ROOMS}
MAY["access"].add("inventory/shape.h")  # how a JSON value is checked and the place of a mistake named
for writer in ("audit", "lifecycle", "usage"):
    MAY[writer] |= {"partition/partition.h", "partition/log.h"}  # whoever writes log rows sees to it that their month is there
MAY["logs"].add("access")  # container_logs() asks for the permission itself
MAY["core"] = set()
MAY["kube"] = {"core/compat.h"}
MAY["engine"] = {"core/compat.h", "core/errors.h"}  # what is common to all engines
for folder in sorted(os.listdir(os.path.join(ROOT, "src/engine"))):
    if os.path.isdir(os.path.join(ROOT, "src/engine", folder)):
        MAY[f"engine/{folder}"] = {"core", "kube", "engine"}  # each engine for itself
MAY["reconcile"] = {"core", "engine", *ROOMS}  # what an engine speaks, and which engines there are, is not known there
MAY["orchestration.c"] = {"access", "audit", "core", "logs", "monitor", "reconcile"}
PURE = ("src/lifecycle/state_machine.c", "src/reconcile/status.c", "src/reconcile/status_pods.c", "src/reconcile/backoff.c", "src/reconcile/lease_state.c", "src/reconcile/object_state.c", "src/reconcile/object_answer.c",
        "src/reconcile/object_change.c", "src/engine/seen.c", "src/engine/kinds.c", "src/engine/kubernetes/answer.c", "src/engine/docker/rollout.c", "src/engine/docker/run.c", "src/engine/docker/pod_state.c",
        "src/engine/docker/pod_events.c", "src/engine/docker/pod_shown.c", "src/engine/docker/probe_state.c", "src/engine/docker/frames.c", "src/engine/docker/expand.c", "src/engine/docker/image_name.c", "src/kube/quantity.c", "src/inventory/names.c",
        "src/inventory/image.c", "src/partition/month.c", "src/logs/log_time.c", "src/monitor/hysteresis.c", "src/usage/counter.c")
FACES = ("kube",)
IMPURE = re.compile(r"(executor|catalog|access|commands|storage|tcop|utils)/|funcapi\.h|miscadmin\.h|fmgr\.h")


def room_of(path):
    """The folder, if it is a room of its own; else the one above it."""
    folder = os.path.dirname(path)
    return folder if folder in MAY else path.split("/")[0]


for path in files(".c", ".h", under="src/"):
    text = read(path)
    room = room_of(path[len("src/"):])
    for m in re.finditer(r'^[ \t]*#[ \t]*include[ \t]+["<]([^">]+)[">]', text, re.M):
        header, line = m.group(1), line_of(text, m.start())
        target = room_of(header)
        # access/xact.h and the like are PostgreSQL's own
        if os.path.exists(os.path.join(ROOT, "src", header)) and target in MAY and target != room and target not in MAY[room] and header not in MAY[room]:
            report(path, line, f'"{header}": {room} may not call {target}')
        if (path in PURE or re.match(r"src/reconcile/\w+/status\.c$", path)) and IMPURE.match(header):
            report(path, line, f'"{header}": this file is to stay testable without a server')
    if path != "src/core/compat.h":
        for m in re.finditer(r"\bPG_(VERSION_NUM|MAJORVERSION_NUM)\b", c_code(text)):
            report(path, line_of(text, m.start()), "versions of PostgreSQL are told apart in src/core/compat.h alone")

of_room = defaultdict(set)
for path in files(".c", ".h", ".sql", under="src/"):
    of_room[path.split("/")[1]].add(path)
for room in sorted(of_room):
    edges = graph(of_room[room], room in FACES)
    for circle in circles(edges):
        for path in circle:
            for other in sorted(edges[path].keys() & set(circle)):
                report(path, 0, f"stands in a circle: leans on {other} by {edges[path][other]}")
finish()
