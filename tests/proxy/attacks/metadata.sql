-- a description of an unseen dataset
describe lab.results

-- a summary of an unseen dataset
summarize lab.results

-- SHOW of an unseen dataset
show lab.results

-- every dataset
show all tables

-- every database
show databases

-- the datasets of an unseen database
show tables from lab

-- a description with a hidden column
describe shop.orders

-- a description with hidden fields
describe shop.clients

-- a description of a hidden column
describe select card from shop.orders

-- a summary of filtered rows
select column_name, min, max, count, approx_unique from (summarize shop.orders)

-- a summary of hidden fields
select column_name, min, max from (summarize select contact from shop.clients)

-- a summary that raises on filtered-out rows
summarize select 1 / (case when region = 'APAC' then 0 else 1 end) as x from shop.orders

-- an explanation of an unseen dataset
explain select * from lab.results

-- an explanation of what the engine would do
explain analyze select * from shop.orders

-- an explanation with options
explain (analyze, format json) select * from shop.orders

-- the columns of every dataset
select * from information_schema.columns

-- every dataset by information_schema
select * from information_schema.tables

-- gaps in the numbers of columns
select column_name, ordinal_position from information_schema.columns where table_name = 'orders'

-- views of the engine by the same schema
select * from information_schema.character_sets

-- the engine's own catalog
select * from pg_catalog.pg_tables

-- the engine's own tables
select * from duckdb_tables()

-- the engine's own information_schema by its catalog
select * from system.information_schema.tables

-- SHOW within a query
select * from (show all tables)

-- a dataset's name that is SQL
show tables from "x' or 1=1 --"

-- a CTE for information_schema
with information_schema as (select 1) select * from information_schema.tables

-- information_schema renamed
select a, b from information_schema.tables as t(a, b)

-- the value that is bound
select $catalog_tables, $governed_sql from information_schema.tables

-- a description of the engine's own
describe duckdb_settings

-- errors on metadata beside filtered-out rows
select o.id from shop.orders o, information_schema.tables t where t.table_name = o.note and cast(t.table_name as int) = o.id

-- the name of a column that nobody named, with columns beneath it
select (select count(*) from (select id, columns('c.*') from shop.orders) q) from shop.customers

-- the same with what may be several columns beside a query
select columns('cu.*') + (select max(id) from shop.orders) from shop.customers
