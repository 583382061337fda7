#!/usr/bin/env python3
"""The tidy test and the architecture test: what the compiler cannot say about the sources, said in a second.

Usage: scripts/tidy.py [ROOT]      prints `path:line: message` for each finding and exits 1 when there is one.

Run by `make check` and by the Swift target TidyTests; the checks themselves are tested in Tests/Tidy.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

MAXIMUM_FILE_LINES = 600
MAXIMUM_LINE_LENGTH = 140
MAXIMUM_FUNCTION_LINES = 90

# Rooms in which money is counted: whole minor units only.
MONEY_ROOMS = (
    "Sources/Kernel/Money/",
    "Sources/Banking/Ledger/",
    "Sources/Banking/Accounts/",
    "Sources/Banking/Payments/",
    "Sources/Banking/Statements/",
    "Sources/Banking/Products/",
    "Sources/Banking/Interest/",
    "Sources/Banking/Deposits/",
    "Sources/Banking/CloseOfDay/",
    "Sources/Banking/DataImport/",
)

# Schema of the database → the folder that owns its tables. Nobody else names them in SQL.
SCHEMA_OWNERS = {
    "audit": "Sources/Banking/Audit/",
    "ledger": "Sources/Banking/Ledger/",
    "identity": "Sources/Banking/Identity/",
    "parties": "Sources/Banking/Parties/",
    "products": "Sources/Banking/Products/",
    "screening": "Sources/Banking/Screening/",
    "onboarding": "Sources/Banking/Onboarding/",
    "accounts": "Sources/Banking/Accounts/",
    "payments": "Sources/Banking/Payments/",
    "deposits": "Sources/Banking/Deposits/",
    "closeofday": "Sources/Banking/CloseOfDay/",
    "statements": "Sources/Banking/Statements/",
    "notifications": "Sources/Banking/Notifications/",
    "organisation": "Sources/Banking/Organisation/",
    "dataimport": "Sources/Banking/DataImport/",
}

# What a room publishes in SQL for statements over whole sets: views and functions that keep their meaning, never tables.
PUBLISHED_IN_SQL = {"ledger.account_balance", "ledger.balance_before", "ledger.end_of_day"}

STANDARD_MODULES = {"Foundation", "FoundationXML", "FoundationEssentials", "Synchronization", "Glibc", "Darwin", "Swift", "Dispatch"}

# A module with sharp edges has one room that may touch it.
CONFINED_MODULES = {
    "CPostgres": "Sources/Platform/Postgres/",
    "CHiredis": "Sources/Platform/Redis/",
    "CArgon2": "Sources/Platform/Safeguards/",
    "CHaru": "Sources/Platform/Documents/",
    "CZlib": "Sources/Channels/PublicSite/",
    "CQREncode": "Sources/Platform/Documents/",
    "CCurl": "Sources/Banking/Notifications/",
    "JWTKit": "Sources/Platform/Safeguards/",
    "Hummingbird": "Sources/Platform/HTTPEdge/",
    "HummingbirdCore": "Sources/Platform/HTTPEdge/",
    "NIOCore": "Sources/Platform/HTTPEdge/",
    "NIOSSL": "Sources/Platform/HTTPEdge/",
    "X509": "Sources/App/",
    "ArgumentParser": ("Sources/App/", "Benchmarks/"),
    "Configuration": "Sources/App/",
}

# Hosts that documents and manifests may name. Everything else is somebody's machine or registry.
ALLOWED_HOSTS = {
    "github.com", "localhost", "127.0.0.1", "[::1]", "example.com", "example.org", "evil.example", "bank.example.evil",
    "www.w3.org", "www.sitemaps.org", "www.rfc-editor.org", "spec.openapis.org", "json-schema.org", "swagger.io", "wekeza.example",
}

# Names that belong to nobody (RFC 2606).
RESERVED_DOMAINS = {"example", "test", "invalid"}

SKIPPED_FOLDERS = {".git", ".build", ".venv", "var", "node_modules", "__pycache__", ".pytest_cache", ".hypothesis", ".swiftpm"}
TEXT_SUFFIXES = {".swift", ".py", ".md", ".sh", ".yml", ".yaml", ".json", ".lua", ".sql", ".txt", ".toml", ".cfg", ".ini", ".h",
                 ".modulemap", ".html", ".css", ".js", ".ts", ".tsx", ".example"}
TEXT_NAMES = {"Makefile", "run", "bootstrap", ".gitignore", ".swift-format", ".env.example"}


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}"


@dataclass
class SwiftText:
    """A Swift source taken apart: code with comments and strings blanked (same line numbers), and the strings."""

    code: str
    strings: list = field(default_factory=list)  # (line, text with interpolations replaced by `$0`)


def take_apart(source):
    """Splits Swift source into code and string literals. Interpolations count as code."""
    out = []
    strings = []
    length = len(source)
    line = 1

    def blank(text):
        return "".join("\n" if character == "\n" else " " for character in text)

    def read_code(position, until_parenthesis):
        nonlocal line
        depth = 0
        while position < length:
            rest = source[position:position + 2]
            character = source[position]
            if rest == "//":
                end = source.find("\n", position)
                end = length if end < 0 else end
                out.append(" " * (end - position))
                position = end
            elif rest == "/*":
                position = skip_block_comment(position)
            elif match := re.compile(r'(#*)("""|")').match(source, position):
                position = read_string(position, match.group(1), match.group(2))
            else:
                if until_parenthesis:
                    if character == "(":
                        depth += 1
                    elif character == ")":
                        if depth == 0:
                            return position
                        depth -= 1
                if character == "\n":
                    line += 1
                out.append(character)
                position += 1
        return position

    def skip_block_comment(position):
        nonlocal line
        start = position
        depth = 0
        while position < length:
            pair = source[position:position + 2]
            if pair == "/*":
                depth += 1
                position += 2
            elif pair == "*/":
                depth -= 1
                position += 2
                if depth == 0:
                    break
            else:
                position += 1
        text = source[start:position]
        line += text.count("\n")
        out.append(blank(text))
        return position

    def read_string(position, hashes, quote):
        nonlocal line
        start_line = line
        text = []
        opening = hashes + quote
        closing = quote + hashes
        escape = "\\" + hashes
        out.append(opening)
        position += len(opening)
        while position < length:
            if source.startswith(closing, position):
                out.append(closing)
                strings.append((start_line, "".join(text)))
                return position + len(closing)
            if source.startswith(escape + "(", position):
                out.append(blank(escape) + "(")
                text.append("$0")
                position = read_code(position + len(escape) + 1, True)
                continue_at = position
                if continue_at < length:
                    out.append(")")
                    position += 1
                continue
            if source.startswith(escape, position):
                out.append(" " * (len(escape) + 1))
                text.append(source[position:position + len(escape) + 1])
                position += len(escape) + 1
                continue
            character = source[position]
            if character == "\n":
                line += 1
                if quote == '"':
                    # An unterminated literal: the compiler will say so; do not swallow the rest of the file.
                    strings.append((start_line, "".join(text)))
                    out.append("\n")
                    return position + 1
            out.append("\n" if character == "\n" else " ")
            text.append(character)
            position += 1
        return position

    read_code(0, False)
    return SwiftText("".join(out), strings)


def lines_matching(pattern, text):
    """(line number, match) for each match of a compiled pattern."""
    for match in pattern.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match


class Tree:
    """The files under a root, read once."""

    def __init__(self, root):
        self.root = Path(root)
        self.texts = {}
        self.swift = {}
        for path in self._paths():
            try:
                text = (self.root / path).read_text(encoding="utf-8")
            except (UnicodeDecodeError, FileNotFoundError):
                continue
            self.texts[path] = text
            if path.endswith(".swift"):
                self.swift[path] = take_apart(text)

    def _paths(self):
        found = []
        try:
            listing = subprocess.run(
                ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
                cwd=self.root, capture_output=True, check=True).stdout.decode().split("\0")
            top = subprocess.run(
                ["git", "rev-parse", "--show-toplevel"], cwd=self.root, capture_output=True, check=True).stdout.decode().strip()
            if os.path.realpath(top) == os.path.realpath(self.root):
                found = [path for path in listing if path]
        except (OSError, subprocess.CalledProcessError):
            pass
        if not found:
            for folder, folders, files in os.walk(self.root):
                folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS and not name.startswith(".build")]
                found += [os.path.relpath(os.path.join(folder, name), self.root) for name in files]
        return sorted(
            path for path in found
            if Path(path).suffix in TEXT_SUFFIXES or Path(path).name in TEXT_NAMES)

    def folders(self, under):
        prefix = under.rstrip("/") + "/"
        return sorted({path[len(prefix):].split("/")[0] for path in self.texts if path.startswith(prefix)
                       and "/" in path[len(prefix):]})


# MARK: checks of text

def check_plain_text(tree):
    """Merge markers, left-over notes, white space, lengths, machine paths and foreign hosts."""
    marker = re.compile(r"^(<{7}|>{7}|\|{7})( |$)", re.MULTILINE)
    left_over = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b")
    machine = re.compile(r"(?<![\w.$}/-])/(?:[w]ork|[r]oot|[h]ome|[U]sers)/|/opt/[s]wift")
    host = re.compile(
        r"\b(?:https?|git|ssh|rediss?|postgres(?:ql)?)://(?:[^@/\s\"'`)]*@)?(\[[0-9A-Fa-f:]*\]|[A-Za-z0-9.-]+\.[A-Za-z0-9-]+)")
    for path, text in tree.texts.items():
        for line, _ in lines_matching(marker, text):
            yield Finding(path, line, "a merge marker was left behind")
        for line, match in lines_matching(left_over, text):
            yield Finding(path, line, f"{match.group(0)} was left behind: do it, or file it as an issue")
        for line, _ in lines_matching(machine, text):
            yield Finding(path, line, "names a path of somebody's machine")
        for line, match in lines_matching(host, text):
            name = match.group(1).lower()
            if re.fullmatch(r"[0-9.]+", name):
                continue
            if not any(name == allowed or name.endswith("." + allowed) for allowed in ALLOWED_HOSTS | RESERVED_DOMAINS):
                yield Finding(path, line, f"names the host {match.group(1)}, which is not on the list of allowed hosts")
        rows = text.split("\n")
        if text and not text.endswith("\n"):
            yield Finding(path, len(rows), "the last line has no line break")
        is_code = Path(path).suffix in {".swift", ".py", ".lua"}
        if is_code and len(rows) - 1 > MAXIMUM_FILE_LINES:
            yield Finding(path, len(rows) - 1, f"the file has more than {MAXIMUM_FILE_LINES} lines: split it by subject")
        for number, row in enumerate(rows, 1):
            if row.rstrip() != row and not path.endswith(".md"):
                yield Finding(path, number, "white space at the end of the line")
            # Swift's lines are the formatter's business: it knows which ones cannot be broken.
            if is_code and not path.endswith(".swift") and len(row) > MAXIMUM_LINE_LENGTH:
                yield Finding(path, number, f"the line is longer than {MAXIMUM_LINE_LENGTH} characters")
            if is_code and "\t" in row:
                yield Finding(path, number, "a tab: four spaces are the indentation")


# MARK: checks of Swift code

def check_money_is_whole(tree):
    """No binary or decimal floating point where money is counted."""
    types = re.compile(r"\b(Double|Float|Float16|Float32|Float64|Float80|CGFloat|Decimal|NSDecimalNumber)\b")
    literal = re.compile(r"(?<![\w.$])\d[\d_]*\.\d+")
    for path, swift in tree.swift.items():
        if not path.startswith(MONEY_ROOMS):
            continue
        for line, match in lines_matching(types, swift.code):
            yield Finding(path, line, f"{match.group(1)} is banned where money is counted: use whole minor units")
        for line, match in lines_matching(literal, swift.code):
            yield Finding(path, line, f"the floating-point literal {match.group(0)} is banned where money is counted")


def check_no_printing(tree):
    """Logs go through swift-log; only commands talk to the person at the terminal."""
    printing = re.compile(r"(?<![\w.])(print|debugPrint|dump|NSLog)\(")
    for path, swift in tree.swift.items():
        if path.startswith(("Sources/App/Commands/", "Benchmarks/", "Tests/")) or path == "Package.swift":
            continue
        for line, match in lines_matching(printing, swift.code):
            yield Finding(path, line, f"{match.group(1)}( outside the commands: use a logger")


def check_no_force(tree):
    """No force unwrap, `try!` or `as!`: a surprise is an error that somebody handles."""
    forced = re.compile(r"\b(try!|as!)")
    unwrap = re.compile(r"(?<=[\w)\]}>\"?])!(?!=)")
    for path, swift in tree.swift.items():
        for line, match in lines_matching(forced, swift.code):
            yield Finding(path, line, f"{match.group(1)} is banned: handle the error")
        for line, match in lines_matching(unwrap, swift.code):
            if not re.search(r"\b(try|as)$", swift.code[:match.start()]):
                yield Finding(path, line, "a force unwrap: use guard, if let or #require")


def check_injected_world(tree):
    """Time, identifiers and randomness come from outside in every bank room, so that tests decide them."""
    direct = re.compile(r"(?<![\w.])(Date\(\)|Date\.now|UUID\(\)|SystemClock\(\)|ContinuousClock\(\)|clock_gettime\(|gettimeofday\()")
    for path, swift in tree.swift.items():
        if path.startswith("Sources/Banking/"):
            for line, match in lines_matching(direct, swift.code):
                yield Finding(path, line, f"{match.group(1)}: take a WallClock or IdentifierSource instead")


def check_function_length(tree):
    """A function fits on a screen or two."""
    heading = re.compile(r"^[ \t]*(?:@\w+(?:\([^)]*\))?\s+|(?:public|private|internal|package|fileprivate|static|final|override|mutating|"
                         r"nonmutating|consuming|borrowing|convenience|required)\s+)*(func\s+[^\s(<]+|init[?]?(?=[(<])|deinit(?=\s*\{))",
                         re.MULTILINE)
    for path, swift in tree.swift.items():
        for line, match in lines_matching(heading, swift.code):
            opening = body_start(swift.code, match.end())
            if opening is None:
                continue
            depth = 0
            for position in range(opening, len(swift.code)):
                if swift.code[position] == "{":
                    depth += 1
                elif swift.code[position] == "}":
                    depth -= 1
                    if depth == 0:
                        length = swift.code.count("\n", opening, position)
                        if length > MAXIMUM_FUNCTION_LINES:
                            yield Finding(path, line, f"{match.group(1)} has {length} lines; {MAXIMUM_FUNCTION_LINES} are the limit")
                        break


def body_start(code, position):
    """Where the body of a function heading begins, or None for a requirement without a body."""
    depth = 0
    while position < len(code):
        character = code[position]
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == "{" and depth == 0:
            return position
        elif character in "}" and depth == 0:
            return None
        elif character == "\n" and depth == 0:
            following = code[position:].lstrip()
            if re.match(r"(@|func\b|init\b|var\b|let\b|static\b|public\b|private\b|mutating\b|associatedtype\b|case\b|\})", following):
                return None
        position += 1
    return None


# MARK: architecture

IMPORT = re.compile(r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:public\s+|internal\s+|private\s+|package\s+)?import\s+"
                    r"(?:struct\s+|class\s+|enum\s+|protocol\s+|func\s+|typealias\s+|let\s+|var\s+)?(\w+)", re.MULTILINE)


def check_imports(tree):
    """Each layer imports only what lies below it."""
    platform = set(tree.folders("Sources/Platform"))
    banking = set(tree.folders("Sources/Banking"))
    for path, swift in tree.swift.items():
        for line, match in lines_matching(IMPORT, swift.code):
            module = match.group(1)
            if (reason := refuse_import(path, module, platform, banking)) is not None:
                yield Finding(path, line, f"imports {module}: {reason}")


def refuse_import(path, module, platform, banking):
    """Why a file may not import a module, or None."""
    if not path.startswith(("Sources/", "Benchmarks/")):
        return None
    if (owners := CONFINED_MODULES.get(module)) is not None and not path.startswith(owners):
        names = owners if isinstance(owners, str) else " and ".join(owners)
        return f"only {names} may use it"
    if path.startswith("Sources/Kernel/"):
        return None if module in STANDARD_MODULES else "the kernel stands on the standard library alone"
    if path.startswith("Sources/Platform/") and (module in banking or module in ("App", "DataImport")):
        return "the platform knows nothing of banking"
    if path.startswith("Sources/Banking/"):
        if module == "App":
            return "only the program composes"
        layer = path.split("/")[3]
        if layer == "Domain" and module not in STANDARD_MODULES | {"Kernel", "Interest"}:
            return "a domain imports the kernel only, and the pure rules of interest"
        if layer in ("Application", "Infrastructure") and module == "HTTPEdge":
            return "HTTP is known in API/ only"
    return None


def check_layers(tree):
    """A context has the four layers and, beside them, at most the files of its contract."""
    for context in tree.folders("Sources/Banking"):
        for folder in tree.folders(f"Sources/Banking/{context}"):
            if folder not in ("API", "Application", "Domain", "Infrastructure"):
                yield Finding(f"Sources/Banking/{context}/{folder}", 1, "a context has API, Application, Domain and Infrastructure only")


def check_schema_edges(tree):
    """A context never names another context's tables in SQL."""
    statement = re.compile(
        r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|GRANT|REVOKE|COPY|TRUNCATE|LOCK TABLE|JOIN|FROM|REFERENCES)\b")
    table = re.compile(r"(?<![\w.'\"/$-])(" + "|".join(SCHEMA_OWNERS) + r")\.[a-z_][a-z0-9_]*\b")
    for path, swift in tree.swift.items():
        if not path.startswith("Sources/"):
            continue
        for start, text in swift.strings:
            if not statement.search(text):
                continue
            for offset, match in lines_matching(table, text):
                if match.group(0) in PUBLISHED_IN_SQL:
                    continue
                if not path.startswith(SCHEMA_OWNERS[match.group(1)]):
                    yield Finding(path, start + offset - 1, f"SQL names {match.group(0)}, a table of {SCHEMA_OWNERS[match.group(1)]}")


def check_package_matches_folders(tree):
    """Every folder of Sources and Tests is a target, and every target has its folder."""
    manifest = tree.texts.get("Package.swift")
    if manifest is None:
        return
    declared = set(re.findall(r'path: "([^"\\]+)"', manifest))
    declared |= {f"Sources/Platform/{name}" for name in re.findall(r'\bplatform\(\s*"(\w+)"', manifest)}
    declared |= {f"Sources/Banking/{name}" for name in re.findall(r'\bbanking\(\s*"(\w+)"', manifest)}
    declared |= {f"Tests/{name}" for name in re.findall(r'(?<!Target\()\btests\(\s*"(\w+)"', manifest)}
    present = {f"Sources/{group}/{name}" for group in ("Platform", "Banking", "Channels") for name in tree.folders(f"Sources/{group}")}
    present |= {f"Sources/{name}" for name in tree.folders("Sources") if name not in ("Platform", "Banking", "Channels")}
    # Folders of Tests without Swift files are Python's.
    present |= {"/".join(path.split("/")[:2]) for path in tree.swift if path.startswith("Tests/")}
    for folder in sorted(present - declared):
        yield Finding("Package.swift", 1, f"{folder} is not a target")
    for folder in sorted(declared - present - {"Benchmarks"}):
        yield Finding("Package.swift", 1, f"the target at {folder} has no folder")


# MARK: documents

def heading_anchors(markdown):
    """Anchors of a document's headings, as code hosts make them."""
    anchors = set()
    for title in re.findall(r"^#+\s+(.*?)\s*#*$", markdown, re.MULTILINE):
        plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", lambda match: match.group(1) or "", title)
        anchors.add(re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-"))
    return anchors


def check_links(tree):
    """Links between documents and into the sources lead somewhere."""
    link = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)")
    for path, text in tree.texts.items():
        if not path.endswith(".md"):
            continue
        without_code = re.sub(r"```.*?```", lambda match: "\n" * match.group(0).count("\n"), text, flags=re.DOTALL)
        for line, match in lines_matching(link, without_code):
            target = match.group(1) or match.group(2)
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            found = (tree.root / path).parent / file if file else tree.root / path
            if not found.exists():
                yield Finding(path, line, f"the link to {target} leads nowhere")
            elif anchor and found.suffix == ".md" and anchor not in heading_anchors(found.read_text(encoding="utf-8")):
                yield Finding(path, line, f"{file or path} has no heading for #{anchor}")


def check_settings_are_documented(tree):
    """The README's table and the program know the same variables."""
    readme = tree.texts.get("README.md")
    known = {
        name for path, text in tree.texts.items()
        if path.startswith("Sources/App/Configuration/") for name in re.findall(r'"(WEKEZA_[A-Z_]*[A-Z])"', text)}
    if readme is None or not known:
        return
    documented = set(re.findall(r"^\|\s*`(WEKEZA_[A-Z_]+)`", readme, re.MULTILINE))
    for name in sorted(known - documented):
        yield Finding("README.md", 1, f"{name} is missing from the table of settings")
    for name in sorted(documented - known):
        yield Finding("README.md", 1, f"{name} is documented, but the program does not know it")


CHECKS = (
    check_plain_text, check_money_is_whole, check_no_printing, check_no_force, check_injected_world, check_function_length,
    check_imports, check_layers, check_schema_edges, check_package_matches_folders, check_links, check_settings_are_documented,
)


def findings(root):
    tree = Tree(root)
    return sorted({finding for check in CHECKS for finding in check(tree)}), len(tree.texts)


def main(arguments):
    root = arguments[1] if len(arguments) > 1 else Path(__file__).resolve().parent.parent
    found, count = findings(root)
    for finding in found:
        print(finding)
    if count == 0:
        print(f"tidy: no files under {root}", file=sys.stderr)
        return 1
    print(f"tidy: {count} files, {len(CHECKS)} checks, {len(found)} findings", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
