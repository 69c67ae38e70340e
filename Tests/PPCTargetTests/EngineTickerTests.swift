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
        if ticker.beginExecuting() { ticker.watch(after: 60_000_000_000) }
        #expect(ticker.usesSignals == (signals && cs_alarm_signal() != 0))
        for delay in [UInt64(50_000), 1, 700_000, 0, 2_000_000, 20_000_000] {
            _ = word.take()
            let due = hostClock() &+ delay
            ticker.watch(after: delay)
            var bits = word.wait()
            // Looks without a deadline, as long as that is not there.
            while hostClock() < due, bits != nil {
                ticker.endExecuting()
                if ticker.beginExecuting() {
                    let now = hostClock()
                    ticker.watch(after: due > now ? due &- now : 0)
                }
                bits = word.wait()
            }
            #expect(bits == UInt32(PPC_EXIT_INTERRUPT))
            ticker.endExecuting()
            if ticker.beginExecuting() { ticker.watch(after: nil) }
        }
    }

    @Test("again and again without a deadline, but not for a vCPU that is idle", arguments: [true, false])
    func looks(signals: Bool) {
        let word = Word()
        let ticks = Word()
        let ticker = EngineTicker(exitWord: word.pointer, usesSignals: signals)
        let began = hostClock()
        for _ in 0..<5 {
            _ = ticker.beginExecuting()
            #expect(word.wait() == UInt32(PPC_EXIT_INTERRUPT))
            ticker.endExecuting()
        }
        #expect(hostClock() &- began >= 4 * EngineTicker.interval)
        // Others' looks tell how time goes by. Two may be on their way.
        let clock = EngineTicker(exitWord: ticks.pointer, usesSignals: signals)
        func pass(_ count: Int) {
            for _ in 0..<count {
                _ = clock.beginExecuting()
                #expect(ticks.wait() != nil)
                clock.endExecuting()
            }
        }
        pass(8)
        _ = word.take()
        pass(12)
        #expect(word.take() == 0)
        _ = ticker.beginExecuting()
        #expect(word.wait() == UInt32(PPC_EXIT_INTERRUPT))
    }

    @Test("a deadline is asked for again after every signal, and only then")
    func asks() {
        let word = Word()
        let ticker = EngineTicker(exitWord: word.pointer)
        #expect(ticker.beginExecuting(), "nothing was told yet")
        guard ticker.usesSignals else { return }
        ticker.watch(after: 0)
        #expect(word.wait() != nil)
        let began = hostClock()
        for _ in 0..<3 {
            ticker.endExecuting()
            // Somebody has looked, and there is no deadline any more: the guest gets on.
            #expect(ticker.beginExecuting())
            ticker.watch(after: nil)
            #expect(word.wait() != nil)
        }
        #expect(hostClock() &- began >= 2 * EngineTicker.interval)
        // One that is still to come, or came between the look and now, is not lost.
        ticker.endExecuting()
        #expect(ticker.beginExecuting())
        ticker.watch(after: 0)
        let asked = hostClock()
        #expect(word.wait() != nil && hostClock() &- asked < 1_000_000_000)
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
        _ = ticker.beginExecuting()
        #expect(word.wait() != nil)
        ticker.endExecuting()
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
                    // The thread before this one has ended: the alarm is not this one's.
                    guard order.ticker.beginExecuting() else { return nil }
                    order.ticker.watch(after: 1_000_000)
                    let seen = order.word.wait() != nil
                    order.ticker.endExecuting()
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
            _ = ticker.beginExecuting()
            ticker.watch(after: round * 300)
            if round % 3 == 0 { _ = word.wait() }
            ticker.endExecuting()
        }
    }
}
