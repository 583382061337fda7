import Foundation
import Kernel
import Synchronization

/// A TrueType font on this machine and the characters it has (OpenType specification, table `cmap`, format 4).
struct FontFile: Sendable {
    let path: String
    private let ranges: [ClosedRange<UInt16>]

    /// Fonts by role, the first that is installed. Debian's packages fonts-dejavu-core and fonts-droid-fallback have them.
    static let regular = [
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
        "/usr/share/fonts/TTF/DejaVuSans.ttf",
    ]
    static let bold = [
        "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf", "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans-Bold.ttf",
        "/usr/share/fonts/TTF/DejaVuSans-Bold.ttf",
    ]
    /// Scripts that DejaVu does not have: Chinese, Japanese, Korean, Devanagari and others. A document does without them.
    static let fallbacks = [
        "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", "/usr/share/fonts/truetype/noto/NotoSansEthiopic-Regular.ttf",
        "/usr/share/fonts/truetype/noto/NotoSansDevanagari-Regular.ttf",
    ]

    private static let read = Mutex<[String: FontFile?]>([:])

    /// The font at a path; nil when it is not there or cannot be read. Each is read once.
    static func find(_ path: String) -> FontFile? {
        read.withLock { known in
            if let font = known[path] { return font }
            let font = FileManager.default.contents(atPath: path).flatMap { FontFile(path: path, bytes: [UInt8]($0)) }
            known[path] = .some(font)
            return font
        }
    }

    static func first(of paths: [String]) throws(DocumentFailure) -> FontFile {
        for path in paths { if let font = find(path) { return font } }
        throw DocumentFailure("no font is installed: \(paths.joined(separator: ", "))")
    }

    init?(path: String, bytes: [UInt8]) {
        func sixteen(_ at: Int) -> Int { at + 1 < bytes.count && at >= 0 ? Int(bytes[at]) << 8 | Int(bytes[at + 1]) : 0 }
        func thirtyTwo(_ at: Int) -> Int { sixteen(at) << 16 | sixteen(at + 2) }
        guard bytes.count > 12 else { return nil }
        let tables = (0..<sixteen(4)).map { 12 + 16 * $0 }
        guard let entry = tables.first(where: { $0 + 16 <= bytes.count && bytes[$0..<$0 + 4].elementsEqual("cmap".utf8) }) else {
            return nil
        }
        let cmap = thirtyTwo(entry + 8)
        let subtables = (0..<sixteen(cmap + 2)).map { cmap + thirtyTwo(cmap + 4 + 8 * $0 + 4) }
        guard let table = subtables.first(where: { sixteen($0) == 4 }) else { return nil }
        let count = sixteen(table + 6) / 2
        var ranges: [ClosedRange<UInt16>] = []
        for segment in 0..<count {
            let end = sixteen(table + 14 + 2 * segment)
            let start = sixteen(table + 16 + 2 * count + 2 * segment)
            if start <= end, start < 0xFFFF { ranges.append(UInt16(start)...UInt16(min(end, 0xFFFE))) }
        }
        self.path = path
        self.ranges = ranges.sorted { $0.lowerBound < $1.lowerBound }
    }

    func has(_ scalar: Unicode.Scalar) -> Bool {
        guard let code = UInt16(exactly: scalar.value) else { return false }
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < code { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(code)
    }
}
