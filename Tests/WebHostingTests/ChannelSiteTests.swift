import Foundation
import HTTPEdge
import Testing

@testable import WebHosting

@Suite struct ChannelSiteTests {
    @Test(
        "Every address a person can be at shows the channel's page",
        arguments: ["/", "/accounts", "/accounts/0010100000017", "/a/b/", "//x"])
    func historyRouting(_ path: String) throws {
        let workspace = try Workspace()
        let reply = try #require(try workspace.site().send("GET", path))
        #expect(reply.status == 200 && reply.text == Workspace.page)
        #expect(reply["Content-Type"] == "text/html; charset=utf-8")
        #expect(reply["Cache-Control"] == "no-cache")
    }

    @Test(
        "The API's paths are left to the edge",
        arguments: ["/api", "/api/", "/api/authentication/login", "/API/x", "/openapi.json", "/health", "/health/live"])
    func paths(_ path: String) throws {
        let workspace = try Workspace()
        #expect(try workspace.site().send("POST", path) == nil)
    }

    @Test("A path that only looks like the API's is the channel's", arguments: ["/apis", "/healthy"])
    func lookalikes(_ path: String) throws {
        let workspace = try Workspace()
        #expect(try workspace.site().send("GET", path)?.status == 200)
    }

    @Test("An asset is immutable and has its type")
    func assets() throws {
        let workspace = try Workspace()
        let script = try #require(try workspace.site().send("GET", "/assets/main-AB12.js"))
        #expect(script.status == 200 && script.text == Workspace.script)
        #expect(script["Content-Type"] == "text/javascript; charset=utf-8")
        #expect(script["Cache-Control"] == "public, max-age=31536000, immutable")
        #expect(script["Vary"] == "Accept-Encoding")
        let font = try #require(try workspace.site().send("GET", "/assets/inter-CD34.woff2"))
        #expect(font["Content-Type"] == "font/woff2" && font["Vary"] == nil)
    }

    @Test(
        "What is no file of the workspace is not found",
        arguments: [
            "/assets/none.js", "/assets/", "/assets/main-AB12.js.br", "/assets/.hidden", "/favicon.ico", "/secret.txt", "/personal.html",
            "/.inputs",
            "/accounts/x.php",
        ])
    func unknownAssets(_ path: String) throws {
        let workspace = try Workspace()
        let reply = try #require(try workspace.site().send("GET", path))
        #expect(reply.status == 404 && reply["Cache-Control"] == "no-store")
        #expect(!reply.text.contains("not to be served"))
    }

    @Test(
        "No path leads out of the workspace",
        arguments: [
            "/../secret.txt", "/assets/../secret.txt", "/assets/..%2fsecret.txt", "/assets/%2e%2e/secret.txt", "/%2e%2e/%2e%2e/etc/passwd",
            "/assets/..%5csecret.txt", "/assets/..\\secret.txt", "/assets/%00", "/assets/main-AB12.js%00.png", "/%ff", "/%zz", "/%2",
            "/./x", "x",
            "/assets/%252e%252e/secret.txt", "/assets//main-AB12.js", "/..",
        ])
    func traversal(_ path: String) throws {
        let workspace = try Workspace()
        let reply = try #require(try workspace.site().send("GET", path))
        #expect(reply.status == 404)
        #expect(!reply.text.contains("not to be served"))
    }

    @Test(
        "The best compressed form that the caller understands is sent",
        arguments: [
            ("gzip, deflate, br", "br", "brotli script"), ("gzip", "gzip", "gzip script"), ("br;q=0, gzip;q=0.5", "gzip", "gzip script"),
            ("BR", "br", "brotli script"), ("*", "br", "brotli script"), ("br;q=0.0, *;q=0", nil, Workspace.script),
            ("identity", nil, Workspace.script), ("", nil, Workspace.script), ("zstd", nil, Workspace.script),
        ])
    func compression(_ accepted: String, _ encoding: String?, _ body: String) throws {
        let workspace = try Workspace()
        let reply = try #require(try workspace.site().send("GET", "/assets/main-AB12.js", [("Accept-Encoding", accepted)]))
        #expect(reply["Content-Encoding"] == encoding)
        #expect(reply.text == body)
    }

    @Test("A caller that has the page already gets no body")
    func entityTags() throws {
        let workspace = try Workspace()
        let site = try workspace.site()
        let accept = (name: "Accept-Encoding", value: "br")
        let first = try #require(site.send("GET", "/", [accept]))
        let tag = try #require(first["ETag"])
        for known in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
            let again = try #require(site.send("GET", "/accounts", [accept, ("If-None-Match", known)]))
            #expect(again.status == 304 && again.body.isEmpty)
            #expect(again["ETag"] == tag && again["Cache-Control"] == "no-cache" && again["Content-Security-Policy"] != nil)
        }
        #expect(site.send("GET", "/", [accept, ("If-None-Match", "\"other\"")])?.status == 200)
        // The uncompressed page is another representation.
        #expect(site.send("GET", "/", [("If-None-Match", tag)])?.status == 200)
    }

    @Test("Pages can be read only", arguments: ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
    func methods(_ method: String) throws {
        let workspace = try Workspace()
        let reply = try #require(try workspace.site().send(method, "/accounts"))
        #expect(reply.status == 405 && reply["Allow"] == "GET, HEAD")
    }

    @Test("Every answer carries the strict headers", arguments: ["/", "/assets/main-AB12.js", "/nothing.js"])
    func securityHeaders(_ path: String) throws {
        let workspace = try Workspace()
        let reply = try #require(try workspace.site().send("GET", path))
        let policy = try #require(reply["Content-Security-Policy"])
        for directive in [
            "default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
        ] { #expect(policy.contains(directive)) }
        #expect(!policy.contains("unsafe") && !policy.contains("*") && !policy.contains("upgrade"))
        #expect(reply["X-Content-Type-Options"] == "nosniff")
        #expect(reply["Referrer-Policy"] == "no-referrer")
        #expect(reply["Cross-Origin-Opener-Policy"] == "same-origin")
        #expect(reply["Cross-Origin-Resource-Policy"] == "same-origin")
        #expect(reply["Permissions-Policy"]?.contains("camera=()") == true)
        let secure = try #require(try workspace.site().send("GET", "/", isSecure: true))
        #expect(secure["Content-Security-Policy"]?.contains("upgrade-insecure-requests") == true)
    }

    @Test("Only channels that were built are served")
    func channels() throws {
        let workspace = try Workspace(channels: ["personal", "staff"])
        #expect(try WebWorkspace(directory: workspace.directory).channels == ["personal", "staff"])
        #expect(try workspace.site("corporate").send("GET", "/")?.status == 404)
        let empty = try Workspace(channels: [])
        #expect(throws: WebWorkspace.Failure.self) { try WebWorkspace(directory: empty.directory) }
    }

    @Test("A new build is taken up while somebody works on the pages, and pages that are open keep their files")
    func newBuild() throws {
        let workspace = try Workspace()
        let site = try workspace.site(followsChanges: true)
        #expect(site.send("GET", "/")?.text == Workspace.page)
        try workspace.write("personal.html", "new page")
        try workspace.write("assets/main-EF56.js", "new script")
        try FileManager.default.removeItem(atPath: workspace.directory + "/assets/main-AB12.js")
        let later = Date(timeIntervalSinceNow: 10)
        try FileManager.default.setAttributes([.modificationDate: later], ofItemAtPath: workspace.directory + "/.inputs")
        #expect(site.send("GET", "/")?.text == "new page")
        #expect(site.send("GET", "/assets/main-EF56.js")?.text == "new script")
        #expect(site.send("GET", "/assets/main-AB12.js")?.text == Workspace.script)
    }
}
