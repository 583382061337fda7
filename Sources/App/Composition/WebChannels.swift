import Foundation
import HTTPEdge
import Kernel
import PublicSite
import WebHosting

/// The browser channels of this start: those that were built, each on its port.
struct WebChannels: Sendable {
    struct Channel: Sendable {
        let name: String
        let title: String
        let port: Int
        let setting: SettingName
    }

    static let none = WebChannels(channels: [], listeners: [])

    let channels: [Channel]
    let listeners: [SiteListener]

    private init(channels: [Channel], listeners: [SiteListener]) {
        self.channels = channels
        self.listeners = listeners
    }

    /// - Throws: one clear line when the workspace cannot be read or a port is taken
    static func open(_ settings: Settings) throws -> WebChannels {
        guard let directory = settings.webDirectory else { return .none }
        let workspace = try WebWorkspace(directory: directory, followsChanges: settings.mode == .demo)
        let built = Set(workspace.channels + ["public"])
        let channels = [
            Channel(name: "public", title: "Public website", port: settings.ports.publicSite, setting: .publicPort),
            Channel(name: "personal", title: "Personal banking", port: settings.ports.personal, setting: .personalPort),
            Channel(name: "corporate", title: "Corporate banking", port: settings.ports.corporate, setting: .corporatePort),
            Channel(name: "sme", title: "SME banking", port: settings.ports.sme, setting: .smePort),
            Channel(name: "staff", title: "Staff workplace", port: settings.ports.staff, setting: .staffPort),
        ].filter { built.contains($0.name) }
        for channel in channels {
            try PortProbe.check(host: settings.bindAddress, port: channel.port, setting: channel.setting.rawValue)
        }
        let listeners = try channels.map { channel in
            SiteListener(name: channel.name, port: channel.port, site: try site(of: channel, workspace, settings))
        }
        return WebChannels(channels: channels, listeners: listeners)
    }

    private static func site(of channel: Channel, _ workspace: WebWorkspace, _ settings: Settings) throws -> any Site {
        guard channel.name == "public" else { return ChannelSite(workspace: workspace, channel: channel.name) }
        let assets = try SiteAssets(directory: workspace.directory)
        return PublicChannel(
            site: try PublicSite(assets: assets, personalPort: settings.ports.personal, clock: SystemClock()), workspace: workspace)
    }
}

extension Encryption {
    /// - Throws: one clear line when certificate or key cannot be used
    static func load(_ settings: Settings) throws -> Encryption? {
        switch settings.encryption {
        case nil: return nil
        case .files(let certificatePath, let keyPath): return try Encryption(certificatePath: certificatePath, keyPath: keyPath)
        case .selfSigned:
            let paths = try SelfSignedCertificate.loadOrCreate(
                directory: settings.dataDirectory + "/tls", addresses: [settings.bindAddress], now: Date())
            return try Encryption(certificatePath: paths.certificatePath, keyPath: paths.keyPath)
        }
    }
}
