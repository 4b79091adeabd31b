"""A generated table of visits to web pages, and questions that analysts ask of such a table."""

from pathlib import Path

import duckdb

from tests.serving import Home

_ROWS = """
    SELECT
        i AS watch_id,
        (hash(i % 90001) % 400000)::BIGINT AS user_id,
        TIMESTAMP '2026-03-01' + to_seconds((i * 37 % 2592000)::BIGINT) AS event_time,
        DATE '2026-03-01' + ((i * 37 % 2592000) // 86400)::INTEGER AS event_date,
        (hash(i + 1) % 50)::INTEGER AS counter_id,
        'http://' || ['news', 'shop', 'mail', 'maps', 'video'][1 + (hash(i + 2) % 5)::INTEGER] || '.example/'
            || (hash(i + 3) % 5000) || CASE WHEN i % 3 = 0 THEN '?q=' || (hash(i + 4) % 90) ELSE '' END AS url,
        CASE WHEN i % 4 > 0 THEN 'http://search.example/' || (hash(i + 5) % 200) ELSE '' END AS referer,
        CASE WHEN i % 7 = 0 THEN ['cheap flights', 'weather', 'cats', 'veil'][1 + (hash(i + 6) % 4)::INTEGER]
            ELSE '' END AS search_phrase,
        'Title ' || (hash(i + 7) % 900) AS title,
        (hash(i + 8) % 230)::SMALLINT AS region_id,
        [1024, 1280, 1366, 1920, 2560][1 + (hash(i + 9) % 5)::INTEGER]::SMALLINT AS resolution_width,
        (hash(i + 10) % 6)::SMALLINT AS adv_engine_id,
        i % 5 = 0 AS is_mobile,
        (hash(i + 11) % 20000)::INTEGER AS load_ms,
        '10.' || (hash(i % 70001) % 256) || '.' || (i % 256) || '.' || (hash(i + 12) % 256) AS client_ip,
        i % 50 = 0 AS is_robot
    FROM range({count}) AS series(i)
"""

_DOCUMENT = """
veil: 1
sources: {lake: {connector: files, path: ./data}}
databases: {web: {}}
tags: {pii.ip_address: {level: confidential}}
datasets:
  web.hits: {source: lake, relation: hits.parquet, columns: {client_ip: {tags: [pii.ip_address]}}}
roles: {analyst: {groups: [analysts]}}
users: {wei: {groups: [analysts]}}
policies:
  - {policy: analysts, grant: select, to: [analyst], scope: web, where: not is_robot,
     transform: [{tagged: pii.ip_address, with: redact()}], why: people alone and not their addresses}
"""

_VIEW = """
    CREATE VIEW hits AS SELECT * REPLACE (CASE WHEN client_ip IS NOT NULL THEN '***' END AS client_ip)
    FROM read_parquet('{file}') WHERE NOT is_robot
"""

QUERIES = tuple(
    line.strip()
    for line in """
    select count(*) from hits
    select count(*) from hits where adv_engine_id <> 0
    select sum(adv_engine_id), count(*), avg(resolution_width) from hits
    select avg(user_id) from hits
    select count(distinct user_id) from hits
    select count(distinct search_phrase) from hits
    select min(event_date), max(event_date) from hits
    select adv_engine_id, count(*) from hits where adv_engine_id <> 0 group by adv_engine_id order by count(*) desc
    select region_id, count(distinct user_id) as u from hits group by region_id order by u desc, region_id limit 10
    select region_id, sum(adv_engine_id), count(*) as c, avg(resolution_width) from hits group by region_id order by c desc, region_id limit 10
    select resolution_width, count(distinct user_id) as u from hits where is_mobile group by resolution_width order by u desc
    select search_phrase, count(*) as c from hits where search_phrase <> '' group by search_phrase order by c desc limit 10
    select search_phrase, count(distinct user_id) as u from hits where search_phrase <> '' group by search_phrase order by u desc
    select counter_id, search_phrase, count(*) as c from hits where search_phrase <> '' group by all order by c desc, counter_id, search_phrase limit 10
    select user_id, count(*) as c from hits group by user_id order by c desc, user_id limit 10
    select user_id, search_phrase, count(*) as c from hits group by user_id, search_phrase order by c desc, user_id, search_phrase limit 10
    select user_id, extract(minute from event_time) as m, search_phrase, count(*) as c from hits group by all order by c desc, user_id, m limit 10
    select user_id from hits where user_id = 12345
    select count(*) from hits where url like '%shop%'
    select search_phrase, min(url), count(*) as c from hits where url like '%mail%' and search_phrase <> '' group by search_phrase order by c desc
    select search_phrase, min(url), min(title), count(*) as c from hits where title like '%7%' and url not like '%.maps.%' and search_phrase <> '' group by search_phrase order by c desc
    select * from hits where url like '%video%' order by event_time, watch_id limit 10
    select search_phrase from hits where search_phrase <> '' order by event_time, watch_id limit 10
    select search_phrase from hits where search_phrase <> '' order by search_phrase limit 10
    select counter_id, avg(length(url)) as l, count(*) as c from hits where url <> '' group by counter_id having count(*) > 100 order by l desc, counter_id limit 25
    select regexp_replace(referer, '^https?://(?:www\\.)?([^/]+)/.*$', '\\1') as k, avg(length(referer)) as l, count(*) as c from hits where referer <> '' group by k having count(*) > 1 order by l desc limit 25
    select sum(resolution_width), sum(resolution_width + 1), sum(resolution_width + 2), sum(resolution_width + 3) from hits
    select adv_engine_id, client_ip, count(*) as c, avg(resolution_width) from hits where search_phrase <> '' group by all order by c desc, 1
    select watch_id, client_ip, count(*) as c from hits group by all order by watch_id limit 10
    select url, count(*) as c from hits group by url order by c desc, url limit 10
    select 1 as one, url, count(*) as c from hits group by 1, url order by c desc, url limit 10
    select region_id, region_id - 1, region_id - 2, count(*) as c from hits group by all order by c desc, region_id limit 10
    select url, count(*) as views from hits where counter_id = 12 and event_date between '2026-03-01' and '2026-03-15' group by url order by views desc, url limit 10
    select title, count(*) as views from hits where counter_id = 12 and not is_mobile and title <> '' group by title order by views desc, title limit 10
    select event_date, count(*) filter (where is_mobile) as mobile, count(*) filter (where not is_mobile) as desk from hits group by event_date order by event_date
    select case when adv_engine_id = 0 then referer else '' end as src, url as dst, count(*) as views from hits where counter_id = 7 group by all order by views desc, src, dst limit 10
    select date_trunc('hour', event_time) as h, count(*) as views from hits where event_date >= '2026-03-10' and event_date <= '2026-03-11' group by h order by h
    select date_trunc('minute', event_time) as m, count(*) as views from hits where counter_id = 3 group by m order by m limit 10 offset 100
    select quantile_cont(load_ms, [0.5, 0.9, 0.99]), max(load_ms) from hits where is_mobile
    select region_id, load_ms, rank() over (partition by region_id order by load_ms desc) as r from hits where counter_id = 1 qualify r <= 1 order by all limit 20
    select count(*) from (select user_id from hits group by user_id having min(event_date) < '2026-03-05' and max(event_date) > '2026-03-25')
    with days as (select user_id, event_date, lag(event_date) over (partition by user_id order by event_date) as last from (select distinct user_id, event_date from hits)) select count(*) from days where event_date - last = 1
    select h.region_id, count(*) as c from hits h semi join (select user_id from hits where search_phrase = 'veil') v using (user_id) group by all order by c desc, 1 limit 10
    """.strip().splitlines()  # noqa: E501
)
"""The questions, one a line."""


def govern(folder: Path, rows: int) -> Home:
    """A home in a folder that governs so many hits."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as engine:
        engine.execute(f"COPY ({_ROWS.format(count=rows)}) TO '{folder / 'data' / 'hits.parquet'}' (FORMAT parquet)")
    (folder / "hits.yaml").write_text(_DOCUMENT)
    home = Home(path=folder / "home")
    home.veil("init")
    home.veil("apply", folder / "hits.yaml")
    return home


def by_hand(folder: Path) -> duckdb.DuckDBPyConnection:
    """An engine with a hand-written view of the same."""
    engine = duckdb.connect()
    engine.execute(_VIEW.format(file=folder / "data" / "hits.parquet"))
    return engine
