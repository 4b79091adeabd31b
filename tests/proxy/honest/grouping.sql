-- group by one column
select region, count(*), sum(amount), avg(amount), min(id), max(id) from orders group by region

-- group by position
select region, is_gift, count(*) from orders group by 1, 2

-- GROUP BY ALL
select region, is_gift, count(*), sum(price) from orders group by all

-- group by an expression
select date_trunc('month', sold_at), count(*) from orders group by date_trunc('month', sold_at)

-- having
select customer, sum(amount) as total from orders group by customer having sum(amount) > 200

-- having without group by
select count(*) from orders having count(*) > 3

-- grouping sets
select region, is_gift, count(*) from orders group by grouping sets ((region, is_gift), (region), ())

-- cube
select region, is_gift, count(*) from orders group by cube (region, is_gift)

-- rollup
select region, customer, sum(amount) from orders group by rollup (region, customer)

-- grouping and grouping_id
select region, grouping(region), grouping_id(region, is_gift), count(*) from orders group by cube (region, is_gift)

-- several kinds of grouping
select region, is_gift, customer, count(*) from orders group by region, rollup (is_gift, customer)

-- filtered aggregates
select count(*) filter (where is_gift), sum(amount) filter (where region = 'EU') from orders

-- filtered aggregates without WHERE
select count(*) filter (is_gift), max(id) filter (amount > 5) from orders

-- distinct aggregates
select count(distinct region), sum(distinct customer), list_sort(array_agg(distinct region)) from orders

-- ordered aggregates
select string_agg(region, ',' order by id), list(id order by id desc), first(id order by amount desc, id) from orders

-- ordered aggregates with nulls
select array_agg(note order by note nulls first, id) from orders

-- arg_min and arg_max
select arg_max(id, amount * 1000 + id), arg_min(id, amount * 1000 + id), max_by(id, amount * 1000 + id), min_by(region, id) from orders

-- arg_max of several
select arg_max(id, amount * 1000 + id, 3), max(amount, 2), min(id, 2) from orders

-- statistics
select round(stddev(amount), 6), round(var_pop(amount), 6), round(corr(id, amount), 6), round(covar_samp(id, amount), 6), round(skewness(amount), 6), round(kurtosis(amount), 6) from orders

-- regression
select round(regr_slope(amount, id), 6), round(regr_intercept(amount, id), 6), regr_count(amount, id), round(regr_r2(amount, id), 6) from orders

-- median and mode
select median(amount), mode(region) filter (where id > 4), mad(amount), quantile_cont(amount, 0.25), quantile_disc(amount, 0.75) from orders

-- several quantiles
select quantile_cont(amount, [0.25, 0.5, 0.75]), quantile(amount, [0.1, 0.9]) from orders

-- WITHIN GROUP
select percentile_cont(0.5) within group (order by amount), percentile_disc(0.5) within group (order by amount), mode() within group (order by region) from orders

-- approximate quantiles
select approx_quantile(amount, 0.5) > 0, approx_count_distinct(region) from orders

-- bit aggregates
select bit_and(id), bit_or(id), bit_xor(id), bool_and(is_gift), bool_or(is_gift) from orders

-- any_value and first and last
select any_value(region order by id), first(id order by id), last(id order by id), arbitrary(customer order by id) from orders

-- histogram
select histogram(region) from orders

-- product and geomean
select product(customer::double) > 0, round(geomean(customer), 6), favg(amount) = avg(amount), fsum(amount) from orders

-- count_if and count_star
select count_if(amount > 50), countif(is_gift), count_star() from orders

-- listagg and group_concat
select listagg(region, '/' order by id), group_concat(region, ';' order by id) from orders

-- entropy
select round(entropy(region), 6) from orders

-- aggregates of nothing
select sum(amount), count(*), max(id), list(id) from orders where false

-- aggregates of aggregates
select max(n) from (select count(*) as n from orders group by customer)

-- GROUP BY with a CASE
select case when amount > 50 then 'high' else 'low' end as level, count(*) from orders group by level order by level

-- aggregate by struct
select {'r': region, 'g': is_gift} as k, count(*) from orders group by k

-- aggregates over lists
select list_sum(list(amount)), list_max(list(id)), list_avg(list(amount)) from orders

-- max of a struct
select max({'a': amount, 'i': id}) from orders

-- json aggregates
select json_group_array(region) from (select region from orders where id < 9 order by id)

-- json objects aggregated
select json_group_object(id::varchar, region) from orders where id = 1

-- count distinct of several
select count(distinct (region, customer)) from orders

-- sum of a condition
select sum((amount > 50)::int), sum(case when is_gift then 1 else 0 end), avg(if(is_gift, 1, 0)) from orders

-- GROUP BY and ORDER BY an aggregate
select region from orders group by region order by count(*) desc, region

-- a key twice
select max(id) from orders as o group by (select max(amount) from orders), (select MAX(Amount) as m from orders)

-- keys that ask the same, in a cube
select count(*) as n, grouping((select max(id) from orders)) as g from orders
group by cube ((select max(id) from orders), (select max(id) from orders))

-- keys that ask the same, in grouping sets
select region, count(*) from orders as o group by grouping sets (
    (exists (select 1 from customers as c where c.customer = o.customer), region), (region),
    (exists (select 1 from customers as c where c.customer = o.customer)), ())

-- keys that ask for more of the same
select count(*) as n from orders as o
group by (select count(*) from orders), (select count(*) from orders) + (select min(id) from orders), o.region
