import Foundation
import FoundationXML
import Kernel

/// A statement as ISO 20022 `camt.053.001.08`, written by libxml2: whatever a narration holds stays text.
struct StatementCAMT053: StatementWriter {
    private static let namespace = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"

    let bankName: String
    /// Of the message.
    let createdAt: Timestamp
    /// What follows the last entry.
    private var closing: [UInt8] = []

    init(bankName: String, createdAt: Timestamp) {
        self.bankName = bankName
        self.createdAt = createdAt
    }

    mutating func head(_ statement: AccountStatement) -> [UInt8] {
        // Entries are written one by one: a tree of a merchant's year would take a gigabyte.
        let shell = Self.shell(statement, bankName: bankName, createdAt: createdAt)
        guard let end = Self.lastPlace(of: Array("</Stmt>".utf8), in: shell) else { return shell }
        closing = Array(shell[end...])
        return Array(shell[..<end])
    }

    func entries(_ entries: [AccountStatement.Entry]) -> [UInt8] {
        entries.reduce(into: []) { $0 += Self.entry($1).xmlString.utf8 }
    }

    func tail(_: AccountStatement) -> [UInt8] { closing }

    /// The message without its entries.
    private static func shell(_ statement: AccountStatement, bankName: String, createdAt: Timestamp) -> [UInt8] {
        let root = XMLElement(name: "Document")
        root.setAttributesWith(["xmlns": namespace])
        let identifier = "\(statement.accountNumber)-\(statement.number)"
        let body = element(
            "Stmt",
            [
                element("Id", identifier),
                element("ElctrncSeqNb", statement.number.drop { $0 == "0" }.description),
                element("CreDtTm", moment(createdAt)),
                element(
                    "FrToDt",
                    [
                        element("FrDtTm", "\(statement.fromDate)T00:00:00+03:00"), element("ToDtTm", "\(statement.toDate)T23:59:59+03:00"),
                    ]),
                element(
                    "Acct",
                    [
                        element("Id", [element("Othr", [element("Id", statement.accountNumber)])]),
                        element("Ccy", statement.currency.code),
                        element("Nm", name(statement.accountName, 70)),
                        element("Ownr", [element("Nm", name(statement.accountName, 140))]),
                        element("Svcr", [element("FinInstnId", [element("Nm", bankName)])]),
                    ]),
                balance("OPBD", statement.openingBalance, statement.fromDate),
                balance("CLBD", statement.closingBalance, statement.toDate),
                summary(statement),
            ])
        root.addChild(
            element(
                "BkToCstmrStmt",
                [
                    element("GrpHdr", [element("MsgId", identifier), element("CreDtTm", moment(createdAt))]), body,
                ]))
        let document = XMLDocument(rootElement: root)
        document.version = "1.0"
        document.characterEncoding = "UTF-8"
        return [UInt8](document.xmlData)
    }

    private static func lastPlace(of wanted: [UInt8], in bytes: [UInt8]) -> Int? {
        stride(from: bytes.count - wanted.count, through: 0, by: -1).first { bytes[$0...].starts(with: wanted) }
    }

    private static func summary(_ statement: AccountStatement) -> XMLElement {
        func sum(_ money: Money) -> XMLElement { element("Sum", money.decimalString) }
        let net = statement.totalCredits.minorUnits - statement.totalDebits.minorUnits
        let total = Money(
            minorUnits: Int64(clamping: Int128(statement.totalCredits.minorUnits) + Int128(statement.totalDebits.minorUnits)),
            currency: statement.currency)
        let netMoney = Money(minorUnits: Int64(clamping: net.magnitude), currency: statement.currency)
        return element(
            "TxsSummry",
            [
                element(
                    "TtlNtries",
                    [
                        element("NbOfNtries", String(statement.creditCount + statement.debitCount)), sum(total),
                        element("TtlNetNtry", [element("Amt", netMoney.decimalString), indicator(isCredit: net >= 0)]),
                    ]),
                element("TtlCdtNtries", [element("NbOfNtries", String(statement.creditCount)), sum(statement.totalCredits)]),
                element("TtlDbtNtries", [element("NbOfNtries", String(statement.debitCount)), sum(statement.totalDebits)]),
            ])
    }

    private static func entry(_ entry: AccountStatement.Entry) -> XMLElement {
        var children = [element("NtryRef", entry.reference), amount(entry.magnitude), indicator(isCredit: entry.isCredit)]
        if entry.isReversal { children.append(element("RvslInd", "true")) }
        children += [
            element("Sts", [element("Cd", "BOOK")]),
            element("BookgDt", [element("Dt", entry.date.description)]),
            element("ValDt", [element("Dt", entry.valueDate.description)]),
            element("AcctSvcrRef", entry.reference),
            element("BkTxCd", [element("Prtry", [element("Cd", entry.type), element("Issr", "Wekeza")])]),
        ]
        var details = [
            element(
                "Refs",
                [element("AcctSvcrRef", entry.reference), element("TxId", entry.transactionID.description.replacing("-", with: ""))]),
            amount(entry.magnitude), indicator(isCredit: entry.isCredit),
        ]
        if let counterparty = entry.counterparty, !counterparty.isEmpty {
            let party = element(entry.isCredit ? "Dbtr" : "Cdtr", [element("Pty", [element("Nm", name(counterparty, 140))])])
            details.append(element("RltdPties", [party]))
        }
        if !entry.description.isEmpty { details.append(element("RmtInf", [element("Ustrd", name(entry.description, 140))])) }
        children.append(element("NtryDtls", [element("TxDtls", details)]))
        return element("Ntry", children)
    }

    private static func balance(_ type: String, _ money: Money, _ date: BusinessDate) -> XMLElement {
        let magnitude = Money(minorUnits: Int64(clamping: money.minorUnits.magnitude), currency: money.currency)
        return element(
            "Bal",
            [
                element("Tp", [element("CdOrPrtry", [element("Cd", type)])]), amount(magnitude), indicator(isCredit: !money.isNegative),
                element("Dt", [element("Dt", date.description)]),
            ])
    }

    private static func amount(_ money: Money) -> XMLElement {
        let amount = element("Amt", money.decimalString)
        amount.setAttributesWith(["Ccy": money.currency.code])
        return amount
    }

    private static func indicator(isCredit: Bool) -> XMLElement { element("CdtDbtInd", isCredit ? "CRDT" : "DBIT") }

    private static func moment(_ instant: Timestamp) -> String { String(instant.description.prefix(19)) + "Z" }

    /// At most so many characters, none of which XML 1.0 forbids.
    private static func name(_ text: String, _ length: Int) -> String {
        let allowed = text.unicodeScalars.map { scalar -> Unicode.Scalar in
            (scalar.value < 0x20 || (0xFFFE...0xFFFF).contains(scalar.value)) ? " " : scalar
        }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: allowed.prefix(length))
        return String(result)
    }

    private static func element(_ name: String, _ text: String) -> XMLElement { XMLElement(name: name, stringValue: text) }

    private static func element(_ name: String, _ children: [XMLElement]) -> XMLElement {
        let element = XMLElement(name: name)
        for child in children { element.addChild(child) }
        return element
    }
}
