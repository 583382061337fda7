import Kernel

/// What a new password must be like (contract, section 4). The length is checked where the field is read.
enum PasswordRules {
    static let length = 8...128

    /// The first rule the password breaks; nil for a good one.
    /// - Parameter isBreached: whether the password is on a list of passwords that everybody tries
    static func fault(_ password: String, username: String, field: String, isBreached: (String) -> Bool) -> Refusal.Field? {
        let count = password.unicodeScalars.count
        if count < length.lowerBound { return .init(field, "too_short", "At least \(length.lowerBound) characters are needed") }
        if count > length.upperBound { return .init(field, "too_long", "At most \(length.upperBound) characters are allowed") }
        if password.lowercased().contains(username.lowercased()) {
            return .init(field, "contains_username", "The password must not contain the user name")
        }
        if isBreached(password) { return .init(field, "breached", "This password is on lists that thieves use; please choose another") }
        return nil
    }
}
