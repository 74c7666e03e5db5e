"""Pins what text bytes are: the very text comes back, with how that is known, or the bytes are refused."""

import codecs
import random

import pytest

from tasks.text.encoding import BAD, Decoded, EncodingError, decode
from tasks.text.encoding_names import known_encoding

RUSSIAN = "Перед пуском станка проверьте натяжение ремня и уровень масла. Работать в перчатках запрещено."
UKRAINIAN = "Перед запуском верстата перевірте рівень мастила. Ґвинт затягують ключем, який має довгу ручку."
JAPANESE = "機械を始動する前に、ベルトの張りと油の量を確認してください。手袋をしたまま作業してはいけません。"
CHINESE = "启动机器之前，请检查皮带的松紧和润滑油的油位。操作时严禁戴手套，应当扎紧袖口。"
TRADITIONAL = "啟動機器之前，請檢查皮帶的鬆緊與潤滑油的油位。操作時嚴禁戴手套，應當紮緊袖口。"
KOREAN = "기계를 시동하기 전에 벨트의 장력과 기름의 양을 확인하십시오. 장갑을 끼고 작업하지 마십시오."
GREEK = "Πριν ξεκινήσετε το μηχάνημα, ελέγξτε την τάση του ιμάντα και τη στάθμη του λαδιού."
TURKISH = "Makineyi çalıştırmadan önce kayışın gerginliğini ve yağ seviyesini denetleyin; eldiven giymeyin."
HEBREW = "לפני הפעלת המכונה יש לבדוק את מתיחות הרצועה ואת מפלס השמן. אסור לעבוד עם כפפות."
ARABIC = "قبل تشغيل الآلة تحقق من شد الحزام ومستوى الزيت. لا يجوز العمل بالقفازات."
THAI = "ก่อนเดินเครื่องให้ตรวจความตึงของสายพานและระดับน้ำมัน ห้ามสวมถุงมือขณะทำงาน"
GERMAN = (
    "Prüfen Sie vor dem Anlaufen die Spannung des Riemens und den Ölstand; Handschuhe gehören nicht dazu."
)
FRENCH = (
    "Avant de démarrer la machine, vérifiez la tension de la courroie et le niveau d'huile ; ôtez vos gants."
)
POLISH = "Przed uruchomieniem sprawdź napięcie paska i poziom oleju. Praca w rękawicach jest zabroniona, źle."
ENGLISH = "The café’s lathe costs 40 €. "
TEXTS = [
    *((RUSSIAN, name) for name in ("koi8_r", "cp1251", "iso8859_5", "cp866", "mac_cyrillic")),
    *((UKRAINIAN, name) for name in ("koi8_u", "cp1251")),
    *((JAPANESE, name) for name in ("shift_jis", "cp932", "euc_jp", "iso2022_jp")),
    *((CHINESE, name) for name in ("gbk", "gb2312", "gb18030")),
    *((KOREAN, name) for name in ("euc_kr", "cp949", "iso2022_kr")),
    *((GREEK, name) for name in ("cp1253", "iso8859_7")),
    *((TURKISH, name) for name in ("cp1254", "iso8859_9")),
    *((HEBREW, name) for name in ("cp1255", "iso8859_8")),
    *((ARABIC, name) for name in ("cp1256", "iso8859_6")),
    *((THAI, name) for name in ("tis_620", "cp874")),
    *((GERMAN, name) for name in ("cp1252", "iso8859_1", "iso8859_15", "mac_roman")),
    *((FRENCH, name) for name in ("cp1252", "iso8859_1", "iso8859_15")),
    *((POLISH, name) for name in ("iso8859_2", "cp1250")),
    (TRADITIONAL, "big5"),
    (ENGLISH, "cp1252"),
    (ENGLISH * 40, "cp1252"),
]
WIDE = [
    (text, name)
    for text in (RUSSIAN, JAPANESE, CHINESE, THAI, GERMAN, ARABIC, ENGLISH, "Plain words.")
    for name in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
]


@pytest.mark.parametrize(("text", "encoding"), [*TEXTS, *WIDE], ids=lambda one: one[:12])
def test_an_encoding_that_nothing_declares_is_detected(text: str, encoding: str) -> None:
    found = decode(text.encode(encoding))
    assert (found.text, found.how, found.bad_lines) == (text, "detected", ())
    assert found.confidence is not None
    assert not found.plain


@pytest.mark.parametrize(
    "text", ["", "Plain words.", f"{JAPANESE} {RUSSIAN} {ENGLISH}", "a\x0cb\x1b[0m", "a\0b"]
)
def test_utf8_is_read_as_such(text: str) -> None:
    for data in (text.encode(), codecs.BOM_UTF8 + text.encode()):
        assert decode(data).text == text
        assert decode(data).plain


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_mark_tells_the_encoding(name: str) -> None:
    found = decode(f"\ufeff{CHINESE}".encode(name))
    assert (found.text, found.encoding, found.how) == (CHINESE, name, "mark")


@pytest.mark.parametrize("text", [JAPANESE, GERMAN, ENGLISH * 9])
@pytest.mark.parametrize("bad", [b"\xff", b"\xe9", b"\x93", b"\xe6\x97"])
def test_a_bad_byte_never_makes_a_text_one_in_another_encoding(text: str, bad: bytes) -> None:
    found = decode(text.encode() + b"\n" + bad + b" " + text.encode())
    assert found.text == f"{text}\n{BAD} {text}"
    assert (found.encoding, found.bad_lines) == ("utf-8", (2,))


def test_a_text_that_mixes_encodings_is_refused_with_its_line() -> None:
    with pytest.raises(EncodingError, match=r"^UTF-8 but for \d+ bytes, the first of them on line 2$"):
        decode(f"{JAPANESE * 3}\n".encode() + FRENCH.encode("cp1252") * 3)


@pytest.mark.parametrize("seed", range(40))
def test_noise_is_no_text(seed: int) -> None:
    with pytest.raises(EncodingError, match=r"^in no encoding that can be told"):
        decode(random.Random(seed).randbytes(400).replace(b"\0", b"\1"))  # noqa: S311  no secret


DECLARATIONS = [
    '<html><head><meta charset="{}"></head><body><p>{}</p></body></html>',
    "<META HTTP-EQUIV='Content-Type' CONTENT='text/html; charset={}'>\n<p>{}</p>",
    '<?xml version="1.0" encoding="{}"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><body>{}</body></html>',
    "<meta charset={}>\n\n# {}\n",
    '<!-- <meta charset="utf-8"> -->\n<meta name="a" content="b"><meta charset=\'{}\'/>{}',
]


@pytest.mark.parametrize("form", DECLARATIONS)
@pytest.mark.parametrize(
    ("text", "label", "encoding"),
    [
        (RUSSIAN, "koi8-r", "koi8_r"),
        (RUSSIAN[:9], "windows-1251", "cp1251"),
        (CHINESE[:2], "GB2312", "gbk"),
        (JAPANESE, "x-sjis", "cp932"),
        (JAPANESE, "ISO-2022-JP", "iso2022_jp"),
        ("5 €", "iso-8859-1", "cp1252"),
        (KOREAN, "ks_c_5601-1987", "cp949"),
        (THAI[:5], "windows-874", "cp874"),
    ],
)
def test_a_declared_encoding_is_honoured(form: str, text: str, label: str, encoding: str) -> None:
    whole = form.format(label, text)
    found = decode(whole.encode(encoding), markup=True)
    assert (found.text, found.how) == (whole, "declared")


def test_a_declaration_that_the_bytes_contradict_is_told() -> None:
    page = '<meta charset="{}"><p>{}</p>'
    for label in ("gbk", "iso-8859-1", "klingon"):
        found = decode(page.format(label, JAPANESE).encode(), markup=True)
        assert (found.text, found.contradicted) == (page.format(label, JAPANESE), label)
    found = decode(page.format("utf-8", RUSSIAN).encode("koi8_r"), markup=True)
    assert (found.how, found.contradicted) == ("detected", "utf-8")
    assert RUSSIAN in found.text
    with pytest.raises(EncodingError, match=r"that can be told, and not in utf-8 as it declares$"):
        decode(b'<meta charset="utf-8">' + bytes(range(128, 256)) * 3, markup=True)


def test_text_that_is_no_markup_declares_nothing() -> None:
    data = f'<meta charset="koi8-r"> {GERMAN}'.encode("cp1252")
    assert decode(data).text == data.decode("cp1252")


def test_what_the_user_says_is_not_doubted() -> None:
    assert decode("Ж".encode("koi8_r"), "KOI8-R") == Decoded("Ж", "koi8-r", "set")
    assert decode("\ufeffЖ".encode("utf-16-le"), "utf-16").text == "Ж"
    with pytest.raises(EncodingError, match=r"^not in shift_jis, as the configuration says$"):
        decode(RUSSIAN.encode(), "shift_jis")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(RUSSIAN, "koi8_r"), (RUSSIAN, "cp1251"), (JAPANESE, "cp932"), (JAPANESE, "euc_jp"), (CHINESE, "gbk")],
)
def test_markup_around_a_text_does_not_hide_its_encoding(text: str, encoding: str) -> None:
    around = '<div class="row"><a href="http://example.org/page.html">link</a></div>' * 20
    for whole in (
        f"{around}<p>{text}</p>\n" * 10,
        f"q,a\nWhat does rule 1 say about the machine?,{text}\n" * 5,
    ):
        assert decode(whole.encode(encoding), markup=True).text == whole


def test_one_stray_byte_in_ascii_is_no_sign_of_an_encoding() -> None:
    assert decode(b"Plain words. " * 99 + b"\xff" + b" More." * 9).bad_lines == (1,)
    assert decode(b"Plain words. " * 99 + b"caf\xe9s").text.endswith("cafés")


def test_detection_sees_what_comes_after_much_ascii() -> None:
    text = "Plain words. " * 40_000 + ENGLISH * 20
    assert decode(text.encode("cp1252")).text == text


@pytest.mark.parametrize(
    "name", ["rot13", "base64", "unicode-escape", "idna", "klingon", "", "a\0b", "utf-7"]
)
def test_what_is_no_encoding_of_characters_is_none(name: str) -> None:
    assert known_encoding(name) is None
