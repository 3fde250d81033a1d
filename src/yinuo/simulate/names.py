"""Invented names and words: shops, goods, nicknames, reviews and replies. None means a real brand or person."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of goods: what its shops and listings are called, what it costs, how long dispatch may take."""

    code: str
    noun: str
    noun_zh: str
    shops: tuple[tuple[str, str], ...]
    goods: tuple[tuple[str, str], ...]
    price_minor_typical: int
    dispatch_hours: int


CATEGORIES: tuple[Category, ...] = (
    Category("tea", "tea", "茶叶", (("Tea House", "茶庄"), ("Tea Garden", "茶园"), ("Leaf Room", "茗坊")),
             (("Green tea, 100 g", "绿茶 100克"), ("Roasted oolong", "焙火乌龙"),
              ("Jasmine tea gift tin", "茉莉花茶礼罐"),
              ("White tea cake", "白茶饼"), ("Chrysanthemum tea", "菊花茶"), ("Loose black tea", "红茶散装")), 6_800, 48),
    Category("ceramics", "bowl", "瓷器", (("Pottery", "陶坊"), ("Kiln", "窑"), ("Porcelain", "瓷器行")),
             (("Celadon cup", "青瓷杯"), ("Soup bowl, set of 4", "汤碗四只装"), ("Vase, 25 cm", "花瓶 25厘米"),
              ("Tea tray", "茶盘"), ("Coarse-glaze plate", "粗陶盘"), ("Lidded jar", "盖罐")), 12_900, 72),
    Category("clothing", "shirt", "衣服", (("Clothing", "服饰"), ("Tailors", "裁缝铺"), ("Wear", "衣坊")),
             (("Linen shirt", "亚麻衬衫"), ("Cotton coat", "棉外套"), ("Knit vest", "针织背心"),
              ("Rain jacket", "防雨夹克"), ("Wide trousers", "阔腿裤"), ("Wool scarf", "羊毛围巾")), 15_900, 48),
    Category("shoes", "pair", "鞋子", (("Shoes", "鞋铺"), ("Cobblers", "鞋坊")),
             (("Canvas shoes", "帆布鞋"), ("Walking shoes", "健步鞋"), ("House slippers", "家居拖鞋"),
              ("Ankle boots", "短靴"), ("Cloth shoes", "布鞋"), ("Sandals", "凉鞋")), 19_900, 48),
    Category("toys", "toy", "玩具", (("Toys", "玩具店"), ("Play Room", "童趣屋")),
             (("Wooden blocks", "积木"), ("Jigsaw, 500 pieces", "拼图 500片"), ("Cloth rabbit", "布兔子"),
              ("Kite", "风筝"), ("Spinning top", "陀螺"), ("Marble run", "滚珠轨道")), 8_800, 48),
    Category("kitchen", "pan", "厨具", (("Kitchenware", "厨具"), ("Stove & Table", "灶台用品")),
             (("Iron pan, 28 cm", "铁锅 28厘米"), ("Bamboo steamer", "竹蒸笼"), ("Kitchen scissors", "厨房剪刀"),
              ("Chopping board", "砧板"), ("Rice bin", "米桶"), ("Ladle set", "勺具套装")), 9_900, 48),
    Category("books", "book", "书", (("Books", "书店"), ("Reading Room", "书屋")),
             (("Exercise book for children", "儿童练习册"), ("Cookery book", "家常菜谱"),
              ("Garden almanac", "园艺年历"),
              ("Map of walks", "步道地图"), ("Picture book", "绘本"), ("Blank notebook", "空白手账")), 3_900, 48),
    Category("electronics", "device", "电器", (("Electronics", "电子"), ("Appliances", "电器行")),
             (("Desk lamp", "台灯"), ("Travel kettle", "旅行电水壶"), ("Wireless earphones", "无线耳机"),
              ("Power strip", "插线板"), ("Hand fan", "手持风扇"), ("Clock radio", "收音闹钟")), 23_900, 48),
    Category("stationery", "pen", "文具", (("Stationery", "文具店"), ("Paper Works", "纸品坊")),
             (("Fountain pen", "钢笔"), ("Brush and ink", "笔墨套装"), ("Sticky notes", "便签"),
              ("Pencil case", "笔袋"), ("Writing paper", "信纸"), ("Desk calendar", "台历")), 2_900, 48),
    Category("plants", "plant", "绿植", (("Nursery", "苗圃"), ("Garden Centre", "花园")),
             (("Potted orchid", "盆栽兰花"), ("Herb seedlings", "香草苗"), ("Succulent set", "多肉组合"),
              ("Potting soil", "营养土"), ("Watering can", "浇水壶"), ("Fern", "蕨类盆栽")), 5_900, 72),
    Category("furniture", "piece", "家具", (("Furniture", "家具"), ("Joinery", "木作")),
             (("Folding stool", "折叠凳"), ("Bookshelf", "书架"), ("Bedside table", "床头柜"),
              ("Coat stand", "衣帽架"), ("Rattan chair", "藤椅"), ("Shoe cabinet", "鞋柜")), 39_900, 72),
    Category("sports", "gear", "运动用品", (("Sports", "体育用品"), ("Outdoor", "户外")),
             (("Badminton set", "羽毛球套装"), ("Yoga mat", "瑜伽垫"), ("Day pack", "双肩背包"),
              ("Trekking pole", "登山杖"), ("Skipping rope", "跳绳"), ("Table-tennis bats", "乒乓球拍")), 11_900, 48),
)

_FIRST = (("Qing", "清"), ("Yun", "云"), ("Song", "松"), ("Zhu", "竹"), ("Chen", "晨"), ("Yuan", "远"), ("Mu", "木"),
          ("Xi", "溪"), ("Shu", "疏"), ("Ming", "明"), ("Qiu", "秋"), ("Chun", "春"), ("Ning", "宁"), ("Su", "素"),
          ("Jing", "静"), ("He", "荷"), ("Lan", "岚"), ("Wan", "晚"), ("Yan", "砚"), ("Ting", "汀"))
_SECOND = (("he", "和"), ("zhou", "舟"), ("du", "渡"), ("ye", "野"), ("qiao", "桥"), ("ling", "岭"), ("chuan", "川"),
           ("tang", "塘"), ("gu", "谷"), ("yu", "屿"), ("mo", "陌"), ("li", "里"), ("tian", "田"), ("an", "岸"),
           ("feng", "枫"), ("lu", "芦"), ("xi", "汐"), ("wan", "湾"), ("pu", "浦"), ("yuan", "垣"))
_MOODS = (("Quiet", "安静的"), ("Early", "早起的"), ("Merry", "快乐的"), ("Patient", "耐心的"), ("Round", "圆圆的"),
          ("Rainy", "雨天的"), ("Sleepy", "爱睡的"), ("Brave", "勇敢的"), ("Slow", "慢慢的"), ("Curious", "好奇的"))
_ANIMALS = (("Heron", "白鹭"), ("Fox", "狐狸"), ("Otter", "水獭"), ("Sparrow", "麻雀"), ("Carp", "鲤鱼"),
            ("Goat", "山羊"),
            ("Cat", "花猫"), ("Snail", "蜗牛"), ("Crane", "仙鹤"), ("Badger", "獾"), ("Moth", "飞蛾"), ("Toad", "蟾蜍"))


def shop_name(category: Category, number: int) -> str:
    """The name of the `number`-th shop of a category, in English and Chinese; no two are the same."""
    places = len(_FIRST) * len(_SECOND)
    round_, place = divmod(number, places)
    # 137 is coprime to 400: neighbours in number are far apart in name, and every place comes once a round.
    # Each category starts elsewhere, or the first shops of all would share a name.
    start = sum(map(ord, category.code)) * 7
    first, second = divmod((start + place * 137) % places, len(_SECOND))
    branch, suffix = divmod(round_, len(category.shops))
    english, chinese = category.shops[(suffix + place) % len(category.shops)]
    name = f"{_FIRST[first][0]}{_SECOND[second][0]} {english} {_FIRST[first][1]}{_SECOND[second][1]}{chinese}"
    return name if branch == 0 else f"{name} {branch + 1}号"


def listing_title(category: Category, number: int) -> str:
    """What the `number`-th listing of a shop is called."""
    english, chinese = category.goods[number % len(category.goods)]
    return f"{chinese} {english}"


def nickname(number: int) -> str:
    """What the `number`-th buyer calls himself, in one of the two languages."""
    mood = _MOODS[number % len(_MOODS)]
    animal = _ANIMALS[number // len(_MOODS) % len(_ANIMALS)]
    return f"{mood[1]}{animal[1]}{number}" if number % 3 else f"{mood[0]} {animal[0]} {number}"


_OPINIONS_ZH = {
    5: ("非常满意。", "东西很好，值得。", "超出预期。", "第二次买了，还是一样好。", "家里人都喜欢。", "没什么可挑的。"),
    4: ("总体不错。", "挺好的，有一点小瑕疵。", "满意，价格也合适。", "比想象中好一些。", "还可以，会再来。"),
    3: ("一般般。", "中规中矩。", "说不上好也说不上坏。", "和价格差不多。", "有些地方可以改进。"),
    2: ("有点失望。", "和描述有出入。", "不太满意。", "等得太久了。", "质量不如上次。"),
    1: ("很失望。", "完全不是描述的样子。", "不会再买了。", "一直没人处理。", "不推荐。"),
}
_OPINIONS_EN = {
    5: ("Exactly what I hoped for.", "Very good, would buy again.", "Better than I expected.", "Lovely.",
        "No complaints at all."),
    4: ("Good overall.", "Nice, with one small flaw.", "Happy with it for the price.", "Does the job well."),
    3: ("It is all right.", "Neither good nor bad.", "You get what you pay for.", "Some things could be better."),
    2: ("A little disappointing.", "Not quite as described.", "I waited too long for this.", "I expected more."),
    1: ("Very disappointed.", "Not what was shown at all.", "I would not buy here again.", "Nobody answered me."),
}
_REMARKS_ZH = ("包装完整。", "{}的颜色和图片差不多。", "{}比想象的小一点。", "送到门口的。",
               "{}用了三天来评价。",
               "给父母买的{}。", "客服回话很客气。", "盒子有点压扁。", "{}的手感还行。", "附了一张说明书。", "周末收到的{}。",
               "{}和朋友一起买的。")
_REMARKS_EN = ("The box was intact.", "The {} looks like the picture.", "The {} is a little smaller than I thought.",
               "It came to my door.", "I bought the {} for my parents.", "I have used the {} for three days now.",
               "Somebody answered my question kindly.", "The box was a bit squashed.", "The {} feels solid.",
               "There was a leaflet with it.", "The {} came on a Saturday.", "A friend ordered the same {}.")
_TITLES = {5: ("很好", "Great"), 4: ("不错", "Good"), 3: ("一般", "So so"), 2: ("不太行", "Meh"), 1: ("差", "Bad")}
_REPLIES = ("谢谢您的评价，我们会继续努力。", "抱歉给您添了麻烦，请联系客服，我们来处理。", "感谢支持，欢迎再来。",
            "Thank you for telling us.", "We are sorry; please write to us and we will put it right.",
            "Thanks, see you again.")
_SCRIPTS = (
    "质量{}好，发货{}快，包装{}用心，已经推荐给身边的朋友了，下次还会再来这家店买，全五星！",
    "这家店{}靠谱，东西{}划算，和描述{}一致，客服{}热情，买了好几次了，大家放心买！",
    "{} good shop, {} fast parcel, {} careful packing, I told all my friends to buy here, five stars from me!",
)
_DEGREES_ZH = ("真的", "特别", "非常", "超级", "十分")
_DEGREES_EN = ("Really", "very", "so", "super", "truly")

FINDING_REASONS = (
    "三位买家寄来的样品与正品照片不符。 Samples that three buyers sent in differ from the brand's own pictures.",
    "品牌方检验了买家寄来的样品，都不是正品。 The brand examined samples from buyers: none of them is genuine.",
)
HIDING_REASONS = {
    "insult": "评价中有对店主的辱骂，与商品无关。 The review insults the shopkeeper and says nothing about the goods.",
    "advertising": "评价内容是另一家店的广告和链接。 The review is an advertisement for another shop, with a link.",
    "personal_data": "评价中写出了快递员的姓名和电话。 The review gives the name and telephone number of the courier.",
    "not_this_purchase": "评价说的是另一件商品，不是这次购买的。 The review is about something else than what was bought here.",
}


def review_words(chance: Random, stars: int, category: Category) -> str:
    """What a buyer writes of a purchase with that many stars: an opinion and often a remark."""
    if chance.random() < 0.6:
        opinion, remark, noun = chance.choice(_OPINIONS_ZH[stars]), chance.choice(_REMARKS_ZH), category.noun_zh
        space = ""
    else:
        opinion, remark, noun = chance.choice(_OPINIONS_EN[stars]), chance.choice(_REMARKS_EN), category.noun
        space = " "
    return opinion if chance.random() < 0.3 else opinion + space + remark.format(noun)


def review_title(chance: Random, stars: int) -> str:
    """A title of a word or two."""
    return chance.choice(_TITLES[stars])


def scripted_words(chance: Random, script: int) -> str:
    """Praise by a script, a word changed here and there: what bought reviews look like."""
    text = _SCRIPTS[script % len(_SCRIPTS)]
    degrees = _DEGREES_EN if text.startswith("{} good") else _DEGREES_ZH
    return text.format(*chance.choices(degrees, k=text.count("{}")))


def reply_words(chance: Random) -> str:
    """A merchant's short answer to a review."""
    return chance.choice(_REPLIES)
