"""The path of one query, from a request to a governed stream.

Rule: the engine receives only SQL that was generated from a checked tree, never the person's text.

Reading order: pipeline is the line itself, governance its first half; then the stations: reading (text to a checked
tree), fencing (what may raise), rewriting (governed relations), answering (batches to bytes), http (the doors).
Beside the line: turns and record; metadata, narrowing, counting and source_words tell what there is to ask; asking asks
for access; refusals are what all of them refuse with.
"""
