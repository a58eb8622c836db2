"""A district's one colour, made readable in light and in dark (contrast as WCAG 2.2 counts it)."""

import re
from functools import lru_cache

Rgb = tuple[int, int, int]
DEFAULT = "#1f5fae"
TEXT_CONTRAST = 4.5  # WCAG 1.4.3, level AA
LIGHT_GROUNDS = ("#ffffff", "#e9eef4")  # what the colour stands on as text: the page, and the tint of a chosen row
DARK_GROUNDS = ("#11161d", "#243040")
INK = "#0b1118"


def parse(text: str) -> Rgb:
    """`#rgb` or `#rrggbb`; anything else is the default."""
    text = text.strip().lower()
    if re.fullmatch(r"#[0-9a-f]{3}", text):
        text = "#" + "".join(c * 2 for c in text[1:])
    if not re.fullmatch(r"#[0-9a-f]{6}", text):
        text = DEFAULT
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def written(colour: Rgb) -> str:
    return "#" + "".join(f"{c:02x}" for c in colour)


def luminance(colour: Rgb) -> float:
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (x / 255 for x in colour))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: Rgb, other: Rgb) -> float:
    """1 (the same) to 21 (black on white)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    r, g, b = (round(a + (z - a) * share) for a, z in zip(one, other, strict=True))
    return r, g, b


def readable(colour: Rgb, grounds: tuple[str, ...], towards: Rgb) -> Rgb:
    """`colour`, moved `towards` black or white in steps of 4 % until it can be read on all grounds."""
    for step in range(26):
        moved = mix(colour, towards, step / 25)
        if all(contrast(moved, parse(ground)) >= TEXT_CONTRAST for ground in grounds):
            return moved
    return towards


@lru_cache(maxsize=1024)
def accents(accent: str) -> tuple[str, str]:
    """The colour as it can be read in light and in dark."""
    colour = parse(accent)
    return written(readable(colour, LIGHT_GROUNDS, (0, 0, 0))), written(readable(colour, DARK_GROUNDS, (255, 255, 255)))


def accent_css(accent: str) -> str:
    """Two rules that set --accent (fill and links) and --accent-fg (text upon it), for both themes."""
    light, dark = accents(accent)
    return f":root{{--accent:{light};--accent-fg:#fff}}[data-bs-theme=dark]{{--accent:{dark};--accent-fg:{INK}}}"
