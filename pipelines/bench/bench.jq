# Results of works, $description, names of works that failed -> bench.json.
{title: "Benchmarks"} + $description[0]
+ {
    roof_gflops: (map(.roof // empty) | group_by(.precision)
        | map({key: .[0].precision, value: (map(.roof_gflops) | max)}) | from_entries),
    works: map(select(.ours)),
    scaling: (map(.scaling // empty) | add // []),
    failed: $ARGS.positional
  }
