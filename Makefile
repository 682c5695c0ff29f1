# Everything a person or CI runs. `make help` lists it.
SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:

# The pinned tools; each is built into bin/ under a name that carries its version.
GOLANGCI_VERSION  := v2.15.0
GOTESTSUM_VERSION := v1.13.0
GOVULNCHECK_VERSION := v1.9.0
CYCLONEDX_VERSION := v1.10.0
GOLANGCI  := bin/golangci-lint-$(GOLANGCI_VERSION)
GOTESTSUM := bin/gotestsum-$(GOTESTSUM_VERSION)

# The same source gives the same bytes, in whatever folder and from whatever checkout.
REPRODUCIBLE := -trimpath -buildvcs=false -ldflags='-s -w -buildid='
archive = tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --use-compress-program='gzip -n' -c

# What runs the tests; CI puts a runner here that also counts them.
GOTEST ?= go test

# The functions of template.yaml. make build ARCH=amd64 builds them for the other processor.
LAMBDAS := receiver worker lifecycle
ARCH    ?= arm64
DIST    ?= dist

# What the lifecycle manager's function allows to whom; it travels in its zip, as the cluster files do.
GRANTS ?= grants.json

# The folder of Slack's manifest schema, github.com/slackapi/manifest-schema. It is not ours to keep here.
SLACK_SCHEMA ?= ../shared/reference/slack-manifest-schema

# The folders that have tests behind a build tag.
tagged = $(or $(shell grep -rlE --include='*_test.go' '^//go:build .*\b$(1)\b' . | xargs -rn1 dirname | sort -u),$(error no test has the build tag $(1)))
need   = command -v $(1) >/dev/null || { echo "$(1) is missing: $(2)" >&2; exit 1; }

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: build
build: ## Build the Lambda functions into dist/, ready for sam deploy
	for name in $(LAMBDAS); do
	  GOOS=linux GOARCH=$(ARCH) CGO_ENABLED=0 go build -tags lambda.norpc $(REPRODUCIBLE) -o $(DIST)/$$name/bootstrap ./cmd/$$name
	  rm -rf $(DIST)/$$name/clusters && mkdir $(DIST)/$$name/clusters && cp clusters/*.json $(DIST)/$$name/clusters/
	done
	cp '$(GRANTS)' $(DIST)/lifecycle/grants.json

.PHONY: test
test: ## Run the tests that need Go alone
	$(GOTEST) ./...

.PHONY: race
race: ## Run the same tests under the race detector
	$(GOTEST) -race ./...

.PHONY: lint
lint: $(GOLANGCI) ## Check formatting, lint rules and the import table
	$(GOLANGCI) fmt --diff
	$(GOLANGCI) run

.PHONY: scripts
scripts: ## Check the shell scripts
	$(call need,shellcheck,apt-get install shellcheck)
	shellcheck docs/verify-on-aws.sh .ci/run .ci/gotest

.PHONY: tidy
tidy: ## Check that go.mod and go.sum say exactly what is used
	go mod tidy -diff

.PHONY: fmt
fmt: $(GOLANGCI) ## Format the code
	$(GOLANGCI) fmt

.PHONY: moto
moto: ## Run the tests against moto's DynamoDB, SQS, SSM and EMR
	$(call need,moto_server,pip install -r test/requirements.txt)
	$(call need,aws,apt-get install awscli)
	$(call need,jq,apt-get install jq)
	$(GOTEST) -count=1 -tags moto $(call tagged,moto)

.PHONY: lambda
lambda: ## Run the built functions in an emulated Lambda, with moto behind them
	$(call need,moto_server,pip install -r test/requirements.txt)
	$(MAKE) --no-print-directory build ARCH=$$(go env GOHOSTARCH) DIST=dist/host
	SHOWTIME_DIST=$(CURDIR)/dist/host $(GOTEST) -count=1 -tags lambda $(call tagged,lambda)

.PHONY: template
template: ## Check template.yaml, and what CloudFormation makes of it
	$(call need,cfn-lint,pip install -r test/requirements.txt)
	cfn-lint template.yaml
	$(GOTEST) -tags translated ./test/template

.PHONY: manifest
manifest: ## Check slack-manifest.yaml against Slack's schema, where SLACK_SCHEMA has it
	if [[ ! -d '$(SLACK_SCHEMA)' ]]; then
	  echo "slack-manifest.yaml is not checked against Slack's schema: $(SLACK_SCHEMA) is no folder" >&2
	  [[ '$(origin SLACK_SCHEMA)' == file && ! -d ../shared ]] # whoever named it, or has its place, misses it
	  exit 0
	fi
	SLACK_SCHEMA=$$(realpath '$(SLACK_SCHEMA)') $(GOTEST) -count=1 -tags manifest $(call tagged,manifest)

.PHONY: openapi
openapi: ## Check the manager's OpenAPI document, and real answers against it
	$(call need,npm,install Node.js 20 or newer)
	cd test/openapi && npm ci --no-audit --no-fund
	cd ../.. && $(GOTEST) -count=1 -tags openapi $(call tagged,openapi)

.PHONY: page
page: ## Rebuild the demo's page, test it, and fail where what is committed differs
	$(call need,npm,install Node.js 20 or newer)
	cd internal/demo/web && npm ci --no-audit --no-fund && npm run build && npm test
	git diff --exit-code -- internal/demo/dist

.PHONY: browser
browser: ## Play the demo's story in headless Chromium; pictures go to test-artifacts/browser
	$(call need,npm,install Node.js 20 or newer)
	$(call need,chromium,apt-get install chromium)
	cd test/browser && npm ci --no-audit --no-fund && npm test

.PHONY: bench
bench: ## Measure; results also go to test-artifacts/bench.txt
	mkdir -p test-artifacts
	{ go test -run '^$$' -bench . -benchmem ./... | grep -E '^(Benchmark|cpu:|pkg:)' && go test -count=1 -v -tags bench -run '^TestMeasure' $(call tagged,bench); } | tee test-artifacts/bench.txt

.PHONY: check
check: tidy lint scripts test race moto lambda template manifest openapi page browser ## Run every check

.PHONY: reproducible
reproducible: ## Build the functions twice, from two folders, the first without a cache, and compare the bytes
	one=$$(mktemp -d) && two=$$(mktemp -d) && trap 'rm -rf "$$one" "$$two"' EXIT
	cp -R $(filter-out .git bin dist test-artifacts,$(wildcard *)) "$$one"
	(cd "$$one" && GOFLAGS=-buildvcs=false GOCACHE="$$two/cache" $(MAKE) -s build DIST="$$two/dist")
	$(MAKE) -s build DIST="$$two/again"
	diff -r "$$two/dist" "$$two/again"
	echo "the same bytes twice"

.PHONY: release
release: ## Write the functions and the tool for Linux and macOS into dist/release, with checksums; VERSION=v1.2.3
	[[ '$(VERSION)' =~ ^v[0-9]+\.[0-9]+\.[0-9]+ ]] || { echo "make release VERSION=v1.2.3" >&2; exit 2; }
	rm -rf dist/release && mkdir -p dist/release
	for arch in arm64 amd64; do
	  $(MAKE) -s build ARCH=$$arch DIST=dist/release/lambda-$$arch/dist # where the template looks for them
	  cp template.yaml slack-manifest.yaml LICENSE dist/release/lambda-$$arch/
	  $(archive) -f dist/release/showtime-$(VERSION)-lambda-$$arch.tar.gz -C dist/release lambda-$$arch
	done
	for system in linux/amd64 linux/arm64 darwin/arm64; do
	  out=showtime-$(VERSION)-$${system/\//-}
	  mkdir dist/release/$$out && cp -R LICENSE README.md clusters dist/release/$$out/
	  GOOS=$${system%/*} GOARCH=$${system#*/} CGO_ENABLED=0 go build $(REPRODUCIBLE) -o dist/release/$$out/ ./cmd/showtime
	  $(archive) -f dist/release/$$out.tar.gz -C dist/release $$out
	done
	cd dist/release && find . -mindepth 1 -maxdepth 1 -type d -exec rm -r {} + && sha256sum *.tar.gz | tee SHA256SUMS

.PHONY: vuln
vuln: ## Look for known vulnerabilities in what is linked; needs the network
	go run golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION) ./...

.PHONY: sbom
sbom: ## Write what the programs are made of to dist/*.cdx.json, as CycloneDX; needs the network
	mkdir -p dist
	for name in $(LAMBDAS) showtime; do
	  go run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$(CYCLONEDX_VERSION) app -licenses -json -output dist/$$name.cdx.json -main cmd/$$name
	done

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin dist test-artifacts

$(GOLANGCI):
	GOBIN=$(CURDIR)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv bin/golangci-lint $@

.PHONY: gotestsum
gotestsum: $(GOTESTSUM)
	@echo $(CURDIR)/$(GOTESTSUM)

$(GOTESTSUM):
	GOBIN=$(CURDIR)/bin go install gotest.tools/gotestsum@$(GOTESTSUM_VERSION)
	mv bin/gotestsum $@
