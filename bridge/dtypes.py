"""What becomes what in R: every type of a column that is known here, and what is done with it.

======================  ================  =======================  =================================
pandas, NumPy           polars            Arrow                    R
======================  ================  =======================  =================================
bool, boolean           Boolean           bool                     logical
int8, int16, int32,     Int8, Int16,      int8, int16, int32,      integer; double where one needs
int64, uint8, uint16,   Int32, Int64,     int64, uint8, uint16,    more than 32 bits; beyond 2**53,
uint32, uint64, Int8,   UInt8, UInt16,    uint32, uint64           where doubles have gaps: refused
Int16, Int32, Int64,    UInt32, UInt64
UInt8, UInt16, UInt32,
UInt64
float16, float32,       Float16,          halffloat, float,        double; infinities are refused
float64, Float32,       Float32, Float64  double
Float64
str, string             String            string, large_string,    factor, its levels by code point
                                          string_view
-                       Categorical       -                        factor, its levels by code point
                                                                   (their order means nothing)
category                Enum              dictionary               factor with these levels in this
                                                                   order: text, bools, numbers or
                                                                   intervals; others are refused
object                  -                 -                        by its cells: all text, all bools
                                                                   or all numbers, as above; mixed
                                                                   or others: refused (so are lists
                                                                   and tuples read)
-                       Null              null                     logical, each cell NA
datetime64, period      Datetime, Date,   timestamp, date32,       refused: an instant has no unit
                        Time              date64, time32, time64
timedelta64             Duration          duration,                refused: a duration has no unit
                                          month_day_nano_interval
float128, float96       Decimal, Int128,  decimal32, decimal64,    refused: more digits than a
                        UInt128           decimal128, decimal256   double
complex64, complex128,  -                 -                        refused
complex256
Sparse                  -                 -                        refused
interval                -                 -                        refused
bytes, void             Binary, List,     binary, large_binary,    refused
                        Array, Struct,    list, large_list,
                        Map, Object       fixed_size_list,
                                          struct, map
======================  ================  =======================  =================================

A type that is not in this table is refused by its name. pandas' Arrow-backed types are Arrow's, and
any other library's columns are taken as the pandas columns that narwhals makes of them.

Missing values are None, NA, null and NaN, all of them, and become R's NA: R's models make no
difference between them. R drops the rows that miss a value, and a fit knows which.

Factors have treatment contrasts, whether ordered or not, with the first level as the reference. All
levels travel, and R drops those that no row has: lm, lmer and glmer fit neither a coefficient nor a
random effect to them. The level of a number is its shortest exact text: 2 is "2", and so is 2.0.
Levels by code point are in the same order whatever the locale: capitals first, accents last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Library = Literal["pandas", "polars", "arrow"]
Family = Literal[
    "truth", "whole", "real", "text", "labels", "category", "objects", "nothing", "refused"
]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with some types.

    Attributes
    ----------
    family
        Which encoder takes them.
    becomes
        What they are in R, or that they are refused.
    pandas, polars, arrow
        The names of the types in each library, without their parameters.
    cure
        What to do about a refusal.
    """

    family: Family
    becomes: str
    pandas: tuple[str, ...] = ()
    polars: tuple[str, ...] = ()
    arrow: tuple[str, ...] = ()
    cure: str = ""


_INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
_NULLABLE = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")
ANY_CURE = "Make it numbers, text or a category first."

RULES = (
    Rule("truth", "logical", ("bool", "boolean"), ("Boolean",), ("bool",)),
    Rule(
        "whole",
        "integer; double where one needs more than 32 bits; beyond 2**53, where doubles have "
        "gaps: refused",
        _INTEGERS + _NULLABLE,
        _NULLABLE,
        _INTEGERS,
    ),
    Rule(
        "real",
        "double; infinities are refused",
        ("float16", "float32", "float64", "Float32", "Float64"),
        ("Float16", "Float32", "Float64"),
        ("halffloat", "float", "double"),
    ),
    Rule(
        "text",
        "factor, its levels by code point",
        ("str", "string"),
        ("String",),
        ("string", "large_string", "string_view"),
    ),
    Rule(
        "labels",
        "factor, its levels by code point (their order means nothing)",
        polars=("Categorical",),
    ),
    Rule(
        "category",
        "factor with these levels in this order: text, bools, numbers or intervals; others are "
        "refused",
        ("category",),
        ("Enum",),
        ("dictionary",),
    ),
    Rule(
        "objects",
        "by its cells: all text, all bools or all numbers, as above; mixed or others: refused "
        "(so are lists and tuples read)",
        ("object",),
    ),
    Rule("nothing", "logical, each cell NA", polars=("Null",), arrow=("null",)),
    Rule(
        "refused",
        "refused: an instant has no unit",
        ("datetime64", "period"),
        ("Datetime", "Date", "Time"),
        ("timestamp", "date32", "date64", "time32", "time64"),
        cure="Make it a number first, as seconds or days since a date that you choose.",
    ),
    Rule(
        "refused",
        "refused: a duration has no unit",
        ("timedelta64",),
        ("Duration",),
        ("duration", "month_day_nano_interval"),
        cure="Make it a number first, as its seconds: column.dt.total_seconds().",
    ),
    Rule(
        "refused",
        "refused: more digits than a double",
        ("float128", "float96"),
        ("Decimal", "Int128", "UInt128"),
        ("decimal32", "decimal64", "decimal128", "decimal256"),
        cure="Make it float64 first, as column.astype('float64') or column.cast(pl.Float64).",
    ),
    Rule(
        "refused",
        "refused",
        ("complex64", "complex128", "complex256"),
        cure="Use its real and imaginary parts as two columns.",
    ),
    Rule(
        "refused",
        "refused",
        ("Sparse",),
        cure="Make it dense first: column.sparse.to_dense().",
    ),
    Rule(
        "refused",
        "refused",
        ("interval",),
        cure="Make it a category first: column.astype('category').",
    ),
    Rule(
        "refused",
        "refused",
        ("bytes", "void"),
        ("Binary", "List", "Array", "Struct", "Map", "Object"),
        ("binary", "large_binary", "list", "large_list", "fixed_size_list", "struct", "map"),
        cure=ANY_CURE,
    ),
)

_BY_NAME = {
    "pandas": {name: rule for rule in RULES for name in rule.pandas},
    "polars": {name: rule for rule in RULES for name in rule.polars},
    "arrow": {name: rule for rule in RULES for name in rule.arrow},
}
_UNKNOWN = Rule("refused", "refused", cure=ANY_CURE)


def find_rule(library: Library, name: str) -> Rule:
    """Return what is done with the type `name` of `library`; an unknown one is refused."""
    return _BY_NAME[library].get(name, _UNKNOWN)
