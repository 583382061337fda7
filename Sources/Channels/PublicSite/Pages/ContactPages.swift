import HTTPEdge

/// Branches and the contact form.
struct ContactPages: Sendable {
    let site: PublicSite

    // MARK: Branches

    struct Branches {
        let branches: [Branch]
        let search: String
    }

    struct Branch {
        let name: String
        let address: String
        let phone: String?
        let phoneLink: String?
        let mapLink: String?
        let hours: [String]
    }

    func branches(_ request: PageRequest) async -> PageReply {
        let search = request.query["q"] ?? ""
        let answer = await site.get("/api/contact/branches" + (search.isEmpty ? "" : "?q=\(Escaping.query(search))"), request)
        guard answer.isSuccess || answer.status == 422 else { return site.unavailable(request) }
        let branches = answer.json.items("items").map { branch in
            let mapLink: String? =
                if let latitude = branch.text("latitude"), let longitude = branch.text("longitude") {
                    "geo:\(latitude),\(longitude)"
                } else {
                    nil
                }
            return Branch(
                name: branch.text("name") ?? "",
                address: [branch.text("address"), branch.text("city")].compactMap { $0 }.joined(separator: ", "),
                phone: branch.text("phone").map(Formatting.phone), phoneLink: branch.text("phone"), mapLink: mapLink,
                hours: branch.texts("openingHours"))
        }
        let frame = site.frame("Branches", "Where to find Wekeza Bank, and when its doors are open.", request)
        return .html(site.views.page("branches", Branches(branches: branches, search: search), frame: frame))
    }

    // MARK: Contact

    struct Contact {
        var name = ""
        var email = ""
        var phone = ""
        var subject = ""
        var message = ""
        var topics: [Topic] = Contact.topics(chosen: "general")
        var faults: [String: String] = [:]
        var ticketNumber: String?

        struct Topic {
            let value: String
            let title: String
            let isChosen: Bool
        }

        static func topics(chosen: String) -> [Topic] {
            [("general", "A question"), ("product", "A product"), ("complaint", "A complaint"), ("career", "Working with us")].map {
                Topic(value: $0.0, title: $0.1, isChosen: $0.0 == chosen)
            }
        }
    }

    func contact(_ request: PageRequest) async -> PageReply {
        guard request.method == "POST" else { return show(Contact(ticketNumber: request.query["ticket"]), request) }
        let form = request.form
        var contact = Contact(
            name: form["name"] ?? "", email: form["email"] ?? "", phone: form["phone"] ?? "", subject: form["subject"] ?? "",
            message: form["message"] ?? "", topics: Contact.topics(chosen: form["topic"] ?? "general"))
        let answer = await site.post(
            "/api/contact",
            Escaping.json([
                ("name", .optionalText(contact.name)), ("email", .optionalText(contact.email)), ("phone", .optionalText(contact.phone)),
                ("subject", .optionalText(contact.subject)), ("message", .optionalText(contact.message)),
                ("topic", .optionalText(form["topic"])),
            ]), request)
        if answer.isSuccess, let ticket = answer.json.text("ticketNumber") {
            return .redirect(to: "/contact?ticket=\(Escaping.query(ticket))")
        }
        contact.faults = answer.faults
        if contact.faults.isEmpty { contact.faults["form"] = site.message(for: answer) }
        return show(contact, request, status: answer.status == 429 ? 429 : 422)
    }

    private func show(_ contact: Contact, _ request: PageRequest, status: Int = 200) -> PageReply {
        let frame = site.frame("Contact", "Write to Wekeza Bank; every message gets a number and an answer.", request)
        return .html(site.views.page("contact", contact, frame: frame), status: status, isPublic: contact.ticketNumber == nil)
    }
}
