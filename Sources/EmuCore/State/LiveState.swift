/// State that is sent in rounds while the guest may still run (RAM, the hash page table). The owner implements it,
/// Migration drives it: `saveSetup` once, `saveIteration` while it is worth it, `saveCompletion` with the guest stopped.
public protocol LiveState: AnyObject {
    /// Whether the section appears in the stream at all.
    var isActive: Bool { get }
    /// Bytes still to be sent, an upper bound.
    var pendingBytes: UInt64 { get }
    func saveSetup(_ output: any StateOutput) throws
    /// Sends some; returns `true` when nothing is left for now.
    func saveIteration(_ output: any StateOutput) throws -> Bool
    /// Sends all that is left; the guest is stopped.
    func saveCompletion(_ output: any StateOutput) throws
    /// Releases what saving took (dirty logging), also after a cancelled save.
    func saveCleanup()
    /// One START, PART or END record of this section.
    func load(_ input: any StateInput, version: Int) throws
    func loadCleanup()
}
