import Accounts
import HTTPEdge
import Kernel

/// A transfer as a test asks for it; every field is text, so that wrong ones can be sent too.
struct TransferCall {
    var from: String?
    var fromID: String?
    var to: String
    var amount: String
    var currency = "KES"
    var narration: String?
    var extra = ""
    var key = Bank.freshKey()
    var stepUpToken: String?

    init(from: AccountIdentity, to: AccountIdentity, _ amount: String) {
        self.from = from.number
        self.to = to.number
        self.amount = amount
    }

    var json: String {
        var fields: [String] = []
        if let from { fields.append("\"fromAccountNumber\":\(quoted(from))") }
        if let fromID { fields.append("\"fromAccountId\":\(quoted(fromID))") }
        fields.append("\"toAccountNumber\":\(quoted(to))")
        fields.append("\"amount\":\(quoted(amount))")
        fields.append("\"currency\":\(quoted(currency))")
        if let narration { fields.append("\"narration\":\(quoted(narration))") }
        if !extra.isEmpty { fields.append(extra) }
        return "{\(fields.joined(separator: ","))}"
    }

    private func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
}

extension InProcessClient {
    static let portalTransfer = "/api/customer-portal/transactions/transfer"

    func transfer(_ call: TransferCall, path: String = portalTransfer) async -> InProcessResponse {
        var headers = [("Idempotency-Key", call.key)]
        if let token = call.stepUpToken { headers.append(("X-Step-Up-Token", token)) }
        return await send(.post, path, json: call.json, headers: headers)
    }

    func get(_ uri: String) async -> InProcessResponse { await send(.get, uri) }

    func post(_ uri: String, _ json: String, key: String = Bank.freshKey(), stepUpToken: String? = nil) async -> InProcessResponse {
        var headers = [("Idempotency-Key", key)]
        if let stepUpToken { headers.append(("X-Step-Up-Token", stepUpToken)) }
        return await send(.post, uri, json: json, headers: headers)
    }

    func put(_ uri: String, _ json: String, stepUpToken: String? = nil) async -> InProcessResponse {
        await send(.put, uri, json: json, headers: stepUpToken.map { [("X-Step-Up-Token", $0)] } ?? [])
    }
}

extension InProcessResponse {
    /// `201`, or `422 limit_exceeded amount` with the field to blame.
    var outcome: String {
        guard status >= 400 else { return "\(status)" }
        let field = faults.first.map { " " + $0.prefix { $0 != ":" } } ?? ""
        return "\(status) \(problemCode ?? "?")\(field)"
    }
}
