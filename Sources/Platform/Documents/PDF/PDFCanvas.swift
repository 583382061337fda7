import CHaru
import Kernel

/// Lengths in points, 1/72 inch.
typealias Points = Float

enum PDFWeight: Sendable {
    case regular, bold
}

enum PDFColor: Sendable {
    case ink, muted, accent, line, shade

    var rgb: (Float, Float, Float) {
        switch self {
        case .ink: (0.07, 0.09, 0.12)
        case .muted: (0.38, 0.42, 0.47)
        case .accent: (0.02, 0.36, 0.31)
        case .line: (0.80, 0.83, 0.86)
        case .shade: (0.955, 0.965, 0.965)
        }
    }
}

/// Pages to draw on, through libharu. Belongs to the one function that makes the document; the same calls make the same bytes.
final class PDFCanvas {
    static let pageWidth: Points = 595.28
    static let pageHeight: Points = 841.89

    private struct LoadedFont {
        let file: FontFile
        let handle: HPDF_Font
    }

    private let document: HPDF_Doc
    private(set) var pages: [HPDF_Page] = []
    private var loaded: [String: HPDF_Font] = [:]
    private let regular: FontFile
    private let bold: FontFile
    private var page: HPDF_Page?

    init(title: String, author: String, createdAt: Timestamp) throws {
        guard let document = HPDF_New(nil, nil) else { throw DocumentFailure("libharu has no memory") }
        self.document = document
        do {
            regular = try FontFile.first(of: FontFile.regular)
            bold = try FontFile.first(of: FontFile.bold)
        } catch {
            HPDF_Free(document)
            throw error
        }
        HPDF_SetCompressionMode(document, HPDF_UINT(HPDF_COMP_ALL))
        HPDF_UseUTFEncodings(document)
        HPDF_SetCurrentEncoder(document, "UTF-8")
        HPDF_SetInfoAttr(document, HPDF_INFO_TITLE, title)
        HPDF_SetInfoAttr(document, HPDF_INFO_AUTHOR, author)
        let date = Self.date(createdAt)
        HPDF_SetInfoDateAttr(document, HPDF_INFO_CREATION_DATE, date)
        HPDF_SetInfoDateAttr(document, HPDF_INFO_MOD_DATE, date)
    }

    deinit { HPDF_Free(document) }

    private static func date(_ instant: Timestamp) -> HPDF_Date {
        let day = BusinessDate(of: instant)
        let seconds = Int32(instant.seconds(since: day.startOfDay))
        return HPDF_Date(
            year: Int32(day.year), month: Int32(day.month), day: Int32(day.day), hour: seconds / 3600, minutes: seconds / 60 % 60,
            seconds: seconds % 60, ind: CChar(UInt8(ascii: "+")), off_hour: 3, off_minutes: 0)
    }

    // MARK: Pages

    func addPage() throws {
        guard let page = HPDF_AddPage(document) else { throw failure() }
        HPDF_Page_SetSize(page, HPDF_PAGE_SIZE_A4, HPDF_PAGE_PORTRAIT)
        pages.append(page)
        self.page = page
    }

    func goTo(page index: Int) { page = pages[index] }

    // MARK: Text

    /// Draws a line of text whose baseline begins at the point, measured from the top left corner.
    func text(_ text: String, x: Points, y: Points, size: Points, weight: PDFWeight = .regular, color: PDFColor = .ink) throws {
        guard let page else { return }
        let (red, green, blue) = color.rgb
        var x = x
        HPDF_Page_SetRGBFill(page, red, green, blue)
        for run in try runs(of: text, weight) {
            HPDF_Page_BeginText(page)
            HPDF_Page_SetFontAndSize(page, run.font, size)
            HPDF_Page_TextOut(page, x, Self.pageHeight - y, run.text)
            HPDF_Page_EndText(page)
            x += Self.width(run, size)
        }
    }

    func width(of text: String, size: Points, weight: PDFWeight = .regular) throws -> Points {
        try runs(of: text, weight).reduce(0) { $0 + Self.width($1, size) }
    }

    private struct Run {
        let font: HPDF_Font
        var text: String
    }

    private static func width(_ run: Run, _ size: Points) -> Points {
        let bytes = Array(run.text.utf8)
        return Points(HPDF_Font_TextWidth(run.font, bytes, HPDF_UINT(bytes.count)).width) * size / 1_000
    }

    /// The text in pieces of one font each. What no font has becomes a question mark; line breaks and controls become blanks.
    private func runs(of text: String, _ weight: PDFWeight) throws -> [Run] {
        let first = weight == .bold ? bold : regular
        var runs: [(file: FontFile, text: String)] = []
        for scalar in text.unicodeScalars {
            var scalar = scalar
            if scalar.value < 0x20 || scalar.value == 0x7F { scalar = " " }
            // Joiners and directions have no shape of their own.
            if scalar.properties.isDefaultIgnorableCodePoint { continue }
            var file = first
            if !first.has(scalar) {
                if let other = FontFile.fallbacks.lazy.compactMap({ FontFile.find($0) }).first(where: { $0.has(scalar) }) {
                    file = other
                } else {
                    scalar = "?"
                }
            }
            if runs.last?.file.path == file.path {
                runs[runs.count - 1].text.unicodeScalars.append(scalar)
            } else {
                runs.append((file, String(scalar)))
            }
        }
        return try runs.map { Run(font: try font(at: $0.file.path), text: $0.text) }
    }

    private func font(at path: String) throws -> HPDF_Font {
        if let font = loaded[path] { return font }
        guard let name = HPDF_LoadTTFontFromFile(document, path, HPDF_BOOL(HPDF_TRUE)), let font = HPDF_GetFont(document, name, "UTF-8")
        else { throw failure() }
        loaded[path] = font
        return font
    }

    // MARK: Shapes

    func fill(x: Points, y: Points, width: Points, height: Points, color: PDFColor) {
        guard let page else { return }
        let (red, green, blue) = color.rgb
        HPDF_Page_SetRGBFill(page, red, green, blue)
        HPDF_Page_Rectangle(page, x, Self.pageHeight - y - height, width, height)
        HPDF_Page_Fill(page)
    }

    func line(from start: (x: Points, y: Points), to end: (x: Points, y: Points), width: Points = 0.5, color: PDFColor = .line) {
        guard let page else { return }
        let (red, green, blue) = color.rgb
        HPDF_Page_SetRGBStroke(page, red, green, blue)
        HPDF_Page_SetLineWidth(page, width)
        HPDF_Page_MoveTo(page, start.x, Self.pageHeight - start.y)
        HPDF_Page_LineTo(page, end.x, Self.pageHeight - end.y)
        HPDF_Page_Stroke(page)
    }

    /// Draws the dark modules as one path; its side is `side` points.
    func draw(_ code: QRCode, x: Points, y: Points, side: Points) {
        guard let page else { return }
        let module = side / Points(code.size)
        let (red, green, blue) = PDFColor.ink.rgb
        HPDF_Page_SetRGBFill(page, red, green, blue)
        for row in 0..<code.size {
            for column in 0..<code.size where code.isDark(row: row, column: column) {
                HPDF_Page_Rectangle(
                    page, x + Points(column) * module, Self.pageHeight - y - Points(row + 1) * module, module, module)
            }
        }
        HPDF_Page_Fill(page)
    }

    // MARK: Result

    /// The finished file.
    func bytes() throws -> [UInt8] {
        guard HPDF_GetError(document) == 0, HPDF_SaveToStream(document) == 0 else { throw failure() }
        var bytes = [UInt8](repeating: 0, count: Int(HPDF_GetStreamSize(document)))
        var size = HPDF_UINT32(bytes.count)
        HPDF_ResetStream(document)
        // The end of the stream is told as an error when all was asked for.
        _ = HPDF_ReadFromStream(document, &bytes, &size)
        guard Int(size) == bytes.count, bytes.starts(with: "%PDF-".utf8) else { throw failure() }
        return bytes
    }

    private func failure() -> DocumentFailure {
        DocumentFailure("libharu error \(String(HPDF_GetError(document), radix: 16)), \(HPDF_GetErrorDetail(document))")
    }
}
