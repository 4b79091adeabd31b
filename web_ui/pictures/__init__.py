"""Charts as SVG, each with a title, a description and the same numbers as a table.

Rule: a picture is made of a specification and comes out as markup that was checked element by element; the process
that draws knows nothing else. Without it pages show the tables.
Read: chart, look, bars, timeline, lineage, pictures, drawing_process, renderer, svg.
"""
