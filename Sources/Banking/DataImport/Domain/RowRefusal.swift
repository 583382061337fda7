import Kernel

/// A row that was not taken over, and why. Every refused row has one; nothing is passed over in silence.
public struct RowRefusal: Error, Sendable, Equatable {
    public let file: CzechBankFile
    /// Line in the file, the header being 1.
    public let row: Int
    /// The other bank's number of the thing, when it could be read.
    public let externalID: Int64?
    /// A code of the contract, or a field code when one field is to blame.
    public let code: String
    public let reason: String

    public init(file: CzechBankFile, row: Int, externalID: Int64? = nil, code: String, reason: String) {
        self.file = file
        self.row = row
        self.externalID = externalID
        self.code = code
        self.reason = reason
    }

    public init(file: CzechBankFile, row: Int, externalID: Int64? = nil, _ refusal: Refusal) {
        if refusal.code == "validation_failed", let field = refusal.fields.first {
            self.init(file: file, row: row, externalID: externalID, code: field.code, reason: "\(field.field): \(field.message)")
        } else {
            self.init(file: file, row: row, externalID: externalID, code: refusal.code, reason: refusal.detail)
        }
    }
}

extension CzechBankRow {
    func refused(_ code: String, _ reason: String) -> RowRefusal {
        RowRefusal(file: Self.file, row: row, externalID: externalID, code: code, reason: reason)
    }

    func refused(_ refusal: Refusal) -> RowRefusal {
        RowRefusal(file: Self.file, row: row, externalID: externalID, refusal)
    }
}

/// A file taken apart: rows that can be used, in the file's order, and rows that cannot.
struct ParsedFile<Row: CzechBankRow>: Sendable {
    private(set) var rows: [Row] = []
    private(set) var refusals: [RowRefusal] = []

    var rowsRead: Int { rows.count + refusals.count }

    /// - Throws: `ImportFailure.wrongHeader`, `ImportFailure.empty`
    init(_ bytes: [UInt8]) throws(ImportFailure) {
        let file = Row.file
        var reader = CSVReader(bytes)
        guard let first = reader.next() else { throw .empty(file) }
        guard case .fields(_, let names) = first, names == file.columns else { throw .wrongHeader(file) }
        var rowOfID: [Int64: Int] = [:]
        while let line = reader.next() {
            do throws(RowRefusal) {
                let row = try Self.row(line)
                if let earlier = rowOfID[row.externalID] {
                    throw row.refused("duplicate", "\(file.columns[0]) \(row.externalID) stands in row \(earlier) already")
                }
                rowOfID[row.externalID] = row.row
                rows.append(row)
            } catch {
                refusals.append(error)
            }
        }
    }

    private static func row(_ line: CSVLine) throws(RowRefusal) -> Row {
        let file = Row.file
        switch line {
        case .malformed(let row, let reason): throw RowRefusal(file: file, row: row, code: "invalid_format", reason: reason)
        case .fields(let row, let fields):
            guard fields.count == file.columns.count else {
                throw RowRefusal(
                    file: file, row: row, code: "invalid_format",
                    reason: "the row has \(fields.count) fields, \(file.columns.count) are expected")
            }
            do throws(Refusal) {
                return try Row(row: row, fields: fields)
            } catch {
                throw RowRefusal(file: file, row: row, externalID: try? FieldText.number(fields[0], file.columns[0]), error)
            }
        }
    }
}

/// Why an import does not begin or does not end: one clear line each.
public enum ImportFailure: Error, Sendable, Equatable, CustomStringConvertible {
    case noFolder(String)
    case noFile(CzechBankFile, folder: String)
    case unreadable(CzechBankFile, reason: String)
    case empty(CzechBankFile)
    case wrongHeader(CzechBankFile)
    /// What every account would be refused for.
    case productNotUsable(String, reason: String)
    case interrupted(done: Int, of: Int)
    case databaseAway(done: Int, of: Int)

    public var description: String {
        switch self {
        case .noFolder(let path): "there is no folder \(path)"
        case .noFile(let file, let folder): "\(file.fileName) is missing in \(folder)"
        case .unreadable(let file, let reason): "\(file.fileName) cannot be read: \(reason)"
        case .empty(let file): "\(file.fileName) is empty; its first line must be \(file.columns.joined(separator: ";"))"
        case .wrongHeader(let file): "\(file.fileName): the first line must be \(file.columns.joined(separator: ";"))"
        case .productNotUsable(let code, let reason): "accounts cannot be opened with the product \(code): \(reason)"
        case .interrupted(let done, let total):
            "interrupted after \(done) of \(total) transactions; run it again to go on, nothing is posted twice"
        case .databaseAway(let done, let total):
            "the database does not answer; \(done) of \(total) transactions are done; run it again to go on, nothing is posted twice"
        }
    }
}
