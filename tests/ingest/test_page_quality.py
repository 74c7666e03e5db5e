"""Pins what is taken for text and what for the letters of a broken font, in any script."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.ingest.cleaning.lines import Line
from tasks.ingest.reading.page_quality import Flaw, Page, Verdict, is_better, judge

PROSE = "The harbour wakes before the town does, and the boats leave in the dark with their lamps lit."
TEXTS = {
    "english": PROSE,
    "german": "Die Rechtsschutzversicherungsgesellschaft lehnte die Kraftfahrzeughaftpflichtversicherung ab.",
    "finnish": "Epäjärjestelmällistyttämättömyydellänsäkään he eivät saaneet satamassa mitään aikaan.",
    "greek": "Το λιμάνι ξυπνά πριν από την πόλη και οι βάρκες φεύγουν μέσα στο σκοτάδι.",
    "russian": "Гавань просыпается раньше города, и лодки уходят в темноте.",
    "arabic": "يستيقظ الميناء قبل المدينة وتغادر القوارب في الظلام",
    "hindi": "बंदरगाह शहर से पहले जागता है और नावें अंधेरे में निकल जाती हैं।",
    "chinese": "港口比城镇醒得早，船只在黑暗中点着灯离开。中午时分箱子放在码头上出售。",
    "japanese": "港は町より先に目を覚まし、船は灯りをともして暗闇の中を出ていく。",
    "thai": "ท่าเรือตื่นก่อนเมืองและเรือออกไปในความมืดพร้อมกับตะเกียงที่จุดไว้",
    "burmese": "ဆိပ်ကမ်းသည်မြို့မတိုင်မီနိုးထပြီးလှေများသည်အမှောင်ထဲတွင်ထွက်ခွာကြသည်",
    "tibetan": "གྲུ་ཁ་གྲོང་ཁྱེར་ལས་སྔ་བར་སད།",
    "code": "def boats(lamps): return [lamp for lamp in lamps if lamp.lit]  # /usr/share/doc/boats/README",
    "paths": "/usr/lib/x86_64-linux-gnu/libc.so.6 /etc/init.d/boats /usr/share/doc/libfoo2/README.gz",
    "classes": "AbstractSingletonProxyFactoryBean SimpleUrlHandlerMappingConfiguration BeanNameAutoProxy",
    "packages": "org.springframework.beans.factory.config.placeholder https://example.org/a/very/long/path.html",
    "gene": "ACGTACGGTTACCATGACGTACGGTTACCATGACGTACGGTTACCATGACGTACGGTTACCATGACGTACGGTT",
    "bullets": f"\uf0b7 {PROSE} \uf0b7 {PROSE} \uf0a7 {PROSE}",
    "title": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "accents": f"e\u0301 \u2028 {PROSE} \u200b\u200d 👩‍👩‍👧 ﬁnd",
}
BROKEN = {
    "/g7/g151/g23 /g4/g12/g9/g1/g77 /g3/g15": Flaw.GLYPH_NAMES,
    "/C211/G20/C3/C45/C7 /H17012/H11005/H9251 /uni20AC/uni0041/uni0042": Flaw.GLYPH_NAMES,
    "/g7 /g151 /g23 /g4 /g12": Flaw.GLYPH_NAMES,
    "(cid:12)(cid:3)(cid:77) (cid:4)(cid:9)": Flaw.GLYPH_NAMES,
    "\ue001\ue002\ue003 \ue004\ue005 \ue001\ue007\ue002": Flaw.UNKNOWN,
    "\U000f0001\U000f0002\U000f0003 \U00100001\U00100002": Flaw.UNKNOWN,
    "T\ufffde b\ufffd\ufffdts le\ufffdve in the d\ufffdrk": Flaw.UNKNOWN,
    "The\ufffd\ufffd\ufffd \ufffd\ufffd\ufffd\ufffd\ufffd \ufffd\ufffd": Flaw.UNKNOWN,
    PROSE.replace(" ", "") * 2: Flaw.RUN_TOGETHER,
    TEXTS["russian"].replace(" ", "") * 3: Flaw.RUN_TOGETHER,
}


def page(text: str, raw: str = "") -> Page:
    return Page([Line(text, 1, 0.0, 0.0, 10.0)], pictures=False, raw=raw)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_of_any_script_is_text(text: str) -> None:
    assert not judge(page(text)).refused


@pytest.mark.parametrize(("text", "flaw"), BROKEN.items(), ids=map(ascii, BROKEN))
def test_what_a_broken_font_yields_is_none(text: str, flaw: Flaw) -> None:
    assert judge(page(text)) == Verdict(flaw, refused=True)


def test_control_characters_that_cleaning_takes_away_count() -> None:
    assert judge(page("-", raw="\x01\x0f\x14\x13 \x0c\x05\x01")).refused
    assert not judge(page(PROSE, raw=f"{PROSE}\r\n\t")).flaw


def test_a_little_of_it_is_shown_to_the_other_parser_and_kept_where_that_does_no_better() -> None:
    doubtful = page(f"{PROSE} {PROSE} of\ufffdce")
    assert judge(doubtful) == Verdict(Flaw.UNKNOWN, refused=False)
    assert not is_better(doubtful, doubtful)
    assert is_better(page(PROSE), doubtful)


def test_letters_set_apart_are_asked_about() -> None:
    apart = page(" ".join(PROSE))
    assert judge(apart) == Verdict(Flaw.APART)
    assert is_better(page(PROSE), apart)


def test_text_that_is_drawn_twice_is_not_more_text() -> None:
    silent = Page([Line(PROSE, 1, 0.0, 0.0, 10.0)], pictures=False, silent=frozenset({"SimSun"}))
    assert not is_better(page(PROSE * 4), silent)
    assert is_better(page(f"{PROSE} {TEXTS['chinese']} {TEXTS['greek']}"), silent)


def test_nothing_is_never_better() -> None:
    assert not is_better(Page([], pictures=False), page("\ue001\ue002\ue003"))


@pytest.mark.slow
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_has_a_verdict(text: str, raw: str) -> None:
    verdict = judge(page(text, raw))
    assert verdict.refused <= (verdict.flaw is not None)


def test_the_projects_own_guides_are_text() -> None:
    for guide in (Path(__file__).parents[2] / "docs").glob("*.md"):
        assert not judge(page(guide.read_text(encoding="utf-8"))).refused, guide
