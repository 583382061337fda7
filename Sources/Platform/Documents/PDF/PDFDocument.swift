import Dispatch
import Kernel

/// Who issues a document, as its header says it.
public struct DocumentIssuer: Sendable, Equatable {
    public let name: String
    public let lines: [String]

    public init(name: String, lines: [String]) {
        self.name = name
        self.lines = lines
    }

    public static let wekeza = DocumentIssuer(
        name: "Wekeza Bank", lines: ["Wekeza House, Kenyatta Avenue, Nairobi, Kenya", "Regulated by the Central Bank of Kenya"])
}

/// A column of a table. Widths are shares of the page's width.
public struct PDFColumn: Sendable {
    public enum Alignment: Sendable {
        case leading, trailing
    }

    public let title: String
    public let share: Float
    public let alignment: Alignment

    public init(_ title: String, share: Float, alignment: Alignment = .leading) {
        self.title = title
        self.share = share
        self.alignment = alignment
    }
}

/// A document on A4 pages with the bank's header, built from the top down: titles, pairs, tables with page breaks, totals, a
/// verification code. The same content makes the same bytes.
public final class PDFDocument {
    private static let margin: Points = 48
    private static let bottom: Points = PDFCanvas.pageHeight - 64
    private static let right = PDFCanvas.pageWidth - margin
    private static let width = right - margin

    private let canvas: PDFCanvas
    private let issuer: DocumentIssuer
    private let title: String
    private let footer: String
    private var y: Points = 0

    /// - Parameters:
    ///   - footer: a line at the foot of every page, beside the page number
    ///   - createdAt: written into the file; give the time of what the document is about, so that two copies are the same
    public init(issuer: DocumentIssuer = .wekeza, title: String, footer: String, createdAt: Timestamp) throws {
        canvas = try PDFCanvas(title: title, author: issuer.name, createdAt: createdAt)
        self.issuer = issuer
        self.title = title
        self.footer = footer
        try beginPage()
    }

    /// Makes a document away from the threads that answer requests.
    public static func make(_ body: @escaping @Sendable () throws -> [UInt8]) async throws -> [UInt8] {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global(qos: .utility).async { continuation.resume(with: Result(catching: body)) }
        }
    }

    // MARK: Parts

    /// A large figure with a caption, for the one thing that matters.
    public func figure(_ caption: String, _ value: String) throws {
        try makeRoom(64)
        canvas.fill(x: Self.margin, y: y, width: Self.width, height: 56, color: .shade)
        try canvas.text(caption, x: Self.margin + 14, y: y + 20, size: 9, color: .muted)
        try canvas.text(value, x: Self.margin + 14, y: y + 44, size: 20, weight: .bold)
        y += 72
    }

    public func heading(_ text: String) throws {
        try makeRoom(40)
        try canvas.text(text, x: Self.margin, y: y + 14, size: 11, weight: .bold)
        y += 24
    }

    public func paragraph(_ text: String) throws {
        for line in try wrapped(text, width: Self.width, size: 9) {
            try makeRoom(13)
            try canvas.text(line, x: Self.margin, y: y + 10, size: 9, color: .muted)
            y += 13
        }
        y += 6
    }

    /// Labels on the left, values beside them. A pair whose value is empty is left out.
    public func pairs(_ pairs: [(label: String, value: String)]) throws {
        let valueX = Self.margin + 150
        for pair in pairs where !pair.value.isEmpty {
            let lines = try wrapped(pair.value, width: Self.right - valueX, size: 9.5)
            try makeRoom(Points(lines.count) * 13 + 5)
            try canvas.text(pair.label, x: Self.margin, y: y + 11, size: 9, color: .muted)
            for line in lines {
                try canvas.text(line, x: valueX, y: y + 11, size: 9.5)
                y += 13
            }
            y += 5
        }
        y += 6
    }

    /// A table whose head is repeated on every page. Leading cells wrap, trailing ones do not. Rows are taken one at a time.
    public func table(_ columns: [PDFColumn], rows: some Sequence<[String]>) throws {
        let shares = columns.reduce(0) { $0 + $1.share }
        let widths = columns.map { $0.share / shares * Self.width }
        try makeRoom(60)
        try tableHead(columns, widths)
        for row in rows { try tableRow(row, columns, widths) }
        y += 10
    }

    private func tableHead(_ columns: [PDFColumn], _ widths: [Points]) throws {
        canvas.fill(x: Self.margin, y: y, width: Self.width, height: 18, color: .shade)
        try cells(columns.map { [$0.title] }, columns, widths, size: 8, weight: .bold, at: y + 12)
        y += 18
    }

    private func tableRow(_ row: [String], _ columns: [PDFColumn], _ widths: [Points]) throws {
        var lines: [[String]] = []
        for (index, cell) in row.enumerated() {
            lines.append(columns[index].alignment == .leading ? try wrapped(cell, width: widths[index] - 8, size: 8) : [cell])
        }
        let height = Points(lines.map(\.count).max() ?? 1) * 10.5 + 6
        if y + height > Self.bottom {
            try beginPage()
            try tableHead(columns, widths)
        }
        try cells(lines, columns, widths, size: 8, weight: .regular, at: y + 11)
        y += height
        canvas.line(from: (Self.margin, y), to: (Self.right, y))
    }

    private func cells(
        _ lines: [[String]], _ columns: [PDFColumn], _ widths: [Points], size: Points, weight: PDFWeight, at baseline: Points
    ) throws {
        var x = Self.margin
        for (index, cell) in lines.enumerated() {
            for (line, text) in cell.enumerated() where !text.isEmpty {
                let lineY = baseline + Points(line) * 10.5
                switch columns[index].alignment {
                case .leading: try canvas.text(text, x: x + 4, y: lineY, size: size, weight: weight)
                case .trailing:
                    let width = try canvas.width(of: text, size: size, weight: weight)
                    try canvas.text(text, x: x + widths[index] - 4 - width, y: lineY, size: size, weight: weight)
                }
            }
            x += widths[index]
        }
    }

    /// Sums on the right, the last one strong.
    public func totals(_ totals: [(label: String, value: String)]) throws {
        try makeRoom(Points(totals.count) * 16 + 8)
        let labelX = Self.margin + Self.width * 0.52
        canvas.line(from: (labelX, y), to: (Self.right, y), width: 1, color: .accent)
        y += 4
        for (index, total) in totals.enumerated() {
            let weight: PDFWeight = index == totals.count - 1 ? .bold : .regular
            try canvas.text(total.label, x: labelX, y: y + 12, size: 9.5, weight: weight)
            let width = try canvas.width(of: total.value, size: 9.5, weight: weight)
            try canvas.text(total.value, x: Self.right - width, y: y + 12, size: 9.5, weight: weight)
            y += 16
        }
        y += 10
    }

    /// A QR code with its text in characters beside it.
    public func verification(code: String, content: String, explanation: String) throws {
        let side: Points = 84
        try makeRoom(side + 16)
        canvas.draw(try QRCode(content), x: Self.margin, y: y + 6, side: side)
        let textX = Self.margin + side + 18
        try canvas.text("Verification code", x: textX, y: y + 22, size: 9, color: .muted)
        try canvas.text(code, x: textX, y: y + 42, size: 14, weight: .bold)
        var lineY = y + 60
        for line in try wrapped(explanation, width: Self.right - textX, size: 8) {
            try canvas.text(line, x: textX, y: lineY, size: 8, color: .muted)
            lineY += 11
        }
        y += side + 20
    }

    /// The file, every page with its number.
    public func finish() throws -> [UInt8] {
        for index in canvas.pages.indices {
            canvas.goTo(page: index)
            let lineY = PDFCanvas.pageHeight - 44
            canvas.line(from: (Self.margin, lineY), to: (Self.right, lineY))
            try canvas.text(footer, x: Self.margin, y: lineY + 14, size: 7.5, color: .muted)
            let number = "Page \(index + 1) of \(canvas.pages.count)"
            let width = try canvas.width(of: number, size: 7.5)
            try canvas.text(number, x: Self.right - width, y: lineY + 14, size: 7.5, color: .muted)
        }
        return try canvas.bytes()
    }

    // MARK: Pages and lines

    private func beginPage() throws {
        let isFirst = canvas.pages.isEmpty
        try canvas.addPage()
        canvas.fill(x: 0, y: 0, width: PDFCanvas.pageWidth, height: 6, color: .accent)
        try canvas.text(issuer.name, x: Self.margin, y: 46, size: isFirst ? 18 : 11, weight: .bold, color: .accent)
        let titleSize: Points = isFirst ? 14 : 9
        let titleWidth = try canvas.width(of: title, size: titleSize, weight: .bold)
        try canvas.text(title, x: Self.right - titleWidth, y: 46, size: titleSize, weight: .bold)
        var lineY: Points = 62
        if isFirst {
            for line in issuer.lines {
                try canvas.text(line, x: Self.margin, y: lineY, size: 8, color: .muted)
                lineY += 11
            }
        }
        canvas.line(from: (Self.margin, lineY), to: (Self.right, lineY))
        y = lineY + 16
    }

    private func makeRoom(_ height: Points) throws {
        if y + height > Self.bottom { try beginPage() }
    }

    /// Breaks a text into lines that fit, between words where it can and inside of them where it must.
    private func wrapped(_ text: String, width: Points, size: Points) throws -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(whereSeparator: \.isWhitespace) {
            let candidate = line.isEmpty ? String(word) : line + " " + word
            if try canvas.width(of: candidate, size: size) <= width {
                line = candidate
                continue
            }
            if !line.isEmpty { lines.append(line) }
            line = ""
            for character in word {
                if !line.isEmpty, try canvas.width(of: line + String(character), size: size) > width {
                    lines.append(line)
                    line = ""
                }
                line.append(character)
            }
        }
        if !line.isEmpty || lines.isEmpty { lines.append(line) }
        return lines
    }
}
