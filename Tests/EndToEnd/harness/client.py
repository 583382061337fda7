"""A client that speaks the contract: signs in, sends a key with every order, and knows what a problem looks like."""

import time
import uuid
from decimal import Decimal

import httpx

PASSWORDS = {
    "admin": "Admin@123", "executive1": "Executive@123", "manager1": "Manager@123", "supervisor1": "Supervisor@123",
    "teller1": "Teller@123", "loans1": "Loans@123", "compliance1": "Compliance@123", "treasury1": "Treasury@123",
    "tradeFinance1": "Trade@123", "productGL1": "Product@123", "payments1": "Payments@123", "customer1": "Customer@123",
    "customer2": "Customer@123", "corporate_maker": "Corporate@123", "corporate_checker": "Corporate@123", "sme_owner": "SmeOwner@123",
}


class Client(httpx.Client):
    """One signed-in user, or nobody."""

    def __init__(self, server, username=None):
        super().__init__(base_url=server.url, timeout=30)
        self.user, self.username = None, username
        if username is not None:
            self.sign_in()

    def sign_in(self):
        credentials = {"username": self.username, "password": PASSWORDS[self.username]}
        answer = self.post("/api/authentication/login", json=credentials, headers={"Authorization": ""})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        self.user = body["user"]
        self.refresh_token = body["refreshToken"]
        self.headers["Authorization"] = f"Bearer {body['token']}"
        self.signed_in_at = time.monotonic()

    def __enter__(self):
        # The constructor has signed in already, which httpx takes for having been opened.
        return self

    def __exit__(self, *_):
        self.close()

    def ok(self, path, **parameters):
        answer = self.get(path, params=parameters)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def every(self, path, **parameters):
        """All items of a list, page by page."""
        items, cursor = [], None
        while True:
            page = self.ok(path, **parameters, **({"cursor": cursor} if cursor else {}))
            items += page["items"]
            cursor = page.get("nextCursor")
            if cursor is None:
                return items

    def account(self, currency="KES", account_type="current"):
        """An account in use: other tests open further ones and close them again, and closed ones stay in the list."""
        for account in self.ok("/api/customer-portal/accounts")["items"]:
            if (account["currency"], account["accountType"], account["status"]) == (currency, account_type, "active"):
                return account
        raise AssertionError(f"no {account_type} account in {currency}")

    def balance(self, number):
        return Decimal(self.ok(f"/api/customer-portal/accounts/{number}/balance")["balance"])

    def transfer(self, source, destination, amount, currency="KES", key=None, **more):
        return self.post(
            "/api/customer-portal/transactions/transfer",
            json={"fromAccountNumber": source, "toAccountNumber": destination, "amount": amount, "currency": currency} | more,
            headers={"Idempotency-Key": key or str(uuid.uuid4())})


def assert_problem(answer, status=None, code=None, field=None, field_code=None):
    """The answer is a problem in the contract's form."""
    if status is not None:
        assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    assert 400 <= answer.status_code < 500 or answer.status_code == 503, f"{answer.status_code} {answer.text}"
    assert answer.headers["content-type"].split(";")[0] == "application/problem+json", answer.headers
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["type"] == "urn:wekeza:problem:" + problem["code"]
    assert problem["title"] and problem["instance"].startswith("/")
    assert len(problem["traceId"]) == 32 and problem["traceId"] == answer.headers["x-trace-id"]
    for word in ("SELECT", "INSERT", "ledger.", ".swift", "libpq", "relation \""):
        assert word not in answer.text, answer.text
    if code is not None:
        assert problem["code"] == code, answer.text
    if field is not None:
        fields = {each["field"]: each["code"] for each in problem.get("errors", [])}
        assert field in fields, answer.text
        if field_code is not None:
            assert fields[field] == field_code, answer.text
    return problem
