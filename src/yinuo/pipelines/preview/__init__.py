"""Try it on your past first: replay a shop's own history, and report who would have been judged how, and who wrongly.

Read a folder, take it into a data folder of the preview's own, judge every Monday of the past by what was known then, look
up what happened afterwards, and write one page. Nothing leaves the machine.
"""
