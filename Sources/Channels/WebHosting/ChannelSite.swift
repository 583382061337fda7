import HTTPEdge

/// One channel on its port: its page for every address a person can be at, the workspace's files, and nothing else. Paths of the API
/// are left to the edge, which answers them on the same origin.
public struct ChannelSite: Site {
    private static let assetFolder = "/assets/"
    private static let securityHeaders = SecurityHeaders.all

    private let workspace: WebWorkspace
    private let channel: String

    /// - Parameter channel: `personal`, `corporate`, `sme` or `staff`
    public init(workspace: WebWorkspace, channel: String) {
        self.workspace = workspace
        self.channel = channel
    }

    public func respond(to request: SiteRequest) -> SiteReply? {
        if Self.isOfTheAPI(request.path) { return nil }
        guard request.method == "GET" || request.method == "HEAD" else {
            return plain(405, "This page can be read only", [ReplyHeader("Allow", "GET, HEAD")])
        }
        guard let path = Self.decoded(request.path) else { return plain(404, "Not found") }
        if path.hasPrefix(Self.assetFolder) { return self.asset(String(path.dropFirst(Self.assetFolder.count)), request) }
        if path == "/robots.txt" { return plain(200, "User-agent: *\nDisallow: /") }
        // A file that is not among the assets is nowhere; an address without an extension is a place in the channel's program.
        let last = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        guard !last.contains("."), let page = workspace.page(of: channel) else { return plain(404, "Not found") }
        return send(page, caching: "no-cache", request)
    }

    /// A file of the workspace. The name changes with the content, so what has it once need never ask again.
    func asset(_ name: String, _ request: SiteRequest) -> SiteReply {
        guard let asset = workspace.asset(name) else { return plain(404, "Not found") }
        return send(asset, caching: "public, max-age=31536000, immutable", request)
    }

    static func isOfTheAPI(_ path: Substring) -> Bool {
        let first = path.split(separator: "/", maxSplits: 1).first?.lowercased()
        return first == "api" || first == "openapi.json" || first == "health"
    }

    /// The path as text; nil when it is not UTF-8, or could mean another place than it seems to.
    static func decoded(_ path: Substring) -> String? {
        guard path.hasPrefix("/"), let text = String(path).removingPercentEncodingStrictly else { return nil }
        let isSuspicious = text.utf8.contains { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }
        let segments = text.split(separator: "/")
        guard !isSuspicious, !segments.contains("."), !segments.contains("..") else { return nil }
        return text
    }

    private func send(_ asset: Asset, caching: String, _ request: SiteRequest) -> SiteReply {
        let form = asset.form(accepting: request.headers["Accept-Encoding"])
        var headers = Self.securityHeaders(request.isSecure)
        headers.append(ReplyHeader("Cache-Control", caching))
        headers.append(ReplyHeader("ETag", form.tag))
        if asset.isNegotiated { headers.append(ReplyHeader("Vary", "Accept-Encoding")) }
        if let known = request.headers["If-None-Match"], Self.names(form.tag, in: known) { return SiteReply(status: 304, headers: headers) }
        headers.append(ReplyHeader("Content-Type", asset.contentType))
        if form.encoding != .identity { headers.append(ReplyHeader("Content-Encoding", form.encoding.rawValue)) }
        return SiteReply(status: 200, headers: headers, body: form.bytes)
    }

    /// Whether a list of entity tags names one, by weak comparison (RFC 9110, 13.1.2).
    private static func names(_ tag: String, in list: String) -> Bool {
        list.split(separator: ",").contains { each in
            let trimmed = each.drop { $0 == " " || $0 == "\t" }
            let plain = trimmed.hasPrefix("W/") ? trimmed.dropFirst(2) : trimmed
            return plain == "*" || plain.prefix { $0 != " " && $0 != "\t" } == tag
        }
    }

    private func plain(_ status: Int, _ text: String, _ extra: [ReplyHeader] = []) -> SiteReply {
        let headers = [ReplyHeader("Content-Type", "text/plain; charset=utf-8"), ReplyHeader("Cache-Control", "no-store")]
        return SiteReply(status: status, headers: Self.securityHeaders(false) + headers + extra, body: Array((text + "\n").utf8))
    }
}

/// What a page of the bank may do in a browser: load its own files, talk to its own origin, and be shown in no other page.
public enum SecurityHeaders {
    private static let contentSecurityPolicy =
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-src 'none'; frame-ancestors 'none'; "
        + "require-trusted-types-for 'script'; trusted-types 'none'"
    private static let permissions =
        ["accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone", "midi", "payment", "usb"]
        .map { $0 + "=()" }.joined(separator: ", ")

    public static func all(isSecure: Bool) -> [ReplyHeader] {
        [
            ReplyHeader("Content-Security-Policy", contentSecurityPolicy + (isSecure ? "; upgrade-insecure-requests" : "")),
            ReplyHeader("Permissions-Policy", permissions),
            ReplyHeader("X-Content-Type-Options", "nosniff"),
            ReplyHeader("X-Frame-Options", "DENY"),
            ReplyHeader("Referrer-Policy", "no-referrer"),
            ReplyHeader("Cross-Origin-Opener-Policy", "same-origin"),
            ReplyHeader("Cross-Origin-Resource-Policy", "same-origin"),
        ]
    }
}

extension String {
    /// The text that percent-encoding stands for; nil for broken encoding and for what is not UTF-8.
    fileprivate var removingPercentEncodingStrictly: String? {
        guard utf8.contains(UInt8(ascii: "%")) else { return self }
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(Self.hexadecimal), let low = rest.popFirst().flatMap(Self.hexadecimal) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
