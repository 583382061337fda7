import Foundation

/// The folder on disk.
struct CzechBankFolder {
    let clients: ParsedFile<ClientRow>
    let accounts: ParsedFile<AccountRow>
    let dispositions: ParsedFile<DispositionRow>
    let transactions: ParsedFile<TransactionRow>

    /// Reads all four files before anything is done, so that a missing one costs nothing.
    init(path: String) throws(ImportFailure) {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw .noFolder(path)
        }
        for file in CzechBankFile.allCases where !FileManager.default.fileExists(atPath: "\(path)/\(file.fileName)") {
            throw .noFile(file, folder: path)
        }
        clients = try ParsedFile(Self.bytes(of: .clients, in: path))
        accounts = try ParsedFile(Self.bytes(of: .accounts, in: path))
        dispositions = try ParsedFile(Self.bytes(of: .dispositions, in: path))
        transactions = try ParsedFile(Self.bytes(of: .transactions, in: path))
    }

    private static func bytes(of file: CzechBankFile, in folder: String) throws(ImportFailure) -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(file.fileName)")))
        } catch {
            throw .unreadable(file, reason: (error as NSError).localizedFailureReason ?? "no right to read it")
        }
    }
}
