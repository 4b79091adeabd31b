-- an error on filtered-out rows through a division
select id from shop.orders where 1 / (case when region = 'APAC' then 0 else 1 end) > 0

-- an error on filtered-out rows through a cast
select id from shop.orders where cast(case when region = 'APAC' then note else '1' end as int) = 1

-- an error on filtered-out rows through a join condition
select o.id from shop.customers c join shop.orders o on o.customer = c.customer and cast(case when o.region = 'APAC' then o.note else '1' end as int) = 1

-- an error through a comparison that casts
select o.id from shop.orders o join shop.customers c using (customer) where o.note = 5

-- an error through a text as a condition
select o.id from shop.orders o join shop.customers c using (customer) where o.note

-- an error through a regular expression
select o.id from shop.orders o join shop.customers c using (customer) where regexp_matches('x', o.note)

-- an error through a date
select strptime(note, '%Y-%m-%d') from shop.orders where region = 'APAC'

-- an error through a JSON path
select json_extract(note, '$.a') from shop.orders where region = 'APAC'

-- an error through an overflow
select sum(amount * 9223372036854775807) from shop.orders where region = 'APAC'

-- the error function
select error(note) from shop.orders

-- an error in a filtered aggregate
select count(*) filter (where cast(note as int) > 0) from shop.orders

-- an error in an ordering
select id from shop.orders order by cast(case when region = 'APAC' then note else '1' end as int)

-- an error in a set operation whose types disagree
select id from (select id from shop.orders union all select note from shop.orders) where id = 5

-- an error behind a renamed column
with o(id, customer, amount) as (select note, customer, amount from shop.orders) select * from o where id = 5

-- rows counted before the filter
select count(*) from shop.orders

-- rows counted by a window before the filter
select count(*) over () from shop.orders limit 1

-- sampled rows
select count(*) from shop.orders tablesample 100%

-- smallest and largest of all rows
select min(id), max(id), min(amount), max(amount) from shop.orders

-- the masked value's raw length
select length(phone) from shop.orders

-- a raw value guessed behind a mask
select count(*) from shop.orders where phone = '+1 555 0100'

-- a raw value guessed by order
select id from shop.orders order by phone, id

-- a raw value guessed by joining
select count(*) from shop.orders o join (values ('+1 555 0100')) v(p) on o.phone = v.p

-- distinct masked values
select count(distinct phone) from shop.orders

-- a raw value guessed by grouping
select phone, count(*) from shop.orders group by phone

-- the labels of a type
select typeof(region) from shop.orders limit 1

-- a hash of the row
select hash(o) from shop.orders o order by id

-- null-ness behind a mask
select count(phone) from shop.orders

-- the largest value of all rows through an expression that runs only where the engine does not know better
select id from shop.orders where amount > 210 and cast('abc' as int) = id

-- the same behind a subquery
select count(*) from shop.customers c where exists (select 1 from shop.orders o where o.amount > 210 and cast('abc' as int) = o.id)

-- the same through the smallest value of a group
select customer from shop.orders where amount > 210 group by customer having cast('abc' as int) = max(id)

-- a text that is no number as a result of CASE
select o.id from shop.orders o join shop.customers c using (customer) where case when o.region = 'APAC' then 'abc' else o.amount end is null

-- a text that is no number as a result of COALESCE
select o.id from shop.orders o join shop.customers c using (customer) where coalesce(case when o.region = 'APAC' then null else o.amount end, 'abc') is null

-- a text that is no number in a comparison
select o.id from shop.orders o join shop.customers c using (customer) where case when o.region = 'APAC' then o.amount = 'abc' else true end

-- a text that is no date in a comparison
select o.id from shop.orders o join shop.customers c using (customer) where case when o.region = 'APAC' then o.at > '2026-13-01' else true end

-- a decimal so long that not every number fits beside it
select o.id from shop.orders o join shop.customers c using (customer) where case when o.region = 'APAC' then o.amount > 0.1000000000000000000000000000000000001 else true end

-- a subquery that finds several rows
select o.id, (select customer from shop.customers) from shop.orders o where o.amount > 210

-- a count of largest values that is no number
select max(id, amount) from shop.orders

-- whether filtered-out rows hold what every other row holds, by an error beside it
select count(*) from shop.orders where grade is null and cast('x' as int) = id

-- the same by inequality
select count(*) from shop.orders where grade > 'A' and cast('x' as int) = id

-- the same through a join
select count(*) from shop.orders o join shop.customers c on o.customer = c.customer and o.grade <> 'A' and 1 / (c.customer - 1) > 0

-- the same through a scalar subquery with several rows
select id from shop.orders anti join range(3) on (select customer from shop.customers) where grade is null

-- an error through the two results of if(..), which are given one type
select id from shop.orders where if(region = 'APAC', 'x', amount) is null

-- an error through a name that means a whole row
select o.id from shop.orders as o, (select note from shop.orders) as amount where amount = 5 and o.region = 'APAC'

-- an error through an alias of another type than its column
select id from (select id, case when region = 'APAC' then note else '1' end as amount from shop.orders) as q where amount = 5

-- an error through columns of a union
select amount from (select amount from shop.orders union all select note from shop.orders) as q where amount = 5

-- an error through a calculation of a total function
select length(note) * 9223372036854775807 from shop.orders where region = 'APAC'

-- an error through a text that grows
select repeat(note, 1000000000) from shop.orders where region = 'APAC'

-- a query of total functions alone
select lower(note) as n, count(*) as c, max(length(note)) as l from shop.orders where contains(note, 's') or region = 'APAC' group by 1

-- an error beside what no row fulfils, in a sum
select sum(case when amount > 1000 and cast(note as int) > 0 then 1 end) from shop.orders

-- an error beside what no row fulfils, behind an alias of a derived table
select sum(case when amount > 1000 and b then 1 end) from (select amount, cast(note as int) = 5 as b from shop.orders) as q

-- an error in a sum over groups of which none is left
select sum(cast(note as int)) from shop.orders having max(amount) > 1000

-- an error in a condition by its alias
select cast(note as int) = 5 as b, count(*) from shop.orders where amount > 1000 and b group by b

-- an overflow in a sum over a join without a partner
select c.customer, sum(o.amount * 9223372036854775807) from shop.orders o join shop.customers c on c.customer = o.customer and o.region = 'APAC' group by 1

-- an error in a key of groups
select cast(note as int) as n, count(*) from shop.orders where region = 'APAC' group by n

-- the engine's own barrier
select sum(__internal_barrier(amount)) from shop.orders

-- what the engine knows of all rows, told by its wrong guess of a sum over an outer join
select o.region, sum(o.amount) as n from shop.orders o left join shop.customers c on c.customer = o.customer and c.customer > 99999 group by o.region order by o.region

-- the same in a condition on the sum
select sum(o.amount) as n from shop.orders o left join shop.customers c on c.customer = o.customer and c.customer > 99999 having sum(o.amount) > 60

-- the same of a sum of constants, which no column's statistics are needed for
select sum(case when c.customer > 0 then 1 else 0 end) > 3 as b from shop.customers c left join shop.orders o on o.customer = c.customer and o.amount > 210

-- the same by the name of a method
select c.customer.sum() > 9 as b from shop.customers c left join shop.orders o on o.customer = c.customer and o.amount > 210

-- a LIMIT that the engine leaves out since it takes an outer join for empty
select c.name from shop.customers c left join shop.orders o on o.customer = c.customer and o.amount > 210 limit 2

-- an EXISTS that it takes for false
select count(*) from shop.customers where exists (select 1 from shop.customers c left join shop.orders o on o.customer = c.customer and o.amount > 210)

-- a sum over an outer join whose column is called by it
select * from (select sum(columns('amount')) from (select o.amount from shop.orders o left join shop.customers c on c.customer = o.customer and c.customer > 99999)) as q(n) where n > 1100

-- the same of a PIVOT of what WITH names
with v as (select o.region, o.amount from shop.orders o left join shop.customers c on c.customer = o.customer and c.customer > 99999) select "EU" > 1100 as b from (pivot v on region in ('EU', 'US') using sum(amount)) as q

-- an error on filtered-out rows through a column that the engine numbers
select id, 1.5::double as note_1 from (select id, note, note from shop.orders) as q where note_1 > 3 order by id limit 2

-- a plain condition that filtered-out rows alone meet, beside one that raises
select id from shop.orders where amount > 196 and 1 / (amount - 5) > 0

-- a plain condition that filtered-out rows alone meet, where another relation raises
select * from shop.customers where cast(name as int) in (select customer from shop.orders where amount between 190 and 230 and 1 / (customer - 9) < 0)
