import Application
import Crypto
import Kernel

/// The keys under which rows are taken over: the same row of the same dataset always has the same.
struct ImportKeys: Sendable {
    static let method = "IMPORT"

    let dataset: String

    var path: String { "czech-bank/\(dataset)" }

    /// The key of a transaction, with the digest of everything its row says.
    func key(_ row: TransactionRow) -> IdempotencyKey {
        IdempotencyKey(actor: 0, method: Self.method, path: path, key: String(row.externalID), bodyDigest: Self.digest(row))
    }

    /// The same as the store keeps for a client's or an account's row.
    func rowDigest(_ row: some CzechBankRow) -> UInt128 {
        IdempotencyKey(actor: 0, method: Self.method, path: path, key: "", bodyDigest: Self.digest(row)).bodyDigest
    }

    func context(key: String, at instant: Timestamp, bodyDigest: [UInt8] = []) -> RequestContext {
        var context = RequestContext.system(.import, at: instant, idempotencyKey: key)
        context.method = Self.method
        context.path = path
        context.bodyDigest = bodyDigest
        return context
    }

    static func digest(_ row: some CzechBankRow) -> [UInt8] { Array(SHA256.hash(data: Array(row.canonicalText.utf8))) }
}
