"""The report's words in English. `chinese.py` has the same keys; a test compares them."""



WORDS: dict[str, str] = {
    "title": "What Yinuo would have said",
    "brand": "Yinuo · preview",
    "subtitle": "The past of “{source}”, judged again month by month by what was known at the time.",
    "made": "Made on {made} from {files:file|files}: {events:event|events}, {orders:order|orders} of {merchants:merchant|merchants}, placed from {first} "
            "to {last}; judged up to {as_of}.",
    "only_last": "Only the last {n:month was|months were} judged again; all that came before served as the past.",
    "alone": "Everything was computed on this machine. Nothing was sent anywhere, and no merchant was told anything.",
    "contents": "Contents",
    "summary": "In short",
    "too_short": "This history could not be judged again. That takes {months} whole months and {orders} judged orders of merchants with some "
                 "history before, of which some failed and some did not. What follows is what can be said without it.",
    "s_past": "{orders:order|orders} could be judged, and {failed} of them ({share}) failed: sent late or called off through "
              "the merchant’s own fault.",
    "s_rank": "Of 100 pairs of a failed and a good order of the same month, {auc} times the failed one’s merchant had the lower score beforehand; "
              "by mean stars it would have been {stars} times (50 would be chance), and the probability told was "
              "{error} percentage points off on average.",
    "s_rank_alone": "Of 100 pairs of a failed and a good order of the same month, {auc} times the failed one’s merchant had the lower score "
                    "beforehand (50 would be chance), and the probability told was {error} percentage points off on average.",
    "s_wrong": "Of {accused:warning|warnings} (“take care” or “poor”, counted once a month) that could be looked up 90 days later, {wrong} ({share}) had hit a merchant who then did no "
               "worse than was to be expected of anyone, and {missed} of {praised:good standing|good standings} ({missed_share}) were followed by bad months.",
    "s_wrong_none": "No warning could be looked up 90 days later, so nothing can be said of wrong accusations yet.",
    "s_turn": "{turns:merchant|merchants} went bad; for {before} of them the band had fallen by the day it showed in their orders, for {after} "
              "it fell later, and for {never} it had not fallen within 13 weeks.",
    "s_turn_none": "No merchant went bad suddenly enough to say how early the score would have warned.",
    "s_new": "Of the {merchants:merchant|merchants} who sold in {month}, {new} could not be judged yet when it began; they had {orders_share} of its "
             "orders.",
    "s_hours": "Running Yinuo would take about {hours} hours of staff a month under the assumptions of section 8.",
    "s_hours_none": "Running Yinuo would take hardly any of staff’s time under the assumptions of section 8.",
    "failed_note": "In this report an order “failed” if it was sent late or called off through the merchant’s own fault. A score of 500 "
                   "is what is to be expected of anyone on the same lanes in the same weeks; every 50 points halve or double the odds.",
    "t1": "How often the score was right afterwards",
    "t2": "Who would have been judged how, and when",
    "t3": "Who would have been accused wrongly, and who was missed",
    "t4": "Movers, and what the gate would have held",
    "t5": "The share that nobody can judge yet",
    "t6": "What the formula weighs",
    "t7": "Whose fault it was",
    "t8": "What it would cost",
    "t9": "What could not be read, and what was assumed",
    "p1": "At the first of each month a scorecard was fitted on the months before and on nothing later; what it then told of the month’s "
          "orders is compared with what came. {orders:order was|orders were} told of in this way, and {failures} of them failed.",
    "p1_groups": "The orders are sorted by the probability told and cut into {n} groups of about the same size. In {within} of them the "
                 "probability told lies within the interval of what was measured.",
    "chart_reliability": "Told beforehand and measured afterwards, failed orders per 1,000. On the diagonal the two agree; each bar spans "
                         "the 95% interval of the measured rate.",
    "axis_told": "told per 1,000",
    "axis_measured": "measured per 1,000",
    "compare": "The same orders, ranked in two ways",
    "ranked_by": "Ranked by",
    "by_score": "Yinuo’s score",
    "by_stars": "mean stars",
    "c_auc": "Of 100 pairs, right in",
    "c_worst": "Failures in the worst tenth of orders",
    "p1_auc": "A pair is one failed and one good order of the same month, both picked at random; it is right if the failed one’s merchant stood lower when the "
              "month began. Orders of the same merchant count as a draw. Stars are each merchant’s mean of all reviews until then; a merchant without "
              "reviews stands at the mean of all.",
    "p1_stars_win": "Here mean stars ranked at least as well as the score. Look at section 9 first: a score is only as good as the times it is told.",
    "chart_months": "Failed orders by month in which they were placed: foretold (broken line) and come (full line).",
    "g_told": "Told", "g_measured": "Measured", "g_interval": "Interval", "g_orders": "Orders",
    "table_groups": "All groups as a table, per 1,000 orders",
    "table_months": "All months as a table",
    "m_month": "Month", "m_orders": "Orders", "m_foretold": "Foretold", "m_failures": "Failed", "m_auc": "Pairs right",
    "p2": "Every Monday everybody was judged by what was known on that day. At the end, on {as_of}, standings lay like this. A merchant is listed below "
          "from {min} judged orders on; counts are of the year before that day, without the weeks that section 7 explains.",
    "b_band": "Band", "b_merchants": "Merchants", "b_share": "Share",
    "worst": "The lowest scores",
    "best": "The highest scores",
    "c_merchant": "Merchant", "c_course": "Course of the score", "c_score": "Score", "c_orders": "Orders", "c_failures": "Failed",
    "c_expected": "Expected", "c_band": "Band",
    "by_month": "The scores by month",
    "spark": "score from {first} to {last}",
    "turns": "How early it warned",
    "p2_turns": "A merchant “went bad” on the first Monday on which the last four weeks held at least 10 judged orders and 3 failures, at "
                "twice the odds of the merchant’s own past and at least twice what was to be expected of anyone, by more than chance explains. "
                "Compared is the Monday on which the band fell to “take care” or below.",
    "p2_none": "No merchant went bad in this sense.",
    "l_shown": "It showed on", "l_before": "Failed of 1,000 before", "l_now": "in the four weeks", "l_lead": "The band fell",
    "lead_before": "{days:day|days} before", "lead_after": "{days:day|days} after", "lead_same": "on the same day",
    "lead_start": "before judging began", "lead_already": "at least {days:day|days} before", "lead_never": "not within 13 weeks",
    "p2_leads": "The band had fallen at least a week before in {before:case|cases}, on the same Monday in {same}, later in {after}, and in {never} not within 13 weeks.",
    "p3": "Each month’s first Monday, every judgement was looked up again 90 days later. With at least 10 judged orders in those days it can be said "
          "what became of it; with fewer, nothing is said.",
    "chart_bands": "Failures in the 90 days after a judgement, as a share of what was to be expected of anyone (100%).",
    "h_band": "Band", "h_judgements": "Judgements", "h_told": "Can be looked up", "h_no_worse": "No worse than expected", "h_ratio": "Failed / expected",
    "wrong": "Accused wrongly, in hindsight",
    "p3_wrong": "{wrong} of {accused:warning|warnings}, to {merchants:merchant|merchants}, would have been wrong in hindsight: they were followed by no more failures than were to be expected of anyone. In "
                "{clearly} of them the whole interval lies below what was expected; the others may be chance. In {unsure} the score’s interval "
                "had reached into “as expected”: the page would have shown that the band was not certain. A merchant who had mended by then counts here too; nobody was really warned.",
    "p3_listed": "Each merchant’s most certain such warning, the most certain ones first ({n} of {of}).",
    "p3_none": "There was none.",
    "w_day": "Judged on", "w_interval": "Score and interval", "w_later": "Then: failed of orders (expected)", "w_ratio": "Failed / expected, interval",
    "missed": "Missed, in hindsight",
    "p3_missed": "{missed} of {praised:judgement|judgements} of “good” or “excellent” were followed by at least twice the failures to be expected, by more "
                 "than chance explains.",
    "p4": "From one month’s first Monday to the next, {down:time|times} a merchant moved down a band and {up:time|times} up. These are the largest changes.",
    "v_month": "Month", "v_change": "Change of band", "v_score": "Score", "v_between": "In between: failed of orders",
    "gate": "What the gate would have held",
    "p4_gate": "A run waits until a steward has looked at it if it moves more than 2% of all merchants (and more than five) and more than twice what is usual, or if a "
               "day’s outcomes are missing. Of {runs:weekly run|weekly runs} {held} would have waited, {silent} of them for missing days; the middle run moved {median} of merchants. "
               "A newly fitted scorecard does not wait here: in practice it is announced beforehand and happens far less often.",
    "chart_gate": "Share of merchants who changed their band, run by run. The dotted line is the gate; hollow bars are runs with a newly fitted scorecard.",
    "p5": "A merchant is judged from ten judged orders on; until then the state is “just beginning”, never a low score. {orders_share} of all orders were "
          "placed with merchants who were at their beginning when the month began.",
    "chart_unjudged": "Not yet to be judged when the month began: share of the merchants who sold in it (full line) and of its orders (broken line).",
    "u_month": "Month", "u_merchants": "Merchants who sold", "u_new": "of them beginning", "u_orders": "Orders", "u_new_orders": "of them theirs",
    "table_unjudged": "All months as a table",
    "p6": "The scorecard fitted on the whole history ({fitted}). Each feature compares what was seen of a merchant with what was to be expected on "
          "the same lanes in the same weeks; newer outcomes weigh more. The points say what half and twice the expected do to the score.",
    "f_feature": "Feature", "f_half": "Halves in weight every", "f_halved": "At half", "f_doubled": "At twice", "f_information": "Information",
    "f_name": "{name}: ", "days": "{n:day|days}",
    "p6_information": "Information says how well the feature alone tells failed orders from good ones: below 0.02 hardly, above 0.3 strongly.",
    "p7": "Only a merchant’s own fault costs points. Each mishap is counted by the cause that the facts show; what they do not show is “not known” and costs nobody anything.",
    "x_what": "What happened", "x_of": "Judged",
    "sent_late": "Sent late", "cancelled": "Called off", "arrived_late": "Arrived late", "damaged": "Damaged or lost", "complaints": "Complaints closed",
    "merchant": "Merchant", "carrier": "Carrier", "platform": "Platform", "buyer": "Buyer", "force_majeure": "Force majeure", "unknown": "Not known",
    "p7_nobody": "{nobody} of {all:mishap was|mishaps were} laid to no merchant’s charge. {unjudged:order|orders} ({share}) could not be judged at all, because a promise or a hand-over was not "
                 "told or the order was still open; a missing fact is never a failure.",
    "storms": "Weeks that tell nothing of anybody",
    "p7_storms": "In these weeks at least three times as much failed on some lanes as in the half-year before, for at least a third of the merchants there: a strike, a "
                 "flood, a sale’s peak. Outcomes on those lanes count for no merchant, neither the late ones nor the others.",
    "p7_no_storms": "There was no such week: nowhere did three times as much fail as in the half-year before, for a third of the merchants there.",
    "o_week": "Week from", "o_orders": "Judged orders", "o_failures": "Failed", "o_left_out": "Left out",
    "p8_none": "Nothing can be said of staff’s time before merchants are judged. What the machine needs was measured in this preview.",
    "p8": "Staff’s time is not measured but assumed: change these numbers to your own. What the machine needs was measured in this preview.",
    "k_work": "Work", "k_times": "Times a month", "k_minutes": "Minutes each", "k_hours": "Hours a month",
    "contests": "Merchants who contest a fall of their band: {percent} of those who fall to “take care” or below",
    "gate_work": "Runs that wait at the gate, without newly fitted scorecards",
    "refused_work": "Kinds of faulty rows to be corrected at their source",
    "k_sum": "Together",
    "machine": "The machine, as measured here",
    "k_measured": "What was measured", "k_disk": "Disk for a million facts", "k_facts": "Facts in the record", "k_intake": "Taken in and judged", "k_run": "One scoring run of everybody",
    "k_whole": "This whole preview", "per_second": "{n:fact|facts} a second", "seconds": "{n} s", "minutes": "{n} min", "megabytes": "{n} MB",
    "p9_none": "Every row could be read.",
    "p9_refused": "{rows:row was|rows were} refused, each alone; the rest stands.",
    "r_sentence": "Why", "r_rows": "Rows", "r_example": "For example",
    "p9_left_out": "Not looked at: {files}.",
    "assumed": "What the shop told, and what was assumed where it did not",
    "a_what": "Told", "a_share": "For", "a_means": "Without it",
    "hand_over_by": "by when to hand over to the carrier", "deliver_by": "by when to deliver", "order_buyer": "who bought", "origin": "from where it is sent",
    "destination": "where it goes", "order_carrier": "the carrier", "hand_over": "when the carrier took it", "delivery": "when it arrived",
    "ready": "when it stood ready", "judged": "an outcome that can be judged", "review_merchant": "whose order a review is about", "complaint": "complaints",
    "no_hand_over_by": "the order’s dispatch is not judged", "no_deliver_by": "its arrival is not judged", "no_order_buyer": "repeats by the same buyer are not seen and count in full",
    "no_origin": "it is compared with all lanes, not with its own", "no_destination": "it is compared with its origin’s lanes", "no_order_carrier": "a carrier’s bad weeks are not told apart",
    "no_hand_over": "the order’s dispatch is not judged", "no_delivery": "its arrival is not judged", "no_ready": "a carrier’s late collection counts as the merchant’s: many “sent late” may be unjust",
    "no_judged": "it counts for nobody", "no_review_merchant": "the stars count for no merchant", "no_complaint": "the service side stays empty",
    "p9_derived": "{n:cancellation|cancellations} came without a time of their own; it was derived, and is marked so.",
    "p9_olist": "Olist’s times have no zone and were taken as UTC. An order here is one merchant’s part of a basket; with several shipping limits the latest is the promise. "
                "Cancelled orders have no time of cancellation and count from 20 days after the purchase.",
    "p9_fingerprints": "Whether buyers share an address or a payer is not looked at in this report.",
    "excellent": "Excellent", "good": "Good", "expected": "As expected", "new": "Just beginning", "caution": "Take care", "poor": "Poor", "unlawful": "Unlawful goods found",
    "handling_time": "Handling time", "low_stars": "Low stars", "failures": "Failed orders", "cancellations": "Orders called off", "late_arrivals": "Late arrivals",
    "undescribed": "Not as described", "slow_answers": "Slow answers",
    "footer": "The same numbers as data: {json}. Made by Yinuo {version}; anybody with the same files gets the same numbers.",
    "and_more": "and {n} more; all of them are in {json}",
    "not_measured": "not measured: too few facts",
}
