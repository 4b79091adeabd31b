-- random values
select random() from orders
-- random values are not available; sample on your side

-- random identifiers
select uuid() from orders
-- random values are not available; sample on your side

-- the time
select now() from orders
-- pass the time as a parameter

-- the date
select * from orders where day < current_date
-- pass the date as a parameter

-- the age until now
select age(sold_at) from orders
-- pass the time as a parameter

-- an aggregate by its name in text
select list_aggregate([1, 2], 'sum') from orders
-- call `list_sum`, `list_max` and the like by their own names

-- a collation
select * from customers order by name collate nocase
-- compare `lower(..)` or `strip_accents(..)` of both sides

-- a type of somebody's own
select region::mood from orders
-- cast to a type of the engine's own, such as INTEGER, VARCHAR or a STRUCT of those

-- a version of a dataset
select * from orders at (version => 1)
-- name the dataset alone, without versions, hints or file formats

-- choosing a database
use shop
-- write `database.dataset`, or send the database with the request

-- a file
select * from read_csv('orders.csv')
-- select from datasets; `range`, `generate_series` and `unnest` are the functions allowed here

-- a lock
select * from orders for update
-- a query only reads; leave out FOR UPDATE

-- a result kept
select id into kept from orders
-- a query only reads; keep the result on your side instead

-- named parameters without their names
select * from orders where id = $id
-- give the values in `params` as an object, by name

-- an escape by number
select E'\x41' from orders
-- write the character itself, or chr() of its number

-- PIVOT without its values
pivot orders on region using sum(amount)
-- name the values, `PIVOT t ON region IN ('EU', 'US') USING sum(amount)`; SELECT DISTINCT gives them

-- PIVOT with the values of a query
select * from orders pivot (sum(amount) for region in (select region from orders))
-- name the values, `PIVOT t ON region IN ('EU', 'US') USING sum(amount)`; SELECT DISTINCT gives them

-- PIVOT with an ORDER BY of its own
pivot orders on region in ('EU') using sum(amount) order by all
-- for aliases, ORDER BY and LIMIT write `SELECT * FROM t PIVOT (sum(x) FOR y IN ('a' AS b)) ORDER BY ..`
