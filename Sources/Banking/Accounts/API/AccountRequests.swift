import HTTPEdge
import Kernel
import Ledger

/// Filters of the list of all accounts.
struct AccountListFilter: QueryParameters, Paged {
    let page: PageRequest
    let filter: AccountFilter

    init(from fields: inout Fields) {
        page = fields.page()
        filter = AccountFilter(
            text: fields.optionalText("q", 0...100), cifNumber: fields.optionalFormatted("cifNumber", .cifNumber),
            status: fields.optionalChoice("status", AccountStatusName.self)?.status,
            productCode: fields.optionalFormatted("productCode", .productCode),
            branchCode: fields.optionalFormatted("branchCode", .branchCode), currency: fields.optionalCurrency("currency"))
    }

    /// - Throws: 422 `invalid_cursor`
    func place() throws(Refusal) -> Identifier<Account>? {
        guard var reader = page.cursor?.reader else { return nil }
        return try reader.identifier(as: Account.self)
    }
}

/// `?asOf=`: a business date or a timestamp.
public struct BalanceMoment: QueryParameters {
    public let asOf: AsOf

    public init(from fields: inout Fields) {
        switch fields.optionalMoment("asOf") {
        case nil: asOf = .now
        case .date(let date): asOf = .closeOf(date)
        case .instant(let instant): asOf = .instant(instant)
        }
    }
}

/// What both kinds of opening have in common.
private struct OpeningFields {
    let customer: CustomerReference
    let productCode: String
    let currency: Currency
    let branchCode: String?
    let alias: String?
    let purpose: String?
    let sourceOfFunds: String?

    init(from fields: inout Fields) {
        fields.requireOne(of: "customerId", "cifNumber")
        let id = fields.optionalIdentifier("customerId", as: Customer.self)
        let cifNumber = fields.optionalFormatted("cifNumber", .cifNumber)
        customer =
            switch (id, cifNumber) {
            case (let id?, let cifNumber?): .both(id, cifNumber: cifNumber)
            case (let id?, nil): .id(id)
            case (nil, let cifNumber): .cifNumber(cifNumber ?? "")
            }
        productCode = fields.formatted("productCode", .productCode)
        currency = fields.currency("currency")
        branchCode = fields.optionalFormatted("branchCode", .branchCode)
        alias = fields.optionalText("alias", 1...100)
        purpose = fields.optionalText("purpose", 0...255)
        sourceOfFunds = fields.optionalText("sourceOfFunds", 0...255)
    }

    func order(_ kind: OpeningOrder.Kind) -> OpeningOrder {
        OpeningOrder(
            kind: kind, customer: customer, productCode: productCode, currency: currency, branchCode: branchCode, alias: alias,
            purpose: purpose, sourceOfFunds: sourceOfFunds)
    }
}

/// What a customer says to open an account of the own (contract, section 5).
struct OpenOwnAccountRequest: RequestBody {
    let productCode: String
    let currency: Currency
    let alias: String?

    init(from fields: inout Fields) {
        productCode = fields.formatted("productCode", .productCode)
        currency = fields.currency("currency")
        alias = fields.optionalText("alias", 1...100)
    }
}

struct OpenIndividualRequest: RequestBody {
    let order: OpeningOrder

    init(from fields: inout Fields) throws {
        var order = OpeningFields(from: &fields).order(.individual)
        let joint = try fields.array("jointHolders", JointHolderRequest.self, 0...10)
        order.jointHolders = joint.map(\.holder)
        order.operatingRule = fields.optionalChoice("operatingRule", OperatingRule.self) ?? .anyOne
        if !fields.hasFaults, order.jointHolders.reduce(0, { $0 + Int64($1.basisPoints) }) > Int64(Ownership.whole) {
            fields.fail("jointHolders", "out_of_range", "The shares of all holders must sum to 100 percent")
        }
        self.order = order
    }
}

struct JointHolderRequest: RequestBody {
    static let schemaName = "JointHolder"
    let holder: OpeningOrder.JointHolder

    init(from fields: inout Fields) {
        let cifNumber = fields.formatted("cifNumber", .cifNumber)
        let relationship = fields.text("relationship", 1...50)
        let percentage = fields.rate("ownershipPercentage", 0...100)
        // Shares are kept in hundredths of a percent.
        if percentage.millionthsOfPercent % 10_000 != 0 {
            fields.fail("ownershipPercentage", "too_many_decimals", "Shares have at most 2 decimals")
        }
        holder = OpeningOrder.JointHolder(
            cifNumber: cifNumber, relationship: relationship, basisPoints: Int32(percentage.millionthsOfPercent / 10_000))
    }
}

struct OpenBusinessRequest: RequestBody {
    let order: OpeningOrder

    init(from fields: inout Fields) throws {
        var order = OpeningFields(from: &fields).order(.business)
        order.signatories = try fields.array("signatories", SignatoryRequest.self, 1...50).map(\.signatory)
        order.boardResolution = fields.optionalIdentifier("boardResolutionDocumentId", as: BoardResolution.self)?.bits
        self.order = order
    }

    private enum BoardResolution {}
}

struct SignatoryRequest: RequestBody {
    static let schemaName = "SignatoryRequest"
    let signatory: OpeningOrder.NamedSignatory

    init(from fields: inout Fields) {
        signatory = OpeningOrder.NamedSignatory(
            cifNumber: fields.formatted("cifNumber", .cifNumber), role: fields.text("role", 1...50),
            canInitiate: fields.boolean("canInitiate"), canApprove: fields.boolean("canApprove"))
    }
}

struct FreezeAccountRequest: RequestBody {
    let reason: String
    let scope: RequestedFreezeScope

    init(from fields: inout Fields) {
        reason = fields.text("reason", 5...500, allowsLineBreaks: true)
        scope = fields.optionalChoice("scope", RequestedFreezeScope.self) ?? .all
    }
}

/// Why somebody changes the state of an account.
struct AccountReasonRequest: RequestBody {
    let reason: String

    init(from fields: inout Fields) {
        reason = fields.text("reason", 5...500, allowsLineBreaks: true)
    }
}

struct CloseAccountRequest: RequestBody {
    let reason: String
    let transferToAccountNumber: String?

    init(from fields: inout Fields) {
        reason = fields.text("reason", 5...500, allowsLineBreaks: true)
        transferToAccountNumber = fields.optionalFormatted("transferToAccountNumber", .accountNumber)
    }
}
