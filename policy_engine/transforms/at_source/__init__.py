"""Transforms in the SQL of databases: what each can work out itself, to the very value that the engine would show.

Reading order: forms (what a form is, and who asks for one), shared (a form for each transform, over a dialect's words),
postgres and mariadb (the words), sqlite (functions of its own), separators.
"""
