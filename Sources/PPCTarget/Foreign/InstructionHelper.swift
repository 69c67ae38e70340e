import CPPCState

/// An instruction that the embedder or a C plug-in adds: words that no row claims, performed by a C function of
/// declared signature.
///
/// All engines know it: decoded blocks call the function through its prepared interface, the others leave such words to
/// the interpreter, which does the same.
public struct InstructionHelper: Sendable {
    /// What the function is given, in the order of its parameters.
    public enum Argument: Sendable, Equatable {
        /// The state block, `ppc_cpu *`.
        case state
        /// A GPR whose number stands `shift` bits above the word's lowest, `uint64_t`.
        case gpr(shift: UInt8)
        /// A floating-point register, `double`.
        case fpr(shift: UInt8)
        /// A field of the word, `uint64_t`.
        case field(shift: UInt8, width: UInt8)
    }
    /// Where the function's result goes.
    public enum Result: Sendable, Equatable {
        case none
        case gpr(shift: UInt8)
        case fpr(shift: UInt8)
        /// An ``Outcome`` as `int32_t`; the function has done everything itself.
        case outcome
    }

    /// Value of the bits of ``mask``.
    public let match: UInt32
    /// Bits of a word that select the instruction.
    public let mask: UInt32
    /// What the C function gets, in its order.
    public let arguments: [Argument]
    /// Where its result goes.
    public let result: Result
    /// Gives the address of the C function.
    public let function: @Sendable () -> UnsafeRawPointer
    let interface: CallInterface

    /// - Parameters:
    ///   - match: Bits that select the instruction, under `mask`.
    ///   - function: Address of a C function whose parameters are those of `arguments`; stays valid while installed.
    /// - Throws: ``CallInterface/UnsupportedSignature``.
    public init(
        match: UInt32, mask: UInt32, _ arguments: [Argument], result: Result, function: UnsafeRawPointer
    ) throws {
        self.match = match & mask
        self.mask = mask
        self.arguments = arguments
        self.result = result
        let address = UInt(bitPattern: function)
        self.function = {
            guard let pointer = UnsafeRawPointer(bitPattern: address) else { preconditionFailure("a function at 0") }
            return pointer
        }
        interface = try CallInterface(
            arguments.map {
                switch $0 {
                case .state: .pointer
                case .gpr, .field: .uint64
                case .fpr: .double
                }
            },
            result: {
                switch result {
                case .none: .void
                case .gpr: .uint64
                case .fpr: .double
                case .outcome: .int32
                }
            }())
    }

    /// Performs the instruction.
    func execute(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: max(arguments.count, 1)) { slots in
            for (index, argument) in arguments.enumerated() {
                slots[index] =
                    switch argument {
                    case .state: UInt64(UInt(bitPattern: cpu))
                    case .gpr(let shift): gpr(cpu)[Self.number(word, shift)]
                    case .fpr(let shift): vsr(cpu)[Self.number(word, shift)].hi
                    case .field(let shift, let width): word &>> UInt64(shift) & ((1 &<< UInt64(width)) &- 1)
                    }
            }
            guard let base = slots.baseAddress else { return raiseIllegal(cpu) }
            let value = interface.call(function(), base)
            switch result {
            case .none: break
            case .gpr(let shift): gpr(cpu)[Self.number(word, shift)] = value
            case .fpr(let shift): vsr(cpu)[Self.number(word, shift)] = ppc_vsr(lo: 0, hi: value)
            case .outcome: return Int32(truncatingIfNeeded: value)
            }
            return Outcome.next
        }
    }

    private static func number(_ word: UInt64, _ shift: UInt8) -> Int {
        Int(truncatingIfNeeded: word &>> UInt64(shift) & 31)
    }
}

extension PPCCPU {
    /// Adds an instruction. Words that the instruction table knows on this model keep their meaning.
    public func install(_ helper: InstructionHelper) {
        helpers.append(helper)
        engine?.forgetTranslations()
    }

    func helper(for word: UInt64) -> InstructionHelper? {
        guard word >> 32 == 0 else { return nil }
        return helpers.first { UInt32(truncatingIfNeeded: word) & $0.mask == $0.match }
    }
}
