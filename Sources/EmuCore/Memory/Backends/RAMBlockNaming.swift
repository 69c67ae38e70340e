/// The one place that decides the name under which a back end's pages travel.
///
/// History: explicit file and memfd back ends were once named by their full object path (`/objects/m0`), machines up
/// to pseries-3.1 keep that; newer ones use the plain id. The back end that a machine makes for its main RAM is named
/// by the machine's default RAM id, without a prefix, for every version.
public enum RAMBlockNaming {
    /// - Parameters:
    ///   - path: Canonical path of the back end, such as `/objects/m0`.
    ///   - usesCanonicalPath: The back end's `x-use-canonical-path-for-ramblock-id`.
    public static func id(objectName: String, path: String, usesCanonicalPath: Bool) -> String {
        usesCanonicalPath ? path : objectName
    }
}
