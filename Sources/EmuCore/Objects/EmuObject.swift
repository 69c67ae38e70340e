import OrderedCollections

/// A node of the object tree: typed, named, with properties, children and links.
///
/// Objects are confined to their machine: they are created, read and changed with its lock held.
open class EmuObject {
    /// The registered type that it was made of.
    public let objectType: ObjectType
    /// The object that holds this one; `nil` for the root and for objects outside of the tree.
    public private(set) weak var parent: EmuObject?
    /// Name under which the parent holds the object.
    public private(set) var name = ""
    /// Objects below this one by name, in the order in which they came.
    public var children: OrderedDictionary<String, EmuObject> {
        guard let owner else { return held }
        var all: OrderedDictionary = [owner.name: owner]
        all.merge(held) { first, _ in first }
        return all
    }
    private var held: OrderedDictionary<String, EmuObject> = [:]
    /// A child that holds this object instead of being held by it: the machine, below the root.
    private weak var owner: EmuObject?
    /// Properties of this object alone.
    public private(set) var ownProperties: OrderedDictionary<String, Property> = [:]

    /// An object outside of the tree.
    public init(type: ObjectType) { objectType = type }

    // MARK: Tree

    /// - Throws: If the name is taken.
    public func add(child: EmuObject, name: String) throws {
        guard children[name] == nil else {
            throw ObjectError("attempt to add duplicate property '\(name)' to object (type '\(objectType.name)')")
        }
        held[name] = child
        child.parent = self
        child.name = name
    }

    /// Puts an object that holds this one below it, before the other children: such a pair would keep itself alive.
    func add(owner: EmuObject, name: String) {
        self.owner = owner
        owner.parent = self
        owner.name = name
    }

    /// Adds under `name[n]` with the first free n, as QEMU names array-like children.
    @discardableResult
    public func add(child: EmuObject, arrayName: String) -> String {
        var index = 0
        while children["\(arrayName)[\(index)]"] != nil { index += 1 }
        let name = "\(arrayName)[\(index)]"
        held[name] = child
        child.parent = self
        child.name = name
        return name
    }

    /// Takes a child out of the tree.
    public func remove(child name: String) {
        guard let child = held.removeValue(forKey: name) else { return }
        child.parent = nil
    }

    /// `/machine/unattached/device[0]`-like path from the root.
    public var canonicalPath: String {
        guard let parent else { return "/" }
        let prefix = parent.canonicalPath
        return prefix == "/" ? "/\(name)" : "\(prefix)/\(name)"
    }

    // MARK: Properties

    /// Gives this object alone a property.
    public func addProperty(_ property: Property) { ownProperties[property.name] = property }

    /// The declaration of a property: the object's own, its type's, or one of those that all such objects have. Every
    /// object has `type`.
    public func property(_ name: String) -> Property? {
        ownProperties[name] ?? objectType.property(name) ?? commonProperties.first { $0.name == name }
            ?? (name == "type" ? Self.typeProperty : nil)
    }

    /// Properties that objects have regardless of their registered type.
    open var commonProperties: [Property] { [] }

    private static var typeProperty: Property {
        Property("type", type: "string", get: { .string($0.objectType.name) }, set: nil)
    }

    /// Reads a property, or the path of a child of that name.
    public func get(_ name: String) throws -> Value {
        guard let property = property(name) else {
            if let child = children[name] { return .string(child.canonicalPath) }
            throw ObjectError("Property '\(objectType.name).\(name)' not found")
        }
        guard let get = property.get else { throw ObjectError("Property '\(objectType.name).\(name)' is not readable") }
        return try get(self)
    }

    /// Sets a property.
    public func set(_ name: String, _ value: Value) throws {
        guard let property = property(name) else {
            throw ObjectError("Property '\(objectType.name).\(name)' not found")
        }
        guard let set = property.set else { throw ObjectError("Property '\(objectType.name).\(name)' is not writable") }
        try set(self, value)
    }

    /// Called once after all properties given at creation are set (`-object`); refuses by throwing.
    open func complete() throws {}
}
