# orchestration: PGXS build.  `make help` lists the targets.

EXTENSION  = orchestration
MODULE_big = orchestration
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(EXTENSION).control)

# ---- SQL manifest: order is meaning, so it is written out, never globbed ----
SQL_PRELUDE = src/core/prelude.sql

# the extension's own objects, run once at CREATE EXTENSION
SQL_ONCE = src/core/schema.sql src/core/roles.sql

# what belongs to one resource, kind or subject, in one file with parts (scripts/part.sh): none leans on another
SQL_MODULES := $(sort $(shell grep -l '^-- part: ' src/*/*.sql src/*/*/*.sql))

# written CREATE OR REPLACE; re-run at the end of every update script
SQL_REPLACE = \
	src/core/functions.sql \
	src/core/resources.sql \
	src/inventory/validation.sql \
	src/access/functions.sql \
	src/access/identity.sql \
	src/access/permits.sql \
	src/access/escalation.sql \
	src/access/tokens.sql \
	src/audit/functions.sql \
	src/partition/functions.sql \
	src/partition/rotation.sql \
	src/partition/schedule.sql \
	src/audit/seals.sql \
	src/audit/verify.sql \
	src/audit/redact.sql \
	src/audit/keep.sql \
	src/audit/watch.sql \
	src/inventory/functions.sql \
	src/inventory/clusters.sql \
	src/inventory/parts.sql \
	src/inventory/api.sql \
	src/inventory/changes.sql \
	src/inventory/containers.sql \
	src/inventory/pod_security.sql \
	src/inventory/rules.sql \
	src/inventory/claims.sql \
	src/inventory/sizes.sql \
	src/inventory/templates.sql \
	src/inventory/references.sql \
	src/secrets/functions.sql \
	src/secrets/reveal.sql \
	src/usage/functions.sql \
	src/usage/poll.sql \
	src/usage/trends.sql \
	src/lifecycle/functions.sql \
	src/lifecycle/verbs.sql \
	src/lifecycle/by_name.sql \
	src/logs/functions.sql \
	src/events/functions.sql \
	src/reconcile/kinds.sql \
	src/reconcile/aspects.sql \
	src/engine/engines.sql \
	src/engine/address.sql \
	build/modules/functions.sql \
	src/reconcile/render.sql \
	src/reconcile/runs.sql \
	src/reconcile/locked.sql \
	src/reconcile/left_out.sql \
	src/reconcile/plan.sql \
	src/engine/kubernetes/facts.sql \
	src/engine/kubernetes/answer.sql \
	src/engine/docker/reading.sql \
	src/engine/docker/docker.sql \
	src/reconcile/orphans.sql \
	src/reconcile/inventory.sql \
	src/reconcile/simulate.sql \
	src/reconcile/refresh.sql \
	src/reconcile/lease.sql \
	src/reconcile/functions.sql \
	src/reconcile/copies.sql \
	src/reconcile/claims.sql \
	src/reconcile/differing.sql \
	src/reconcile/why.sql \
	src/reconcile/state.sql \
	src/maintenance/clock.sql \
	src/maintenance/functions.sql \
	src/monitor/database.sql \
	src/monitor/platform.sql \
	src/monitor/indicators.sql \
	src/audit/guards.sql \
	src/monitor/rules.sql \
	src/monitor/metrics.sql \
	src/report/steps.sql \
	src/report/overview.sql \
	src/report/html.sql \
	src/report/plots.sql \
	src/report/report_sections.sql \
	src/report/report.sql

SQL_LAST = src/core/bootstrap.sql src/core/privileges.sql

# the tables, views and triggers that bootstrap() makes as ordinary objects
TABLE_DEFINITIONS = \
	src/core/tables.sql \
	src/access/tables.sql \
	src/inventory/tables.sql \
	src/inventory/container_tables.sql \
	src/inventory/rule_tables.sql \
	build/modules/tables.sql \
	src/lifecycle/tables.sql \
	src/audit/tables.sql \
	src/partition/tables.sql \
	src/reconcile/tables.sql \
	src/reconcile/run_tables.sql \
	src/reconcile/claim_tables.sql \
	src/usage/tables.sql \
	src/secrets/tables.sql \
	src/maintenance/tables.sql \
	src/monitor/tables.sql

CODE_DEFINITIONS = \
	src/partition/triggers.sql \
	src/partition/views.sql \
	src/secrets/triggers.sql \
	src/inventory/triggers.sql \
	src/inventory/views.sql \
	src/lifecycle/triggers.sql \
	src/inventory/rule_triggers.sql \
	src/usage/triggers.sql \
	src/usage/views.sql \
	src/reconcile/manifests_view.sql \
	build/modules/views.sql \
	src/reconcile/manifests.sql \
	src/reconcile/views.sql \
	src/monitor/views.sql \
	src/report/summary_views.sql \
	src/report/storage_views.sql \
	src/report/overview_view.sql \
	src/reconcile/triggers.sql \
	src/reconcile/run_triggers.sql \
	src/reconcile/claim_triggers.sql \
	src/audit/triggers.sql \
	src/audit/keep_tables.sql \
	src/audit/views.sql \
	src/core/grants.sql \
	src/access/policies.sql \
	src/access/origin.sql \
	src/access/roles.sql \
	src/monitor/grants.sql \
	src/inventory/bound_triggers.sql

SEED_DEFINITIONS = \
	src/access/seed.sql \
	src/partition/seed.sql \
	src/maintenance/seed.sql \
	src/report/seed.sql \
	src/monitor/seed.sql \
	src/audit/seed.sql

INSTALL_SQL = build/$(EXTENSION)--$(EXTVERSION).sql
DATA_built  = $(INSTALL_SQL)
EXTRA_CLEAN = build $(OBJS:.o=.d)

# ---- C ----
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c src/*/*/*.c)))
PG_CPPFLAGS = -Isrc -include core/text_domain.h -DORCH_VERSION='"$(EXTVERSION)"'
PG_CFLAGS   = -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers $(WERROR)
SHLIB_LINK  = -lcurl -lyaml -lcrypto

# a bitcode copy of glue around sockets and SPI gains nothing
override with_llvm = no

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq ($(PGXS),)
all install:
	@echo "$(PG_CONFIG) was not found: run scripts/install-dependencies.sh build, or set PG_CONFIG" >&2; exit 1
endif
include $(PGXS)

# Hide every symbol that is not marked for export.  16 and later do this by
# themselves; before that PGDLLEXPORT is empty and must be given a meaning.
ifneq ($(filter 14 15,$(MAJORVERSION)),)
override CFLAGS   += -fvisibility=hidden
override CPPFLAGS += -DPGDLLEXPORT='__attribute__((visibility("default")))'
endif

# Packaged servers are built without --enable-depend, so track headers here.
override CFLAGS += -MMD -MP
-include $(OBJS:.o=.d)

build build/modules:
	@$(MKDIR_P) $@

build/modules/%.sql: $(SQL_MODULES) scripts/part.sh Makefile | build/modules
	scripts/part.sh $* $(SQL_MODULES) >$@.tmp
	mv $@.tmp $@

# CREATE OR REPLACE would adopt an object planted beforehand: strip it.
$(INSTALL_SQL): $(SQL_PRELUDE) $(SQL_ONCE) $(SQL_REPLACE) $(TABLE_DEFINITIONS) $(CODE_DEFINITIONS) $(SEED_DEFINITIONS) $(SQL_LAST) scripts/definitions.sh Makefile $(EXTENSION).control | build
	{ cat $(SQL_PRELUDE) $(SQL_ONCE); \
	  { cat $(SQL_REPLACE); \
	    scripts/definitions.sh table_definitions $(TABLE_DEFINITIONS); \
	    scripts/definitions.sh code_definitions $(CODE_DEFINITIONS); \
	    scripts/definitions.sh seed_definitions $(SEED_DEFINITIONS); \
	    cat $(SQL_LAST); } | sed 's/^CREATE OR REPLACE FUNCTION /CREATE FUNCTION /; s/^CREATE OR REPLACE PROCEDURE /CREATE PROCEDURE /'; } > $@.tmp
	mv $@.tmp $@

include test/tests.mk
