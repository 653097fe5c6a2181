"""What the class names of a labelled set mean: names that everybody knows, in English and Chinese, and a mapping.

A meaning is written as words of ours: a crop (`apple`, `melon`, or `fruit` where the name does not say), `sound`, kinds
of defects (design section 3.2), `defect` for any of them, `stem`, `calyx`, `object` (not a fruit), `background`,
`ignore`. Several words together are one meaning: `apple` + `rot` is an apple that has rot, `rot` + `bruise` a defect
that is one of the two, a rotten `object` an object. A name is understood when each of its words is known:
`rotten_apple`, `AppleScab`, `腐烂苹果`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from grader.toml_file import read_toml
from grader.types import Crop, DefectKind
from training.labelled_picture import SetError


class Role(StrEnum):
    """What a labelled thing is."""

    FRUIT = "fruit"
    DEFECT = "defect"
    STEM = "stem"
    CALYX = "calyx"
    OBJECT = "object"
    BACKGROUND = "background"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """crop: of a fruit, None where the name does not say.

    kinds: a defect is one of these; a fruit has at least one of these, none: not said. sound: a fruit without defect.
    """

    role: Role
    crop: Crop | None = None
    kinds: frozenset[DefectKind] = frozenset()
    sound: bool = False


KINDS = tuple(str(kind) for kind in DefectKind)
CROPS = tuple(str(crop) for crop in Crop)
ALONE = ("stem", "calyx", "object", "background", "ignore")
WORDS = (*CROPS, "fruit", "sound", "defect", *KINDS, *ALONE)

# Groups of kinds that a name may stand for; `blotch` and `spot` of public sets are any of these.
_BLOTCH = "scab spots sooty scar russet other"
_HURT = "bruise puncture crack scar other"
_WORDS_OF = {
    "apple apples 苹果": "apple",
    "melon melons muskmelon cantaloupe hami hamimelon watermelon honeydew 甜瓜 哈密瓜 瓜 西瓜 蜜瓜": "melon",
    "fruit fruits ripe unripe mature immature 果 果实 水果 果子 成熟 未成熟": "fruit",
    "sound fresh healthy good normal ok intact undamaged perfect skin 正常 好 好果 完好 健康 新鲜 无损 合格": "sound",
    "defect defects defective bad damaged diseased unhealthy abnormal faulty reject": "defect",
    "缺陷 坏 坏果 次果 不良 病 病果 病害": "defect",
    "bruise bruised bruises bruising 碰伤 压伤 挤压伤 瘀伤 磕碰": "bruise",
    "rot rotten rots rotting rotted decay decayed mold mould moldy mouldy 腐烂 烂 烂果 霉 霉变 发霉 腐败": "rot",
    "scab scabs scabby 黑星病 疮痂 疮痂病": "scab",
    "russet russeting russeted 锈 果锈 锈斑": "russet",
    "scald scalded 烫伤 虎皮病": "scald",
    "sunburn sunburnt sunburned sunscald 日灼 日烧 晒伤": "sunburn",
    "puncture punctured punctures hole holes stab 刺伤 刺孔 戳伤": "puncture",
    "crack cracks cracked cracking split splits 裂 裂果 裂纹 裂口 开裂": "crack",
    "scar scars scarred scarring hail limbrub rub scratch scratches scratched 疤 疤痕 伤疤 划伤 枝磨 磨伤 雹伤": "scar",
    "insect insects pest pests worm worms wormhole larva sting 虫 虫害 虫眼 虫蛀 虫伤": "insect",
    "spots spot spotted bitterpit pit pits 斑 斑点 苦痘病 苦痘 痘斑": "spots",
    "sooty flyspeck sootyblotch 煤污 煤污病 煤烟病": "sooty",
    "other others unknowndefect misc 其他 其它": "other",
    "blotch blotches": _BLOTCH,
    "damage damages injury injured wound wounds 损伤 伤 破损 机械伤": _HURT,
    "stem stems stalk stalks peduncle pedicel cavity stemcavity stemend 果梗 果柄 梗洼 瓜蒂 蒂": "stem",
    "calyx basin calyxbasin eye blossom blossomend 花萼 萼洼 萼片 萼": "calyx",
    "object objects leaf leaves hand hands glove cup roller rollers belt cable orange banana": "object",
    "异物 叶 叶子 树叶 手 橙 香蕉 其他物体": "object",
    "background bg ground 背景": "background",
    "ignore ignored void unlabeled unlabelled crowd dontcare 忽略 未标注": "ignore",
}  # fmt: skip
KNOWN = {word: words.split() for names, words in _WORDS_OF.items() for word in names.split()}
_MEANS_NOTHING = frozenset({"the", "a", "of", "on", "in", "with", "and", "class", "label", "的", "有", "类"})
_LATIN_OR_REST = re.compile(r"[a-z]+|[^a-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def meaning_of(words: Iterable[str]) -> Meaning:
    """The meaning of words of ours. Raises SetError for unknown words and for words that contradict each other."""
    said = set(words)
    unknown = sorted(said - set(WORDS))
    if unknown or not said:
        raise SetError(
            f"expected words out of {', '.join(WORDS)}, got {', '.join(map(repr, unknown)) or 'none'}"
        )
    alone = said & set(ALONE)
    if alone:
        beside = said - alone - (set(WORDS) if alone == {"object"} else {"fruit", *CROPS})
        if beside or len(alone) > 1:
            raise SetError(f"expected {min(alone)!r} to stand alone, got {sorted(said)}")
        return Meaning(role=Role(alone.pop()))
    crops = said & set(CROPS)
    kinds = frozenset(DefectKind if "defect" in said else map(DefectKind, said & set(KINDS)))
    if len(crops) > 1 or (kinds and "sound" in said):
        raise SetError(f"expected one crop, and sound or defects, got {sorted(said)}")
    crop = Crop(crops.pop()) if crops else None
    is_fruit = crop is not None or bool({"fruit", "sound"} & said)
    return Meaning(
        role=Role.FRUIT if is_fruit else Role.DEFECT, crop=crop, kinds=kinds, sound="sound" in said
    )


def merge(meanings: Sequence[Meaning]) -> Meaning | None:
    """One meaning of all classes of a picture, None without any. Raises SetError when they contradict each other."""
    if not meanings:
        return None
    if len(meanings) == 1:
        return meanings[0]
    words: set[str] = set()
    for meaning in meanings:
        words |= words_of(meaning)
    return meaning_of(words)


def words_of(meaning: Meaning) -> set[str]:
    """A meaning as words of ours, the way back from `meaning_of`."""
    if meaning.role not in (Role.FRUIT, Role.DEFECT):
        return {str(meaning.role)}
    words = {str(kind) for kind in meaning.kinds}
    if meaning.sound:
        words.add("sound")
    if meaning.role is Role.FRUIT:
        words.add(str(meaning.crop or "fruit"))
    return words


def known_words(name: str) -> list[str] | None:
    """Our words for a name, None when a part of it is not known."""
    whole = re.sub(r"[\W\d_]+", "", name).lower()
    if whole in KNOWN:
        return KNOWN[whole]
    said: list[str] = []
    for part in re.split(r"[\W\d_]+", _CAMEL.sub(" ", name).lower()):
        for piece in _LATIN_OR_REST.findall(part):
            words = _words_of_piece(piece)
            if words is None:
                return None
            said += words
    return said or None


def _words_of_piece(piece: str) -> list[str] | None:
    """A Latin word as a whole; signs without spaces by the longest known word first."""
    if piece in _MEANS_NOTHING:
        return []
    if piece in KNOWN:
        return KNOWN[piece]
    if piece.isascii():
        return None
    for length in range(len(piece) - 1, 0, -1):
        head = KNOWN.get(piece[:length], [] if piece[:length] in _MEANS_NOTHING else None)
        if head is not None:
            tail = _words_of_piece(piece[length:])
            if tail is not None:
                return [*head, *tail]
    return None


def understand(
    names: Iterable[str], mapping: Mapping[str, Meaning]
) -> tuple[dict[str, Meaning], tuple[str, ...]]:
    """Meaning by name, and a line for every name that nobody knows, with the nearest that is known.

    mapping: of the set, goes before what is known.
    """
    meanings: dict[str, Meaning] = {}
    problems = []
    for name in sorted(set(names)):
        words = known_words(name)
        if name in mapping:
            meanings[name] = mapping[name]
        elif words is None:
            near = difflib.get_close_matches(name.lower(), [*mapping, *KNOWN], n=1, cutoff=0.6)
            hint = f", the nearest known is {near[0]!r}" if near else ""
            problems.append(
                f"class {name!r}: expected a known name{hint}; say what it means in a --names file"
            )
        else:
            try:
                meanings[name] = meaning_of(words)
            except SetError as error:
                problems.append(f"class {name!r}: {error}; say what it means in a --names file")
    return meanings, tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesFile:
    """names: meaning by name of the set. values: name by value (`12`) or colour (`#ff0000`) of an index mask."""

    names: Mapping[str, Meaning]
    values: Mapping[str, str]


def load_names(path: Path) -> NamesFile:
    """Reads a TOML file with `[names]` (`"sick" = ["apple", "rot"]`) and `[values]` (`"38" = "sick"`).

    Raises SetError that names every fault with its line.
    """
    table = read_toml(path)
    names: dict[str, Meaning] = {}
    values: dict[str, str] = {}
    part = table.table("names", required=False)
    for key in part.keys() if part else ():
        raw = part.raw(key)
        words = [raw] if isinstance(raw, str) else raw
        try:
            if not isinstance(words, list):
                raise SetError(f"expected a word or a list of words, got {raw!r}")
            names[key] = meaning_of(map(str, words))
        except SetError as error:
            part.problem(f"{key}: {error}", key)
    part = table.table("values", required=False)
    for key in part.keys() if part else ():
        values[key] = part.text(key)
    table.finish()
    if table.problems:
        raise SetError("\n".join(table.problems))
    return NamesFile(names=names, values=values)
