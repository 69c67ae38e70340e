/// Numbers of the stream format. Checked against QEMU's `migration/savevm.c` and `docs/devel/migration`.
enum StreamFormat {
    static let magic: UInt32 = 0x5145_564d  // "QEVM"
    static let version: UInt32 = 3
    static let obsoleteVersion: UInt32 = 2

    static let endOfSections: UInt8 = 0x00
    static let sectionStart: UInt8 = 0x01
    static let sectionPart: UInt8 = 0x02
    static let sectionEnd: UInt8 = 0x03
    static let sectionFull: UInt8 = 0x04
    static let subsection: UInt8 = 0x05
    static let description: UInt8 = 0x06
    static let configuration: UInt8 = 0x07
    static let command: UInt8 = 0x08
    static let footer: UInt8 = 0x7e

    /// Structs in structs and subsections in subsections deeper than this are refused.
    static let maximumDepth = 32
    /// A machine name is short; a longer one is a damaged stream.
    static let maximumNameLength: UInt32 = 1024
    /// Bound of the JSON description in bytes.
    static let maximumDescriptionLength: UInt32 = 64 << 20
}

/// Instructions from the source to the destination, inside the stream.
enum StreamCommand: UInt16, CaseIterable {
    case openReturnPath = 1
    case ping
    case postcopyAdvise
    case postcopyListen
    case postcopyRun
    case postcopyRAMDiscard
    case packaged
    case enableCOLO
    case postcopyResume
    case receivedBitmap
    case switchoverStart

    /// Name in error texts.
    var name: String {
        switch self {
        case .openReturnPath: "OPEN_RETURN_PATH"
        case .ping: "PING"
        case .postcopyAdvise: "POSTCOPY_ADVISE"
        case .postcopyListen: "POSTCOPY_LISTEN"
        case .postcopyRun: "POSTCOPY_RUN"
        case .postcopyRAMDiscard: "POSTCOPY_RAM_DISCARD"
        case .packaged: "PACKAGED"
        case .enableCOLO: "ENABLE_COLO"
        case .postcopyResume: "POSTCOPY_RESUME"
        case .receivedBitmap: "RECV_BITMAP"
        case .switchoverStart: "SWITCHOVER_START"
        }
    }

    /// Length of the data that follows; `nil`: it varies.
    var length: Int? {
        switch self {
        case .openReturnPath, .postcopyListen, .postcopyRun, .postcopyResume, .enableCOLO, .switchoverStart: 0
        case .ping, .packaged: 4
        case .postcopyAdvise, .postcopyRAMDiscard, .receivedBitmap: nil
        }
    }
}

/// Messages from the destination to the source on the return path.
enum ReturnMessage: UInt16 {
    /// The destination is done; be32 status, 0 for success.
    case shut = 1
    /// Answer to PING; be32 as received.
    case pong
    case requestPagesByName
    case requestPages
    case receivedBitmap
    case resumeAcknowledge
    case switchoverAcknowledge
}
