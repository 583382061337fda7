import Crypto
import Foundation

/// A large list of passwords that leaked somewhere, as a Bloom filter: a million entries take 3 MB, whatever they say. A listed password is
/// always recognised; one in about a hundred thousand others is taken for a listed one, and its owner chooses another.
public struct BreachFilter: Sendable {
    /// Why a file cannot be used.
    public struct Failure: Error, Equatable, CustomStringConvertible {
        public let description: String

        public init(description: String) {
            self.description = description
        }
    }

    static let bitsPerEntry: UInt64 = 24
    /// What makes false alarms rarest with that many bits: 24 · ln 2.
    private static let probes: UInt64 = 17
    /// The filter of so many entries takes 300 MB.
    private static let maximumEntries = 100_000_000
    /// No password is longer; what is longer in a file is none.
    private static let maximumLineLength = 1_024

    private var words: [UInt64]
    /// Number of entries.
    public private(set) var count: Int

    /// Reads a text file, one entry a line: a password as it is, or 40 hexadecimal digits of its SHA-1, which may be followed by a colon
    /// and a count, as published lists have it. The file is read twice in pieces and never kept.
    /// - Throws: `Failure`
    public init(path: String) throws {
        var lines = 0
        try Self.forEachLine(of: path) { _ in lines += 1 }
        guard lines <= Self.maximumEntries else {
            throw Failure(description: "\(path) has more than \(Self.maximumEntries) lines")
        }
        words = [UInt64](repeating: 0, count: max(1, (lines * Int(Self.bitsPerEntry) + 63) / 64))
        count = lines
        var filter = self
        try Self.forEachLine(of: path) { line in
            filter.insert(Self.listedHash(line) ?? Self.hash(Self.lowercased(line)))
        }
        self = filter
    }

    /// Whether the password is on the list, as it is written or in lower case.
    public func contains(_ password: String) -> Bool {
        let written = Array(password.utf8)
        return contains(Self.hash(written)) || contains(Self.hash(Self.lowercased(written)))
    }

    // MARK: Bits

    private typealias Hash = (first: UInt64, step: UInt64)

    private func places(_ hash: Hash) -> some Sequence<UInt64> {
        let size = UInt64(words.count) * 64
        return (0..<Self.probes).lazy.map { (hash.first &+ $0 &* hash.step) % size }
    }

    private mutating func insert(_ hash: Hash) {
        for place in places(hash) { words[Int(place / 64)] |= 1 << (place % 64) }
    }

    private func contains(_ hash: Hash) -> Bool {
        places(hash).allSatisfy { words[Int($0 / 64)] & (1 << ($0 % 64)) != 0 }
    }

    private static func hash(_ bytes: [UInt8]) -> Hash { parts(Insecure.SHA1.hash(data: bytes)) }

    private static func parts(_ digest: some Sequence<UInt8>) -> Hash {
        var hash: Hash = (0, 0)
        for (index, byte) in digest.enumerated() {
            if index < 8 { hash.first = hash.first << 8 | UInt64(byte) } else if index < 16 { hash.step = hash.step << 8 | UInt64(byte) }
        }
        // An odd step visits different places.
        hash.step |= 1
        return hash
    }

    // MARK: Lines

    private static func listedHash(_ line: [UInt8]) -> Hash? {
        guard line.count >= 40, line.count == 40 || line[40] == UInt8(ascii: ":") else { return nil }
        guard line.dropFirst(41).allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        var digest: [UInt8] = []
        for index in stride(from: 0, to: 40, by: 2) {
            guard let high = digit(line[index]), let low = digit(line[index + 1]) else { return nil }
            digest.append(high << 4 | low)
        }
        return parts(digest)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    private static func lowercased(_ bytes: [UInt8]) -> [UInt8] {
        if bytes.allSatisfy({ $0 < 0x80 }) { return bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 } }
        return Array(String(decoding: bytes, as: UTF8.self).lowercased().utf8)
    }

    private static func forEachLine(of path: String, _ body: ([UInt8]) -> Void) throws {
        guard let file = FileHandle(forReadingAtPath: path) else { throw Failure(description: "\(path) cannot be read") }
        defer { try? file.close() }
        var line: [UInt8] = []
        var isTooLong = false
        func end() {
            if line.last == 0x0D { line.removeLast() }
            if !line.isEmpty, !isTooLong { body(line) }
            line.removeAll(keepingCapacity: true)
            isTooLong = false
        }
        while true {
            let piece: Data
            do {
                guard let read = try file.read(upToCount: 1 << 20), !read.isEmpty else { break }
                piece = read
            } catch {
                throw Failure(description: "\(path) cannot be read")
            }
            for byte in piece {
                if byte == 0x0A {
                    end()
                } else if line.count <= maximumLineLength {
                    line.append(byte)
                } else {
                    isTooLong = true
                }
            }
        }
        end()
    }
}
