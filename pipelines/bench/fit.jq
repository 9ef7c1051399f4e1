# Points {x, seconds} -> the same with the line of least squares through them.
. as $points | length as $n
| (map(.x) | add / $n) as $x | (map(.seconds) | add / $n) as $y
| (map((.x - $x) * (.x - $x)) | add) as $xx
| (map((.x - $x) * (.seconds - $y)) | add) as $xy
| (map((.seconds - $y) * (.seconds - $y)) | add) as $yy
| {name: $name, x_label: $unit, points: $points, slope: ($xy / $xx),
   intercept: ($y - $xy / $xx * $x), r_squared: (if $yy == 0 then 1 else $xy * $xy / ($xx * $yy) end)}
