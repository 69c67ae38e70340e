import EmuCore
import OrderedCollections

/// What a pseries machine is made of: the part of a command line that concerns it.
public struct SpaprOptions {
    /// `-smp`: what is `nil` was not given.
    public struct Topology: Sendable, Equatable {
        /// CPUs at the start.
        public var cpus: Int?
        /// Sockets of the complete machine.
        public var sockets: Int?
        /// Cores of a socket.
        public var cores: Int?
        /// Threads of a core.
        public var threads: Int?
        /// CPUs with everything plugged.
        public var maximum: Int?
        /// Numbers that are `nil` follow from the others.
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
        /// Node that looks.
        public var from: Int
        /// Node that is looked at.
        public var to: Int
        /// 10 for the node itself, up to 255 for "cannot be reached".
        public var value: Int
        /// The option as the user wrote it, with which a refusal begins.
        public var origin: String?
        /// A distance between two nodes.
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
    /// `-numa dist`, in the order given.
    public var distances: [Distance] = []
    /// `-numa cpu`: the node of a core.
    public struct CoreNode: Sendable, Equatable {
        /// Node that the core is in.
        public var node: Int
        /// `core-id`.
        public var core: Int
        /// The option as the user wrote it, with which a refusal begins.
        public var origin: String?
        /// A core's node.
        public init(node: Int, core: Int, origin: String? = nil) {
            self.node = node
            self.core = core
            self.origin = origin
        }
    }
    /// `-numa cpu`, in the order given.
    public var coreNodes: [CoreNode] = []
    /// `-smp`.
    public var smp = Topology()
    /// `-cpu`, with features after commas.
    public var cpu: String?
    /// `-bios`, a name looked up in ``firmwarePath`` or a path.
    public var firmware: String?
    /// Directories of `-L`, before the usual ones.
    public var firmwarePath: [String] = []
    /// Kernel image (`-kernel`): an ELF file; `nil` for none.
    public var kernel: String?
    /// Initial RAM disk (`-initrd`); `nil` for none.
    public var initrd: String?
    /// `-append`.
    public var commandLine: String?
    /// What stands behind each virtual terminal (`-serial`), in order.
    public var terminals: [CharacterBackend] = []
    /// `-device`: added when the machine's own devices exist, before its first reset.
    public struct Device: Sendable {
        /// Name of the type.
        public var driver: String
        /// The user's `id=`.
        public var id: String?
        /// Further properties by name.
        public var properties: OrderedDictionary<String, Value>
        /// Whether the properties come from JSON, whose types must then be right.
        public var isJSON = false
        /// The option as the user wrote it, with which a refusal begins.
        public var origin: String?
        /// A device of its parts.
        public init(driver: String, id: String? = nil, properties: OrderedDictionary<String, Value> = [:]) {
            self.driver = driver
            self.id = id
            self.properties = properties
        }
    }
    /// `-device`, in the order given.
    public var devices: [Device] = []
    /// File behind the NVRAM (`-drive if=pflash`).
    public var nvramFile: String?
    /// `-boot order`, `menu`.
    public var bootOrder: String?
    /// `-boot menu=`; `nil` if not given.
    public var bootMenu: Bool?
    /// Screen size that firmware is told, as `-g WxHxD`.
    public var graphics: (width: Int, height: Int, depth: Int) = (800, 600, 32)
    /// `-M dumpdtb=FILE`: write the device tree of the first reset; the launcher exits then.
    public var deviceTreeDump: String?
    /// Whether a picture is shown; without one, the console is the terminal.
    public var hasDisplay = false

    /// The machine's defaults.
    public init() {}
}
