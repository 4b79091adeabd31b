"""The functions a person may call, as data: every name stands under the reason why it is safe.

A function is listed only when it is built in, reads nothing but its arguments, and gives the same answer
for the same arguments. Everything that tells the time, draws random numbers, reads files, settings, metadata or
query text, runs SQL or sleeps is absent, and so is whatever nobody has looked at: unknown means refused.
`list_aggregate` and its aliases are absent because they take a function's name as text.
"""

from collections.abc import Mapping
from types import MappingProxyType

_AGGREGATES = """
    any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null arg_min arg_min_null
    argmax argmin array_agg avg bit_and bit_or bit_xor bitstring_agg bool_and bool_or corr count count_if count_star
    countif covar_pop covar_samp entropy favg first fsum geomean geometric_mean group_concat grouping grouping_id
    histogram histogram_exact json_group_array json_group_object kahan_sum kurtosis kurtosis_pop last list listagg
    mad max max_by mean median min min_by mode product quantile quantile_cont quantile_disc regr_avgx regr_avgy
    regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy sem skewness stddev stddev_pop
    stddev_samp string_agg sum sum_no_overflow sumkahan var_pop var_samp variance wavg weighted_avg
"""
_WINDOWS = """
    cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank rank_dense
    row_number
"""
_NUMBERS = """
    abs acos acosh add asin asinh atan atan2 atanh bit_count cbrt ceil ceiling cos cosh cot degrees divide
    equi_width_bins even exp factorial fdiv floor fmod gamma gcd greatest greatest_common_divisor isfinite isinf
    isnan lcm least least_common_multiple lgamma ln log log10 log2 mod multiply nextafter pi pow power radians round
    round_even roundbankers sign signbit sin sinh sqrt subtract tan tanh trunc xor
"""
_TEXT = """
    array_to_string ascii bar base64 bin bit_length bit_position bitstring char_length character_length chr concat
    concat_ws contains damerau_levenshtein decode editdist3 encode ends_with format format_bytes
    formatreadabledecimalsize formatreadablesize from_base64 from_binary from_hex get_bit hamming hash hex
    ilike_escape instr jaccard jaro_similarity jaro_winkler_similarity lcase left left_grapheme len length
    length_grapheme levenshtein like_escape lower lpad ltrim md5 md5_number mismatches nfc_normalize
    not_ilike_escape not_like_escape octet_length ord overlay parse_dirname parse_dirpath parse_filename
    parse_formatted_bytes parse_path position prefix printf regexp_escape regexp_extract regexp_extract_all
    regexp_full_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table repeat replace
    reverse right right_grapheme rpad rtrim set_bit sha1 sha256 split split_part starts_with str_split
    str_split_regex string_split string_split_regex string_to_array strip_accents strlen strpos substr substring
    substring_grapheme suffix to_base to_base64 to_binary to_hex translate trim ucase unbin unhex unicode upper
    url_decode url_encode
"""
_TIME = """
    age century date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname
    dayofmonth dayofweek dayofyear days_in_month decade epoch epoch_ms epoch_ns epoch_us era hour isodow isoyear
    julian last_day make_date make_time make_timestamp make_timestamp_ms make_timestamp_ns microsecond millennium
    millisecond minute month monthname nanosecond normalized_interval quarter second strftime strptime time_bucket
    timezone timezone_hour timezone_minute to_centuries to_days to_decades to_hours to_microseconds to_millennia
    to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years try_strptime week
    weekday weekofyear year yearweek
"""
_NESTED = """
    apply array_append array_apply array_cat array_concat array_contains array_cosine_distance
    array_cosine_similarity array_cross_product array_distance array_distinct array_dot_product array_extract
    array_filter array_grade_up array_has array_has_all array_has_any array_indexof array_inner_product
    array_intersect array_length array_negative_dot_product array_negative_inner_product array_pop_back
    array_pop_front array_position array_prepend array_push_back array_push_front array_reduce array_resize
    array_reverse array_reverse_sort array_select array_slice array_sort array_transform array_unique array_value
    array_where array_zip cardinality element_at filter flatten generate_series generate_subscripts grade_up
    list_any_value list_append list_apply list_approx_count_distinct list_avg list_bit_and list_bit_or list_bit_xor
    list_bool_and list_bool_or list_cat list_concat list_contains list_cosine_distance list_cosine_similarity
    list_count list_distance list_distinct list_dot_product list_element list_entropy list_extract list_filter
    list_first list_grade_up list_has list_has_all list_has_any list_histogram list_indexof list_inner_product
    list_intersect list_kurtosis list_kurtosis_pop list_last list_mad list_max list_median list_min list_mode
    list_negative_dot_product list_negative_inner_product list_pack list_position list_prepend list_product
    list_reduce list_resize list_reverse list_reverse_sort list_select list_sem list_skewness list_slice list_sort
    list_stddev_pop list_stddev_samp list_string_agg list_sum list_transform list_unique list_value list_var_pop
    list_var_samp list_where list_zip map map_concat map_contains map_contains_entry map_contains_value map_entries
    map_extract map_extract_value map_from_entries map_keys map_values range reduce row struct_concat
    struct_contains struct_extract struct_has struct_indexof struct_insert struct_keys struct_pack struct_position
    struct_update struct_values union_extract union_tag union_value unnest
"""
_JSON = """
    array_to_json from_json from_json_strict json json_array json_array_length json_contains json_exists
    json_extract json_extract_path json_extract_path_text json_extract_string json_group_structure json_insert
    json_keys json_merge_patch json_normalize json_object json_pretty json_quote json_remove json_replace json_set
    json_strip_nulls json_structure json_transform json_transform_strict json_type json_valid json_value row_to_json
    to_json
"""
_CHOICES = """
    coalesce constant_or_null if ifnull nullif pg_typeof try typeof
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

WITH_SYNTAX = frozenset(
    """
    any_value avg coalesce count extract first_value generate_series if ifnull lag last_value lead map max min nth_value
    overlay position range replace row struct_pack substring sum trim unnest
    """.split()
)
"""Functions whose call has a syntax of its own, or that other files know by it; the parser knows them by name."""

FEWEST_ARGUMENTS: Mapping[str, int] = MappingProxyType({"age": 2})
"""Functions that would ask the clock for the arguments they are not given."""

_TIME_INSTEAD = "pass the time as a parameter"
_CHANCE_INSTEAD = "random values are not available; sample on your side"
_BY_NAME_INSTEAD = "call `list_sum`, `list_max` and the like by their own names"

FUNCTION_INSTEAD: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            "ago current_localtime current_localtimestamp get_current_time now today".split(), _TIME_INSTEAD
        ),
        **dict.fromkeys("get_current_timestamp transaction_timestamp".split(), _TIME_INSTEAD),
        **dict.fromkeys("gen_random_uuid random setseed uuid uuidv4 uuidv7".split(), _CHANCE_INSTEAD),
        **dict.fromkeys("array_aggr array_aggregate list_aggr list_aggregate".split(), _BY_NAME_INSTEAD),
    }
)
"""What works instead of some functions that people try."""
