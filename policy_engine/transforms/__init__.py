"""What a masked cell looks like: each transform's name, parameters, strength, SQL form and Python reference.

Rule: pure; keys are arguments, and no key is ever written into SQL text.
"""
