import CPPCState
import Synchronization

/// Which physical memory the vCPUs of one machine have translated code from, so that a store by one of them reaches the
/// translations of all.
///
/// Memory is tracked in pages of 4 KiB with lines of 64 bytes; soft TLB write tags are withheld for whole chunks of
/// 64 KiB. Two promises hold:
///
/// - Before a vCPU reads code from a page, the page is marked and every vCPU that was granted stores to its chunk is
///   asked to give that right up. When it does (at its next poll), translations that others made in the chunk meanwhile
///   are dropped once, since a store may have gone unseen.
/// - A store to a marked line reaches ``hit(_:_:by:)``, which tells every vCPU with code there.
///
/// Others learn of it at their next poll: a loop's head, `isync`, or a synchronizing `sync`. That is sooner than the
/// architecture asks for, which wants the modifying processor to order its stores by `sync` and the executing one to
/// `isync` (ISA 3.1 Book II, section 1.9).
public final class SharedCode: Sendable {
    struct Page {
        var lines: UInt64 = 0
        /// vCPUs with code in the page, by member number modulo 64.
        var owners: UInt64 = 0
    }
    /// What one vCPU has to act on.
    struct Inbox {
        /// Pages whose translations are to be dropped.
        var changed: [UInt64] = []
        /// Chunks whose write tags are to be withdrawn.
        var withdrawn: [UInt64] = []
    }
    private struct Member: @unchecked Sendable {
        // @unchecked: the word is written by atomic operations alone and outlives the membership.
        var cpu: Unmanaged<PPCCPU>?
        var inbox = Inbox()
        /// Chunks to which stores were granted.
        var granted: Set<UInt64> = []
    }
    private struct State {
        var pages: [UInt64: Page] = [:]
        /// Number of pages with code by chunk.
        var chunks: [UInt64: Int] = [:]
        var members: [Member] = []
        /// How often code of a page was written over.
        var rewrites: [UInt64: Int] = [:]
        /// Chunks with pages that stay marked without code, and the stores that they made slow in vain.
        var expectant: [UInt64: Int] = [:]
    }
    /// Code that is written over this often will be again: its page stays marked, since granting and withdrawing the
    /// right to write each time costs more than seeing the stores.
    private static var rewriteLimit: Int { 8 }
    /// Until this many stores to its chunk hit no code.
    private static var patience: Int { 4096 }

    static var pageShift: UInt64 { 12 }
    static var chunkShift: UInt64 { 16 }
    private static var pagesPerChunk: UInt64 { 1 << (chunkShift - pageShift) }

    private let state = Mutex(State())

    /// Code of no vCPU yet.
    public init() {}

    // MARK: Members

    func join(_ cpu: PPCCPU) -> Int {
        state.withLock {
            let member = Member(cpu: Unmanaged.passUnretained(cpu))
            if let free = $0.members.firstIndex(where: { $0.cpu == nil }) {
                $0.members[free] = member
                return free
            }
            $0.members.append(member)
            return $0.members.count - 1
        }
    }

    func leave(_ member: Int) { state.withLock { $0.members[member].cpu = nil } }

    private static func bit(_ member: Int) -> UInt64 { 1 &<< UInt64(truncatingIfNeeded: member & 63) }

    private static func range(_ address: UInt64, _ count: UInt64, _ shift: UInt64) -> ClosedRange<UInt64> {
        let last = address &+ (max(count, 1) &- 1)
        return address &>> shift...max(last, address) &>> shift
    }

    // MARK: Translating

    /// Marks the pages of a range and asks others to give up writing to its chunk.
    ///
    /// - Returns: Whether the member must withdraw its own write tags for the chunk before it reads the code.
    func prepare(_ address: UInt64, _ count: UInt64, member: Int) -> Bool {
        state.withLock { state in
            let own = Self.bit(member)
            var isNew = false
            for page in Self.range(address, count, Self.pageShift) {
                if state.pages[page] == nil {
                    state.pages[page] = Page()
                    state.chunks[page / Self.pagesPerChunk, default: 0] += 1
                    isNew = true
                }
                state.pages[page]?.owners |= own
            }
            guard isNew else { return false }
            var wasGranted = false
            for chunk in Self.range(address, count, Self.chunkShift) {
                for other in state.members.indices where state.members[other].granted.contains(chunk) {
                    if other == member {
                        state.members[other].granted.remove(chunk)
                        wasGranted = true
                    } else {
                        state.members[other].inbox.withdrawn.append(chunk)
                        state.members[other].cpu?._withUnsafeGuaranteedRef { $0.requestExit(PPC_EXIT_CODE) }
                    }
                }
            }
            return wasGranted
        }
    }

    /// Notes the lines that a translation was made from; their pages are prepared.
    func add(_ address: UInt64, _ count: UInt64, member: Int) {
        state.withLock { state in
            for page in Self.range(address, count, Self.pageShift) {
                state.pages[page, default: Page()].lines |= CodePages.lines(page, address, address &+ count)
                state.pages[page]?.owners |= Self.bit(member)
            }
        }
    }

    /// A member has no translations any more.
    func removeAll(of pages: some Sequence<UInt64>, member: Int) {
        state.withLock { state in
            for page in pages {
                guard let known = state.pages[page] else { continue }
                if known.owners & ~Self.bit(member) == 0 || state.members.count <= 1 {
                    Self.forget(page, &state)
                } else if state.members.count <= 64 {
                    state.pages[page]?.owners = known.owners & ~Self.bit(member)
                }
            }
        }
    }

    private static func forget(_ page: UInt64, _ state: inout State) {
        guard state.pages.removeValue(forKey: page) != nil else { return }
        let chunk = page / pagesPerChunk
        if let left = state.chunks[chunk] { state.chunks[chunk] = left > 1 ? left - 1 : nil }
    }

    // MARK: Storing

    /// Whether a member may store to a range from now on without further notice.
    func mayWrite(_ address: UInt64, _ count: UInt64, member: Int) -> Bool {
        state.withLock { state in
            for chunk in Self.range(address, count, Self.chunkShift) where state.chunks[chunk] != nil {
                if count >= 1 &<< Self.chunkShift { return false }
                if Self.range(address, count, Self.pageShift).contains(where: { state.pages[$0] != nil }) {
                    return false
                }
            }
            for chunk in Self.range(address, count, Self.chunkShift) { state.members[member].granted.insert(chunk) }
            return true
        }
    }

    /// Acts on a store that has happened.
    ///
    /// - Returns: The pages whose translations the storing member must drop itself.
    func hit(_ address: UInt64, _ count: UInt64, by member: Int) -> [UInt64] {
        state.withLock { state in
            var own: [UInt64] = []
            for page in Self.range(address, count, Self.pageShift) {
                let chunk = page / Self.pagesPerChunk
                guard state.chunks[chunk] != nil else { continue }
                guard let known = state.pages[page],
                    known.lines & CodePages.lines(page, address, address &+ count) != 0
                else {
                    Self.noteMiss(chunk, &state)
                    continue
                }
                Self.noteRewrite(page, &state)
                own.append(page)
                Self.post(page, to: known.owners, except: member, &state)
            }
            return own
        }
    }

    /// Acts on a store by something other than a vCPU: a device, firmware, a hypercall.
    package func changed(_ address: UInt64, _ count: UInt64) { _ = hit(address, count, by: -1) }

    /// Code was written over: its page is for data now, or for other code soon.
    private static func noteRewrite(_ page: UInt64, _ state: inout State) {
        if state.rewrites.count > 4096 { state.rewrites.removeAll() }
        state.rewrites[page, default: 0] += 1
        if state.rewrites[page, default: 0] < rewriteLimit {
            forget(page, &state)
        } else {
            state.pages[page] = Page()
            state.expectant[page / pagesPerChunk] = 0
        }
    }

    private static func noteMiss(_ chunk: UInt64, _ state: inout State) {
        guard let misses = state.expectant[chunk] else { return }
        guard misses >= patience else {
            state.expectant[chunk] = misses + 1
            return
        }
        state.expectant[chunk] = nil
        let first = chunk * pagesPerChunk
        for page in first..<first + pagesPerChunk where state.pages[page]?.lines == 0 {
            state.rewrites[page] = nil
            forget(page, &state)
        }
    }

    private static func post(_ page: UInt64, to owners: UInt64, except member: Int, _ state: inout State) {
        for other in state.members.indices where other != member && owners & bit(other) != 0 {
            state.members[other].inbox.changed.append(page)
            state.members[other].cpu?._withUnsafeGuaranteedRef { $0.requestExit(PPC_EXIT_CODE) }
        }
    }

    // MARK: Polling

    /// Empties a member's inbox. The member withdraws its write tags for the chunks and then calls
    /// ``gaveUp(_:member:)``.
    func takeInbox(_ member: Int) -> Inbox {
        state.withLock { state in
            defer { state.members[member].inbox = Inbox() }
            return state.members[member].inbox
        }
    }

    /// A member has withdrawn its write tags for chunks where others have code; what it stored until now may have gone
    /// unseen, so their translations go. The pages stay marked: the member will not be granted stores again.
    func gaveUp(_ chunks: [UInt64], member: Int) {
        state.withLock { state in
            for chunk in chunks where state.members[member].granted.remove(chunk) != nil {
                let first = chunk * Self.pagesPerChunk
                for page in first..<first + Self.pagesPerChunk {
                    guard let known = state.pages[page] else { continue }
                    Self.post(page, to: known.owners, except: member, &state)
                }
            }
        }
    }
}
