"""Decisions of credit on plain values: judging outcomes, weighing evidence, the climate, scorecards. No Django."""

from yinuo.credit.rules.bands import BANDS, band_of

PERMISSIONS = {
    "credit.judge": frozenset({"system"}),
    "credit.rescore": frozenset({"system", "steward"}),
    "credit.release_run": frozenset({"system", "steward"}),
    "credit.add_scorecard": frozenset({"system", "steward"}),
    "credit.give_report": frozenset({"system", "merchant_owner", "merchant_operations"}),
    "credit.see_own": frozenset({"system", "steward", "auditor", "merchant_owner", "merchant_operations", "merchant_reader"}),
    "credit.see_own_level": frozenset({"buyer"}),
    "credit.see_runs": frozenset({"system", "steward", "auditor"}),
    "credit.put_in_force": frozenset({"system", "steward"}),
    "credit.recompute_run": frozenset({"system", "steward", "auditor"}),
    "credit.do_jobs": frozenset({"system"}),
}

__all__ = ["BANDS", "PERMISSIONS", "band_of"]
