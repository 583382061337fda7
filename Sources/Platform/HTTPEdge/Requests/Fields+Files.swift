/// A body that brings files: multipart/form-data instead of JSON. Its plain fields are read like those of a query string.
///
/// ```swift
/// struct PictureUpload: FormBody {
///     let file: UploadedFile
///     init(from fields: inout Fields) { file = fields.file("file") }
/// }
/// ```
public protocol FormBody: RequestBody {
    /// How many files the form may bring; each may have 10 MiB.
    static var maximumFileCount: Int { get }
}

extension FormBody {
    public static var maximumFileCount: Int { 1 }

    static var maximumBodyBytes: Int { maximumFileCount * UploadedFile.maximumBytes + 65_536 }
}

/// A file as somebody sent it. Nothing about it is to be believed: neither its name nor its declared type.
public struct UploadedFile: Sendable {
    /// Contract, 1.1.
    public static let maximumBytes = 10 * 1_048_576

    /// The last component of what was sent, without control characters; never a path.
    public let fileName: String
    public let declaredType: String?
    public let bytes: [UInt8]

    public init(fileName: String, declaredType: String?, bytes: [UInt8]) {
        self.fileName = Self.harmless(fileName)
        self.declaredType = declaredType
        self.bytes = bytes
    }

    /// What a file may be called here: no folders, no control characters, no leading dots, at most 120 characters.
    static func harmless(_ name: String) -> String {
        let last = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
        var scalars = String.UnicodeScalarView()
        for scalar in last.unicodeScalars {
            // Categories Cc, Cf (among them what turns the direction of writing), Zl, Zp and a few that file systems mind.
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: continue
            default: scalars.append("<>:\"|?*".unicodeScalars.contains(scalar) ? "_" : scalar)
            }
        }
        let text = TextRules.trimmed(String(String(scalars).drop { $0 == "." || $0 == " " }))
        return text.isEmpty ? "document" : String(text.prefix(120))
    }
}

extension Fields {
    /// A file of a form. Its content is the handler's business.
    public mutating func file(_ name: String) -> UploadedFile {
        optionalFile(name, isRequired: true) ?? UploadedFile(fileName: "", declaredType: nil, bytes: [])
    }

    public mutating func optionalFile(_ name: String) -> UploadedFile? { optionalFile(name, isRequired: false) }

    private mutating func optionalFile(_ name: String, isRequired: Bool) -> UploadedFile? {
        record(name, Schema(type: "string", format: "binary"), isRequired: isRequired)
        guard case .form(let form) = source else { return nil }
        let parts = form.parts.filter { $0.name == name }
        // Browsers send an empty part without a name for a file that was not chosen.
        guard let part = parts.first, part.fileName != "" || !part.bytes.isEmpty else {
            if isRequired { fail(name, "required", "This file is required") }
            return nil
        }
        if parts.count > 1 { fail(name, "duplicate", "This file was sent more than once") }
        guard let fileName = part.fileName else {
            fail(name, "wrong_type", "This must be a file")
            return nil
        }
        return UploadedFile(fileName: fileName, declaredType: part.contentType, bytes: Array(part.bytes))
    }
}
