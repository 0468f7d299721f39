"""A run as one HTML page: the answer, figures, what they show as tables, and what was measured with.

svg         elements of a figure, from numbers to text
figures     the figures, from arrays to SVG: nothing of ours is known there
parts       which figures of a table there are, from its analysis
layout      the page: order, headings, tables, style
style       the style sheet
"""
