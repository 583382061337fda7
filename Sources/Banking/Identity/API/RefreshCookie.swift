import HTTPEdge
import Kernel

/// The cookie in which a browser channel keeps its refresh token (contract, section 1.8). No script can read it, no other site can
/// make the browser send it, and it goes to the authentication endpoints only.
enum RefreshCookie {
    static func name(of channel: Channel) -> String { "wekeza_refresh_\(channel.rawValue)" }

    static func setting(_ token: String, channel: Channel, seconds: Int64, isSecure: Bool) -> SetCookie {
        SetCookie(
            name: name(of: channel), value: token, path: "/api/authentication", maximumAgeSeconds: Int(seconds), isSecure: isSecure,
            sameSite: .strict)
    }

    static func clearing(channel: Channel, isSecure: Bool) -> SetCookie {
        setting("", channel: channel, seconds: 0, isSecure: isSecure)
    }
}
