# Two commands are all a newcomer needs: `make demo` and `make test`. Both install what is missing.
SWIFT ?= swift
BIN = $(shell $(SWIFT) build -c release --show-bin-path)

.PHONY: demo test build release deps deps-test lint format walls examples rings bench-migration fuzz clean

demo: release
	Scripts/demo

test: deps-test
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build

build: deps
	$(SWIFT) build

release: deps
	$(SWIFT) build -c release

deps:
	Scripts/install-deps build

deps-test:
	Scripts/install-deps test

lint:
	$(SWIFT) format lint --strict --recursive Sources Tests Package.swift

format:
	$(SWIFT) format --in-place --recursive Sources Tests Package.swift

walls:
	Scripts/check-walls

# Streams there and back between a real QEMU and emu-launch.
rings: release deps-test
	Scripts/migration-rings

bench-migration: release deps-test
	Scripts/bench-migration

clean:
	$(SWIFT) package clean
