-- list literals and indexes
select [1, 2, 3][2], tags[1], tags[-1], tags[99] from orders

-- slices of lists
select tags[1:2], tags[2:], tags[:2], [1, 2, 3, 4, 5][-2:] from orders

-- slices with steps
select [1, 2, 3, 4, 5][1:5:2], [1, 2, 3, 4][-1:1:-1]

-- slices of text
select note[1:4], region[1], region[-1:] from orders

-- list functions
select len(tags), list_contains(tags, 'new'), list_position(tags, 'big'), list_sort(tags), list_reverse(tags), list_distinct(tags), list_concat(tags, ['x']), list_append(tags, 'y'), list_prepend('z', tags) from orders

-- list functions by another name
select array_length(tags), array_contains(tags, 'odd'), array_sort(tags), array_to_string(tags, '-'), list_has_any(tags, ['new', 'x']), list_has_all(tags, []), array_position(tags, 'odd') from orders

-- sorting lists
select list_sort(tags, 'DESC'), list_sort(tags, 'ASC', 'NULLS FIRST'), list_reverse_sort(tags), list_grade_up(tags) from orders

-- sets of lists
select list_intersect(tags, ['new', 'odd']), list_unique(tags), list_zip(tags, [1, 2]), flatten([tags, ['q']]) from orders

-- lambda functions
select list_transform(tags, lambda t: upper(t)), list_filter(tags, lambda t: t <> 'new'), list_reduce([1, 2, 3], lambda a, b: a + b) from orders

-- lambda with an index
select list_transform(tags, lambda t, i: t || i), list_filter([5, 6, 7], lambda x, i: i > 1) from orders

-- lambda over columns
select id, list_transform([1, 2], lambda x: x + id) from orders

-- nested lambdas
select list_transform([[1, 2], [3]], lambda l: list_transform(l, lambda x: x * 2))

-- reduce with a start
select list_reduce(tags, lambda a, b: a || b, '') from orders

-- lambda by method
select tags.list_filter(lambda t: t <> 'big') from orders

-- list comprehension
select [upper(t) for t in tags] from orders

-- list comprehension with a condition
select [x * 2 for x in [1, 2, 3, 4] if x > 2], [t for t in tags if t <> 'new'] from orders

-- list comprehension with an index
select [x + i for x, i in [10, 20, 30]]

-- list aggregates
select list_sum([1, 2, 3]), list_avg([1, 2]), list_min(tags), list_max(tags), list_count(tags), list_first(tags), list_last(tags), list_any_value(tags), list_median([1, 2, 9]), list_string_agg(tags) from orders

-- ranges as lists
select range(3), range(1, 5), range(1, 10, 3), generate_series(1, 3), generate_series(3, 1, -1)

-- ranges of dates
select range(date '2026-01-01', date '2026-01-04', interval 1 day), generate_series(timestamp '2026-01-01', timestamp '2026-01-02', interval 12 hours)

-- unnest in SELECT
select id, unnest(tags) from orders

-- unnest of two lists
select unnest([1, 2, 3]), unnest(['a', 'b'])

-- unnest of a struct
select unnest(address) from customers

-- unnest recursively
select unnest([{'a': 1, 'b': [1, 2]}, {'a': 2, 'b': [3]}], recursive := true)

-- unnest with depth
select unnest([[1, 2], [3]], max_depth := 2)

-- unnest in FROM
select u.t from orders o, unnest(o.tags) as u(t)

-- unnest with ordinality
select * from unnest(['a', 'b', 'c']) with ordinality as u(word, place)

-- generate_subscripts
select generate_subscripts([10, 20, 30], 1)

-- struct literals
select {'a': id, 'b': region} as s, struct_pack(x := id, y := region) as t, row(id, region) as r from orders

-- struct fields
select address.city, customers.address.street, address['city'] from customers

-- struct fields deep
select s.a.b from (select {'a': {'b': id}} as s from orders)

-- struct functions
select struct_extract(address, 'city'), struct_insert(address, land := 'N'), struct_keys(address) from customers

-- struct star
select address.* from customers

-- struct comparison
select customer from customers where address = {'city': 'Rome', 'street': 'Street 1'}

-- struct in a list
select list_transform([{'a': 1}, {'a': 2}], lambda s: s.a), [{'a': 1}][1].a

-- map literals and access
select scores['math'], map_extract(scores, 'art'), map_keys(scores), map_values(scores), cardinality(scores), element_at(scores, 'math') from customers

-- map built
select map {'a': id, 'b': 2}, map(['x'], [id]), map_from_entries([('k', id)]), map_entries(map {'z': 1}), map_contains(map {'a': 1}, 'a'), map_concat(map {'a': 1}, map {'b': 2}) from orders

-- json arrows
select extra -> 'at', extra ->> 'level', extra -> '$.at.x', extra ->> '$.tags[0]', extra -> 'at' -> 'x' from customers

-- json functions
select json_extract(extra, '$.level'), json_extract_string(extra, '$.tags[1]'), json_type(extra), json_keys(extra), json_valid(extra), json_array_length(extra, '$.tags'), json_exists(extra, '$.at'), json_value(extra, '$.level') from customers

-- json several paths
select json_extract(extra, ['$.level', '$.at.x']), json_extract(extra, '$.tags[*]'), json_extract(extra, '$.tags[#-1]') from customers

-- json made
select to_json(address), json_object('a', customer, 'b', name), json_array(1, 'x', null), row_to_json(address), json_quote(name), array_to_json([1, 2]), json_merge_patch('{"a":1}', '{"b":2}') from customers

-- json cast
select extra::json, (extra::json).level, cast('{"a": [1, 2]}' as json) -> 'a', '[1, 2]'::json::int[] from customers

-- json transformed
select from_json(extra, '{"level": "INTEGER"}'), json_transform(extra, '{"tags": ["VARCHAR"]}'), json_structure(extra) from customers

-- json contains
select json_contains(extra, '{"level": 1}'), json_contains('[1, 2]', '1') from customers

-- json arrow in a condition
select customer from customers where extra ->> '$.level' = '3' or (extra -> 'at' ->> 'x')::int > 12

-- arrays of fixed length
select [1, 2, 3]::integer[3], array_value(1.0, 2.0), array_distance([1, 2]::float[2], [3, 4]::float[2]), array_inner_product([1, 2]::float[2], [3, 4]::float[2])

-- list distances
select list_cosine_similarity([1.0, 2.0], [2.0, 4.0]), list_distance([1.0], [4.0]), list_dot_product([1.0, 2.0], [3.0, 4.0])

-- union values
select union_value(num := 2) as u, union_tag(union_value(num := 2)), union_extract(union_value(num := 2), 'num')

-- dot-call chains
select region.lower().upper(), note.replace('Note', 'N').length(), id.abs() from orders

-- dot-call chain after parentheses
select ('a' || region).lower(), (id + 1).sqrt() from orders

-- list operators
select tags || ['x'], [1, 2] && [2, 3], [1, 2, 3] @> [1], [1] <@ [1, 2] from orders

-- contains in lists
select id from orders where 'new' in tags or contains(tags, 'odd')

-- list_select and list_where
select list_select([10, 20, 30], [1, 3]), list_where([10, 20, 30], [true, false, true]), list_resize([1], 3, 0)
