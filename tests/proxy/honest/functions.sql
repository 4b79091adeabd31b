-- text functions
select upper(region), lower(region), length(note), trim('  a '), ltrim('xxa', 'x'), rtrim('a  '), reverse(region), repeat(region, 2), left(note, 3), right(note, 2), substr(note, 2, 3), substring(note from 2 for 3), position('o' in note), strpos(note, 'o'), instr(note, 't') from orders

-- padding and replacing
select lpad(region, 5, '*'), rpad(region, 5, '.'), replace(note, 'Note', 'n'), translate(note, 'abc', 'xyz'), overlay('abcdef' placing 'X' from 2 for 3) from orders

-- splitting and joining
select split_part(note, ',', 1), string_split(note, ' '), str_split(note, ','), concat('a', region, 1), concat_ws('-', region, note, id), array_to_string(['a', 'b'], '/') from orders

-- splitting by pattern
select regexp_split_to_array(note, '[ ,]+'), string_split_regex(note, ' '), regexp_split_to_table(note, ' ') from orders where id = 1

-- beginnings and ends
select starts_with(note, 'Note'), ends_with(note, 'a'), prefix(note, 'N'), suffix(note, 'b'), contains(note, '1'), note ^@ 'No' from orders

-- regular expressions
select regexp_matches(note, '[0-9]'), regexp_full_match(region, '[A-Z]+'), regexp_extract(note, '([0-9])', 1), regexp_extract_all(note, '[a-z]'), regexp_replace(note, '[0-9]', '#'), regexp_replace(note, '[a-z]', '', 'g') from orders

-- regular expressions with groups
select regexp_extract(note, '(\w+) (\d)', ['word', 'digit']), regexp_replace(note, '(\w+) (\d)', '\2 \1') from orders

-- regular expressions ignoring case
select regexp_matches(note, 'NOTE', 'i'), regexp_replace(note, 'NOTE', 'x', 'i') from orders

-- formats
select format('{} of {}', id, region), format('{:05d}', id), format('{:.2f}', price::double), printf('%d %s', id, region), printf('%05.1f', amount::double) from orders

-- codes of characters
select ascii(region), chr(65 + id % 26), unicode(region), ord(region), hex(region), unhex('4142'), to_base64(encode(region)), from_base64('QUI='), bin(id), to_hex(id), md5(region), sha256(region) from orders

-- distances of text
select levenshtein(region, 'EX'), hamming(region, 'US'), jaccard(region, 'EU'), damerau_levenshtein(region, 'UE'), jaro_similarity('abc', 'abd') > 0.5, jaro_winkler_similarity('abc', 'abd') > 0.5 from orders

-- unicode text
select length('Zoë'), strlen('Zoë'), bit_length('ë'), upper('zoë'), strip_accents(name), length_grapheme('ë'), nfc_normalize(name), lcase(name), ucase(name) from customers

-- bar and formatting
select bar(amount, 0, 100, 10), format_bytes(amount * 1000), formatReadableSize(amount * 1000), formatReadableDecimalSize(amount * 1000) from orders

-- encoding of addresses
select url_encode('a b&c'), url_decode('a%20b'), parse_filename('/a/b.csv'), parse_path('/a/b.csv'), parse_dirname('/a/b.csv'), parse_dirpath('/a/b.csv')

-- blobs
select encode(region), decode(encode(region)), octet_length(encode(region)), '\xAA'::blob from orders

-- concat operator with numbers
select region || id || amount from orders

-- trim variants
select trim(both 'x' from 'xxaxx'), trim(leading 'x' from 'xxa'), trim(trailing 'x' from 'axx'), trim('xax', 'x')

-- numbers
select abs(-id), sign(id - 5), ceil(price), floor(price), round(price, 1), trunc(price), sqrt(amount), cbrt(27.0), pow(id, 2), exp(1.0), ln(amount + 1), log(10.0), log2(8), log10(100), pi(), mod(id, 3), gcd(id, 12), lcm(4, 6), factorial(5), even(2.3), greatest(id, 5, customer), least(id, 5) from orders

-- more numbers
select ceiling(1.5), round_even(2.5, 0), fmod(7.5, 2), fdiv(7, 2), add(1, 2), subtract(3, 1), multiply(2, 3), divide(7, 2), power(2, 8), bit_count(7), nextafter(1.0::double, 2.0::double) > 1, isnan('nan'::double), isinf('inf'::double), isfinite(1.0), signbit(-1.0)

-- trigonometry
select round(sin(1), 6), round(cos(1), 6), round(tan(1), 6), round(cot(1), 6), round(asin(0.5), 6), round(acos(0.5), 6), round(atan(1), 6), round(atan2(1, 2), 6), round(degrees(1), 6), round(radians(180), 6), round(sinh(1), 6), round(cosh(1), 6), round(tanh(1), 6), round(asinh(1), 6), round(acosh(2), 6), round(atanh(0.5), 6), round(gamma(5.5), 6), round(lgamma(5.5), 6)

-- buckets of width
select equi_width_bins(0, 100, 5, true), amount // 10 * 10 from orders

-- decimals
select price * 2, price + 0.05, price / 3, 0.1 + 0.2, 1.10::decimal(5, 2), round(price) from orders

-- huge numbers
select 9223372036854775807::hugeint + id, 12345678901234567890123, 255::utinyint, 1::uhugeint from orders

-- date parts
select year(day), month(day), day(day), dayofweek(day), isodow(day), week(day), quarter(day), dayofyear(day), hour(sold_at), minute(sold_at), second(sold_at), monthname(day), dayname(day), yearweek(day), weekofyear(day), century(day), decade(day), era(day), isoyear(day) from orders

-- extract
select extract(year from day), extract('month' from sold_at), extract(dow from day), extract(epoch from sold_at), date_part('hour', sold_at), date_part(['year', 'month'], day), extract(isodow from day), extract(hour from sold_at) from orders

-- truncation
select date_trunc('week', sold_at), date_trunc('quarter', day), datetrunc('year', day), date_trunc('hour', sold_at), date_trunc('decade', sold_at) from orders

-- differences of dates
select date_diff('day', day, date '2026-03-01'), datediff('month', day, date '2026-03-01'), date_sub('hour', sold_at, timestamp '2026-02-01'), age(date '2026-03-01'::timestamp, day::timestamp), day - date '2026-01-01', sold_at - timestamp '2026-01-01' from orders

-- calculating with dates
select day + 3, day - 1, day + interval 1 month, sold_at + interval '2 hours', sold_at - interval (id) minutes, date_add(day, interval 1 year), day + to_days(id), sold_at + to_hours(2), last_day(day) from orders

-- intervals
select interval 1 year, interval '1 day 2 hours', interval '3' months, interval (1 + 2) days, to_years(2), to_months(3), to_seconds(4.5), to_milliseconds(3), to_weeks(1), to_minutes(2), to_quarters(1), to_decades(1), to_centuries(1), to_microseconds(7)

-- intervals as long as a query says
select interval ((select 3)) day as three, interval ((select count(*) from customers)) hour, day + interval ((select 2)) month as later from orders

-- dates made and read
select make_date(2026, 1, 2), make_time(1, 2, 3.5), make_timestamp(2026, 1, 2, 3, 4, 5.5), strptime('2026-01-02', '%Y-%m-%d'), strftime(sold_at, '%d/%m/%Y %H'), strftime(day, '%A'), try_strptime('x', '%Y'), '2026-01-02'::date, cast('10:20' as time) from orders

-- dates from numbers
select to_timestamp(0) at time zone 'UTC', epoch_ms(1000), make_timestamp(1000000), epoch(sold_at), epoch_ms(sold_at), epoch_us(sold_at), epoch_ns(sold_at), to_timestamp(1.5) = to_timestamp(1.5), julian(day) from orders

-- several formats
select strptime('2/1/2026', ['%Y-%m-%d', '%d/%m/%Y']), try_strptime('2026', ['%m', '%Y'])

-- buckets of time
select time_bucket(interval 1 week, day), time_bucket(interval 6 hours, sold_at), time_bucket(interval 1 month, day, date '2026-01-05') from orders

-- time zones
select sold_at at time zone 'UTC' at time zone 'Europe/Oslo', timezone('America/New_York', sold_at at time zone 'UTC') from orders

-- special dates
select isinf('infinity'::date), isfinite(day), isinf('-infinity'::timestamp), 'epoch'::timestamp, date 'epoch' from orders

-- comparing dates with text
select id from orders where day >= '2026-01-10' and sold_at < '2026-01-20 12:00:00'

-- time of day
select sold_at::time, sold_at::date, cast(sold_at as time) > time '12:00' from orders

-- hashes
select hash(region) = hash(region), md5_number('a') > 0, sha1('a'), md5('') from orders

-- types told
select typeof(id), typeof(price), typeof(tags), typeof(null), pg_typeof(region) from orders

-- enums cast away
select 'a'::enum('a', 'b')::varchar, region from orders

-- uuid
select '5d0b8c5e-4a5f-4a7e-8d55-0c6e4f3a2b1c'::uuid, uuid '5d0b8c5e-4a5f-4a7e-8d55-0c6e4f3a2b1c' = '5d0b8c5e-4a5f-4a7e-8d55-0c6e4f3a2b1c'

-- bit strings
select '101'::bit, bit_count('101'::bit), get_bit('101'::bit, 0), set_bit('101'::bit, 1, 1), bitstring('1', 4), bit_position('1'::bit, '001'::bit), '101'::bit & '100'::bit

-- error-free choices
select least(id, null), greatest(null, id), coalesce(null, id), nullif(id, 5) from orders

-- aliases of functions
select char_length(region), character_length(region), len(region), substring(region, 1, 1), strip_accents('é'), pow(2, 3), power(2, 3), ceil(1.2), ceiling(1.2), mean(id), stddev_samp(id) > 0, variance(id) > 0 from orders group by region

-- least and greatest of text
select least(region, 'F'), greatest(region, 'F', note) from orders

-- constant_or_null and others
select constant_or_null(1, note), isnan(1.0), if(true, 1, 2), greatest_common_divisor(12, 18), least_common_multiple(4, 6) from orders
