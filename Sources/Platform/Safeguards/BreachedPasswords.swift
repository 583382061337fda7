/// Passwords that everybody tries first.
///
/// This is a core list: some hundred entries known from every published list of leaked passwords, with the endings people hang on them.
/// It stands in for a breach corpus and does not replace one; whoever has a corpus hands it in as a filter.
public struct BreachedPasswords: Sendable {
    private let known: Set<String>
    private let corpus: BreachFilter?

    /// - Parameters:
    ///   - further: more passwords to refuse, compared without regard to case
    ///   - corpus: a large list
    public init(further: some Sequence<String> = [String](), corpus: BreachFilter? = nil) {
        known = Self.core.union(further.lazy.map { $0.lowercased() })
        self.corpus = corpus
    }

    /// Whether the password is on one of the lists, in whatever case it is written.
    public func contains(_ password: String) -> Bool {
        known.contains(password.lowercased()) || corpus?.contains(password) == true
    }

    /// Number of entries.
    public var count: Int { known.count + (corpus?.count ?? 0) }

    private static let core: Set<String> = {
        var all = Set(whole.split(whereSeparator: \.isWhitespace).map(String.init))
        for word in words.split(whereSeparator: \.isWhitespace) {
            all.insert(String(word))
            for ending in endings { all.insert(word + ending) }
        }
        for character in "abcdefghijklmnopqrstuvwxyz0123456789" {
            for length in 8...12 { all.insert(String(repeating: character, count: length)) }
        }
        return all
    }()

    private static let endings: [String] =
        ["1", "2", "3", "7", "01", "11", "12", "13", "21", "22", "23", "69", "77", "88", "99", "00", "007", "101", "111", "123", "321"]
        + ["777", "1234", "4321", "12345", "54321", "123456", "1234567", "12345678", "!", "!!", "1!", "12!", "123!", "1234!", "@1", "@12"]
        + ["123@", "#1", "123#", "_123", ".123", "abc", "qwe"]
        + (1985...2030).map(String.init) + (2015...2030).map { "@\($0)" } + (2015...2030).map { "\($0)!" }

    private static let words = """
        password passw0rd p@ssword p@ssw0rd pa$$word pa55word passwort motdepasse contrasena senha parola nywila
        qwerty qwertyui qwertyuiop azerty asdfgh asdfghjk asdfghjkl zxcvbn zxcvbnm qazwsx letmein welcome changeme login master
        secret access default temp test testing guest root user demo server computer internet google facebook
        twitter youtube whatsapp instagram samsung iphone android nokia windows microsoft apple linux
        monkey dragon shadow sunshine princess football baseball basketball soccer hockey tennis superman batman spiderman
        pokemon naruto starwars matrix killer hunter ranger trustno ninja mustang ferrari porsche mercedes toyota
        iloveyou loveyou lovely forever freedom flower butterfly angel angels babygirl sweety sweetheart
        honey chocolate cookie banana orange cheese pepper ginger summer winter spring autumn january february march april
        august september october november december monday friday sunday saturday
        michael jordan jennifer jessica ashley daniel matthew joshua andrew robert thomas charlie nicole michelle
        amanda samantha anthony william richard elizabeth victoria alexander jonathan christian patrick hannah
        mary joseph david george james john peter paul grace faith mercy joyce esther ruth rachel naomi
        jesus jesuschrist christ heaven blessed blessing godisgood praise hallelujah bismillah allah
        arsenal chelsea liverpool manchester barcelona realmadrid juventus manutd gormahia
        nairobi mombasa kisumu nakuru eldoret kenya kenyan africa uganda tanzania harambee jambo hakuna hakunamatata
        simba safari safaricom mpesa mpesa1 equity wekeza shilingi shamba mzuri karibu asante rafiki upendo mungu baraka
        wanjiru kamau otieno achieng mwangi njoroge kipchoge kimani wambui atieno
        success victory champion winner money dollar million business company office bank banking
        whatever nothing maverick phoenix thunder diamond silver golden purple yellow peanut buster
        """

    private static let whole = """
        12345678 123456789 1234567890 12345678910 0123456789 987654321 9876543210 87654321 11223344 12341234 123123123 112233445566
        123321123 147258369 159357456 741852963 789456123 159753456 963852741 13579246 24681357 10203040 12344321 12121212 13131313
        10101010 20202020 69696969 78787878 99887766 55667788 11112222 12345679 123456780 1234567891 01234567 31415926
        1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc qazwsxedc zaq12wsx zaq1zaq1 zaq1xsw2 q1w2e3r4 q1w2e3r4t5 qwer1234
        qwerasdf asdf1234 asdfasdf asdf;lkj poiuytrewq mnbvcxz1 lkjhgfdsa zxcvbnm1 zxcvbnm, 1234qwer 123qweasd 123qweasdzxc qwe123qwe
        qweasdzxc qweqweqwe a1b2c3d4 a123456789 a12345678 a1234567 aa123456 aa12345678 abcd1234 abc12345 abc123456 abcdefgh abcdefghi
        abcdefg1 abcd12345 1234abcd 12345abc 123456abc 123abc456 abcabcabc abc123abc 1a2b3c4d 12345qwert 12345qwerty 123456qwerty
        qwerty123456 passpass passw0rd! password@123 password#123 pass@123 pass@1234 p@ssw0rd123 p@ssw0rd1 p@55w0rd pass1234 pass12345
        mypassword newpassword yourpassword thepassword nopassword password password1 passwordpassword passphrase letmein123 letmein!
        letmeinnow trustno1 whatever1 iloveyou! iloveyou1 iloveyou2 iloveyou3 iloveu123 ilovejesus ilovegod iloveyousomuch lovelove
        lovelove1 loveme123 fuckyou1 fuckyou2 fuckyou! asshole1 bullshit motherfucker starwars1 startrek superstar superman1
        corvette mercedes1 maserati yamaha123 scooter1 computer1 internet1 november december password0 changeme1 changeit
        changeme! administrator administrator1 administrador admin1234 admin12345 admin123456 adminadmin rootroot toor1234
        testtest test1234 test12345 testing1 demodemo guest123 guestguest default1 welcome1 welcome! welcome123 welcome@123 welcome1234
        access14 access123 master123 masterkey manager1 football1 baseball1 basketball1 liverpool1 chelsea1 arsenal1 barcelona1
        manchesterunited realmadrid1 sunshine1 princess1 butterfly1 babygirl1 charlie1 michael1 jordan23 jennifer1 jessica1
        qwertyuiop1 qwertyuiop123 qwerty12 qwerty1! qwerty123! q1w2e3r4t5y6 1qazxsw2 !qaz2wsx 1qaz@wsx !qaz@wsx zaq!2wsx
        nairobi254 kenya254 kenya2022 kenya2023 kenya2024 kenya2025 kenya2026 kenya123 mpesa1234 safaricom1 harambee1 hakunamatata1
        jesus123 jesuslovesme jesuschrist1 godislove godisgood1 blessed1 praisegod trustgod hallelujah1 christ123
        chocolate1 cheese123 computer123 blink182 slipknot1 metallica metallica1 nirvana1 eminem123 linkinpark greenday1
        spongebob spongebob1 hellokitty hello123 hello1234 hellohello helloworld helloworld1 google123 facebook1 samsung1 samsung123
        iphone123 windows10 windows7 microsoft1 pokemon123 minecraft minecraft1 fortnite1 playstation playstation3 nintendo1 xbox360x
        secret123 topsecret topsecret1 mysecret1 security security1 security123 zxcvbnm123 zxcvbn123 asdfghjkl1 asdfghjkl;
        qwertz123 azertyuiop dragonball dragonballz monkey123 monkey12 shadow123 killer123 hunter123 hunter22 ncc1701d thx1138x
        """
}
