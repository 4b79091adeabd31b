"""Policy statements: `GRANT SELECT ON DATABASE clinic .. TO ROLE analyst`, read, printed and carried out.

Rule: a statement says what a document can say too; what it changes is planned and applied as a document is.
Reading order: the language (tokens, model, cursor, clauses, properties, naming, policies, things, questions, reading,
printing), then a statement over the live state (known, grants, tagging, changes), who may give it (rights),
what is told (views, describing, answers), and run.
"""
