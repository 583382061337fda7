/// What a unit did, as it is kept under its key: identifiers of its journals and of the steps of its holds, from which a replay is made.
struct StoredReceipt: Equatable {
    let journals: [UInt128]
    let holdChanges: [UInt128]
    /// Stands for the unit as a whole. A unit that only closed an account has neither journal nor hold.
    let effect: UInt128

    init(journals: [UInt128], holdChanges: [UInt128], closedAccount: UInt128? = nil) {
        self.journals = journals
        self.holdChanges = holdChanges
        effect = journals.first ?? holdChanges.first ?? closedAccount ?? 0
    }

    /// Reads what was stored under a key.
    init(effect: UInt128, bytes: [UInt8]?) {
        self.effect = effect
        guard let bytes, bytes.count >= 2 else {
            journals = [effect]
            holdChanges = []
            return
        }
        let journalCount = Int(bytes[0]) << 8 | Int(bytes[1])
        var identifiers: [UInt128] = []
        for start in stride(from: 2, through: bytes.count - 16, by: 16) {
            identifiers.append(bytes[start..<start + 16].reduce(0) { $0 << 8 | UInt128($1) })
        }
        journals = Array(identifiers.prefix(journalCount))
        holdChanges = Array(identifiers.dropFirst(journalCount))
    }

    /// Number of journals in two bytes, their identifiers, those of the steps of holds. Nil for one journal alone, which is nearly always.
    var bytes: [UInt8]? {
        if journals.count == 1, holdChanges.isEmpty { return nil }
        assert(journals.count <= 0xFFFF, "a unit has far fewer journals than two bytes count")
        var bytes = [UInt8(journals.count >> 8), UInt8(journals.count & 0xFF)]
        for identifier in journals + holdChanges {
            withUnsafeBytes(of: identifier.bigEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }
}
