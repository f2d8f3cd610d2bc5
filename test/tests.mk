# The tests.  test/README.md says which kind proves what.

REGRESS_TESTS   ?= $(sort $(patsubst sql/%.sql,%,$(wildcard sql/*.sql)))
ISOLATION_TESTS ?= $(sort $(patsubst test/isolation/specs/%.spec,%,$(wildcard test/isolation/specs/*.spec)))
export PG_CONFIG

.PHONY: help quickstart quickstart-stop psql kubectl docs check-docs test check-meta check-lint check-unit check-regress check-isolation check-pgtap check-mutations check-tap check-stub check-kube check-engine check-faults soak

help: ## list the targets
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | sort | awk -F'\t' '{printf "  %-18s %s\n", $$1, $$2}'

quickstart: ## installs what is missing, starts a private PostgreSQL, a cluster and the sample
	@scripts/quickstart.sh

quickstart-stop: ## ends what quickstart started (ARGS=--purge removes its data)
	@scripts/quickstart-stop.sh $(ARGS)

psql: ## psql in the quick start's database (ARGS="-c '...'")
	@scripts/psql.sh $(ARGS)

kubectl: ## kubectl for the quick start's cluster (ARGS="get pods -A")
	@scripts/kubectl.sh $(ARGS)

docs: all ## what docs/ says of functions, settings and tables, from their COMMENTs
	@scripts/docs.sh

check-docs: all ## docs/ is what the extension says of itself
	@scripts/docs.sh --check

test: ## everything that this machine can test
	@scripts/test.sh

check-lint: all ## symbols, version, SQL rules, expected files
	@scripts/check-lint.sh
	@scripts/check-lint-selftest.sh >build/lint-selftest.log || { cat build/lint-selftest.log; exit 1; }

check-meta: ## the version is written in one place, META.json is PGXN's
	@scripts/check-lint.sh version.sh

check-unit: ## pure C: state machine, quantities, names, status table, client
	@scripts/check-unit.sh

check-regress: all ## outputs and errors, by pg_regress (REGRESS_TESTS="a b" for some)
	@scripts/check-regress.sh $(REGRESS_TESTS)

check-isolation: all ## races between sessions (ISOLATION_TESTS="a b" for some)
	@scripts/check-isolation.sh $(ISOLATION_TESTS)

check-pgtap: all ## schema, SQLSTATEs, by pgTAP
	@scripts/check-pgtap.sh

check-mutations: all ## whether a test notices when a defence is gone
	@scripts/check-mutations.sh

check-tap: all ## crash, restart, dump and restore, without a cluster
	@PROVE_FLAGS="-j2 $$PROVE_FLAGS" scripts/check-tap.sh test/t

check-stub: all ## faults that no real server can be told to commit
	@PROVE_FLAGS="-j4 $$PROVE_FLAGS" scripts/check-tap.sh test/stub/t

soak: all ## random verbs, random faults, a model beside them (MINUTES=30 SEED=7 STEPS=n)
	@MINUTES=$(MINUTES) SEED=$(SEED) STEPS=$(STEPS) scripts/check-kube.sh --run-alone perl test/kube/soak.pl

check-faults: all ## the fault matrix of docs/reliability.md, again and again (TIMES=10)
	@scripts/check-faults.sh $(TIMES)

check-kube: all ## the real cluster
	@scripts/check-kube.sh

check-engine: all ## a real container engine that speaks Docker's API
	@scripts/check-engine.sh
