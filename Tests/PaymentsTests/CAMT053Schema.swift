import Foundation
import FoundationXML

/// The rules of the schema `camt.053.001.08` (ISO 20022, Bank-to-Customer Statement V08) for the elements that the bank writes: which may
/// stand where, in which order, how often, and what their texts look like. An element that is not named here is a fault.
struct CAMT053Schema {
    private struct Element {
        let name: String
        let type: String
        let isRequired: Bool
        let mayRepeat: Bool

        /// `Name:Type`, with `?` optional, `+` one or more, `*` any number.
        init(_ text: Substring) {
            let marks = text.last.map(String.init) ?? ""
            isRequired = !["?", "*"].contains(marks)
            mayRepeat = ["+", "*"].contains(marks)
            let parts = text.drop(while: { $0 == " " }).split(separator: ":")
            name = String(parts[0])
            type = parts[1].trimmingCharacters(in: ["?", "+", "*"])
        }
    }

    private static let sequences: [String: String] = [
        "Document": "BkToCstmrStmt:BankToCustomerStatementV08",
        "BankToCustomerStatementV08": "GrpHdr:GroupHeader81 Stmt:AccountStatement9+ SplmtryData:None*",
        "GroupHeader81": "MsgId:Max35Text CreDtTm:ISODateTime MsgRcpt:None? MsgPgntn:None? OrgnlBizQry:None? AddtlInf:Max500Text?",
        "AccountStatement9": """
        Id:Max35Text StmtPgntn:None? ElctrncSeqNb:Number? RptgSeq:None? LglSeqNb:Number? CreDtTm:ISODateTime? FrToDt:DateTimePeriod1? \
        CpyDplctInd:None? RptgSrc:None? Acct:CashAccount39 RltdAcct:None? Intrst:None* Bal:CashBalance8+ \
        TxsSummry:TotalTransactions6? Ntry:ReportEntry10* AddtlStmtInf:Max500Text?
        """,
        "DateTimePeriod1": "FrDtTm:ISODateTime ToDtTm:ISODateTime",
        "CashAccount39": """
        Id:AccountIdentification4Choice Tp:None? Ccy:ActiveOrHistoricCurrencyCode? Nm:Max70Text? Prxy:None? \
        Ownr:PartyIdentification135? Svcr:BranchAndFinancialInstitutionIdentification6?
        """,
        "AccountIdentification4Choice": "Othr:GenericAccountIdentification1",
        "GenericAccountIdentification1": "Id:Max34Text SchmeNm:None? Issr:Max35Text?",
        "PartyIdentification135": "Nm:Max140Text? PstlAdr:None? Id:None? CtryOfRes:None? CtctDtls:None?",
        "BranchAndFinancialInstitutionIdentification6": "FinInstnId:FinancialInstitutionIdentification18 BrnchId:None?",
        "FinancialInstitutionIdentification18": "BICFI:None? ClrSysMmbId:None? LEI:None? Nm:Max140Text? PstlAdr:None? Othr:None?",
        "CashBalance8": """
        Tp:BalanceType13 CdtLine:None* Amt:ActiveOrHistoricCurrencyAndAmount CdtDbtInd:CreditDebitCode \
        Dt:DateAndDateTime2Choice Avlbty:None*
        """,
        "BalanceType13": "CdOrPrtry:BalanceType10Choice SubTp:None?",
        "BalanceType10Choice": "Cd:ExternalBalanceType1Code",
        "DateAndDateTime2Choice": "Dt:ISODate",
        "TotalTransactions6": """
        TtlNtries:NumberAndSumOfTransactions4? TtlCdtNtries:NumberAndSumOfTransactions1? TtlDbtNtries:NumberAndSumOfTransactions1? \
        TtlNtriesPerBkTxCd:None*
        """,
        "NumberAndSumOfTransactions4": "NbOfNtries:Max15NumericText? Sum:DecimalNumber? TtlNetNtry:AmountAndDirection35?",
        "NumberAndSumOfTransactions1": "NbOfNtries:Max15NumericText? Sum:DecimalNumber?",
        "AmountAndDirection35": "Amt:NonNegativeDecimalNumber CdtDbtInd:CreditDebitCode",
        "ReportEntry10": """
        NtryRef:Max35Text? Amt:ActiveOrHistoricCurrencyAndAmount CdtDbtInd:CreditDebitCode RvslInd:TrueFalseIndicator? \
        Sts:EntryStatus1Choice BookgDt:DateAndDateTime2Choice? ValDt:DateAndDateTime2Choice? AcctSvcrRef:Max35Text? Avlbty:None* \
        BkTxCd:BankTransactionCodeStructure4 ComssnWvrInd:None? AddtlInfInd:None? AmtDtls:None? Chrgs:None? TechInptChanl:None? \
        Intrst:None? CardTx:None? NtryDtls:EntryDetails9* AddtlNtryInf:Max500Text?
        """,
        "EntryStatus1Choice": "Cd:ExternalEntryStatus1Code",
        "BankTransactionCodeStructure4": "Domn:None? Prtry:ProprietaryBankTransactionCodeStructure1?",
        "ProprietaryBankTransactionCodeStructure1": "Cd:Max35Text Issr:Max35Text?",
        "EntryDetails9": "Btch:None? TxDtls:EntryTransaction10*",
        "EntryTransaction10": """
        Refs:TransactionReferences6? Amt:ActiveOrHistoricCurrencyAndAmount? CdtDbtInd:CreditDebitCode? AmtDtls:None? Avlbty:None* \
        BkTxCd:None? Chrgs:None? Intrst:None? RltdPties:TransactionParties6? RltdAgts:None? LclInstrm:None? Purp:None? \
        RltdRmtInf:None* RmtInf:RemittanceInformation16? RltdDts:None? AddtlTxInf:Max500Text?
        """,
        "TransactionReferences6": """
        MsgId:Max35Text? AcctSvcrRef:Max35Text? PmtInfId:Max35Text? InstrId:Max35Text? EndToEndId:Max35Text? UETR:None? TxId:Max35Text?
        """,
        "TransactionParties6": "InitgPty:None? Dbtr:Party40Choice? DbtrAcct:None? UltmtDbtr:None? Cdtr:Party40Choice?",
        "Party40Choice": "Pty:PartyIdentification135",
        "RemittanceInformation16": "Ustrd:Max140Text* Strd:None*",
    ]

    private static let texts: [String: String] = [
        "ISODate": #"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"#,
        "ISODateTime": #"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?"#,
        "Number": #"[0-9]{1,18}"#, "DecimalNumber": #"-?\d{1,18}(\.\d{1,17})?"#, "NonNegativeDecimalNumber": #"\d{1,18}(\.\d{1,17})?"#,
        "Max15NumericText": #"[0-9]{1,15}"#, "ActiveOrHistoricCurrencyCode": "[A-Z]{3}",
        "ActiveOrHistoricCurrencyAndAmount": #"\d{1,13}(\.\d{1,5})?"#, "CreditDebitCode": "CRDT|DBIT", "TrueFalseIndicator": "true|false",
        "ExternalBalanceType1Code": "[A-Z]{4}", "ExternalEntryStatus1Code": "BOOK|PDNG|INFO|FUTR",
    ]

    /// What is wrong with a message, by its path; empty when it is valid.
    static func faults(in document: XMLDocument) -> [String] {
        guard let root = document.rootElement(), root.name == "Document" else { return ["the root is no Document"] }
        guard root.namespaces?.compactMap(\.stringValue) == ["urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"] else {
            return ["the namespace is another"]
        }
        return faults(in: root, type: "Document", path: "Document")
    }

    private static func faults(in element: XMLElement, type: String, path: String) -> [String] {
        let children = (element.children ?? []).compactMap { $0 as? XMLElement }
        guard let sequence = sequences[type] else { return textFaults(element, children, type, path) }
        var faults: [String] = []
        if element.attributes?.isEmpty == false { faults.append("\(path) has attributes") }
        var rest = children[...]
        for rule in sequence.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(Element.init) {
            let found = rest.prefix { $0.name == rule.name }
            rest = rest.dropFirst(found.count)
            if found.isEmpty, rule.isRequired { faults.append("\(path) lacks \(rule.name)") }
            if found.count > 1, !rule.mayRepeat { faults.append("\(path) has \(rule.name) more than once") }
            for child in found { faults += self.faults(in: child, type: rule.type, path: "\(path)/\(rule.name)") }
        }
        return faults + rest.map { "\(path) has \($0.name ?? "?") where it may not be" }
    }

    private static func textFaults(_ element: XMLElement, _ children: [XMLElement], _ type: String, _ path: String) -> [String] {
        let text = element.stringValue ?? ""
        guard type != "None" else { return ["\(path) is not known here"] }
        guard children.isEmpty else { return ["\(path) holds elements"] }
        if type.hasPrefix("Max"), type.hasSuffix("Text"), let length = Int(type.filter(\.isNumber)), texts[type] == nil {
            return (1...length).contains(text.unicodeScalars.count) ? [] : ["\(path) has \(text.unicodeScalars.count) characters"]
        }
        guard let pattern = texts[type], text.range(of: "^(\(pattern))$", options: .regularExpression) != nil else {
            return ["\(path) is '\(text)'"]
        }
        let attributes = (element.attributes ?? []).map { "\($0.name ?? "")=\($0.stringValue ?? "")" }
        guard type == "ActiveOrHistoricCurrencyAndAmount" else { return attributes.isEmpty ? [] : ["\(path) has attributes"] }
        let isCurrency = attributes.count == 1 && attributes[0].range(of: "^Ccy=[A-Z]{3}$", options: .regularExpression) != nil
        return isCurrency ? [] : ["\(path) needs its currency"]
    }
}
