# propusk: make build | test | bench | screenshots | clean

GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
PACKAGES := cmd provider storage login static
# One test more than processors: those in the browser wait a good deal.
PARALLEL := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

# The race detector looks at all code but three packages that compute for themselves: SQLite's C made Go, the
# arithmetic of RSA and argon2 took most of its time. Packages whose generics or atomics others use must stay in:
# left out, they make it see races that are none. Nobody debugs what is compiled here (dwarf), and C made Go does
# with pointers what checkptr, which comes with the race detector, would look at each time. In GOFLAGS they hold for
# the go commands of tests too, which then find everything compiled.
test check: export GOFLAGS += -race -gcflags=all=-dwarf=false '-gcflags=modernc.org/...=-dwarf=false -d=checkptr=0' \
	'-gcflags=modernc.org/sqlite/lib=-dwarf=false -race=false' \
	'-gcflags=crypto/internal/fips140/bigmod=-dwarf=false -race=false' \
	'-gcflags=golang.org/x/crypto/argon2=-dwarf=false -race=false'

.PHONY: build test check tools bench screenshots clean

## build: the binary that ships, static and without paths of the machine that built it
build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o propusk ./cmd/propusk

## test: everything: formatting, vet, all tests with the race detector, foreign clients and a browser included
test:
	testdata/install.sh compiler
	@$(MAKE) --no-print-directory -j2 tools check
	$(GO) test -vet=off -parallel $(PARALLEL) -timeout 15m ./...

## check: formatting and vet, from the same compiled packages as the tests
check:
	@unformatted=$$(gofmt -l $(PACKAGES)); \
	if [ -n "$$unformatted" ]; then echo "gofmt these files:" >&2; echo "$$unformatted" >&2; exit 1; fi
	$(GO) vet ./...

## tools: Chromium, Node.js and the npm clients, if missing
tools:
	testdata/install.sh

## bench: this build and the example server of zitadel/oidc side by side, under three minutes
bench:
	$(GO) test -run '^$$' -bench SideBySide -benchtime 1x -timeout 5m ./cmd/propusk

## screenshots: the pages as Chromium draws them, into ./screenshots
screenshots: tools
	SCREENSHOTS=$(CURDIR)/screenshots $(GO) test -count 1 -run Chrome ./cmd/propusk

clean:
	rm -rf propusk screenshots testdata/node/node_modules
