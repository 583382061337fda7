import Foundation
import HTTPEdge

/// Names of the files that the web workspace built for the site: their content is part of the name, so they may be kept for ever.
public struct SiteAssets: Sendable {
    public let style: String
    public let script: String
    public let icon: String

    public init(style: String, script: String, icon: String) {
        self.style = style
        self.script = script
        self.icon = icon
    }

    /// - Parameter directory: the web workspace's output
    /// - Throws: a Foundation error when `site.json` is missing, `JSONError` when it is none
    public init(directory: String) throws {
        let manifest = try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: directory + "/site.json"))))
        style = manifest.text("style") ?? "site.css"
        script = manifest.text("script") ?? "site.js"
        icon = manifest.text("icon") ?? "icon.svg"
    }
}
