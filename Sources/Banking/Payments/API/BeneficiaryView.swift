import HTTPEdge
import Kernel

/// A saved payee as its customer sees it (contract, section 5).
struct BeneficiaryView: Representation {
    static let schemaName = "Beneficiary"
    static let example = BeneficiaryView(
        beneficiary: Beneficiary(
            id: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0001),
            customerID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0002),
            details: BeneficiaryDetails(
                nickname: "Landlord", beneficiaryName: "Jane Wanjiru",
                payee: .bank(accountNumber: "0123456789", bankCode: "01", bankBranchCode: "100", bic: "KCBLKENX")),
            createdAt: Timestamp(microseconds: 1_780_000_000_000_000), version: 1))

    let beneficiary: Beneficiary

    func write(to object: inout ObjectWriter) {
        let details = beneficiary.details
        let fields = details.payee.fields
        object.identifier("beneficiaryId", beneficiary.id)
        object.text("nickname", details.nickname)
        object.text("beneficiaryName", details.beneficiaryName)
        object.choice("kind", details.payee.kind)
        object.optionalText("accountNumber", fields.accountNumber)
        object.optionalText("bankCode", fields.bankCode)
        object.optionalText("bankBranchCode", fields.bankBranchCode)
        object.optionalText("bic", fields.bic)
        object.optionalText("phoneNumber", fields.phoneNumber)
        object.optionalText("billerCode", fields.billerCode)
        object.optionalText("billAccount", fields.billAccount)
        object.timestamp("createdAt", beneficiary.createdAt)
        object.integer("version", beneficiary.version)
    }
}
