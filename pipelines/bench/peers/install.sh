#!/usr/bin/env bash
# install.sh DIR
#
# Makes a virtual environment with the peers in DIR. With BENCH_PYTHON, what that Python has is used
# and not installed again (PyTorch is large). A peer that cannot be installed is named and left out:
# the benchmarks then go without it.
set -euo pipefail

directory=$1
here=$(dirname "$0")
base=${BENCH_PYTHON:-python3}
"$base" -m venv "$directory"
python=$directory/bin/python
if [[ -n ${BENCH_PYTHON:-} ]]; then
    site() { "$1" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }
    # By addsitedir, so that the base's own path files count too.
    printf 'import site; site.addsitedir("%s")\n' "$(site "$base")" \
        >"$(site "$python")/bench-base.pth"
fi

missing=()
while IFS= read -r package; do
    echo "installing $package" >&2
    "$python" -m pip install --quiet --prefer-binary "$package" >&2 || missing+=("$package")
done <"$here/requirements.txt"
[[ ${#missing[@]} -eq 0 ]] || echo "*** could not be installed: ${missing[*]}" >&2
echo "peers: $python"
