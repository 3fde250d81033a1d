"""A person's rights over what is kept about them, across all domains: see it, take it along, have it erased."""

from yinuo.pipelines.persons.erase import Erased, erase, erase_due, erase_restored, planned
from yinuo.pipelines.persons.see import see
from yinuo.pipelines.persons.sweep import sweep
from yinuo.pipelines.persons.take_along import take_along

__all__ = ["Erased", "erase", "erase_due", "erase_restored", "planned", "see", "sweep", "take_along"]
