"""A picture made anew: upright, of a sensible size, nothing in it but what is seen. Knows nothing of the product.

Run as a program (`python -m tickets.darkroom`) it reads a picture from its input and writes the new one to its output, within limits
of memory and time that the system keeps: what large pictures and HEIC take is not taken from a server that others wait for, and a
picture that brings its decoder down brings down nothing else.
"""

import io
import resource
import sys
import warnings
from collections.abc import Iterator
from typing import IO

import pillow_heif
from PIL import Image, ImageOps, ImageSequence

MAX_PIXELS = 60_000_000  # a phone's 48 megapixels; a bomb of 20 kB can unpack to far more
MAX_SIDE = 3072  # larger ones are made smaller: small print on a photo of a letter is still read
DRAFT = 2048  # a JPEG is decoded at half, a quarter or an eighth of its size while its longer side stays above this
MAX_FRAMES = 100
MAX_FILM = 40_000_000  # pixels of all frames together: a writer holds them all, 4 bytes each
HERE = 4_000_000  # pixels that may be held at once in a process that others wait for; a phone's screen has 3.6 million
OUTPUT = {"JPEG": "JPEG", "PNG": "PNG", "GIF": "GIF", "WEBP": "WEBP", "HEIF": "JPEG", "AVIF": "JPEG"}
MEMORY = 2 * 1024**3  # bytes of address space of the program, and
SECONDS = 20  # of processor time: the largest takes 2
TOO_MANY, DAMAGED, TOO_LARGE = 3, 4, 5  # how the program ends; 0: it is written
CHILD_ONLY = frozenset({"HEIF", "AVIF"})


class TooManyPixels(ValueError):
    """A bomb, or a picture that nobody's desk needs."""


class Elsewhere(Exception):
    """It takes more memory than one process of many may give it: run the program."""


def develop(data: IO[bytes], form: str, *, here: bool) -> bytes:
    """The picture as bytes of OUTPUT[form]. `here`: within HERE pixels. Raises TooManyPixels, Elsewhere, or whatever a decoder does."""
    if here and form in CHILD_ONLY:
        raise Elsewhere
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower
        with _opened(data, form) as picture:
            pixels, frames = picture.width * picture.height, _frames(picture, data, form)
            if pixels > MAX_PIXELS or (frames > 1 and pixels * frames > MAX_FILM):
                raise TooManyPixels
            if here and _held(picture, form) * frames > HERE:
                raise Elsewhere
            return _film(picture, form, frames) if frames > 1 else _still(picture, form)


def _opened(data: IO[bytes], form: str) -> Image.Image:
    data.seek(0)
    if form == "HEIF":
        pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    return Image.open(data, formats=[form])


def _held(picture: Image.Image, form: str) -> int:
    """Pixels in memory, 4 bytes each. A large JPEG is decoded at a part of its size, unless its scans are kept until the last."""
    pixels = picture.width * picture.height
    if form != "JPEG" or picture.info.get("progressive"):
        return pixels
    scale = max((s for s in (1, 2, 4, 8) if max(picture.size) // s >= DRAFT), default=1)
    return pixels // (scale * scale)


def _frames(picture: Image.Image, data: IO[bytes], form: str) -> int:
    """Of a moving picture, at most MAX_FRAMES, before any is decoded."""
    if form == "GIF":
        data.seek(0)
        counted = gif_frames(data.read(), MAX_FRAMES)
        picture.seek(0)
        return counted
    return min(getattr(picture, "n_frames", 1), MAX_FRAMES) if form == "WEBP" else 1


def gif_frames(data: bytes, most: int) -> int:
    """Pictures in a GIF by its blocks (GIF89a, appendix A), at least 1; stops at `most`. Pillow would count to the end."""
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    frames = 0
    while at < len(data) and frames < most:
        if data[at] == 0x2C and at + 9 < len(data):  # an image, its colours, its first code size
            frames += 1
            flags = data[at + 9]
            at = _after_blocks(data, at + 11 + (3 << (flags & 7) + 1 if flags & 0x80 else 0))
        elif data[at] == 0x21:
            at = _after_blocks(data, at + 2)
        elif data[at] == 0x3B:
            break
        else:
            at += 1  # a decoder looks for the next block too
    return max(1, frames)


def _after_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1


def _still(picture: Image.Image, form: str) -> bytes:
    if form == "JPEG":
        picture.draft(None, (DRAFT, DRAFT) if picture.width == picture.height else _in_proportion(picture))
    picture.load()
    if max(picture.size) > MAX_SIDE:
        if picture.mode == "P":
            picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
        picture.thumbnail((MAX_SIDE, MAX_SIDE), reducing_gap=2.0)
    ImageOps.exif_transpose(picture, in_place=True)
    output = OUTPUT[form]
    if output == "JPEG" and picture.mode not in ("RGB", "L", "CMYK"):
        picture = picture.convert("RGB")
    profile = picture.info.get("icc_profile")
    # what a writer would carry over by itself: comments, XMP, EXIF, thumbnails, resolution
    picture.info = {"transparency": picture.info["transparency"]} if "transparency" in picture.info and output != "JPEG" else {}
    quality = {"quality": 88} if output in ("JPEG", "WEBP") else {}
    out = io.BytesIO()
    picture.save(out, output, **quality, **({"icc_profile": profile} if profile and form not in CHILD_ONLY else {}))
    return out.getvalue()


def _in_proportion(picture: Image.Image) -> tuple[int, int]:
    longer = max(picture.size)
    return max(1, picture.width * DRAFT // longer), max(1, picture.height * DRAFT // longer)


def _film(picture: Image.Image, form: str, frames: int) -> bytes:
    """A moving picture, at most so many frames of it, taken one by one as they are written."""
    shots = _shots(picture, frames)
    duration = picture.info.get("duration", 100) or 100
    first = next(shots)
    out = io.BytesIO()
    first.save(out, form, save_all=True, append_images=shots, duration=duration, loop=0, disposal=2 if form == "GIF" else None)
    return out.getvalue()


def _shots(picture: Image.Image, frames: int) -> Iterator[Image.Image]:
    for frame, _number in zip(ImageSequence.Iterator(picture), range(frames), strict=False):
        shot = frame.convert("RGBA")
        shot.info = {}
        yield shot


def main(form: str, most_bytes: int) -> int:
    """The program. Its input may be a file that can be gone back in."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    given = sys.stdin.buffer
    try:
        made = develop(given if given.seekable() else io.BytesIO(given.read()), form, here=False)
    except (TooManyPixels, Image.DecompressionBombError):
        return TOO_MANY
    except Exception:  # noqa: BLE001  decoders raise many kinds on hostile bytes
        return DAMAGED
    if len(made) > most_bytes:
        return TOO_LARGE
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
