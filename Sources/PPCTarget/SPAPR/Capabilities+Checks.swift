import EmuCore

extension SpaprMachine {
    /// Decides the levels to run with: what the user chose, else the version's defaults as far as the CPU has them.
    func chooseCapabilities() {
        defaultCapabilities = version.capabilities.limited(to: model, maximumCompatibility: maximumCompatibility)
        for capability in SpaprCapability.allCases where !chosenCapabilities.contains(capability) {
            capabilities[capability] = defaultCapabilities[capability]
        }
        travellingCapabilities = capabilities
        model = model.limited(toPageShift: UInt32(capabilities[.maximumPageSize]))
    }

    /// Refuses levels that cannot be had here, and warns about those that are accepted without effect.
    func checkCapabilities() throws {
        for capability in SpaprCapability.allCases {
            let level = capabilities[capability]
            guard level != 0 || capability == .maximumPageSize else { continue }
            let off = "Try appending -machine cap-\(capability.optionName)=off"
            switch capability {
            case .transactionalMemory:
                throw ObjectError("No Transactional Memory support in TCG", hint: off)
            case .vsx where !model.instructionSets.contains(.vsx):
                throw ObjectError("VSX support not available", hint: off)
            case .decimalFloatingPoint where !model.instructionSets.contains(.dfp):
                throw ObjectError("DFP support not available", hint: off)
            case .cacheFlush, .boundsCheck, .indirectBranch:
                guard case .choice(let words, _) = capability.kind, Int(level) < words.count else { continue }
                warnOnce("TCG doesn't support requested feature, cap-\(capability.optionName)=\(words[Int(level)])")
            case .maximumPageSize where level < 12:
                throw ObjectError("Require at least 4kiB hpt-max-page-size")
            case .maximumPageSize where level < 16:
                warnOnce("Many guests require at least 64kiB hpt-max-page-size")
            case .nestedHV, .nestedPAPR:
                throw ObjectError(
                    "cap-\(capability.optionName) is not supported: guests cannot run guests of their own here",
                    hint: off)
            case .largeDecrementer where !runs(LogicalPVR.isa300):
                throw ObjectError("Large decrementer only supported on POWER9", hint: "Try -cpu POWER9")
            case .countCacheFlushAssist:
                warnOnce("TCG doesn't support requested feature, cap-ccf-assist=on")
            case .rptInvalidate:
                throw ObjectError("No H_RPT_INVALIDATE support in TCG", hint: off)
            default: break
            }
        }
    }

    private func warnOnce(_ text: String) {
        guard warnings.insert(text).inserted else { return }
        logger.warning("\(text)")
    }

    /// Compares the levels of a loaded stream with ours: the guest may find more than it expects, never less.
    func compareCapabilities() throws {
        var problems: [String] = []
        for capability in SpaprCapability.allCases {
            let travelled = travellingCapabilities[capability]
            let source = travelled != defaultCapabilities[capability] ? travelled : streamDefaults[capability]
            let here = capabilities[capability]
            let levels = "level (\(source)) in incoming stream than on destination (\(here))"
            if source > here {
                problems.append("cap-\(capability.optionName) higher \(levels)")
            } else if source < here {
                logger.warning("cap-\(capability.optionName) lower \(levels)")
            }
        }
        guard problems.isEmpty else { throw StateError(problems.joined(separator: "\n")) }
    }

    private var streamDefaults: SpaprCapabilities {
        version.capabilities.limited(to: model, maximumCompatibility: maximumCompatibility)
    }

    static let capabilityStates: [SpaprCapability: StateDescription] = {
        var all: [SpaprCapability: StateDescription] = [:]
        for capability in SpaprCapability.allCases {
            all[capability] = StateDescription(
                capability.sectionName, of: SpaprMachine.self, versionsSince: [1: capability.firstRelease],
                isNeeded: { machine in
                    if capability == .maximumPageSize { return machine.version.sendsMaximumPageSize }
                    return machine.chosenCapabilities.contains(capability)
                        && machine.capabilities[capability] != machine.defaultCapabilities[capability]
                },
                fields: [
                    .scalar(
                        capability.fieldName, .uint8,
                        get: { UInt64($0.travellingCapabilities[capability]) },
                        set: { $0.travellingCapabilities[capability] = UInt8(truncatingIfNeeded: $1) })
                ])
        }
        return all
    }()
}

extension PPCModel {
    /// The model with only those page sizes for hash translation that a partition may use: up to a limit, and no
    /// mixture within a segment except for 16 MiB pages.
    func limited(toPageShift limit: UInt32) -> PPCModel {
        let sizes = segmentPageSizes.compactMap { segment -> SegmentPageSizes? in
            let pages = segment.pages.filter {
                $0.shift <= limit && ($0.shift == segment.shift || $0.shift == 24)
            }
            return pages.isEmpty
                ? nil : SegmentPageSizes(shift: segment.shift, slbEncoding: segment.slbEncoding, pages: pages)
        }
        return PPCModel(
            name: name, aliases: aliases, deviceTreeName: deviceTreeName, pvr: pvr, family: family,
            instructionSets: instructionSets, interruptModel: interruptModel, msrMask: msrMask, lpcrMask: lpcrMask,
            lpcrPowerManagement: lpcrPowerManagement, pcrMask: pcrMask, pcrSupported: pcrSupported, slbSize: slbSize,
            segmentPageSizes: sizes, hasLargeSegments: hasLargeSegments, hasStorageKeys: hasStorageKeys,
            hasRadix: hasRadix, radixPageEncodings: radixPageEncodings, largeDecrementerBits: largeDecrementerBits,
            dataCacheSize: dataCacheSize, instructionCacheSize: instructionCacheSize, cacheLineSize: cacheLineSize,
            streamInstructionFlags: streamInstructionFlags, streamInstructionFlags2: streamInstructionFlags2)
    }
}
