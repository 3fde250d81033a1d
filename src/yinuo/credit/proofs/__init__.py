"""Proofs: what whoever was given a report checks without the record, an account or a database. Plain Python."""

from yinuo.credit.proofs.faults import Differs
from yinuo.credit.proofs.report import CREDIT_NOTE, CheckedReport, check_report
from yinuo.credit.proofs.reviews import REVIEWS_NOTE, CheckedReviews, check_reviews

__all__ = [
    "CREDIT_NOTE", "REVIEWS_NOTE", "CheckedReport", "CheckedReviews", "Differs", "check_report", "check_reviews",
]
