"""The tidy checks, tested on small trees: each says the one thing it is for and stays silent beside it."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
specification = importlib.util.spec_from_file_location("tidy", ROOT / "scripts" / "tidy.py")
tidy = importlib.util.module_from_spec(specification)
sys.modules["tidy"] = tidy
specification.loader.exec_module(tidy)


def findings(tmp_path, files):
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return [str(finding) for finding in tidy.findings(tmp_path)[0]]


LEDGER = "Sources/Banking/Ledger/Domain/Posting.swift"
ACCOUNTS_SQL = "Sources/Banking/Accounts/Infrastructure/Store.swift"


@pytest.mark.parametrize("path, source, expected", [
    # Money is whole.
    (LEDGER, "let amount: Double = 1\n", "Double is banned"),
    (LEDGER, "let amount = 1.5\n", "literal 1.5"),
    (LEDGER, "let amount = Decimal(string: text)\n", "Decimal is banned"),
    (LEDGER, "// a Double would lose cents, 1.5 too\nlet text = \"Decimal 1.5\"\n", None),
    (LEDGER, "let value = pair.0.1; for i in 0...5 { use(i) }\n", None),
    (LEDGER, 'let text = "a \\(Double(1)) b"\n', "Double is banned"),
    ("Sources/Platform/Observability/Histogram.swift", "let seconds: Double = 1.5\n", None),
    # Printing.
    ("Sources/Kernel/X.swift", "print(1)\n", "print( outside the commands"),
    ("Sources/Kernel/X.swift", "fingerprint(1); log.print(2)\n", None),
    ("Sources/App/Commands/Verify.swift", "print(1)\n", None),
    # Force.
    ("Sources/Kernel/X.swift", "let x = y!\n", "a force unwrap"),
    ("Sources/Kernel/X.swift", "let x = f()!.z\n", "a force unwrap"),
    ("Sources/Kernel/X.swift", "let x: String! = nil\n", "a force unwrap"),
    ("Sources/Kernel/X.swift", "let x = try! f()\n", "try! is banned"),
    ("Sources/Kernel/X.swift", "let x = y as! Z\n", "as! is banned"),
    ("Sources/Kernel/X.swift", "if !x, a != b, c !== d, f(!g) { \"what!\" }\n", None),
    # Things that come from outside.
    (LEDGER, "let now = Date()\n", "Date(): take a WallClock"),
    (LEDGER, "let now = SystemClock()\n", "SystemClock(): take a WallClock"),
    ("Sources/App/Composition/Clock.swift", "let now = SystemClock()\n", None),
    # Layers.
    (LEDGER, "import Postgres\n", "a domain imports the kernel only, and the pure rules of interest"),
    (LEDGER, "import Kernel\nimport Foundation\n", None),
    (ACCOUNTS_SQL, "import HTTPEdge\n", "HTTP is known in API/ only"),
    (ACCOUNTS_SQL, "import App\n", "only the program composes"),
    ("Sources/Kernel/X.swift", "import Logging\n", "the kernel stands on the standard library alone"),
    ("Sources/Banking/Accounts/Helpers/X.swift", "let a = 1\n", "a context has API, Application, Domain and Infrastructure only"),
    ("Sources/Platform/Redis/X.swift", "import CPostgres\n", "only Sources/Platform/Postgres/ may use it"),
    ("Sources/Platform/Postgres/X.swift", "@preconcurrency import CPostgres\n", None),
    # Schemas.
    (ACCOUNTS_SQL, 'let sql = "SELECT id FROM accounts.account"\n', None),
    (ACCOUNTS_SQL, 'let sql = "SELECT id FROM ledger.account"\n', "SQL names ledger.account"),
    (ACCOUNTS_SQL, 'let sql = """\n    SELECT 1\n    FROM accounts.account a\n    JOIN parties.customer c ON true\n    """\n',
     "Store.swift:4: SQL names parties.customer"),
    (ACCOUNTS_SQL, 'let event = "ledger.journalsPosted"\n', None),
    (ACCOUNTS_SQL, '// SELECT 1 FROM ledger.account\n', None),
    # Text.
    ("Sources/Kernel/X.swift", "<" * 7 + " HEAD\n", "a merge marker"),
    ("Sources/Kernel/X.swift", "// TO" + "DO later\n", "was left behind"),
    ("README.md", "see /ho" + "me/me/thing\n", "a path of somebody's machine"),
    ("README.md", "curl https:" + "//registry.somewhere.dev/x\n", "names the host registry.somewhere.dev"),
    ("README.md", "curl http://localhost:5000/api\n", None),
    ("Sources/Kernel/X.swift", "let a = 1", "the last line has no line break"),
    ("Sources/Kernel/X.swift", "let a = 1 \n", "white space at the end"),
    ("Sources/Kernel/X.swift", "\tlet a = 1\n", "a tab"),
    ("scripts/x.py", "# " + "a" * 140 + "\n", "longer than 140"),
    ("Sources/Kernel/X.swift", "// a\n" * 601, "more than 600 lines"),
    ("Sources/Kernel/X.swift", "func f() {\n" + "    a()\n" * 95 + "}\n", "func f has 96 lines"),
    ("Sources/Kernel/X.swift", "protocol P {\n    func f()\n}\n" + "struct A {\n" + "    let a = 1\n" * 95 + "}\n", None),
    # Documents.
    ("README.md", "[a](docs/missing.md)\n", "the link to docs/missing.md leads nowhere"),
    ("README.md", "# A `b` c\n[a](#a-b-c) [b](README.md) [c](https://example.com/x)\n", None),
    ("README.md", "# A\n[a](#b)\n", "has no heading for #b"),
])
def test_one_finding(tmp_path, path, source, expected):
    found = findings(tmp_path, {path: source})
    if expected is None:
        assert found == []
    else:
        assert any(expected in finding for finding in found), found


def test_manifest_and_folders_are_equal(tmp_path):
    manifest = 'platform("Redis"), banking(\n  "Ledger"), tests("KernelTests", []), .target(name: "Kernel", path: "Sources/Kernel")\n'
    found = findings(tmp_path, {
        "Package.swift": manifest,
        "Sources/Kernel/A.swift": "let a = 1\n",
        "Sources/Platform/Redis/A.swift": "let a = 1\n",
        "Sources/Banking/Cards/Domain/A.swift": "let a = 1\n",
        "Tests/KernelTests/A.swift": "let a = 1\n",
        "Tests/EndToEnd/test_a.py": "a = 1\n",
    })
    assert found == [
        "Package.swift:1: Sources/Banking/Cards is not a target",
        "Package.swift:1: the target at Sources/Banking/Ledger has no folder",
    ]


def test_settings_are_documented(tmp_path):
    found = findings(tmp_path, {
        "README.md": "| `WEKEZA_A` | x |\n| `WEKEZA_OLD` | x |\n",
        "Sources/App/Configuration/Settings.swift": 'let names = ["WEKEZA_A", "WEKEZA_B"]\n',
    })
    assert found == [
        "README.md:1: WEKEZA_B is missing from the table of settings",
        "README.md:1: WEKEZA_OLD is documented, but the program does not know it",
    ]


def test_taking_swift_apart():
    swift = tidy.take_apart('let a = #"raw "quoted" \\(no)"# /* a /* nested */ b */ + "x\\"\\(f("in", 1))y" // end\nlet b = 1\n')
    assert [text for _, text in swift.strings] == ['raw "quoted" \\(no)', "in", 'x\\"$0y']
    assert 'f("  ", 1)' in swift.code
    assert "nested" not in swift.code and "end" not in swift.code
    assert swift.code.count("\n") == 2 and "let b = 1" in swift.code


def test_an_empty_tree_is_not_tidy(tmp_path):
    assert tidy.main(["tidy", str(tmp_path)]) == 1


def test_this_repository_is_tidy():
    found, count = tidy.findings(ROOT)
    assert count > 40
    assert [str(finding) for finding in found] == []
