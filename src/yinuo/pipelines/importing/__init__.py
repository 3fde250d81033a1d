"""Take a shop's past in from files: CSV, NDJSON and Parquet, by a mapping; and the public Olist data set.

Everything is read before anything is taken: a fault of a file's structure stops the import while nothing has happened yet,
and events are sorted by business time, so that a buyer's first order comes first, whichever file it stands in.
"""
