/// All state of one machine that a stream carries, in the order of its sections.
public final class StateRegistry {
    /// What a section holds.
    public enum Content {
        /// A description and the object it describes.
        case described(StateDescription, AnyObject)
        /// A live section with the version it writes.
        case live(any LiveState, version: Int)
    }
    /// One section of a stream.
    public final class Entry {
        /// Section name on the wire: device path, "/" and the description's name, or the name alone.
        public let id: String
        /// Tells sections of the same name apart.
        public let instance: UInt32
        /// Instance number under which older releases know the section; accepted on load.
        public let alias: UInt32?
        /// What it holds.
        public var content: Content {
            guard let holder, case .described(let description, _) = kept else { return kept }
            return .described(description, holder)
        }
        /// Where in the stream it comes.
        public let priority: StatePriority
        /// Section number within the stream.
        public let sectionID: UInt32
        private let kept: Content
        /// The object described, if it holds the registry: it would never go if the registry held it too.
        private weak var holder: AnyObject?

        init(
            id: String, instance: UInt32, alias: UInt32?, content: Content, isHolder: Bool, priority: StatePriority,
            sectionID: UInt32
        ) {
            self.id = id
            self.instance = instance
            self.alias = alias
            if isHolder, case .described(let description, let subject) = content {
                holder = subject
                kept = .described(description, Absent.shared)
            } else {
                kept = content
            }
            self.priority = priority
            self.sectionID = sectionID
        }
    }

    /// Stands for an object that the registry does not hold.
    private final class Absent: Sendable {
        static let shared = Absent()
    }

    /// Sections in stream order: by priority, then by registration.
    public private(set) var entries: [Entry] = []
    /// Sections are numbered from 1: QEMU takes a continuation of section 0 for one of the first section it knows.
    private var nextSectionID: UInt32 = 1

    /// No state.
    public init() {}

    /// Registers described state.
    ///
    /// - Parameters:
    ///   - path: Device path that prefixes the section name (`pci@800000020000000:00.0`), empty for none.
    ///   - instance: Number on the wire; `nil` takes the next free one for the name.
    ///   - isHolder: Whether the subject holds this registry, as a machine does; it must not be held in turn.
    @discardableResult
    public func register(
        _ description: StateDescription, of subject: AnyObject, path: String = "", instance: UInt32? = nil,
        alias: UInt32? = nil, isHolder: Bool = false
    ) -> Entry {
        let id = path.isEmpty ? description.name : "\(path)/\(description.name)"
        return insert(
            id: id, instance: instance, alias: alias, content: .described(description, subject),
            isHolder: isHolder, priority: description.priority)
    }

    /// Adds state that travels in rounds while the guest runs.
    @discardableResult
    public func registerLive(_ id: String, _ state: any LiveState, version: Int, instance: UInt32 = 0) -> Entry {
        insert(
            id: id, instance: instance, alias: nil, content: .live(state, version: version), isHolder: false,
            priority: .ordinary)
    }

    /// Takes out all sections of an object.
    public func unregister(subject: AnyObject) {
        entries.removeAll {
            switch $0.content {
            case .described(_, let owner): owner === subject
            case .live(let state, _): state === subject
            }
        }
    }

    /// The section of a name and instance.
    public func entry(id: String, instance: UInt32) -> Entry? {
        entries.first { $0.id == id && ($0.instance == instance || $0.alias == instance) }
    }

    private func insert(
        id: String, instance: UInt32?, alias: UInt32?, content: Content, isHolder: Bool, priority: StatePriority
    ) -> Entry {
        let number = instance ?? entries.filter { $0.id == id }.map { $0.instance &+ 1 }.max() ?? 0
        let entry = Entry(
            id: id, instance: number, alias: alias, content: content, isHolder: isHolder, priority: priority,
            sectionID: nextSectionID)
        nextSectionID += 1
        let position = entries.firstIndex { $0.priority < priority } ?? entries.endIndex
        entries.insert(entry, at: position)
        return entry
    }
}
