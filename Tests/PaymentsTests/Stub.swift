// PaymentsTests
