"""The words of a grower statement, English and Chinese."""

from __future__ import annotations

from grader.reason_text import Language

_WORDS = {
    "title": ("Grower statement", "果农分级结算单"),
    "examples": ("Examples", "示例果实"),
    "examples_note": (
        "Pictures are kept of fruit in doubt and of a random sample: examples, not averages.",
        "系统只保留存疑果和随机抽样果的图片：仅作示例，不代表平均水平。",
    ),
    "lot": ("Lot", "批次"),
    "grower": ("Grower", "果农"),
    "crop": ("Produce", "品类"),
    "apple": ("apple", "苹果"),
    "melon": ("melon", "甜瓜"),
    "variety": ("Variety", "品种"),
    "origin": ("Origin", "产地"),
    "arrived": ("Arrived", "到货时间"),
    "closed": ("Closed", "结批时间"),
    "delivered": ("Net weight delivered", "交货净重"),
    "standard": ("Judged by", "执行标准"),
    "made": ("Statement made", "制单时间"),
    "fruit": ("Fruit", "果数"),
    "provisional": (
        "Provisional: the lot is still open and fruit are still coming in. Do not pay by this statement.",
        "暂估：该批次尚未结批，仍有果实在分选。请勿据此付款。",
    ),
    "classes": ("Classes and payment", "等级与货款"),
    "classes_only": ("Classes", "等级"),
    "class": ("Class", "等级"),
    "share": ("Share of fruit", "果数占比"),
    "weighed": ("With weight", "有重量果数"),
    "weight": ("Weight, kg", "重量（kg）"),
    "price": ("{currency} per kg", "单价 {currency}/kg"),
    "amount": ("Amount, {currency}", "金额（{currency}）"),
    "total": ("Total", "合计"),
    "weight_note": (
        "Weights are those that the line measured of each fruit by its cameras, not of a scale.",
        "重量为分选线相机逐果测得，并非过秤重量。",
    ),
    "not_weighed_note": (
        "{count} fruit have no weight: they are counted, but are in no weight and no amount.",
        "有 {count} 个果实没有重量：已计入果数，但未计入重量和金额。",
    ),
    "amount_note": (
        "Amount = weight x price, each class rounded to 0.01. Classes without a price are not paid here.",
        "金额 = 重量 × 单价，各等级分别四舍五入到 0.01。未填单价的等级不在此付款。",
    ),
    "causes": ("Why fruit are not in the best class", "果实未评为最高等级的原因"),
    "cause": ("What set the class", "定级原因"),
    "causes_note": (
        "Every fruit counts once: under the requirement that set its class. It may have missed others as well.",
        "每个果实只计一次，计入决定其等级的那一项要求；它可能同时不符合其他要求。",
    ),
    "no_causes": ("Every fruit is in the best class.", "全部果实均为最高等级。"),
    "person": ("decided by a person", "人工改判"),
    "not_known": ("not known any more", "原因已无从查考"),
    "sizes": ("Sizes", "规格"),
    "size": ("Size", "规格"),
    "no_size": ("without a size", "无规格"),
    "again_note": (
        "{count} times a fruit went round again without a decision; it is counted when it comes back.",
        "另有 {count} 次果实未判定而回流；回流果实再次通过并判定后才计数。",
    ),
    "limits": ("What the classes allow", "各等级的要求"),
    "limit": ("Of each fruit", "单果要求"),
    "recalled_note": (
        "* Not every number of this line was read in the published standard itself.",
        "* 本行有的数值尚未与标准原文核对。",
    ),
    "limits_old_note": (
        "The standard was changed since: these are the limits of the one that is installed now.",
        "该标准此后有变动：此处为当前安装版本的要求。",
    ),
    "page": ("Page {number}", "第 {number} 页"),
}


def word(key: str, language: Language, **values: object) -> str:
    """The text of a key with its blanks filled."""
    english, chinese = _WORDS[key]
    return (chinese if language == "zh" else english).format(**values)


def known_word(key: str, language: Language) -> str:
    """The text of a key, or the key itself where there is none (a crop that came as data)."""
    return word(key, language) if key in _WORDS else key
