-- a hidden column by name
select card from shop.orders

-- a hidden column through an alias
select o.card from shop.orders as o

-- a hidden column in a condition
select id from shop.orders where card like '4%'

-- a hidden column in an ordering
select id from shop.orders order by card

-- a hidden column in a grouping
select count(*) from shop.orders group by card

-- a hidden column in a window
select row_number() over (order by card) from shop.orders

-- a hidden column in USING
select * from shop.orders a join shop.orders b using (card)

-- NATURAL JOIN compares hidden columns only if it knows them
select count(*) from shop.orders natural join (select 'x' as card) c

-- star with EXCLUDE of a hidden column
select * exclude (card) from shop.orders

-- star with REPLACE of a hidden column
select * replace (1 as card) from shop.orders

-- COLUMNS with a pattern
select columns('c.*') from shop.orders

-- COLUMNS with a lambda
select columns(c -> c like 'c%') from shop.orders

-- the whole row as a struct
select orders from shop.orders

-- the whole row as JSON
select to_json(o) from shop.orders o

-- a struct star
select o.* from shop.orders o

-- a hidden column through a correlated subquery
select (select max(o.card) from shop.customers) from shop.orders o

-- a hidden column by positional reference
select #5 from shop.orders

-- column aliases that rename by position
select * from shop.orders as o(a, b, c, d, e, f, g, h)

-- an unseen dataset
select * from lab.results

-- an unseen dataset in a subquery
select * from shop.orders where id in (select id from lab.results)

-- an unseen dataset in a CTE
with r as (select * from lab.results) select count(*) from r

-- a CTE that carries a dataset's name reads the dataset governed
with orders as (select * from shop.orders) select * from orders

-- a CTE does not answer to a name in two parts
with results as (select 1 as x) select * from lab.results

-- the file behind a dataset
select * from 'orders.parquet'

-- the file through a function
select * from read_parquet('orders.parquet')

-- the file through a scan of another name
select * from parquet_scan('orders.parquet')

-- the file's metadata
select * from parquet_metadata('orders.parquet')

-- the engine's own catalog
select * from duckdb_columns()

-- the engine's own views
select sql from duckdb_views

-- the information schema
select * from information_schema.columns

-- sqlite_master
select * from sqlite_master

-- pg_catalog
select * from pg_catalog.pg_class

-- the row identifier
select rowid from shop.orders

-- the source's file name
select filename from shop.orders

-- SQL inside a function
select * from query('select * from shop.orders')

-- a table named by a function
select * from query_table('shop.orders')

-- serialized SQL
select * from json_execute_serialized_sql('{}')

-- a policy's row alias
select _row.card from shop.orders

-- the row alias of a policy through a lateral join
select * from shop.orders, lateral (select _row.card) x

-- a key by its parameter's name
select $k_0123456789abcdef_i

-- the settings
select current_setting('memory_limit')

-- the query text
select current_query()

-- statistics of all rows
select stats(amount) from shop.orders

-- another statement behind the first
select 1; select card from shop.orders

-- a reading statement that writes
with gone as (delete from shop.orders returning card) select * from gone

-- a copy to a file
copy (select * from shop.orders) to 'out.csv'

-- a new view over the dataset
create view v as select * from shop.orders

-- an attached database
attach ':memory:' as other

-- the time under a name in quotes
select "current_timestamp", "localtime", "Current_Date"

-- the engine's user under a name in quotes
select "user", "session_user" as "session_user" from shop.orders

-- the time compared with a column
select id from shop.orders where at < "localtimestamp"

-- the name of an unnamed subquery
select (select max(id) from shop.orders)

-- the name of an unnamed subquery within one
select * from (select not exists (select * from shop.orders))

-- the name of a subquery beside COLUMNS
select columns('id|amount') + (select max(customer) from shop.orders) from shop.orders

-- the name of a subquery in an unnested list
select unnest([(select max(id) from shop.orders)])

-- the name of a subquery in an unnested struct
select unnest({'a': (select max(id) from shop.orders)})

-- the name of a subquery where columns are unpacked
select coalesce(*columns('id|amount'), (select max(id) from shop.orders)) from shop.orders

-- the name of a subquery in a struct made of columns
select struct_pack(*columns('id|amount')) from shop.orders

-- the name of a subquery where the two parsers differ
select +id, (select max(id) from shop.orders), +amount from shop.orders

-- the user of the engine before a dot
select ("current_user" || 'x').lower() from shop.orders

-- the time before a dot
select at.age() from shop.orders

-- the time by a missing argument
select age(at) from shop.orders

-- a function of a schema after a dot
select main.upper('x'), system.main.upper('x')

-- a hidden column before a dot
select card.lower(), o.card.lower() from shop.orders o

-- an unseen dataset in three parts
select * from veil.lab.results

-- a hidden column in four parts
select veil.shop.orders.card from veil.shop.orders

-- a seen dataset in three parts beside a catalog that is none
select id from memory.shop.orders

-- the engine's own catalog in three parts
select * from veil.information_schema.duckdb_tables

-- a CTE named like the catalog
with veil as (select 1) select * from veil.lab.results

-- a named parameter for a relation
select * from $results

-- a named parameter as a column
select o.$card from shop.orders o

-- a share of the rows as a subquery
select id from shop.orders order by id limit (select count(*) from shop.orders where region = 'APAC') percent

-- the names that a join would give hidden columns
select * from shop.orders a join shop.orders b on a.id = b.id order by 1 limit 1

-- the row's number in its file
select file_row_number, filename, rowid from shop.orders

-- a recursion over keys
with recursive r(n) using key (n) as (select 1 union select n + 1 from r where n < 3) select * from r

-- WITH RECURSIVE without recursion: the engine looks for a relation of its own
with recursive sqlite_master as (select * from sqlite_master) select s.*, (select count(*) from shop.orders) as n from sqlite_master as s

-- the same, of what the engine knows of columns
with recursive duckdb_columns as (select * from duckdb_columns) select d.table_name, d.column_name, (select count(*) from shop.orders) as n from duckdb_columns as d

-- the left side of a recursive UNION does not know its own name
with recursive duckdb_views as (select view_name, sql from duckdb_views union all select view_name, sql from duckdb_views where false) select v.*, (select count(*) from shop.orders) as n from duckdb_views as v

-- EXCEPT and INTERSECT are not recursive
with recursive duckdb_views as (select view_name, sql from (select 'x' as view_name, 'y' as sql) except select view_name, sql from duckdb_views) select v.*, (select count(*) from shop.orders) as n from duckdb_views as v

-- a query within a recursive one stands before its recursion
with recursive duckdb_views as (with v as (select view_name from duckdb_views) select 'x' as view_name union select view_name from v) select v.*, (select count(*) from shop.orders) as n from duckdb_views as v

-- a WITH in a chain of set operations that is left out in printing
with duckdb_views as (select 'x' as sql union all with duckdb_views as (select 'y' as sql) select 'z' as sql union all select sql from duckdb_views) select v.*, (select count(*) from shop.orders) as n from duckdb_views as v
