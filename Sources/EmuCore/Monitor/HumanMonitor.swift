/// The monitor for people: a prompt, a line, its answer.
public final class HumanMonitor {
    private let machine: Machine
    private let backend: CharacterBackend
    private let session: MonitorSession
    private var line: [UInt8] = []
    private static let prompt = "(emu) "

    /// A monitor that talks over a back end as soon as that opens.
    public init(machine: Machine, backend: CharacterBackend) {
        self.machine = machine
        self.backend = backend
        session = MonitorSession(machine: machine, backend: backend)
        backend.onEvent = { [weak self] event in if event == .opened { self?.showPrompt() } }
        backend.onReceive = { [weak self] bytes in self?.receive(bytes) }
    }

    private func print(_ text: String) {
        backend.write(Array(text.replacingLineEnds().utf8))
    }

    private func showPrompt() { print("\n" + Self.prompt) }

    private func receive(_ bytes: [UInt8]) {
        for byte in bytes {
            switch byte {
            case 0x0d, 0x0a:
                print("\n")
                let text = String(decoding: line, as: UTF8.self)
                line = []
                do {
                    let answer = try machine.monitor.runHuman(text, session: session)
                    if !answer.isEmpty { print(answer.hasSuffix("\n") ? answer : answer + "\n") }
                } catch let error as ObjectError {
                    print("Error: \(error.description)\n\(error.hint.map { $0 + "\n" } ?? "")")
                } catch {
                    print("Error: \(error)\n")
                }
                print(Self.prompt)
            case 0x08, 0x7f:
                if !line.isEmpty {
                    line.removeLast()
                    backend.write([0x08, 0x20, 0x08])
                }
            case 0x15:
                print("\r" + Self.prompt + String(repeating: " ", count: line.count) + "\r" + Self.prompt)
                line = []
            case 0x20...0x7e, 0x80...:
                guard line.count < 4096 else { continue }
                line.append(byte)
                backend.write([byte])
            default: break
            }
        }
    }
}

extension String {
    /// Terminals in raw mode want CR LF.
    fileprivate func replacingLineEnds() -> String {
        var result = ""
        var previous: Character = " "
        for character in self {
            if character == "\n", previous != "\r" { result.append("\r") }
            result.append(character)
            previous = character
        }
        return result
    }
}

/// Human commands that concern EmuCore alone.
public enum CoreHumanCommands {
    /// Every command of EmuCore itself.
    public static var all: [HumanCommand] {
        [
            HumanCommand("help", usage: "[command]", help: "show the help") { session, words in
                let commands = session.machine.monitor.humanCommands.values.sorted { $0.name < $1.name }
                let wanted = words.joined(separator: " ")
                return commands.filter { wanted.isEmpty || $0.name == wanted }
                    .map { "\($0.name) \($0.usage) -- \($0.help)" }.joined(separator: "\n")
            },
            HumanCommand("stop", help: "stop emulation") { session, _ in
                try session.machine.stopByUser()
                return ""
            },
            HumanCommand("cont", help: "resume emulation") { session, _ in
                try session.machine.continueByUser()
                return ""
            },
            HumanCommand("c", help: "resume emulation") { session, _ in
                try session.machine.continueByUser()
                return ""
            },
            HumanCommand("quit", help: "end the emulator") { session, _ in
                session.machine.requestQuit()
                return ""
            },
            HumanCommand("q", help: "end the emulator") { session, _ in
                session.machine.requestQuit()
                return ""
            },
            HumanCommand("system_reset", help: "reset the system") { session, _ in
                session.machine.requestReset(guestInitiated: false)
                return ""
            },
            HumanCommand("system_powerdown", help: "send a power down event") { session, _ in
                session.machine.requestPowerDown()
                return ""
            },
            HumanCommand("nmi", help: "inject an NMI") { session, _ in
                try session.machine.injectNMI()
                return ""
            },
            HumanCommand("info status", help: "show the current VM status") { session, _ in
                let state = session.machine.runState
                return "VM status: \(state.isRunning ? "running" : "paused")"
                    + (state.isRunning || state == .paused ? "" : " (\(state.rawValue))")
            },
            HumanCommand("info version", help: "show the version") { _, _ in "7.2.0 (EmuCore)" },
            HumanCommand("info memdev", help: "show memory backends") { session, _ in
                session.machine.objects.children.values.compactMap { $0 as? MemoryBackend }.map { backend in
                    """
                    memory backend: \(backend.name)
                      size:  \(backend.size)
                      merge: \(backend.merge)
                      dump: \(backend.dump)
                      prealloc: \(backend.prealloc)
                      share: \(backend.share)
                      reserve: \(backend.reserve)
                      policy: \(backend.policy.name)
                      block: \(backend.blockID)
                    """
                }.joined(separator: "\n")
            },
            HumanCommand("info ramblock", help: "show the blocks of guest RAM") { session, _ in
                session.machine.ramBlocks.map { block in
                    "\(block.id)  page size \(block.pageSize)  used 0x\(String(block.usedLength, radix: 16))"
                        + "  total 0x\(String(block.maxLength, radix: 16))"
                }.joined(separator: "\n")
            },
            HumanCommand("info mtree", help: "show the memory layout") { session, _ in
                session.machine.memory.flatView.ranges.map { range in
                    "\(hex(range.start))-\(hex(range.last)): \(range.region.name)"
                        + (range.offsetInRegion == 0 ? "" : " @\(hex(range.offsetInRegion))")
                }.joined(separator: "\n")
            },
            HumanCommand("info qom-tree", help: "show the object tree") { session, _ in
                var text = ""
                func show(_ object: EmuObject, _ depth: Int) {
                    text += String(repeating: "  ", count: depth) + "/\(object.name) (\(object.objectType.name))\n"
                    for child in object.children.values { show(child, depth + 1) }
                }
                show(session.machine.root, 0)
                return text
            },
        ]
    }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
