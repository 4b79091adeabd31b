-- inner join
select o.id, c.name from orders o join customers c on o.customer = c.customer

-- inner join written in full
select o.id, c.name from orders o inner join customers c on o.customer = c.customer and c.name <> 'bob'

-- USING
select customer, name, id from orders join customers using (customer)

-- left join
select c.name, o.id from customers c left join orders o on o.customer = c.customer and o.amount > 90

-- left outer join
select c.name, o.id from customers c left outer join orders o using (customer)

-- right join
select c.name, o.id from orders o right join customers c using (customer)

-- full join
select c.name, o.id from orders o full outer join customers c on o.customer = c.customer + 1

-- cross join
select c.name, q.area from customers c cross join quarters q

-- comma join
select count(*) from customers c, quarters q where c.customer = q.q1 / 10

-- natural join
select customer, name, id from orders natural join customers

-- semi join
select name from customers c semi join orders o on o.customer = c.customer and o.is_gift

-- semi join USING
select name from customers semi join orders using (customer)

-- anti join
select name from customers c anti join orders o on o.customer = c.customer

-- anti join USING
select name from customers anti join orders using (customer)

-- asof join
select o.id, r.rate from orders o asof join rates r on o.customer = r.customer and o.sold_at >= r.quoted_at

-- asof left join
select o.id, r.rate from orders o asof left join rates r on o.customer = r.customer and o.sold_at >= r.quoted_at

-- asof join USING
select o.id, r.rate from (select id, customer, sold_at as quoted_at from orders) o asof join rates r using (customer, quoted_at)

-- positional join
select a.area, b.nr from (select area from quarters order by area) a positional join (select nr from "Lab"."Größen" order by nr limit 3) b

-- lateral join
select c.name, t.total from customers c, lateral (select sum(amount) as total from orders o where o.customer = c.customer) t

-- left lateral join
select c.name, t.id from customers c left join lateral (select id from orders o where o.customer = c.customer order by id limit 1) t on true

-- lateral join to an unnested list
select id, t.tag from orders, unnest(tags) as t(tag)

-- lateral without the word
select c.name, t.total from customers c, (select sum(amount) as total from orders o where o.customer = c.customer) t

-- self join
select a.id, b.id from orders a join orders b on a.id = b.id + 1

-- join of subqueries
select x.n, y.m from (select customer, count(*) n from orders group by 1) x join (select customer, max(id) m from orders group by 1) y using (customer)

-- join with an inequality
select count(*) from orders a join orders b on a.amount < b.amount and a.region = b.region

-- join in parentheses
select o.id from (orders o join customers c using (customer)) join rates r using (customer) where r.rate < 13

-- join chain
select count(*) from orders o join customers c using (customer) left join rates r on r.customer = c.customer

-- join with two columns in USING
select count(*) from orders a join orders b using (customer, region)

-- join on an expression
select count(*) from orders o join customers c on o.customer % 3 = c.customer % 3

-- full join USING merges the column
select customer, c.name, r.rate from customers c full join rates r using (customer)

-- join with a table function
select o.id, g.i from orders o join range(3) as g(i) on g.i = o.customer

-- cross join of generated rows
select count(*) from orders, generate_series(1, 3) as g(i)

-- joined relations by the dataset's name
select orders.id, customers.name from orders, customers where orders.customer = customers.customer

-- joined relations by database and dataset
select shop.orders.id, shop.customers.name from shop.orders join shop.customers on shop.orders.customer = shop.customers.customer

-- join ON TRUE
select count(*) from quarters join customers on true
