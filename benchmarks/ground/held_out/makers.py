"""What the cells of held-out tables are made of: a maker for each kind, with the tag that its kind deserves."""

import base64
import functools
import uuid
from pathlib import Path

from benchmarks.ground.held_out import drawing
from benchmarks.ground.held_out.drawing import Make
from benchmarks.ground.held_out.numbers import NUMBERS, number
from benchmarks.ground.held_out.things import THINGS

_BIRTHS = {
    "iso": "%Y-%m-%d",
    "dotted": "%d.%m.%Y",
    "slashed": "%d/%m/%Y",
    "slashed_iso": "%Y/%m/%d",
    "dashed": "%d-%m-%Y",
    "us": "%m/%d/%Y",
    "compact": "%Y%m%d",
    "mon": "%d-%b-%Y",
}
_DRUGS = "Atorvastatin Metformin Lisinopril Sertraline Omeprazole Candesartan Bisoprolol Pregabalin Tamsulosin".split()
_ICD = "E11.9 I10 J45.909 F32.1 M54.5 N18.3 K21.9 Z00.00 S72.001A C50.911 G43.909 R07.9 E78.5 O80 B20 H25.13".split()
_CPT = "99213 99214 80053 85025 93000 71046 36415 97110 G0439 J1885 99285 45378 70551 90834".split()
_LOINC = "2345-7 718-7 2160-0 4548-4 2951-2 6299-2 1742-6 2089-1".split()
_KANA = "サトウ スズキ タカハシ タナカ イトウ ヤマモト ナカムラ コバヤシ カトウ ヨシダ".split()
_KANA_GIVEN = "タロウ ハナコ ケンジ ユミ ショウタ アイ ヒロシ サクラ".split()
_NAME = drawing.of("name")
_EMAIL = drawing.of("email")
_STREET = drawing.of("street_address")
_KEYS = "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----"

MAKERS: dict[str, tuple[str, Make]] = {
    "first_name": ("pii.first_name", drawing.of("first_name")),
    "last_name": ("pii.last_name", drawing.of("last_name")),
    "first_name_upper": ("pii.first_name", drawing.upper(drawing.of("first_name"))),
    "last_name_upper": ("pii.last_name", drawing.upper(drawing.of("last_name"))),
    "name": ("pii.person_name", _NAME),
    "name_upper": ("pii.person_name", drawing.upper(_NAME)),
    "name_gaps": ("pii.person_name", drawing.gaps(_NAME)),
    "name_comma": (
        "pii.person_name",
        lambda fake, drawn: f"{fake.last_name()},{fake.first_name()} {drawn.choice('ABCDEJMR')}",
    ),
    "name_slash": (
        "pii.person_name",
        lambda fake, drawn: f"{fake.last_name()}/{fake.first_name()} {drawn.choice(['MR', 'MRS'])}".upper(),
    ),
    "name_title": ("pii.person_name", lambda fake, drawn: f"{drawn.choice(['Mr.', 'Mrs.', 'Ms.'])} {fake.name()}"),
    "name_md": ("pii.person_name", lambda fake, drawn: f"{fake.first_name()} {fake.last_name()}, MD"),
    "kana": ("pii.person_name", lambda fake, drawn: f"{drawn.choice(_KANA)} {drawn.choice(_KANA_GIVEN)}"),
    "email": ("pii.email", _EMAIL),
    "email_upper": ("pii.email", drawing.upper(_EMAIL)),
    "email_gaps": ("pii.email", drawing.gaps(_EMAIL)),
    "username": ("pii.username", drawing.of("user_name")),
    "phone": ("pii.phone_number", drawing.of("phone_number")),
    "phone_dotted": ("pii.phone_number", drawing.phone("{}.{}.{:04d}")),
    "phone_plain": ("pii.phone_number", drawing.phone("{}{}{:04d}")),
    "phone_e164": ("pii.phone_number", drawing.phone("1{}{}{:04d}")),
    "phone_ext": ("pii.phone_number", drawing.phone("({}) {}-{:04d} ext 12")),
    "phone_gaps": ("pii.phone_number", drawing.gaps(drawing.phone("{}-{}-{:04d}"))),
    "phone_ar": ("pii.phone_number", lambda fake, drawn: f"05{drawn.choice('034568')}{drawn.randrange(10**7):07d}"),
    "phone_za": (
        "pii.phone_number",
        lambda fake, drawn: (
            f"0{drawn.choice(['82', '73', '61'])} {drawn.randint(200, 999)} {drawn.randrange(10**4):04d}"
        ),
    ),
    "phone_sg": (
        "pii.phone_number",
        lambda fake, drawn: f"{drawn.choice('89')}{drawn.randint(100, 999)} {drawn.randrange(10**4):04d}",
    ),
    "street": ("pii.address", _STREET),
    "street_upper": ("pii.address", drawing.upper(_STREET)),
    "street_ja": ("pii.address", drawing.of("address")),
    "street_zh": ("pii.address", drawing.of("address")),
    "street_ko": ("pii.address", drawing.of("address")),
    "address": ("pii.address", drawing.of("address")),
    "city": ("qi.city", drawing.of("city")),
    "city_upper": ("qi.city", drawing.upper(drawing.of("city"))),
    "postcode": ("qi.postal_code", drawing.of("postcode")),
    "postcode5": ("qi.postal_code", lambda fake, drawn: f"{drawn.randint(1000, 99999):05d}"),
    "zip_int": ("qi.postal_code", lambda fake, drawn: drawn.randint(1001, 99950)),
    "zip_float": (
        "qi.postal_code",
        lambda fake, drawn: float(drawn.randint(1001, 99950)) if drawn.random() < 0.9 else None,
    ),
    "zip4": ("qi.postal_code", lambda fake, drawn: f"{drawn.randint(1001, 99950):05d}-{drawn.randrange(10**4):04d}"),
    "region": ("qi.region", drawing.first_of("administrative_unit", "state", "region", "prefecture", "province")),
    "job": ("qi.occupation", drawing.of("job")),
    "salary": ("fin.salary", lambda fake, drawn: round(drawn.lognormvariate(10.6, 0.4), -2)),
    "age": ("qi.age", lambda fake, drawn: drawn.randint(0, 97)),
    "birth_year": ("pii.date_of_birth", lambda fake, drawn: drawn.randint(1935, 2006)),
    **{f"birth_{name}": ("pii.date_of_birth", drawing.birth(form)) for name, form in _BIRTHS.items()},
    "ssn": (
        "pii.ssn",
        lambda fake, drawn: f"{drawn.randint(1, 665):03d}-{drawn.randint(1, 99):02d}-{drawn.randint(1, 9999):04d}",
    ),
    "ssn_plain": (
        "pii.ssn",
        lambda fake, drawn: f"{drawn.randint(1, 665):03d}{drawn.randint(1, 99):02d}{drawn.randint(1, 9999):04d}",
    ),
    "passport": ("pii.passport", lambda fake, drawn: f"{drawn.choice('ACEX')}{drawn.randrange(10**8):08d}"),
    "passport_ru": (
        "pii.passport",
        lambda fake, drawn: f"{drawn.randint(1, 99):02d} {drawn.randint(0, 24):02d} {drawn.randrange(10**6):06d}",
    ),
    "licence": ("pii.drivers_license", lambda fake, drawn: f"{drawn.choice('BCDFS')}{drawn.randrange(10**7):07d}"),
    "licence_gb": ("pii.drivers_license", drawing.filled("KKKKK9M1129KK9KK")),
    "card_spaced": ("pci.card_number", lambda fake, drawn: drawing.spaced(number("card", drawn))),
    "card": ("pci.card_number", lambda fake, drawn: number("card", drawn)),
    "card_masked": ("pci.card_number", lambda fake, drawn: f"**** **** **** {drawn.randrange(10**4):04d}"),
    "expiry": ("pci.card_expiry", lambda fake, drawn: f"{drawn.randint(1, 12):02d}{drawn.randint(26, 31)}"),
    "cvv": ("pci.cvv", drawing.digits(3)),
    "iban": ("fin.iban", drawing.of("iban")),
    "iban_spaced": ("fin.iban", lambda fake, drawn: drawing.spaced(number("iban", drawn))),
    "bic": ("fin.swift_bic", drawing.filled("KKKKDEKK", "KKKKGBKKXXX", "KKKKFRKK9KK")),
    "account": ("fin.bank_account", lambda fake, drawn: drawing.text(drawn, "0123456789", drawn.randint(9, 12))),
    "account8": ("fin.bank_account", drawing.digits(8)),
    "sort_code": (
        "fin.routing_number",
        lambda fake, drawn: f"{drawn.randint(1, 99):02d}-{drawn.randint(1, 99):02d}-{drawn.randint(1, 99):02d}",
    ),
    "ifsc": (
        "fin.routing_number",
        lambda fake, drawn: f"{drawn.choice(['HDFC', 'ICIC', 'SBIN', 'UTIB'])}0{drawn.randrange(10**6):06d}",
    ),
    "btc": ("fin.crypto_wallet", lambda fake, drawn: drawing.base58(drawn)),
    "eth": ("fin.crypto_wallet", lambda fake, drawn: "0x" + drawing.text(drawn, "0123456789abcdefABCDEF", 40)),
    "mrn_plain": ("phi.mrn", drawing.digits(7)),
    "mrn_dashed": ("phi.mrn", lambda fake, drawn: f"MR-{drawn.randrange(10**6):06d}"),
    "member_mixed": ("phi.health_plan_id", lambda fake, drawn: f"W{drawn.randrange(10**9):09d}"),
    "mbi": ("phi.health_plan_id", drawing.filled("1KK9KK9KK99", "4K99K99KK99")),
    "hicn": ("phi.health_plan_id", lambda fake, drawn: f"{drawn.randrange(10**9):09d}{drawn.choice('ABD')}"),
    "dea": ("phi.npi", lambda fake, drawn: number("dea", drawn)),
    "icd": ("phi.diagnosis", drawing.choice(_ICD)),
    "cpt": ("phi.procedure", drawing.choice(_CPT)),
    "ops": (
        "phi.procedure",
        lambda fake, drawn: f"{drawn.choice('135689')}-{drawn.randint(100, 999)}.{drawn.randint(0, 9)}",
    ),
    "loinc": ("-", drawing.choice(_LOINC)),
    "drug": ("phi.medication", drawing.choice([drug.lower() for drug in _DRUGS])),
    "drug_dose": (
        "phi.medication",
        lambda fake, drawn: f"{drawn.choice(_DRUGS)} {drawn.choice([5, 10, 20, 40, 500])} MG",
    ),
    "ndc": (
        "phi.medication",
        lambda fake, drawn: (
            f"{drawn.randint(10**4, 10**5 - 1)}-{drawn.randint(100, 9999):04d}-{drawn.randint(1, 99):02d}"
        ),
    ),
    "md5": ("secret.password_hash", drawing.hexed(32)),
    "bcrypt": ("secret.password_hash", lambda fake, drawn: "$2b$12$" + drawing.text(drawn, drawing.BASE58, 53)),
    "hex_key": ("secret.api_key", drawing.hexed(40)),
    "aws": ("secret.api_key", lambda fake, drawn: "AKIA" + drawing.text(drawn, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
    "stripe": ("secret.api_key", lambda fake, drawn: "sk" + "_live_" + drawing.text(drawn, drawing.BASE58, 24)),
    "github": ("secret.api_key", lambda fake, drawn: "gh" + "p_" + drawing.text(drawn, drawing.BASE58, 36)),
    "jwt": ("secret.token", lambda fake, drawn: drawing.jwt(drawn)),
    "dsn": (
        "secret.private_key",
        lambda fake, drawn: (
            f"postgresql://app:{drawing.text(drawn, drawing.BASE58, 12)}@db{drawn.randint(1, 9)}.example.org:5432/main"
        ),
    ),
    "pem": ("secret.private_key", lambda fake, drawn: _KEYS.format(drawing.text(drawn, drawing.BASE58, 64))),
    "ssh": ("secret.private_key", lambda fake, drawn: "ssh-ed25519 AAAA" + drawing.text(drawn, drawing.BASE58, 64)),
    "slack_url": (
        "secret.token",
        lambda fake, drawn: (
            f"https://hooks.example.org/T{drawing.text(drawn, 'ABC123', 8)}/{drawing.text(drawn, drawing.BASE58, 24)}"
        ),
    ),
    "imei": ("pii.device_id", lambda fake, drawn: number("imei", drawn)),
    "imsi": (
        "pii.device_id",
        lambda fake, drawn: f"{drawn.choice(['310410', '26201', '23415'])}{drawn.randrange(10**10):010d}"[:15],
    ),
    "uuid_upper": ("pii.device_id", lambda fake, drawn: str(uuid.UUID(int=drawn.getrandbits(128), version=4)).upper()),
    "mac_dash": ("pii.mac_address", lambda fake, drawn: "-".join(f"{drawn.randrange(256):02X}" for _ in range(6))),
    "ipv4": ("pii.ip_address", lambda fake, drawn: ".".join(str(drawn.randint(1, 254)) for _ in range(4))),
    "ipv6": ("pii.ip_address", lambda fake, drawn: fake.ipv6()),
    "vin": ("pii.vehicle_id", lambda fake, drawn: number("vin", drawn)),
    "plate_us": (
        "pii.vehicle_id",
        lambda fake, drawn: f"{drawing.text(drawn, 'ABCDEFGHJKLM', 3)}-{drawn.randrange(10**4):04d}",
    ),
    "plate_gb": (
        "pii.vehicle_id",
        lambda fake, drawn: (
            f"{drawing.text(drawn, 'ABCDEFGHK', 2)}{drawn.randint(10, 74)} {drawing.text(drawn, 'ABCDEFGHJ', 3)}"
        ),
    ),
    "plate_br": ("pii.vehicle_id", drawing.filled("KKK9K99")),
    "latitude": ("-", lambda fake, drawn: round(drawn.uniform(25, 49), 5)),
    "longitude": ("-", lambda fake, drawn: round(drawn.uniform(-122, -71), 5)),
    "rsid": ("spi.genetic", lambda fake, drawn: f"rs{drawn.randint(10**4, 10**8)}"),
    "base64": ("spi.biometric", lambda fake, drawn: base64.b64encode(drawn.randbytes(48)).decode()),
    "vector": (
        "spi.biometric",
        lambda fake, drawn: "[" + ", ".join(f"{drawn.uniform(-1, 1):.4f}" for _ in range(16)) + "]",
    ),
    "prose": ("-", lambda fake, drawn: drawing.prose(drawn)),
    "prose_with_mail": ("pii.email", drawing.beside(_EMAIL)),
    "prose_with_phone": ("pii.phone_number", drawing.beside(drawing.phone("call back on {}-{}-{:04d}"))),
    "prose_with_card": ("pci.card_number", drawing.beside(lambda fake, drawn: drawing.spaced(number("card", drawn)))),
    "prose_with_ssn": (
        "pii.ssn",
        drawing.beside(
            lambda fake, drawn: f"SSN {drawn.randint(100, 665)}-{drawn.randint(10, 99)}-{drawn.randint(1000, 9999)}"
        ),
    ),
    **{name: (tag, (lambda held: lambda fake, drawn: number(held, drawn))(name)) for name, tag in NUMBERS.items()},
    "nhs": ("phi.health_plan_id", lambda fake, drawn: number("nhs", drawn)),
    "id_fr_tax": ("pii.tax_id", drawing.filled("1999999999999")),
    "password_word": ("secret.password", drawing.filled("Kkr9!tKw99", "sunny-K999", "Pa9$KKrt")),
    "latlon": ("-", lambda fake, drawn: f"{drawn.uniform(-60, 60):.5f}, {drawn.uniform(-120, 120):.5f}"),
    "url_person": ("-", lambda fake, drawn: f"linkedin.example.org/in/{fake.user_name()}"),
    "prose_with_iban": ("fin.iban", drawing.beside(lambda fake, drawn: number("iban", drawn))),
    **THINGS,
}


@functools.cache
def makers() -> dict[str, tuple[str, Make]]:
    """Every maker by its name, those of closed vocabularies included."""
    lines = (Path(__file__).parent / "words.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split(" | ") for line in lines if line and not line.startswith("#")]
    return MAKERS | {name: (tag, drawing.choice(words.split(","))) for name, tag, words in rows}
