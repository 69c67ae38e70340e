import CPPCState
import EmuCore
import OrderedCollections

/// Monitor commands about processors and interrupt controllers, in QEMU's form.
enum SpaprMonitor {
    static var commands: [MonitorCommand] {
        [
            MonitorCommand("query-cpus-fast") { session, _ in
                .array(
                    try spapr(session).threads.map { thread in
                        [
                            "cpu-index": .integer(Int64(thread.index)),
                            "qom-path": .string(thread.canonicalPath),
                            "thread-id": .integer(Int64(hostThread(thread))),
                            "target": "ppc64",
                            "props": properties(core: thread.core.firstThread, node: thread.core.node ?? 0),
                        ]
                    })
            },
            MonitorCommand("query-hotpluggable-cpus") { session, _ in
                let machine = try spapr(session)
                guard machine.version.hasHotpluggableCPUs else {
                    throw ObjectError("machine does not support hot-plugging CPUs")
                }
                return .array(
                    machine.coreSlots.reversed().map { slot in
                        var entry: OrderedDictionary<String, Value> = [
                            "props": properties(core: slot.coreID, node: slot.node),
                            "vcpus-count": .integer(Int64(slot.threadCount)),
                            "type": .string("\(machine.model.name)-spapr-cpu-core"),
                        ]
                        if let core = slot.core { entry["qom-path"] = .string(core.canonicalPath) }
                        return .object(entry)
                    })
            },
        ]
    }

    static var humanCommands: [HumanCommand] {
        [
            HumanCommand("cpu", usage: "index", help: "set the default CPU") { session, words in
                guard let word = words.first, let index = Int(word), try spapr(session).thread(index: index) != nil
                else { throw ObjectError("invalid CPU index") }
                session.cpuIndex = index
                return ""
            },
            HumanCommand("info cpus", help: "show infos for each CPU") { session, _ in
                try spapr(session).threads.map { thread in
                    "\(thread.index == session.cpuIndex ? "*" : " ") CPU #\(thread.index): "
                        + "thread_id=\(hostThread(thread))"
                }.joined(separator: "\n")
            },
            HumanCommand("info registers", usage: "[-a|vcpu]", help: "show the cpu registers") { session, words in
                let machine = try spapr(session)
                var wanted = machine.threads.filter { $0.index == session.cpuIndex }
                if words.first == "-a" {
                    wanted = machine.threads
                } else if let word = words.first {
                    wanted = machine.threads.filter { String($0.index) == word }
                }
                guard !wanted.isEmpty else { throw ObjectError("CPU#\(words.first ?? "") not available") }
                return machine.standing {
                    wanted.map { "\nCPU#\($0.index)\n" + RegisterDump.text(of: $0.cpu, index: $0.index) }.joined()
                }
            },
            HumanCommand("info tlb", help: "show virtual to physical memory mappings") { session, _ in
                let machine = try spapr(session)
                guard let thread = machine.thread(index: session.cpuIndex) else { return "" }
                return machine.standing { translations(of: thread.cpu) }
            },
            HumanCommand("info pic", help: "show PIC state") { session, _ in
                let machine = try spapr(session)
                return machine.standing {
                    (machine.interrupts.active?.describe() ?? "") + "irqchip: emulated\n"
                }
            },
        ]
    }

    private static func properties(core: Int, node: Int) -> Value {
        ["core-id": .integer(Int64(core)), "node-id": .integer(Int64(node))]
    }

    private static func spapr(_ session: MonitorSession) throws -> SpaprMachine {
        guard let machine = session.machine as? SpaprMachine else {
            throw ObjectError("this machine has no such processors")
        }
        return machine
    }

    private static func hostThread(_ thread: SpaprThread) -> Int {
        (thread.runner as? VCPUHandle)?.runner.hostThreadID ?? 0
    }

    /// The segment buffer of a hash guest; what a radix guest registered.
    private static func translations(of cpu: PPCCPU) -> String {
        if cpu.mmu.usesRadix {
            return "radix: process table \(hex(cpu.mmu.processTable, 16)), PID \(spr(cpu.state)[SPRegister.pid])\n"
        }
        var text = "SLB\tESID\t\t\tVSID\n"
        for (index, entry) in cpu.mmu.segments.enumerated() where entry.esid != 0 || entry.vsid != 0 {
            text += "\(index)\t0x\(hex(entry.esid, 16))\t0x\(hex(entry.vsid, 16))\n"
        }
        return text
    }
}

/// `info registers`: one thread's registers.
enum RegisterDump {
    static func text(of cpu: PPCCPU, index: Int) -> String {
        let state = cpu.state
        let registers = spr(state)
        func h(_ value: UInt64) -> String { hex(value, 16) }
        let msr = state.pointee.msr
        let mmu = (instruction: mmuIndex(msr, MSR.ir), data: mmuIndex(msr, MSR.dr))
        let timeBase = cpu.time.timeBase
        var text = "NIP \(h(state.pointee.nip))   LR \(h(state.pointee.lr)) CTR \(h(state.pointee.ctr)) "
        text += "XER \(h(exceptionRegister(state))) CPU#\(index)\n"
        text += "MSR \(h(msr)) HID0 \(h(registers[1008]))  HF \(hex(contextBits(cpu, mmu), 8)) "
        text += "iidx \(mmu.instruction) didx \(mmu.data)\n"
        text += "TB \(decimal(timeBase >> 32, 8)) \(decimal(timeBase, 8)) DECR \(cpu.decrementer)\n"
        text += rows("GPR", 32) { gpr(state)[$0] }
        text += "CR \(hex(UInt64(conditionRegister(cpu)), 8))  ["
        for field in 0..<8 { text += " " + conditionField(cpu.conditionField(field)) }
        text += " ]             RES \(h(state.pointee.reserve_size == 0 ? .max : state.pointee.reserve_ea))\n"
        text += rows("FPR", 32) { cpu.vectorScalar($0).hi }
        text += "FPSCR \(h(cpu.floatStatus))\n"
        text += " SRR0 \(h(registers[SPRegister.srr0]))  SRR1 \(h(registers[SPRegister.srr1]))    "
        text += "PVR \(h(registers[SPRegister.pvr])) VRSAVE \(h(registers[SPRegister.vrsave]))\n"
        for group in [272, 276] {
            for (number, gap) in ["", " ", "  ", "  "].enumerated() {
                text += "\(gap)SPRG\(group - 272 + number) \(h(registers[group + number]))"
            }
            text += "\n"
        }
        text += "HSRR0 \(h(registers[SPRegister.hsrr0])) HSRR1 \(h(registers[SPRegister.hsrr1]))\n"
        text += " CFAR \(h(registers[SPRegister.cfar]))\n LPCR \(h(cpu.lpcr))\n"
        text += cpu.model.hasRadix ? " PTCR \(h(registers[SPRegister.ptcr]))" : " SDR1 \(h(registers[SPRegister.sdr1]))"
        return text + "   DAR \(h(registers[SPRegister.dar]))  DSISR \(h(registers[SPRegister.dsisr]))\n"
    }

    private static func rows(_ name: String, _ count: Int, _ value: (Int) -> UInt64) -> String {
        stride(from: 0, to: count, by: 4).map { first in
            name + decimal(UInt64(first), 2) + " "
                + (first..<(first + 4)).map { hex(value($0), 16) }
                .joined(separator: " ") + "\n"
        }.joined()
    }

    private static func decimal(_ value: UInt64, _ digits: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(digits - text.count, 0)) + text
    }

    private static func conditionRegister(_ cpu: PPCCPU) -> UInt32 {
        (0..<8).reduce(0) { $0 << 4 | UInt32(cpu.conditionField($1)) }
    }

    private static func conditionField(_ value: UInt8) -> String {
        let order = value & 8 != 0 ? "L" : value & 4 != 0 ? "G" : value & 2 != 0 ? "E" : "-"
        return order + (value & 1 != 0 ? "O" : " ")
    }

    private static func exceptionRegister(_ state: CPUState) -> UInt64 {
        let value = state.pointee
        return value.xer_rest | UInt64(value.so & 1) << 31 | UInt64(value.ov & 1) << 30 | UInt64(value.ca & 1) << 29
            | UInt64(value.ov32 & 1) << 19 | UInt64(value.ca32 & 1) << 18
    }

    /// Which of QEMU's translation modes is in effect: bit 0 supervisor, bit 1 real addresses.
    private static func mmuIndex(_ msr: UInt64, _ relocation: UInt64) -> UInt64 {
        (msr & MSR.pr == 0 ? 1 : 0) | (msr & relocation == 0 ? 2 : 0)
    }

    /// What translated code depends on, in QEMU's numbering of "HF".
    private static func contextBits(_ cpu: PPCCPU, _ mmu: (instruction: UInt64, data: UInt64)) -> UInt64 {
        let msr = cpu.state.pointee.msr
        var bits = msr & (MSR.le | MSR.dr | MSR.be | MSR.se | MSR.fp | MSR.pr | MSR.vsx | MSR.vec)
        if msr & MSR.sf != 0 { bits |= 1 << 2 }
        if cpu.lpcr & LPCR.gtse != 0, cpu.model.hasRadix { bits |= 1 << 3 }
        if cpu.mmu.usesRadix { bits |= 1 << 5 }
        return bits | mmu.instruction << 26 | mmu.data << 29
    }
}
