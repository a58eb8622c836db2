"""Pictures: known by their bytes, written anew without the place they were taken at."""

import io
import struct
import warnings
from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image, ImageOps, ImageSequence

from tickets.refusal import Refused

MAX_PIXELS = 60_000_000  # a phone's 48 megapixels; a bomb of 20 kB can unpack to far more
MAX_SIDE = 4096  # larger ones are made smaller: nobody at a desk needs more
MAX_FRAMES = 100
MAX_FILM = 40_000_000  # pixels of all frames together: a writer holds them all, 4 bytes each
MAX_EXIF = 32  # EXIF blocks of one picture; cameras write one or two
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")
TOO_MANY = gettext_lazy("This picture has too many pixels. Send a smaller one.")
_GPS_TAG = 0x8825
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8}  # bytes of a TIFF field's type


def kind_of(data: bytes) -> str:
    """Content type, or an empty string."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return "image/avif" if data[8:12] == b"avif" else "image/heic"
    return ""


def without_place(data: bytes, kind: str) -> bytes:
    """The picture alone: no EXIF, no comments, turned as it was held. Raises Refused for one that is broken or too large."""
    try:
        if kind not in _FORMATS:  # no decoder for HEIC at hand: its GPS fields are blanked in place
            return without_gps(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower
            return _again(data, _FORMATS[kind])
    except Refused:
        raise
    except Image.DecompressionBombError as error:
        raise Refused(str(TOO_MANY)) from error
    except Exception as error:  # decoders raise many kinds on hostile bytes; no picture may take its message with it
        raise Refused(_("This picture is damaged and cannot be opened.")) from error


def _again(data: bytes, form: str) -> bytes:
    with Image.open(io.BytesIO(data), formats=[form]) as picture:
        frames = _frames(picture, data, form)
        if picture.width * picture.height > MAX_PIXELS or (frames > 1 and picture.width * picture.height * frames > MAX_FILM):
            raise Refused(str(TOO_MANY))
        if frames > 1:
            return _film(picture, form, frames)
        out = io.BytesIO()
        still = _upright(picture)
        if form == "JPEG" and still.mode not in ("RGB", "L", "CMYK"):
            still = still.convert("RGB")
        profile = picture.info.get("icc_profile")
        still.save(out, form, **({"quality": 88} if form in ("JPEG", "WEBP") else {}), **({"icc_profile": profile} if profile else {}))
        return out.getvalue()


def _frames(picture: Image.Image, data: bytes, form: str) -> int:
    """Of a moving picture, at most MAX_FRAMES, before any is decoded."""
    if form == "GIF":
        return gif_frames(data, MAX_FRAMES)
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


def _upright(picture: Image.Image) -> Image.Image:
    picture.load()
    if max(picture.size) > MAX_SIDE:
        picture.thumbnail((MAX_SIDE, MAX_SIDE), reducing_gap=2.0)
    still = ImageOps.exif_transpose(picture)
    bare = Image.new(still.mode, still.size) if still.mode != "P" else still.copy()
    if still.mode == "P":
        bare.info = {key: still.info[key] for key in ("transparency",) if key in still.info}
    else:
        bare.paste(still)
    return bare


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


def without_gps(data: bytes) -> bytes:
    """Blank the GPS fields of every EXIF block, byte for byte in place (EXIF 2.32, 4.6.3: tag 0x8825 leads to them).

    Raises Refused for more of them than a camera writes: their number is the sender's to choose, our time is not.
    """
    if data.count(b"II*\0") + data.count(b"MM\0*") > MAX_EXIF:
        raise Refused(_("This picture is damaged and cannot be opened."))
    out = bytearray(data)
    for order in (b"II*\0", b"MM\0*"):
        start = out.find(order)
        while start != -1:
            _blank(out, start, "<" if order == b"II*\0" else ">")
            start = out.find(order, start + 4)
    return bytes(out)


def _blank(out: bytearray, start: int, order: str) -> None:
    try:
        for entry in _entries(out, start, struct.unpack_from(f"{order}I", out, start + 4)[0], order):
            if struct.unpack_from(f"{order}H", out, entry)[0] == _GPS_TAG:
                for field in _entries(out, start, struct.unpack_from(f"{order}I", out, entry + 8)[0], order):
                    _wipe(out, start, field, order)
    except (struct.error, IndexError):
        return  # not an EXIF block after all


def _entries(out: bytearray, start: int, offset: int, order: str) -> list[int]:
    """Where the 12-byte fields of a directory lie; none where it makes no sense."""
    count = struct.unpack_from(f"{order}H", out, start + offset)[0]
    end = start + offset + 2 + 12 * count
    return [start + offset + 2 + 12 * i for i in range(count)] if count <= 200 and end <= len(out) else []


def _wipe(out: bytearray, start: int, field: int, order: str) -> None:
    """A field's values, those that lie elsewhere too."""
    kind, count = struct.unpack_from(f"{order}HI", out, field + 2)
    size = _SIZES.get(kind, 1) * count
    if size > 4:
        where = start + struct.unpack_from(f"{order}I", out, field + 8)[0]
        if size <= 1000 and where + size <= len(out):
            out[where : where + size] = bytes(size)
    else:
        out[field + 8 : field + 12] = bytes(4)
