import CCurl
import Foundation
import Kernel

/// Where mail goes out.
public struct SMTPConfiguration: Sendable, Equatable {
    /// `smtp://host:port`, or `smtps://host:port` for TLS from the first byte.
    public let url: String
    public let user: String?
    public let password: String?
    /// The sender's address.
    public let from: String
    /// False only for a server on this machine: everywhere else STARTTLS has to succeed.
    public let requiresTLS: Bool

    public init(url: String, user: String?, password: String?, from: String) {
        self.url = url
        self.user = user
        self.password = password
        self.from = from
        let host = URLComponents(string: url)?.host ?? ""
        requiresTLS = !["localhost", "127.0.0.1", "::1", "[::1]"].contains(host)
    }
}

/// Hands mail to a server by SMTP.
public struct SMTPGateway: MessageGateway {
    private let configuration: SMTPConfiguration
    private let clock: any WallClock

    public init(configuration: SMTPConfiguration, clock: any WallClock) {
        self.configuration = configuration
        self.clock = clock
    }

    public func deliver(_ message: OutgoingMessage, id: Identifier<Message>) async throws {
        guard MailText.isAddress(message.recipient) else { throw DeliveryFailure("the recipient is no mail address") }
        var options: [CurlTransfer.Option] = [
            .text(CURLOPT_URL.rawValue, configuration.url),
            .number(CURLOPT_USE_SSL.rawValue, Int((configuration.requiresTLS ? CURLUSESSL_ALL : CURLUSESSL_TRY).rawValue)),
            .text(CURLOPT_PROTOCOLS_STR.rawValue, "smtp,smtps"),
            .text(CURLOPT_MAIL_FROM.rawValue, "<\(configuration.from)>"),
            .list(CURLOPT_MAIL_RCPT.rawValue, ["<\(message.recipient)>"]),
        ]
        if let user = configuration.user { options.append(.text(CURLOPT_USERNAME.rawValue, user)) }
        if let password = configuration.password { options.append(.text(CURLOPT_PASSWORD.rawValue, password)) }
        let mail = MailText.mail(message, id: id, from: configuration.from, at: clock.now())
        let status = try await CurlTransfer(options: options, payload: mail, isUpload: true).run()
        guard (200..<300).contains(status) else { throw DeliveryFailure("the mail server answered \(status)") }
    }
}

/// A message in the form of mail (RFC 5322, RFC 2045, RFC 2047).
enum MailText {
    static func mail(_ message: OutgoingMessage, id: Identifier<Message>, from: String, at instant: Timestamp) -> [UInt8] {
        let domain = from.split(separator: "@").last.map(String.init) ?? "localhost"
        let body = Data(message.body.revealed.replacing("\r\n", with: "\n").replacing("\n", with: "\r\n").utf8)
        let lines = [
            "From: Wekeza Bank <\(from)>",
            "To: <\(message.recipient)>",
            "Subject: \(encodedWord(message.subject ?? "Wekeza Bank"))",
            "Date: \(date(instant))",
            // The same on every attempt: a server that has it already can tell.
            "Message-ID: <\(id)@\(domain)>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64",
            "",
            body.base64EncodedString(options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed]),
            "",
        ]
        return Array(lines.joined(separator: "\r\n").utf8)
    }

    /// One `@`, no blanks, no brackets, no controls: nothing that ends a header or a command.
    static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty && text.utf8.count <= 254
            && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F && !"<>,;\\\"".unicodeScalars.contains($0) }
    }

    /// A header's text in pieces of at most 75 characters, in base64 unless it is plain.
    static func encodedWord(_ text: String) -> String {
        if text.utf8.count <= 70, text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }), !text.contains("=?") { return text }
        var words: [String] = []
        var piece = ""
        for character in text where !character.isNewline {
            if piece.utf8.count + String(character).utf8.count > 42 {
                words.append(piece)
                piece = ""
            }
            piece.append(character)
        }
        words.append(piece)
        return words.map { "=?utf-8?B?\(Data($0.utf8).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }

    /// `Mon, 02 Mar 2026 12:00:00 +0300`.
    private static func date(_ instant: Timestamp) -> String {
        let day = BusinessDate(of: instant)
        let seconds = instant.seconds(since: day.startOfDay)
        let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(weekdays[day.weekday - 1]), \(two(Int64(day.day))) \(months[day.month - 1]) \(day.year) "
            + "\(two(seconds / 3_600)):\(two(seconds / 60 % 60)):\(two(seconds % 60)) +0300"
    }
}
