import CPPCState
import CSupport
import Testing

@testable import PPCTarget

#if canImport(Glibc)
    import Glibc
#endif

@Suite("What makes a vCPU look at the clock")
struct EngineTickerTests {
    /// The exit word of a vCPU that executes nothing.
    private final class Word {
        let pointer = UnsafeMutableRawPointer.allocate(byteCount: 4, alignment: 4)
        init() { pointer.storeBytes(of: 0, as: UInt32.self) }
        deinit { pointer.deallocate() }

        /// Takes what was set.
        func take() -> UInt32 { cs_atomic_and32(pointer, 0) }

        /// Spins as generated code does. Nil if nothing comes in ten seconds.
        func wait() -> UInt32? {
            let limit = hostClock() &+ 10_000_000_000
            while hostClock() < limit {
                let bits = take()
                if bits != 0 { return bits }
            }
            return nil
        }
    }

    @Test("at a deadline, whether a signal does it or a thread", arguments: [true, false])
    func deadline(signals: Bool) {
        let word = Word()
        let ticker = EngineTicker(exitWord: word.pointer, usesSignals: signals)
        // Much later than the next look that nobody asked for.
        ticker.watch(after: 60_000_000_000)
        ticker.setExecuting(true)
        #expect(ticker.usesSignals == (signals && cs_alarm_signal() != 0))
        for delay in [UInt64(50_000), 1, 700_000, 0, 2_000_000, 20_000_000] {
            _ = word.take()
            let due = hostClock() &+ delay
            ticker.watch(after: delay)
            var bits = word.wait()
            // Looks without a deadline, as long as that is not there.
            while hostClock() < due, bits != nil {
                ticker.setExecuting(false)
                ticker.setExecuting(true)
                bits = word.wait()
            }
            #expect(bits == UInt32(PPC_EXIT_INTERRUPT))
            ticker.setExecuting(false)
            ticker.setExecuting(true)
        }
    }

    @Test("again and again without a deadline, but not for a vCPU that is idle", arguments: [true, false])
    func looks(signals: Bool) {
        let word = Word()
        let ticker = EngineTicker(exitWord: word.pointer, usesSignals: signals)
        let began = hostClock()
        for _ in 0..<5 {
            ticker.setExecuting(true)
            #expect(word.wait() == UInt32(PPC_EXIT_INTERRUPT))
            ticker.setExecuting(false)
        }
        #expect(hostClock() &- began >= 4 * EngineTicker.interval)
        // One may be on its way.
        usleep(20_000)
        _ = word.take()
        usleep(50_000)
        #expect(word.take() == 0)
        ticker.setExecuting(true)
        #expect(word.wait() == UInt32(PPC_EXIT_INTERRUPT))
    }

    @Test("a deadline that has passed is not asked for for ever: the guest gets on")
    func passed() {
        let word = Word()
        let ticker = EngineTicker(exitWord: word.pointer)
        ticker.watch(after: 0)
        ticker.setExecuting(true)
        #expect(word.wait() != nil)
        let began = hostClock()
        for _ in 0..<3 {
            ticker.setExecuting(false)
            ticker.setExecuting(true)
            #expect(word.wait() != nil)
        }
        #expect(hostClock() &- began >= 2 * EngineTicker.interval)
    }

    /// What a thread of its own is given.
    private struct Order: @unchecked Sendable {
        // @unchecked: the test waits for the thread.
        let ticker: EngineTicker
        let word: Word
        let blocks: Bool
    }

    @Test("the thread that executes gets the signals, whatever it blocks", arguments: [false, true])
    func threads(blocks: Bool) {
        let word = Word()
        let ticker = EngineTicker(exitWord: word.pointer)
        ticker.setExecuting(true)
        #expect(word.wait() != nil)
        ticker.setExecuting(false)
        for _ in 0..<3 {
            var thread = pthread_t()
            let order = Unmanaged.passRetained(Order(ticker: ticker, word: word, blocks: blocks) as AnyObject)
            let status = pthread_create(
                &thread, nil,
                { raw in
                    guard let raw, let order = Unmanaged<AnyObject>.fromOpaque(raw).takeRetainedValue() as? Order else {
                        return nil
                    }
                    if order.blocks {
                        var all = sigset_t()
                        sigfillset(&all)
                        pthread_sigmask(SIG_BLOCK, &all, nil)
                    }
                    order.ticker.watch(after: 1_000_000)
                    order.ticker.setExecuting(true)
                    let seen = order.word.wait() != nil
                    order.ticker.setExecuting(false)
                    return seen ? UnsafeMutableRawPointer(bitPattern: 1) : nil
                }, order.toOpaque())
            #expect(status == 0)
            var result: UnsafeMutableRawPointer?
            pthread_join(thread, &result)
            #expect(result != nil)
            #expect(ticker.usesSignals == (cs_alarm_signal() != 0))
        }
    }

    @Test("can go while its time comes")
    func goes() {
        for round in UInt64(0)..<300 {
            let word = Word()
            let ticker = EngineTicker(exitWord: word.pointer, usesSignals: round % 10 != 0)
            ticker.setExecuting(true)
            ticker.watch(after: round * 300)
            if round % 3 == 0 { _ = word.wait() }
            ticker.setExecuting(false)
        }
    }
}
