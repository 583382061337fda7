import HTTPEdge
import Kernel

extension ObjectWriter {
    /// A score as a JSON number between 0 and 1 with at most four decimals.
    mutating func score(_ name: String, tenThousandths value: Int32) {
        number(name, decimal: ScoreText.text(value))
    }
}

enum ScoreText {
    static func text(_ tenThousandths: Int32) -> String {
        let value = max(0, min(10_000, tenThousandths))
        if value == 10_000 { return "1" }
        if value == 0 { return "0" }
        var digits = String(value)
        digits = String(repeating: "0", count: 4 - digits.utf8.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "0." + digits
    }
}

struct CompareRequest: RequestBody {
    static let schemaName = "NameCompareRequest"
    let comparison: NameComparison

    init(from fields: inout Fields) {
        comparison = NameComparison(
            query: fields.text("query", 1...300), candidate: fields.text("candidate", 1...300),
            algorithm: fields.optionalChoice("algorithm", ComparisonAlgorithm.self) ?? .bestPairs,
            normalises: fields.optionalBoolean("normalise") ?? true)
    }
}

struct CompareView: Representation {
    static let schemaName = "NameComparison"
    let comparison: NameComparison
    static let example = CompareView(comparison: NameComparison(query: "John Smith", candidate: "Smythe, John"))

    func write(to object: inout ObjectWriter) {
        object.score("score", tenThousandths: HitStore.tenThousandths(comparison.score))
        object.choice("algorithm", comparison.algorithm)
        object.text("normalisedQuery", comparison.query)
        object.text("normalisedCandidate", comparison.candidate)
    }
}

struct ScreeningRequest: RequestBody {
    let order: ScreeningOrder
    let lists: Set<WatchlistCode>?

    init(from fields: inout Fields) {
        let cifNumber = fields.optionalFormatted("cifNumber", .cifNumber)
        let name = fields.optionalText("name", 2...300)
        fields.requireOne(of: "cifNumber", "name")
        let birth = fields.optionalDate("dateOfBirth")
        let nationality = fields.optionalFormatted("nationality", .country)
        let document = fields.optionalText("documentNumber", 0...50)
        let chosen = fields.choices("lists", WatchlistCode.self, count: 0...4)
        lists = chosen.isEmpty ? nil : Set(chosen)
        if let cifNumber {
            order = .customer(cifNumber: cifNumber)
        } else {
            order = .name(
                ScreeningQuery(
                    name: name ?? "", dateOfBirth: birth, nationality: nationality.flatMap { ScreeningService.countryName($0) },
                    documentNumbers: document.map { [$0] } ?? []))
        }
    }
}

struct ScreeningView: Representation {
    static let schemaName = "Screening"
    let result: ScreeningResult
    static let example = ScreeningView(
        result: ScreeningResult(
            id: Identifier(bits: 1), screenedAt: Timestamp(microseconds: 1_767_592_800_000_000), query: "John Smith",
            lists: [ListVersionView.example.list], decision: .review, thresholds: .standard,
            matches: [
                ScreeningResult.Match(
                    hitID: Identifier(bits: 2),
                    match: ScreeningMatch(
                        list: .un,
                        entry: WatchlistEntry(id: "6907993", kind: .individual, names: [ListedName("John Smythe")], programme: "DRC"),
                        matchedName: ListedName("Jon Smyth", isAlias: true), nameScore: 0.89, score: 0.89, reasons: [.alias]),
                    status: .open)
            ]))

    func write(to object: inout ObjectWriter) {
        object.identifier("screeningId", result.id)
        object.timestamp("screenedAt", result.screenedAt)
        object.array("listVersions", result.lists.map { ListVersionNameView(list: $0) })
        object.text("query", result.query)
        object.choice("decision", result.decision)
        object.object("thresholds", ThresholdsView(thresholds: result.thresholds))
        object.array("matches", result.matches.map { MatchView(match: $0) })
    }
}

struct ListVersionNameView: Representation {
    static let schemaName = "ScreeningListVersion"
    let list: ListVersion
    static let example = ListVersionNameView(list: ListVersionView.example.list)

    func write(to object: inout ObjectWriter) {
        object.choice("listCode", list.code)
        object.text("version", list.version)
    }
}

struct ThresholdsView: Representation {
    static let schemaName = "ScreeningThresholds"
    let thresholds: ScreeningThresholds
    static let example = ThresholdsView(thresholds: .standard)

    func write(to object: inout ObjectWriter) {
        object.score("review", tenThousandths: HitStore.tenThousandths(thresholds.review))
        object.score("block", tenThousandths: HitStore.tenThousandths(thresholds.block))
    }
}

struct MatchView: Representation {
    static let schemaName = "ScreeningMatch"
    let match: ScreeningResult.Match
    static let example = MatchView(match: ScreeningView.example.result.matches[0])

    func write(to object: inout ObjectWriter) {
        let found = match.match
        object.identifier("hitId", match.hitID)
        object.choice("listCode", found.list)
        object.text("entryId", found.entry.id)
        object.text("matchedName", found.entry.names.first?.text ?? "")
        object.optionalText("matchedAlias", found.matchedName.isAlias ? found.matchedName.text : nil)
        object.score("score", tenThousandths: HitStore.tenThousandths(found.score))
        object.score("nameScore", tenThousandths: HitStore.tenThousandths(found.nameScore))
        object.texts("reasons", found.reasons.map(\.rawValue))
        object.optionalText("programme", found.entry.programme)
        object.choice("status", match.status)
    }
}

struct HitView: Representation {
    static let schemaName = "ScreeningHit"
    let hit: HitRecord
    static let example = HitView(
        hit: HitRecord(
            id: Identifier(bits: 1), screeningID: Identifier(bits: 2), subjectKind: .customer, subjectID: 3, query: "John Smith",
            list: .un, entryID: "6907993", listedName: "John Smythe", matchedName: "Jon Smyth", isAlias: true, score: 8_928,
            nameScore: 8_928, reasons: ["alias"], programme: "DRC", decision: .review, status: .open,
            createdAt: Timestamp(microseconds: 1_767_592_800_000_000), reviewedBy: "compliance1",
            reviewedAt: Timestamp(microseconds: 1_767_592_800_000_000), notes: "another person"))

    func write(to object: inout ObjectWriter) {
        object.identifier("hitId", hit.id)
        object.identifier("screeningId", hit.screeningID)
        object.choice("subjectType", hit.subjectKind)
        object.identifier("subjectId", Identifier<Customer>(bits: hit.subjectID))
        object.text("query", hit.query)
        object.choice("listCode", hit.list)
        object.text("entryId", hit.entryID)
        object.text("matchedName", hit.listedName)
        object.optionalText("matchedAlias", hit.isAlias ? hit.matchedName : nil)
        object.score("score", tenThousandths: hit.score)
        object.score("nameScore", tenThousandths: hit.nameScore)
        object.texts("reasons", hit.reasons)
        object.optionalText("programme", hit.programme)
        object.choice("decision", hit.decision)
        object.choice("status", hit.status)
        object.timestamp("createdAt", hit.createdAt)
        object.optionalText("reviewedBy", hit.reviewedBy)
        object.optionalTimestamp("reviewedAt", hit.reviewedAt)
        object.optionalText("notes", hit.notes)
    }
}

struct HitQuery: QueryParameters, Paged {
    let page: PageRequest
    let status: HitStatus?

    init(from fields: inout Fields) {
        page = fields.page()
        status = fields.optionalChoice("status", HitStatus.self)
    }
}

struct HitReviewRequest: RequestBody {
    enum Decision: String, CaseIterable {
        case falsePositive, truePositive, escalate

        var status: HitStatus {
            switch self {
            case .falsePositive: .falsePositive
            case .truePositive: .truePositive
            case .escalate: .escalated
            }
        }
    }

    let decision: HitStatus
    let notes: String

    init(from fields: inout Fields) {
        decision = fields.choice("decision", Decision.self).status
        notes = fields.text("notes", 1...2_000, allowsLineBreaks: true)
    }
}

struct ListVersionView: Representation {
    static let schemaName = "Watchlist"
    let list: ListVersion
    static let example = ListVersionView(
        list: ListVersion(
            code: .un, version: "2026-02-27", publishedAt: Timestamp(microseconds: 1_767_592_800_000_000),
            importedAt: Timestamp(microseconds: 1_767_592_800_000_000), entries: 1_003))

    func write(to object: inout ObjectWriter) {
        object.choice("listCode", list.code)
        object.text("version", list.version)
        object.optionalTimestamp("publishedAt", list.publishedAt)
        object.timestamp("importedAt", list.importedAt)
        object.integer("entries", list.entries)
    }
}

struct WatchlistForm: FormBody {
    let file: UploadedFile

    init(from fields: inout Fields) { file = fields.file("file") }
}

struct WatchlistImportView: Representation {
    static let schemaName = "WatchlistImport"
    let done: WatchlistImport
    static let example = WatchlistImportView(
        done: WatchlistImport(version: "2026-02-27", entries: 1_003, added: 3, changed: 12, removed: 1, problems: ["Row 7 has no name"]))

    func write(to object: inout ObjectWriter) {
        object.text("version", done.version)
        object.integer("added", done.added)
        object.integer("changed", done.changed)
        object.integer("removed", done.removed)
        object.integer("entries", done.entries)
        object.texts("problems", done.problems)
    }
}

struct JobView: Representation {
    static let schemaName = "ScreeningJob"
    let id: Identifier<RescreenJob>
    static let example = JobView(id: Identifier(bits: 1))

    func write(to object: inout ObjectWriter) { object.identifier("jobId", id) }
}
