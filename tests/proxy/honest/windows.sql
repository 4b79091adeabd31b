-- row numbers
select id, row_number() over (order by amount, id) from orders

-- ranks
select id, rank() over (partition by region order by amount), dense_rank() over (order by amount), percent_rank() over (order by amount), cume_dist() over (order by amount), ntile(4) over (order by amount, id) from orders

-- neighbours
select id, lag(id) over (order by id), lead(id, 2) over (order by id), lag(id, 1, -1) over (order by id), lead(id, 1, 0) over (partition by region order by id) from orders

-- first last nth
select id, first_value(id) over w, last_value(id) over w, nth_value(id, 2) over w from orders window w as (partition by region order by id)

-- ignoring nulls
select id, last_value(note ignore nulls) over (order by id), first_value(note respect nulls) over (order by id), lag(note ignore nulls) over (order by id) from orders

-- running sums
select id, sum(amount) over (order by id rows unbounded preceding) from orders

-- rows between
select id, sum(amount) over (order by id rows between 2 preceding and 1 following), avg(amount) over (order by id rows between unbounded preceding and unbounded following) from orders

-- range between
select id, sum(amount) over (order by amount range between 5 preceding and 5 following) from orders

-- range between intervals
select id, count(*) over (order by sold_at range between interval 1 day preceding and current row) from orders

-- groups between
select id, sum(amount) over (order by customer groups between 1 preceding and current row) from orders

-- excluding frames
select id, sum(amount) over (order by id rows between 1 preceding and 1 following exclude current row), count(*) over (order by customer groups between 1 preceding and 1 following exclude group), count(*) over (order by customer rows between 1 preceding and 1 following exclude ties), count(*) over (order by id rows between current row and 1 following exclude no others) from orders

-- named windows
select id, sum(amount) over w, count(*) over (w rows between 1 preceding and current row) from orders window w as (partition by region order by id)

-- several named windows
select id, rank() over a, rank() over b from orders window a as (order by amount), b as (partition by region order by amount desc)

-- QUALIFY
select id, region from orders qualify row_number() over (partition by region order by amount desc, id) <= 2

-- QUALIFY by an alias
select id, region, row_number() over (partition by region order by id) as n from orders qualify n = 1

-- QUALIFY with WHERE and GROUP BY
select customer, sum(amount) as total from orders where not is_gift group by customer qualify rank() over (order by total desc) <= 3

-- window over an aggregate
select region, sum(amount), sum(sum(amount)) over () from orders group by region

-- window in an expression
select id, amount * 100.0 / sum(amount) over (partition by region) from orders

-- window over everything
select id, count(*) over (), max(amount) over () from orders

-- filtered window
select id, count(*) filter (where is_gift) over (partition by region) from orders

-- distinct window
select id, count(distinct region) over (partition by customer) from orders

-- ordered argument in a window
select id, list(id order by id desc) over (partition by customer) from orders

-- ordered ranks
select id, rank(order by amount) over (partition by region order by id) from orders

-- windows in ORDER BY
select id from orders order by row_number() over (order by amount, id) limit 5

-- quantile as a window
select id, median(amount) over (partition by region), quantile_cont(amount, 0.5) over (order by id rows between 3 preceding and current row) from orders

-- arg_max as a window
select id, arg_max(id, amount * 100 + id) over (partition by region) from orders

-- fill in gaps
select id, fill(amount) over (order by id) from orders
