# The runs of one side ($name, $kind, $group) -> one object.
def median: sort | if length % 2 == 1 then .[(length - 1) / 2]
    else (.[length / 2 - 1] + .[length / 2]) / 2 end;

. as $runs
| {"label": $name, kind: $kind, group: $group, runs: map(.value), median: (map(.value) | median)}
+ (map(.memory_mib // empty) | if length > 0 then {memory_mib: max} else {} end)
+ (map(.inner // {} | keys) | add | unique
    | map({key: ., value: (. as $key | $runs | map(.inner[$key] // empty) | median)})
    | from_entries | if length > 0 then {inner: .} else {} end)
+ (map(.command // empty) | if length > 0 then {command: .[0]} else {} end)
