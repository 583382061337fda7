/// Kinds of files that are taken as documents, told by their content: neither the name nor the declared type is believed.
public enum FileKind: String, Sendable, CaseIterable {
    case pdf = "application/pdf"
    case jpeg = "image/jpeg"
    case png = "image/png"

    public var contentType: String { rawValue }

    public var fileExtension: String {
        switch self {
        case .pdf: "pdf"
        case .jpeg: "jpg"
        case .png: "png"
        }
    }

    /// Nil for everything that does not begin, continue and end as its kind does.
    public init?(sniffing bytes: [UInt8]) {
        if Self.isPDF(bytes) {
            self = .pdf
        } else if Self.isJPEG(bytes) {
            self = .jpeg
        } else if Self.isPNG(bytes) {
            self = .png
        } else {
            return nil
        }
    }

    /// `%PDF-1.7` at the very beginning and `%%EOF` near the end (ISO 32000-1, 7.5).
    private static func isPDF(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 14, bytes.starts(with: "%PDF-".utf8), (0x31...0x32).contains(bytes[5]), bytes[6] == UInt8(ascii: ".") else {
            return false
        }
        return contains(Array("%%EOF".utf8), in: bytes.suffix(2_048))
    }

    /// Start of image, a marker, end of image (ISO 10918-1, annex B); cameras append a few bytes of their own.
    private static func isJPEG(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 12, bytes[0] == 0xFF, bytes[1] == 0xD8, bytes[2] == 0xFF, bytes[3] >= 0xC0, bytes[3] != 0xFF else {
            return false
        }
        return contains([0xFF, 0xD9], in: bytes.suffix(1_024))
    }

    /// The signature, a header with a size, and the closing chunk (ISO 15948, 5).
    private static func isPNG(_ bytes: [UInt8]) -> Bool {
        let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        guard bytes.count >= 45, bytes.starts(with: signature), bytes[8..<16].elementsEqual([0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]) else {
            return false
        }
        let hasSize = bytes[16..<20].contains { $0 != 0 } && bytes[20..<24].contains { $0 != 0 }
        return hasSize && contains(Array("IEND".utf8), in: bytes.suffix(64))
    }

    private static func contains(_ needle: [UInt8], in bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count >= needle.count else { return false }
        return (bytes.startIndex...(bytes.endIndex - needle.count)).contains { bytes[$0..<$0 + needle.count].elementsEqual(needle) }
    }
}
