import HTTPEdge
import Kernel
import Parties

struct BasicInfoRequest: RequestBody {
    let applicant: Applicant

    init(from fields: inout Fields) {
        applicant = Applicant(
            firstName: fields.text("firstName", 1...50), lastName: fields.text("lastName", 1...50),
            idNumber: fields.formatted("idNumber", .nationalId), phone: fields.formatted("phoneNumber", .phone),
            email: fields.formatted("email", .email), birthDate: fields.date("dateOfBirth"))
        fields.mustBeTrue("acceptTerms")
        fields.mustBeTrue("acceptPrivacy")
    }
}

struct PhoneCodeRequest: RequestBody {
    let onboardingID: String?
    let code: String

    init(from fields: inout Fields) {
        onboardingID = fields.optionalText("onboardingId", 0...64)
        code = fields.text("code", 1...12)
    }
}

struct ResendCodeRequest: RequestBody {
    let onboardingID: String?

    init(from fields: inout Fields) { onboardingID = fields.optionalText("onboardingId", 0...64) }
}

struct OnboardingDocumentsForm: FormBody {
    static let maximumFileCount = 4
    let files: [(kind: OnboardingDocument, file: UploadedFile)]

    init(from fields: inout Fields) {
        var files = [(OnboardingDocument.idFront, fields.file("idFront")), (.selfie, fields.file("selfie"))]
        if let back = fields.optionalFile("idBack") { files.append((.idBack, back)) }
        if let address = fields.optionalFile("proofOfAddress") { files.append((.proofOfAddress, address)) }
        self.files = files
    }
}

struct AccountSetupRequest: RequestBody {
    let order: Onboarding.SetupOrder

    init(from fields: inout Fields) {
        order = Onboarding.SetupOrder(
            productCode: fields.formatted("productCode", .productCode), currency: fields.optionalCurrency() ?? .kes,
            username: fields.formatted("username", .username), password: fields.password("password"),
            kraPin: fields.optionalFormatted("kraPin", .kraPin), sourceOfFunds: fields.optionalText("sourceOfFunds"))
    }
}

struct DecisionRequest: RequestBody {
    static let schemaName = "OnboardingDecisionRequest"
    enum Decision: String, CaseIterable {
        case approve, reject
    }

    let decision: Decision
    let remarks: String

    init(from fields: inout Fields) {
        decision = fields.choice("decision", Decision.self)
        remarks = fields.text("remarks", 1...500, allowsLineBreaks: true)
    }
}

struct ApplicationQuery: QueryParameters, Paged {
    let page: PageRequest
    let status: OnboardingStatus?

    init(from fields: inout Fields) {
        page = fields.page()
        status = fields.optionalChoice("status", OnboardingStatus.self)
    }
}

struct OnboardingStartedView: Representation {
    static let schemaName = "OnboardingStarted"
    let started: Onboarding.Started
    let showsSecret: Bool
    static let example = OnboardingStartedView(
        started: Onboarding.Started(
            id: Identifier(bits: 1), token: "q3Yd…", expiresAt: Timestamp(microseconds: 1_767_592_800_000_000)), showsSecret: true)

    func write(to object: inout ObjectWriter) {
        object.identifier("onboardingId", started.id)
        object.optionalText("onboardingToken", showsSecret ? started.token : nil)
        object.optionalBoolean("secretShown", showsSecret ? nil : true)
        object.text("nextStep", OnboardingStep.verifyPhone.rawValue)
        object.timestamp("expiresAt", started.expiresAt)
    }
}

struct NextStepView: Representation {
    static let schemaName = "OnboardingNextStep"
    let step: OnboardingStep
    static let example = NextStepView(step: .documents)

    func write(to object: inout ObjectWriter) { object.choice("nextStep", step) }
}

struct OnboardingFileView: Representation {
    static let schemaName = "OnboardingDocument"
    let file: ApplicationStore.StoredFile
    static let example = OnboardingFileView(
        file: ApplicationStore.StoredFile(
            id: Identifier(bits: 1), kind: "idFront", fileName: "id.jpg", contentType: "image/jpeg", sizeBytes: 1_024,
            sha256: [UInt8](repeating: 0xAB, count: 32)))

    func write(to object: inout ObjectWriter) {
        object.identifier("documentId", file.id)
        object.text("documentType", file.kind)
        object.text("fileName", file.fileName)
        object.text("contentType", file.contentType)
        object.integer("sizeBytes", file.sizeBytes)
        object.text("sha256", file.sha256.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
    }
}

struct OnboardingDocumentsView: Representation {
    static let schemaName = "OnboardingDocuments"
    let files: [ApplicationStore.StoredFile]
    static let example = OnboardingDocumentsView(files: [OnboardingFileView.example.file])

    func write(to object: inout ObjectWriter) {
        object.choice("nextStep", OnboardingStep.accountSetup)
        object.array("documents", files.map { OnboardingFileView(file: $0) })
    }
}

struct OnboardingCompletedView: Representation {
    static let schemaName = "OnboardingCompleted"
    let opened: Onboarding.Opened
    static let example = OnboardingCompletedView(
        opened: Onboarding.Opened(
            customerID: Identifier(bits: 1), cifNumber: "CIF000000101", accountID: Identifier(bits: 2), accountNumber: "0011000000017",
            username: "jane.w"))

    func write(to object: inout ObjectWriter) {
        object.text("status", OnboardingStatus.completed.rawValue)
        object.identifier("customerId", opened.customerID)
        object.text("cifNumber", opened.cifNumber)
        object.identifier("accountId", opened.accountID)
        object.text("accountNumber", opened.accountNumber)
        object.text("username", opened.username)
    }
}

struct OnboardingUnderReviewView: Representation {
    static let schemaName = "OnboardingUnderReview"
    let id: Identifier<OnboardingApplication>
    static let example = OnboardingUnderReviewView(id: Identifier(bits: 1))

    func write(to object: inout ObjectWriter) {
        object.text("status", OnboardingStatus.underReview.rawValue)
        object.identifier("onboardingId", id)
    }
}

struct OnboardingStatusView: Representation {
    static let schemaName = "OnboardingStatus"
    let application: ApplicationRecord
    let now: Timestamp

    static let example = OnboardingStatusView(application: .example, now: Timestamp(microseconds: 1_767_592_900_000_000))

    func write(to object: inout ObjectWriter) {
        let status = application.status(at: now)
        let isDone = status == .completed || status == .underReview || status == .rejected
        let steps = OnboardingStep.allCases.dropLast()
        let completed = isDone ? Array(steps) : steps.filter { $0.number < application.step.number }
        let pending = steps.filter { !completed.contains($0) }
        object.identifier("onboardingId", application.id)
        object.choice("status", status)
        object.choice("currentStep", application.step)
        object.integer("percentComplete", status == .completed ? 100 : completed.count * 100 / (steps.count + 1))
        object.texts("completedSteps", completed.map(\.rawValue))
        object.texts("pendingSteps", pending.map(\.rawValue))
        object.optionalText("message", Self.message(status))
    }

    private static func message(_ status: OnboardingStatus) -> String? {
        switch status {
        case .inProgress: nil
        case .underReview: "We are looking at your application and will write to you."
        case .completed: "Your account is open. Please sign in."
        case .rejected: "We could not open an account. Please visit a branch if you have questions."
        case .expired: "This application has expired. Please start again."
        }
    }
}

extension ApplicationRecord {
    static let example = ApplicationRecord(
        id: Identifier(bits: 1), status: .underReview, step: .review,
        applicant: Applicant(
            firstName: "Jane", lastName: "Wanjiru", idNumber: "12345678", phone: "+254711000009", email: "jane@example.com",
            birthDate: BusinessDate(epochDay: 7_000)),
        isKnown: false, codeDigest: nil, codeExpiresAt: nil, codeTries: 0, codeResends: 0,
        createdAt: Timestamp(microseconds: 1_767_592_800_000_000), expiresAt: Timestamp(microseconds: 1_768_192_800_000_000),
        reviewReasons: ["screening"], customerID: Identifier(bits: 2), decidedBy: "compliance1", remarks: "seen in person")
}

struct ApplicationView: Representation {
    static let schemaName = "OnboardingApplication"
    let application: ApplicationRecord
    let now: Timestamp
    let isUnmasked: Bool
    var files: [ApplicationStore.StoredFile] = []
    static let example = ApplicationView(
        application: .example, now: Timestamp(microseconds: 1_767_592_900_000_000), isUnmasked: false,
        files: [OnboardingFileView.example.file])

    private func shown(_ text: String?) -> String? { isUnmasked ? text : text.map { "****" + $0.suffix(4) } }

    func write(to object: inout ObjectWriter) {
        let applicant = application.applicant
        object.identifier("onboardingId", application.id)
        object.choice("status", application.status(at: now))
        object.choice("currentStep", application.step)
        object.optionalText("fullName", applicant?.fullName)
        object.optionalText("idNumber", shown(applicant?.idNumber))
        object.optionalText("phoneNumber", shown(applicant?.phone))
        object.optionalText("email", applicant?.email)
        object.optionalDate("dateOfBirth", applicant?.birthDate)
        object.optionalText("productCode", applicant?.setup?.productCode)
        object.optionalText("username", applicant?.setup?.username)
        object.texts("reviewReasons", application.reviewReasons)
        object.array("documents", files.map { OnboardingFileView(file: $0) })
        object.optionalIdentifier("customerId", application.customerID)
        object.optionalText("decidedBy", application.decidedBy)
        object.optionalText("remarks", application.remarks)
        object.timestamp("createdAt", application.createdAt)
        object.timestamp("expiresAt", application.expiresAt)
    }
}

struct ContactRequest: RequestBody {
    let text: ContactText

    init(from fields: inout Fields) {
        text = ContactText(
            name: fields.text("name", 1...100), email: fields.formatted("email", .email), phone: fields.optionalFormatted("phone", .phone),
            subject: fields.optionalText("subject", 0...150), message: fields.text("message", 10...4_000, allowsLineBreaks: true),
            topic: fields.optionalChoice("topic", ContactTopic.self) ?? .general)
    }
}

struct TicketView: Representation {
    let ticketNumber: String
    static let example = TicketView(ticketNumber: "TKTA2B3C4D5E6F7")

    func write(to object: inout ObjectWriter) { object.text("ticketNumber", ticketNumber) }
}

struct ContactQuery: QueryParameters, Paged {
    let page: PageRequest
    let status: ContactStatus?

    init(from fields: inout Fields) {
        page = fields.page()
        status = fields.optionalChoice("status", ContactStatus.self)
    }
}

struct ContactHandlingRequest: RequestBody {
    let status: ContactStatus
    let note: String?

    init(from fields: inout Fields) {
        status = fields.choice("status", ContactStatus.self)
        note = fields.optionalText("note", 0...1_000, allowsLineBreaks: true)
    }
}

struct ContactMessageView: Representation {
    static let schemaName = "ContactMessage"
    let record: ContactRecord
    static let example = ContactMessageView(
        record: ContactRecord(
            id: Identifier(bits: 1), ticketNumber: "TKTA2B3C4D5E6F7",
            text: ContactText(
                name: "Jane", email: "jane@example.com", phone: "+254711000009", subject: "Hours",
                message: "When do you open on Saturdays?",
                topic: .general), status: .answered, note: "called back", handledBy: "teller1",
            createdAt: Timestamp(microseconds: 1_767_592_800_000_000), updatedAt: Timestamp(microseconds: 1_767_592_800_000_000)))

    func write(to object: inout ObjectWriter) {
        object.identifier("id", record.id)
        object.text("ticketNumber", record.ticketNumber)
        object.text("name", record.text.name)
        object.text("email", record.text.email)
        object.optionalText("phone", record.text.phone)
        object.optionalText("subject", record.text.subject)
        object.text("message", record.text.message)
        object.choice("topic", record.text.topic)
        object.choice("status", record.status)
        object.optionalText("note", record.note)
        object.optionalText("handledBy", record.handledBy)
        object.timestamp("createdAt", record.createdAt)
        object.timestamp("updatedAt", record.updatedAt)
    }
}
