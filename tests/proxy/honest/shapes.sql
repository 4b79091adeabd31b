-- EXCLUDE
select * exclude (note) from orders

-- EXCLUDE without parentheses
select * exclude note from orders

-- EXCLUDE of several
select o.* exclude (id, tags) from orders o

-- EXCLUDE of a qualified column
select * exclude (c.customer) from orders o join customers c on o.customer = c.customer

-- REPLACE
select * replace (amount * 2 as amount) from orders

-- REPLACE of several
select * replace (upper(region) as region, id + 1 as id) from orders

-- RENAME
select * rename (amount as total) from orders

-- EXCLUDE and REPLACE
select * exclude (note) replace (id * 2 as id) from orders

-- EXCLUDE and RENAME
select * exclude (note) rename (amount as total) from orders

-- star LIKE
select * like 'q%' from quarters

-- star NOT LIKE
select * not like 'q%' from quarters

-- star ILIKE
select * ilike 'Q%' from quarters

-- star SIMILAR TO
select * similar to 'q[12]' from quarters

-- star GLOB
select * glob 'q*' from quarters

-- COLUMNS by pattern
select columns('q[0-9]') from quarters

-- COLUMNS of all
select columns(*) from quarters

-- COLUMNS by list
select columns(['q1', 'q3']) from quarters

-- COLUMNS by lambda
select columns(lambda c: c like 'q%') from quarters

-- COLUMNS in an aggregate
select min(columns(*)), max(columns('q.*')) from quarters

-- COLUMNS in an expression
select columns('q[12]') * 10 + 1 from quarters

-- COLUMNS twice
select columns('q1') + columns('q1') from quarters

-- COLUMNS in WHERE
select area from quarters where columns('q[123]') > 10

-- COLUMNS with EXCLUDE
select columns(* exclude (area)) + 1 from quarters

-- COLUMNS with REPLACE
select columns(* replace (q1 * 2 as q1)) from quarters

-- COLUMNS renamed by pattern
select columns('(q)([0-9])') as 'quarter_\2' from quarters

-- COLUMNS unpacked
select coalesce(*columns('q[34]')) as c from quarters

-- COLUMNS in ORDER BY
select area from quarters order by columns('q[12]') desc

-- COUNT of COLUMNS
select count(columns(*)) from quarters

-- star in a struct
select struct_pack(*columns('q[12]')) as s from quarters

-- star with a qualified REPLACE
select q.* replace (0 as q1) from quarters q

-- star in a function
select greatest(*columns('q.*')) as g from quarters
