import Kernel
import Testing

@testable import Screening

@Suite struct ListFileTests {
    static let un = """
        <?xml version="1.0" encoding="UTF-8"?>
        <CONSOLIDATED_LIST dateGenerated="2026-02-27T00:00:09.554Z">
          <INDIVIDUALS>
            <INDIVIDUAL>
              <DATAID>6907993</DATAID><FIRST_NAME>ERIC</FIRST_NAME><SECOND_NAME>BADEGE</SECOND_NAME><UN_LIST_TYPE>DRC</UN_LIST_TYPE>
              <NATIONALITY><VALUE>Democratic Republic of the Congo</VALUE></NATIONALITY>
              <INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>Komanda</ALIAS_NAME></INDIVIDUAL_ALIAS>
              <INDIVIDUAL_ALIAS><QUALITY/><ALIAS_NAME/></INDIVIDUAL_ALIAS>
              <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>APPROXIMATELY</TYPE_OF_DATE><YEAR>1971</YEAR></INDIVIDUAL_DATE_OF_BIRTH>
              <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>1971-05-02</DATE></INDIVIDUAL_DATE_OF_BIRTH>
              <INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><NUMBER>OB 0814-241</NUMBER></INDIVIDUAL_DOCUMENT>
            </INDIVIDUAL>
            <INDIVIDUAL><DATAID>2</DATAID></INDIVIDUAL>
          </INDIVIDUALS>
          <ENTITIES><ENTITY><DATAID>3</DATAID><FIRST_NAME>Machanga Ltd</FIRST_NAME>
            <ENTITY_ALIAS><ALIAS_NAME>UCI</ALIAS_NAME></ENTITY_ALIAS></ENTITY></ENTITIES>
        </CONSOLIDATED_LIST>
        """

    @Test func readsTheUnitedNations() throws {
        let file = try UNConsolidatedList.read(Array(Self.un.utf8))
        #expect(file.version == "2026-02-27")
        #expect(file.publishedAt != nil)
        #expect(file.entries.map(\.id) == ["6907993", "3"])
        let eric = file.entries[0]
        #expect(eric.names == [ListedName("ERIC BADEGE"), ListedName("Komanda", isAlias: true, isWeak: true)])
        #expect(eric.births.count == 2 && eric.births[0].firstYear == 1_969 && eric.births[1].date?.description == "1971-05-02")
        #expect(eric.documentNumbers == ["OB0814241"])
        #expect(eric.nationalities == ["Democratic Republic of the Congo"] && eric.programme == "DRC")
        #expect(file.entries[1].kind == .entity && file.problems.count == 1)
    }

    @Test(arguments: [
        "", "<html></html>", "<CONSOLIDATED_LIST><INDIVIDUALS>",
        "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><CONSOLIDATED_LIST>&a;</CONSOLIDATED_LIST>",
    ])
    func refusesOtherXML(text: String) {
        #expect(throws: (any Error).self) { try UNConsolidatedList.read(Array(text.utf8)) }
    }

    @Test func readsOFAC() throws {
        let text = """
            306,"BANCO NACIONAL DE CUBA",-0- ,"CUBA",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"a.k.a. 'BNC'."
            4106,"HERRERA BUITRAGO, Helmer","individual","SDGT] [SDT",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"DOB 24 Aug 1951; alt. DOB circa 1953; Cedula No. 16247821 (Colombia); Passport J287011 (Colombia); nationality Colombia; a.k.a. 'PACHO'."
            x,"no number",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0-
            \u{1A}
            """
        let file = try OFACList.read(Array(text.utf8))
        #expect(file.entries.map(\.id) == ["306", "4106"])
        #expect(file.entries[0].kind == .entity && file.entries[0].names[1] == ListedName("BNC", isAlias: true, isWeak: true))
        let person = file.entries[1]
        #expect(person.kind == .individual && person.programme == "SDGT, SDT")
        #expect(person.births.map(\.firstYear) == [1_951, 1_951] && person.births[0].date?.description == "1951-08-24")
        #expect(person.documentNumbers == ["16247821", "J287011"] && person.nationalities == ["Colombia"])
        #expect(file.problems.count == 1)
    }

    @Test func readsOwnLists() throws {
        let text = "\u{FEFF}id,name,aliases,dateOfBirth\nK1,\"Kamau, \"\"Jimmy\"\" John\",Jim Kamau|JK,1980-01-02\nK1,again,,\nK2\n"
        let file = try OwnList.read(Array(text.utf8), code: .pep)
        #expect(file.entries.count == 1 && file.entries[0].names[0].text == "Kamau, \"Jimmy\" John")
        #expect(file.entries[0].names.count == 3 && file.problems.count == 2)
        #expect(throws: CommaSeparated.Failure.self) { try OwnList.read(Array("a,b\n1,2\n".utf8), code: .local) }
        #expect(throws: CommaSeparated.Failure.self) { try OwnList.read(Array("id,name\n1,\"x\n".utf8), code: .local) }
    }
}
