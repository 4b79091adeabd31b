-- the scope of a lookup by name
select "_lookup".region from shop.orders

-- the dataset of a lookup by name
select * from lab.rights

-- a table named like a lookup's scope
select * from "_lookup"

-- a CTE named like a lookup's scope
with "_lookup" as (select 'APAC' as region) select * from shop.orders join "_lookup" using (region)

-- the answer of a lookup by a guessed name
select "_lookup_0000000000000000" from shop.orders

-- every column whose name begins like an answer
select columns('_lookup.*') from shop.orders

-- the raw row
select "_row".card from shop.orders

-- a CTE named like the looked-up dataset
with rights as (select 'ana' as person, 'APAC' as region, 9 as level) select count(*) from shop.orders

-- a join that asks whether a region would be looked up
select r.region, count(o.id) from (values ('APAC'), ('EU')) r(region) left join shop.orders o using (region) group by 1

-- an error in a subquery that is correlated with filtered-out rows
select id from shop.orders o where exists (select 1 from shop.customers c where c.customer = o.customer and 1 / (case when o.region = 'APAC' then 0 else 1 end) > 0)
