"""`python -m yinuo` is the `yinuo` command."""

from yinuo.cli import main

main()
