"""What providers receive and finance pays by: the statement workbook, the payment advice, and a contract as a card."""
