"""Pages for whoever signs in: their account, their team, and who works here."""
