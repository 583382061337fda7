import CQREncode
import Kernel

/// A QR code (ISO/IEC 18004): rows of modules, true is dark.
public struct QRCode: Sendable, Equatable {
    public let size: Int
    private let modules: [Bool]

    /// - Parameter text: at most about 2,000 bytes
    /// - Throws: `DocumentFailure` for a text that is empty or too long
    public init(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, let code = QRcode_encodeData(Int32(bytes.count), bytes, 0, QR_ECLEVEL_M) else {
            throw DocumentFailure("the text cannot be a QR code")
        }
        defer { QRcode_free(code) }
        let size = Int(code.pointee.width)
        self.size = size
        modules = (0..<size * size).map { code.pointee.data[$0] & 1 == 1 }
    }

    public func isDark(row: Int, column: Int) -> Bool { modules[row * size + column] }

    /// An SVG image with the quiet zone of four modules, as one path.
    public var svg: String {
        var path = ""
        for row in 0..<size {
            for column in 0..<size where isDark(row: row, column: column) { path += "M\(column + 4) \(row + 4)h1v1h-1z" }
        }
        let side = size + 8
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(side) \(side)\" shape-rendering=\"crispEdges\">"
            + "<path fill=\"#fff\" d=\"M0 0h\(side)v\(side)H0z\"/><path d=\"\(path)\"/></svg>"
    }
}
