import Crypto
import Foundation
import Safeguards
import Testing

/// Lists of leaked passwords from files.
@Suite struct BreachFilterTests {
    private func filter(_ text: String) throws -> BreachFilter {
        let path = NSTemporaryDirectory() + "wekeza-breached-\(UInt64.random(in: 0...UInt64.max))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return try BreachFilter(path: path)
    }

    private func sha1(_ text: String) -> String {
        Insecure.SHA1.hash(data: Data(text.utf8)).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return byte < 16 ? "0" + digits : digits
        }.joined()
    }

    @Test func passwordsAndHashesAreRecognised() throws {
        let hashes = "\(sha1("tr0ub4dor&3"))\n\(sha1("Zanzibar nights").lowercased()):1234\n"
        let filter = try filter("Hunter of Shadows\r\n\n\(hashes)ñandú Überfall\nlast line")
        #expect(filter.count == 5)
        for password in [
            "Hunter of Shadows", "hunter of shadows", "HUNTER OF SHADOWS", "tr0ub4dor&3", "Zanzibar nights", "ÑANDÚ ÜBERFALL", "last line",
        ] { #expect(filter.contains(password), "\(password)") }
        // A hash says nothing about other spellings; a cut or a longer one is another password.
        for password in ["zanzibar nights", "hunter of shadow", "last line ", "", "1234"] {
            #expect(!filter.contains(password), "\(password)")
        }
        let list = BreachedPasswords(corpus: filter)
        #expect(list.contains("Last Line") && list.contains("password1") && !list.contains("correct horse battery"))
    }

    /// None that is listed is missed, and next to none that is not is taken for one.
    @Test func manyEntries() throws {
        let listed = (0..<200_000).map { "listed number \($0)" }
        let filter = try filter(listed.joined(separator: "\n") + "\n" + String(repeating: "x", count: 3_000_000) + "\n")
        #expect(filter.count == 200_000)
        #expect(listed.allSatisfy { filter.contains($0) })
        let falseAlarms = (0..<200_000).filter { filter.contains("another number \($0)") }.count
        #expect(falseAlarms < 20)
    }

    @Test func nothingThatCannotBeReadIsUsed() throws {
        #expect(throws: BreachFilter.Failure(description: "/no/such/file cannot be read")) { try BreachFilter(path: "/no/such/file") }
        #expect(throws: BreachFilter.Failure.self) { try BreachFilter(path: "/tmp") }
        let empty = try filter("")
        #expect(empty.count == 0 && !empty.contains("") && !empty.contains("anything"))
    }
}
