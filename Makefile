# Two commands are all a newcomer needs: `make demo` and `make test`. Both install what is missing.
SWIFT ?= swift

.PHONY: demo run-linux test build release deps deps-test lint format walls examples rings guests bench bench-compare \
	bench-migration soak fuzz fuzz-cpu fuzz-services difftest coverage clean

demo: release
	Scripts/demo

# A shell on Debian's ppc64el installer kernel, on this terminal.
run-linux: release
	Scripts/run-linux

test: deps-test
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build

build: deps
	$(SWIFT) build

# Swift's libraries are linked in: the programs start faster and run where Swift is not installed.
release: deps
	$(SWIFT) build -c release --static-swift-stdlib

deps:
	Scripts/install-deps build

deps-test:
	Scripts/install-deps test

lint:
	$(SWIFT) format lint --strict --recursive Sources Tests Utilities Examples/Sources Package.swift

format:
	$(SWIFT) format --in-place --recursive Sources Tests Utilities Examples/Sources Package.swift

# Recorded vectors and known differences of every row of the instruction table.
coverage:
	$(SWIFT) run emu-difftest --vectors Fixtures/vectors

# Random cases of every instruction, and random sequences, against QEMU's user-mode emulation.
difftest: deps-test
	Scripts/difftest

walls:
	Scripts/check-walls
	Scripts/check-docs

# Streams there and back between a real QEMU and emu-launch. OLD_QEMU=DIR adds an older QEMU, see
# Scripts/install-old-qemu.
rings: release deps-test
	Scripts/migration-rings
	Scripts/historic-scenario
	Scripts/born-here

# Guests that run: firmware, Linux, a user-space workload; and moves of running guests between QEMU and us. Every row:
# an hour on two cores.
guests: release deps-test
	Scripts/compare-bare-metal --qemu
	Scripts/boot-guests --all
	Scripts/migrate-running --all
	Scripts/hotplug
	Scripts/compare-kernel-log
	Scripts/idle-guest --limit 3

# An hour of boots, processes, moves, resets and saves; looks for differences and leaks. SOAK="--minutes 10"
soak: release deps-test
	Scripts/soak $(SOAK)

# Guest programs, boots and start-up in QEMU and here, as ratios. BENCH holds options: make bench BENCH="--rows integer".
bench: release deps-test
	Benchmarks/bench run $(BENCH)

# Rows that became slower between two result files: make bench-compare OLD=old.json NEW=new.json
bench-compare:
	Benchmarks/bench compare $(OLD) $(NEW)

bench-migration: release deps-test
	Scripts/bench-migration

clean:
	$(SWIFT) package clean

# Random damage to streams; MIGRATION_FUZZ_ROUNDS of them.
fuzz: deps-test
	MIGRATION_FUZZ_ROUNDS=$${MIGRATION_FUZZ_ROUNDS:-50000} $(SWIFT) test --filter DamagedStream

# Random instruction streams in every privilege state, on every engine (EMUCORE_FUZZ_ENGINE=native for one);
# EMUCORE_FUZZ_ROUNDS machines each from EMUCORE_FUZZ_SEED on.
fuzz-cpu: deps-test
	EMUCORE_FUZZ_ROUNDS=$${EMUCORE_FUZZ_ROUNDS:-2000} $(SWIFT) test --filter CPUFuzz

# Random hypercalls and runtime services; EMUCORE_FUZZ_ROUNDS machines from EMUCORE_FUZZ_SEED on. And a guest that resets
# a thousand times.
fuzz-services: deps-test release
	EMUCORE_FUZZ_ROUNDS=$${EMUCORE_FUZZ_ROUNDS:-500} $(SWIFT) test --filter ServiceFuzz
	Scripts/reset-loop

# Programs that use the library as an embedder does.
examples: deps
	Scripts/install-deps linux
	$(SWIFT) run -c release --package-path Examples boot-linux
	$(SWIFT) run -c release --package-path Examples call-function
	$(SWIFT) run -c release --package-path Examples trace-program
	$(SWIFT) run -c release --package-path Examples save-and-load
