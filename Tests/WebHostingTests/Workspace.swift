import Foundation
import HTTPEdge
import Testing

@testable import WebHosting

/// A built workspace in a folder of its own, removed with the test.
final class Workspace {
    static let page = "<!DOCTYPE html><title>Wekeza</title>"
    static let script = "export const answer = 42;"

    let directory: String

    init(channels: [String] = ["personal"]) throws {
        directory = FileManager.default.temporaryDirectory.path + "/wekeza-web-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: directory + "/assets", withIntermediateDirectories: true)
        for channel in channels {
            try write("\(channel).html", Self.page)
            try write("\(channel).html.br", "brotli page")
        }
        try write("assets/main-AB12.js", Self.script)
        try write("assets/main-AB12.js.br", "brotli script")
        try write("assets/main-AB12.js.gz", "gzip script")
        try write("assets/inter-CD34.woff2", "font")
        try write("assets/.hidden", "hidden")
        try write(".inputs", "1")
        try write("secret.txt", "not to be served")
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
    }

    func site(_ channel: String = "personal", followsChanges: Bool = false) throws -> ChannelSite {
        ChannelSite(workspace: try WebWorkspace(directory: directory, followsChanges: followsChanges), channel: channel)
    }
}

extension ChannelSite {
    func send(
        _ method: String = "GET", _ path: String, _ headers: [(name: String, value: String)] = [], isSecure: Bool = false
    ) -> SiteReply? {
        respond(to: SiteRequest(method: method, path: path[...], headers: RequestHeaders(headers), isSecure: isSecure))
    }
}

extension SiteReply {
    var text: String { String(decoding: body, as: UTF8.self) }

    subscript(name: String) -> String? { headers.first { $0.name == name }?.value }
}
