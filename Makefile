# neap. `make help` lists the targets.

GOLANGCI    := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOFUMPT     := mvdan.cc/gofumpt@v0.12.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

TOOLS  := $(CURDIR)/.cache/bin
GOBIN  := $(shell go env GOPATH)/bin
GOARCH ?= $(shell go env GOARCH)
ROOT   := $(filter 0,$(shell id -u))
TAGS   := $(if $(filter arm64,$(GOARCH)),-tags boximage)

export CGO_ENABLED = 0
export PATH := $(TOOLS):$(GOBIN):$(PATH):/usr/sbin:/sbin

.DEFAULT_GOAL := build
.PHONY: help demo build test test-vm check bench bench-compare generate deps lint

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

demo: build ## build, then play the whole tutorial on this machine and show what was observed (as root)
	@.ci/deps iptables
	bin/neap scripts/examples/walkthrough.lua

build: ## bin/neap, static
	$(if $(filter arm64,$(GOARCH)),GOARCH= go run ./cmd/box/image/make -arch arm64 -o cmd/box/image/box_arm64.tar.gz)
	GOARCH=$(GOARCH) go build -trimpath $(TAGS) -ldflags "-s -w" -o bin/neap ./cmd/neap

test: deps ## every test; those that need root run as root and are shown as skipped otherwise
	go vet ./...
	$(if $(ROOT),REQUIRE_ROOT=1) go test -p 1 -timeout 9m ./... # one package at a time: each checks that the host is as it found it

test-vm: build ## the tutorial and the root tests on hosts with cgroup v2 and v1 under systemd, in virtual machines
	.ci/vm/test

check: ## format, vet, linters, walls, generated files, known vulnerabilities, tests
	@$(MAKE) --no-print-directory lint
	go test -run 'Walls|OneVendor|NoRoom|HouseRules' ./cmd/neap
	$(MAKE) --no-print-directory generate
	git diff --exit-code
	@out=$$($(TOOLS)/govulncheck ./... 2>&1) && echo "$$out" || { echo "$$out"; \
	  case $$out in *"fetching vulnerabilities"*) echo "NOT CHECKED: the vulnerability database cannot be reached from here" ;; *) exit 1 ;; esac; }
	$(MAKE) --no-print-directory test

lint: $(TOOLS)/gofumpt $(TOOLS)/staticcheck $(TOOLS)/golangci-lint $(TOOLS)/govulncheck
	@unformatted=$$(git ls-files '*.go' | xargs $(TOOLS)/gofumpt -l); [ -z "$$unformatted" ] || { echo "not in gofumpt's form: $$unformatted"; exit 1; }
	go vet ./...
	$(TOOLS)/staticcheck ./...
	$(TOOLS)/golangci-lint run

# A tool that is installed in the wanted version is taken, else it is built into .cache/bin.
tool = @mkdir -p $(TOOLS); v=$(lastword $(subst @, ,$(2))); \
	if [ -x $(GOBIN)/$(1) ] && go version -m $(GOBIN)/$(1) | grep -q "mod.*$$v"; then ln -sf $(GOBIN)/$(1) $(TOOLS)/$(1); \
	else echo "installing $(2)"; GOBIN=$(TOOLS) go install $(2); fi

$(TOOLS)/gofumpt: ; $(call tool,gofumpt,$(GOFUMPT))
$(TOOLS)/staticcheck: ; $(call tool,staticcheck,$(STATICCHECK))
$(TOOLS)/golangci-lint: ; $(call tool,golangci-lint,$(GOLANGCI))
$(TOOLS)/govulncheck: ; $(call tool,govulncheck,$(GOVULNCHECK))

bench: build ## neap beside the floor and the peers that are installed (as root); ROWS=expression ROUNDS=20 SCALE=1 for less and more
	go run ./bench $(if $(ROWS),-rows '$(ROWS)') $(if $(ROUNDS),-rounds $(ROUNDS)) $(if $(SCALE),-all)

bench-compare: ## this source tree (or NEW=revision) beside OLD=revision, in benchstat's form (as root)
	@[ -n "$(OLD)" ] || { echo "say OLD=revision"; exit 1; }
	go run ./bench -old $(OLD) $(if $(NEW),-new $(NEW)) $(if $(ROWS),-rows '$(ROWS)') $(if $(ROUNDS),-rounds $(ROUNDS)) $(if $(SCALE),-all)

generate: ## what is committed but made: the built-in image and other embedded files
	go generate ./...

deps: ## install what the tests use and this machine lacks
	@.ci/deps iptables docker-registry busybox strace ip tmux
