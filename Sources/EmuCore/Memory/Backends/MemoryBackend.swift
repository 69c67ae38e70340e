import CSupport
import Foundation
import Glibc

/// Where a NUMA policy places pages (`policy=`); raw values are those of mbind(2).
public enum HostMemoryPolicy: Int32, Sendable, CaseIterable {
    case `default` = 0
    case preferred = 1
    case bind = 2
    case interleave = 3

    /// Name of the policy in options.
    public var name: String {
        switch self {
        case .default: "default"
        case .preferred: "preferred"
        case .bind: "bind"
        case .interleave: "interleave"
        }
    }
}

/// A user-creatable object that provides guest RAM: the common part of `memory-backend-ram`, `-file` and `-memfd`.
open class MemoryBackend: EmuObject {
    /// Bytes; 0 until given.
    public var size: UInt64 = 0
    /// Whether other processes see the guest's writes.
    public var share = false
    /// Whether every page is touched before the guest runs.
    public var prealloc = false
    /// Threads that touch pages.
    public var preallocThreads: UInt32 = 1
    /// Whether the host may merge equal pages.
    public var merge = true
    /// Whether core dumps of the process hold the memory.
    public var dump = true
    /// Whether the host reserves swap space.
    public var reserve = true
    /// NUMA nodes of the host that ``policy`` names.
    public var hostNodes: Set<Int> = []
    /// Where the host places pages.
    public var policy = HostMemoryPolicy.default
    /// Whether the block is named by the object's path, as old machine versions do.
    public var usesCanonicalPathForID = false
    /// The memory, once ``complete()`` has run.
    public private(set) var block: RAMBlock?
    /// Whether main RAM, a NUMA node or a DIMM uses it; a back end serves one user.
    public var isMapped = false

    /// The name of the block on the wire.
    public var blockID: String {
        RAMBlockNaming.id(objectName: name, path: canonicalPath, usesCanonicalPath: usesCanonicalPathForID)
    }

    /// Maps the memory; overridden by each kind.
    open func allocate() throws -> RAMBlock {
        throw ObjectError("memory back end '\(objectType.name)' cannot allocate")
    }

    public final override func complete() throws {
        guard size <= UInt64(Int.max) / 2 else {
            throw ObjectError("cannot set up guest memory '\(blockID)': Cannot allocate memory")
        }
        if prealloc && !reserve { throw ObjectError("'prealloc=on' and 'reserve=off' are incompatible") }
        let block = try allocate()
        if merge { madvise(block.base, Int(block.maxLength), MADV_MERGEABLE) }
        if !dump { madvise(block.base, Int(block.maxLength), MADV_DONTDUMP) }
        try bind(block)
        if prealloc { try Preallocation.run(block, threads: Int(max(preallocThreads, 1))) }
        self.block = block
    }

    func checkUnallocated(_ property: String) throws {
        guard block == nil else { throw ObjectError("cannot change property \(property) of \(objectType.name) ") }
    }

    private func bind(_ block: RAMBlock) throws {
        if let highest = hostNodes.max() {
            guard policy != .default else {
                throw ObjectError(
                    "host-nodes must be empty for policy default, or you should explicitly specify a policy other than "
                        + "default")
            }
            var mask = [UInt](repeating: 0, count: highest / 64 + 2)
            for node in hostNodes { mask[node / 64] |= 1 << UInt(node % 64) }
            let flags: UInt32 = 1 | 2  // MPOL_MF_STRICT | MPOL_MF_MOVE
            if cs_mbind(block.base, UInt(block.maxLength), policy.rawValue, mask, UInt(highest + 2), flags) != 0 {
                throw ObjectError("cannot bind memory to host NUMA nodes: \(String(cString: strerror(errno)))")
            }
        } else if policy != .default {
            throw ObjectError("host-nodes must be set for policy \(policy.name)")
        }
    }

    static var properties: [Property] {
        [
            Property(
                "size", type: "int", description: "Size of the memory region (ex: 500M)",
                get: { Value(unsigned: ($0 as? MemoryBackend)?.size ?? 0) },
                set: { object, value in
                    try (object as? MemoryBackend)?.checkUnallocated("size")
                    let size = try PropertyParsing.size(value, name: "size")
                    guard size > 0 else { throw refused("size", of: object, "0") }
                    (object as? MemoryBackend)?.size = size
                }
            ).required(),
            .bool("share", \MemoryBackend.share, "Mark the memory as private to the emulator or shared") {
                try $0.checkUnallocated("share")
            },
            .bool("prealloc", \MemoryBackend.prealloc, "Preallocate memory"),
            Property(
                "prealloc-threads", type: "int", description: "Number of CPU threads to use for prealloc",
                get: { .integer(Int64(($0 as? MemoryBackend)?.preallocThreads ?? 1)) },
                set: { object, value in
                    let number = try PropertyParsing.unsigned(
                        value, name: "prealloc-threads", expected: "a uint64 value")
                    guard let threads = UInt32(exactly: number) else {
                        throw ObjectError("Parameter 'prealloc-threads' expects uint32_t")
                    }
                    guard threads > 0 else { throw refused("prealloc-threads", of: object, "0") }
                    (object as? MemoryBackend)?.preallocThreads = threads
                }),
            Property(
                "prealloc-context", type: "link<thread-context>",
                description: "Context to use for creating CPU threads for preallocation",
                get: { _ in "" },
                set: { _, value in
                    let id = try PropertyParsing.string(value, name: "prealloc-context")
                    throw ObjectError(
                        "Device '\(id)' not found",
                        hint: "There are no thread contexts here; use prealloc-threads=N alone.",
                        errorClass: "DeviceNotFound")
                }),
            .bool("merge", \MemoryBackend.merge, "Mark memory as mergeable"),
            .bool("dump", \MemoryBackend.dump, "Set to 'off' to exclude from core dump"),
            .bool("reserve", \MemoryBackend.reserve, "Reserve swap space (or huge pages) if applicable") {
                try $0.checkUnallocated("reserve")
            },
            .bool(
                "x-use-canonical-path-for-ramblock-id", \MemoryBackend.usesCanonicalPathForID,
                "Name the block by the object's path, as machines up to pseries-3.1 do for file and memfd back ends"
            ) { try $0.checkUnallocated("x-use-canonical-path-for-ramblock-id") },
            Property(
                "policy", type: "HostMemPolicy", description: "Set the NUMA policy",
                get: { object in .string((object as? MemoryBackend)?.policy.name ?? "default") },
                set: { object, value in
                    let text = try PropertyParsing.string(value, name: "policy")
                    guard let policy = HostMemoryPolicy.allCases.first(where: { $0.name == text }) else {
                        throw ObjectError("Parameter 'policy' does not accept value '\(text)'")
                    }
                    (object as? MemoryBackend)?.policy = policy
                }),
            Property(
                "host-nodes", type: "int", description: "Binds memory to the list of NUMA host nodes",
                get: { object in
                    .array((object as? MemoryBackend)?.hostNodes.sorted().map { .integer(Int64($0)) } ?? [])
                },
                set: { object, value in (object as? MemoryBackend)?.hostNodes = try nodes(value) }),
        ]
    }

    private static func refused(_ property: String, of object: EmuObject, _ value: String) -> ObjectError {
        ObjectError("property '\(property)' of \(object.objectType.name) doesn't take value '\(value)'")
    }

    /// A list as JSON, or ranges as text: `0-2`, `1`.
    private static func nodes(_ value: Value) throws -> Set<Int> {
        var result: Set<Int> = []
        func insert(_ node: UInt64) throws {
            guard node < 128 else { throw ObjectError("Invalid host-nodes value: \(node)") }
            result.insert(Int(node))
        }
        for item in value.arrayValue ?? [value] {
            if let number = item.unsignedValue {
                try insert(number)
                continue
            }
            let bounds = (item.stringValue ?? "").split(separator: "-", omittingEmptySubsequences: false)
            guard let first = bounds.first.flatMap({ UInt64($0) }), let last = bounds.last.flatMap({ UInt64($0) }),
                bounds.count <= 2, first <= last
            else { throw ObjectError("Parameter 'host-nodes' expects a uint64 value or range") }
            guard last < 128 else { throw ObjectError("Invalid host-nodes value: \(last)") }
            for node in first...last { try insert(node) }
        }
        return result
    }
}

/// Touching every page of a block before the guest runs (`prealloc=on`).
enum Preallocation {
    static func run(_ block: RAMBlock, threads: Int) throws {
        // MADV_POPULATE_WRITE (Linux 5.14) reports a shortage as an error, where touching pages would end in SIGBUS.
        let populateWrite: Int32 = 23
        let pages = Int(block.maxLength / block.pageSize)
        let share = max((pages + threads - 1) / threads, 1)
        let base = UInt(bitPattern: block.base)
        let failures = Failures()
        DispatchQueue.concurrentPerform(iterations: min(threads, pages)) { index in
            let first = index * share
            let count = min(share, pages - first)
            guard count > 0, let start = UnsafeMutableRawPointer(bitPattern: base + UInt(first) * UInt(block.pageSize))
            else { return }
            if madvise(start, count * Int(block.pageSize), populateWrite) == 0 { return }
            guard errno == EINVAL else { return failures.record(errno) }
            // An older kernel: rewrite one byte of each page; nobody else uses the memory yet.
            for page in 0..<count {
                let byte = (start + page * Int(block.pageSize)).assumingMemoryBound(to: UInt8.self)
                byte.pointee = byte.pointee
            }
        }
        if let error = failures.first {
            throw ObjectError(
                "cannot preallocate guest memory '\(block.id)': \(String(cString: strerror(error)))",
                hint: "Reduce the size, or leave out prealloc=on (-mem-prealloc).")
        }
    }

    private final class Failures: @unchecked Sendable {
        // @unchecked: guarded by the lock.
        private let lock = NSLock()
        private var error: Int32?
        func record(_ error: Int32) { lock.withLock { self.error = self.error ?? error } }
        var first: Int32? { lock.withLock { error } }
    }
}
