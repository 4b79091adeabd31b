"""The functions a person may call, as data: every name stands under the reason why it is safe.

A function is listed only when it is built in, reads nothing but its arguments, and gives the same answer
for the same arguments. Everything that tells the time, draws random numbers, reads files, settings, metadata or
query text, runs SQL or sleeps is absent, and so is whatever nobody has looked at: unknown means refused.
`list_aggregate` and its aliases are absent because they take a function's name as text.
"""

from collections.abc import Mapping
from types import MappingProxyType

_AGGREGATES = """
    any_value approx_count_distinct approx_quantile arg_max arg_min array_agg avg bit_and bit_or bit_xor bool_and
    bool_or corr count count_if count_star covar_pop covar_samp entropy favg first fsum geomean geometric_mean
    group_concat histogram kahan_sum kurtosis kurtosis_pop last list listagg mad max max_by mean median min min_by
    mode product quantile quantile_cont quantile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope
    regr_sxx regr_sxy regr_syy sem skewness stddev stddev_pop stddev_samp string_agg sum sum_no_overflow sumkahan
    var_pop var_samp variance json_group_array json_group_object
"""
_WINDOWS = """
    cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank rank_dense row_number
"""
_NUMBERS = """
    abs acos add asin atan atan2 cbrt ceil ceiling cos cosh cot degrees divide even exp factorial floor fmod gamma gcd
    greatest greatest_common_divisor isfinite isinf isnan lcm least least_common_multiple lgamma ln log log10 log2 mod
    multiply pi pow power radians round round_even sign signbit sin sinh sqrt subtract tan tanh trunc xor bit_count
"""
_TEXT = """
    array_to_string ascii base64 bin bit_length char_length character_length chr concat concat_ws contains
    damerau_levenshtein decode editdist3 encode ends_with format from_base64 from_hex hamming hash hex ilike_escape
    instr jaccard lcase left left_grapheme len length levenshtein like_escape lower lpad ltrim md5 nfc_normalize
    not_ilike_escape not_like_escape octet_length ord position prefix printf regexp_escape regexp_extract
    regexp_extract_all regexp_full_match regexp_matches regexp_replace regexp_split_to_array repeat replace reverse
    right right_grapheme rpad rtrim sha1 sha256 split split_part starts_with str_split str_split_regex string_split
    string_split_regex string_to_array strip_accents strlen strpos substr substring substring_grapheme suffix to_base64
    to_hex translate trim ucase unbin unhex unicode upper url_decode url_encode
"""
_TIME = """
    century date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth
    dayofweek dayofyear decade epoch epoch_ms epoch_ns epoch_us era hour isodow isoyear julian last_day make_date
    make_time make_timestamp microsecond millennium millisecond minute month monthname quarter second strftime strptime
    time_bucket timezone to_days to_hours to_microseconds to_milliseconds to_minutes to_months to_seconds to_timestamp
    to_weeks to_years try_strptime week weekday weekofyear year yearweek
"""
_NESTED = """
    apply array_append array_apply array_cat array_concat array_contains array_distinct array_extract array_filter
    array_has array_has_all array_has_any array_indexof array_intersect array_length array_position array_prepend
    array_reduce array_reverse array_reverse_sort array_slice array_sort array_transform array_unique array_value
    array_zip cardinality element_at filter flatten generate_series list_any_value list_append list_apply list_avg
    list_cat list_concat list_contains list_count list_distinct list_element list_extract list_filter list_first
    list_has list_has_all list_has_any list_indexof list_intersect list_last list_max list_min list_position
    list_prepend list_reduce list_reverse list_reverse_sort list_slice list_sort list_sum list_transform list_unique
    list_value list_zip map map_concat map_contains map_entries map_extract map_from_entries map_keys map_values range
    reduce row struct_concat struct_extract struct_insert struct_pack unnest
"""
_JSON = """
    array_to_json json_array json_array_length json_contains json_exists json_extract json_extract_path
    json_extract_path_text json_extract_string json_keys json_merge_patch json_object json_quote json_type json_valid
    json_value row_to_json to_json
"""
_CHOICES = """
    coalesce constant_or_null if ifnull nullif typeof
"""

FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {
        name: reason
        for reason, names in (
            ("aggregates the governed rows", _AGGREGATES),
            ("ranks the governed rows", _WINDOWS),
            ("calculates with numbers", _NUMBERS),
            ("works on text", _TEXT),
            ("works on dates and times given to it", _TIME),
            ("works on lists, structs and maps", _NESTED),
            ("works on JSON", _JSON),
            ("chooses between its arguments", _CHOICES),
        )
        for name in names.split()
    }
)
"""Every function a person may call, by DuckDB's lower-case name, with the reason it is safe."""

OPERATORS = frozenset("+ - * / // % ** ^ || & | << >> ~ ~~ !~~ ~~* !~~* ~~~ ^@ @> <@ && -> ->> @ !".split())
"""What the engine's parser calls an operator's function."""

TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})
"""Functions that may stand where a dataset stands."""

VALUE_NAMES = frozenset(
    """
    current_catalog current_date current_role current_schema current_time current_timestamp current_user localtime
    localtimestamp session_user user
    """.split()
)
"""Names, quoted ones too, that the engine takes for a call of a function where no column bears them."""
