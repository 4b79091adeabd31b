-- reserved words as names
select "order", "Group", "from" from "Select"

-- quoted dataset in another case
select "ORDER" from "SELECT"

-- unquoted names in another case
SELECT ID, Region FROM ORDERS WHERE AMOUNT > 50

-- names with blanks
select "my col" + 1 as "my sum" from "Select" where "my col" > 1

-- unicode names
select "ä", "Größe" from "Select"

-- unicode names unquoted
select ä, größe from "Select"

-- dataset and database in unicode
select nr, "MaßStab" from "Lab"."Größen"

-- database in another case
select nr from lab.größen

-- qualified by a quoted dataset
select "Select"."order" from "Select"

-- qualified by database and dataset
select shop.orders.id, orders.region from shop.orders

-- qualified in another case
select Shop.Orders.ID from SHOP.ORDERS

-- qualified by an alias in another case
select O.id from orders o where o.ID < 10

-- alias in quotes
select "My O".id from orders as "My O"

-- alias that is a reserved word
select "select".id from orders as "select"

-- alias of a column that is a reserved word
select id as "where", region as "from" from orders

-- alias without AS that is a word
select id value, region kind from orders

-- alias as text
select id as 'the id' from orders

-- alias that hides a column
select amount as id, id as amount from orders

-- alias that hides a column in ORDER BY
select -id as id from orders order by id limit 3

-- alias that a column wins over in WHERE
select -id as amount from orders where amount > 50

-- alias that a column wins over in GROUP BY
select amount + 1 as region, count(*) from orders group by region, amount

-- CTE that hides a dataset
with customers as (select 1 as customer, 'only' as name) select name from customers

-- CTE that hides a dataset but for its full name
with customers as (select 1 as n) select c.name, n from customers, shop.customers c

-- CTE in quotes
with "My CTE" as (select id from orders) select count(*) from "my cte"

-- CTE named like a column
with region as (select region from orders) select region.region from region

-- CTE that shows only later ones
with a as (select customer from customers), customers as (select customer * 10 as customer from a) select max(customer) from customers

-- inner CTE hides the outer
with t as (select 1 as x) select * from (with t as (select 2 as x) select x from t)

-- correlated name from the outer scope
select c.name from customers c where 90 < (select max(amount) from orders where customer = c.customer)

-- inner column wins over the outer
select c.customer from customers c where exists (select 1 from orders where customer = 3)

-- three scopes deep
select c.name from customers c where exists (select 1 from orders o where o.customer = c.customer and exists (select 1 from rates r where r.customer = c.customer and r.rate > o.amount / 8))

-- same alias in sibling subqueries
select (select max(t.id) from orders t) as a, (select max(t.customer) from customers t) as b

-- column alias list
select a, b from orders as t(a, b, c, d, e, f, g, h, i, j, k)

-- column alias list shorter than the columns
select a, region from orders as t(a)

-- column alias list swaps names
select id, customer from orders as t(customer, id)

-- USING column unqualified and qualified
select customer, o.customer, c.customer from orders o join customers c using (customer)

-- alias of a join
select j.id from (orders join customers using (customer)) as j

-- struct field or qualified column
select address.city from customers

-- alias named like a struct column
select address.customer from customers address

-- rowid is not there unless the dataset bears it
select "order" as rowid from "Select"

-- column named like a function
select count, max from (select 1 as count, 2 as max)

-- column named like a type
select "date", "integer" from (select 1 as "date", 2 as "integer")

-- lateral column aliases
select id as a, a + 1 as b, b * 2 as c from orders

-- lateral alias behind a column of the same name
select customer + 100 as id, id as again from orders

-- double quotes in names
select 1 as "a""b", id from orders

-- HAVING by an alias named like a column
select region, sum(amount) as amount from orders group by region having sum(amount) > 10

-- ORDER BY a column that is not shown
select region from orders order by id limit 4

-- ORDER BY an alias in another case
select amount * 2 as Twice from orders order by TWICE, id limit 4

-- window named like a column
select id, sum(amount) over region from orders window region as (partition by region)

-- lambda parameter named like a column
select list_transform([1, 2], lambda id: id + 1) from orders

-- comprehension named like a column
select [id + 1 for id in [1, 2]] from orders

-- dataset named like its alias elsewhere
select rates.id, r.rate from orders rates, rates r where rates.customer = r.customer and rates.id < 5

-- whole row of an alias named like a column
select region from orders region where region.id < 3
