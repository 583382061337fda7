"""Screening over the wire: published scores, thresholds as parameters, new lists over old customers, leaked passwords."""

import hashlib
import time
import uuid

import pytest

from harness.client import Client, assert_problem

INITIALS = ["AEIOUY", "BFPV", "CGJKQSXZ", "DT", "L", "MN", "R", "HW"]


@pytest.fixture(scope="module")
def compliance(clients):
    return clients("compliance1")


def compare(client, query, candidate, **more):
    answer = client.post("/api/compliance/screening/compare", json={"query": query, "candidate": candidate} | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


# MARK: the rule once more, from the contract's text

def jaro(left, right):
    if left == right:
        return 1.0
    reach = max(max(len(left), len(right)) // 2 - 1, 0)
    taken, matched = set(), []
    for place, letter in enumerate(left):
        for other in range(max(0, place - reach), min(len(right), place + reach + 1)):
            if other not in taken and right[other] == letter:
                taken.add(other)
                matched.append(letter)
                break
    if not matched:
        return 0.0
    count = len(matched)
    turned = sum(a != b for a, b in zip(matched, (right[place] for place in sorted(taken)))) // 2
    return (count / len(left) + count / len(right) + (count - turned) / count) / 3


def jaro_winkler(left, right):
    score = jaro(left, right)
    if score <= 0.7:
        return score
    prefix = 0
    while prefix < min(4, len(left), len(right)) and left[prefix] == right[prefix]:
        prefix += 1
    return score + 0.1 * prefix * (1 - score)


def best_pairs(query, candidate):
    left, right = query.split(), candidate.split()
    kind = {letter.lower(): number for number, letters in enumerate(INITIALS) for letter in letters}
    pairs = []
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            if kind.get(a[0], a[0]) == kind.get(b[0], b[0]):
                ratio = min(len(a), len(b)) / max(len(a), len(b))
                score = jaro_winkler(a, b) * (1 - 0.3 * (1 - ratio) if ratio < 0.9 else 1)
                pairs.append((-score, i, j))
    total, paired, used_left, used_right = 0.0, 0, set(), set()
    for score, i, j in sorted(pairs):
        if i not in used_left and j not in used_right:
            used_left.add(i)
            used_right.add(j)
            total += -score * (len(left[i]) + len(right[j]))
            paired += len(right[j])
    whole = sum(map(len, right))
    return total / (sum(map(len, left)) + paired) * (1 - 0.15 * (1 - paired / whole))


@pytest.mark.parametrize("query, candidate, score", [
    ("nicolas maduro", "nicolas moros maduro", 0.958), ("nicolas moros maduro", "nicolas maduro", 0.839),
    ("john smith", "john smythe", 0.893), ("mohamed", "muhammed", 0.849), ("jan lahore", "jane doe", 0.439)])
def test_published_scores(compliance, query, candidate, score):
    assert compare(compliance, query, candidate)["score"] == pytest.approx(score, abs=0.01)
    assert best_pairs(query, candidate) == pytest.approx(score, abs=0.01)


@pytest.mark.parametrize("query, candidate", [
    ("jane doe", "jan lahore"), ("wanjiru kamau njoroge", "njeroge wanjiku"), ("ali", "ali ali ali"), ("omar hassan ali", "hassan omar"),
    ("yusuf ibrahim", "yousef ebrahim"), ("zhang wei", "chang wai"), ("peter otieno", "petro vladimirovich otyeno"), ("a b c", "c b a"),
    ("katherine", "catherine"), ("philip mwangi", "filip wangi"), ("thomas", "dhomas"), ("x", "y"), ("maria de la cruz", "maria delacruz"),
    ("abdul rahman al shabaab", "abdulrahman shabab"), ("william howard", "hilliam woward"), ("simba", "symba simba simbah")])
def test_scores_follow_the_rule(compliance, query, candidate):
    for one, other in ((query, candidate), (candidate, query)):
        assert compare(compliance, one, other)["score"] == pytest.approx(best_pairs(one, other), abs=0.0001), (one, other)


def test_every_algorithm(compliance):
    for algorithm, query, candidate, score in [
            ("jaroWinkler", "martha", "marhta", 0.961), ("jaroWinkler", "dwayne", "duane", 0.840), ("jaro", "dixon", "dicksonx", 0.767),
            ("jaroWinkler", "frog", "fog", 0.92499), ("levenshtein", "kitten", "sitting", 4 / 7), ("soundex", "Robert", "Rupert", 1),
            ("soundex", "Robert", "Rubin", 0), ("bestPairs", "john smith", "john smythe", 0.893)]:
        answer = compare(compliance, query, candidate, algorithm=algorithm)
        assert answer["algorithm"] == algorithm and answer["score"] == pytest.approx(score, abs=0.001), answer
    assert compare(compliance, "x", "x")["algorithm"] == "bestPairs"
    same = compare(compliance, "Müller & Söhne GmbH", "SOHNE, Muller")
    assert (same["score"], same["normalisedQuery"], same["normalisedCandidate"]) == (1, "muller sohne", "sohne muller")
    raw = compare(compliance, "ABC", "abc", normalise=False, algorithm="jaro")
    assert (raw["score"], raw["normalisedQuery"], raw["normalisedCandidate"]) == (0, "ABC", "abc")


def test_comparing_is_for_compliance_and_checked(clients, compliance, anybody):
    path, body = "/api/compliance/screening/compare", {"query": "a", "candidate": "b"}
    assert_problem(anybody.post(path, json=body), 401)
    for user in ("customer1", "teller1", "productGL1", "executive1"):
        assert_problem(clients(user).post(path, json=body), 403, "forbidden")
    assert_problem(compliance.post(path, json=body | {"algorithm": "metaphone"}), 422, "validation_failed", "algorithm", "unknown_value")
    assert_problem(compliance.post(path, json=body | {"normalise": "yes"}), 422, "validation_failed", "normalise", "wrong_type")
    assert_problem(compliance.post(path, json={"query": "a"}), 422, "validation_failed", "candidate", "required")
    assert 0 <= compare(compliance, "阿里", "Али 7 — !!")["score"] <= 1


# MARK: thresholds

def set_parameter(admin, key, value, **more):
    version = admin.ok(f"/api/administrator/parameters/{key}")["version"]
    return admin.put(f"/api/administrator/parameters/{key}", json={"value": value, "reason": "policy", "version": version} | more)


def screen(compliance, name):
    answer = compliance.post("/api/compliance/screening/parties", json={"name": name})
    assert answer.status_code == 201, answer.text
    return answer.json()


def letters():
    return "".join(chr(ord("g") + int(digit, 16)) for digit in uuid.uuid4().hex[:10])


def load(compliance, *names):
    file = "id,name\n" + "".join(f"{uuid.uuid4()},{name}\n" for name in names)
    answer = compliance.post("/api/compliance/watchlists/local/import", files={"file": ("own.csv", file.encode())})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_thresholds_are_parameters(make_server):
    # A bank of its own: with such thresholds half of its customers would be on the list.
    server = make_server().start()
    admin, compliance = Client(server, "admin"), Client(server, "compliance1")
    surname = letters()
    load(compliance, f"Barnabas {surname}")
    # 0.65 or so: one of two names.
    query = f"Barnabas {letters()}"
    score = compare(compliance, query, f"Barnabas {surname}")["score"]
    assert 0.3 < score < 0.85
    before = screen(compliance, query)
    assert (before["decision"], before["thresholds"]) == ("clear", {"review": 0.85, "block": 0.95})
    assert set_parameter(admin, "screening.reviewThreshold", "0.3").status_code == 200
    lower = screen(compliance, query)
    assert (lower["decision"], lower["thresholds"]["review"]) == ("review", 0.3)
    assert lower["matches"][0]["matchedName"] == f"Barnabas {surname}"
    assert lower["matches"][0]["score"] == pytest.approx(score, abs=0.0001)
    assert set_parameter(admin, "screening.blockThreshold", "0.31").status_code == 200
    assert screen(compliance, query)["decision"] == "block"
    # The two never contradict each other, and neither is nothing.
    for key, value in (("reviewThreshold", "0.32"), ("blockThreshold", "0.29"), ("reviewThreshold", "0"), ("reviewThreshold", "0.0")):
        assert_problem(set_parameter(admin, f"screening.{key}", value), 422, "validation_failed", "value", "out_of_range")
    for value in ("1.1", "-0.5", "high"):
        assert_problem(set_parameter(admin, "screening.blockThreshold", value), 422, "validation_failed", "value", "invalid_format")
    assert screen(compliance, query)["thresholds"] == {"review": 0.3, "block": 0.31}
    # What is in force outlives the program.
    assert server.stop() == 0
    server.start()
    admin, compliance = Client(server, "admin"), Client(server, "compliance1")
    assert screen(compliance, query)["thresholds"] == {"review": 0.3, "block": 0.31}
    assert set_parameter(admin, "screening.blockThreshold", "0.95").status_code == 200
    assert set_parameter(admin, "screening.reviewThreshold", "0.85").status_code == 200
    # A value with a date of its own waits for it.
    assert set_parameter(admin, "screening.reviewThreshold", "0.5", effectiveDate="2998-01-01").status_code == 200
    assert screen(compliance, query)["thresholds"]["review"] == 0.85


# MARK: new lists

def test_a_new_list_finds_old_customers(clients, compliance):
    teller = clients("teller1")
    number, surname = str(uuid.uuid4().int)[:8], letters()
    registered = teller.post("/api/cif/individual", json={
        "firstName": "Zawadi", "lastName": surname, "dateOfBirth": "1993-02-03", "nationality": "KE",
        "primaryEmail": f"z{number}@example.com", "primaryPhone": "0712" + number[:6],
        "primaryAddress": {"addressLine1": "Moi Avenue 1", "city": "Mombasa", "country": "KE"},
        "primaryIdentification": {"documentType": "nationalId", "documentNumber": number, "issuingCountry": "KE"}})
    assert registered.status_code == 201, registered.text
    cif = registered.json()["cifNumber"]
    customer = teller.ok(f"/api/cif/{cif}")["customerId"]

    def hits():
        return [each for each in compliance.every("/api/compliance/screening/hits", status="open") if each["subjectId"] == customer]

    assert hits() == []
    load(compliance, f"{surname} Zawadi")
    end = time.monotonic() + 40
    while not hits():
        assert time.monotonic() < end, "the new list was not compared with the customers"
        time.sleep(0.5)
    hit = hits()[0]
    assert hit["score"] == 1 and hit["decision"] == "block" and hit["subjectType"] == "customer"
    review = compliance.post(
        f"/api/compliance/screening/hits/{hit['hitId']}/review", json={"decision": "falsePositive", "notes": "another Zawadi"})
    assert review.status_code == 200, review.text
    # Quiet while the entry is the same.
    assert screen_customer(compliance, cif)["decision"] == "clear"
    # Another entry about the same name is another matter.
    load(compliance, f"{surname} Zawadi")
    assert screen_customer(compliance, cif)["decision"] == "block"


def screen_customer(compliance, cif):
    answer = compliance.post("/api/compliance/screening/parties", json={"cifNumber": cif})
    assert answer.status_code == 201, answer.text
    return answer.json()


# MARK: passwords from breaches

def test_passwords_from_a_list_are_refused(make_server, tmp_path):
    listed = tmp_path / "breached.txt"
    hashed = hashlib.sha1(b"seven green lanterns").hexdigest().upper()
    listed.write_text(f"A Quiet Harbour 12\n{hashed}:42\n")
    server = make_server(WEKEZA_BREACHED_PASSWORDS=str(listed)).start()
    with Client(server, "customer1") as client:
        def change(new):
            return client.post("/api/authentication/change-password", json={"currentPassword": "Customer@123", "newPassword": new})

        for password in ("a quiet harbour 12", "A Quiet Harbour 12", "seven green lanterns"):
            assert_problem(change(password), 422, "validation_failed", "newPassword", "breached")
        assert change("seven green lanterns more").status_code == 204


@pytest.mark.parametrize("path", ["/no/such/list.txt", "/tmp"])
def test_an_unreadable_list_is_refused_at_the_start(make_server, path):
    ended = make_server().run("serve", WEKEZA_BREACHED_PASSWORDS=path)
    assert ended.returncode == 2
    assert ended.stderr.strip() == f'wekeza: WEKEZA_BREACHED_PASSWORDS must be a file that can be read, not "{path}"'
