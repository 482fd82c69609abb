# Two targets for users: `make run` and `make test`. Each does all of its own set-up.
# Every verify-x fails when something is not as it should be; the fix-x of the same name mends it.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO        ?= go
DATA      ?= data
HTTP      ?= 127.0.0.1:8080
GRPC      ?= 127.0.0.1:9090
WEB       := gateway/web

# The Go files that people write: more names than one command takes.
go_files  = git ls-files -zco --exclude-standard '*.go' ':!proto/gen'

# Tools of the tools module, built on first use and kept in the build cache.
buf       = $$(GOWORK=off $(GO) -C tools tool -n buf)
lint      = $$(GOWORK=off $(GO) -C tools tool -n golangci-lint)
benchstat = $$(GOWORK=off $(GO) -C tools tool -n benchstat)

# Packages that are tested without the race detector, which makes them up to ten times slower: those that only compute, stores, whose concurrency is the database's,
# the greatest sets of handlers, which share nothing but the store, and the command line, which drives the suite from outside.
single    = ./services/access/internal/store/... ./services/comment/internal/store/... ./services/scoring/internal/store/... ./services/segmentation/internal/store/... \
            ./services/survey/internal/store/... ./services/reporting/internal/store/... ./libs/relational/... \
            ./services/comment/train/... ./services/comment/gold/... $(addprefix ./services/comment/internal/,analysis feature language lexicon linear sentiment text) \
            $(addprefix ./services/reporting/internal/,bridge chart contrast crosstab estimate experiment factor importance journey kpi matrix moment operation phrase place policy quality render/... \
            reserve revenue schedule season standard strength) \
            $(addprefix ./services/scoring/internal/,alert cell composite cube fact filter histogram index metric pool question wire) ./libs/stat ./libs/calendar \
            $(addprefix ./services/segmentation/internal/,agenda attribute cases cluster digest directory interview light population profile purchase/... recovery retention rfm segment) \
            $(addprefix ./services/segmentation/internal/,timeline trigger workorder worktime) \
            ./cmd/otklik/internal/command $(addsuffix /internal/api,./services/segmentation ./services/survey)

##@ For users

.PHONY: help
help: ## Show the targets.
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Start the whole suite; an empty data folder gets a small sample survey.
	bin/otklik demo --data $(DATA) --http $(HTTP) --grpc $(GRPC)

# What writes files comes first; then linting, which leaves a core idle at times, beside what waits for programs of others.
.PHONY: test
test: setup ## Check and test everything.
	@$(MAKE) --no-print-directory $(checks)
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory -j 2 -O $(long_checks) test-web
	@$(MAKE) --no-print-directory fuzz-short test-go

.PHONY: build
build: web ## Build bin/otklik with the web app inside.
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o bin/otklik ./cmd/otklik

##@ Tests

.PHONY: setup
setup: ## Install what the tests need and the machine lacks (Chromium, PostgreSQL, Redis, Poppler).
	@.ci/setup

# Tests mostly wait for processes, databases and one another: more packages, and more tests of the running suite, at a time than there are cores. The second that a
# program with the race detector waits at its end is not waited.
.PHONY: test-go
test-go: build ## Run the Go tests, with the race detector where it is affordable; there properties are drawn a fifth as often. Vetting is part of linting.
	$(GO) test -p 3 -timeout 10m $(single)
	GORACE=atexit_sleep_ms=0 $(GO) test -p 3 -race -short -timeout 10m $$($(GO) list ./libs/... ./services/... ./gateway/... ./cmd/... ./proto/... | grep -vxFf <($(GO) list $(single)))
	OTKLIK_BINARY=bin/otklik $(GO) test -timeout 15m -parallel 8 ./tests/...

.PHONY: test-web
test-web: web ## Check types and run the tests of the web app.
	npm --prefix $(WEB) run --silent check
	npm --prefix $(WEB) test --silent

.PHONY: faults
faults: build ## Break processes, PostgreSQL, Redis and clocks under load, at full length; prints what clients saw.
	OTKLIK_FAULTS=long OTKLIK_BINARY=bin/otklik $(GO) test -count 1 -timeout 60m -v -run '^TestFaults' ./tests/faults

.PHONY: bench
bench: build ## Measure speed and size; prints ratios of ours against a baseline of the same run.
	$(GO) run ./tests/load -binary bin/otklik

.PHONY: bench-comment
bench-comment: ## Measure comment analysis, and what others make of the same comments (they take some 130 MB to download).
	GOMAXPROCS=1 $(GO) test -run '^$$' -bench . ./services/comment/internal/analysis
	GOMAXPROCS=1 GOWORK=off $(GO) -C services/comment/compare test -bench .

.PHONY: bench-operations
bench-operations: ## Measure import and analyses of operations data of STORES stores (default 20,000) over DAYS days (default 365): time, processors, memory.
	$(GO) run ./services/reporting/bench -stores $${STORES:-20000} -days $${DAYS:-365}

.PHONY: bench-scoring
bench-scoring: ## Measure scoring over ROWS responses (default 10,000,000) beside PostgreSQL on the same rows, and draw docs/scoring-cost.svg; then live scores.
	$(GO) run ./services/scoring/bench -rows $${ROWS:-10000000} -svg docs/scoring-cost.svg
	$(GO) test -run '^$$' -bench BenchmarkWatch -benchtime 20x ./services/scoring

.PHONY: fuzz
fuzz: ## Run each fuzz test for FUZZTIME (default 30s), guided by coverage.
	@.ci/fuzz $${FUZZTIME:-30s} -fuzz .

# Not guided by coverage, the build for which takes minutes, and without the race detector: each process of a fuzz test runs one input after the other. By number,
# since ends by the clock are at times taken for failures: https://go.dev/issue/75804
.PHONY: fuzz-short
fuzz-short: ## Run each fuzz test for a moment.
	@.ci/fuzz 1000x

##@ Generated and checked files

# The first ones may write files while they compare, the others only read.
checks      = verify-generated verify-protos verify-breaking verify-format verify-modules
long_checks = verify-lint verify-deploy verify-docs

.PHONY: verify
verify: $(checks) $(long_checks) ## Run every check; verify-models is run by the Go tests.

.PHONY: fix
fix: fix-modules fix-generated fix-protos fix-format fix-docs fix-lint ## Mend what the checks would find.

proto/thirdparty/out: go.mod proto/thirdparty/main.go
	$(GO) run ./proto/thirdparty $@
	@touch $@

# The models of comments: trained in some 40 s from ../shared/train, to the same bytes.
.PHONY: verify-models
verify-models: ## Fail when the embedded models are not what the trainer makes of its data.
	$(GO) run ./services/comment/train -data ../shared/train -verify

.PHONY: fix-models
fix-models: ## Train the models of comments.
	$(GO) run ./services/comment/train -data ../shared/train

.PHONY: verify-generated
verify-generated: fix-generated ## Fail when generated code or the OpenAPI document is stale.
	@git diff --exit-code --stat -- proto/gen || { echo 'generated files are stale: run make fix-generated and commit'; exit 1; }
	@test -z "$$(git ls-files -o --exclude-standard proto/gen)" || { echo 'generated files are not committed'; exit 1; }

.PHONY: fix-generated
fix-generated: proto/thirdparty/out ## Generate Go and OpenAPI from the protos.
	$(buf) generate
	$(GO) run ./proto/openapi proto/gen/openapi/otklik.json
	@gofmt -l -w proto/gen/go >/dev/null

.PHONY: verify-protos
verify-protos: proto/thirdparty/out ## Lint the protos.
	$(buf) lint
	$(buf) format --diff --exit-code --path proto/otklik >/dev/null || { echo 'protos are not formatted: run make fix-protos'; exit 1; }

.PHONY: fix-protos
fix-protos: proto/thirdparty/out ## Format the protos.
	$(buf) format -w --path proto/otklik

# The descriptor of the protos as last released; against git the imports would be missing.
released = proto/released.binpb
describe = $(buf) build --exclude-source-info --path proto/otklik -o

.PHONY: verify-breaking
verify-breaking: proto/thirdparty/out ## Fail when the protos break clients of the released ones.
	@mkdir -p bin
	$(describe) bin/current.binpb
	$(buf) breaking bin/current.binpb --against $(released) --config '{"version":"v2","breaking":{"use":["WIRE_JSON"]}}'

.PHONY: fix-breaking
fix-breaking: proto/thirdparty/out ## Accept the protos as they are as the released ones.
	$(describe) $(released)

.PHONY: verify-format
verify-format: ## Fail when Go files are not formatted.
	@test -z "$$($(go_files) | xargs -0 gofmt -l)" || { $(go_files) | xargs -0 gofmt -l; echo 'run make fix-format'; exit 1; }

.PHONY: fix-format
fix-format: ## Format Go files.
	$(go_files) | xargs -0 gofmt -w

.PHONY: verify-modules
verify-modules: fix-modules ## Fail when go.mod or go.sum are not tidy.
	@git diff --exit-code --stat -- go.mod go.sum proto/gen/go/go.mod proto/gen/go/go.sum tools/go.mod tools/go.sum deploy/go.mod deploy/go.sum || { echo 'modules are not tidy: run make fix-modules and commit'; exit 1; }

# -e, because tests of some dependencies need module versions that the proxy does not hold; they are no part of any build here.
.PHONY: fix-modules
fix-modules: ## Tidy the modules.
	@$(GO) mod tidy -e 2>/dev/null
	@$(GO) -C proto/gen/go mod tidy -e 2>/dev/null
	@GOWORK=off $(GO) -C tools mod tidy -e 2>/dev/null
	@GOWORK=off $(GO) -C deploy mod tidy -e 2>/dev/null

.PHONY: verify-docs
verify-docs: build ## Fail when docs/config.md is stale.
	@bin/otklik config --document | diff docs/config.md - || { echo 'docs/config.md is stale: run make fix-docs'; exit 1; }

.PHONY: fix-docs
fix-docs: ## Write docs/config.md from the configuration's definition.
	$(GO) run ./cmd/otklik config --document > docs/config.md

.PHONY: verify-lint
verify-lint: ## Lint Go, with the import rules of the house.
	$(lint) run ./...
	linter=$(lint) && cd deploy && GOWORK=off $$linter run --config ../.golangci.yaml ./...

.PHONY: fix-lint
fix-lint: ## Mend what the linter can mend.
	$(lint) run --fix ./...
	linter=$(lint) && cd deploy && GOWORK=off $$linter run --fix --config ../.golangci.yaml ./...

##@ Deployment

.PHONY: verify-deploy
verify-deploy: build ## Check the image, the chart, the Compose file, the alerts and the dashboard, without engine, cluster or registry.
	@GOWORK=off $(GO) -C deploy run ./verify -binary $(CURDIR)/bin/otklik
	@OTKLIK_BINARY=$(CURDIR)/bin/otklik GOWORK=off $(GO) -C deploy test -count=1 ./...
	@if docker compose version >/dev/null 2>&1; then docker compose -f deploy/compose/compose.yaml config --quiet; fi

# For several platforms: make image PLATFORMS='linux/amd64 linux/arm64'. To a registry: make image PUSH=registry.example.com/otklik:1.2.0
PLATFORMS ?= linux/$(shell $(GO) env GOARCH)
VERSION   ?=
PUSH      ?=

.PHONY: image
image: web ## Make the container image: an OCI layout in bin/image, and for one platform bin/otklik-image.tar for docker load.
	@mkdir -p bin
	for platform in $(PLATFORMS); do \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GO) build -trimpath -ldflags '-s -w' -o bin/otklik-$${platform/\//-} ./cmd/otklik; \
	done
	GOWORK=off $(GO) -C deploy run ./image -layout $(CURDIR)/bin/image $(if $(word 2,$(PLATFORMS)),,-archive $(CURDIR)/bin/otklik-image.tar) \
		-version '$(VERSION)' -tag 'otklik:$(or $(VERSION),latest)' -revision "$$(git rev-parse HEAD)" -created "$$(git log -1 --format=%ct)" \
		-licence $(CURDIR)/LICENSE $(if $(PUSH),-push '$(PUSH)') $(foreach p,$(PLATFORMS),$(CURDIR)/bin/otklik-$(subst /,-,$(p)))

##@ Web app

.PHONY: web
web: $(WEB)/dist/index.html ## Build the web app and the docs page.

$(WEB)/node_modules/.package-lock.json: $(WEB)/package.json $(WEB)/package-lock.json $(WEB)/.npmrc
	npm --prefix $(WEB) ci --no-audit --no-fund
	@touch $@

$(WEB)/dist/index.html: $(WEB)/node_modules/.package-lock.json proto/gen/openapi/otklik.json $(wildcard $(shell git ls-files -co --exclude-standard $(WEB)/src $(WEB)/docs $(WEB)/public $(WEB)/*.html $(WEB)/*.ts $(WEB)/*.json))
	npm --prefix $(WEB) run --silent build
	@touch $@
