-- all rows
select * from orders

-- FROM first
from orders

-- FROM first with a list
from orders select id, region where amount > 50

-- FROM first with an aggregate
from orders select count(*)

-- database and dataset
select id from shop.orders

-- aliases with and without AS
select o.id i, o.region as r from orders o where o.amount < 30

-- prefix aliases
select i: id, r: region from o: orders

-- trailing commas
select id, region, from orders,

-- trailing comma in a list
select [1, 2, ] as l, id, from orders where id in (1, 2, 4, )

-- DISTINCT
select distinct region, customer from orders

-- DISTINCT ON
select distinct on (region) region, id from orders order by region, id

-- where with all connectives
select id from orders where (region = 'EU' or amount between 10 and 60) and not is_gift

-- IN with a list
select id from orders where region in ('EU', 'US') and customer not in (1, 2)

-- IN with a list value
select id from orders where customer in [1, 2, 3]

-- IS DISTINCT FROM
select id from orders where note is distinct from 'Note 1, b' and region is not distinct from 'EU'

-- IS NULL and IS NOT NULL
select id, note is null, note isnull, note notnull from orders where note is not null

-- LIKE
select id from orders where note like 'Note _, a' and note not like '%3%'

-- ILIKE
select customer from customers where name ilike 'd%' or name not ilike '%o%'

-- LIKE with an escape
select id from orders where note like 'Note$ 1%' escape '$'

-- SIMILAR TO
select id from orders where note similar to 'Note [0-2].*'

-- GLOB
select id from orders where note glob 'Note [12]*'

-- operators of regular expressions
select id from orders where note ~ 'Note 1.*'

-- operators of LIKE
select id from orders where note ~~ 'Note 1%' and note !~~ '%b'

-- ORDER BY with positions and nulls
select id, note from orders order by 2 desc nulls last, 1 limit 7

-- ORDER BY ALL
select region, customer, id from orders order by all limit 5

-- ORDER BY ALL descending
select region, id from orders order by all desc nulls first limit 5

-- ORDER BY an expression
select id from orders order by amount % 7, id limit 5

-- LIMIT and OFFSET
select id from orders order by id limit 5 offset 10

-- LIMIT of a percentage
select count(*) from (select id from orders order by id limit 10%)

-- LIMIT by an expression
select id from orders order by id limit 2 + 3

-- LIMIT by a subquery
select id from orders order by id limit (select min(customer) + 2 from customers)

-- OFFSET alone
select id from orders order by id offset 20

-- FETCH FIRST
select id from orders order by id fetch first 3 rows only

-- VALUES
values (1, 'a'), (2, 'b')

-- VALUES as a relation
select v.n * 2 from (values (1, 'a'), (2, 'b')) as v(n, t)

-- VALUES joined
select o.id, v.word from orders o join (values ('EU', 'Europe'), ('US', 'America')) as v(region, word) using (region)

-- no relation at all
select 1 as one, 'x' as two, null as three

-- literals of all kinds
select 1, 1.5, 1e3, 1_000 as thousand, 'it''s', true, false, null, date '2026-01-02', timestamp '2026-01-02 03:04:05', time '10:20:30', interval 3 days

-- dollar quoted text
select $$it's$$ as a, $tag$a $ b$tag$ as b from orders where id = 1

-- escape strings
select E'a\tb\n' as a, e'it\'s' as b from orders where id = 1

-- concatenated text
select 'a' || region || 'z' from orders

-- a comment here and there
select /* all */ id -- the key
from orders -- those
where id < 10

-- parameters in parentheses
select (((id))) from orders where ((id) > (3))

-- CASE in both forms
select case region when 'EU' then 1 when 'US' then 2 else 0 end, case when amount > 50 then 'much' end from orders

-- CASE within CASE
select case when is_gift then case when amount > 10 then 'a' else 'b' end else 'c' end from orders

-- IF and COALESCE
select if(is_gift, 'gift', 'sale'), coalesce(note, region, 'none'), nullif(region, 'EU'), ifnull(note, '') from orders

-- casts
select cast(amount as double), amount::varchar, price::integer, '5'::int + id, cast(day as timestamp), id::decimal(9,3) from orders

-- TRY_CAST
select try_cast(note as integer), try_cast('12' as integer), try_cast(region as date) from orders

-- TRY
select try(1 / (id - id)) as t, try(cast(note as int)) as u from orders

-- nested casts
select (amount::varchar || '1')::bigint from orders

-- casts to lists and structs
select [id, amount]::varchar[], {'a': id}::struct(a varchar) from orders

-- arithmetic
select id + 1, id - 1, id * 2, id / 3, id // 3, id % 3, -id, id ** 2, id ^ 2, +id as same from orders

-- bits
select id & 3, id | 8, id << 2, id >> 1, xor(id, 5), ~id from orders

-- comparisons chained by AND
select id from orders where 10 <= amount and amount <= 20 and 5 < id

-- BETWEEN SYMMETRIC is written out
select id from orders where id between 5 and 9 or id not between 3 and 70

-- boolean columns as conditions
select id from orders where is_gift

-- boolean tests
select is_gift is true, is_gift is not false, (note = 'x') is unknown, not is_gift from orders

-- whole row
select orders from orders where id < 9

-- whole row by alias
select o from orders o where o.id < 9

-- whole row counted
select count(o), count(distinct o) from orders o

-- star and more
select *, amount * 2 as twice from orders

-- qualified star
select o.*, c.name from orders o join customers c using (customer)

-- count without a star
select count() from orders

-- aliases used in WHERE
select amount * 2 as twice from orders where twice > 100

-- aliases used in GROUP BY and HAVING
select amount % 3 as rest, count(*) as n from orders group by rest having n > 1

-- aliases used in other items
select amount * 2 as twice, twice + 1 as more from orders

-- positional references
select id, region from orders order by #1 limit 3

-- sample of all rows
select count(*) from orders using sample 100%

-- sample of a table
select count(*) from orders tablesample 100 percent

-- sample repeatable
select count(*) >= 0 from orders using sample reservoir(10 rows) repeatable (7)

-- sample of some rows
select count(*) from orders using sample 5

-- semicolon at the end
select id from orders;

-- parenthesised statement
(select id from orders order by id limit 3)

-- row values compared
select id from orders where (region, customer) = ('EU', 2)

-- row values in a list
select id from orders where (region, customer) in (('EU', 1), ('US', 3))

-- operator precedence
select 2 + 3 * 4 - id % 3 << 1 from orders

-- division by zero tried
select try(1 // (id - id)) as z from orders
