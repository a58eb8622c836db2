"""Names that are no words: Chinese ones, after what announces one or in a line by itself; and initials that are said to be some."""

import re
from collections.abc import Iterator

from knowledge.redaction.kinds import Kind
from knowledge.redaction.lexicon import lexicon
from knowledge.redaction.spans import Span

_HAN = r"[\u4e00-\u9fff]"
_ANNOUNCED = re.compile(rf"(?:我叫|我是|名叫|叫做|姓名[:：]? ?|名字(?:是|叫)|儿子|女儿|孩子)({_HAN}{{2,3}})")
_LINE = re.compile(rf"^ ?({_HAN}{{2,4}})[ 。]?$", re.MULTILINE)
_TITLED = re.compile(rf"({_HAN})(?:老师|先生|女士|小姐|太太|校长)")


_INITIALS = re.compile(r"\b(?:initials|iniciales)\b[ :]{0,3}(?:are |is |son )?((?:[a-z][. -]{0,2}){1,3}[a-z]\b\.?|[a-z]{2,3}\b)")


def initials(plain: str) -> Iterator[Span]:
    return (Span(*m.span(1), Kind.PERSON) for m in _INITIALS.finditer(plain))


def chinese(plain: str) -> Iterator[Span]:
    if plain.isascii():
        return
    for pattern in (_ANNOUNCED, _LINE):
        yield from (Span(*m.span(1), Kind.PERSON) for m in pattern.finditer(plain) if m[1][0] in _surnames())
    yield from (Span(*m.span(1), Kind.PERSON) for m in _TITLED.finditer(plain) if m[1] in _surnames())


def _surnames() -> frozenset[str]:
    return _COMMON | {name for name in lexicon().lasts if len(name) == 1 and name >= "\u4e00"}


_COMMON = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛"
)
