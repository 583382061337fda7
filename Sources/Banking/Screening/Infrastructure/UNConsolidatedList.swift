import Foundation
import Kernel

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// Reads the consolidated list of the UN Security Council (XML).
enum UNConsolidatedList {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static func read(_ bytes: [UInt8]) throws(Failure) -> WatchlistFile {
        // The list has no document type; whatever has one wants entities expanded.
        if Data(bytes).range(of: Data("<!DOCTYPE".utf8)) != nil || Data(bytes).range(of: Data("<!ENTITY".utf8)) != nil {
            throw Failure(description: "The file declares a document type, which the list never does")
        }
        let reader = Reader()
        let parser = XMLParser(data: Data(bytes))
        parser.shouldResolveExternalEntities = false
        parser.delegate = reader
        // A torn file ends without its root's end, which the parser forgives.
        guard parser.parse(), reader.sawEnd else {
            throw Failure(description: "The file is not the UN's consolidated list (line \(parser.lineNumber))")
        }
        return WatchlistFile(
            code: .un, version: reader.generated.map { String($0.prefix(10)) }, publishedAt: reader.generated.flatMap(Self.timestamp),
            entries: reader.entries, problems: reader.problems)
    }

    /// `2026-02-27T00:00:09.554Z`, with or without zone.
    private static func timestamp(_ text: String) -> Timestamp? {
        Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "Z")
    }

    /// Collects one entry at a time: element names form a path, texts are kept under it.
    private final class Reader: NSObject, XMLParserDelegate {
        var sawEnd = false
        private var sawRoot = false
        var generated: String?
        var entries: [WatchlistEntry] = []
        var problems: [String] = []
        private var path: [String] = []
        private var text = ""
        private var draft: Draft?
        private var group: [String: String] = [:]

        private struct Draft {
            let kind: ListedKind
            var fields: [String: String] = [:]
            var names: [ListedName] = []
            var births: [ListedBirth] = []
            var nationalities: [String] = []
            var documents: [String] = []
        }

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String] = [:]
        ) {
            path.append(name)
            text = ""
            switch name {
            case "CONSOLIDATED_LIST":
                sawRoot = path.count == 1
                generated = attributes["dateGenerated"]
            case "INDIVIDUAL" where draft == nil: draft = Draft(kind: .individual)
            case "ENTITY" where draft == nil: draft = Draft(kind: .entity)
            case "INDIVIDUAL_ALIAS", "ENTITY_ALIAS", "INDIVIDUAL_DATE_OF_BIRTH", "INDIVIDUAL_DOCUMENT": group = [:]
            default: break
            }
            if path.count > 16 { parser.abortParsing() }
        }

        func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

        func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
            let value = text.trimmingCharacters(in: .whitespacesAndNewlines)
            text = ""
            path.removeLast()
            switch (name, path.last ?? "") {
            case ("CONSOLIDATED_LIST", ""): sawEnd = sawRoot
            case ("INDIVIDUAL", _), ("ENTITY", _): finish()
            case ("INDIVIDUAL_ALIAS", _), ("ENTITY_ALIAS", _):
                if let alias = group["ALIAS_NAME"], !alias.isEmpty {
                    // The UN calls some aliases of low quality: they identify nobody by themselves.
                    draft?.names.append(ListedName(alias, isAlias: true, isWeak: group["QUALITY"]?.lowercased() == "low"))
                }
            case ("INDIVIDUAL_DATE_OF_BIRTH", _): if let birth = birth() { draft?.births.append(birth) }
            case ("INDIVIDUAL_DOCUMENT", _):
                if let number = group["NUMBER"].map(DocumentNumber.normal), number.count >= 4 { draft?.documents.append(number) }
            case ("VALUE", "NATIONALITY"): if !value.isEmpty { draft?.nationalities.append(value) }
            case (_, "INDIVIDUAL"), (_, "ENTITY"): draft?.fields[name] = value
            case (_, "INDIVIDUAL_ALIAS"), (_, "ENTITY_ALIAS"), (_, "INDIVIDUAL_DATE_OF_BIRTH"), (_, "INDIVIDUAL_DOCUMENT"):
                group[name] = value
            default: break
            }
        }

        private func birth() -> ListedBirth? {
            if let date = group["DATE"].flatMap({ BusinessDate(iso: String($0.prefix(10))) }) { return ListedBirth(date: date) }
            let isAbout = group["TYPE_OF_DATE"] == "APPROXIMATELY"
            if let year = group["YEAR"].flatMap({ Int($0) }) { return ListedBirth(years: year...year, tolerance: isAbout ? 2 : 0) }
            if let from = group["FROM_YEAR"].flatMap({ Int($0) }), let to = group["TO_YEAR"].flatMap({ Int($0) }), from <= to {
                return ListedBirth(years: from...to)
            }
            return nil
        }

        private func finish() {
            guard let draft else { return }
            self.draft = nil
            let name = ["FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME"].compactMap { draft.fields[$0] }.filter { !$0.isEmpty }
                .joined(separator: " ")
            guard let id = draft.fields["DATAID"], !id.isEmpty, !name.isEmpty else {
                problems.append("Entry \(draft.fields["DATAID"] ?? "without number") has no name and was left out")
                return
            }
            var names = [ListedName(name)]
            if let original = draft.fields["NAME_ORIGINAL_SCRIPT"], !original.isEmpty { names.append(ListedName(original, isAlias: true)) }
            entries.append(
                WatchlistEntry(
                    id: id, kind: draft.kind, names: names + draft.names, births: draft.births, nationalities: draft.nationalities,
                    documentNumbers: draft.documents, programme: draft.fields["UN_LIST_TYPE"]))
        }
    }
}
