"""Who there is, and by what the server knows them again: accounts, tokens, sessions."""
