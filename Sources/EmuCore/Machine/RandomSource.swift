import Synchronization

/// Random numbers that a machine gives its guest: the host's, or a sequence that a seed decides (`-seed`).
public final class RandomSource: Sendable {
    /// State of the sequence; nil for the host's numbers.
    private let state: Mutex<UInt64?>

    /// - Parameter seed: Decides the sequence; `nil` for the host's numbers.
    public init(seed: UInt64? = nil) { state = Mutex(seed) }

    /// The next 64 bits.
    public func next() -> UInt64 {
        state.withLock { state in
            guard let last = state else {
                var host = SystemRandomNumberGenerator()
                return host.next()
            }
            // SplitMix64: a counter, mixed.
            state = last &+ 0x9e37_79b9_7f4a_7c15
            var mixed = last &+ 0x9e37_79b9_7f4a_7c15
            mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
            return mixed ^ mixed >> 31
        }
    }
}
