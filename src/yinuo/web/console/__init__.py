"""Consoles: what a merchant's own people and stewards see and do. Exceptions come first."""
