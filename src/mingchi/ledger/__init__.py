"""Double entry over money and points: accounts, two journals, balances, statements."""
