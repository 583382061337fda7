import Kernel

/// Reads OFAC's list of Specially Designated Nationals (`sdn.csv`): no heading, twelve fields, `-0-` for nothing.
enum OFACList {
    static func read(_ bytes: [UInt8]) throws(CommaSeparated.Failure) -> WatchlistFile {
        var entries: [WatchlistEntry] = []
        var problems: [String] = []
        var seen: Set<String> = []
        for (number, row) in try CommaSeparated.rows(bytes).enumerated() {
            // The publisher ends the file with a lone end-of-file sign.
            if row.count == 1, row[0].utf8.allSatisfy({ $0 == 0x1A || $0 == 0x20 }) { continue }
            guard row.count >= 12, let id = value(row[0]), Int(id) != nil, let name = value(row[1]) else {
                problems.append("Row \(number + 1) has \(row.count) fields or no name and was left out")
                continue
            }
            guard seen.insert(id).inserted else {
                problems.append("Row \(number + 1) repeats entry \(id) and was left out")
                continue
            }
            entries.append(entry(id: id, name: name, type: value(row[2]), programme: value(row[3]), remarks: value(row[11]) ?? ""))
        }
        return WatchlistFile(code: .ofac, version: nil, publishedAt: nil, entries: entries, problems: problems)
    }

    private static func value(_ text: String) -> String? {
        let trimmed = text.trimmingSpaces()
        return trimmed.isEmpty || trimmed == "-0-" ? nil : trimmed
    }

    private static func entry(id: String, name: String, type: String?, programme: String?, remarks: String) -> WatchlistEntry {
        let kind: ListedKind =
            switch type {
            case "individual": .individual
            case "vessel": .vessel
            case "aircraft": .aircraft
            default: .entity
            }
        var names = [ListedName(name)]
        var births: [ListedBirth] = []
        var nationalities: [String] = []
        var documents: [String] = []
        for remark in remarks.split(separator: ";").map({ String($0).trimmingSpaces() }) {
            let plain = remark.hasPrefix("alt. ") ? String(remark.dropFirst(5)) : remark
            if let alias = quoted(plain, after: "a.k.a. ") {
                // Nicknames in quotes, which the publisher itself calls weak.
                names.append(ListedName(alias, isAlias: true, isWeak: true))
            } else if plain.hasPrefix("DOB ") {
                if let birth = birth(String(plain.dropFirst(4))) { births.append(birth) }
            } else if plain.hasPrefix("nationality ") || plain.hasPrefix("citizen ") {
                nationalities.append(String(plain.split(separator: " ", maxSplits: 1)[1]).trimmingDots())
            } else if let number = documentNumber(plain) {
                documents.append(number)
            }
        }
        return WatchlistEntry(
            id: id, kind: kind, names: names, births: births, nationalities: nationalities, documentNumbers: documents,
            programme: programme?.replacingBrackets())
    }

    private static func quoted(_ text: String, after prefix: String) -> String? {
        guard text.hasPrefix(prefix) else { return nil }
        let alias = text.dropFirst(prefix.count).trimmingPrefix("'")
        let end = alias.lastIndex(of: "'") ?? alias.endIndex
        let name = String(alias[..<end]).trimmingSpaces()
        return name.isEmpty ? nil : name
    }

    /// `Passport J287011 (Colombia)`, `Cedula No. 16247821`, `National ID No. 781005202108 (Russia)`.
    private static func documentNumber(_ text: String) -> String? {
        let kinds = [
            "Passport ", "National ID No. ", "Cedula No. ", "Identification Number ", "National Foreign ID Number ", "Tax ID No. ",
        ]
        guard let kind = kinds.first(where: { text.hasPrefix($0) }) else { return nil }
        let number = DocumentNumber.normal(String(text.dropFirst(kind.count).prefix { $0 != "(" && $0 != ";" }).trimmingDots())
        return number.count >= 4 ? number : nil
    }

    /// `09 Feb 1951`, `1951`, `circa 1951`, `Feb 1951`, `1951 to 1955`.
    static func birth(_ text: String) -> ListedBirth? {
        var words = text.trimmingDots().split(separator: " ").map(String.init)
        var tolerance = 0
        if words.first == "circa" {
            tolerance = 2
            words.removeFirst()
        }
        if let position = words.firstIndex(of: "to"), let from = year(words[..<position]), let to = year(words[(position + 1)...]),
            from <= to
        {
            return ListedBirth(years: from...to, tolerance: tolerance)
        }
        if words.count == 3, tolerance == 0, let day = Int(words[0]), let month = months.firstIndex(of: words[1].lowercased()),
            let year = Int(words[2]), let date = BusinessDate(year: year, month: month + 1, day: day)
        {
            return ListedBirth(date: date)
        }
        return year(words[...]).map { ListedBirth(years: $0...$0, tolerance: tolerance) }
    }

    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    private static func year(_ words: ArraySlice<String>) -> Int? {
        words.last.flatMap { Int($0) }.flatMap { (1_800...2_100).contains($0) ? $0 : nil }
    }
}

/// The bank's own lists and lists of politically exposed persons: a heading and the columns id, name, kind, aliases (set apart by `|`),
/// dateOfBirth, nationality, documentNumber, programme; only id and name are needed.
enum OwnList {
    static func read(_ bytes: [UInt8], code: WatchlistCode) throws(CommaSeparated.Failure) -> WatchlistFile {
        let rows = try CommaSeparated.rows(bytes)
        guard let heading = rows.first?.map({ $0.trimmingSpaces().lowercased() }), let idColumn = heading.firstIndex(of: "id"),
            let nameColumn = heading.firstIndex(of: "name")
        else { throw CommaSeparated.Failure(description: "The first row must name the columns id and name") }
        var entries: [WatchlistEntry] = []
        var problems: [String] = []
        var seen: Set<String> = []
        for (number, row) in rows.dropFirst().enumerated() {
            func column(_ name: String) -> String? {
                guard let position = heading.firstIndex(of: name), position < row.count else { return nil }
                let text = row[position].trimmingSpaces()
                return text.isEmpty ? nil : text
            }
            if row.count == 1, row[0].trimmingSpaces().isEmpty { continue }
            guard row.count > max(idColumn, nameColumn), let id = column("id"), let name = column("name"), seen.insert(id).inserted else {
                problems.append("Row \(number + 2) has no id or no name of its own and was left out")
                continue
            }
            let aliases = (column("aliases") ?? "").split(separator: "|").map { String($0).trimmingSpaces() }.filter { !$0.isEmpty }
            let birth = column("dateofbirth").flatMap { BusinessDate(iso: $0).map { ListedBirth(date: $0) } ?? OFACList.birth($0) }
            entries.append(
                WatchlistEntry(
                    id: id, kind: column("kind").flatMap { ListedKind(rawValue: $0.lowercased()) } ?? .individual,
                    names: [ListedName(name)] + aliases.map { ListedName($0, isAlias: true) }, births: birth.map { [$0] } ?? [],
                    nationalities: column("nationality").map { [$0] } ?? [],
                    documentNumbers: column("documentnumber").map { [DocumentNumber.normal($0)] } ?? [], programme: column("programme")))
        }
        return WatchlistFile(code: code, version: nil, publishedAt: nil, entries: entries, problems: problems)
    }
}

/// Rows of comma separated values (RFC 4180), quotes doubled inside quoted fields, any line break.
enum CommaSeparated {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static let maximumRows = 500_000

    static func rows(_ bytes: [UInt8]) throws(Failure) -> [[String]] {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw Failure(description: "The file is not UTF-8 text") }
        var rows: [[String]] = []
        var row: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var wasQuoted = false
        var index = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        func finish() {
            row.append(String(decoding: field, as: UTF8.self))
            field.removeAll(keepingCapacity: true)
            wasQuoted = false
        }
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if isQuoted {
                if byte != UInt8(ascii: "\"") {
                    field.append(byte)
                } else if index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
                    field.append(byte)
                    index += 1
                } else {
                    isQuoted = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\"") where !wasQuoted && field.allSatisfy({ $0 == 0x20 }):
                isQuoted = true
                wasQuoted = true
                field.removeAll(keepingCapacity: true)
            case UInt8(ascii: ","): finish()
            case UInt8(ascii: "\r"): break
            case UInt8(ascii: "\n"):
                finish()
                rows.append(row)
                row = []
                guard rows.count <= maximumRows else { throw Failure(description: "The file has more than \(maximumRows) rows") }
            default: field.append(byte)
            }
        }
        if isQuoted { throw Failure(description: "A quotation does not end") }
        if !field.isEmpty || !row.isEmpty {
            finish()
            rows.append(row)
        }
        return rows
    }
}

extension String {
    func trimmingSpaces() -> String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text = text.dropFirst() }
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return String(text)
    }

    fileprivate func trimmingDots() -> String {
        var text = trimmingSpaces()[...]
        while text.last == "." { text = text.dropLast() }
        return String(text)
    }

    /// Several programmes are written `SDGT] [SDT`.
    fileprivate func replacingBrackets() -> String {
        split(whereSeparator: { $0 == "[" || $0 == "]" || $0 == " " }).joined(separator: ", ")
    }
}
