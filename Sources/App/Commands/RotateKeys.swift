import ArgumentParser
import Identity
import Onboarding
import Parties

struct RotateKeys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-keys",
        abstract: "Bring everything sealed under an earlier data key under the current one.",
        discussion: """
            Put the new key in front of WEKEZA_DATA_KEYS, restart the bank, then run this; when it is done, the earlier key can be removed. \
            It works in small commits beside a busy server and goes on where it stopped.
            """)

    func run() async throws {
        try await Terminal.run { settings in
            let secrets = try Secrets.load(settings)
            try await Session.run(settings, secrets: secrets) { bank in
                let done = try await PartyKeyRotation(pool: bank.commandPool, vault: bank.customers.vault).run()
                let applications = try await OnboardingKeyRotation(pool: bank.commandPool, vault: bank.customers.onboardingVault).run()
                let authenticators = try await bank.identity.resealSecondFactors()
                Terminal.say(
                    "\(done.profiles) profiles, \(done.histories) earlier states, \(done.documents) documents, \(applications) parts of applications "
                        + "and \(authenticators) authenticators brought under the current key")
            }
        }
    }
}
