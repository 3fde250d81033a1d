"""The words of a verifier, each sentence in English and in Chinese.

Codes (kinds of fact, subjects, features) are said in Chinese here too: a verifier loads no Django, and no page's catalogue.
"""

from __future__ import annotations

WHYS = {"FileNotFoundError": "没有这个文件", "IsADirectoryError": "它是文件夹", "PermissionError": "没有读取权限"}
BANDS = {
    "excellent": "优秀", "good": "良好", "expected": "符合预期", "new": "刚刚起步", "caution": "需要留意", "poor": "较差",
    "unlawful": "查实违法商品",
}
KINDS = {     # as the pages call them; a test holds the three against them
    "care.complaint_answered": "商家答复投诉", "care.complaint_closed": "投诉处理完结", "care.complaint_opened": "买家提出投诉",
    "catalogue.finding_overturned": "一项认定被撤销", "catalogue.finding_upheld": "违法商品的认定成立",
    "catalogue.listing_published": "商品上架", "catalogue.listing_restored": "商品恢复销售", "catalogue.listing_withdrawn": "商品下架",
    "credit.complaint_judged": "投诉已评判", "credit.delivery_judged": "送达已评判", "credit.dispatch_judged": "发货已评判",
    "credit.review_judged": "评价已计权", "credit.run_completed": "所有商家完成评分",
    "credit.standing_changed": "商家的信用等级变更", "decisions.appeal_opened": "对处置提出了申诉",
    "decisions.appeal_settled": "申诉得到答复", "decisions.contest_lapsed": "异议逾期未处理",
    "decisions.contest_opened": "提出了异议", "decisions.contest_settled": "异议处理完毕",
    "decisions.decision_reversed": "处置被撤销", "decisions.decision_stated": "商城作出处置",
    "decisions.decision_taken": "作出了处置", "decisions.decision_withdrawn": "商城撤回处置",
    "delivery.disruption_declared": "公告了运输中断", "delivery.hand_over_explained": "承运商或服务方证明了交寄迟延的原因",
    "delivery.shipment_damaged": "包裹损坏或丢失",
    "delivery.shipment_delivered": "包裹送达买家", "delivery.shipment_handed_over": "包裹交给承运商",
    "delivery.shipment_ready": "包裹备妥待揽收", "merchants.external_rating_observed": "记下一项外部评级",
    "merchants.merchant_closed": "商家离开平台", "merchants.merchant_registered": "商家获准入驻",
    "merchants.shop_opened": "店铺开张", "people.case_room_asked": "已登记主管机关的一份请求", "people.case_room_closed": "一间阅卷室已关闭",
    "people.case_room_opened": "已为主管机关开放一间阅卷室", "people.buyer_corrected": "更正了买家的资料", "people.buyer_joined": "买家开立账户",
    "people.people_erased": "删除了个人资料", "record.fact_withdrawn": "撤回先前的一条事实",
    "reviews.review_hidden": "评价被隐藏", "reviews.review_published": "发表评价", "reviews.review_replied": "商家回复评价",
    "reviews.review_restored": "隐藏的评价恢复显示", "trade.order_cancelled": "订单取消", "trade.order_paid": "订单付款",
    "trade.order_placed": "下单", "trade.refund_granted": "退款",
}
SUBJECTS = {
    "room": "阅卷室", "buyer": "买家", "merchant": "商家", "shop": "店铺", "listing": "商品", "basket": "购物车", "order": "订单",
    "refund": "退款", "shipment": "包裹", "disruption": "运输中断", "review": "评价", "complaint": "投诉",
    "finding": "认定", "rating": "评级", "run": "评分", "decision": "处置", "contest": "异议", "appeal": "申诉",
}
FEATURES = {
    "dispatches": "已有结果的订单", "handling_time": "备货用时", "failures": "迟发或取消", "cancellations": "取消订单",
    "arrivals": "已有结果的送达", "late_arrivals": "迟到、破损或丢失", "reviews": "计入的评价", "low_stars": "低星评价",
    "complaints": "已办结的投诉", "undescribed": "与描述不符", "slow_answers": "答复迟缓", "start": "评分卡的起点",
    "bounds": "取整与上下限",
}
WORDS = {
    "record": ("From the record {origin} when it had {size:,} entries, signed by {keys} of its keys.",
               "出自账本 {origin}，当时共 {size:,} 条，由其 {keys} 个密钥签署。"),
    "witness": ("Witnessed by {name} at {when}.", "由 {name} 于 {when} 见证。"),
    "lacking": ("It lacks a signature that your policy names: {who}. The others are enough.",
                "缺少信任策略所列的一个签名：{who}。其余已足够。"),
    "own-policy": ("Whom to trust was read from the file itself. Compare these keys with those that the record publishes, or "
                   "give --policy:",
                   "信任对象取自文件本身。请将下列密钥与账本公布的比对，或用 --policy 指定："),
    "marked": ("Marked: {note}", "标注：{note}"),
    "fact": ("Fact {index}: {kind}, {when}, told by {source}", "第 {index} 号事实：{kind}，{when}，由 {source} 陈述"),
    "numbers": ("its numbers: {numbers}", "编号：{numbers}"),
    "person": ("the person's part: {content}", "个人部分：{content}"),
    "person-closed": ("A person's part is not shown.", "个人部分未开示。"),
    "replaced": ("It no longer stands: fact {by} replaced it.", "它已不成立：被第 {by} 号事实替换。"),
    "proof-proven": ("PROVEN: the record holds this fact at this place, unchanged.", "已证实：账本在此处载有这一事实，未经改动。"),
    "order-proven": ("PROVEN: the record holds these {count:,} facts, unchanged. Those about order {order} are numbers 0 to "
                     "{last:,}, without a gap. Later ones may exist, and withdrawals of those shown: nothing here says how many "
                     "there are.",
                     "已证实：账本载有这 {count:,} 条事实，未经改动。关于订单 {order} 的是第 0 至 {last:,} 条，其间无缺号。"
                     "之后可能还有别的事实，所示事实也可能已被撤回：本文件无从证明总共有多少条。"),
    "run": ("Run {run} (fact {index}): as of {day}, over the first {size:,} facts, scorecard {card}, {merchants:,} merchants.",
            "评分 {run}（第 {index} 号事实）：截至 {day}，据前 {size:,} 条事实，评分卡 {card}，共 {merchants:,} 个商家。"),
    "facts": ("It saw {count:,} facts about merchant {merchant}, numbers 0 to {last:,}; all are here, none left out. {replaced:,} "
              "of them were superseded or withdrawn and do not count.",
              "其中关于商家 {merchant} 的有 {count:,} 条，编号 0 至 {last:,}；全部在此，无遗漏。有 {replaced:,} 条已被替换或撤回，不计。"),
    "reviews": ("Reviews received {received:,}, shown {shown:,}, hidden {hidden:,}, taken back {back:,}.",
                "评价：收到 {received:,}，展示 {shown:,}，隐藏 {hidden:,}，撤回 {back:,}。"),
    "score": ("Computed again from these facts: {score} ({low} to {high}), band {band!r}, on {outcomes:,} judged orders.",
              "据这些事实重新计算：{score} 分（{low} 至 {high}），等级“{band}”，依据 {outcomes:,} 笔已判定订单。"),
    "no-score": ("Computed again from these facts: too little history for a score ({outcomes:,} judged orders), band {band!r}.",
                 "据这些事实重新计算：历史不足，暂无分数（{outcomes:,} 笔已判定订单），等级“{band}”。"),
    "no-memory": ("Nothing was checked. The file takes more memory than this machine has.",
                  "未作验证：读取该文件所需的内存超过本机所有。"),
    "before": ("The band before was {before!r}, as the run says; near an edge it stays. The run before it is not part of the report, and "
               "does not prove it here.", "据该次评分所述，之前的等级是“{before}”；在界限附近保持不变。前一次评分不在报告之内，此处无法证实。"),
    "override": ("The band follows from an upheld finding: {override}.", "等级出于一项成立的认定：{override}。"),
    "odds": ("Of a million orders about {odds:,} go wrong through this merchant's fault.", "每百万笔订单约有 {odds:,} 笔因商家过错出问题。"),
    "reasons": ("From 500, what is to be expected of anyone:", "从 500 分（一般应有的水平）起："),
    "credit-proven": ("PROVEN: the score is the one that run {run} committed to, to the point.",
                      "已证实：分数与评分 {run} 所承诺的一致，分毫不差。"),
    "reviews-proven": ("PROVEN: no review vanished. Between the two runs lie {between:,} facts about reviews of merchant "
                       "{merchant}; with those before them they give the counts of both.",
                       "已证实：没有评价消失。两次评分之间有 {between:,} 条关于商家 {merchant} 评价的事实；连同之前的，得出两次的数目。"),
    "receipt": ("A receipt of the record {origin}. Facts that came in at {received} and were promised to be sealed by "
                "{sealed_by}: {count:,}.",
                "账本 {origin} 的回执：{count:,} 条事实于 {received} 收到，承诺在 {sealed_by} 之前封存。"),
    "receipt-proven": ("PROVEN: the record promised this. Whether it kept the promise this file does not say: ask the operator "
                       "for what `yinuo record receipt` prints of it. Where it prints nothing after that time, the promise is "
                       "broken, and this file shows it.",
                       "已证实：账本作过这一承诺。是否履行，本文件不能说明：请向运营者索取 `yinuo record receipt` 的输出。"
                       "若过了时限仍拿不出，即是违背承诺，本文件可作证明。"),
    "receipt-forgotten": ("Of {count:,} of them the person was forgotten since; their part can no longer be shown, the main "
                          "part is.",
                          "其中 {count:,} 条的个人此后已被遗忘；其个人部分无法再开示，主要部分仍已证实。"),
    "event": ("{id}: fact {index}, {kind}, {when}", "{id}：第 {index} 号事实，{kind}，{when}"),
    "kept-proven": ("PROVEN: the promise was kept. The record holds all facts of the receipt ({count:,}), as they were taken in.",
                    "已证实：承诺已履行。账本载有回执中的全部 {count:,} 条事实，与收到时一致。"),
    "another-copy": ("As it is, the file proves nothing; ask whoever gave it to you for another copy.",
                     "照现在这样，这份文件不能证明任何事；请向提供者再要一份。"),
    "no-file": ("{file} cannot be read: {why}.", "无法读取 {file}：{why}。"),
    "half-life": ("({days} d)", "（半衰期 {days} 天）"),
    "not-checked": ("Nothing was checked. {fault}", "未作验证。{fault}"),
    "not-proven": ("NOT PROVEN: {fault}", "未证实：{fault}"),
}
