import CPPCState

/// What an instruction's function returns: the `PPC_*` values of `ppc_state.h` with Swift names.
///
/// Computed, not stored: a stored static may cost an initialisation check at each use.
public enum Outcome {
    /// Done; go on with the next instruction.
    public static var next: Int32 { 0 }
    /// `nip` holds the target.
    public static var branch: Int32 { 1 }
    /// `excp_*` describe an interrupt to deliver; `nip` still addresses this instruction.
    public static var exception: Int32 { 2 }
    /// Done and `nip` must still be advanced, but translation context or code may have changed.
    public static var sync: Int32 { 3 }
    /// Done, `nip` holds the next address and the context has changed.
    public static var context: Int32 { 4 }
    /// Leave the run loop; `nip` holds the next address.
    public static var stop: Int32 { 5 }
}
