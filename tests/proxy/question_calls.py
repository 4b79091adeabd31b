"""Every function of the allow-list by what it takes, so that random questions call each of them.

In a line of SCALARS stand the kind of what comes out, the arguments and the functions that take them. In a line of SUMS
`a` is a value of any kind, `w` and `x` are numbers and `t` is a truth, all of them columns of the relation summed up.
What would hang on the order of rows is asked with an order, and of a sum whose last digits or ties would, only whether
it is NULL.
"""

from collections.abc import Iterator


def _calls(text: str) -> Iterator[tuple[str, str]]:
    """Each call of a table with the kind of its value: `number | {text} | ascii unicode` are two."""
    for line in text.strip().splitlines():
        kind, arguments, names = (part.strip() for part in line.split(" | "))
        for name in names.split():
            yield kind, f"{name}({arguments})"


SCALARS = tuple(
    _calls(
        """
number | {double} | acos acosh asin asinh atan atanh cbrt ceil ceiling
number | {double} | cos cosh cot degrees even exp floor gamma lgamma ln
number | {double} | log log10 log2 radians round sign sin sinh sqrt tan tanh trunc abs
number | {number} | abs ceil floor round sign trunc even
number | {double}, {double} | atan2 fdiv fmod log pow power nextafter
number | {number}, {number} | add subtract multiply divide mod least greatest
number | {whole}, {whole} | xor gcd greatest_common_divisor lcm least_common_multiple
number | {number}, 2 | round trunc
number | {double}, 2 | round_even roundbankers
number | {whole} | bit_count factorial
number |  | pi
boolean | {double} | isfinite isinf isnan signbit
boolean | {date} | isfinite isinf
number | {text} | ascii bit_length char_length character_length len length length_grapheme ord strlen unicode
number | {text} | md5_number parse_formatted_bytes
number | {text}, {text} | instr strpos levenshtein editdist3 damerau_levenshtein jaccard jaro_similarity
number | {text}, {text} | jaro_winkler_similarity hamming mismatches
number | {any} | hash
number | {blob} | octet_length
number | {bits} | bit_count
number | {bits}, 1 | get_bit
number | '1', {bits} | bit_position
text | {bits}, 1, 0 | set_bit
text | {number} | format_bytes formatreadabledecimalsize formatreadablesize
text | {whole} | bin to_binary hex to_hex chr
text | {text} | lcase lower ltrim md5 nfc_normalize parse_dirname
text | {text} | parse_dirpath parse_filename reverse rtrim sha1 sha256
text | {text} | strip_accents trim ucase upper url_decode url_encode hex to_hex bin to_binary regexp_escape
text | {text}, {text} | concat ltrim rtrim trim parse_filename
text | {text}, {number}, {date} | concat
text | ',', {text}, {text} | concat_ws
text | {text}, {text}, {text} | replace translate
text | {text}, {whole} | left right left_grapheme right_grapheme
text | {text}, 2, {whole} | substr substring substring_grapheme
text | {text}, 5, {text} | lpad rpad
text | {text}, 3 | repeat
text | {text}, ',', {whole} | split_part
text | {text}, {text}, 2 | overlay
text | '{}', {any} | format
text | '%d', {whole} | printf
text | '%s-%s', {text}, {text} | printf
text | {whole}, 7 | to_base
text | {number}, 0, 10, 5 | bar
text | {blob} | base64 to_base64 decode hex
text | {text}, '(a)(.)?', 1 | regexp_extract
text | {text}, {text} | regexp_extract
text | {text}, {text}, {text} | regexp_replace
text | {any} | typeof pg_typeof
boolean | {text}, {text} | contains starts_with ends_with prefix suffix regexp_matches regexp_full_match
boolean | {text}, {text}, '$' | like_escape not_like_escape ilike_escape not_ilike_escape
list | {text}, {text} | split string_split str_split string_split_regex str_split_regex regexp_split_to_array
list | {text}, {text} | regexp_extract_all
list | {text}, ',' | string_to_array
list | {text} | parse_path
blob | {text} | encode from_hex unhex from_binary unbin from_base64
bits | {text}, 8 | bitstring
number | {date} | century day dayofmonth dayofweek dayofyear decade era isodow isoyear julian microsecond millennium
number | {date} | millisecond minute month quarter second week weekday weekofyear year yearweek epoch hour
number | {timestamp} | century day days_in_month epoch epoch_ms epoch_ns
number | {timestamp} | epoch_us hour julian millisecond minute nanosecond
number | {timestamp} | second week year timezone_hour timezone_minute timezone
number | {interval} | epoch year month day hour
number | 'month', {date}, {date} | date_diff datediff date_sub datesub
number | 'hour', {timestamp}, {timestamp} | date_diff datediff date_sub datesub
number | 'doy', {date} | date_part datepart
number | 'epoch', {timestamp} | date_part datepart
text | {date} | dayname monthname
text | {timestamp}, '%d.%m.%Y, %H' | strftime
text | {date}, {text} | strftime
date | {timestamp} | last_day
date | {whole}, 2, 29 | make_date
date | 2020, {whole}, {whole} | make_date
date | {date}, {interval} | date_add
timestamp | 'month', {date} | date_trunc datetrunc
timestamp | 'hour', {timestamp} | date_trunc datetrunc
timestamp | {timestamp}, {interval} | date_add
timestamp | 2020, 1, {whole}, 1, 1, {double} | make_timestamp
timestamp | {whole} | make_timestamp make_timestamp_ms make_timestamp_ns epoch_ms
timestamp | {double} | to_timestamp
timestamp | {interval}, {timestamp} | time_bucket
timestamp | {text}, {text} | strptime try_strptime
timestamp | 'Europe/Paris', {timestamp} | timezone
time | {whole}, 5, {double} | make_time
interval | {whole} | to_centuries to_days to_decades to_hours
interval | {whole} | to_microseconds to_millennia to_minutes to_months to_quarters
interval | {whole} | to_weeks to_years
interval | {double} | to_milliseconds to_seconds
interval | {timestamp}, {timestamp} | age
interval | {interval} | normalized_interval
list | {list}, {text} | array_append list_append array_push_back
list | {text}, {list} | array_prepend list_prepend
list | {list}, {text} | array_push_front
list | {list}, {list} | array_cat array_concat list_cat list_concat list_intersect array_intersect
list | {list} | list_distinct array_distinct list_reverse array_reverse list_sort array_sort list_reverse_sort
list | {list} | array_reverse_sort array_pop_back array_pop_front
list | {list}, {whole}, {whole} | list_slice array_slice
list | {list}, 3 | list_resize array_resize
list | {list}, [1, 2] | list_select array_select
list | {list}, [true, false] | list_where array_where
list | {list}, lambda x: x || 'a' | list_transform list_apply apply array_transform array_apply
list | {list}, lambda x: x > 'b' | list_filter array_filter filter
list | [{list}, {list}] | flatten
list | {text}, {text} | list_value array_value list_pack
text | {list}, {whole} | list_extract array_extract list_element element_at
other | {list} | list_first list_last list_any_value list_max list_min
text | {list} | list_string_agg
text | {list}, lambda x, y: x || y | list_reduce array_reduce reduce
text | {list}, ',' | array_to_string
number | {list} | len length array_length cardinality list_count list_unique array_unique list_approx_count_distinct
number | {list}, {text} | list_position array_position list_indexof array_indexof
number | {numbers} | list_sum list_avg list_product list_median list_min
number | {numbers} | list_max list_mode list_count list_mad list_entropy
number | {numbers} | list_kurtosis list_kurtosis_pop list_skewness
number | {numbers} | list_sem list_stddev_pop list_stddev_samp list_var_pop
number | {numbers} | list_var_samp
number | {wholes} | list_bit_and list_bit_or list_bit_xor list_sum
number | {vector}, {vector} | list_cosine_distance list_cosine_similarity
number | {vector}, {vector} | list_distance list_dot_product list_inner_product
number | {vector}, {vector} | list_negative_dot_product list_negative_inner_product
number | {array}, {array} | array_cosine_distance array_cosine_similarity
number | {array}, {array} | array_distance array_dot_product array_inner_product
number | {array}, {array} | array_negative_dot_product array_negative_inner_product
numbers | {array}, {array} | array_cross_product
numbers | {numbers} | list_grade_up array_grade_up grade_up list_sort list_distinct
boolean | {truths} | list_bool_and list_bool_or
boolean | {list}, {text} | list_contains list_has array_contains array_has
boolean | {list}, {list} | list_has_all list_has_any array_has_all array_has_any
other | {list}, {list} | list_zip array_zip
other | {list} | list_histogram list_mode
other | {double}, {double}, 4, true | equi_width_bins
map | {list} | list_histogram
map | {list}, {numbers} | map
map | [({text}, {number}), ('z', 2)] | map_from_entries
map | {map}, {map} | map_concat
number | {map} | cardinality
list | {map} | map_keys
numbers | {map} | map_values
other | {map} | map_entries
other | {map}, {text} | map_extract element_at
number | {map}, {text} | map_extract_value
boolean | {map}, {text} | map_contains
boolean | {map}, {text}, {number} | map_contains_entry
boolean | {map}, {number} | map_contains_value
other | row({text}, {number}), row({number}) | struct_concat
boolean | row({text}, 'b'), {text} | struct_contains struct_has
number | row({text}, 'b'), {text} | struct_position struct_indexof
text | {struct}, 'city' | struct_extract
number | {struct}, 'n' | struct_extract
list | {struct} | struct_keys
other | {struct} | struct_values row_to_json
struct | city := {text}, n := {whole} | struct_pack
other | {struct}, z := {date} | struct_insert
other | {struct}, n := {number} | struct_update
other | {text}, {number} | row
other | {tagged} | union_tag
number | {tagged}, 'num' | union_extract
tagged | num := {number} | union_value
other | {any} | to_json json_quote
text | [{text}, {text}] | array_to_json
json | {text} | json
json | {any} | to_json
json | {text}, {number} | json_array
json | 'k', {text}, 'n', {number} | json_object
json | {json}, {json} | json_merge_patch
json | {json} | json_normalize json_strip_nulls json_structure
json | {json}, '$.a' | json_extract json_extract_path json_remove
json | {json}, {text} | json_extract
json | {json}, '$.n', {number} | json_set json_insert json_replace
text | {json}, '$.a' | json_extract_string json_extract_path_text json_type json_value json_keys
text | {json} | json_pretty json_type json_keys
number | {json} | json_array_length
boolean | {json}, '$.a' | json_exists
boolean | {json}, {json} | json_contains
boolean | {text} | json_valid
other | {json}, '{"a":"INTEGER"}' | from_json from_json_strict json_transform json_transform_strict
number | {number}, {number} | coalesce ifnull nullif
text | {text}, {text} | coalesce ifnull nullif
date | {date}, {date} | coalesce ifnull nullif least greatest
number | {boolean}, {number}, {number} | if
text | {boolean}, {text}, {text} | if
number | {number}, {number} | constant_or_null
number | {number} | try
text | {text} | try
number | CAST({text} AS INTEGER) | try
"""
    )
)
"""Calls of functions that take one row, each with the kind of its value."""

SUMS = tuple(
    _calls(
        """
    kept | a | max min count approx_count_distinct json_group_structure
    null | a | any_value mode json_group_array
    kept | a ORDER BY a | any_value first last list array_agg arbitrary
    kept | a::VARCHAR, ',' ORDER BY a | string_agg group_concat listagg
    null | 'k', a | json_group_object
    kept | a | histogram
    null | a, 2 | approx_top_k
    kept | a, a | arg_max min_by
    kept | a, a, 2 | arg_max min_by
    kept | w | bit_and bit_or bit_xor sum sum_no_overflow
    null | w | avg mean median mode favg fsum kahan_sum
    null | w | sumkahan product stddev stddev_pop stddev_samp var_pop var_samp
    null | w | variance sem skewness kurtosis kurtosis_pop entropy mad geomean geometric_mean
    kept | w, -3, 9 | bitstring_agg
    null | w, 0.5 | quantile_cont quantile_disc quantile approx_quantile
    kept | w, [1, 3] | histogram_exact histogram
    null | w, x | corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx
    null | w, x | regr_sxy regr_syy wavg weighted_avg
    kept | w, w | arg_max arg_max_null arg_min arg_min_null argmax argmin max_by min_by
    kept | w, 2 | max min
    kept | t | count_if countif bool_and bool_or
    kept |  | count
        """
    )
)
"""Calls of aggregates over columns `a`, `w`, `x` and `t`; of the `null` ones only whether they are that."""
