"""Recognises personal and other sensitive data in columns, by what they are called and by what they hold.

Rule: a name and a content are two witnesses who have not spoken to each other; what they say is weighed against
chance and added up. No value leaves this room: evidence tells shares and counts.

Reading order: tables (what is known, as data), catalogue (the detectors), column (what is looked at), odds (how
evidence adds up), splitting, words and header (what a name says), then the judges of content: forms, patterns with
checksums, phones, people, handles, vocabularies, places, dates, quantities, networks, secrets, medicine; then
free_text, surroundings, detect.
"""
