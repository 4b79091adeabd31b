-- PIVOT on a hidden column
pivot shop.orders on card in ('x') using count(*)

-- PIVOT of a hidden column
pivot shop.orders on region in ('EU', 'APAC') using max(card)

-- PIVOT grouped by a hidden column
pivot shop.orders on region in ('EU') using count(*) group by card

-- PIVOT on filtered-out values
pivot shop.orders on region in ('EU', 'US', 'APAC') using count(*), min(note), max(note)

-- PIVOT of an unseen dataset
pivot lab.results on result in ('x') using count(*)

-- PIVOT that raises on filtered-out rows
pivot shop.orders on region in ('EU', 'APAC') using sum(1 / (case when region = 'APAC' then 0 else 1 end))

-- PIVOT on an expression that raises on filtered-out rows
pivot shop.orders on cast(case when region = 'APAC' then note else '1' end as int) in (1) using count(*)

-- PIVOT without values
pivot shop.orders on note using count(*)

-- PIVOT with a query for values
select * from shop.orders pivot (count(*) for note in (select result from lab.results))

-- PIVOT with a query in its aggregate
pivot shop.orders on region in ('EU') using sum((select max(id) from lab.results))

-- PIVOT over a type of the engine
pivot shop.orders on note in results using count(*)

-- the name of a column of PIVOT
pivot shop.orders on region in ('EU', 'US') using max(id + 1), min(amount + (id * 2)) group by customer

-- standard PIVOT with a hidden column
select * from shop.orders pivot (max(card) for region in ('EU'))

-- PIVOT with an alias that is SQL
select * from shop.orders pivot (max(id) for region in ('EU' as "x) , (select card")) as "p"") --"

-- UNPIVOT of every column
unpivot (select columns(*)::varchar from shop.orders) on columns(*) into name n value v

-- UNPIVOT of a hidden column
unpivot shop.orders on card, note into name n value v

-- UNPIVOT by a pattern that a hidden column has
unpivot shop.orders on columns('c.rd|note') into name n value v

-- UNPIVOT of an unseen dataset
unpivot lab.results on result into name n value v

-- UNPIVOT that casts filtered-out values
unpivot (select id, note::int as n, amount from shop.orders) on n, amount into name a value b

-- UNPIVOT with names that are SQL
unpivot shop.orders on id into name "n, (select card" value "v"

-- standard UNPIVOT including nulls
select * from shop.orders unpivot include nulls (v for n in (phone, note, email))

-- PIVOT of a physical relation
pivot v_0000000000000000 on a in (1) using count(*)
