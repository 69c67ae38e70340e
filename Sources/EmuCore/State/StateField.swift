/// One field of a state description with its owner's type erased, as Migration walks it.
///
/// `subject` is always the object that the enclosing description describes.
public struct StateField: Sendable {
    /// What a field looks like on the wire.
    public enum Shape: Sendable {
        /// One primitive value.
        case scalar(ScalarType)
        /// `count` primitive values, one after the other.
        case array(ScalarType)
        /// `count` raw bytes.
        case buffer
        /// `count` elements of `size` raw bytes each, whose type has a name of its own.
        case records(typeName: String, size: Int)
        /// `count` elements that are objects with a description of their own (1 for a plain nested struct).
        case structure(StateDescription)
        /// Bytes that once meant something: written as zeros, ignored on load.
        case unused
        /// A field with its own encoding: `typeName` and the closures that read and write it.
        case custom(typeName: String, codec: CustomFieldCodec)
    }

    /// Name in QEMU's description of the stream (the C member's name), for JSON and for error texts.
    public let name: String
    /// What it looks like.
    public let shape: Shape
    /// The description's version that introduced the field; streams of older versions lack it.
    public let since: Int
    /// Whether the field is present for this subject and this version of the description.
    public let exists: (@Sendable (AnyObject, Int) -> Bool)?
    /// Number of elements or bytes.
    public let count: @Sendable (AnyObject) -> Int
    /// `true` if the shape is an array in the stream's description even with one element.
    public let isArray: Bool
    /// Value of an element.
    public let get: @Sendable (AnyObject, Int) -> StateValue
    /// Sets an element; may refuse the value.
    public let set: @Sendable (AnyObject, Int, StateValue) throws -> Void
    /// Called before the elements of a variable-length field are loaded, with the count just received.
    public let prepare: (@Sendable (AnyObject, Int) throws -> Void)?
    /// The object described by element `index` of a `.structure`.
    public let element: @Sendable (AnyObject, Int) -> AnyObject
    /// A value that must match on load; a difference refuses the stream, naming both (QEMU: `… equal` types).
    public let mustMatch: Bool
    /// Suffix of the type name in the JSON description, such as " equal".
    public let typeSuffix: String

    /// A field of its parts; defaults describe one unconditional element.
    public init(
        name: String, shape: Shape, since: Int = 0, exists: (@Sendable (AnyObject, Int) -> Bool)? = nil,
        count: @escaping @Sendable (AnyObject) -> Int = { _ in 1 }, isArray: Bool = false,
        get: @escaping @Sendable (AnyObject, Int) -> StateValue = { _, _ in .unsigned(0) },
        set: @escaping @Sendable (AnyObject, Int, StateValue) throws -> Void = { _, _, _ in },
        prepare: (@Sendable (AnyObject, Int) throws -> Void)? = nil,
        element: @escaping @Sendable (AnyObject, Int) -> AnyObject = { subject, _ in subject },
        mustMatch: Bool = false, typeSuffix: String = ""
    ) {
        self.name = name
        self.shape = shape
        self.since = since
        self.exists = exists
        self.count = count
        self.isArray = isArray
        self.get = get
        self.set = set
        self.prepare = prepare
        self.element = element
        self.mustMatch = mustMatch
        self.typeSuffix = typeSuffix
    }
}

/// Reader and writer of a field whose encoding the primitives cannot express (linked lists, trees).
public struct CustomFieldCodec: Sendable {
    /// Writes the field.
    public let save: @Sendable (AnyObject, any StateOutput) throws -> Void
    /// Reads the field; may refuse it.
    public let load: @Sendable (AnyObject, any StateInput) throws -> Void
    /// A reader and its writer.
    public init(
        save: @escaping @Sendable (AnyObject, any StateOutput) throws -> Void,
        load: @escaping @Sendable (AnyObject, any StateInput) throws -> Void
    ) {
        self.save = save
        self.load = load
    }
}
