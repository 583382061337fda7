import HTTPEdge

/// The first step: who you are.
struct StartForm {
    var firstName = ""
    var lastName = ""
    var idNumber = ""
    var phoneNumber = ""
    var email = ""
    var dateOfBirth = ""
    var product = ""
    var isTermsAccepted = false
    var isPrivacyAccepted = false
    var faults: [String: String] = [:]

    init(product: String) {
        self.product = Self.productCode(product)
    }

    init(_ form: QueryItems) {
        firstName = form["firstName"] ?? ""
        lastName = form["lastName"] ?? ""
        idNumber = form["idNumber"] ?? ""
        phoneNumber = form["phoneNumber"] ?? ""
        email = form["email"] ?? ""
        dateOfBirth = form["dateOfBirth"] ?? ""
        product = Self.productCode(form["product"] ?? "")
        isTermsAccepted = form["acceptTerms"] != nil
        isPrivacyAccepted = form["acceptPrivacy"] != nil
    }

    private static func productCode(_ text: String) -> String {
        text.utf8.count <= 20 && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) } ? text.uppercased() : ""
    }

    var json: [UInt8] {
        // What was left empty is left out, so that it is missing rather than wrong.
        Escaping.json([
            ("firstName", .optionalText(firstName)), ("lastName", .optionalText(lastName)), ("idNumber", .optionalText(idNumber)),
            ("phoneNumber", .optionalText(phoneNumber.filter { $0 != " " })), ("email", .optionalText(email)),
            ("dateOfBirth", .optionalText(dateOfBirth)),
            ("acceptTerms", .boolean(isTermsAccepted)), ("acceptPrivacy", .boolean(isPrivacyAccepted)),
        ])
    }

    mutating func note(_ answer: BankAnswer, site: PublicSite) {
        faults = answer.faults
        if faults.isEmpty { faults["form"] = site.message(for: answer) }
    }

}

/// The second step: the code that came by SMS.
struct PhoneForm {
    let isResent: Bool
    var fault: String?
}

/// The third step: pictures of the identity document and of the person.
struct DocumentsForm {
    private static let files = ["idFront", "idBack", "selfie", "proofOfAddress"]

    let faults: [String: String]

    init(faults: [String: String] = [:]) {
        var faults = faults
        // What no file of the form is to blame for concerns all of them.
        if faults["form"] == nil { faults["form"] = faults.first { !Self.files.contains($0.key) }?.value }
        self.faults = faults
    }
}

/// The last step: the product, and how to sign in.
struct AccountForm {
    let products: [Choice]
    var username = ""
    var kraPin = ""
    var sources: [Choice]
    var passwordsMatch = true
    var faults: [String: String] = [:]
    private var password = ""
    private var productCode = ""
    private var currency: String?
    private var source = ""

    struct Choice {
        let value: String
        let title: String
        let note: String
        let isChosen: Bool
    }

    private static let allSources = [
        ("salary", "Salary"), ("business", "Business"), ("savings", "Savings"), ("inheritance", "Inheritance or gift"), ("other", "Other"),
    ]

    init(products: [ProductFacts], chosen: String?) {
        self.products = Self.choices(products, chosen: chosen)
        sources = Self.allSources.map { Choice(value: $0.0, title: $0.1, note: "", isChosen: false) }
    }

    init(products: [ProductFacts], form: QueryItems) {
        productCode = form["productCode"] ?? ""
        self.products = Self.choices(products, chosen: productCode)
        currency = products.first { $0.code == form["productCode"] }?.currency
        username = form["username"] ?? ""
        kraPin = form["kraPin"] ?? ""
        source = form["sourceOfFunds"] ?? ""
        let source = source
        sources = Self.allSources.map { Choice(value: $0.0, title: $0.1, note: "", isChosen: $0.0 == source) }
        password = form["password"] ?? ""
        passwordsMatch = password == form["repeat"]
    }

    private static func choices(_ products: [ProductFacts], chosen: String?) -> [Choice] {
        let open = products.filter { $0.isOpenedOnline && $0.currency == "KES" }
        let code = open.contains { $0.code == chosen } ? chosen : open.first?.code
        return open.map {
            Choice(
                value: $0.code, title: $0.name, note: $0.headlineRate.map { "Interest \($0)" } ?? $0.description, isChosen: $0.code == code)
        }
    }

    func json(onboardingID: String) -> [UInt8] {
        Escaping.json([
            ("onboardingId", .text(onboardingID)), ("productCode", .text(productCode)), ("currency", .optionalText(currency)),
            ("username", .optionalText(username)), ("password", .optionalText(password)), ("kraPin", .optionalText(kraPin)),
            ("sourceOfFunds", .optionalText(source)),
        ])
    }

}
