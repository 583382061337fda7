import Application
import Crypto
import Kernel

/// What the audit chain says about the rows of a batch that are in no chain of their own: used keys and steps of holds. Whoever edits,
/// adds or removes one of them contradicts an audit record that cannot be changed.
///
/// Keys are summed by batch, so that a transfer costs one short digest and no text; steps of holds are rare and stand there one by one.
enum BatchSeal {
    static let name = "sealed"

    /// The detail for one audit record of the batch; nil when there is nothing to vouch for.
    static func text(
        keys: [(key: IdempotencyKey, receipt: StoredReceipt)], holdChanges: [PostingBook.HoldChange], at now: Timestamp
    ) -> String? {
        var parts: [String] = []
        if !keys.isEmpty {
            var sum: UInt128 = 0
            for (key, receipt) in keys {
                sum &+= digest(
                    key: key.digest, body: key.bodyDigest, status: 201, effect: receipt.effect, receipt: receipt.bytes, location: nil,
                    at: now)
            }
            parts.append("keys=\(now.microseconds):\(String(sum, radix: 16))")
        }
        if !holdChanges.isEmpty {
            let steps = holdChanges.map { change in
                let digest = digest(of: change.id, change.state, endedAt: change.state.status == .active ? nil : now)
                return "\(Identifier<Hold>(bits: change.id)):\(String(digest, radix: 16))"
            }
            parts.append("holds=\(steps.joined(separator: ","))")
        }
        return parts.isEmpty ? nil : parts.joined(separator: " ")
    }

    static func digest(
        key: UInt128, body: UInt128, status: Int16, effect: UInt128, receipt: [UInt8]?, location: String?, at instant: Timestamp
    ) -> UInt128 {
        var bytes = Bytes()
        bytes.add(key)
        bytes.add(body)
        bytes.add(UInt128(UInt16(bitPattern: status)))
        bytes.add(effect)
        bytes.add(receipt)
        bytes.add(location.map { Array($0.utf8) })
        bytes.add(UInt128(UInt64(bitPattern: instant.microseconds)))
        return bytes.digest
    }

    static func digest(of step: UInt128, _ hold: HoldState, endedAt: Timestamp?) -> UInt128 {
        var bytes = Bytes()
        for value in [step, hold.id.bits, hold.account.bits] { bytes.add(value) }
        for value in [hold.amount, hold.capturedAmount, hold.originalAmount, Int64(hold.status.rawValue), hold.placedAt.microseconds] {
            bytes.add(UInt128(UInt64(bitPattern: value)))
        }
        for instant in [hold.expiresAt, endedAt] { bytes.add(instant.map { Array(String($0.microseconds).utf8) }) }
        for text in [hold.currency.code, hold.reason] { bytes.add(Array(text.utf8)) }
        return bytes.digest
    }

    /// Values one after the other, those of different length with their length.
    private struct Bytes {
        private var bytes: [UInt8] = []

        init() { bytes.reserveCapacity(160) }

        mutating func add(_ value: UInt128) {
            withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
        }

        mutating func add(_ value: [UInt8]?) {
            add(UInt128(value.map { $0.count + 1 } ?? 0))
            bytes.append(contentsOf: value ?? [])
        }

        var digest: UInt128 { SHA256.hash(data: bytes).prefix(16).reduce(0) { $0 << 8 | UInt128($1) } }
    }
}

/// What the seals of all audit records vouch for.
struct SealedRows {
    /// Keys that were stored before the first seal are older than sealing.
    private(set) var firstKeys: Timestamp?
    private(set) var keySum: UInt128 = 0
    private(set) var holdSteps: [UInt128: UInt128] = [:]
    private(set) var firstHoldStep: UInt128 = .max

    static let beginning = "{\"\(BatchSeal.name)\":\""

    /// Reads the detail of an audit record, when it begins with a seal.
    mutating func read(_ detail: String) {
        guard let seal = Self.seal(in: detail) else { return }
        if let keys = seal.keys {
            keySum &+= keys.sum
            firstKeys = min(firstKeys ?? keys.at, keys.at)
        }
        for (step, digest) in seal.holds {
            holdSteps[step] = digest
            firstHoldStep = min(firstHoldStep, step)
        }
    }

    static func seal(in detail: String) -> (keys: (at: Timestamp, sum: UInt128)?, holds: [(step: UInt128, digest: UInt128)])? {
        guard detail.utf8.starts(with: beginning.utf8) else { return nil }
        var keys: (Timestamp, UInt128)?
        var holds: [(UInt128, UInt128)] = []
        for part in detail.dropFirst(beginning.count).prefix(while: { $0 != "\"" }).split(separator: " ") {
            if part.hasPrefix("keys=") {
                let pair = part.dropFirst(5).split(separator: ":")
                guard pair.count == 2, let at = Int64(pair[0]), let sum = UInt128(pair[1], radix: 16) else { continue }
                keys = (Timestamp(microseconds: at), sum)
            } else if part.hasPrefix("holds=") {
                for step in part.dropFirst(6).split(separator: ",") {
                    let pair = step.split(separator: ":")
                    guard pair.count == 2, let id = Identifier<Hold>(pair[0]), let digest = UInt128(pair[1], radix: 16) else { continue }
                    holds.append((id.bits, digest))
                }
            }
        }
        return (keys, holds)
    }
}
