"""Whoever edits or deletes one row as superuser is found out by `wekeza verify`, which names the place."""

import pytest

from harness.client import Client
from harness.server import Server


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        server.start()
        with Client(server, "customer1") as client:
            source, savings = client.account()["accountNumber"], client.account(account_type="savings")["accountNumber"]
            for amount in range(1, 6):
                assert client.transfer(source, savings, f"{amount}.00").status_code == 201
        yield server


# Table, a column of it and what to make of the column. Rows that the seed wrote and rows of transfers are hit alike.
TARGETS = [
    ("ledger.journal", "narration", "'edited'"),
    ("ledger.journal", "value_date", "value_date + 1"),
    ("ledger.journal", "reference_prefix", "'XYZ'"),
    ("ledger.journal", "line_amounts[1]", "line_amounts[1] + 1"),
    ("ledger.journal", "line_balances[1]", "line_balances[1] + 1"),
    ("audit.record", "outcome", "CASE outcome WHEN 1 THEN 2 ELSE 1 END"),
    ("audit.record", "action", "'edited'"),
]


def partition_row(server, table, position, column="tableoid"):
    """Partition and row identity of one row that has a value in the column: first, middle or last."""
    count = int(server.sql(f"SELECT count({column}) FROM {table}"))
    assert count > 2
    offset = {"first": 0, "middle": count // 2, "last": count - 1}[position]
    found = server.sql(f"SELECT tableoid::regclass || ' ' || ctid FROM {table} WHERE {column} IS NOT NULL "
                       f"ORDER BY tableoid, ctid OFFSET {offset} LIMIT 1")
    return found.split(" ")


@pytest.mark.parametrize("position", ["first", "middle", "last"])
@pytest.mark.parametrize("table, column, value", TARGETS)
def test_an_edited_row_is_found(server, table, column, value, position):
    partition, row = partition_row(server, table, position, column)
    server.sql(f"DROP TABLE IF EXISTS public.kept; CREATE TABLE public.kept AS SELECT * FROM {partition} WHERE ctid = '{row}'")
    changed = server.sql(
        "SET session_replication_role = replica;"
        f"UPDATE {partition} SET {column} = {value} WHERE ctid = '{row}' RETURNING ctid").split("\n")[0]
    try:
        assert_broken(server, table)
    finally:
        server.sql(f"SET session_replication_role = replica; DELETE FROM {partition} WHERE ctid = '{changed}';"
                   f"INSERT INTO {partition} SELECT * FROM public.kept; DROP TABLE public.kept")
    assert server.run("verify").returncode == 0


@pytest.mark.parametrize("position", ["first", "middle", "last"])
@pytest.mark.parametrize("table", ["ledger.journal", "ledger.entry", "audit.record"])
def test_a_deleted_row_is_found(server, table, position):
    partition, row = partition_row(server, table, position)
    server.sql(f"DROP TABLE IF EXISTS public.kept; CREATE TABLE public.kept AS SELECT * FROM {partition} WHERE ctid = '{row}'")
    server.sql(f"SET session_replication_role = replica; DELETE FROM {partition} WHERE ctid = '{row}'")
    try:
        assert_broken(server, table)
    finally:
        server.sql(f"INSERT INTO {partition} SELECT * FROM public.kept; DROP TABLE public.kept")
    assert server.run("verify").returncode == 0


def test_a_changed_balance_is_found(server):
    server.sql("UPDATE ledger.account SET balance = balance + 1 WHERE id = (SELECT min(id::text)::uuid FROM ledger.account)")
    try:
        assert_broken(server, "ledger.account")
    finally:
        server.sql("UPDATE ledger.account SET balance = balance - 1 WHERE id = (SELECT min(id::text)::uuid FROM ledger.account)")
    assert server.run("verify").returncode == 0


def test_the_program_itself_may_not_edit(server):
    for table in ("ledger.journal", "ledger.entry", "audit.record"):
        for right in ("UPDATE", "DELETE", "TRUNCATE"):
            assert server.sql(f"SELECT has_table_privilege('wekeza_app', '{table}', '{right}')") == "f"
    assert server.sql("SELECT count(*) FROM pg_roles WHERE rolname = 'wekeza_app' AND (rolsuper OR rolcreatedb OR rolcreaterole)") == "0"


def assert_broken(server, table):
    result = server.run("verify")
    assert result.returncode != 0, f"an edit of {table} was not found:\n{result.stdout}"
    text = result.stdout + result.stderr
    assert "FAILED" in text or "broken" in text, text
    # The place: an identifier of the batch, journal, account or record.
    assert any(len(word.strip(".,:;()\"'")) == 36 and word.count("-") == 4 for word in text.split()), text
