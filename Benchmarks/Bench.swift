import ArgumentParser
import Foundation
import Kernel
import Ledger
import Logging
import Postgres

/// Measures the bank beside PostgreSQL's own benchmark, in one run on one cluster with fsync and synchronous_commit on.
///
/// Absolute figures drift with the machine; the ratios are taken side by side, round by round, and the median of the rounds is shown.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures posting, HTTP transfers, reads and proofs against pgbench.")

    @Option(help: "Folder for the cluster; removed and made anew.") var directory = "/tmp/wekeza-bench"
    @Option(help: "The wekeza program to measure.") var wekeza = ".build/release/wekeza"
    @Option(help: "Rounds of pgbench, engine and HTTP in turn.") var rounds = 3
    @Option(help: "Seconds of each measurement.") var seconds = 10
    @Option(help: "Accounts of the in-process measurement.") var accounts = 100_000
    @Option(help: "Clients of the in-process measurement.") var clients = 1_024
    @Option(help: "Connections of the HTTP measurement.") var connections = 200
    @Option(help: "Customers of the HTTP measurement; each has 20 accounts.") var customers = 600
    @Option(help: "Savings accounts of the close of day.") var savings = 1_000_000
    @Option(help: "Postings the ledger holds when reads are measured.") var postings = 5_000_000
    @Option(help: "Port of the program measured.") var port = 5_900
    @Flag(help: "Prepare, then wait for a line on standard input before the rounds.") var wait = false
    @Option(help: "Folder with UN_consolidated.xml and sdn.csv, for --parts screening.") var lists = "../shared/data/sanctions"
    @Flag(help: "Print what each statement costs PostgreSQL.") var statements = false
    @Option(help: "Writers of the in-process measurement.") var writers = 2
    @Option(help: "Units a writer takes while another one is busy.") var batch = 256
    @Option(help: "Which parts: pgbench, engine, http, reads, days; or screening alone.") var parts = "pgbench,engine,http,reads,days"

    func run() async throws {
        let chosen = Set(parts.split(separator: ",").map(String.init))
        if chosen == ["screening"] {
            for line in try ScreeningBench(directory: lists, parties: 10_000).lines() { print(line) }
            return
        }
        try? FileManager.default.removeItem(atPath: directory)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        var settings = PrivateCluster.Settings()
        if statements { settings.extra = StatementTimes.settings }
        let cluster = try await PrivateCluster.start(dataDirectory: directory, settings: settings)
        do {
            try await measure(chosen, on: cluster)
        } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }

    private func measure(_ chosen: Set<String>, on cluster: PrivateCluster) async throws {
        var report = Report()
        let yardstick = PgBench(host: cluster.socketDirectory, user: PrivateCluster.owner)
        if chosen.contains("pgbench") { try yardstick.prepare(scale: 50) }
        var engine = EngineBench(owner: cluster.ownerConfiguration.with(database: "engine"), postmaster: cluster.postmasterPID)
        var posting: PostingEngine?
        if chosen.contains("engine") {
            try await Self.createDatabase("engine", on: cluster)
            try await engine.prepare(accounts: accounts)
            let opened = engine.open(writers: writers, batch: batch)
            // Until most accounts have been seen once, as in a bank that has been open for a while.
            _ = try await engine.measure(opened, seconds: 6, clients: clients)
            posting = opened
        }
        var server: HTTPBench?
        if chosen.contains("http") || chosen.contains("reads") {
            try await Self.createDatabase("http", on: cluster)
            server = try await HTTPBench(
                wekeza: wekeza, port: port, directory: directory,
                url: "postgresql:///http?host=\(cluster.socketDirectory)&user=\(PrivateCluster.owner)",
                owner: cluster.ownerConfiguration.with(database: "http"), customers: customers)
        }
        defer { server?.stop() }
        if wait {
            note("ready")
            _ = readLine()
        }

        var uniform: [EngineBench.Figures] = []
        var hot: [EngineBench.Figures] = []
        var transfers: [HTTPLoad.Outcome] = []
        var shares: [ProcessorShare] = []
        var tps: [Double] = []
        var engineRatios: [Double] = []
        var transferRatios: [Double] = []
        if wait {
            note("ready")
            _ = readLine()
        }
        for round in 1...rounds {
            note("round \(round) of \(rounds)")
            let reference = chosen.contains("pgbench") ? try yardstick.measure(seconds: seconds) : .nan
            tps.append(reference)
            if let posting {
                let times = StatementTimes(database: cluster.ownerConfiguration.with(database: "engine"))
                if statements { try await times.reset() }
                let figures = try await engine.measure(posting, seconds: Double(seconds), clients: clients)
                if statements { try await times.lines(units: Int(figures.perSecond * Double(seconds))).forEach(note) }
                uniform.append(figures)
                engineRatios.append(figures.perSecond / reference)
                hot.append(try await engine.measure(posting, seconds: Double(seconds), clients: clients, hotShare: 50))
            }
            if chosen.contains("http"), let server {
                let times = StatementTimes(database: cluster.ownerConfiguration.with(database: "http"))
                if statements { try await times.reset() }
                let (outcome, share) = server.measured(cluster) { server.transfers(connections: connections, seconds: Double(seconds)) }
                note("\(thousands(outcome.perSecond))/s, \(share.text)")
                if statements { try await times.lines(units: Int(outcome.perSecond * Double(seconds))).forEach(note) }
                transfers.append(outcome)
                shares.append(share)
                transferRatios.append(outcome.perSecond / reference)
            }
        }
        await posting?.shutdown()
        if chosen.contains("pgbench") {
            report.add("pgbench TPC-B-like, scale 50, 16 clients, prepared", "\(thousands(median(tps)))/s")
        }
        if !uniform.isEmpty { reportEngine(uniform, hot, ratios: engineRatios, to: &report) }
        if let server, !transfers.isEmpty {
            addTransfers(transfers, ratios: transferRatios, shares, server, to: &report)
        }
        if chosen.contains("reads"), let server {
            try await server.fill(to: postings, note: note)
            let page = server.pages(connections: 8, seconds: Double(seconds))
            let balance = server.balances(connections: 8, seconds: Double(seconds))
            let size = try await server.postingCount()
            report.add(
                "(f) page of 50 transactions, \(thousands(Double(size))) postings in the ledger",
                "\(thousands(page.perSecond))/s, p99 \(rounded(page.percentile(0.99), 2)) ms, \(page.errors) errors")
            report.add(
                "(f) balance of an account",
                "\(thousands(balance.perSecond))/s, p99 \(rounded(balance.percentile(0.99), 2)) ms, "
                    + "\(balance.errors) errors")
            let proof = try await server.verify()
            report.add(
                "(g) proof of the books", "\(thousands(proof.postingsPerSecond)) postings/s, \(proof.isSound ? "sound" : "BROKEN")")
        }
        if chosen.contains("days") { try await measureDays(on: cluster, &report) }
        report.write()
    }

    private func reportEngine(
        _ uniform: [EngineBench.Figures], _ hot: [EngineBench.Figures], ratios: [Double], to report: inout Report
    ) {
        report.add(
            "(a) posting engine in the process, uniform accounts",
            "\(thousands(median(uniform.map(\.perSecond))))/s, p50 \(rounded(median(uniform.map(\.medianMilliseconds)))) ms, "
                + "p99 \(rounded(median(uniform.map(\.p99Milliseconds)))) ms, "
                + "\(uniform.map { $0.refusals.values.reduce(0, +) }.reduce(0, +)) refused",
            against: "\(rounded(median(ratios), 2)) × pgbench")
        for refusals in (uniform + hot).map(\.refusals) where !refusals.isEmpty { note("refused: \(refusals)") }
        report.add(
            "(a) processor time of a transfer",
            "PostgreSQL \(rounded(median(uniform.map(\.postgresMicroseconds)))) µs, engine and clients "
                + "\(rounded(median(uniform.map(\.ownMicroseconds)))) µs")
        report.add(
            "(b) half of all transfers on one account", "\(thousands(median(hot.map(\.perSecond))))/s",
            against: "\(rounded(median(zip(hot, uniform).map { $0.perSecond / $1.perSecond }), 2)) × (a)")
    }

    private func addTransfers(
        _ transfers: [HTTPLoad.Outcome], ratios: [Double], _ shares: [ProcessorShare], _ server: HTTPBench, to report: inout Report
    ) {
        report.add(
            "(c) transfers through HTTP with fee and excise, \(connections) connections",
            "\(thousands(median(transfers.map(\.perSecond))))/s, p50 \(rounded(median(transfers.map { $0.percentile(0.5) }))) ms, "
                + "p99 \(rounded(median(transfers.map { $0.percentile(0.99) }))) ms, "
                + "\(transfers.map(\.errors).reduce(0, +)) errors",
            against: "\(rounded(median(ratios), 2)) × pgbench")
        if let share = shares.min(by: { $0.total < $1.total }) { report.add("(c) processor time a transfer", share.text) }
        let open = server.transfers(connections: 32, seconds: Double(seconds), ratePerSecond: 1_000)
        report.add(
            "(d) open loop at 1,000 transfers/s",
            "p50 \(rounded(open.percentile(0.5), 2)) ms, p99 \(rounded(open.percentile(0.99), 2)) ms, \(open.errors) errors")
        let single = server.transfers(connections: 1, seconds: Double(min(seconds, 5)))
        report.add(
            "(e) one client, one transfer at a time",
            "p50 \(rounded(single.percentile(0.5), 2)) ms, p99 \(rounded(single.percentile(0.99), 2)) ms")
        report.add("(h) peak memory of the API process under this load", "\(server.peakMegabytes()) MB")
    }

    private func measureDays(on cluster: PrivateCluster, _ report: inout Report) async throws {
        try await Self.createDatabase("days", on: cluster)
        let bench = try await DayBench(owner: cluster.ownerConfiguration.with(database: "days"))
        try await bench.prepare(accounts: savings)
        let before = DayBench.peakMegabytes()
        var figures: [DayBench.Figures] = []
        for round in 0..<max(1, rounds) { figures.append(try await bench.measure(day: Int32(round))) }
        let seconds = median(figures.map(\.accrualSeconds))
        report.add(
            "(j) a day of interest on \(thousands(Double(savings))) savings accounts",
            "\(thousands(Double(savings) / seconds)) accounts/s, \(rounded(seconds, 2)) s",
            against: "\(rounded(median(figures.map { $0.accrualSeconds / $0.plainSeconds }), 2)) × UPDATE … SET accrued = accrued + 1 "
                + "(\(rounded(median(figures.map(\.plainSeconds)), 2)) s)")
        let posted = try await bench.post()
        report.add(
            "(k) the month's end: interest and tax posted through the engine",
            "\(thousands(Double(posted.accounts) / posted.seconds)) accounts/s, \(thousands(Double(posted.accounts))) accounts, "
                + "memory \(before) → \(DayBench.peakMegabytes()) MB")
        await bench.stop()
    }

    private func note(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

    private static func createDatabase(_ name: String, on cluster: PrivateCluster) async throws {
        let connection = DedicatedConnection(configuration: cluster.ownerConfiguration)
        try await connection.run { try $0.executeScript("CREATE DATABASE \(name)") }
        connection.close()
    }
}
