# Metrics of a run with --profile-stages, and its messages ($log) -> achieved GFLOP/s, of the whole
# step and of its matrix products alone, the highest, and the seconds of each stage; null if the tool
# did not say.
def number($pattern): [$log | match($pattern; "gi").captures[0].string | tonumber] | last;

(map(.gflops // empty) | sort | .[length / 2 | floor]) as $achieved
| (number("all products ([0-9.]+)") // null) as $products
| (number("roof[^0-9\n]*([0-9.]+)") // null) as $roof
| (map(.stages // empty)
    | map(to_entries) | add // [] | group_by(.key)
    | map({key: .[0].key, value: (map(.value) | add)}) | from_entries) as $stages
| if $achieved and $roof
  then {precision: $precision, gflops: $achieved, roof_gflops: $roof,
        fraction: ($achieved / $roof), products_gflops: $products,
        products_fraction: ($products / $roof), stages: $stages}
  else null end
