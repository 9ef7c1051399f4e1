# Metrics of a run with --profile-stages, and its messages ($log) -> achieved and highest GFLOP/s and
# the seconds of each stage; null if the tool did not say.
# The tool's line names both, as in "310 GFLOP/s, 74 % of the roof of 420 GFLOP/s".
($log | split("\n") | map(select(test("roof"; "i"))) | last // ""
    | [match("([0-9.]+) GFLOP/s"; "g").captures[0].string | tonumber]) as $numbers
| ($numbers | if length > 1 then min else null end) as $achieved
| ($numbers | max) as $roof
| (map(.stages // empty)
    | map(to_entries) | add // [] | group_by(.key)
    | map({key: .[0].key, value: (map(.value) | add)}) | from_entries) as $stages
| if $achieved and $roof
  then {precision: $precision, gflops: $achieved, roof_gflops: $roof,
        fraction: ($achieved / $roof), stages: $stages}
  else null end
