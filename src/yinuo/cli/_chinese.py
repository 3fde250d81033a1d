"""Refusals of a verifier in Chinese: each sentence of the code that checks, with blanks, and how it reads there.

A test holds this list against the sentences in the code.
"""

from __future__ import annotations

import re
from functools import cache

from yinuo.kit.refusals import Refusal

SENTENCES = {
    "The proof file shows no fact: it has no extra data.": "证明文件没有给出事实：缺少 extra 数据。",
    "The proof is about entry {}, the fact shown says that it is entry {}.": "证明说的是第 {} 号条目，给出的事实却自称第 {} 号。",
    "The pack speaks of {} entries, its checkpoint of {}.": "文件说账本有 {} 条，检查点说有 {} 条。",
    "Facts {} and {} do not stand in the order of their index, each once.": "第 {} 号与第 {} 号事实没有按编号各列一次。",
    "The facts and hashes of this pack do not lead to the checkpoint's root: at least one was changed.":
        "文件中的事实和散列值推不出检查点的根：至少有一处被改动。",
    "The facts fit their marks; the pack's 'nodes' do not lead to the checkpoint's root: one differs.":
        "事实都合其标记，而文件的 nodes（散列值）推不出检查点的根：其中有一个被改动。",
    "The pack shows no fact about this {}.": "文件中没有关于该对象（{}）的事实。",
    "The pack's 'marks' are not one for each fact.": "文件的 marks 与事实不是一一对应。",
    "This is not a pack of the form {}.": "这不是 {} 格式的文件。",
    "The proof's extra data is not UTF-8 text.": "证明的 extra 数据不是 UTF-8 文本。",
    "Fact number {} about this {} is left out, or another one has its place.": "第 {} 条关于该对象（{}）的事实被漏掉，或被顶替。",
    "Fact {} was changed: it does not fit its mark.": "第 {} 号事实被改动：它与标记不符。",
    "The pack's {} is missing or of another form.": "文件的 {} 部分缺失或格式不对。",
    "A hash of the pack is named by its level and index, such as 3/17.": "文件中的散列值要按“层/序号”命名，如 3/17。",
    "This is a pack of another kind than {}.": "这份文件的类别不是 {}。",
    "The marking (note) of the pack was changed.": "文件的标注（note）被改动。",
    "The pack lacks a part, or holds one that does not belong in it: {}.": "文件缺少一部分，或多出一部分：{}。",
    "The checkpoint lacks the signature of a key that the pack names: {}.": "检查点缺少文件所列密钥的签名：{}。",
    "It is not written in the one right way: only keys of logs, witnesses, groups and a quorum.":
        "没有按唯一的写法书写：只应有日志的密钥、见证人、分组与法定数。",
    "A signature of {} is by a key that the pack's policy does not name.": "{} 的一个签名出自文件的策略没有列出的密钥。",
    "The pack says that it is about one order, and nothing else.": "文件应只写明关于哪一笔订单。",
    "Fact {} does not belong here: it is not about the order, and replaces nothing that is.":
        "第 {} 号事实不应在此：它与该订单无关，也没有替换与之有关的事实。",
    "The index of a revealed fact is a number from 0.": "事实的编号应是从 0 起的整数。",
    "Fact {} is shown with neither part opened.": "第 {} 号事实的两部分都没有开示。",
    "The salt of the {} has {} bytes, not {}.": "{} 的盐是 {} 字节，应为 {} 字节。",
    "The content of the {} is not a JSON object.": "{} 的内容不是 JSON 对象。",
    "The numbers of the {} are not numbers from 0 by field.": "{} 的编号不是按字段列出的从 0 起的整数。",
    "The {} is not a JSON object with exactly {}.": "{} 不是恰好含有 {} 的 JSON 对象。",
    "The {} holds something else where text belongs.": "{} 中应为文本之处不是文本。",
    "A record of {} entries has no entry {}.": "有 {} 条的账本没有第 {} 号条目。",
    "A record of {} entries was never one of {}.": "有 {} 条的账本从未是 {} 条的账本。",
    "The proof does not lead from entry {} to the root over {} entries.": "证明不能从第 {} 号条目推到 {} 条的根。",
    "Nothing shows how a record of {} entries became one of {}.": "没有说明 {} 条的账本如何成为 {} 条。",
    "The record of {} entries does not continue the one of {}: the roots do not fit together.":
        "{} 条的账本不是 {} 条那本的延续：两个根对不上。",
    "The hash {}/{} is not needed here.": "散列值 {}/{} 是多余的。",
    "A record of {} entries does not have all of these.": "有 {} 条的账本没有这里的全部条目。",
    "The proof has {} hashes where {} belong.": "证明有 {} 个散列值，应为 {} 个。",
    "A hash of the proof has {} bytes, not {}.": "证明中的一个散列值是 {} 字节，应为 {} 字节。",
    "The hash {}/{} is missing.": "缺少散列值 {}/{}。",
    "A signed note is a text, an empty line and lines of signatures, the last one ended too.":
        "签名的检查点应为正文、空行和若干行签名，最后一行也要换行：它可能被截断。",
    "A note with more than {} signatures is not read.": "签名多于 {} 个的检查点不予读取。",
    "A line of signature begins with a dash (U+2014) and a space.": "签名行应以破折号（U+2014）和空格开头。",
    "The signature of {} is cut off.": "{} 的签名被截断。",
    "None of the keys that you trust has signed this.": "你所信任的密钥都没有签署它。",
    "The text of a note ends in a newline and holds no other control characters.": "检查点正文应以换行结尾，且不含其他控制字符。",
    "This {} is larger than the {} bytes that are read.": "这份 {} 大于可读取的 {} 字节。",
    "This {} holds control characters.": "这份 {} 含有控制字符。",
    "The signature of {} does not fit: text or signature was changed.": "{} 的签名不符：正文或签名被改动。",
    "This {} is not UTF-8 text.": "这份 {} 不是 UTF-8 文本。",
    "A verifier key is a name, eight hexadecimal digits and base64, joined by plus signs.":
        "验证密钥应为名称、八位十六进制数和 base64，以加号相连。",
    "The verifier key of {} is of a kind that is not known here.": "{} 的验证密钥属于未知种类。",
    "The verifier key of {} does not fit its key id: it was changed or cut off.": "{} 的验证密钥与其标识不符：被改动或截断。",
    "The name of a key is not empty and has no spaces and no plus signs.": "密钥名称不能为空，不能有空格和加号。",
    "A name or origin signed with ML-DSA-44 has 1 to 255 bytes.": "用 ML-DSA-44 签署的名称应为 1 至 255 字节。",
    "The public key of {} has {} bytes, not {}.": "{} 的公钥是 {} 字节，应为 {} 字节。",
    "The secret of {} has {} bytes, not {}.": "{} 的私钥是 {} 字节，应为 {} 字节。",
    "A cosignature states when it was made, in seconds since 1970.": "联署应写明时间（1970 年起的秒数）。",
    "A checkpoint is three lines, none of them empty: origin, size and root; extension lines are not taken.":
        "检查点是三行且不空：来源、条数、根；不接受扩展行。",
    "A checkpoint holds no control characters.": "检查点不含控制字符。",
    "The checkpoint names a root over no entries that is not the root over nothing.": "检查点为零条，其根却不是空树的根。",
    "The {} is not a plain number without leading zeros.": "{} 不是不带前导零的整数。",
    "The {} is not base64 in its one right form.": "{} 不是规范写法的 base64。",
    "The {} has {} bytes, not {}.": "{} 是 {} 字节，应为 {} 字节。",
    "A log's origin is one line and not empty.": "账本的来源应为不空的一行。",
    "A checkpoint needs a size from 0 and a root of 32 bytes.": "检查点需要从 0 起的条数和 32 字节的根。",
    "The {} is not base64.": "{} 不是 base64。",
    "This policy is larger than the {} bytes that are read.": "这份信任策略大于可读取的 {} 字节。",
    "This policy has more than the {} lines that are read.": "这份信任策略超过可读取的 {} 行。",
    "Such a line is: {}.": "这样的一行应为：{}。",
    "A group of {} needs 'any', 'all' or a number from 1 to {}.": "{} 个成员的组需要 any、all 或 1 至 {} 的数。",
    "This policy names no log, so that no checkpoint is good by it.": "这份信任策略没有列出账本，任何检查点都不成立。",
    "No log of the policy has signed this checkpoint of {}.": "信任策略中的账本都没有签署 {} 的这个检查点。",
    "It is another log's: the file comes from {}, and the keys trusted here are those of {}. Give that log's policy.":
        "它属于另一账本：文件出自 {}，而此处信任的密钥属于 {}。请给出该账本的信任策略。",
    "Too few witnesses have signed: {}, which do not make the quorum {}.": "见证人签名太少：{} 个，不满足法定人数 {}。",
    "A policy holds no control characters but tab and newline.": "信任策略除制表符和换行外不含控制字符。",
    "{} is not a word that a line of a policy begins with.": "信任策略的行不能以 {} 开头。",
    "A policy has one line that names its quorum; this one has none. Where no witness is asked for, add: quorum none":
        "信任策略要有一行写明法定人数，这份没有。若不要求见证，请加上：quorum none",
    "The same key is listed for a log twice.": "同一密钥被列为账本两次。",
    "A witness signs by a cosigner's key, not by a log's.": "见证人用联署密钥，不用账本密钥。",
    "The same key is listed for a witness twice.": "同一密钥被列为见证人两次。",
    "A line of a group is: group, a name, how many, and at least one member.": "组的一行应为：group、名称、人数、至少一个成员。",
    "A policy has one quorum, which is one name.": "信任策略只有一个法定人数，且为一个名称。",
    "The name {} is taken.": "名称 {} 已被占用。",
    "No line before this one says who {} is.": "前面没有一行说明 {} 是谁。",
    "{} is a member twice.": "{} 两次成为成员。",
    "A proof file begins with the line {}.": "证明文件应以这一行开头：{}。",
    "The proof file ends before its checkpoint: it is cut off.": "证明文件在检查点之前就结束了：它被截断。",
    "The proof file does not say at which index the entry stands.": "证明文件没有写明条目的编号。",
    "No proof has more than {} hashes; this one has {}.": "证明至多有 {} 个散列值，这份有 {} 个。",
    "A line for extra data that holds none does not belong in a proof file.": "证明文件不应有空的 extra 行。",
    "The {} is not written in the canonical way.": "{} 不是规范写法。",
    "The {} is nested too deep.": "{} 嵌套过深。",
    "The {} is not JSON as the record writes it: broken, or with fractions or a name twice.":
        "{} 不是账本所写的 JSON：残缺、被截断、含小数或有重名。",
    "The file is larger than the {} MB that are read.": "文件大于可读取的 {} MB。",
    "The pack has more than the {} values that are read.": "文件中的值多于可读取的 {} 个。",
    "The {} holds half of a surrogate pair, which is no character.": "{} 含有半个代理对，那不是字符。",
    "The file cannot be read: something in it has not its form ({}).": "文件无法读取：其中某处格式不对（{}）。",
    "This is neither a proof file nor a pack of facts, or its beginning is missing. Ask whoever gave it to you for another copy.":
        "这既不是证明文件，也不是事实文件，或者开头缺失。请向提供者再要一份。",
    "The file is empty. Ask whoever gave it to you for another copy.": "文件是空的。请向提供者再要一份。",
    "This is no evidence: it does not say of which kind it is. Ask whoever gave it to you for another copy.":
        "这不是证据：其中没有写明类别。请向提供者再要一份。",
    "This pack is of a kind that is not known here: {}. A newer version of this program may know it.":
        "此处不认识这一类文件：{}。较新版本的程序也许认识。",
    "A proof file does not say whom to trust: give --policy.": "证明文件没有写明信任谁：请给出 --policy。",
    "A receipt does not say whom to trust: give --policy.": "回执没有写明信任谁：请给出 --policy。",
    "This note is no receipt.": "这不是回执。",
    "The receipt is signed in the name of another log than it names.": "回执所用的签名不属于它所写的账本。",
    "A receipt is a JSON object with exactly 'bound' and 'note', as the answer to the events gave it.":
        "回执是恰好含有 bound 和 note 的 JSON 对象，与提交事件时的答复一致。",
    "The policy names no key of receipts; print it anew with `yinuo record policy`.":
        "信任策略没有列出回执的密钥；请用 `yinuo record policy` 重新导出。",
    "What binds an event is two hashes, one after the other.": "每个事件由前后相接的两个散列值绑定。",
    "What is 'bound' is not what the receipt was signed for: an event was added, left out or changed.":
        "bound 部分与回执所签署的不符：有事件被添加、删去或改动。",
    "{} is no moment of a receipt.": "{} 不是回执中的时间。",
    "The receipt is of another log than the checkpoint.": "回执与检查点不属于同一账本。",
    "The pack's 'places' are not one for each event of the receipt.": "文件的 places 与回执中的事件不是一一对应。",
    "A place names the index of a fact and the numbers of its person's part.": "每个 place 应写明事实的编号和个人部分的编号。",
    "The fact of this event is not shown, or is another event's too.": "这一事件的事实没有给出，或同时属于另一事件。",
    "The record holds another fact there than the receipt promised.": "账本在该处所载的不是回执承诺的事实。",
    "The record holds another person's part there than the receipt promised.": "账本在该处所载的个人部分不是回执承诺的。",
    "Fact {} does not belong here: the receipt does not promise it.": "第 {} 号事实不应在此：回执没有承诺它。",
}

THINGS = {      # what a sentence is about, where it fills a blank
    "pack": "文件", "proof": "证明", "proof's extra data": "证明的 extra 数据", "extra data": "extra 数据", "note": "检查点",
    "proof's index": "证明的编号", "proof's hash": "证明的散列值", "checkpoint's size": "检查点的条数", "checkpoint's root": "检查点的根",
    "hash {}": "散列值 {}", "level of a hash": "散列值的层", "index of a hash": "散列值的序号",
    "signature of {}": "{} 的签名", "verifier key of {}": "{} 的验证密钥", "revealed fact": "事实",
    "main part": "主要部分", "person's part": "个人部分", "salt": "盐", "commitment to the {}": "{}的承诺", "salt of the {}": "{}的盐",
    "content of the {}": "{}的内容", "receipt's count": "回执的条数", "receipt's root": "回执的根",
    "hashes of an event": "事件的散列值", "receipt": "回执",
}


def in_chinese(refusal: Refusal) -> str:
    """The refusal's sentence in Chinese, with its place before it; the English one where there is no other."""
    sentence = getattr(refusal, "chinese", None) or _translated(refusal.sentence)
    line = refusal.path.removeprefix("policy, line ")
    path = f"信任策略第 {line} 行" if line != refusal.path else refusal.path
    return f"{path}：{sentence}" if path else sentence


def _translated(sentence: str) -> str:
    for pattern, chinese in _patterns():
        if match := pattern.fullmatch(sentence):
            return chinese.format(*map(_thing, match.groups()))
    return sentence


def _thing(words: str) -> str:
    """What a sentence is about in Chinese; a name or a number as it is."""
    for pattern, chinese in _patterns_of_things():
        if match := pattern.fullmatch(words):
            return chinese.format(*map(_thing, match.groups()))
    return words


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return _longest_first(SENTENCES)


@cache
def _patterns_of_things() -> list[tuple[re.Pattern[str], str]]:
    return _longest_first(THINGS)


def _longest_first(words: dict[str, str]) -> list[tuple[re.Pattern[str], str]]:
    pairs = sorted(words.items(), key=lambda pair: -len(pair[0].replace("{}", "")))
    return [(re.compile(re.escape(english).replace(r"\{\}", "(.+?)"), re.DOTALL), chinese) for english, chinese in pairs]
