import Kernel
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// /openapi.json and /swagger.
enum Documentation {
    /// Files of Swagger UI that the page needs, with their types. Nothing else in the directory is served.
    private static let assets: [String: String] = [
        "swagger-ui.css": "text/css; charset=utf-8",
        "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
        "favicon-32x32.png": "image/png",
    ]
    private static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    /// The endpoints of the documentation of `others` and of themselves.
    static func endpoints(for others: [Endpoint], _ configuration: EdgeConfiguration) -> [Endpoint] {
        [document(json(for: others, configuration)), page(configuration), asset(configuration)]
    }

    static func json(for others: [Endpoint], _ configuration: EdgeConfiguration) -> [UInt8] {
        // The document describes its own address too, with a stand-in whose handler is never called.
        let all = others + [document([]), page(configuration), asset(configuration)]
        return OpenAPIDocument(endpoints: all, title: configuration.serviceName).json()
    }

    private static func document(_ json: [UInt8]) -> Endpoint {
        Endpoint(
            .get, "/openapi.json", summary: "This document", tag: "Platform", access: .everyone,
            status: 200, options: EndpointOptions(contentType: "application/json")
        ) { _ in .raw(json, contentType: MediaType.json) }
    }

    private static func page(_ configuration: EdgeConfiguration) -> Endpoint {
        let directory = configuration.swaggerUIDirectory
        return Endpoint(
            .get, "/swagger", summary: "This document, to read and to try", tag: "Platform", access: .everyone, status: 200,
            options: EndpointOptions(contentType: MediaType.html)
        ) { _ in
            let isInstalled = await directory.asyncMap { await read($0 + "/swagger-ui-bundle.js", limit: 1) } ?? nil != nil
            return Reply.raw(Array((isInstalled ? swaggerPage : missingPage).utf8), contentType: MediaType.html)
                .adding("Content-Security-Policy", contentSecurityPolicy)
        }
    }

    private static func asset(_ configuration: EdgeConfiguration) -> Endpoint {
        let directory = configuration.swaggerUIDirectory
        return Endpoint(
            .get, "/swagger/{file}", summary: "A file of Swagger UI", tag: "Platform", access: .everyone, status: 200,
            options: EndpointOptions(rateLimit: .none, cacheSeconds: 86_400, contentType: "text/javascript")
        ) { call in
            let name = call.path("file")
            if name == "start.js" { return .raw(Array(startScript.utf8), contentType: "text/javascript; charset=utf-8") }
            guard let directory, let type = assets[name], let bytes = await read("\(directory)/\(name)", limit: 16_777_216) else {
                throw Refusal.notFound()
            }
            return .raw(bytes, contentType: type)
        }
    }

    private static let swaggerPage = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Wekeza API</title>
        <link rel="stylesheet" href="/swagger/swagger-ui.css">
        <link rel="icon" type="image/png" href="/swagger/favicon-32x32.png">
        </head>
        <body>
        <main id="swagger-ui"></main>
        <script src="/swagger/swagger-ui-bundle.js"></script>
        <script src="/swagger/start.js"></script>
        </body>
        </html>
        """

    private static let startScript = """
        window.onload = function () {
          window.ui = SwaggerUIBundle({
            url: "/openapi.json",
            dom_id: "#swagger-ui",
            deepLinking: true,
            docExpansion: "none",
            displayRequestDuration: true,
            validatorUrl: null,
          });
        };
        """

    private static let missingPage = """
        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><title>Wekeza API</title></head>
        <body>
        <h1>Wekeza API</h1>
        <p>The description of the API is at <a href="/openapi.json">/openapi.json</a>.</p>
        <p>To read it here, install the files of Swagger UI and start again:</p>
        <pre>pip install drf-spectacular-sidecar</pre>
        <p>Then let WEKEZA_SWAGGER_UI name the directory swagger-ui-dist of that package.</p>
        </body>
        </html>
        """

    /// Reads a file on a thread that may block. Nil when it cannot be read or is longer than the limit allows and `limit` > 1.
    private static func read(_ path: String, limit: Int) async -> [UInt8]? {
        try? await NIOThreadPool.singleton.runIfActive { readFile(path, limit: limit) } ?? nil
    }

    private static func readFile(_ path: String, limit: Int) -> [UInt8]? {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(limit, 65_536))
        while bytes.count < limit {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return bytes
    }
}

extension Optional {
    fileprivate func asyncMap<Result>(_ transform: (Wrapped) async -> Result) async -> Result? {
        guard let self else { return nil }
        return await transform(self)
    }
}
