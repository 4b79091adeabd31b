-- a type's name that is SQL
select cast(id as "INT), (select card from shop.orders") from shop.orders

-- a unit that is SQL
select date_trunc('day'', now()), (select 1', at) from shop.orders

-- a date part that is SQL
select date_part('day FROM at), (SELECT 1) AS x, extract(day', at) from shop.orders

-- an interval's unit that is SQL
select interval '1' "day) union select (card" from shop.orders

-- a collation that is SQL
select note collate "x; select 1" from shop.orders

-- an alias that closes the subquery
select * from shop.orders as "o"") , lab.results --"

-- an alias that is the physical name of a view
select * from shop.orders as "v_0000000000000000"

-- a comment that goes on
select id /* */ from shop.orders -- */ , lab.results

-- a nested comment
select id /* /* */ from lab.results */ from shop.orders

-- a dollar-quoted string
select $$'; select card from shop.orders; --$$ from shop.orders

-- an escaped string
select E'\'; select 1 --' from shop.orders

-- a unicode escape
select U&"c\0061rd" from shop.orders

-- a zero-width space between words
select id​from​lab.results

-- a NUL in a name
select "id " from shop.orders

-- an operator of a schema
select id operator(pg_catalog.+) 1 from shop.orders

-- a named argument that is SQL
select struct_pack("a := 1), (select card" := 1) from shop.orders

-- a macro as a method
select id.read_text() from shop.orders

-- a function of a schema
select main.current_setting('threads')

-- a function in quotes
select "read_text"('x')

-- a placeholder with a name
select $card from shop.orders

-- a slice with SQL in it
select note[1:(select card from shop.orders limit 1)] from shop.orders

-- a frame with a subquery
select sum(id) over (order by id rows between (select card from shop.orders) preceding and current row) from shop.orders

-- a pivot
pivot shop.orders on region using sum(amount)

-- a pivot over rows that were filtered
select * from (pivot shop.orders on region using count(*))

-- an unpivot
unpivot shop.orders on card into name k value v

-- a description
describe shop.orders

-- a summary
summarize shop.orders

-- an explanation of the engine's
explain analyze select * from shop.orders

-- a prepared statement
prepare p as select card from shop.orders

-- a time travel
select * from shop.orders at (version => 1)

-- a lock
select * from shop.orders for update

-- a table made from an answer
select * into copy from shop.orders

-- a macro made and called
create macro m() as (select card from shop.orders)

-- a lambda that shadows
select list_transform([1], lambda card: card) from shop.orders

-- a hidden column in a lambda
select list_transform([1], lambda x: card) from shop.orders

-- a hidden column in a comprehension
select [card for x in [1]] from shop.orders
