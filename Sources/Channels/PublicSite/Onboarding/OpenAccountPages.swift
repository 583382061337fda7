import HTTPEdge

/// Opening an account in four steps. The bank keeps the progress; the visitor keeps a cookie that only these pages can read.
struct OpenAccountPages: Sendable {
    let site: PublicSite

    private static let cookie = "wekeza_application"
    private static let cookieSeconds = 7 * 24 * 3_600
    private static let multipartPrefix = "multipart/form-data"

    /// Where each step of the application is shown.
    static let paths = [
        "verifyPhone": "/open-account/phone", "documents": "/open-account/documents", "accountSetup": "/open-account/account",
        "completed": "/open-account/status", "underReview": "/open-account/status",
    ]

    struct Application: Sendable {
        let id: String
        let token: String

        /// Both parts as the API made them: anything else is no application.
        init?(cookie: String?) {
            let parts = (cookie ?? "").split(separator: ".", maxSplits: 1).map(String.init)
            guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 200 }),
                parts.joined().utf8.allSatisfy({ byte in
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
                })
            else { return nil }
            (id, token) = (parts[0], parts[1])
        }

        init(id: String, token: String) {
            self.id = id
            self.token = token
        }

        var cookie: String { "\(id).\(token)" }
        var header: (name: String, value: String) { ("X-Onboarding-Token", token) }
    }

    private func application(_ request: PageRequest) -> Application? { Application(cookie: request.cookies[Self.cookie]) }

    // MARK: Showing

    func page(_ path: String, _ request: PageRequest) async -> PageReply? {
        switch path {
        case "/open-account":
            if let application = application(request), let step = await currentStep(application, request), request.query["new"] == nil {
                return .redirect(to: step)
            }
            return show("open-start", StartForm(product: request.query["product"] ?? ""), "Open an account", request)
        case "/open-account/phone":
            return await step(request, at: path) {
                show("open-phone", PhoneForm(isResent: request.query["sent"] != nil), "Confirm your phone", request)
            }
        case "/open-account/documents":
            return await step(request, at: path) { show("open-documents", DocumentsForm(), "Your documents", request) }
        case "/open-account/account":
            return await step(request, at: path) {
                let products = await CataloguePages(site: site).offered(request)
                return show(
                    "open-account", AccountForm(products: products, chosen: request.cookies["wekeza_product"]), "Your account", request)
            }
        case "/open-account/status": return await status(request)
        default: return nil
        }
    }

    /// Shows a step only while it is the application's current one.
    private func step(_ request: PageRequest, at path: String, _ page: () async -> PageReply) async -> PageReply {
        guard let application = application(request) else { return .redirect(to: "/open-account") }
        guard let current = await currentStep(application, request) else { return .redirect(to: "/open-account?new=1") }
        return current == path ? await page() : .redirect(to: current)
    }

    /// - Returns: nil when the application does not exist any more
    private func currentStep(_ application: Application, _ request: PageRequest) async -> String? {
        let answer = await statusAnswer(application, request)
        guard answer.isSuccess else { return nil }
        switch answer.json.text("status") {
        case "inProgress": return Self.paths[answer.json.text("currentStep") ?? ""] ?? "/open-account/status"
        case "expired": return nil
        default: return "/open-account/status"
        }
    }

    private func statusAnswer(_ application: Application, _ request: PageRequest) async -> BankAnswer {
        await site.send(
            BankRequest(
                "GET", "/api/customer-portal/onboard/status/\(application.id)", headers: [application.header]))
    }

    struct Status {
        let isCompleted: Bool
        let isUnderReview: Bool
        let isRejected: Bool
        let isExpired: Bool
        let message: String?
        let accountNumber: String?
        let username: String?
    }

    private func status(_ request: PageRequest) async -> PageReply {
        guard let application = application(request) else { return .redirect(to: "/open-account") }
        let answer = await statusAnswer(application, request)
        guard answer.isSuccess else { return answer.status >= 500 ? site.unavailable(request) : .redirect(to: "/open-account?new=1") }
        let status = answer.json.text("status") ?? ""
        if status == "inProgress", let step = Self.paths[answer.json.text("currentStep") ?? ""], step != request.path {
            return .redirect(to: step)
        }
        let content = Status(
            isCompleted: status == "completed", isUnderReview: status == "underReview", isRejected: status == "rejected",
            isExpired: status == "expired", message: answer.json.text("message"), accountNumber: answer.json.text("accountNumber"),
            username: answer.json.text("username"))
        return show("open-status", content, "Your application", request)
    }

    private func show<Form>(_ template: String, _ form: Form, _ title: String, _ request: PageRequest, status: Int = 200) -> PageReply {
        let frame = site.frame(
            title, "Open a Wekeza account from your phone in a few minutes.", request, isIndexed: request.path == "/open-account")
        return .html(site.views.page(template, form, frame: frame), status: status, isPublic: false)
    }

    // MARK: Sending

    func submission(_ path: String, _ request: PageRequest) async -> PageReply? {
        if path == "/open-account" { return await start(request) }
        guard ["/open-account/phone", "/open-account/resend", "/open-account/documents", "/open-account/account"].contains(path) else {
            return nil
        }
        guard let application = application(request) else { return .redirect(to: "/open-account") }
        switch path {
        case "/open-account/phone": return await verifyPhone(application, request)
        case "/open-account/resend": return await resend(application, request)
        case "/open-account/documents": return await documents(application, request)
        default: return await account(application, request)
        }
    }

    private func start(_ request: PageRequest) async -> PageReply {
        let form = request.form
        var start = StartForm(form)
        let answer = await site.post("/api/customer-portal/onboard/basic-info", start.json, request)
        if answer.isSuccess, let id = answer.json.text("onboardingId"), let token = answer.json.text("onboardingToken") {
            var reply = PageReply.redirect(to: Self.paths[answer.json.text("nextStep") ?? ""] ?? "/open-account/phone")
                .settingCookie(
                    Self.cookie, Application(id: id, token: token).cookie, isSecure: request.isSecure, maxAgeSeconds: Self.cookieSeconds)
            if !start.product.isEmpty {
                reply = reply.settingCookie(
                    "wekeza_product", Escaping.query(start.product), isSecure: request.isSecure, maxAgeSeconds: Self.cookieSeconds)
            }
            return reply
        }
        start.note(answer, site: site)
        return show("open-start", start, "Open an account", request, status: refused(answer))
    }

    private func verifyPhone(_ application: Application, _ request: PageRequest) async -> PageReply {
        let code = (request.form["code"] ?? "").filter { $0 != " " }
        let answer = await site.post(
            "/api/customer-portal/onboard/verify-phone",
            Escaping.json([("onboardingId", .text(application.id)), ("code", .optionalText(code))]),
            request,
            headers: [application.header])
        return continued(answer, request) { fault in
            var form = PhoneForm(isResent: false)
            form.fault = fault["code"] ?? fault["form"]
            if answer.code == "invalid_code" { form.fault = "This is not the code we sent. Please check the newest message." }
            return show("open-phone", form, "Confirm your phone", request, status: refused(answer))
        }
    }

    private func resend(_ application: Application, _ request: PageRequest) async -> PageReply {
        let answer = await site.post(
            "/api/customer-portal/onboard/resend-code", Escaping.json([("onboardingId", .text(application.id))]), request,
            headers: [application.header])
        guard !answer.isSuccess else { return .redirect(to: "/open-account/phone?sent=1") }
        var form = PhoneForm(isResent: false)
        form.fault = site.message(for: answer)
        return show("open-phone", form, "Confirm your phone", request, status: refused(answer))
    }

    private func documents(_ application: Application, _ request: PageRequest) async -> PageReply {
        guard request.contentType.hasPrefix(Self.multipartPrefix) else {
            return show("open-documents", DocumentsForm(), "Your documents", request, status: 422)
        }
        // The files go on as they came: this page never opens them.
        let answer = await site.send(
            BankRequest(
                "POST", "/api/customer-portal/onboard/documents",
                headers: [("Content-Type", request.contentType), application.header],
                body: request.body))
        return continued(answer, request) { faults in
            show("open-documents", DocumentsForm(faults: faults), "Your documents", request, status: refused(answer))
        }
    }

    private func account(_ application: Application, _ request: PageRequest) async -> PageReply {
        let products = await CataloguePages(site: site).offered(request)
        var form = AccountForm(products: products, form: request.form)
        guard form.passwordsMatch else {
            form.faults["repeat"] = "The two passwords differ"
            return show("open-account", form, "Your account", request, status: 422)
        }
        let answer = await site.post(
            "/api/customer-portal/onboard/account-setup", form.json(onboardingID: application.id), request, headers: [application.header])
        return continued(answer, request) { faults in
            form.faults = faults
            if answer.code == "username_taken" { form.faults = ["username": "Somebody has this name already. Please choose another."] }
            return show("open-account", form, "Your account", request, status: refused(answer))
        }
    }

    /// On to the next step, back to the one that is due, or the same form with what is wrong.
    private func continued(_ answer: BankAnswer, _ request: PageRequest, refusal: ([String: String]) -> PageReply) -> PageReply {
        if answer.isSuccess {
            let next = answer.json.text("nextStep") ?? answer.json.text("status") ?? ""
            return .redirect(to: Self.paths[next] ?? "/open-account/status")
        }
        if answer.code == "step_out_of_order", let path = Self.paths[answer.json.text("nextStep") ?? ""] { return .redirect(to: path) }
        if answer.status == 404 { return .redirect(to: "/open-account?new=1") }
        var faults = answer.faults
        if faults.isEmpty { faults["form"] = site.message(for: answer) }
        return refusal(faults)
    }

    private func refused(_ answer: BankAnswer) -> Int { (400..<600).contains(answer.status) ? answer.status : 422 }
}
