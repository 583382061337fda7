import HTTPEdge
import Kernel

struct LoginRequest: RequestBody {
    let username: String
    let password: String

    init(from fields: inout Fields) {
        username = fields.text("username", 1...64)
        password = fields.password("password", 1...128)
    }
}

/// The token of a caller that is no browser channel; a browser sends its cookie.
struct RefreshRequest: RequestBody {
    let refreshToken: String?

    init(from fields: inout Fields) {
        refreshToken = fields.optionalPassword("refreshToken", 1...512)
    }
}

struct LogoutRequest: RequestBody {
    let refreshToken: String?

    init(from fields: inout Fields) {
        refreshToken = fields.optionalPassword("refreshToken", 0...4_096)
    }
}

struct ChangePasswordRequest: RequestBody {
    let currentPassword: String
    let newPassword: String

    init(from fields: inout Fields) {
        currentPassword = fields.password("currentPassword", 1...128)
        newPassword = fields.password("newPassword", PasswordRules.length)
    }
}

struct MFAVerifyRequest: RequestBody {
    /// Text, because a challenge of impossible form is answered like one that does not exist.
    let challengeID: String
    let method: SecondFactorMethod?
    let code: String

    init(from fields: inout Fields) {
        challengeID = fields.text("challengeId", 1...64)
        method = fields.optionalChoice("method", SecondFactorMethod.self)
        code = fields.text("code", 1...64)
    }
}

struct MFAEnrolRequest: RequestBody {
    let password: String

    init(from fields: inout Fields) {
        password = fields.password("password", 1...128)
    }
}

struct MFAConfirmRequest: RequestBody {
    let code: String

    init(from fields: inout Fields) {
        code = fields.text("code", 1...64)
    }
}

struct MFADisableRequest: RequestBody {
    let password: String
    let code: String

    init(from fields: inout Fields) {
        password = fields.password("password", 1...128)
        code = fields.text("code", 1...64)
    }
}

/// A user name, or an e-mail address in its place.
struct ForgotPasswordRequest: RequestBody {
    let name: String

    init(from fields: inout Fields) {
        let username = fields.optionalText("username", 1...254)
        let email = fields.optionalText("email", 1...254)
        fields.requireOne(of: "username", "email")
        name = username ?? email ?? ""
    }
}

struct ResetPasswordRequest: RequestBody {
    let token: String
    let newPassword: String

    init(from fields: inout Fields) {
        token = fields.password("token", 1...512)
        newPassword = fields.password("newPassword", PasswordRules.length)
    }
}

/// How a second factor is given.
enum StepUpMethod: String, CaseIterable {
    case totp, smsCode
}

struct StepUpVerifyRequest: RequestBody {
    /// Text, because a challenge of impossible form is answered like one that does not exist.
    let challengeID: String
    let method: StepUpMethod?
    let code: String

    init(from fields: inout Fields) {
        challengeID = fields.text("challengeId", 1...64)
        method = fields.optionalChoice("method", StepUpMethod.self)
        code = fields.text("code", 1...64)
    }
}

struct StepUpResendRequest: RequestBody {
    let challengeID: String

    init(from fields: inout Fields) {
        challengeID = fields.text("challengeId", 1...64)
    }
}

struct SessionQuery: QueryParameters, Paged {
    let page: PageRequest

    init(from fields: inout Fields) {
        page = fields.page()
    }
}
