# Undoes the spacing of WikiText, but for double quotation marks.
s/ @([-,.])@ ?/\1/g
s/ ([,.;:!?%)]|])( |$)/\1\2/g
s/ ([,.;:!?%)]|])( |$)/\1\2/g
s/([([]) /\1/g
s/ '(s|t|re|ve|ll|d|m)( |$|[,.;:!?)])/'\1\2/g
s/s ' /s' /g
s/(\$|£|€|¥|₱|#) ([0-9])/\1\2/g
s/([0-9]) – ([0-9])/\1–\2/g
s/ — /—/g
