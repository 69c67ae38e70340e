import EmuCore
import OrderedCollections

/// What a pseries machine is made of: the part of a command line that concerns it.
public struct SpaprOptions {
    /// `-smp`: what is `nil` was not given.
    public struct Topology: Sendable, Equatable {
        public var cpus: Int?
        public var sockets: Int?
        public var cores: Int?
        public var threads: Int?
        public var maximum: Int?
        public init(
            cpus: Int? = nil, sockets: Int? = nil, cores: Int? = nil, threads: Int? = nil, maximum: Int? = nil
        ) {
            self.cpus = cpus
            self.sockets = sockets
            self.cores = cores
            self.threads = threads
            self.maximum = maximum
        }
    }

    /// `-numa dist`.
    public struct Distance: Sendable, Equatable {
        public var from: Int
        public var to: Int
        public var value: Int
        /// The option as the user wrote it, with which a refusal begins.
        public var origin: String?
        public init(from: Int, to: Int, value: Int) {
            self.from = from
            self.to = to
            self.value = value
        }
    }

    /// Time of day in nanoseconds since 1970, UTC (`-rtc`); by default the host's.
    public var timeOfDay: (() -> Int64)?
    /// RAM and NUMA nodes; back ends are objects made before the machine is built.
    public var memory = MainMemoryOptions()
    public var distances: [Distance] = []
    /// `-numa cpu`: the node of a core.
    public struct CoreNode: Sendable, Equatable {
        public var node: Int
        public var core: Int
        /// The option as the user wrote it, with which a refusal begins.
        public var origin: String?
        public init(node: Int, core: Int, origin: String? = nil) {
            self.node = node
            self.core = core
            self.origin = origin
        }
    }
    public var coreNodes: [CoreNode] = []
    public var smp = Topology()
    /// `-cpu`, with features after commas.
    public var cpu: String?
    /// `-bios`, a name looked up in ``firmwarePath`` or a path.
    public var firmware: String?
    /// Directories of `-L`, before the usual ones.
    public var firmwarePath: [String] = []
    public var kernel: String?
    public var initrd: String?
    /// `-append`.
    public var commandLine: String?
    /// What stands behind each virtual terminal (`-serial`), in order.
    public var terminals: [CharacterBackend] = []
    /// `-device`: added when the machine's own devices exist, before its first reset.
    public struct Device: Sendable {
        public var driver: String
        public var id: String?
        public var properties: OrderedDictionary<String, Value>
        /// Whether the properties come from JSON, whose types must then be right.
        public var isJSON = false
        /// The option as the user wrote it, with which a refusal begins.
        public var origin: String?
        public init(driver: String, id: String? = nil, properties: OrderedDictionary<String, Value> = [:]) {
            self.driver = driver
            self.id = id
            self.properties = properties
        }
    }
    public var devices: [Device] = []
    /// File behind the NVRAM (`-drive if=pflash`).
    public var nvramFile: String?
    /// `-boot order`, `menu`.
    public var bootOrder: String?
    public var bootMenu: Bool?
    /// Screen size that firmware is told, as `-g WxHxD`.
    public var graphics: (width: Int, height: Int, depth: Int) = (800, 600, 32)
    /// `-M dumpdtb=FILE`: write the device tree of the first reset; the launcher exits then.
    public var deviceTreeDump: String?
    /// Whether a picture is shown; without one, the console is the terminal.
    public var hasDisplay = false

    public init() {}
}
