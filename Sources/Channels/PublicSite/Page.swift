import HTTPEdge

/// A visitor's request, taken apart as far as pages need it.
public struct PageRequest: Sendable {
    public let method: String
    /// Without query, percent-decoding not needed: no page has a path with escapes.
    public let path: String
    public let query: QueryItems
    public let host: String
    public let isSecure: Bool
    /// Name and value of every cookie.
    public let cookies: [String: String]
    public let contentType: String
    public let body: [UInt8]
    /// `Sec-Fetch-Site` and `Origin`, by which a form of another site is told from ours.
    public let fetchSite: String?
    public let origin: String?

    public init(
        method: String, path: String, query: QueryItems = .none, host: String = "localhost", isSecure: Bool = false,
        cookies: [String: String] = [:], contentType: String = "", body: [UInt8] = [], fetchSite: String? = nil, origin: String? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.host = host
        self.isSecure = isSecure
        self.cookies = cookies
        self.contentType = contentType
        self.body = body
        self.fetchSite = fetchSite
        self.origin = origin
    }

    /// Browsers tell where a form stood. What another site sends is refused; programs that tell nothing carry no cookie of a person.
    var comesFromOurPages: Bool {
        if let fetchSite { return fetchSite == "same-origin" || fetchSite == "none" }
        guard let origin else { return true }
        return origin == "\(isSecure ? "https" : "http")://\(host)"
    }

    /// The fields of a form sent as `application/x-www-form-urlencoded`.
    var form: QueryItems {
        contentType.hasPrefix("application/x-www-form-urlencoded") ? QueryItems(parsing: String(decoding: body, as: UTF8.self)) : .none
    }
}

public struct PageReply: Sendable {
    public let status: Int
    public var headers: [(name: String, value: String)]
    public let body: [UInt8]

    static func html(_ text: String, status: Int = 200, isPublic: Bool = true) -> PageReply {
        PageReply(
            status: status,
            headers: [
                ("Content-Type", "text/html; charset=utf-8"),
                // Rates and fees change with the business date; a minute is short enough for a page that says which date it shows.
                ("Cache-Control", isPublic && status == 200 ? "public, max-age=60" : "no-store"),
            ],
            body: Array(text.utf8))
    }

    static func plain(_ text: String, contentType: String) -> PageReply {
        PageReply(status: 200, headers: [("Content-Type", contentType), ("Cache-Control", "public, max-age=3600")], body: Array(text.utf8))
    }

    /// See other: after a form, so that reload and back do not send it again.
    static func redirect(to location: String) -> PageReply {
        PageReply(status: 303, headers: [("Location", location), ("Cache-Control", "no-store")], body: [])
    }

    func settingCookie(_ name: String, _ value: String, isSecure: Bool, maxAgeSeconds: Int) -> PageReply {
        var reply = self
        let secure = isSecure ? "; Secure" : ""
        reply.headers.append(
            ("Set-Cookie", "\(name)=\(value); Path=/open-account; HttpOnly; SameSite=Lax; Max-Age=\(maxAgeSeconds)\(secure)"))
        return reply
    }
}
