# `make` alone says what there is. Versions of tools are pinned here; those of libraries in the go.mod, pom.xml, package-lock.json and Python's .txt files.

BUF           := github.com/bufbuild/buf/cmd/buf@v1.75.0
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOTESTSUM     := gotest.tools/gotestsum@v1.13.0
FUZZTIME      ?= 30s
TEST          ?= work

CACHE         := $(CURDIR)/.cache
LINTER        := $(CACHE)/$(notdir $(GOLANGCI_LINT))/golangci-lint
CLIENTS       := $(wildcard services/e2e/clients/*/package-lock.json)
PYTHONS       := $(patsubst services/e2e/clients/python/%.txt,$(CACHE)/clients/%/.complete,$(wildcard services/e2e/clients/python/*.txt))
PEERS         := $(wildcard services/bench/peers/*/package-lock.json)
PAGES         := services/gateway/web
TAG           ?= dev
MAX_IMAGE     := 20000000
VERSION        = $(shell git describe --tags --always --dirty 2>/dev/null)
REVISION       = $(shell git rev-parse HEAD 2>/dev/null)
MODULES        = $(shell go list -m -f '{{.Dir}}')

# Where `kafka` puts Apache Kafka and the tests find it.
export ATLAS_KAFKA_LIBS := $(CACHE)/kafka

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check lint generated bench fleet compose kubernetes proto fuzz mutate conformance tidy image web kafka clients examples browser promtool pages checkpages testpages

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Start collector, gateway, an embedded Kafka broker and a simulated network; settings by ATLAS_… variables
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory web; else echo "There is no npm"; false; fi || \
	echo "Going on without the pages and /socket.io.js, which take Node 20 with npm; everything else works."
	go run ./services/standalone

test: kafka clients browser promtool web testpages ## Set up what the tests need and run all of them (or TEST=./pkg/atlas/...)
	@mkdir -p $(CACHE)
	@# -count 1: go would not see that files beside a test's module have changed, such as boards and READMEs, or programs that it builds
	go run $(GOTESTSUM) --format standard-quiet --jsonfile $(CACHE)/tests.json -- -race -count 1 -timeout 30m $(TEST)
	@if [ -n "$$CI" ] && grep -q '"Action":"skip".*"Test":' $(CACHE)/tests.json; then echo "CI allows no skipped test"; exit 1; fi

check: lint generated checkpages ## Everything that can be found without running: vet, lint, imports, go.mod files, generated code
	go vet work
	go test -count 1 ./mutations ./docs/... # go would not see that what they read has changed
	go run ./docs/reading sets
	@for module in $(MODULES); do echo "go mod tidy -diff # in $$module"; (cd $$module && GOWORK=off go mod tidy -diff) || exit 1; done

lint: $(LINTER)
	$(LINTER) run $(MODULES:=/...)

$(LINTER):
	GOBIN=$(@D) go install $(GOLANGCI_LINT)

generated: # compared beside the tree, so that a check changes nothing
	cd proto && GOWORK=off go run $(BUF) lint
	@rm -rf $(CACHE)/proto
	cd proto && GOWORK=off go run $(BUF) generate -o $(CACHE)/proto
	@cd $(CACHE)/proto && for file in $$(find . -name '*.go'); do diff $(CURDIR)/proto/$$file $$file || { echo "Type make proto and commit what it made."; exit 1; }; done

bench: kafka web $(PEERS:package-lock.json=node_modules/.package-lock.json) services/e2e/clients/browser/node_modules/.package-lock.json ## Measure against a bare loop and against other servers, and the pages in Chromium (or SCENARIO=pages)
	@.ci/install chromium=chromium Xvfb=xvfb || echo "Going on without the pages."
	go run ./services/bench $(SCENARIO:%=--scenario=%)

proto: ## Generate the Go code of proto/
	cd proto && GOWORK=off go run $(BUF) generate

fuzz: ## Run every fuzz target for FUZZTIME each, 30s unless given
	.ci/fuzz $(FUZZTIME)

mutate: ## Break the code in small ways, one after the other, and demand that a test notices each (or MUTATIONS="NAME…")
	go run ./mutations $(MUTATIONS)

conformance: ## Run the official suites of Engine.IO and Socket.IO on checkouts of them in SUITES=DIR
	.ci/conformance $(SUITES)

tidy: ## go mod tidy in every module
	@for module in $(MODULES); do (cd $$module && GOWORK=off go mod tidy) || exit 1; done

image: ## Build the images of gateway and collector, with the tag dev (or TAG=v1.2.3; PLATFORM=linux/arm64 for another platform)
	@docker buildx version >/dev/null 2>&1 || case "$$(docker version --format '{{.Client.Version}}' 2>/dev/null)" in \
	18.09.*|19.*|20.*) ;; \
	*) echo "The images are built with BuildKit: install docker with its buildx plugin (docker-buildx-plugin of Docker's packages, docker-buildx of Debian's)."; false;; esac
	for program in gateway collector; do DOCKER_BUILDKIT=1 docker build $(PLATFORM:%=--platform %) --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) \
	--target $$program --tag atlas-stream/$$program:$(TAG) . || exit 1; \
	size=$$(docker image inspect --format '{{.Size}}' atlas-stream/$$program:$(TAG)); echo "atlas-stream/$$program:$(TAG) has $$size bytes"; \
	[ $$size -le $(MAX_IMAGE) ] || { echo "An image may have $(MAX_IMAGE) bytes"; exit 1; }; done

web: $(PAGES)/dist/index.html ## Build the pages and bring /socket.io.js, which takes Node 20 with npm

# The folders are named too, so that a file that is gone counts.
$(PAGES)/dist/index.html: $(PAGES)/node_modules/.package-lock.json $(wildcard $(PAGES)/*.config.* $(PAGES)/tsconfig.json) $(shell find $(PAGES)/src $(PAGES)/build examples/snippets)
	npm --prefix $(PAGES) run --silent build
	@touch $@

pages: kafka web browser services/e2e/clients/browser/node_modules/.package-lock.json ## Look at every page in Chromium: axe in each state, the keyboard alone, other time zones, and pictures in .cache/screenshots
	go test -tags pages -run TestMatrix -v -count 1 -timeout 30m ./services/e2e/pages

checkpages: # without Node there are no pages to check, but in CI there must be
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(PAGES)/node_modules/.package-lock.json && npm --prefix $(PAGES) run --silent check; \
	else echo "There is no npm: the pages are not checked"; [ -z "$$CI" ]; fi

testpages: $(PAGES)/node_modules/.package-lock.json
	npm --prefix $(PAGES) run --silent test

fleet: kafka clients ## Replace and kill gateways behind load balancers, under a thousand clients and under real ones; some twenty minutes
	@.ci/install nginx=nginx-light
	go test -tags fleet -v -count 1 -timeout 50m ./services/e2e/fleet

compose: kafka services/e2e/clients/socketio/node_modules/.package-lock.json ## Bring docker-compose.yml up on a Docker daemon of its own, as root; half an hour and more
	@.ci/install dockerd=docker.io docker-compose=docker-compose debootstrap=debootstrap iptables=iptables ip=iproute2
	go test -tags compose -v -count 1 -timeout 90m ./services/e2e/compose

kubernetes: ## Apply k8s/ to a real API server, and roll, scale and disrupt gateways by the real controllers; at first they are built, for some ten minutes
	@.ci/install etcd=etcd-server
	go test -tags kubernetes -v -count 1 -timeout 60m -run 'TestKubernetes|TestFieldsThatTheServer' ./k8s

kafka: $(ATLAS_KAFKA_LIBS)/.complete

$(ATLAS_KAFKA_LIBS)/.complete: pkg/eventlog/kafkatest/pom.xml
	@.ci/install java=default-jre-headless mvn=maven
	rm -rf $(@D)
	mvn -q -B -f $< dependency:copy-dependencies
	@touch $@

clients: examples $(CLIENTS:package-lock.json=node_modules/.package-lock.json) $(PYTHONS)

examples: examples/node/node_modules/.package-lock.json $(CACHE)/clients/examples/.complete ## Set up what the clients in examples/ need
	@.ci/install curl=curl jq=jq

define python-environment
	@python3 -m ensurepip --version >/dev/null 2>&1 || .ci/install ensurepip=python3-venv
	rm -rf $(@D)
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	@touch $@
endef

$(CACHE)/clients/examples/.complete: examples/python/requirements.txt
	$(python-environment)

$(CACHE)/clients/%/.complete: services/e2e/clients/python/%.txt
	$(python-environment)

%/node_modules/.package-lock.json: %/package-lock.json
	@.ci/install node=nodejs npm=npm
	cd $(<D) && npm ci --ignore-scripts --silent --no-progress
	@touch $@

browser:
	@.ci/install chromium=chromium

promtool:
	@command -v promtool >/dev/null || [ -x $(CACHE)/promtool/promtool ] || .ci/promtool $(CACHE)/promtool
