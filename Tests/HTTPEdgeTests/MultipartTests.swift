import Kernel
import TestKit
import Testing

@testable import HTTPEdge

@Suite struct MultipartTests {
    private func parse(_ text: String, boundary: String = "b") -> [MultipartForm.Part]? {
        (try? MultipartForm(parsing: Array(text.utf8), boundary: boundary))?.parts
    }

    private func text(_ part: MultipartForm.Part?) -> String? { part.map { String(decoding: $0.bytes, as: UTF8.self) } }

    @Test func takesAFormApart() {
        let parts = parse(
            """
            --b\r
            Content-Disposition: form-data; name="documentType"\r
            \r
            passport\r
            --b\r
            content-disposition: form-data; name="file"; filename="my \\"id\\".pdf"\r
            Content-Type: application/pdf\r
            \r
            %PDF\r
            --other\r
            \r
            --b\r
            Content-Disposition: form-data; name=empty\r
            \r
            \r
            --b--\r

            """)
        #expect(parts?.map(\.name) == ["documentType", "file", "empty"])
        #expect(text(parts?[0]) == "passport")
        #expect(text(parts?[1]) == "%PDF\r\n--other\r\n")
        #expect(parts?[1].fileName == "my \"id\".pdf")
        #expect(parts?[1].contentType == "application/pdf")
        #expect(text(parts?[2]) == "")
    }

    @Test(arguments: [
        "", "--", "--b", "--b\r\n", "--b\r\n\r\n", "--bX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--",
        "preamble\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--\r\nepilogue",
        "--b\nContent-Disposition: form-data; name=\"a\"\n\nx\n--b--",
        "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data;\r\n name=\"a\"\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--bogus\r\n--b--", "--b\r\nno colon here\r\n\r\nx\r\n--b--",
    ])
    func refusesWhatTwoProgramsCouldReadDifferently(body: String) {
        #expect(parse(body) == nil)
    }

    @Test func boundsPartsAndHeaders() {
        let part = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n"
        #expect(parse(String(repeating: part, count: MultipartForm.maximumParts) + "--b--")?.count == MultipartForm.maximumParts)
        #expect(parse(String(repeating: part, count: MultipartForm.maximumParts + 1) + "--b--") == nil)
        let long = String(repeating: "x", count: 5_000)
        #expect(parse("--b\r\nContent-Disposition: form-data; name=\"a\"\r\nX: \(long)\r\n\r\nx\r\n--b--") == nil)
    }

    @Test(
        arguments: [
            ("multipart/form-data; boundary=abc", "abc"), ("Multipart/Form-Data;boundary=\"a b\"", "a b"),
            ("multipart/form-data", nil), ("multipart/mixed; boundary=abc", nil), ("multipart/form-data; boundary=", nil),
            ("multipart/form-data; boundary=a; boundary=b", nil), ("multipart/form-data; boundary=a\u{e9}", nil),
            ("multipart/form-data; boundary=\(String(repeating: "x", count: 71))", nil),
        ] as [(String, String?)])
    func boundaries(header: String, expected: String?) {
        #expect(MultipartForm.boundary(of: header) == expected)
    }

    @Test(arguments: [
        ("../../etc/passwd", "passwd"), ("..\\..\\windows\\win.ini", "win.ini"), ("C:\\scans\\id.pdf", "id.pdf"), ("/", "document"),
        ("..", "document"), (".htaccess", "htaccess"), ("a\u{0}b.pdf", "ab.pdf"),
        ("kitambulisho cha taifa.png", "kitambulisho cha taifa.png"),
        ("\u{202E}fdp.exe", "fdp.exe"), ("a:b|c?.pdf", "a_b_c_.pdf"), ("", "document"),
    ])
    func pathsInNamesAreMadeHarmless(sent: String, kept: String) {
        #expect(UploadedFile(fileName: sent, declaredType: nil, bytes: []).fileName == kept)
    }

    /// What was put together comes apart the same, and whatever is done to the bytes never traps and never invents a part.
    @Test func survivesMutation() async {
        await checkProperty(runs: 300) { choices in
            var contents: [[UInt8]] = []
            var body: [UInt8] = []
            for index in 0..<choices.integer(1...4) {
                let content = choices.array(count: 0...40) { $0.element(of: [13, 10, 45, 98, 120, 0, 255] as [UInt8]) }
                contents.append(content)
                body += Array("--bound\r\nContent-Disposition: form-data; name=\"p\(index)\"; filename=\"f\"\r\n\r\n".utf8) + content
                body += Array("\r\n".utf8)
            }
            body += Array("--bound--\r\n".utf8)
            let form = try MultipartForm(parsing: body, boundary: "bound")
            try ensure(form.parts.map { Array($0.bytes) } == contents, "every part comes back")
            for _ in 0..<20 {
                var broken = body
                let position = choices.integer(0...broken.count - 1)
                switch choices.integer(0...2) {
                case 0: broken[position] = UInt8(choices.integer(0...255))
                case 1: broken.remove(at: position)
                default: broken.removeLast(broken.count - position)
                }
                let parts = (try? MultipartForm(parsing: broken, boundary: "bound"))?.parts ?? []
                try ensure(parts.allSatisfy { $0.bytes.endIndex <= broken.count }, "parts lie inside the body")
            }
        }
    }

    // MARK: At the edge

    private struct Upload: FormBody {
        let file: UploadedFile
        let kind: Direction
        let issued: BusinessDate?
        let count: Int?

        init(from fields: inout Fields) {
            file = fields.file("file")
            kind = fields.choice("kind", Direction.self)
            issued = fields.optionalDate("issued")
            count = fields.optionalInteger("count", 1...5)
        }
    }

    private let edge = Edge(extra: [
        Endpoint(
            .post, "/api/uploads", summary: "Upload", tag: "Things", access: .roles(RoleSet(.teller)), body: Upload.self,
            reply: TextView.self, status: 201
        ) { call in
            Reply(TextView(text: "\(call.body.file.fileName) \(call.body.file.bytes.count) \(call.body.kind) \(call.body.count ?? 0)"))
        }
    ])

    private func file(_ name: String = "a.pdf", _ count: Int = 3) -> UploadedFile {
        UploadedFile(fileName: name, declaredType: "application/pdf", bytes: [UInt8](repeating: 65, count: count))
    }

    @Test func uploads() async {
        let teller = edge.client.signedIn("teller")
        let reply = await teller.upload(
            "/api/uploads", fields: [("kind", "debit"), ("issued", ""), ("count", "3")], files: [("file", file("../x/a.pdf"))])
        #expect(reply.status == 201)
        #expect(reply.text("text") == "a.pdf 3 debit 3")
        let faulty = await teller.upload("/api/uploads", fields: [("kind", "x"), ("issued", "soon"), ("file", "text")], files: [])
        #expect(faulty.status == 422)
        #expect(faulty.faults == ["file:wrong_type", "kind:unknown_value", "issued:invalid_format"])
        let twice = await teller.upload("/api/uploads", fields: [("kind", "debit")], files: [("file", file()), ("file", file())])
        #expect(twice.faults == ["file:duplicate"])
    }

    @Test func uploadsAreBounded() async {
        let teller = edge.client.signedIn("teller")
        let largest = await teller.upload(
            "/api/uploads", fields: [("kind", "debit")], files: [("file", file("a", UploadedFile.maximumBytes))])
        #expect(largest.status == 201)
        let tooLarge = await teller.upload(
            "/api/uploads", fields: [("kind", "debit")], files: [("file", file("a", UploadedFile.maximumBytes + 1))])
        #expect(tooLarge.status == 413 && tooLarge.problemCode == "payload_too_large")
        let stranger = await edge.client.upload("/api/uploads", files: [("file", file("a", 2_000_000))])
        #expect(stranger.status == 401)
        let json = await teller.send(.post, "/api/uploads", json: "{}")
        #expect(json.status == 415 && json.problemCode == "unsupported_media_type")
        let broken = await teller.send(
            method: "POST", "/api/uploads", body: Array("--x".utf8), headers: [("Content-Type", "multipart/form-data; boundary=b")])
        #expect(broken.status == 400 && broken.problemCode == "malformed_request")
        let form = await teller.upload("/api/staff/report", files: [("file", file())])
        #expect(form.status == 415)
        let document = await edge.client.send(.get, "/openapi.json")
        #expect(document.text.contains("multipart/form-data"))
    }
}
