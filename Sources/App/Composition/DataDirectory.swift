import Foundation

/// The folder of everything the program keeps on disk.
enum DataDirectory {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Makes the folder when it is missing. Others may pass through it, because PostgreSQL runs as another user when the program runs as
    /// root; what is secret inside protects itself.
    static func prepare(_ path: String) throws(Failure) {
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) {
            guard isDirectory.boolValue else { throw Failure(description: "WEKEZA_DATA_DIR: \(path) is not a folder") }
            return
        }
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        } catch {
            throw Failure(description: "WEKEZA_DATA_DIR: cannot make the folder \(path)")
        }
    }
}
