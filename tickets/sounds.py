"""Recordings: a voicemail, a clip of a telephone. Known by their bytes; kept as they are, played by whoever saves them."""


def kind_of(head: bytes) -> str:
    """Content type, or an empty string. Looks at 16 bytes."""
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "audio/wav"
    if head.startswith(b"ID3") or (head[:1] == b"\xff" and head[1:2] in (b"\xfb", b"\xfa", b"\xf3", b"\xf2")):
        return "audio/mpeg"
    if head[4:8] == b"ftyp" and head[8:11] == b"M4A":
        return "audio/mp4"
    if head.startswith(b"OggS"):
        return "audio/ogg"
    return "audio/amr" if head.startswith(b"#!AMR") else ""
