import Testing

@testable import DataImport

@Suite struct CSVReaderTests {
    private func lines(_ text: String) -> [CSVLine] { Array(CSVReader(Array(text.utf8))) }

    @Test func readsFieldsWithAndWithoutQuotes() {
        #expect(lines("1;\"a b\";;\"\"\n") == [.fields(row: 1, ["1", "a b", "", ""])])
        #expect(lines("\"say \"\"no\"\"; twice\";x") == [.fields(row: 1, ["say \"no\"; twice", "x"])])
    }

    @Test func toleratesByteOrderMarkCarriageReturnsAndBlankLines() {
        let bytes: [UInt8] = [0xEF, 0xBB, 0xBF] + Array("a;b\r\n\r\n1;2\r\n\n3;4".utf8)
        #expect(Array(CSVReader(bytes)) == [.fields(row: 1, ["a", "b"]), .fields(row: 3, ["1", "2"]), .fields(row: 5, ["3", "4"])])
    }

    @Test func aMalformedLineSpoilsNoOther() {
        let read = lines("1;\"open\n2;fine\n3;a\"b\n4;\"a\"b\n5;fine\n")
        #expect(
            read == [
                .malformed(row: 1, reason: "a quote in field 2 does not end"), .fields(row: 2, ["2", "fine"]),
                .malformed(row: 3, reason: "a quote stands inside field 2"),
                .malformed(row: 4, reason: "text follows the closing quote of field 2"), .fields(row: 5, ["5", "fine"]),
            ])
    }

    @Test func refusesBrokenTextAndEndlessLines() {
        #expect(
            Array(CSVReader([0x31, 0x3B, 0xFF, 0x0A, 0x32])) == [
                .malformed(row: 1, reason: "field 2 is not UTF-8"), .fields(row: 2, ["2"]),
            ])
        let long = String(repeating: "x", count: CSVReader.maximumLineBytes + 1)
        #expect(lines(long + "\n1") == [.malformed(row: 1, reason: "the line is too long"), .fields(row: 2, ["1"])])
    }

    @Test func anEmptyFileHasNoLines() {
        #expect(lines("").isEmpty)
        #expect(lines("\n\r\n").isEmpty)
    }
}
