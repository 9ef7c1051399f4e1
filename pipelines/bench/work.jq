# The sides of a work -> the work: our best variant, and the others with ratios above 1 where ours is
# better.
(map(select(.kind == "ours"))
    | if $better == "higher" then max_by(.median) else min_by(.median) end) as $ours
| (map(select(.["label"] != $ours["label"])
    | . + {ratio: (if $better == "higher" then $ours.median / .median
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
