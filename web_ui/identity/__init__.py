"""Sign-in through an identity provider: OpenID Connect for people at the pages, its bearer tokens for the API."""
