"""Telephone numbers of many countries, made by faker, in sentences: JSON Lines {"text", "spans", "locale"}, spans in bytes.

    phones_texts.py SEED SIZE [tune|measure]

Sentences of `tune` are what the patterns were tried on; `measure` has others in all languages. Every third line holds no
telephone number but what looks like one: orders, dates, amounts, versions, cards, times.
"""
import json
import sys

from faker import Faker

LOCALES = ("en_US en_GB en_CA en_AU en_IN en_IE en_NZ de_DE de_AT de_CH fr_FR fr_CA fr_CH es_ES es_MX es_AR es_CO es_CL it_IT pt_BR "
           "pt_PT nl_NL nl_BE sv_SE no_NO da_DK fi_FI pl_PL cs_CZ sk_SK hu_HU ro_RO bg_BG ru_RU uk_UA tr_TR el_GR ja_JP ko_KR zh_CN zh_TW "
           "id_ID hr_HR sl_SI lt_LT et_EE").split()
SAID = {
    "tune": {
        "en": ["Call me at {} tomorrow.", "Phone: {}", "My number is {}, please ring after six.", "You can reach Ann on {} or by mail.", "tel {} fax on request",
               "Please text {} when you arrive.", "contact=\"{}\" status=ok"],
        "de": ["Rufen Sie mich an unter {}.", "Telefon: {}", "Meine Handynummer ist {}."],
        "fr": ["Appelez-moi au {} demain.", "Téléphone : {}", "Tél. {}"],
        "es": ["Llámame al {} mañana.", "Teléfono: {}", "Mi móvil es el {}."],
    },
    "measure": {
        "en": ["Is this still the right phone number: {}?", "She left a voicemail from {} last night.", "Mobile {} (weekdays only)", "Dial {} and ask for Tom.",
               "He asked us to call {} again.", "customer_phone={} plan=basic", "Tel. {}; office closed on Mondays."],
        "de": ["Unter der Telefonnummer {} ist niemand erreichbar.", "Mobil: {}", "Bitte um Rückruf, Tel. {}, danke."],
        "fr": ["Son numéro de téléphone est le {}.", "Portable : {}", "Merci de me joindre au {}."],
        "es": ["Su número de teléfono es {}.", "Móvil: {}", "Puede llamar al {} hasta las seis."],
    },
}
OWN = {"it": ["Telefono: {}", "Il mio cellulare è {}."], "pt": ["Telefone: {}", "Meu celular é {}."], "nl": ["Telefoon: {}", "Mijn mobiel is {}."],
       "sv": ["Telefon: {}", "Mobil {}"], "no": ["Telefon: {}", "Mobil {}"], "da": ["Telefon: {}", "Tlf. {}"], "fi": ["Puhelin: {}", "Puh. {}"],
       "pl": ["Telefon: {}", "Tel. {}"], "cs": ["Telefon: {}", "Tel. {}"], "sk": ["Telefón: {}", "Tel. {}"], "hu": ["Telefon: {}", "Telefonszám: {}"],
       "ro": ["Telefon: {}", "Tel. {}"], "bg": ["Телефон: {}", "тел. {}"], "ru": ["Телефон: {}", "тел. {}"], "uk": ["Телефон: {}", "тел. {}"],
       "tr": ["Telefon: {}", "Tel: {}"], "el": ["Τηλέφωνο: {}", "τηλ. {}"], "ja": ["電話: {}", "電話番号 {}"], "ko": ["전화: {}", "전화번호 {}"],
       "zh": ["电话: {}", "手机 {}"], "id": ["Telepon: {}", "Telp. {}"], "hr": ["Telefon: {}", "Tel. {}"], "sl": ["Telefon: {}", "Tel. {}"],
       "lt": ["Telefonas: {}", "Tel. {}"], "et": ["Telefon: {}", "Tel. {}"]}
OTHER = ["Order {n} of {d} was shipped.", "The total is {a} EUR, due {d}.", "Version {v} was released on {d}.", "job {n} took {a} s on node {m}",
         "Invoice no. {m}-{n} covers items 100-200.", "Pages 212-456 of volume {m} were read.", "session {h} ended at {t}", "GET /items/{n}?page={m} 200 {n}"]


def main():
    seed, size, part = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "measure"
    fakers = {locale: Faker(locale) for locale in LOCALES}
    for locale, fake in fakers.items():
        fake.seed_instance(f"{seed}{locale}")
    chance = Faker("en_US")
    chance.seed_instance(seed)
    for number in range(size):
        if number % 3 == 2:
            text = chance.random.choice(OTHER).format(n=chance.random.randrange(10**6, 10**10), m=chance.random.randrange(100), a=chance.pydecimal(5, 2, True),
                                                      d=chance.date(), v=".".join(str(chance.random.randrange(30)) for _ in range(3)), h=chance.sha1()[:20], t=chance.time())
            print(json.dumps({"text": text, "spans": [], "locale": "-"}))
            continue
        locale = chance.random.choice(LOCALES)
        said = SAID[part]
        language = locale[:2]
        sentence = chance.random.choice(said.get(language) or OWN.get(language) or said["en"])
        value = fakers[locale].phone_number()
        start = len(sentence.split("{}")[0].encode())
        text = sentence.format(value)
        print(json.dumps({"text": text, "spans": [[start, start + len(value.encode())]], "locale": locale}, ensure_ascii=False))


main()
