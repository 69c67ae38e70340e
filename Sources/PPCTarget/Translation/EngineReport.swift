import EmuCore

/// What the engines of a machine have done (`info jit`, `x-query-jit`).
package struct EngineReport {
    /// One line of figures per vCPU.
    package var cpus: [(index: Int, statistics: EngineStatistics?, misses: TLBMisses)]
    /// Instructions without native code, by vCPU: how often their functions were called, most often first.
    package var calls: [[(mnemonic: String, count: UInt64)]]
    /// What verify mode has done, by vCPU; empty without it.
    package var verification: [VerifyingEngine.Counts]

    /// Figures of running vCPUs are read as they are, without stopping anybody.
    package init(_ machine: SpaprMachine) {
        cpus = machine.threads.map { ($0.cpu.index, $0.cpu.engine?.statistics, $0.cpu.mmu.misses) }
        calls = machine.threads.map { ($0.cpu.engine as? NativeEngine)?.calledInstructions ?? [] }
        verification = machine.threads.compactMap { ($0.cpu.engine as? VerifyingEngine)?.counts }
    }

    package var text: String {
        cpus.map { cpu in
            var lines = ["CPU #\(cpu.index)"]
            func add(_ name: String, _ value: String) {
                lines.append("  " + name + String(repeating: " ", count: max(24 - name.count, 1)) + value)
            }
            if let s = cpu.statistics {
                add("code size", "\(s.codeBytes)/\(s.codeCapacity)")
                add("blocks", "\(s.blocks)")
                add("regions", "\(s.regions)")
                add("guest instructions", "\(s.guestInstructions)")
                add("flushes", "\(s.flushes)")
                add("evictions", "\(s.evictions), of \(s.evicted) translations")
                add("invalidations", "\(s.invalidations)")
                add("time translating", "\(s.translationNanoseconds / 1_000_000) ms")
                add("exits: look-up", "\(s.lookups)")
                add("exits: chain", "\(s.chains)")
                add("exits: outcome", "\(s.outcomes)")
                add("changes of context", "\(s.transitions)")
                add("exits: poll", "\(s.polls)")
                add("exits: interpreter", "\(s.interpreted)")
                add("slow accesses", "\(s.slowAccesses)")
                for call in (calls.indices.contains(cpu.index) ? calls[cpu.index] : []).prefix(12) {
                    add("calls: \(call.mnemonic)", "\(call.count)")
                }
            } else {
                add("engine", "interpreter")
            }
            add("TLB misses: load", "\(cpu.misses.loads)")
            add("TLB misses: store", "\(cpu.misses.stores)")
            add("TLB misses: fetch", "\(cpu.misses.fetches)")
            add("translations refused", "\(cpu.misses.refused)")
            if let counts = verification.indices.contains(cpu.index) ? verification[cpu.index] : nil {
                add("pieces verified", "\(counts.pieces)")
                add("instructions verified", "\(counts.instructions)")
                add("pieces unverified", "\(counts.unchecked)")
                add("instructions by interpreter", "\(counts.interpreted)")
                add("differences", "\(counts.differences)")
            }
            return lines.joined(separator: "\n")
        }.joined(separator: "\n") + "\n"
    }
}

extension EngineReport {
    static func register(_ monitor: MonitorRegistry, _ machine: SpaprMachine) {
        monitor.add([
            MonitorCommand("x-query-jit") { [unowned machine] _, _ in
                ["human-readable-text": .string(EngineReport(machine).text)]
            }
        ])
        monitor.add([
            HumanCommand("info jit", help: "show what the engines have translated") { [unowned machine] _, _ in
                EngineReport(machine).text
            }
        ])
    }
}
