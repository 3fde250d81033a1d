"""Yinuo: the open trust layer of a marketplace."""

__version__ = "0.1.0.dev0"
