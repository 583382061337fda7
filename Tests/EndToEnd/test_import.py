"""A real bank's year through the posting engine: once, twice, beside a server, and killed in the middle."""

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from harness.client import Client
from harness.server import ROOT, binary

FILES = {
    "clients.csv": '"client_id";"birth_number";"district_id"\n1;"706213";18\n2;"450204";1\n',
    "accounts.csv": '"account_id";"district_id";"frequency";"date"\n1;18;"POPLATEK MESICNE";930101\n',
    "dispositions.csv": '"disp_id";"client_id";"account_id";"type"\n1;1;1;"OWNER"\n2;2;1;"DISPONENT"\n',
}


def czech_bank():
    """The folder with the real bank's files; they are not part of this repository."""
    candidates = [Path(os.environ["WEKEZA_TEST_CZECH_BANK"])] if "WEKEZA_TEST_CZECH_BANK" in os.environ else [
        folder / "shared" / "data" / "czech-bank" for folder in ROOT.parents]
    for candidate in candidates:
        if (candidate / "transactions.csv").exists():
            return candidate
    return None


needs_the_bank = pytest.mark.skipif(czech_bank() is None, reason="the Czech bank's files are not here")


def figures(output):
    """File → (read, posted, already posted, refused)."""
    rows = re.findall(r"^(\w+\.csv) +([\d,]+) +([\d,]+) +([\d,]+) +([\d,]+)$", output, re.MULTILINE)
    return {name: tuple(int(number.replace(",", "")) for number in numbers) for name, *numbers in rows}


def sums(output):
    """The lines that tell what the books hold."""
    return [line for line in output.split("\n") if line.startswith(("Sums per account", "Trial balance CZK"))]


@needs_the_bank
def test_the_czech_bank_twice_and_beside_a_server(make_server):
    server = make_server().start()
    first = server.run("import", "czech-bank", str(czech_bank()), timeout=400)
    assert first.returncode == 0, first.stdout + first.stderr
    read = figures(first.stdout)
    assert read["transactions.csv"][0] > 20_000
    for name, (rows, posted, before, refused) in read.items():
        assert rows == posted + refused and before == 0, name
    assert "Trial balance CZK" in first.stdout and "The books are balanced." in first.stdout
    again = server.run("import", "czech-bank", str(czech_bank()), timeout=400)
    assert again.returncode == 0, again.stderr
    for name, (rows, posted, before, refused) in figures(again.stdout).items():
        assert posted == 0 and rows == before + refused, name
    assert sums(again.stdout) == sums(first.stdout)
    assert server.run("verify", timeout=300).returncode == 0
    with Client(server, "productGL1") as controller:
        totals = {total["currency"]: total for total in controller.ok("/api/generalledger/trial-balance")["totals"]}
        assert totals["CZK"]["balanced"] and totals["CZK"]["totalDebit"] == totals["CZK"]["totalCredit"] != "0.00"


@needs_the_bank
def test_an_import_that_was_killed_is_finished_by_the_next(make_server):
    server = make_server()
    for moment in ("clients: ", "transactions: "):
        process = subprocess.Popen(
            [binary(), "import", "czech-bank", str(czech_bank())], env=server.environment, cwd=server.home, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in process.stderr:
            if line.startswith(moment):
                break
        time.sleep(0.5)
        process.kill()
        process.wait()
        process.stderr.close()
    finished = server.run("import", "czech-bank", str(czech_bank()), timeout=400)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    rows, posted, before, refused = figures(finished.stdout)["transactions.csv"]
    assert rows == posted + before + refused and before > 0
    assert "every account agrees" in finished.stdout and "The books are balanced." in finished.stdout
    assert server.run("verify", timeout=300).returncode == 0


def test_bad_rows_are_refused_by_name_and_the_others_are_posted(make_server, tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "transactions.csv").write_text(
        '"trans_id";"account_id";"date";"type";"operation";"amount";"balance";"k_symbol";"bank";"account"\n'
        '1;1;930101;"PRIJEM";"VKLAD";700.00;700.00;"";"";""\n'
        '2;1;930102;"VYDAJ";"VYBER";-5;695.00;"";"";""\n'
        '3;1;931399;"PRIJEM";"VKLAD";5.00;705.00;"";"";""\n'
        '4;77;930103;"PRIJEM";"VKLAD";5.00;5.00;"";"";""\n'
        '5;1;930104;"VYDAJ";"VYBER";100.50;599.50;"";"";""\n'
        'nonsense\n')
    server = make_server()
    result = server.run("import", "czech-bank", str(tmp_path), "--report", str(tmp_path / "report.txt"))
    assert result.returncode == 0, result.stdout + result.stderr
    assert figures(result.stdout)["transactions.csv"] == (6, 2, 0, 4)
    report = (tmp_path / "report.txt").read_text()
    for row in (3, 4, 5, 7):
        assert f"transactions.csv row {row}" in report, report
    assert server.run("verify").returncode == 0


@pytest.mark.parametrize("arguments", [["czech-bank", "/nowhere/at/all"], ["czech-bank"], ["german-bank", "x"], []])
def test_an_import_of_nothing_is_refused_before_anything_starts(make_server, arguments):
    server = make_server()
    result = server.run("import", *arguments, timeout=30)
    assert server.postmaster() is None
    if arguments:
        assert result.returncode != 0 and result.stderr
