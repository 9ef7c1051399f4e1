# The sides of a work, ours first -> the work, with ratios above 1 where ours is better.
.[0] as $ours
| (.[1:] | map(. + {ratio: (if $better == "higher" then $ours.median / .median
                            else .median / $ours.median end)})) as $others
| {
    name: $name, title: $title, unit: $unit, better: $better,
    # Null where there was nothing to check against.
    validation: {passed: (if $checks == [] then null else ($checks | all(.passed)) end), checks: $checks},
    ours: ($ours | del(.group, .kind)),
    # Of the variants of one peer, the one that suits it best counts.
    others: ($others | group_by(.group) | map((min_by(.ratio)["label"]) as $best
        | map(del(.group) + {best: (.["label"] == $best)})) | add // [])
  }
+ (if $roof then {roof: $roof} else {} end)
+ (if $remarks == [] then {} else {remarks: $remarks} end)
