"""A buyer's own pages: their level, what was decided about them, and their rights over what is kept of them."""
