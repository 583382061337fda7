import Foundation
import Synchronization

/// The built web workspace: a page for each channel and the files that all of them share. Everything is in memory, so a request reads
/// no disk and no path of a request ever becomes a path of the disk.
public final class WebWorkspace: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    struct Files: Sendable {
        /// By channel.
        var pages: [String: Asset] = [:]
        /// By file name; each name tells its content.
        var assets: [String: Asset] = [:]
        var stamp: Date?
    }

    private static let stampName = ".inputs"
    /// Names of channels that a page may belong to.
    private static let knownChannels = ["personal", "corporate", "sme", "staff"]

    public let directory: String
    private let followsChanges: Bool
    private let files: Mutex<Files>

    /// - Parameters:
    ///   - directory: what `Web/build` made
    ///   - followsChanges: whether a new build is taken up without a restart, for those who work on the pages
    /// - Throws: `Failure` with one clear line when there is no build
    public init(directory: String, followsChanges: Bool = false) throws(Failure) {
        self.directory = directory
        self.followsChanges = followsChanges
        let read = Self.read(directory)
        guard !read.pages.isEmpty else { throw Failure(description: "\(directory) holds no built channel: run Web/build") }
        files = Mutex(read)
    }

    /// Channels that were built.
    public var channels: [String] { files.withLock { $0.pages.keys.sorted() } }

    func page(of channel: String) -> Asset? {
        if followsChanges { takeUpNewBuild() }
        return files.withLock { $0.pages[channel] }
    }

    func asset(_ name: String) -> Asset? { files.withLock { $0.assets[name] } }

    private func takeUpNewBuild() {
        let stamp = Self.stamp(directory)
        guard stamp != nil, stamp != files.withLock({ $0.stamp }) else { return }
        let read = Self.read(directory)
        // A build may be half way: then the one before goes on.
        guard !read.pages.isEmpty else { return }
        files.withLock { files in
            // Pages that are open still want the files they were built with.
            files = Files(pages: read.pages, assets: files.assets.merging(read.assets) { $1 }, stamp: read.stamp)
        }
    }

    private static func stamp(_ directory: String) -> Date? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: "\(directory)/\(stampName)")
        return attributes?[.modificationDate] as? Date
    }

    private static func read(_ directory: String) -> Files {
        var files = Files()
        files.stamp = stamp(directory)
        for channel in knownChannels { files.pages[channel] = asset(at: "\(directory)/\(channel).html", name: "\(channel).html") }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory + "/assets")) ?? []
        for name in names where !name.hasSuffix(".br") && !name.hasSuffix(".gz") && !name.hasPrefix(".") {
            files.assets[name] = asset(at: "\(directory)/assets/\(name)", name: name)
        }
        return files
    }

    private static func asset(at path: String, name: String) -> Asset? {
        guard let bytes = bytes(at: path) else { return nil }
        return Asset(name: name, bytes: bytes) { Self.bytes(at: path + $0) }
    }

    private static func bytes(at path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path).map { Array($0) }
    }
}
