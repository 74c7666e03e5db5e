"""The names of encodings: what files and users call them, and what Python does.

In: a name. Out: that of a codec. Browsers read some encodings as larger ones that have their place, because
files name the smaller when they mean those (https://encoding.spec.whatwg.org/#names-and-labels).
"""

import codecs

_READ_AS = {
    **dict.fromkeys(("ascii", "iso8859-1"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift_jisx0213"), "cp932"),
    **dict.fromkeys(("tis-620", "iso8859-11"), "cp874"),
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "iso8859-9": "cp1254",
    "iso2022_jp": "iso2022_jp_ext",
}
"""Encodings that files name when they mean a larger one, as browsers read them."""
_ALIASES = {
    **dict.fromkeys(("x-sjis", "sjis", "windows-31j", "ms_kanji"), "cp932"),
    **dict.fromkeys(("x-gbk", "gb_2312-80", "gb_2312", "chinese"), "gb18030"),
    **dict.fromkeys(("x-x-big5", "cn-big5"), "big5hkscs"),
    **dict.fromkeys(("x-euc-jp", "x-euc"), "euc_jp"),
    **dict.fromkeys(("windows-949", "ks_c_5601-1989", "korean"), "cp949"),
    **dict.fromkeys(("windows-874", "dos-874"), "cp874"),
    **dict.fromkeys(("x-mac-cyrillic", "x-mac-ukrainian"), "mac-cyrillic"),
    **dict.fromkeys(("macintosh", "x-mac-roman"), "mac-roman"),
    **dict.fromkeys(("iso-8859-8-i", "iso-8859-8-e", "logical"), "iso8859-8"),
    **dict.fromkeys(("koi", "koi8"), "koi8-r"),
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "unicode-1-1-utf-8": "utf-8",
}
"""Names of the web that Python does not know."""
_NO_CHARACTERS = frozenset(
    (
        "unicode-escape",
        "raw-unicode-escape",
        "punycode",
        "idna",
        "undefined",
        "charmap",
        "utf-7",
        "mbcs",
        "oem",
    )
)
"""Codecs of Python that write text in other ways, or that a file must not choose."""


def known_encoding(name: str) -> str | None:
    """Return Python's name of the encoding that a file or a user calls `name`; none where there is none."""
    plain = name.strip().lower()
    try:
        found = codecs.lookup(_ALIASES.get(plain, plain)).name
        "a".encode(found)
    except (LookupError, ValueError):
        return None
    return None if found in _NO_CHARACTERS else found


def read_as(name: str) -> str:
    """Return the encoding in which a file that declares `name` is read, as browsers do."""
    return _READ_AS.get(name, name)
