"""Who may do what: people with roles who sign in, machines with API keys."""
