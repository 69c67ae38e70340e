import EmuCore
import Glibc

/// Reading the `ram` section.
extension RAMLiveState {
    /// A machine has a few RAM blocks; a list longer than this is damaged.
    private static let maximumBlocks = 4096

    func load(_ input: any StateInput, version: Int) throws {
        guard let reader = input as? StreamReader else {
            throw MigrationError("RAM can only be read from a migration stream")
        }
        guard version == Self.version else {
            throw MigrationError(
                "RAM section has version \(version), only \(Self.version) is known", offset: input.position)
        }
        if parts.isEmpty { prepareLoad() }
        while true {
            let start = reader.position
            let word = try reader.readWord()
            let flags = word & 0xfff
            let address = word & ~0xfff
            switch flags & ~RAMFlags.sameBlock {
            case RAMFlags.page, RAMFlags.zero, RAMFlags.xbzrle:
                try loadPages(reader, first: word, at: start)
            case RAMFlags.memorySize:
                try loadList(reader, total: address)
            case RAMFlags.endOfSection:
                return
            case let other where other & RAMFlags.compressedPage != 0:
                throw MigrationError(
                    "Received an unexpected compressed page",
                    hints: ["The source has the capability 'compress' on; switch it off there."], offset: start)
            case RAMFlags.multifdFlush:
                throw MigrationError(
                    "Unknown combination of migration flags: \(hex(flags))",
                    hints: ["The source has the capability 'multifd' on; switch it off there."], offset: start)
            case let other where other & RAMFlags.hook != 0:
                throw MigrationError(
                    "Unknown combination of migration flags: \(hex(flags))",
                    hints: ["The source migrates by RDMA, which is not supported."], offset: start)
            default:
                throw MigrationError("Unknown combination of migration flags: \(hex(flags))", offset: start)
            }
        }
    }

    func loadCleanup() {
        // Translations and displays derived from the old contents are stale.
        for part in parts { part.block.markDirty(offset: 0, length: part.length) }
        parts = []
        loadPart = -1
        isListLoaded = false
    }

    /// Learns which pages hold nothing yet: a zero page for them costs nothing then.
    private func prepareLoad() {
        parts = collectParts()
        loadPart = -1
        for index in parts.indices {
            guard var residency = Residency(parts[index].block) else { continue }
            let pages = parts[index].pages
            for page in 0..<parts[index].pageCount where residency.isTouched(page) { pages.insert(page) }
            parts[index].knowsContent = true
        }
    }

    private func find(_ name: [UInt8]) -> Int? { parts.firstIndex { $0.name == name } }

    /// The list of blocks: all of it is read and compared before anything is applied.
    private func loadList(_ reader: StreamReader, total: UInt64) throws {
        var left = total
        var received: [(name: [UInt8], length: UInt64, address: UInt64)] = []
        while left > 0 {
            guard received.count < Self.maximumBlocks else {
                throw MigrationError("RAM block list is too long", offset: reader.position)
            }
            let start = reader.position
            let name = try reader.readBytes(Int(try reader.readByte()))
            let length = try reader.readWord()
            let address = options.ignoresShared ? try reader.readWord() : 0
            guard length <= left else {
                // QEMU checks the name first, so an unknown name is reported as such even if the length is odd.
                try check(received + [(name, length, address)])
                throw MigrationError(
                    "RAM block list does not add up",
                    hints: ["\(hex(length)) bytes are listed, \(hex(left)) are left."],
                    offset: start)
            }
            received.append((name, length, address))
            left -= length
        }
        try check(received)
        isListLoaded = true
    }

    private func check(_ received: [(name: [UInt8], length: UInt64, address: UInt64)]) throws {
        if let first = problems(with: received.map { ($0.name, $0.length) }).first { throw first }
        for entry in received {
            guard let index = find(entry.name), parts[index].isIgnored else { continue }
            let address = guestAddress(of: parts[index].block)
            guard entry.address == address else {
                throw MigrationError(
                    "Mismatched GPAs for block \(parts[index].block.id) \(entry.address)!= \(address)")
            }
        }
    }

    /// What speaks against a list of blocks; blocks that the list lacks become warnings.
    func problems(with received: [(name: [UInt8], length: UInt64)]) -> [MigrationError] {
        var result: [MigrationError] = []
        let names = received.map { String(decoding: $0.name, as: UTF8.self) }
        for (entry, name) in zip(received, names) {
            guard let index = find(entry.name) else {
                if machine.ramBlocks.contains(where: { $0.id == name && !$0.isMigratable }) {
                    result.append(MigrationError("block \(name) should not be migrated !"))
                } else {
                    result.append(
                        MigrationError(
                            "Unknown ramblock \"\(name)\", cannot accept migration",
                            hints: unknownBlockHints(name, names)))
                }
                continue
            }
            let part = parts[index]
            if entry.length != part.length {
                result.append(
                    MigrationError(
                        "Size mismatch: \(name): \(hex(entry.length)) != \(hex(part.length)): Invalid argument",
                        hints: [
                            "The source has \(entry.length >> 20) MiB in this block, this machine "
                                + "\(part.length >> 20) MiB; start it with the source's -m and memory back ends."
                        ]))
            }
        }
        let missing = parts.filter { part in !received.contains { $0.name == part.name } }
        if !missing.isEmpty {
            let list = missing.map { "\"\($0.block.id)\"" }.joined(separator: ", ")
            warnings.append("RAM blocks of this machine that are not in the stream keep their content: \(list)")
        }
        return result
    }

    private func unknownBlockHints(_ name: String, _ received: [String]) -> [String] {
        let local = parts.map { "\"\($0.block.id)\" (\(hex($0.length)))" }.joined(separator: ", ")
        let prefix = "/objects/"
        var hints = [
            "The stream has the RAM blocks \(received.map { "\"\($0)\"" }.joined(separator: ", "))"
                + "; this machine has \(local)."
        ]
        let ids = parts.map(\.block.id)
        if ids.contains(prefix + name) {
            hints.append(
                "The names differ by the prefix \(prefix) alone: add x-use-canonical-path-for-ramblock-id=off to the "
                    + "memory back end '\(name)' here, or use the implicit main memory (-m, -mem-path).")
        } else if name.hasPrefix(prefix), ids.contains(String(name.dropFirst(prefix.count))) {
            hints.append(
                "The names differ by the prefix \(prefix) alone: add x-use-canonical-path-for-ramblock-id=on to the "
                    + "memory back end '\(name.dropFirst(prefix.count))' here.")
        } else if ids.contains(where: { $0.hasPrefix(prefix) }) {
            hints.append(
                "An explicit file or memfd back end on this machine version is named by its object path; give the "
                    + "source's back end id, and x-use-canonical-path-for-ramblock-id=off if the source's name has no "
                    + "prefix; or use the implicit main memory (-m, -mem-path).")
        } else {
            hints.append("Give the memory back end here the id that the source uses.")
        }
        return hints
    }

    /// A run of page records, until one that is something else, which is left to the caller by `false`.
    private func loadPages(_ reader: StreamReader, first: UInt64, at start: UInt64) throws {
        guard isListLoaded else {
            throw MigrationError("RAM pages before the list of RAM blocks", offset: start)
        }
        let flags = first & 0xfff
        let address = first & ~0xfff
        if flags & RAMFlags.sameBlock == 0 {
            let name = try reader.readBytes(Int(try reader.readByte()))
            guard let index = find(name) else {
                throw MigrationError("Can't find block \(String(decoding: name, as: UTF8.self))", offset: start)
            }
            loadPart = index
        }
        guard loadPart >= 0 else { throw MigrationError("Ack, bad migration stream!", offset: start) }
        let part = parts[loadPart]
        try loadRun(part, reader, flags: flags & ~RAMFlags.sameBlock, address: address)
    }

    /// The first page and those of the same block that follow it.
    private func loadRun(_ part: Part, _ reader: StreamReader, flags: UInt64, address: UInt64) throws {
        var flags = flags
        var address = address
        let base = part.base
        let pages = part.pages
        let knowsContent = part.knowsContent
        let pageSize = Self.pageSize
        while true {
            guard address < part.length else {
                throw MigrationError(
                    "Illegal RAM offset \(String(address, radix: 16))",
                    hints: ["RAM block \"\(part.block.id)\" has \(hex(part.length)) bytes."], offset: reader.position)
            }
            let page = Int(truncatingIfNeeded: address &>> 12)
            let host = base + Int(truncatingIfNeeded: address)
            if flags == RAMFlags.page {
                try reader.read(into: UnsafeMutableRawBufferPointer(start: host, count: pageSize))
                pages.insert(page)
            } else if flags == RAMFlags.zero {
                let fill = try reader.readByte()
                if fill != 0 {
                    memset(host, Int32(fill), pageSize)
                    pages.insert(page)
                } else if !knowsContent || pages.contains(page), !isZero(host, pageSize) {
                    memset(host, 0, pageSize)
                }
            } else {
                try loadDelta(reader, host, address)
                pages.insert(page)
            }
            guard let next = try reader.peekWord(), next & RAMFlags.sameBlock != 0 else { return }
            flags = next & 0xfff & ~RAMFlags.sameBlock
            guard flags == RAMFlags.page || flags == RAMFlags.zero || flags == RAMFlags.xbzrle else { return }
            address = next & ~0xfff
            reader.dropWord()
        }
    }

    private func loadDelta(_ reader: StreamReader, _ host: UnsafeMutableRawPointer, _ address: UInt64) throws {
        let start = reader.position
        func failed(_ text: String) -> MigrationError {
            MigrationError(
                lines: [
                    "Failed to load XBZRLE page - \(text)",
                    "Failed to decompress XBZRLE page at \(String(address, radix: 16))",
                ], offset: start)
        }
        guard try reader.readByte() == 1 else { throw failed("wrong compression!") }
        let length = Int(try reader.read(UInt16.self))
        guard length <= Self.pageSize else { throw failed("len overflow!") }
        let delta = try reader.readBytes(length)
        let applied = delta.withUnsafeBytes { XBZRLE.decode($0, onto: host, count: Self.pageSize) }
        guard applied else { throw failed("decode error!") }
    }
}
