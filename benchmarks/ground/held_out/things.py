"""What cells hold that are about nobody: numbers, codes, moments, goods."""

import uuid

from benchmarks.ground.held_out import drawing
from benchmarks.ground.held_out.drawing import Make
from benchmarks.ground.held_out.numbers import number

_ADJECTIVES = "Ergonomic Rustic Portable Foldable Premium Stainless Wireless Compact Heavy-Duty Organic".split()
_GOODS = (
    "Desk Lamp|Water Bottle|Backpack|Coffee Grinder|Running Shoes|Drill Set|Office Chair|Keyboard|Tea Kettle".split("|")
)
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.{} Chrome/{}.0.0.0"

THINGS: dict[str, tuple[str, Make]] = {
    "id": ("-", lambda fake, drawn: drawn.randint(1, 10**6)),
    "amount": ("-", lambda fake, drawn: round(drawn.lognormvariate(4, 1), 2)),
    "yen": ("-", lambda fake, drawn: drawn.randint(1, 900) * 100),
    "ratio": ("-", lambda fake, drawn: round(drawn.random() * 10, 3)),
    "small": ("-", lambda fake, drawn: drawn.randint(0, 30)),
    "hours": ("-", lambda fake, drawn: drawn.choice([20, 30, 35, 40, 40, 40, 45, 50, 60])),
    "score": ("-", lambda fake, drawn: drawn.randint(480, 850)),
    "number": ("-", lambda fake, drawn: drawn.randint(0, 500_000)),
    "negative": ("-", lambda fake, drawn: -drawn.randint(30, 95)),
    "year": ("-", lambda fake, drawn: drawn.randint(2005, 2025)),
    "recent_date": ("-", lambda fake, drawn: drawing.day(drawn, (2019, 2025)).isoformat()),
    "future_date": ("-", lambda fake, drawn: drawing.day(drawn, (2027, 2029)).isoformat()),
    "date_int": ("-", lambda fake, drawn: int(drawing.day(drawn, (2019, 2025)).strftime("%Y%m%d"))),
    "moment": ("-", lambda fake, drawn: drawing.moment(drawn)),
    "epoch": ("-", lambda fake, drawn: drawn.randint(1_600_000_000, 1_740_000_000)),
    "epoch_ms": ("-", lambda fake, drawn: drawn.randint(1_600_000_000_000, 1_740_000_000_000)),
    "flag": ("-", lambda fake, drawn: drawn.random() < 0.5),
    "code4": ("-", drawing.code(4)),
    "code6": ("-", drawing.code(6)),
    "code7": ("-", drawing.code(7)),
    "code8": ("-", drawing.code(8)),
    "code9": ("-", drawing.code(9)),
    "code10": ("-", drawing.code(10)),
    **{f"digits{length}": ("-", drawing.digits(length)) for length in range(2, 17)},
    "hex16": ("-", drawing.hexed(16)),
    "hash32": ("-", drawing.hexed(32)),
    "hash64": ("-", drawing.hexed(64)),
    "git_sha": ("-", drawing.hexed(40)),
    "uuid": ("-", lambda fake, drawn: str(uuid.UUID(int=drawn.getrandbits(128), version=4))),
    "sku": (
        "-",
        lambda fake, drawn: (
            f"{drawing.text(drawn, 'ABCDEFG', 3)}-{drawn.randrange(10**4):04d}-{drawn.choice(['BLK', 'RED', 'BLU'])}"
        ),
    ),
    "ean": ("-", lambda fake, drawn: number("ean", drawn)),
    "isbn": ("-", lambda fake, drawn: number("isbn", drawn)),
    "isin": ("-", lambda fake, drawn: number("isin", drawn)),
    "cas": ("-", lambda fake, drawn: f"{drawn.randint(50, 99999)}-{drawn.randint(10, 99)}-{drawn.randint(0, 9)}"),
    "imdb": ("-", lambda fake, drawn: f"tt{drawn.randint(10**6, 10**7)}"),
    "vat_gb": ("-", lambda fake, drawn: f"GB{drawn.randrange(10**9):09d}"),
    "container": ("-", lambda fake, drawn: f"{drawing.text(drawn, 'ABCM', 3)}U{drawn.randrange(10**7):07d}"),
    "seat": ("-", lambda fake, drawn: f"{drawn.randint(1, 40)}{drawn.choice('ABCDEF')}"),
    "flight": ("-", lambda fake, drawn: f"{drawn.choice(['LH', 'UA', 'BA', 'AF'])}{drawn.randint(10, 2999)}"),
    "version": ("-", lambda fake, drawn: f"{drawn.randint(0, 9)}.{drawn.randint(0, 20)}.{drawn.randint(0, 40)}"),
    "version4": (
        "-",
        lambda fake, drawn: (
            f"{drawn.randint(1, 12)}.{drawn.randint(0, 20)}.{drawn.randint(0, 30)}.{drawn.randint(0, 99)}"
        ),
    ),
    "user_agent": ("-", lambda fake, drawn: _AGENT.format(drawn.randint(10, 40), drawn.randint(80, 130))),
    "url": (
        "-",
        lambda fake, drawn: (
            f"https://www.example.org/{drawn.choice(drawing.CUTS).replace(' ', '-')}/{drawn.randint(1, 999)}"
        ),
    ),
    "path": ("-", lambda fake, drawn: f"/{drawn.choice(['shop', 'blog', 'help'])}/{drawn.randint(1, 999)}"),
    "file": ("-", lambda fake, drawn: f"img_{drawn.randint(1, 9999)}.{drawn.choice(['png', 'jpg', 'pdf'])}"),
    "host": ("-", lambda fake, drawn: f"web-{drawn.randint(1, 40):02d}.eu-west-{drawn.randint(1, 3)}.internal"),
    "logline": ("-", lambda fake, drawn: f"job {drawn.randint(1, 10**6)} finished in {drawn.randint(1, 900)} ms"),
    "sentence": (
        "-",
        lambda fake, drawn: f"Invoice {drawn.randint(1000, 9999)} {drawn.choice(['consulting', 'rent', 'goods'])}",
    ),
    "product": ("-", lambda fake, drawn: f"{drawn.choice(_ADJECTIVES)} {drawn.choice(_GOODS)}"),
    "word": ("-", drawing.of("word")),
    "title": (
        "-",
        lambda fake, drawn: (
            f"The {drawn.choice(_ADJECTIVES)} {drawn.choice(['River', 'Garden', 'Winter', 'Return', 'Secret'])}"
        ),
    ),
    "company": ("-", drawing.of("company")),
    "school": ("-", lambda fake, drawn: f"{fake.last_name()} Primary School"),
    "repo": ("-", lambda fake, drawn: f"{fake.word()}/{fake.word()}-{fake.word()}"),
    "room": ("-", lambda fake, drawn: f"Room {drawn.randint(1, 400)}"),
    "percent": ("-", lambda fake, drawn: f"{drawn.uniform(0, 100):.1f} %"),
    "dimension": (
        "-",
        lambda fake, drawn: f"{drawn.randint(1, 90)} x {drawn.randint(1, 90)} x {drawn.randint(1, 90)} cm",
    ),
    "license": ("-", lambda fake, drawn: f"LIC-{drawn.randrange(10**4):04d}-{drawn.randrange(10**4):04d}"),
    "domain": ("-", lambda fake, drawn: str(fake.domain_name())),
}
