# A work -> lines for people.
def pad($width): . + " " * ([0, $width - length] | max);
def left($width): " " * ([0, $width - length] | max) + .;
def digits: if . >= 100 then round elif . >= 1 then (. * 100 | round) / 100
    else (. * 10000 | round) / 10000 end | tostring;
def line($unit):
    "  " + (.["label"] | pad(44)) + (.median | digits | left(9)) + " " + ($unit | pad(9))
    + (if .memory_mib then (.memory_mib / 1024 * 100 | round / 100 | tostring | left(7)) + " GiB"
       else " " * 11 end)
    + (if .ratio then (.ratio * 100 | round / 100 | tostring | left(8)) + " times" else "" end)
    + (if .best == false then " (slower variant)" else "" end);

.unit as $unit
| (.ours | line($unit)),
  (.ours.inner // {} | to_entries[] | "    " + (.key | pad(42)) + (.value | digits | left(9))),
  (.others[] | line($unit)),
  (.roof // empty | "  \(.gflops | digits) of \(.roof_gflops | digits) GFLOP/s, \(.fraction * 100 | round) % of this machine's GEMM roof; products alone \(.products_fraction * 100 | round) %")
