import HTTPEdge
import WebHosting

/// The public website on its port: files from the web workspace, pages rendered here, and everything under `/api` from the edge.
public struct PublicChannel: Site {
    private let site: PublicSite
    private let files: ChannelSite

    public init(site: PublicSite, workspace: WebWorkspace) {
        self.site = site
        files = ChannelSite(workspace: workspace, channel: "public")
    }

    public func respond(to request: SiteRequest) -> SiteReply? {
        request.path.hasPrefix("/assets/") ? files.respond(to: request) : nil
    }

    /// The documents of an application: each of the four files as large as the API takes it.
    public func maximumFormBytes(method: String, path: Substring) -> Int? {
        method == "POST" && path == "/open-account/documents" ? 4 * UploadedFile.maximumBytes + 64 * 1_024 : nil
    }

    public func render(_ request: SiteRequest, body: [UInt8], api: SiteAPI) async -> SiteReply? {
        guard let reply = await site.asking(EdgeBank(api: api)).respond(to: PageRequest(request, body: body)) else { return nil }
        var headers = SecurityHeaders.all(isSecure: request.isSecure) + reply.headers.map { ReplyHeader($0.name, $0.value) }
        headers.append(ReplyHeader("Vary", "Accept-Encoding"))
        let acceptsGzip = request.headers["Accept-Encoding"]?.lowercased().contains("gzip") == true
        guard reply.body.count > 1_000, acceptsGzip, let compressed = Compression.gzip(reply.body) else {
            return SiteReply(status: reply.status, headers: headers, body: reply.body)
        }
        headers.append(ReplyHeader("Content-Encoding", "gzip"))
        return SiteReply(status: reply.status, headers: headers, body: compressed)
    }
}

/// The edge of this program, asked on behalf of one visitor.
private struct EdgeBank: BankAPI {
    let api: SiteAPI

    func send(_ request: BankRequest) async -> BankAnswer {
        let response = await api.send(request.method, request.uri, headers: request.headers, body: request.body)
        return BankAnswer(
            status: response.status, body: response.body, retryAfterSeconds: response.headers["Retry-After"].flatMap { Int($0) })
    }
}

extension PageRequest {
    init(_ request: SiteRequest, body: [UInt8]) {
        // A host is repeated in links, so it must look like one.
        let host = request.headers["Host"] ?? "localhost"
        let isHost = host.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || (UInt8(ascii: "0")...UInt8(ascii: ":")).contains(byte)
                || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "["), UInt8(ascii: "]")].contains(byte)
        }
        self.init(
            method: request.method, path: String(request.path), query: QueryItems(parsing: request.query),
            host: isHost ? host : "localhost",
            isSecure: request.isSecure,
            cookies: ["wekeza_application", "wekeza_product"].reduce(into: [:]) { $0[$1] = request.headers.cookie($1) },
            contentType: request.headers["Content-Type"] ?? "", body: body, fetchSite: request.headers["Sec-Fetch-Site"],
            origin: request.headers["Origin"])
    }
}
