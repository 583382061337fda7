import Foundation
import Identity
import Kernel

/// What a person sees when the bank is open.
enum Welcome {
    static func show(_ settings: Settings, _ channels: WebChannels) {
        let host = settings.bindAddress == "0.0.0.0" ? "127.0.0.1" : settings.bindAddress
        let scheme = settings.encryption == nil ? "http" : "https"
        let address = "\(scheme)://\(host):\(settings.ports.api)"
        // Browsers treat localhost as a place of its own, with the rights that pages have over TLS.
        let place = ["127.0.0.1", "::1"].contains(host) ? "localhost" : host
        var places = channels.channels.map { ($0.title, "\(scheme)://\(place):\($0.port)") }
        places.append(("API", "\(address)/api"))
        if settings.isOpenAPIServed { places.append(("Swagger", "\(address)/swagger")) }
        places.append(("Health", "\(address)/health"))
        let titleWidth = places.map(\.0.count).max() ?? 0
        var lines = ["", "Wekeza is open (\(settings.mode.rawValue) mode).", ""]
        lines += places.map { "  " + $0.padding(toLength: titleWidth + 2, withPad: " ", startingAt: 0) + $1 }
        lines.append("")
        if settings.mode == .demo {
            lines.append("Demo logins (user / password):")
            let width = DemoUsers.all.map(\.username.count).max() ?? 0
            for user in DemoUsers.all {
                let padding = String(repeating: " ", count: width - user.username.count)
                let roles = user.roles.roles.map(\.rawValue).joined(separator: ", ")
                lines.append("  \(user.username)\(padding) / \(user.password)  \(roles)")
            }
            lines.append("")
        }
        lines.append("Ctrl-C stops it.")
        Terminal.say(lines.joined(separator: "\n"))
    }
}
