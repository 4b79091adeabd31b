-- PIVOT with IN
pivot orders on region in ('EU', 'US') using sum(amount)

-- PIVOT grouped
pivot orders on region in ('EU', 'US') using sum(amount) group by customer

-- PIVOT with several aggregates
pivot orders on region in ('EU', 'US') using sum(amount) as total, count(*) as n group by customer

-- PIVOT of a subquery
pivot (select region, customer, amount from orders where is_gift) on region in ('EU', 'US') using sum(amount)

-- PIVOT on an expression
pivot orders on (amount > 50) in (true, false) using count(*) group by customer

-- PIVOT of a CTE
with t as (select region, amount from orders) pivot t on region in ('EU', 'US') using sum(amount)

-- PIVOT as a subquery
select * from (pivot orders on region in ('EU', 'US') using sum(amount) group by customer) as p where p.customer > 2

-- standard PIVOT
select * from (select customer, region, amount from orders) pivot (sum(amount) for region in ('EU', 'US'))

-- standard PIVOT grouped
select * from orders pivot (sum(amount) for region in ('EU', 'US') group by customer)

-- standard PIVOT with an alias
select p.customer, p."EU" from orders pivot (sum(amount) for region in ('EU', 'US') group by customer) as p

-- standard PIVOT with several aggregates
select * from orders pivot (sum(amount) as s, max(id) as m for region in ('EU', 'US') group by customer)

-- standard PIVOT on two columns
select * from orders pivot (sum(amount) for region in ('EU', 'US') is_gift in (true, false) group by customer)

-- UNPIVOT
unpivot quarters on q1, q2, q3, q4 into name quarter value sales

-- UNPIVOT of COLUMNS
unpivot quarters on columns('q.*') into name quarter value sales

-- UNPIVOT of COLUMNS with EXCLUDE
unpivot quarters on columns(* exclude (area)) into name quarter value sales

-- UNPIVOT without names
unpivot quarters on q1, q2

-- UNPIVOT with aliases
unpivot quarters on q1 as first, q2 as second into name quarter value sales

-- UNPIVOT of expressions
unpivot quarters on (q1 * 2)::varchar as double_q1, q2::varchar into name n value v

-- UNPIVOT of groups
unpivot quarters on (q1, q2) as early, (q3, q4) as late into name half value a, b

-- UNPIVOT of a subquery
unpivot (select area, q1, q2 from quarters) on q1, q2 into name n value v

-- standard UNPIVOT
select * from quarters unpivot (sales for quarter in (q1, q2, q3, q4))

-- standard UNPIVOT including nulls
select * from quarters unpivot include nulls (sales for quarter in (q1, q3))

-- standard UNPIVOT of COLUMNS
select * from quarters unpivot (sales for quarter in (columns('q.*')))

-- standard UNPIVOT with an alias
select u.quarter, sum(u.sales) from quarters unpivot (sales for quarter in (q1, q2)) as u group by 1

-- UNPIVOT as a subquery
select quarter, avg(sales) from (unpivot quarters on q1, q2 into name quarter value sales) group by quarter

-- UNPIVOT of a CTE
with t as (select area, q1, q2 from quarters) unpivot t on q1, q2 into name n value v

-- PIVOT with names
select * from orders pivot (max(id) for region in ('EU' as europe, 'US' as america) group by customer)

-- PIVOT with ORDER BY and LIMIT
select * from (pivot orders on region in ('EU', 'US') using sum(amount) group by customer) order by customer limit 3

-- PIVOT of a qualified dataset
pivot shop.orders on region in ('EU') using count(*)

-- PIVOT joined
select c.name, p."EU" from (pivot orders on region in ('EU') using sum(amount) group by customer) p join customers c using (customer)

-- PIVOT of an unpivoted relation
pivot (unpivot quarters on q1, q2 into name quarter value sales) on quarter in ('q1', 'q2') using sum(sales) group by area

-- UNPIVOT with WHERE around it
select * from (unpivot quarters on columns(* exclude area) into name quarter value sales) where sales > 30
