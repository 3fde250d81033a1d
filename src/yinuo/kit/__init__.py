"""Plain Python that every domain may use: no Django, no word of any domain."""
