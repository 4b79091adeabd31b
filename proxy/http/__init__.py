"""The doors over HTTP: who comes, what they sent, and how an answer or an error leaves.

Reading order: api (the routes), identity (who asks), bodies (what they sent), answers (what each answer carries),
streams, outgoing and departures (bytes, as long as somebody reads), problems (errors), addresses, openapi.
"""
