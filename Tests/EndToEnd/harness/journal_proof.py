"""A stranger's check of a journal's proof: nothing is used but the answer itself and docs/decisions/0021."""

import base64
import datetime
import hashlib
import uuid

EPOCH = datetime.date(1970, 1, 1)


def number(value):
    return value.to_bytes(8, "big", signed=True)


def text(value):
    data = value.encode()
    return number(len(data)) + data


def identifier(value):
    return uuid.UUID(value).bytes


def optional(encode, value):
    return b"\0" if value is None else b"\1" + encode(value)


def day(value):
    return number((datetime.date.fromisoformat(value) - EPOCH).days)


def encoded(journal):
    """The bytes of a journal, made from its fields alone."""
    parts = [
        identifier(journal["journalId"]), number(journal["kindCode"]), number(journal["typeCode"]), text(journal["referencePrefix"]),
        day(journal["businessDate"]), day(journal["valueDate"]), text(journal["sourceType"]),
        optional(identifier, journal.get("sourceId")), text(journal["channel"]), optional(identifier, journal.get("initiatedBy")),
        optional(text, journal.get("narration")), optional(text, journal.get("beneficiaryName")),
        optional(identifier, journal.get("clientTransactionId")), optional(identifier, journal.get("reversalOf")),
        number(journal["lane"]), number(journal["position"]), number(len(journal["lines"])),
    ]
    for line in journal["lines"]:
        balance = line.get("balanceAfterMinorUnits")
        parts += [
            number(line["lineNumber"] << 32 | line["ordinal"] << 16 | line["typeCode"]), optional(identifier, line.get("accountId")),
            number(int(line["glCode"])), text(line["currency"]), number(int(line["minorUnits"])),
            optional(lambda value: int(value).to_bytes(16, "big", signed=True), balance),
        ]
    return b"".join(parts)


def check(proof):
    """Raises when the proof does not hold; returns the hash at the end of its path."""
    assert (proof["algorithm"], proof["encoding"]) == ("SHA-256", "wekeza-journal-1")
    content = encoded(proof["content"])
    assert content == base64.b64decode(proof["canonical"], validate=True), "the bytes are not those of the journal"
    assert (proof["content"]["lane"], proof["content"]["position"]) == (proof["lane"], proof["position"])
    reached = hashlib.sha256(bytes.fromhex(proof["previousHash"]) + content).digest()
    assert reached.hex() == proof["hash"], "the journal is not what was hashed"
    position = proof["position"]
    for step in proof["path"]:
        reached = hashlib.sha256(reached + base64.b64decode(step["canonical"], validate=True)).digest()
        position += 1
        assert (reached.hex(), position) == (step["hash"], step["position"]), f"the path breaks at {step['journalId']}"
    heads = {head["lane"]: head for head in proof["heads"]}
    if proof["pathComplete"]:
        assert (heads[proof["lane"]]["hash"], heads[proof["lane"]]["position"]) == (reached.hex(), position), "the head is another one"
    whole = hashlib.sha256(b"".join(bytes.fromhex(heads[lane]["hash"]) for lane in sorted(heads))).hexdigest()
    assert whole == proof["chainHead"]
    return reached.hex()
