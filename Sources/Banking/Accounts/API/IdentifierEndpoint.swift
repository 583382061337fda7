import HTTPEdge
import Kernel

/// The calculator of identifiers (contract, section 30): public, stateless.
public enum IdentifierEndpoint {
    public static var all: [Endpoint] { [check] }

    static let check = Endpoint(
        .post, "/api/calculators/identifiers", summary: "Check an identifier by its form and check digits", tag: "Calculators",
        access: .everyone, body: IdentifierRequest.self, reply: IdentifierView.self, options: EndpointOptions(isIdempotent: false)
    ) { call in
        Reply(IdentifierView(call.body.kind.judge(call.body.value)))
    }
}

enum IdentifierKind: String, Sendable, CaseIterable {
    case luhn, iban, bic, creditorReference, kraPin, accountNumber, phone

    func judge(_ value: String) -> Result<String, IdentifierFault> {
        Result { () throws(IdentifierFault) in
            switch self {
            case .luhn: try IdentifierCheck.luhn(value)
            case .iban: try IdentifierCheck.iban(value)
            case .creditorReference: try IdentifierCheck.creditorReference(value)
            case .accountNumber: try IdentifierCheck.accountNumber(value)
            case .bic: try Self.formatted(value.uppercased(), .bic)
            case .kraPin: try Self.formatted(value.uppercased(), .kraPin)
            case .phone: try Self.formatted(value.filter { $0 != " " && $0 != "-" }, .phone)
            }
        }
    }

    private static func formatted(_ value: String, _ format: TextFormat) throws(IdentifierFault) -> String {
        guard let kept = format.normalize(value) else { throw .form }
        return kept
    }
}

struct IdentifierRequest: RequestBody {
    let kind: IdentifierKind
    let value: String

    init(from fields: inout Fields) {
        kind = fields.choice("kind", IdentifierKind.self)
        value = fields.text("value", 1...255)
    }
}

struct IdentifierView: Representation {
    static let schemaName = "IdentifierCheck"
    static let example = IdentifierView(.success("GB29NWBK60161331926819"), reason: "wrong_check_digits")

    let isValid: Bool
    let normalised: String?
    let reason: String?

    init(_ result: Result<String, IdentifierFault>, reason: String? = nil) {
        switch result {
        case .success(let text): (isValid, normalised, self.reason) = (true, text, reason)
        case .failure(let fault): (isValid, normalised, self.reason) = (false, nil, fault.reason)
        }
    }

    func write(to object: inout ObjectWriter) {
        object.boolean("valid", isValid)
        object.optionalText("normalised", normalised)
        object.optionalText("reason", reason)
    }
}
