import Identity
import Kernel

/// What a person sees when the bank is open.
enum Welcome {
    static func show(_ settings: Settings) {
        let host = settings.bindAddress == "0.0.0.0" ? "127.0.0.1" : settings.bindAddress
        let address = "http://\(host):\(settings.ports.api)"
        var lines = ["", "Wekeza is open (\(settings.mode.rawValue) mode).", "", "  API       \(address)/api"]
        if settings.isOpenAPIServed { lines.append("  Swagger   \(address)/swagger") }
        lines += ["  Health    \(address)/health", ""]
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
