import Foundation
import Kernel

/// Terms as the JSON document that a version keeps. Whole numbers only: rates in millionths of a percent, amounts in thousandths.
enum TermsText {
    static func write(_ terms: ProductTerms) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(terms), as: UTF8.self)
    }

    /// The empty document is a version from before there were terms.
    static func read(_ text: String) throws -> ProductTerms {
        text == "{}" ? ProductTerms() : try JSONDecoder().decode(ProductTerms.self, from: Data(text.utf8))
    }
}
