#!/usr/bin/env python3
"""Containers cached in Redis, and kept right by the change events of the database.

    cache.py listen             forgets in Redis what changes in the database, for ever
    cache.py get NAMESPACE ID   a container as JSON, by the ids, and where it came from

PostgreSQL is found by PGHOST, PGPORT, PGUSER, PGDATABASE and so on, Redis by
REDIS_URL.  Needs psycopg2 and redis (Debian: python3-psycopg2, python3-redis),
and once, as the owner of the tables:

    SELECT orchestration.enable_change_events('containers');

What is cached is what the role that fills the cache may see.  Ask
has_namespace_permission() before showing it to somebody else.
"""

import json
import os
import select
import sys
import time

import psycopg2
import psycopg2.extensions
import redis

CHANNEL = "orchestration_changes"
PREFIX = "orchestration:containers:"
EPOCH = "orchestration:epoch"
# a net below the events: what they should miss for whatever reason is wrong no longer than this
LIFETIME_SECONDS = 3600
QUERY = """
    SELECT pg_catalog.to_jsonb(c) - 'search' FROM orchestration.containers c WHERE c.id = %s"""


def key_of(namespace_id):
    """One hash for each namespace, so that all of it can be forgotten at once."""
    return PREFIX + str(namespace_id)


def forget(store, keys=(), field=None):
    """Forgets, and makes fills that have begun before worthless."""
    with store.pipeline(transaction=True) as batch:
        batch.incr(EPOCH)
        for key in keys:
            if field is None:
                batch.unlink(key)
            else:
                batch.hdel(key, field)
        batch.execute()


def forget_all(store):
    # first the epoch: a fill that is under way must not come after the scan
    forget(store)
    forget(store, list(store.scan_iter(match=PREFIX + "*")))


def get(database, store, namespace_id, container_id):
    """(container or None, "redis" or "postgresql")"""
    key = key_of(namespace_id)
    found = store.hget(key, container_id)
    if found is not None:
        return json.loads(found), "redis"
    with store.pipeline(transaction=True) as batch:
        # what is read may be outdated by the time it is stored: then it is not stored
        batch.watch(EPOCH)
        with database.cursor() as cursor:
            cursor.execute(QUERY, (container_id,))
            row = cursor.fetchone()
        if row is None:
            return None, "postgresql"
        batch.multi()
        batch.hset(key, container_id, json.dumps(row[0]))
        batch.expire(key, LIFETIME_SECONDS)
        try:
            batch.execute()
        except redis.WatchError:
            pass
    return row[0], "postgresql"


def apply_event(store, payload):
    event = json.loads(payload)
    if event["table"] != "containers":
        return
    if "namespace_id" not in event:
        forget_all(store)
    elif "id" not in event:
        forget(store, [key_of(event["namespace_id"])])
    else:
        forget(store, [key_of(event["namespace_id"])], event["id"])


def connect():
    database = psycopg2.connect("", application_name="redis-cache", keepalives_idle=10)
    database.autocommit = True
    return database


def listen_once(store):
    """Until the connection breaks."""
    database = connect()
    with database.cursor() as cursor:
        cursor.execute("LISTEN " + CHANNEL)
    # notifications of the time without a connection are lost: know nothing rather than something wrong
    forget_all(store)
    print("listening", flush=True)
    while True:
        select.select([database], [], [], 60)
        database.poll()
        while database.notifies:
            apply_event(store, database.notifies.pop(0).payload)


def listen(store):
    while True:
        try:
            listen_once(store)
        except (psycopg2.OperationalError, psycopg2.InterfaceError, redis.ConnectionError) as error:
            print("again in a second:", str(error).strip(), file=sys.stderr, flush=True)
            time.sleep(1)


def main():
    store = redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"), decode_responses=True)
    if sys.argv[1:] == ["listen"]:
        listen(store)
    elif len(sys.argv) == 4 and sys.argv[1] == "get":
        container, source = get(connect(), store, int(sys.argv[2]), int(sys.argv[3]))
        print(json.dumps({"source": source, "container": container}))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
