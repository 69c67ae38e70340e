import CFFI

/// A C function signature, prepared once for calls of functions that are only known at run time.
package final class CallInterface: @unchecked Sendable {
    /// C types that cross the border; all fit one 64-bit slot.
    package enum ValueType: Sendable, Equatable {
        case void, uint64, int32, double, pointer

        fileprivate var type: UnsafeMutablePointer<ffi_type>? {
            switch self {
            case .void: cffi_void()
            case .uint64: cffi_uint64()
            case .int32: cffi_sint32()
            case .double: cffi_double()
            case .pointer: cffi_pointer()
            }
        }
    }

    package struct UnsupportedSignature: Error, CustomStringConvertible {
        package let status: UInt32
        package var description: String { "libffi refuses the signature (status \(status))" }
    }

    package let parameters: [ValueType]
    package let result: ValueType
    let interface: UnsafeMutablePointer<ffi_cif>
    private let types: UnsafeMutablePointer<UnsafeMutablePointer<ffi_type>?>

    /// - Throws: ``UnsupportedSignature``, for instance with `.void` as a parameter.
    package init(_ parameters: [ValueType], result: ValueType) throws(UnsupportedSignature) {
        self.parameters = parameters
        self.result = result
        interface = .allocate(capacity: 1)
        interface.initialize(to: ffi_cif())
        types = .allocate(capacity: max(parameters.count, 1))
        for (index, parameter) in parameters.enumerated() { (types + index).initialize(to: parameter.type) }
        let status =
            parameters.contains(.void)
            ? FFI_BAD_TYPEDEF
            : ffi_prep_cif(interface, FFI_DEFAULT_ABI, UInt32(parameters.count), result.type, types)
        guard status == FFI_OK else { throw UnsupportedSignature(status: UInt32(status.rawValue)) }
    }

    deinit {
        interface.deallocate()
        types.deallocate()
    }

    /// Calls a function of this signature.
    ///
    /// - Parameters:
    ///   - function: Address of the function.
    ///   - arguments: One 64-bit slot per parameter: integers and addresses as they are, `double` as its bit pattern.
    /// - Returns: The result as a slot; a narrow integer is sign-extended, `void` gives zero.
    func call(_ function: UnsafeRawPointer, _ arguments: UnsafeMutablePointer<UInt64>) -> UInt64 {
        withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: max(parameters.count, 1)) { slots in
            for index in parameters.indices { slots[index] = UnsafeMutableRawPointer(arguments + index) }
            var value: UInt64 = 0
            let entry = unsafeBitCast(function, to: (@convention(c) () -> Void).self)
            ffi_call(interface, entry, &value, slots.baseAddress)
            return result == .int32 ? UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value))) : value
        }
    }
}
