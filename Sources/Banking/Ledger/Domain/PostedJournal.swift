import Kernel

/// A journal as it stands in the books. Everything a reply shows is derived from it, so that a replay says the same as the first answer.
public struct PostedJournal: Sendable, Equatable {
    public struct Line: Sendable, Equatable {
        public let lineNumber: Int16
        public let ordinal: UInt8
        public let type: TransactionType
        public let account: Identifier<Account>?
        public let glCode: GLCode
        public let currency: Currency
        public let amount: Int64
        /// The account's booked balance after this line; nil on lines of the general ledger alone.
        public let balanceAfter: Int64?

        public init(
            lineNumber: Int16, ordinal: UInt8, type: TransactionType, account: Identifier<Account>?, glCode: GLCode, currency: Currency,
            amount: Int64, balanceAfter: Int64?
        ) {
            self.lineNumber = lineNumber
            self.ordinal = ordinal
            self.type = type
            self.account = account
            self.glCode = glCode
            self.currency = currency
            self.amount = amount
            self.balanceAfter = balanceAfter
        }
    }

    public let id: Identifier<Journal>
    public let kind: JournalKind
    public let type: TransactionType
    public let referencePrefix: String
    public let businessDate: BusinessDate
    public let valueDate: BusinessDate
    public let sourceType: String
    public let sourceID: UInt128?
    public let channel: Channel
    public let initiatedBy: Identifier<User>?
    public let narration: String?
    public let beneficiaryName: String?
    public let clientTransactionID: Identifier<TransactionRecord>?
    public let reversalOf: Identifier<Journal>?
    public let lines: [Line]
    public let lane: Int16
    public let position: Int64
    public var hash: [UInt8]

    public init(
        id: Identifier<Journal>, kind: JournalKind, type: TransactionType, referencePrefix: String, businessDate: BusinessDate,
        valueDate: BusinessDate, sourceType: String, sourceID: UInt128?, channel: Channel, initiatedBy: Identifier<User>?,
        narration: String?, beneficiaryName: String?, clientTransactionID: Identifier<TransactionRecord>?,
        reversalOf: Identifier<Journal>?, lines: [Line], lane: Int16, position: Int64, hash: [UInt8]
    ) {
        self.id = id
        self.kind = kind
        self.type = type
        self.referencePrefix = referencePrefix
        self.businessDate = businessDate
        self.valueDate = valueDate
        self.sourceType = sourceType
        self.sourceID = sourceID
        self.channel = channel
        self.initiatedBy = initiatedBy
        self.narration = narration
        self.beneficiaryName = beneficiaryName
        self.clientTransactionID = clientTransactionID
        self.reversalOf = reversalOf
        self.lines = lines
        self.lane = lane
        self.position = position
        self.hash = hash
    }

    /// When it was posted: the millisecond in its identifier.
    public var postedAt: Timestamp { id.mintedAt }
    public var reference: String { JournalReference.text(prefix: referencePrefix, journal: id) }
    /// The main transaction: the caller's own identifier when one was given.
    public var transactionID: Identifier<TransactionRecord> { transactionID(ordinal: 1) }

    /// The identifier of one customer-visible transaction of this journal.
    public func transactionID(ordinal: UInt8) -> Identifier<TransactionRecord> {
        if ordinal == 1, let clientTransactionID { return clientTransactionID }
        return Identifier(bits: id.bits | UInt128(ordinal))
    }

    /// Sum of the lines of one type on customer accounts, as a positive amount: what the fee or the excise came to.
    public func charged(_ type: TransactionType) -> Int64 {
        lines.reduce(0) { $0 + ($1.type == type && $1.account != nil ? -$1.amount : 0) }
    }
}

/// References are 3 capitals and 20 characters of Crockford's base 32: 60 bits of time and count, the lane, and 34 random bits of the
/// journal's identifier. They are unique because identifiers of a lane only grow, and no one can count from one to the next.
public enum JournalReference {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    public static func text(prefix: String, journal: Identifier<Journal>) -> String {
        var value = code(of: journal.bits)
        var characters = [UInt8](repeating: 0, count: 20)
        for position in stride(from: 19, through: 0, by: -1) {
            characters[position] = alphabet[Int(value & 31)]
            value >>= 5
        }
        return prefix + String(decoding: characters, as: UTF8.self)
    }

    /// The only range of identifiers that can have this reference; nil when the text is no reference.
    public static func journals(for reference: String) -> ClosedRange<UInt128>? {
        let bytes = Array(reference.utf8)
        guard bytes.count == 23 else { return nil }
        var value: UInt128 = 0
        for byte in bytes[3...] {
            guard let digit = alphabet.firstIndex(of: byte) else { return nil }
            value = value << 5 | UInt128(digit)
        }
        let millisecond = value >> 52
        let ordinal = (value >> 40) & 0xFFF
        let laneAndRandom = value & 0xFF_FFFF_FFFF
        let low = millisecond << 80 | 0x7 << 76 | ordinal << 64 | 0x2 << 62 | laneAndRandom << 22
        return low...(low | 0x3F_FFFF)
    }

    /// 48 bits of time, 12 of count, 6 of lane, 34 of randomness.
    private static func code(of bits: UInt128) -> UInt128 {
        let millisecond = bits >> 80
        let ordinal = (bits >> 64) & 0xFFF
        let laneAndRandom = (bits >> 22) & 0xFF_FFFF_FFFF
        return millisecond << 52 | ordinal << 40 | laneAndRandom
    }
}
