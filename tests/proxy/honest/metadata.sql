-- the datasets of the database
show tables
-- name|Select|customers|orders|quarters|rates

-- the datasets of another database in another case
SHOW TABLES FROM lab;
-- name|Größen

-- the databases
show databases
-- database_name|Lab|shop

-- the columns of a dataset
select column_name, column_type from (describe quarters)
-- column_name,column_type|area,VARCHAR|q1,BIGINT|q2,BIGINT|q3,BIGINT|q4,BIGINT

-- a dataset described by SHOW
show lab."Größen"
-- column_name,column_type,null,key,default,extra|MaßStab,BIGINT,YES,None,None,None|nr,INTEGER,YES,None,None,None

-- a hidden column and a hidden field are not described
select column_name, column_type from (describe customers) where column_name in ('address', 'card')
-- column_name,column_type|address,STRUCT(city VARCHAR, street VARCHAR)

-- a query described
describe select count(*), max(day) as latest from orders
-- column_name,column_type,null,key,default,extra|count_star(),BIGINT,YES,None,None,None|latest,DATE,YES,None,None,None

-- a summary of the governed rows
select column_name, min, max, count from (summarize select id, region, phone from orders)
-- column_name,min,max,count|id,0,77,40|phone,+X XXX XXXX,+X XXX XXXX,40|region,EU,US,40

-- a summary of a dataset by its name
select count(*) as columns, max(count) as rows from (summarize shop.orders)
-- columns,rows|11,40

-- the datasets by information_schema
select table_schema, table_name, table_type from information_schema.tables where table_schema <> 'shop'
-- table_schema,table_name,table_type|Lab,Größen,BASE TABLE

-- the columns by information_schema, numbered as they are seen
select column_name, ordinal_position from INFORMATION_SCHEMA.COLUMNS where table_name = 'orders' and ordinal_position > 9
-- column_name,ordinal_position|phone,11|tags,10

-- information_schema joined with itself
select t.table_name, count(*) as n from information_schema.tables t join information_schema.columns c using (table_schema, table_name) where t.table_schema = 'shop' group by all
-- table_name,n|Select,6|customers,7|orders,11|quarters,5|rates,3

-- information_schema joined with data
select o.region, t.table_name from (select distinct region from orders) o, information_schema.tables t where t.table_name = 'rates'
-- region,table_name|EU,rates|US,rates

-- the databases by information_schema
select schema_name from information_schema.schemata
-- schema_name|Lab|information_schema|shop

-- there are no keys
select count(*) as n from information_schema.key_column_usage k, information_schema.table_constraints c
-- n|0

-- a CTE does not stand before information_schema
with tables as (select 1 as x) select count(*) as n from information_schema.tables
-- n|6

-- every dataset with its columns
select name, len(column_names) as n from (select table_name as name, list(column_name) as column_names from information_schema.columns group by all) where name = 'rates'
-- name,n|rates,3
