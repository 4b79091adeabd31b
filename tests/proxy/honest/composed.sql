-- UNION
select region from orders union select name from customers

-- UNION ALL
select customer from orders union all select customer from customers

-- INTERSECT and EXCEPT
select customer from customers except select customer from orders intersect select customer from rates

-- INTERSECT ALL
select customer from orders intersect all select customer from rates

-- EXCEPT ALL
select customer from rates except all select customer from customers

-- UNION BY NAME
select customer, name from customers union by name select id, customer from orders

-- UNION ALL BY NAME
select customer, rate from rates union all by name select name, customer from customers

-- set operations with ORDER BY and LIMIT
select id from orders union select customer from customers order by 1 desc limit 5

-- set operations in parentheses
(select id from orders order by id limit 2) union all (select id from orders order by id desc limit 2)

-- set operation as a relation
select count(*), max(c) from (select customer as c from orders union all select customer from customers)

-- set operations of three
select 1 as x union all select 2 union all select 3

-- VALUES and SELECT united
select customer from customers union all values (100), (200)

-- CTE
with big as (select * from orders where amount > 50) select region, count(*) from big group by region

-- several CTEs
with a as (select id from orders), b as (select id from a where id > 20) select count(*) from b

-- CTE with column names
with t(k, n) as (select customer, count(*) from orders group by 1) select k from t where n > 5

-- CTE used twice
with t as (select customer, count(*) as n from orders group by 1) select a.customer from t a join t b on a.n = b.n and a.customer < b.customer

-- CTE materialized
with t as materialized (select id from orders) select count(*) from t

-- CTE not materialized
with t as not materialized (select id from orders) select count(*) from t

-- CTE within a CTE
with a as (with b as (select id from orders) select id + 1 as n from b) select max(n) from a

-- CTE within a subquery
select * from (with b as (select id from orders) select max(id) as m from b)

-- CTE named like a dataset
with orders as (select 1 as only) select * from orders

-- CTE named like the dataset it reads
with orders as (select id from shop.orders where id < 10) select * from orders

-- CTE in another case
with Recent as (select id from orders) select count(*) from RECENT

-- CTE before a set operation
with t as (select id from orders) select id from t where id < 5 union all select -id from t where id < 3

-- recursive numbers
with recursive n(i) as (select 1 union all select i + 1 from n where i < 10) select sum(i) from n

-- recursive without repeats
with recursive n(i) as (select 1 union select (i * 2) % 11 from n) select i from n

-- recursive over a dataset
with recursive chain as (select id, customer, 1 as depth from orders where id = 1 union all select o.id, o.customer, c.depth + 1 from orders o join chain c on o.id = c.id + 4 where c.depth < 5) select * from chain

-- recursive with a key
with recursive t(a, b) using key (a) as (select 1, 3 union select 1, b + 1 from t where b < 5) select * from t

-- scalar subquery
select id, amount - (select avg(amount) from orders) from orders

-- correlated scalar subquery
select c.name, (select count(*) from orders o where o.customer = c.customer) from customers c

-- correlated by the dataset's name
select name, (select max(id) from orders where orders.customer = customers.customer) from customers

-- EXISTS
select name from customers c where exists (select 1 from orders o where o.customer = c.customer and o.is_gift)

-- NOT EXISTS
select name from customers c where not exists (from orders o where o.customer = c.customer)

-- IN a subquery
select name from customers where customer in (select customer from orders where amount > 90)

-- NOT IN a subquery
select name from customers where customer not in (select customer from orders)

-- row IN a subquery
select id from orders where (customer, region) in (select customer, 'EU' from customers)

-- comparison with ANY
select name from customers where customer = any (select customer from rates)

-- comparison with ALL
select id from orders where amount >= all (select amount from orders)

-- comparison with SOME
select id from orders where amount < some (select customer from customers)

-- ANY of a list
select id from orders where customer = any ([1, 3])

-- subquery in FROM with columns named
select t.a from (select id, region from orders) as t(a, b)

-- subquery in a CASE
select case when (select count(*) from orders) > 3 then 'many' else 'few' end

-- subquery in HAVING
select customer from orders group by customer having count(*) > (select count(*) / 8 from orders)

-- subquery in ORDER BY
select id from orders o order by (select c.name from customers c where c.customer = o.customer), id limit 4

-- subquery as a list
select array(select id from orders order by id limit 3) as ids

-- correlated list
select c.name, array(select id from orders o where o.customer = c.customer order by id) as ids from customers c

-- deeply nested subqueries
select * from (select * from (select * from (select id from orders) where id > 5) where id > 6) where id < 20

-- subquery with an alias equal to a column
select amount.id from orders amount where amount.id < 5

-- a table alias equal to another dataset
select customers.id from orders customers where customers.id < 5

-- alias equal to a dataset's name in two scopes
select o.id, (select count(*) from customers o where o.customer = 1) from orders o where o.id < 5

-- the same name in several scopes
select t.id from (select t.id from (select id from orders t) t) t
