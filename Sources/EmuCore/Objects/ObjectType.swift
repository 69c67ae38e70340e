/// A property that every object of a type has.
public struct Property {
    /// Name in options and in QMP.
    public let name: String
    /// Type name as users of QMP know it: "bool", "size", "uint32", "string", "link<memory-backend>", …
    public let type: String
    /// What it is, in a line.
    public let description: String
    /// Value of a new object, where that is worth telling.
    public let defaultValue: Value?
    /// Whether an object can only be created with a value for it.
    public private(set) var isRequired = false
    /// Reads it; `nil`: cannot be read.
    public let get: ((EmuObject) throws -> Value)?
    /// Converts and sets a value; `nil`: cannot be written.
    public let set: ((EmuObject, Value) throws -> Void)?

    /// A property of its parts; see there.
    public init(
        _ name: String, type: String, description: String = "", defaultValue: Value? = nil,
        get: ((EmuObject) throws -> Value)?, set: ((EmuObject, Value) throws -> Void)?
    ) {
        self.name = name
        self.type = type
        self.description = description
        self.defaultValue = defaultValue
        self.get = get
        self.set = set
    }

    /// The same property, without which no object can be created.
    public func required() -> Property {
        var copy = self
        copy.isRequired = true
        return copy
    }

    /// Refuses a JSON value of another type than the property's: option texts are converted, JSON is not.
    func checkJSON(_ value: Value) throws {
        let expected: String?
        switch (type, value) {
        case ("bool", .bool), ("string", .string), ("str", .string): expected = nil
        case ("bool", _): expected = "boolean"
        case ("string", _), ("str", _): expected = "string"
        case ("int", .integer), ("int", .unsigned), ("int", .array): expected = nil
        case ("int", _): throw ObjectError("Parameter '\(name)' expects uint64")
        case (let type, .string) where type.hasPrefix("uint") || type.hasPrefix("int"): expected = "integer"
        default: expected = nil
        }
        if let expected { throw ObjectError("Invalid parameter type for '\(name)', expected: \(expected)") }
    }
}

/// A registered type: what `-object`, `-device` and `qom-list-types` name.
///
/// Several registered types may share one Swift class and differ in ``data`` (CPU models, machine versions).
public final class ObjectType {
    /// Name in options and in QMP.
    public let name: String
    /// The type that it descends from.
    public let parent: ObjectType?
    /// Whether no object can be made of it.
    public let isAbstract: Bool
    /// Names of the interfaces that the type adds to its parent's ("user-creatable", "hotplug-handler", …).
    public let interfaces: [String]
    /// Properties this type adds.
    public let properties: [Property]
    /// What it is, in a line.
    public let description: String
    /// Facts about the type that its Swift class understands.
    public let data: Any?
    private let make: ((ObjectType) throws -> EmuObject)?

    /// A type of its parts.
    ///
    /// - Parameter make: Creates an object; `nil` for abstract types.
    public init(
        _ name: String, parent: ObjectType?, isAbstract: Bool = false, interfaces: [String] = [],
        properties: [Property] = [], description: String = "", data: Any? = nil,
        make: ((ObjectType) throws -> EmuObject)? = nil
    ) {
        self.name = name
        self.parent = parent
        self.isAbstract = isAbstract
        self.interfaces = interfaces
        self.properties = properties
        self.description = description
        self.data = data
        self.make = make
    }

    /// The type and its ancestors, nearest first.
    public var lineage: [ObjectType] {
        var result: [ObjectType] = []
        var next: ObjectType? = self
        while let type = next {
            result.append(type)
            next = type.parent
        }
        return result
    }

    /// Whether the type is `name`, descends from it, or implements an interface of that name.
    public func isA(_ name: String) -> Bool {
        lineage.contains { $0.name == name || $0.interfaces.contains(name) }
    }

    /// Nearest declaration of a property.
    public func property(_ name: String) -> Property? {
        for type in lineage {
            if let property = type.properties.first(where: { $0.name == name }) { return property }
        }
        return nil
    }

    /// A new object that has no parent yet and no properties applied.
    func create() throws -> EmuObject {
        guard !isAbstract else { throw ObjectError("object type '\(name)' is abstract") }
        guard let make = lineage.lazy.compactMap(\.make).first else {
            throw ObjectError("object type '\(name)' cannot be created")
        }
        return try make(self)
    }
}

/// The types that one program knows. Modules add theirs before the first machine is made; machines share the result.
public final class TypeRegistry {
    /// By name.
    public private(set) var types: [String: ObjectType] = [:]

    /// An empty registry.
    public init() {}

    /// Adds a type; each name is registered once.
    @discardableResult
    public func register(_ type: ObjectType) -> ObjectType {
        precondition(types[type.name] == nil, "type \(type.name) registered twice")
        types[type.name] = type
        return type
    }

    /// The type of a name.
    public func type(_ name: String) -> ObjectType? { types[name] }

    /// Concrete or abstract types that descend from or implement `name`, sorted by name.
    public func types(implementing name: String) -> [ObjectType] {
        types.values.filter { $0.isA(name) }.sorted { $0.name < $1.name }
    }
}

/// A property preset for all objects of a driver: `-global driver.property=value` and the compat properties of machine
/// versions.
public struct GlobalProperty: Equatable, Sendable {
    /// Type or interface name.
    public let driver: String
    /// Name of the property.
    public let property: String
    /// Value as option text.
    public let value: String
    /// Compat properties may name properties that a type lacks; user-given ones may not.
    public let isOptional: Bool
    /// - Parameters:
    ///   - driver: Type that the value is for.
    ///   - property: Name of the property.
    ///   - value: As in options.
    ///   - isOptional: Types without the property are passed over.
    public init(_ driver: String, _ property: String, _ value: String, isOptional: Bool = true) {
        self.driver = driver
        self.property = property
        self.value = value
        self.isOptional = isOptional
    }
}
