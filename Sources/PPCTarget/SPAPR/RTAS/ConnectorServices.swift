import CFdt
import EmuCore

// Runtime services of dynamic reconfiguration: indicators, sensors, the device tree of what was plugged (PAPR,
// "Dynamic Reconfiguration").

enum ConnectorServices {
    static func register(_ table: RTASTable) {
        table.register(0x1a, "set-indicator", setIndicator)
        table.register(0x1d, "get-sensor-state", getSensor)
        table.register(0x1e, "ibm,configure-connector", configure)
    }

    private static let isolation: UInt32 = 9001
    private static let drIndicator: UInt32 = 9002
    private static let allocation: UInt32 = 9003
    private static let entitySense: UInt32 = 9003

    private static func setIndicator(_ call: RTASFrame) {
        guard call.has(arguments: 3, results: 1) else { return call.setStatus(RTASStatus.parameterError) }
        let (kind, index, value) = (call.argument(0), call.argument(1), call.argument(2))
        guard [isolation, drIndicator, allocation].contains(kind) else {
            return call.setStatus(RTASStatus.notSupported)
        }
        guard let connector = call.machine.connectors[index] else {
            return call.setStatus(RTASStatus.noSuchIndicator)
        }
        switch (kind, value) {
        case (isolation, 0): call.setStatus(isolate(connector))
        case (isolation, 1): call.setStatus(unisolate(connector))
        case (drIndicator, 0...3):
            guard connector.kind.isPhysical else { return call.setStatus(RTASStatus.noSuchIndicator) }
            connector.indicator = value
            call.setStatus(RTASStatus.success)
        case (allocation, 0...1):
            guard !connector.kind.isPhysical else { return call.setStatus(RTASStatus.noSuchIndicator) }
            call.setStatus(value == 1 ? makeUsable(connector) : makeUnusable(connector))
        default: call.setStatus(RTASStatus.parameterError)
        }
    }

    private static func isolate(_ connector: SpaprConnector) -> Int32 {
        switch connector.stage {
        case .physicalUnisolated, .logicalUnisolated: return RTASStatus.parameterError
        case .physicalConfigured:
            connector.stage = .physicalPowered
            if connector.isUnplugRequested { connector.releaseDevice() }
        case .logicalConfigured:
            // Memory goes only when its removal was asked for: tools try any piece that looks removable.
            if connector.kind == .memory, !connector.isUnplugRequested { return RTASStatus.hardwareError }
            connector.stage = .logicalAvailable
        default: break
        }
        return RTASStatus.success
    }

    private static func unisolate(_ connector: SpaprConnector) -> Int32 {
        switch connector.stage {
        case .physicalPowered:
            guard connector.device != nil else { return RTASStatus.noSuchIndicator }
            connector.stage = .physicalUnisolated
        case .logicalAvailable: connector.stage = .logicalUnisolated
        case .logicalUnusable: return RTASStatus.noSuchIndicator
        case .logicalUnisolated, .logicalConfigured:
            // The guest refuses to let go.
            connector.isUnplugRequested = false
            return RTASStatus.success
        default: return RTASStatus.success
        }
        connector.configureOffset = connector.fragmentNode
        connector.configureDepth = 0
        return RTASStatus.success
    }

    private static func makeUsable(_ connector: SpaprConnector) -> Int32 {
        guard connector.stage == .logicalUnusable else { return RTASStatus.success }
        guard connector.device != nil, !connector.isUnplugRequested else { return RTASStatus.noSuchIndicator }
        connector.stage = .logicalAvailable
        return RTASStatus.success
    }

    private static func makeUnusable(_ connector: SpaprConnector) -> Int32 {
        switch connector.stage {
        case .logicalUnusable: return RTASStatus.success
        case .logicalAvailable:
            connector.stage = .logicalUnusable
            if connector.isUnplugRequested { connector.releaseDevice() }
            return RTASStatus.success
        default: return RTASStatus.noSuchIndicator
        }
    }

    /// Only "entity sense" is a sensor here: empty 0, present 1, unusable 2.
    private static func getSensor(_ call: RTASFrame) {
        guard call.has(arguments: 2, results: 2) else { return call.setStatus(RTASStatus.parameterError) }
        var state: UInt32 = 0
        var status = RTASStatus.success
        if call.argument(0) != entitySense {
            status = RTASStatus.notSupported
        } else if let connector = call.machine.connectors[call.argument(1)] {
            if connector.kind.isPhysical {
                state = connector.device == nil ? 0 : 1
            } else {
                state = connector.stage == .logicalUnusable ? 2 : 1
            }
        } else {
            status = RTASStatus.parameterError
        }
        call.setStatus(status)
        call.setResult(1, state)
    }

    private enum Response {
        static let success: Int32 = 0
        static let nextChild: Int32 = 2
        static let nextProperty: Int32 = 3
        static let previousParent: Int32 = 4
        static let error: Int32 = -1
        static let notConfigurable: Int32 = -9003
    }

    /// Gives one node or property of a connector's tree at each call, in a work area of 4 KiB.
    private static func configure(_ call: RTASFrame) {
        guard call.has(arguments: 2, results: 1) else { return call.setStatus(RTASStatus.parameterError) }
        let area = RTASFrame.real(UInt64(call.argument(1)) << 32 | UInt64(call.argument(0)))
        guard let index = try? call.memory.load(UInt32.self, at: area, order: .big),
            let connector = call.machine.connectors[index]
        else { return call.setStatus(RTASStatus.parameterError) }
        switch connector.stage {
        case .logicalUnisolated, .logicalConfigured, .physicalUnisolated, .physicalConfigured: break
        default: return call.setStatus(Response.notConfigurable)
        }
        if connector.fragment == nil {
            guard let made = connector.makeFragment?() else { return call.setStatus(Response.error) }
            connector.fragment = made.0
            connector.fragmentNode = made.1
            connector.configureOffset = made.1
            connector.configureDepth = 0
        }
        guard let tree = connector.fragment, connector.configureOffset >= 0 else {
            return call.setStatus(Response.error)
        }
        call.setStatus(next(call, connector, tree.bytes, area: area))
    }

    private static func next(_ call: RTASFrame, _ connector: SpaprConnector, _ blob: [UInt8], area: UInt64) -> Int32 {
        blob.withUnsafeBytes { buffer in
            guard let tree = buffer.baseAddress else { return Response.error }
            while true {
                var following: Int32 = 0
                let offset = connector.configureOffset
                let tag = fdt_next_tag(tree, offset, &following)
                guard following > offset else { return Response.error }
                switch tag {
                case UInt32(FDT_BEGIN_NODE):
                    connector.configureDepth += 1
                    connector.configureOffset = following
                    guard let name = fdt_get_name(tree, offset, nil) else { return Response.error }
                    cell(call, area, 2, dataOffset)
                    write(call, area, dataOffset, Array(String(cString: name).utf8) + [0])
                    return Response.nextChild
                case UInt32(FDT_END_NODE):
                    connector.configureDepth -= 1
                    connector.configureOffset = following
                    if connector.configureDepth > 0 { return Response.previousParent }
                    connector.stage = connector.kind.isPhysical ? .physicalConfigured : .logicalConfigured
                    connector.configureOffset = connector.fragmentNode
                    connector.configureDepth = 0
                    return Response.success
                case UInt32(FDT_PROP):
                    connector.configureOffset = following
                    var length: Int32 = 0
                    var name: UnsafePointer<CChar>?
                    guard let value = fdt_getprop_by_offset(tree, offset, &name, &length), let name, length >= 0 else {
                        return Response.error
                    }
                    let text = Array(String(cString: name).utf8) + [0]
                    let valueOffset = dataOffset + UInt32(text.count)
                    cell(call, area, 2, dataOffset)
                    write(call, area, dataOffset, text)
                    cell(call, area, 3, UInt32(length))
                    cell(call, area, 4, valueOffset)
                    write(
                        call, area, valueOffset,
                        [UInt8](UnsafeRawBufferPointer(start: value, count: Int(length))))
                    return Response.nextProperty
                case UInt32(FDT_END): return Response.error
                default: connector.configureOffset = following
                }
            }
        }
    }

    private static let areaSize = 4096
    /// Where names and values begin, after five cells.
    private static let dataOffset: UInt32 = 20

    private static func cell(_ call: RTASFrame, _ area: UInt64, _ index: UInt64, _ value: UInt32) {
        try? call.memory.store(value, at: area &+ index * 4, order: .big)
    }

    private static func write(_ call: RTASFrame, _ area: UInt64, _ offset: UInt32, _ bytes: [UInt8]) {
        let room = max(areaSize - Int(offset), 0)
        try? call.memory.writeBytes(Array(bytes.prefix(room)), at: area &+ UInt64(offset))
    }
}
