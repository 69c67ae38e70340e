import CFFI
import CPPCState

/// A Swift closure with a plain C entry point, `int32_t entry(ppc_cpu *)`, which generated code, decoded blocks and C
/// plug-ins can call without knowing Swift. The entry is valid as long as this object lives.
///
/// Instruction hooks and hypercalls have this shape: they read and change the state block and return an ``Outcome``.
package final class NativeEntry {
    package typealias Function = @convention(c) (CPUState) -> Int32

    package enum Failure: Error, CustomStringConvertible {
        case noMemory
        case refused(status: UInt32)

        package var description: String {
            switch self {
            case .noMemory: "the host gives no executable memory for a closure; check its security policy"
            case .refused(let status): "libffi cannot make a closure (status \(status))"
            }
        }
    }

    /// What the C entry calls.
    package let body: (CPUState) -> Int32
    /// The C entry point.
    package let function: Function
    private let closure: UnsafeMutablePointer<ffi_closure>
    private let interface: CallInterface
    private let box: Box

    /// Keeps what the entry needs apart from this object, so that the entry can be made before it is complete.
    private final class Box {
        let body: (CPUState) -> Int32
        init(_ body: @escaping (CPUState) -> Int32) { self.body = body }
    }

    package init(_ body: @escaping (CPUState) -> Int32) throws {
        self.body = body
        interface = try CallInterface([.pointer], result: .int32)
        box = Box(body)
        var code: UnsafeMutableRawPointer?
        guard let raw = ffi_closure_alloc(MemoryLayout<ffi_closure>.size, &code), let code else {
            throw Failure.noMemory
        }
        closure = raw.bindMemory(to: ffi_closure.self, capacity: 1)
        let status = ffi_prep_closure_loc(
            closure, interface.interface,
            { _, result, arguments, box in
                guard let box, let slot = arguments?.pointee,
                    let cpu = slot.load(as: CPUState?.self)
                else { return }
                let outcome = Unmanaged<Box>.fromOpaque(box).takeUnretainedValue().body(cpu)
                // libffi wants integers narrower than a register widened to one.
                result?.storeBytes(of: Int(outcome), as: Int.self)
            }, Unmanaged.passUnretained(box).toOpaque(), code)
        guard status == FFI_OK else {
            ffi_closure_free(raw)
            throw Failure.refused(status: UInt32(status.rawValue))
        }
        function = unsafeBitCast(code, to: Function.self)
    }

    deinit { ffi_closure_free(closure) }
}
