import Foundation
import Mustache

/// Renders the site's templates. Every value is escaped unless a template asks otherwise, and none does.
struct Views: Sendable {
    private let library: MustacheLibrary
    let assets: SiteAssets

    /// Loads every template once; a broken one stops the start.
    init(assets: SiteAssets) throws {
        self.assets = assets
        var library = MustacheLibrary()
        let folder = Bundle.module.bundleURL.appendingPathComponent("Templates", isDirectory: true)
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        let templates = files.filter { $0.pathExtension == "mustache" }
        for file in templates {
            try library.register(String(contentsOf: file, encoding: .utf8), named: file.deletingPathExtension().lastPathComponent)
        }
        guard !templates.isEmpty else { throw MissingTemplates() }
        self.library = library
    }

    struct MissingTemplates: Error, CustomStringConvertible {
        var description: String { "the public site's templates are missing beside the program" }
    }

    func page<Content>(_ template: String, _ content: Content, frame: Frame) -> String {
        library.render(Page(frame: frame, content: content, assets: assets), withTemplate: template) ?? ""
    }

    /// What a template sees.
    private struct Page<Content> {
        let frame: Frame
        let content: Content
        let assets: SiteAssets
    }
}

/// What stands around every page.
struct Frame: Sendable {
    let title: String
    let description: String
    /// Path of the page without query, for the canonical link and the navigation.
    let path: String
    let origin: String
    /// Address of personal banking, where customers sign in.
    let signIn: String
    let year: String
    /// Pages of one person are not for search engines.
    var isIndexed = true

    let canonical: String
    let navigation: [NavigationLink]

    struct NavigationLink: Sendable {
        let title: String
        let path: String
        let isCurrent: Bool
    }

    init(title: String, description: String, request: PageRequest, personalPort: Int, year: Int, isIndexed: Bool = true) {
        let scheme = request.isSecure ? "https" : "http"
        let host = request.host
        self.title = title
        self.description = description
        path = request.path
        origin = "\(scheme)://\(host)"
        signIn = "\(scheme)://\(Self.name(of: host)):\(personalPort)/"
        canonical = origin + path
        self.year = String(year)
        self.isIndexed = isIndexed
        navigation = [
            ("Products", "/products"), ("Calculators", "/calculators"), ("Rates and fees", "/rates"), ("Branches", "/branches"),
            ("About", "/about"), ("Contact", "/contact"),
        ].map { NavigationLink(title: $0.0, path: $0.1, isCurrent: request.path == $0.1 || request.path.hasPrefix($0.1 + "/")) }
    }

    /// The host without its port; an address in brackets keeps them.
    private static func name(of host: String) -> Substring {
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") { return host[...end] }
        return host.prefix { $0 != ":" }
    }
}
