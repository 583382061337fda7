import Crypto
import Foundation

/// A file of the web workspace, in memory in every form that it is sent in.
struct Asset: Sendable {
    enum Encoding: String, Sendable {
        case identity
        case gzip
        case brotli = "br"
    }

    let contentType: String
    private let forms: [(encoding: Encoding, bytes: [UInt8])]
    /// Of the uncompressed bytes; each form adds its encoding, for it is another representation.
    private let digest: String

    /// - Parameters:
    ///   - compressed: reads the file that a suffix (`.br`, `.gz`) was added to; nil when there is none
    init(name: String, bytes: [UInt8], compressed: (String) -> [UInt8]?) {
        contentType = MediaTypes.type(of: name)
        digest = SHA256.hash(data: bytes).prefix(12).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
        var forms: [(Encoding, [UInt8])] = []
        if let brotli = compressed(".br") { forms.append((.brotli, brotli)) }
        if let gzip = compressed(".gz") { forms.append((.gzip, gzip)) }
        forms.append((.identity, bytes))
        self.forms = forms
    }

    /// Whether the answer depends on what the caller understands.
    var isNegotiated: Bool { forms.count > 1 }

    /// The best form that the caller understands.
    func form(accepting header: String?) -> (encoding: Encoding, bytes: [UInt8], tag: String) {
        let accepted = AcceptedEncodings(header)
        let best = forms.first { $0.encoding == .identity || accepted.contains($0.encoding.rawValue) } ?? forms[forms.count - 1]
        let suffix = best.encoding == .identity ? "" : "-" + best.encoding.rawValue
        return (best.encoding, best.bytes, "\"\(digest)\(suffix)\"")
    }
}

/// What a caller takes, by its header `Accept-Encoding` (RFC 9110, 12.5.3).
struct AcceptedEncodings {
    private var named: [String: Bool] = [:]

    init(_ header: String?) {
        for part in (header ?? "").lowercased().split(separator: ",") {
            let pieces = part.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
            guard let name = pieces.first else { continue }
            // A quality of zero, however many zeros it is written with, means "never".
            let isRefused = pieces.dropFirst().contains { piece in
                piece.hasPrefix("q=") && piece.dropFirst(2).allSatisfy { $0 == "0" || $0 == "." }
            }
            named[name] = !isRefused
        }
    }

    func contains(_ encoding: String) -> Bool { named[encoding] ?? named["*"] ?? false }
}

enum MediaTypes {
    private static let types = [
        "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
        "svg": "image/svg+xml", "woff2": "font/woff2", "png": "image/png", "ico": "image/x-icon",
        "webmanifest": "application/manifest+json", "txt": "text/plain; charset=utf-8",
    ]

    static func type(of name: String) -> String {
        name.split(separator: ".").last.flatMap { types[String($0)] } ?? "application/octet-stream"
    }
}
