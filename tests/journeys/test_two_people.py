"""The same SQL, sent by the analyst and by the administrator, is answered from what each of them may see."""

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

import veil
from tests.serving import Home

DATASET = "medical_charges.medical_costs"
SEEN_BY = {
    "demo_admin": "SELECT * FROM clinic",
    "demo_user2": "SELECT * EXCLUDE (phone) FROM clinic WHERE opted_out <> 1",
}
"""What each of them may see, but for the record numbers, which are compared by count only."""

SHAPES = {
    "a plain select": f"select id, name, age, charges from {DATASET} order by id",
    "a filter and a limit": f"select id from {DATASET} where smoker = 'yes' and bmi > 30 order by id limit 25",
    "an aggregate": f"select region, count(*), round(avg(charges), 6) from {DATASET} group by region order by region",
    "a filter on groups": f"select age from {DATASET} group by age having count(*) > 20 order by age",
    "a join with itself": f"""
        select a.region, count(*) from {DATASET} as a join {DATASET} as b on a.mrn = b.mrn
        group by a.region order by a.region""",
    "a join without a condition": f"select count(*) from {DATASET} as a cross join (select 1 union all select 2) as b",
    "a left join with a subquery": f"""
        select count(*), count(old.id) from {DATASET} as m
        left join (select id from {DATASET} where age > 50) as old on old.id = m.id""",
    "a correlated subquery": f"""
        select count(*) from {DATASET} as m
        where charges > (select avg(charges) from {DATASET} as o where o.region = m.region)""",
    "EXISTS": f"select count(*) from {DATASET} as m where exists (select 1 from {DATASET} as o where o.id = m.id + 1)",
    "IN": f"select count(*) from {DATASET} where id in (select id from {DATASET} where opted_out = 1)",
    "a CTE": f"with old as (select * from {DATASET} where age >= 60) select count(*), sum(children) from old",
    "a CTE of a CTE": f"with a as (select age from {DATASET}), b as (select max(age) as m from a) select m from b",
    "a CTE that shadows the dataset's name": "with medical_costs as (select 7 as id) select id from medical_costs",
    "a union": f"select sex from {DATASET} union select smoker from {DATASET} order by 1",
    "a window": f"""
        select id, row_number() over (partition by region order by charges, id) as place from {DATASET}
        qualify place = 1 order by id""",
    "a case": f"select sum(case when opted_out = 1 then 1 else 0 end) from {DATASET}",
    "distinct record numbers": f"select count(distinct mrn) from {DATASET}",
    "other spelling": 'select "ID" from MEDICAL_CHARGES."medical_costs" order by id limit 3',
}


@pytest.fixture(scope="module", params=sorted(SEEN_BY))
def person(
    request: pytest.FixtureRequest, clinic_url: str, clinic_token: Callable[[str], str]
) -> Iterator[tuple[str, veil.Connection]]:
    name = str(request.param)
    with veil.connect(clinic_url, token=clinic_token(name)) as connection:
        yield name, connection


@pytest.mark.parametrize("title", SHAPES)
def test_every_shape_of_query_is_answered_from_what_the_person_may_see(
    title: str, person: tuple[str, veil.Connection], clinic_home: Home
) -> None:
    name, connection = person
    with _engine(clinic_home.path.parent / "documents" / "data" / "medical_costs.csv", SEEN_BY[name]) as engine:
        expected = engine.sql(SHAPES[title]).fetchall()
    cursor = connection.cursor()
    cursor.execute(SHAPES[title])
    assert [tuple(row) for row in cursor.fetchall()] == expected


def test_star_gives_the_analyst_every_column_but_the_phone(clinic_url: str, clinic_token: Callable[[str], str]) -> None:
    with veil.connect(clinic_url, token=clinic_token("demo_user2")) as analyst:
        names = analyst.query(f"select * from {DATASET} limit 0").to_arrow().column_names
    assert names == "id name mrn age sex bmi children smoker region charges opted_out".split()


def test_tokens_stand_for_the_same_patient_every_time(clinic_url: str, clinic_token: Callable[[str], str]) -> None:
    with veil.connect(clinic_url, token=clinic_token("demo_user2")) as analyst:
        first = analyst.query(f"select id, mrn from {DATASET} order by id").to_arrow()
        second = analyst.query(f"select id, lower(mrn) as mrn from {DATASET} order by id").to_arrow()
    assert first == second
    assert all(len(token) == 32 and not token.startswith("MRN") for token in first["mrn"].to_pylist())


def test_nobody_without_a_grant_sees_that_there_is_data(clinic_url: str, clinic_token: Callable[[str], str]) -> None:
    with veil.connect(clinic_url, token=clinic_token("demo_auditor")) as auditor:
        assert "medical_costs" not in str(auditor.datasets())
        with pytest.raises(veil.AccessDenied) as unseen:
            auditor.query(f"select * from {DATASET}").to_arrow()
        with pytest.raises(veil.AccessDenied) as absent:
            auditor.query("select * from medical_charges.medical_cocts").to_arrow()
    assert unseen.value.detail.replace("medical_costs", "X") == absent.value.detail.replace("medical_cocts", "X")
    assert unseen.value.hint == absent.value.hint


def _engine(data: Path, seen: str) -> duckdb.DuckDBPyConnection:
    engine = duckdb.connect()
    engine.execute(f"CREATE VIEW clinic AS SELECT * FROM read_csv('{data}')")
    engine.execute("CREATE SCHEMA medical_charges")
    engine.execute(f"CREATE VIEW {DATASET} AS {seen}")
    return engine
