"""Policy statements: `GRANT SELECT ON DATABASE clinic .. TO ROLE analyst`, read, printed and carried out.

Rule: a statement says what a document can say too; what it changes is planned and applied as a document is.
Reading order: tokens, model, cursor, clauses, properties, naming, policies, things, questions, reading (the
whole language), printing, grants and changes (a statement over the live state), rights, answers, run.
"""
