import Kernel

/// Status and title of every problem code (contract, appendix A).
enum ProblemCatalogue {
    static func status(of kind: Refusal.Kind) -> Int {
        switch kind {
        case .malformed: 400
        case .unauthenticated: 401
        case .forbidden: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .conflict: 409
        case .tooLarge: 413
        case .unsupportedMediaType: 415
        case .invalid: 422
        case .locked: 423
        case .tooMany: 429
        case .unavailable: 503
        }
    }

    /// The title: a fixed sentence for general codes, otherwise the code in words.
    static func title(_ code: String) -> String {
        if let title = titles[code] { return title }
        var words = code.replacingUnderscores()
        if let first = words.first { words.replaceSubrange(words.startIndex...words.startIndex, with: first.uppercased()) }
        return words
    }

    private static let titles: [String: String] = [
        "malformed_request": "The request cannot be read",
        "authentication_required": "Please sign in",
        "invalid_token": "The token is not valid",
        "invalid_credentials": "User name or password is wrong",
        "forbidden": "Your roles do not allow this",
        "password_change_required": "Please change your password first",
        "origin_not_allowed": "This origin is not allowed",
        "not_found": "There is no such thing here",
        "method_not_allowed": "This method is not offered here",
        "payload_too_large": "The request is too large",
        "unsupported_media_type": "This content type is not understood here",
        "validation_failed": "The request is not valid",
        "rate_limited": "Too many requests",
        "too_many_attempts": "Too many attempts",
        "temporarily_unavailable": "Temporarily unavailable",
        "internal": "Something went wrong on our side",
        "idempotency_key_reused": "The idempotency key was used for another request",
        "idempotency_in_progress": "The same request is still running",
        "insufficient_funds": "There is not enough money on the account",
        "step_up_required": "Please confirm this action",
        "version_conflict": "The record has changed in the meantime",
        "invalid_state": "The state of the thing does not allow this",
    ]

    /// The status under which the document lists a code. A code that has two is given as `401 invalid_code`.
    static func documented(_ entry: String) -> (status: Int, code: String) {
        let parts = entry.split(separator: " ")
        if parts.count == 2, let status = Int(parts[0]) { return (status, String(parts[1])) }
        if let status = statuses[entry] { return (status, entry) }
        if entry.hasSuffix("_not_found") { return (404, entry) }
        return (422, entry)
    }

    private static let statuses: [String: Int] = {
        let groups: [(Int, String)] = [
            (400, "malformed_request"),
            (401, "authentication_required invalid_credentials invalid_refresh_token refresh_token_reused"),
            (
                403,
                "forbidden step_up_required password_change_required channel_not_allowed origin_not_allowed maker_cannot_approve "
                    + "not_an_approver already_approved four_eyes_required self_change_forbidden"
            ),
            (404, "not_found no_open_session"), (405, "method_not_allowed"), (413, "payload_too_large"),
            (
                409,
                "idempotency_in_progress version_conflict id_in_use invalid_state already_reversed workflow_already_decided "
                    + "workflow_expired level_mismatch duplicate_beneficiary duplicate_customer duplicate_card duplicate_batch "
                    + "username_taken email_taken step_out_of_order session_already_open run_in_progress quote_already_used "
                    + "amendment_pending not_ready"
            ),
            (415, "unsupported_media_type"), (423, "user_disabled"), (429, "rate_limited too_many_attempts"),
            (503, "temporarily_unavailable rail_unavailable"),
        ]
        var statuses: [String: Int] = [:]
        for (status, codes) in groups {
            for code in codes.split(separator: " ") { statuses[String(code)] = status }
        }
        return statuses
    }()
}

extension String {
    fileprivate func replacingUnderscores() -> String {
        String(map { $0 == "_" ? " " : $0 })
    }
}

/// Writes problem+json (RFC 9457; contract, 1.4).
enum ProblemDocument {
    static func json(_ refusal: Refusal, status: Int, instance: String, traceID: String) -> [UInt8] {
        var object = ObjectWriter()
        object.bytes.reserveCapacity(384)
        object.bytes.append(UInt8(ascii: "{"))
        object.text("type", "urn:wekeza:problem:" + refusal.code)
        object.text("title", ProblemCatalogue.title(refusal.code))
        object.integer("status", status)
        object.text("detail", refusal.detail)
        object.text("instance", instance)
        object.text("code", refusal.code)
        object.text("traceId", traceID)
        if !refusal.fields.isEmpty || refusal.code == "validation_failed" {
            object.nestedArray("errors", refusal.fields) { field, nested in
                nested.text("field", field.field)
                nested.text("code", field.code)
                nested.text("message", field.message)
            }
        }
        for member in refusal.members { write(member, to: &object) }
        object.bytes.append(UInt8(ascii: "}"))
        return object.bytes
    }

    private static func write(_ member: Refusal.Member, to object: inout ObjectWriter) {
        switch member.value {
        case .text(let text): object.text(member.name, text)
        case .integer(let integer): object.integer(member.name, integer)
        case .texts(let texts): object.texts(member.name, texts)
        case .object(let members): object.nested(member.name) { nested in for inner in members { write(inner, to: &nested) } }
        }
    }
}
