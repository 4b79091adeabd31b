-- a hidden field by name
select contact.card from shop.clients

-- a hidden field of a dataset called by name
select c.contact.card from shop.clients c

-- a hidden field in brackets
select contact['card'] from shop.clients

-- a hidden field by function
select struct_extract(contact, 'card') from shop.clients

-- a hidden field by position in the struct
select struct_extract(contact, 3) from shop.clients

-- a hidden field in a condition
select id from shop.clients where contact.card like '4%'

-- a hidden field in a list
select visits[1].card from shop.clients

-- a hidden field of every item
select list_transform(visits, lambda v: v.card) from shop.clients

-- a hidden field of items filtered
select list_filter(visits, lambda v: v.card like '4%') from shop.clients

-- a hidden field by comprehension
select [v.card for v in visits] from shop.clients

-- a hidden field of unnested items
select v.card from (select unnest(visits) as v from shop.clients)

-- every field unnested
select unnest(visits, recursive := true) from shop.clients

-- the fields of a struct as columns
select unnest(contact) from shop.clients

-- a struct star
select contact.* from shop.clients

-- a struct star without a hidden field
select contact.* exclude (card) from shop.clients

-- a struct as JSON
select to_json(contact), to_json(visits), to_json(cards) from shop.clients

-- the names in a struct
select json_keys(to_json(contact)), typeof(contact), typeof(visits), typeof(cards) from shop.clients

-- a struct as text
select contact::varchar, visits::varchar, cards::varchar from shop.clients

-- a struct cast to one with the hidden field
select contact::struct(city varchar, phone varchar, card varchar) from shop.clients

-- the whole row with its structs
select c from shop.clients c

-- a hidden field of a map's values
select cards['first'].card from shop.clients

-- a hidden field of a map's entries
select map_entries(cards), map_values(cards) from shop.clients

-- structs compared as a whole
select id from shop.clients where contact = {'city': 'city 1', 'phone': '+X XXX XXXX', 'card': '41111'}

-- structs in order
select id from shop.clients order by contact, visits limit 3

-- structs grouped
select contact, count(*) from shop.clients group by contact

-- structs joined
select count(*) from shop.clients a join shop.clients b on a.contact = b.contact

-- a masked field's raw length
select length(contact.phone) from shop.clients

-- a raw field guessed behind a mask
select count(*) from shop.clients where contact.phone = '+1 555 0100'

-- an error on filtered-out rows through a field
select id from shop.clients where cast(contact.city as int) = 1

-- a field compared as the column of its name would be
select c.id from shop.clients c join shop.customers u on c.customer = u.customer where visits.note = 5 or phone = 'x'

-- an error on filtered-out rows through a field of a struct under another name
select id, 1.5::double as city from (select id, contact as c from shop.clients) as q where c.city > 3 order by id limit 2
