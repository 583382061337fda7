import HTTPEdge
import Kernel

/// The body that saves a payee. Fields that its kind does not have are ignored, as unknown fields are.
struct BeneficiaryRequest: RequestBody {
    let details: BeneficiaryDetails

    init(from fields: inout Fields) {
        details = BeneficiaryDetails(from: &fields)
    }
}

/// The body that changes a payee: all of it, and the version that was read.
struct BeneficiaryChangeRequest: RequestBody {
    let details: BeneficiaryDetails
    let version: Int64

    init(from fields: inout Fields) {
        details = BeneficiaryDetails(from: &fields)
        version = Int64(fields.version())
    }
}

extension BeneficiaryDetails {
    fileprivate init(from fields: inout Fields) {
        let nickname = fields.text("nickname", 1...50)
        let beneficiaryName = fields.text("beneficiaryName", 1...100)
        let kind = fields.choice("kind", Payee.Kind.self)
        // An account of this bank has our form; other banks have theirs.
        let accountNumber =
            kind == .internal
            ? fields.optionalFormatted("accountNumber", .accountNumber)
            : fields.optionalFormatted("accountNumber", .foreignAccountNumber)
        let bankCode = fields.optionalFormatted("bankCode", .bankCode)
        let bankBranchCode = fields.optionalFormatted("bankBranchCode", .bankBranchCode)
        let bic = fields.optionalFormatted("bic", .bic)
        let phoneNumber = fields.optionalFormatted("phoneNumber", .kenyanMobile)
        let billerCode = fields.optionalText("billerCode", 1...20)
        let billAccount = fields.optionalText("billAccount", 1...50)

        let payee: Payee
        switch kind {
        case .internal:
            fields.requireOne(of: "accountNumber")
            payee = .internal(accountNumber: accountNumber ?? "")
        case .bank:
            fields.requireOne(of: "accountNumber")
            fields.requireOne(of: "bankCode", "bic")
            payee = .bank(accountNumber: accountNumber ?? "", bankCode: bankCode, bankBranchCode: bankBranchCode, bic: bic)
        case .mobileMoney:
            fields.requireOne(of: "phoneNumber")
            payee = .mobileMoney(phoneNumber: phoneNumber ?? "")
        case .biller:
            fields.requireOne(of: "billerCode")
            fields.requireOne(of: "billAccount")
            payee = .biller(billerCode: billerCode ?? "", billAccount: billAccount ?? "")
        }
        self.init(nickname: nickname, beneficiaryName: beneficiaryName, payee: payee)
    }
}

extension TextFormat {
    /// An account number of any bank: 5 to 34 letters and digits, the longest that an IBAN has.
    static let foreignAccountNumber = TextFormat(
        "an account number of 5 to 34 letters and digits", pattern: "^[A-Za-z0-9]{5,34}$", maximumLength: 34
    ) { text in
        let isFine = text.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
        }
        return (5...34).contains(text.utf8.count) && isFine ? text : nil
    }
}
