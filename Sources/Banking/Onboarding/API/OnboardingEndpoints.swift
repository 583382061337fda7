import Application
import HTTPEdge
import Kernel
import Parties

/// Onboarding and contact over HTTP (contract, section 10).
public struct OnboardingEndpoints: Sendable {
    private let onboarding: Onboarding
    private let contact: ContactDesk
    private let clock: any WallClock

    private static let tag = "Onboarding"
    private static let form = EndpointOptions(isIdempotent: true, rateLimit: .publicForm)
    private static let notRepeated = EndpointOptions(isIdempotent: false, rateLimit: .publicForm)

    public init(onboarding: Onboarding, contact: ContactDesk, clock: any WallClock) {
        self.onboarding = onboarding
        self.contact = contact
        self.clock = clock
    }

    public var all: [Endpoint] { steps + applications + messages }

    private static func stored<Value: Representation>(_ reply: CommandReply, _: Value.Type) -> Reply<Value> {
        var headers: [ReplyHeader] = []
        if let location = reply.location { headers.append(ReplyHeader("Location", location)) }
        return Reply(
            stored: EncodedReply(status: Int(reply.status), contentType: MediaType.json, body: reply.body, headers: headers),
            isReplay: reply.isReplay)
    }

    private static func token(_ request: HTTPRequest) -> String? { request.header("X-Onboarding-Token") }

    private var steps: [Endpoint] {
        [
            Endpoint(
                .post, "/api/customer-portal/onboard/basic-info", summary: "Start an application", tag: Self.tag, access: .everyone,
                body: BasicInfoRequest.self, reply: OnboardingStartedView.self, status: 201, errors: ["rate_limited"], options: Self.form
            ) { call in
                let age = Age.years(from: call.body.applicant.birthDate, to: BusinessDate(of: clock.now()))
                guard (18...120).contains(age) else {
                    throw Refusal.validation([.init("dateOfBirth", "out_of_range", "Customers are 18 to 120 years old")])
                }
                let reply = try await onboarding.start(call.body.applicant, context: call.context) {
                    OnboardingStartedView(started: $0, showsSecret: $1).json()
                }
                return Self.stored(reply, OnboardingStartedView.self)
            },
            Endpoint(
                .post, "/api/customer-portal/onboard/verify-phone", summary: "Confirm the phone with the code", tag: Self.tag,
                access: .everyone, body: PhoneCodeRequest.self, reply: NextStepView.self,
                errors: ["not_found", "step_out_of_order", "invalid_code", "challenge_expired"], options: Self.notRepeated
            ) { call in
                try await onboarding.verifyPhone(
                    token: Self.token(call.request), id: call.body.onboardingID, code: call.body.code, context: call.context)
                return Reply(NextStepView(step: .documents))
            },
            Endpoint(
                .post, "/api/customer-portal/onboard/resend-code", summary: "Send another code, three times at most", tag: Self.tag,
                access: .everyone, body: ResendCodeRequest.self, reply: NextStepView.self, status: 202,
                errors: ["not_found", "step_out_of_order", "too_many_attempts"], options: Self.notRepeated
            ) { call in
                try await onboarding.resendCode(
                    token: Self.token(call.request), id: call.body.onboardingID, context: call.context)
                return Reply(NextStepView(step: .verifyPhone), status: 202)
            },
            Endpoint(
                .post, "/api/customer-portal/onboard/documents", summary: "Send the documents", tag: Self.tag, access: .everyone,
                body: OnboardingDocumentsForm.self, reply: OnboardingDocumentsView.self,
                errors: ["not_found", "step_out_of_order", "unsupported_file"],
                options: EndpointOptions(isIdempotent: true, rateLimit: .publicForm, timeLimitSeconds: 120)
            ) { call in
                let files = call.body.files.map {
                    Onboarding.OfferedFile(kind: $0.kind, fileName: $0.file.fileName, bytes: $0.file.bytes)
                }
                let reply = try await onboarding.keepDocuments(token: Self.token(call.request), files, context: call.context) {
                    OnboardingDocumentsView(files: $0).json()
                }
                return Self.stored(reply, OnboardingDocumentsView.self)
            },
            Endpoint(
                .post, "/api/customer-portal/onboard/account-setup", summary: "Choose product, user name and password", tag: Self.tag,
                access: .everyone, body: AccountSetupRequest.self, reply: OnboardingCompletedView.self, status: 201,
                errors: ["not_found", "step_out_of_order", "username_taken", "product_not_found", "product_not_active", "not_eligible"],
                options: EndpointOptions(
                    isIdempotent: true, rateLimit: .publicForm, alternatives: [AlternativeReply(202, OnboardingUnderReviewView.self)],
                    timeLimitSeconds: 60)
            ) { call in
                let reply = try await onboarding.setUp(token: Self.token(call.request), call.body.order, context: call.context) { outcome in
                    switch outcome {
                    case .completed(let opened): OnboardingCompletedView(opened: opened).json()
                    case .underReview(let id): OnboardingUnderReviewView(id: id).json()
                    }
                }
                return Self.stored(reply, OnboardingCompletedView.self)
            },
            Endpoint(
                .get, "/api/customer-portal/onboard/status/{onboardingId}", summary: "Where an application stands", tag: Self.tag,
                access: .everyone, reply: OnboardingStatusView.self, errors: ["not_found"]
            ) { call in
                let found = try await onboarding.status(
                    token: Self.token(call.request), id: call.path("onboardingId"), context: call.context)
                return Reply(OnboardingStatusView(application: found.application, now: found.now))
            },
        ]
    }

    private var applications: [Endpoint] {
        [
            Endpoint(
                .get, "/api/onboarding/applications", summary: "Applications, newest first", tag: Self.tag,
                access: .roles(RoleSet.branch.union(RoleSet(.complianceOfficer))), query: ApplicationQuery.self,
                reply: Page<ApplicationView>.self
            ) { call in
                var place = call.query.page.cursor?.reader
                let after: Identifier<OnboardingApplication>? = try place?.identifier()
                let found = try await onboarding.list(
                    status: call.query.status, after: after, limit: call.query.page.fetchCount, context: call.context)
                let (now, isUnmasked) = (clock.now(), PartyQueries.isUnmasked(call.context.principal))
                return Reply(
                    call.page(found.map { ApplicationView(application: $0, now: now, isUnmasked: isUnmasked) }) {
                        Cursor().adding($0.application.id)
                    })
            },
            Endpoint(
                .get, "/api/onboarding/applications/{onboardingId}/documents", summary: "Documents of an application", tag: Self.tag,
                access: .roles(RoleSet.branch.union(RoleSet(.complianceOfficer))), query: NoQuery.self,
                reply: Page<OnboardingFileView>.self
            ) { call in
                let files = try await onboarding.files(of: try call.pathIdentifier("onboardingId"), context: call.context)
                return Reply(Page(items: files.map { OnboardingFileView(file: $0) }, nextCursor: nil))
            },
            Endpoint(
                .get, "/api/onboarding/applications/{onboardingId}/documents/{documentId}/content",
                summary: "A document; views are audited",
                tag: Self.tag, access: .roles(RoleSet.branch.union(RoleSet(.complianceOfficer))), errors: ["not_found"],
                options: EndpointOptions(contentType: "application/octet-stream")
            ) { call in
                let found = try await onboarding.content(
                    try call.pathIdentifier("documentId"), of: try call.pathIdentifier("onboardingId"), context: call.context)
                let kind = FileKind(rawValue: found.contentType)?.fileExtension ?? "bin"
                return .raw(found.bytes, contentType: found.contentType, status: 200)
                    .adding("Content-Disposition", "attachment; filename=\"document.\(kind)\"")
                    .adding("Content-Security-Policy", "default-src 'none'; sandbox")
            },
            Endpoint(
                .post, "/api/onboarding/applications/{onboardingId}/decision", summary: "Approve or refuse an application", tag: Self.tag,
                access: .roles(RoleSet([.complianceOfficer, .branchManager])), body: DecisionRequest.self, reply: ApplicationView.self,
                errors: ["not_found", "invalid_state", "not_ready", "username_taken", "duplicate_customer"],
                options: EndpointOptions(timeLimitSeconds: 60)
            ) { call in
                let decided = try await onboarding.decide(
                    try call.pathIdentifier("onboardingId"), approves: call.body.decision == .approve, remarks: call.body.remarks,
                    context: call.context)
                return Reply(
                    ApplicationView(
                        application: decided, now: clock.now(), isUnmasked: PartyQueries.isUnmasked(call.context.principal)))
            },
        ]
    }

    private var messages: [Endpoint] {
        [
            Endpoint(
                .post, "/api/contact", summary: "Write to the bank", tag: "Contact", access: .everyone, body: ContactRequest.self,
                reply: TicketView.self, status: 202, errors: ["rate_limited"], options: Self.form
            ) { call in
                let reply = try await contact.receive(call.body.text, context: call.context) { TicketView(ticketNumber: $0).json() }
                return Self.stored(reply, TicketView.self)
            },
            Endpoint(
                .get, "/api/contact/messages", summary: "Messages from the public", tag: "Contact", access: .roles(.branch),
                query: ContactQuery.self, reply: Page<ContactMessageView>.self
            ) { call in
                var place = call.query.page.cursor?.reader
                let after: Identifier<ContactMessage>? = try place?.identifier()
                let found = try await contact.list(
                    status: call.query.status, after: after, limit: call.query.page.fetchCount, context: call.context)
                return Reply(call.page(found.map { ContactMessageView(record: $0) }) { Cursor().adding($0.record.id) })
            },
            Endpoint(
                .patch, "/api/contact/messages/{id}", summary: "Note what became of a message", tag: "Contact", access: .roles(.branch),
                body: ContactHandlingRequest.self, reply: ContactMessageView.self, errors: ["not_found"]
            ) { call in
                let id: Identifier<ContactMessage> = try call.pathIdentifier("id")
                return Reply(
                    ContactMessageView(
                        record: try await contact.handle(id, status: call.body.status, note: call.body.note, context: call.context)))
            },
        ]
    }
}
