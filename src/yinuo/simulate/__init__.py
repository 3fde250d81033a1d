"""A seeded marketplace: a year of events with known truths planted in it, for the demo, fault tests and benchmarks."""
