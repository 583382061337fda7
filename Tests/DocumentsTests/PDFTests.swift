import Documents
import Foundation
import Kernel
import Testing

@Suite struct PDFTests {
    private static let moment = Timestamp(microseconds: 1_772_442_000_000_000)

    /// What `pdftotext` reads in a file, page by page.
    private func text(of bytes: [UInt8]) throws -> [String] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("wekeza-\(UInt64.random(in: 0...UInt64.max)).pdf")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/pdftotext")
        process.arguments = ["-layout", file.path, "-"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self).split(separator: "\u{C}").map(String.init)
    }

    private func document(rows: Int) throws -> [UInt8] {
        let document = try PDFDocument(title: "Test", footer: "Printed for a test", createdAt: Self.moment)
        try document.figure("Amount", "KES 1,500.00")
        try document.pairs([("Name", "Wanjirũ Ñandú Žižek Łódź Ωμέγα Привет 王小明"), ("Empty", ""), ("Emoji", "a\u{1F600}b\u{7}c")])
        try document.table(
            [PDFColumn("Date", share: 1), PDFColumn("Text", share: 3), PDFColumn("Amount", share: 1, alignment: .trailing)],
            rows: (0..<rows).map { ["02/03/2026", "Row \($0) " + String(repeating: "word ", count: $0 % 30), "1,000.00"] })
        try document.totals([("Fee", "1.00"), ("Total", "2.00")])
        try document.verification(code: "7K3M-9Q2X-4T8B", content: "WEKEZA|TEST", explanation: "Ask the bank.")
        return try document.finish()
    }

    @Test func namesOfAnyScriptAreRealText() throws {
        let pages = try text(of: document(rows: 3))
        #expect(pages.count == 1)
        let page = try #require(pages.first)
        for word in [
            "Wekeza Bank", "KES 1,500.00", "Wanjirũ", "Ñandú", "Žižek", "Łódź", "Ωμέγα", "Привет", "7K3M-9Q2X-4T8B", "Page 1 of 1",
        ] {
            #expect(page.contains(word), "\(word) in \(page)")
        }
        #expect(page.contains("a?b c") && !page.contains("Empty"))
    }

    @Test func longTablesRepeatTheirHeadAndCountTheirPages() throws {
        let pages = try text(of: document(rows: 300))
        #expect(pages.count > 5)
        for (index, page) in pages.enumerated() {
            #expect(page.contains("Page \(index + 1) of \(pages.count)"))
            #expect(page.contains("Printed for a test"))
            if index < pages.count - 1 { #expect(page.contains("Amount")) }
        }
        let all = pages.joined()
        for row in 0..<300 { #expect(all.contains("Row \(row) "), "row \(row)") }
    }

    @Test func theSameContentMakesTheSameBytes() throws {
        #expect(try document(rows: 40) == document(rows: 40))
    }

    @Test func documentsAreMadeSideBySide() async throws {
        let expected = try document(rows: 20)
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<8 { group.addTask { try await PDFDocument.make { try PDFTests().document(rows: 20) } } }
            for try await bytes in group { #expect(bytes == expected) }
        }
    }
}

@Suite struct TextTests {
    @Test func amountsAreGrouped() {
        #expect(MoneyText.grouped(Money(minorUnits: 0, currency: .kes)) == "0.00")
        #expect(MoneyText.grouped(Money(minorUnits: -123_456_789, currency: .kes)) == "-1,234,567.89")
        #expect(MoneyText.grouped(Money(minorUnits: 99_999, currency: .kes)) == "999.99")
        #expect(MoneyText.withCode(Money(minorUnits: 100_000, currency: .usd)) == "USD 1,000.00")
    }

    @Test func momentsAreInNairobi() {
        #expect(DateText.moment(Timestamp(microseconds: 1_772_442_000_000_000)) == "2 March 2026, 12:00 EAT")
        #expect(DateText.short(BusinessDate(epochDay: 20_514)) == "02/03/2026")
    }

    @Test func codesHaveTheirFinderPatterns() throws {
        let code = try QRCode("WEKEZA|TRF0G4S8Q2M9K7V3X1B5N6A|1500.00")
        #expect(code.size >= 21)
        for (row, column) in [(0, 0), (0, code.size - 7), (code.size - 7, 0)] {
            #expect(code.isDark(row: row, column: column) && code.isDark(row: row + 6, column: column + 6))
            #expect(!code.isDark(row: row + 1, column: column + 1))
        }
        #expect(code.svg.hasPrefix("<svg "))
        #expect(throws: DocumentFailure.self) { try QRCode("") }
        #expect(throws: DocumentFailure.self) { try QRCode(String(repeating: "x", count: 4_000)) }
    }
}
