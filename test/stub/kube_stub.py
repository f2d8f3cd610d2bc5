#!/usr/bin/env python3
"""A small Kubernetes API server that makes mistakes on demand.

It keeps objects in memory, answers GET, POST, PUT, PATCH and DELETE, lists
with pages and watches with bookmarks and WatchList.  What makes it useful is
that faults can be ordered: a real server cannot be told to lose an answer, to
cut an event in the middle or to end a watch at once.

    kube_stub.py [--port N] [--tls-cert F --tls-key F [--client-ca F]]
                 [--token-file F] [--first-rv N]

The port is printed on the first line.  Every URL begins with a world, a name
chosen by the test, so that tests share a server but nothing else:

    http://127.0.0.1:PORT/<world>/api/v1/namespaces/a/configmaps
    POST /<world>/-/faults    a fault, see Fault
    POST /<world>/-/forgive   no fault any more
    POST /<world>/-/compact   forget old events and continue tokens: 410
    POST /<world>/-/hangup    end all watches that are open, by a reset;
                              {"forget": true}: and let none go on, as compact
    POST /<world>/-/options   {"watchlist": bool, "bookmarks": bool,
                               "initial_end": bool, "page": objects at most,
                               "cache": bool: a list with a version comes whole,
                               "mute": bool: open watches say nothing}
    POST /<world>/-/edit      {"path": ..., "merge": {...}, "silent": bool}
                              makes or changes an object as others would, or
                              several at once: {"paths": [...], ...};
                              silent: nobody is told
    POST /<world>/-/remove    {"path": ..., "silent": bool}
    POST /<world>/-/copy      {"path": ..., "count": n, "replace": {text: format}}
                              n objects like it, which nobody is told of: %d in
                              each format becomes their number, from 1 on
    POST /<world>/-/drop      {"pattern": ...} removes objects by their names, and
                              tells nobody
    GET  /<world>/-/objects   path to object, as they are
    POST /<world>/-/object    {"path": ...}: {"object": it, or null}
    GET  /<world>/-/log       what was asked, oldest first

Standard library only.
"""

import argparse
import base64
import io
import json
import re
import socket
import ssl
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BOOKMARK_SECONDS = 0.2


class World:
    """Objects, events, ordered faults and the log of one test."""

    def __init__(self, first_rv):
        self.changed = threading.Condition()
        self.rv = first_rv
        self.oldest_rv = first_rv
        self.objects = {}   # (collection, namespace, name) -> object
        self.events = []    # (rv, type, collection, object)
        self.tokens = {}    # continue token -> (rv, keys that are left)
        self.faults = []
        self.log = []
        self.hangups = 0
        self.options = {"watchlist": True, "bookmarks": True,
                        "initial_end": True, "page": 0, "mute": False,
                        "cache": False}

    def store(self, kind, collection, key, obj, silent=False):
        self.rv += 1
        old = self.objects.get(key, {})
        if "spec" in obj and kind != "DELETED":
            generation = old.get("metadata", {}).get("generation", 0)
            obj["metadata"]["generation"] = (
                generation + (obj["spec"] != old.get("spec")))
        obj["metadata"]["resourceVersion"] = str(self.rv)
        if kind == "DELETED":
            self.objects.pop(key, None)
        else:
            self.objects[key] = obj
        if not silent:
            self.events.append((self.rv, kind, collection, copy_of(obj)))
        self.changed.notify_all()

    def hang_up(self, forget):
        if forget:
            # who has seen everything has missed nothing
            self.rv += 1
            self.compact()
        self.hangups += 1
        self.changed.notify_all()

    def edit(self, order):
        """What somebody else does to an object."""
        collection, namespace, name, _ = split_path(order["path"])
        key = (collection, namespace, name)
        old = self.objects.get(key)
        obj = merge(copy_of(old or new_object(namespace, name, self.rv + 1)),
                    order.get("merge", {}))
        self.store("MODIFIED" if old else "ADDED", collection, key, obj,
                   order.get("silent", False))

    def remove(self, order):
        collection, namespace, name, _ = split_path(order["path"])
        key = (collection, namespace, name)
        if key in self.objects:
            self.store("DELETED", collection, key, copy_of(self.objects[key]),
                       order.get("silent", False))

    def since(self, position):
        first = len(self.events)
        while first > 0 and self.events[first - 1][0] > position:
            first -= 1
        return self.events[first:]

    def copy(self, order):
        collection, namespace, name, _ = split_path(order["path"])
        text = json.dumps(self.objects[(collection, namespace, name)])
        for number in range(1, order["count"] + 1):
            made = text
            for old, new in order["replace"].items():
                made = made.replace(old, new % number)
            obj = json.loads(made)
            self.store("ADDED", collection, (collection, namespace, obj["metadata"]["name"]), obj, True)

    def compact(self):
        self.oldest_rv = self.rv + 1
        self.events.clear()
        self.tokens.clear()


class Fault:
    """One ordered mistake.

    {"method": "GET", "path": "regex", "query": "regex",   whom it hits
     "skip": 0, "times": 1,                                when
     "action": "status" | "close" | "lose_reply" | "hang" | "raw" | "delay"
               | "stream" | "touch" (somebody changes the object just before)
               | "late" (done at once, answered later)
               | "warn" (the answer carries the headers too),
     "status": 429, "headers": {...}, "body": "...",       for status
     "merge": {...},                                       for touch
     "seconds": 1.5,                                       for delay, late
     "raw": "base64",                                      for raw
     "lines": ["..."], "chunk": 0, "pause": 0,             for stream
     "end": "eof" | "hang" | "reset" | "go_on"}
    """

    def __init__(self, spec):
        self.spec = spec
        self.skip = spec.get("skip", 0)
        self.times = spec.get("times", 1)

    def hits(self, method, path, query):
        if self.times == 0 or self.spec.get("method", method) != method:
            return False
        if not re.search(self.spec.get("path", ""), path):
            return False
        if not re.search(self.spec.get("query", ""), query):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


def copy_of(obj):
    return json.loads(json.dumps(obj))


def new_object(namespace, name, number):
    meta = {"name": name, "uid": "uid-%d" % number,
            "creationTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    if namespace:
        meta["namespace"] = namespace
    return {"metadata": meta}


def full_path(key):
    collection, namespace, name = key
    base, _, plural = collection.rpartition("/")
    where = "/namespaces/" + namespace if namespace else ""
    return "/%s%s/%s/%s" % (base, where, plural, name)


def fields_of(value):
    """The managed fields of an applied body, coarsely: no list is keyed."""
    if not isinstance(value, dict):
        return {}
    return {"f:" + key: fields_of(inner) for key, inner in value.items()}


def split_path(path):
    """collection, namespace or None, name or None, subresource or None"""
    parts = path.strip("/").split("/")
    base = parts[:2] if parts[0] == "api" else parts[:3]
    rest = parts[len(base):]
    namespace = None
    if len(rest) >= 3 and rest[0] == "namespaces":
        namespace, rest = rest[1], rest[2:]
    collection = "/".join(base + rest[:1])
    return (collection, namespace, rest[1] if len(rest) > 1 else None,
            rest[2] if len(rest) > 2 else None)


def merge(old, new):
    """JSON merge patch."""
    if not isinstance(new, dict) or not isinstance(old, dict):
        return new
    out = dict(old)
    for key, value in new.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = merge(old.get(key), value)
    return out


def selected(obj, selector):
    labels = obj["metadata"].get("labels") or {}
    for term in filter(None, (selector or "").split(",")):
        key, _, value = term.partition("=")
        if labels.get(key) != value.lstrip("="):
            return False
    return True


def status(code, reason, message, details=None):
    return {"kind": "Status", "apiVersion": "v1", "metadata": {},
            "status": "Failure", "code": code, "reason": reason,
            "message": message, "details": details or {}}


class Gone(Exception):
    """The peer is gone, or the fault says so."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    more_headers = {}   # for the answer that is being made

    def log_message(self, *args):
        pass

    # -- answers ---------------------------------------------------------

    def answer(self, code, body, headers=None, content_type="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        for key, value in {**self.more_headers, **(headers or {})}.items():
            if key.lower() == "content-type":
                content_type = value
            else:
                self.send_header(key, value)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def refuse(self, code, reason, message, details=None):
        self.answer(code, status(code, reason, message, details))

    def hang(self):
        """Says nothing until the peer hangs up."""
        self.close_connection = True
        try:
            while self.connection.recv(4096):
                pass
        except OSError:
            pass
        raise Gone

    def reset(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   b"\x01\x00\x00\x00\x00\x00\x00\x00")
        raise Gone

    # -- one request -----------------------------------------------------

    def handle_any(self):
        self.more_headers = {}
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        url = urllib.parse.urlsplit(self.path)
        _, name, path = (url.path + "/").split("/", 2)
        world = self.server.world(name)
        try:
            if path.startswith("-/"):
                self.control(world, path.strip("/"), body)
            else:
                self.accept(world, "/" + path.rstrip("/"), url.query, body)
        except (Gone, BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def control(self, world, what, body):
        with world.changed:
            out = {}
            if what == "-/faults":
                world.faults.append(Fault(json.loads(body)))
            elif what == "-/forgive":
                world.faults.clear()
            elif what == "-/compact":
                world.compact()
            elif what == "-/hangup":
                world.hang_up(json.loads(body).get("forget"))
            elif what == "-/options":
                world.options.update(json.loads(body))
            elif what == "-/edit":
                order = json.loads(body)
                for path in order.pop("paths", None) or [order["path"]]:
                    world.edit({**order, "path": path})
            elif what == "-/remove":
                world.remove(json.loads(body))
            elif what == "-/copy":
                world.copy(json.loads(body))
            elif what == "-/drop":
                pattern = json.loads(body)["pattern"]
                for key in [k for k in world.objects if re.match(pattern, k[2] or "")]:
                    world.store("DELETED", key[0], key, world.objects[key], True)
            elif what == "-/objects":
                out = {full_path(key): obj for key, obj in world.objects.items()}
            elif what == "-/object":
                key = split_path(json.loads(body)["path"])[:3]
                out = {"object": world.objects.get(key)}
            elif what == "-/log":
                out = world.log
            self.answer(200, out)

    def authorized(self):
        if not self.server.token_file:
            return True
        with open(self.server.token_file, encoding="ascii") as file:
            wanted = file.read().split()
        return self.headers.get("Authorization", "")[len("Bearer "):] in wanted

    def accept(self, world, path, query, body):
        with world.changed:
            world.log.append({
                "method": self.command, "path": path, "query": query,
                "headers": dict(self.headers.items()),
                "body": body.decode("utf-8", "replace"),
                "time": time.time(),
                "tls_server_name": getattr(self.connection, "sni", None),
                "peer": self.client_address[1]})
            fault = next((f for f in world.faults
                          if f.hits(self.command, path, query)), None)
        if not self.authorized():
            self.refuse(401, "Unauthorized", "Unauthorized")
            return
        params = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        if fault and self.commit(world, fault.spec, path, params, body):
            return
        self.serve(world, path, params, body)

    def commit(self, world, spec, path, params, body):
        """Commits a fault; false when the request is served all the same."""
        action = spec["action"]
        if action == "status":
            text = spec.get("body")
            self.answer(spec["status"],
                        text.encode() if text is not None else
                        status(spec["status"], spec.get("reason", "Ordered"),
                               spec.get("message", "ordered by the test"),
                               spec.get("details")),
                        spec.get("headers"))
            return True
        if action == "delay":
            time.sleep(spec["seconds"])
            return False
        if action == "late":
            wire, self.wfile = self.wfile, io.BytesIO()
            self.serve(world, path, params, body)
            answer, self.wfile = self.wfile.getvalue(), wire
            time.sleep(spec["seconds"])
            self.wfile.write(answer)
            return True
        if action == "touch":
            with world.changed:
                world.edit({"path": path, "merge": spec.get("merge", {})})
            return False
        if action == "warn":
            self.more_headers = spec["headers"]
            return False
        if action == "hang":
            self.hang()
        if action == "raw":
            self.wfile.write(base64.b64decode(spec["raw"]))
        elif action == "lose_reply":
            self.wfile = open("/dev/null", "wb")
            self.serve(world, path, params, body)
        elif action == "stream":
            return self.stream(spec)
        self.close_connection = True
        if action in ("close", "lose_reply"):
            self.connection.shutdown(socket.SHUT_RDWR)
        raise Gone

    def stream(self, spec):
        """A watch whose lines were ordered."""
        self.begin_stream(spec.get("headers"))
        text = "".join(spec.get("lines", []))
        data = base64.b64decode(spec["raw"]) if "raw" in spec else text.encode()
        step = spec.get("chunk") or max(len(data), 1)
        for i in range(0, len(data), step):
            self.chunk(data[i:i + step])
            time.sleep(spec.get("pause", 0))
        if spec.get("end") == "hang":
            self.hang()
        if spec.get("end") == "reset":
            self.reset()
        self.end_stream()
        return True

    def begin_stream(self, headers=None):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def end_stream(self):
        self.wfile.write(b"0\r\n\r\n")

    # -- the API server --------------------------------------------------

    def serve(self, world, path, params, body):
        collection, namespace, name, _ = split_path(path)
        if path == "/version":
            self.answer(200, {"major": "1", "minor": "36", "gitVersion": "v1.36.0-stub"})
            return
        if self.command == "GET" and params.get("watch") in ("1", "true"):
            self.watch(world, collection, namespace, params)
            return
        with world.changed:
            if self.command == "GET" and name is None:
                self.list(world, collection, namespace, params)
            elif self.command == "GET":
                self.get(world, (collection, namespace, name))
            elif self.command == "DELETE":
                self.delete(world, (collection, namespace, name), body)
            else:
                self.write(world, collection, namespace, name, params, body)

    def get(self, world, key):
        if key in world.objects:
            self.answer(200, world.objects[key])
        else:
            self.refuse(404, "NotFound", '"%s" not found' % key[2])

    def delete(self, world, key, body):
        obj = world.objects.get(key)
        wanted = (json.loads(body or b"{}").get("preconditions") or {}).get("uid")
        if obj is None:
            self.refuse(404, "NotFound", '"%s" not found' % key[2])
        elif wanted and wanted != obj["metadata"]["uid"]:
            self.refuse(409, "Conflict", "Precondition failed: UID in precondition: "
                        "%s, UID in object meta: %s" % (wanted, obj["metadata"]["uid"]))
        elif obj["metadata"].get("finalizers"):
            world.edit({"path": full_path(key), "merge": {"metadata": {
                "deletionTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}}})
            self.answer(200, world.objects[key])
        else:
            world.store("DELETED", key[0], key, copy_of(obj))
            self.answer(200, obj)

    def contradicts(self, old, meta, name):
        """Refuses a write that was meant for another state of the object."""
        uid, version = meta.get("uid"), meta.get("resourceVersion")
        if old is None:
            if self.command == "PUT" and version:
                self.refuse(404, "NotFound", '"%s" not found' % name)
                return True
            if self.command == "PATCH" and "merge" in self.headers.get("Content-Type", ""):
                self.refuse(404, "NotFound", '"%s" not found' % name)
                return True
            if self.command == "PATCH" and uid:
                self.refuse(409, "Conflict", "uid mismatch: the provided object specified "
                            "uid %s, and no existing object was found" % uid)
                return True
            return False
        if self.command == "POST":
            self.refuse(409, "AlreadyExists", '"%s" already exists' % name)
            return True
        if uid and uid != old["metadata"]["uid"]:
            self.refuse(409, "Conflict", "Precondition failed: UID in precondition: "
                        "%s, UID in object meta: %s" % (uid, old["metadata"]["uid"]))
            return True
        if version and version != old["metadata"]["resourceVersion"]:
            self.refuse(409, "Conflict", "the object has been modified")
            return True
        return False

    @staticmethod
    def manage(old, new, applied, manager):
        """Notes what the manager applied; true when nothing has changed."""
        ours = {"manager": manager, "operation": "Apply", "fieldsType": "FieldsV1",
                "apiVersion": applied.get("apiVersion"), "fieldsV1": fields_of(applied)}
        entries = (old or {}).get("metadata", {}).get("managedFields", [])
        rest = [e for e in entries if e["manager"] != manager]
        for entry in entries:
            if old == new and {**entry, "time": None} == {**ours, "time": None}:
                return True
        ours["time"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        new["metadata"]["managedFields"] = rest + [ours]
        return False

    def write(self, world, collection, namespace, name, params, body):
        obj = json.loads(body)
        name = name or obj.setdefault("metadata", {}).get("name")
        key = (collection, namespace, name)
        old = world.objects.get(key)
        if self.contradicts(old, obj.setdefault("metadata", {}), name):
            return
        if old and "fieldManager" in params and params.get("force") != "true" and not any(
                e["manager"] == params["fieldManager"] for e in old["metadata"].get("managedFields", [])):
            self.refuse(409, "Conflict", 'Apply failed with 1 conflict: conflict with "somebody": .data')
            return
        new = merge(copy_of(old or {}), obj) if self.command == "PATCH" else obj
        made = new_object(namespace, name, world.rv + 1)["metadata"]
        new["metadata"] = {**new["metadata"], **made}
        if old:
            kept = ("uid", "creationTimestamp", "resourceVersion", "generation")
            new["metadata"].update({field: old["metadata"][field]
                                    for field in kept if field in old["metadata"]})
        if "apply" in self.headers.get("Content-Type", "") and self.manage(
                old, new, obj, params.get("fieldManager", "")):
            self.answer(200, old)
            return
        if params.get("dryRun") != "All":
            gone = (new["metadata"].get("deletionTimestamp")
                    and not new["metadata"].get("finalizers"))
            world.store("DELETED" if gone else "MODIFIED" if old else "ADDED",
                        collection, key, new)
        self.answer(200 if old else 201, new)

    def matching(self, world, collection, namespace, params):
        return [key for key, obj in sorted(world.objects.items(), key=str)
                if key[0] == collection and namespace in (None, key[1])
                and selected(obj, params.get("labelSelector"))]

    def list(self, world, collection, namespace, params):
        token = params.get("continue")
        limit = int(params.get("limit") or 0)
        if world.options["page"]:
            limit = min(limit or world.options["page"], world.options["page"])
        asked = params.get("resourceVersion", "")
        if asked and world.options["cache"]:
            limit = 0
        if token:
            if token not in world.tokens:
                self.refuse(410, "Expired", "the continue token is too old")
                return
            rv, keys = world.tokens[token]
        else:
            if asked and int(asked) > world.rv:
                self.refuse(504, "Timeout", "Too large resource version",
                            {"retryAfterSeconds": 1, "causes": [
                                {"reason": "ResourceVersionTooLarge"}]})
                return
            rv = world.rv
            keys = self.matching(world, collection, namespace, params)
        page = keys[:limit] if limit else keys
        meta = {"resourceVersion": str(rv)}
        if len(page) < len(keys):
            meta["continue"] = "t%d-%d/+=" % (rv, len(keys) - len(page))
            world.tokens[meta["continue"]] = (rv, keys[len(page):])
        self.answer(200, {"kind": "List", "apiVersion": "v1", "metadata": meta,
                          "items": [world.objects[k] for k in page
                                    if k in world.objects]})

    def event(self, kind, obj):
        self.chunk((json.dumps({"type": kind, "object": obj}) + "\n").encode())

    def bookmark(self, rv, initial_end=False):
        meta = {"resourceVersion": str(rv)}
        if initial_end:
            meta["annotations"] = {"k8s.io/initial-events-end": "true"}
        self.event("BOOKMARK", {"kind": "Any", "metadata": meta})

    def watch(self, world, collection, namespace, params):
        initial = params.get("sendInitialEvents") == "true"
        asked = params.get("resourceVersion", "")
        with world.changed:
            refused = initial and not world.options["watchlist"]
            expired = asked and not initial and int(asked) + 1 < world.oldest_rv
            position = world.rv if initial else int(asked or world.rv)
            first = [world.objects[k] for k in
                     self.matching(world, collection, namespace, params)]
        if refused:
            self.refuse(422, "Invalid", "sendInitialEvents is forbidden")
            return
        if expired:
            self.refuse(410, "Expired", "too old resource version")
            return
        self.begin_stream()
        if initial:
            for obj in first:
                self.event("ADDED", obj)
            if world.options["initial_end"]:
                self.bookmark(position, True)
        self.follow(world, collection, namespace, params, position)

    def follow(self, world, collection, namespace, params, position):
        deadline = time.time() + float(params.get("timeoutSeconds") or 60)
        bookmarks = params.get("allowWatchBookmarks") == "true"
        hangups = world.hangups
        while time.time() < deadline and not self.server.stopping:
            with world.changed:
                if world.rv == position:
                    world.changed.wait(BOOKMARK_SECONDS)
                if world.hangups != hangups:
                    self.reset()
                if world.options["mute"]:
                    continue
                fresh = world.since(position)
                position = world.rv
                bookmarks = bookmarks and world.options["bookmarks"]
            for _, kind, where, obj in fresh:
                if (where == collection
                        and namespace in (None, obj["metadata"].get("namespace"))
                        and selected(obj, params.get("labelSelector"))):
                    self.event(kind, obj)
            if bookmarks:
                self.bookmark(position)
        self.end_stream()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    stopping = False

    def __init__(self, args, secure=None):
        """secure: the server whose orders are taken here, without TLS"""
        self.token_file = None if secure else args.token_file
        self.first_rv = args.first_rv
        self.worlds = secure.worlds if secure else {}
        self.lock = secure.lock if secure else threading.Lock()
        self.context = None
        if args.tls_cert and not secure:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(args.tls_cert, args.tls_key)
            self.context.sni_callback = self.remember_name
            if args.client_ca:
                self.context.verify_mode = ssl.CERT_REQUIRED
                self.context.load_verify_locations(args.client_ca)
        super().__init__(("127.0.0.1", 0 if secure else args.port), Handler)

    @staticmethod
    def remember_name(connection, name, _context):
        connection.sni = name

    def world(self, name):
        with self.lock:
            return self.worlds.setdefault(name, World(self.first_rv))

    def finish_request(self, request, client_address):
        # the handshake belongs to the connection's own thread
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        # peers that leave are what the tests are about
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls-cert")
    parser.add_argument("--tls-key")
    parser.add_argument("--client-ca")
    parser.add_argument("--token-file")
    parser.add_argument("--first-rv", type=int, default=1000)
    parser.add_argument("--orders", action="store_true",
                        help="take orders without TLS, at a port printed as well")
    args = parser.parse_args()
    servers = [Server(args)]
    if args.orders:
        servers.append(Server(args, servers[0]))
    print(" ".join(str(s.server_address[1]) for s in servers), flush=True)
    # ends with the test that started it, however that ends
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
