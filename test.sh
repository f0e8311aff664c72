#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds jincai as it is released and runs all its tests; the last lines are ctest's.
#   sh test.sh [--no-install] [--long]
# JINCAI_KAFKA says what becomes of tests on a real Kafka broker: require, skip or auto (where it can be had).
# --long then goes on with the full counts (hours): kills, power cuts, fuzzing, memory. JINCAI_SEED repeats a run.
# JINCAI_LONG=short goes through these alone, a fiftieth of each: whether every one still runs.
set -eu
cd "$(dirname "$0")"
. cmake/ready.sh

install=yes long=no
for word; do
	case "$word" in
	--no-install) install=no ;;
	--long) long=yes ;;
	*)
		say '用法：sh test.sh [--no-install] [--long]' 'usage: sh test.sh [--no-install] [--long]' >&2
		exit 2
		;;
	esac
done

JINCAI_SEED=${JINCAI_SEED:-$(date +%s)}
export JINCAI_SEED
echo "JINCAI_SEED=$JINCAI_SEED"
if [ $long = yes ]; then
	ready $install "$needs_build" "$needs_test" "$needs_clang"
else
	ready $install "$needs_build" "$needs_test"
fi
ready_kafka $install
build_release
# few: what the counts are divided by; each, sample: fewer steps.
few=1 each='' sample='' bounce=180 batches=300 rows=100000 minutes=60
if [ "${JINCAI_LONG:-}" = short ]; then
	few=50 each='--every 150' sample='--kills 3' bounce=40 batches=18 rows=20000 minutes=5
fi
some() # COUNT
{
	echo $((($1 + few - 1) / few))
}

# They wait for disks and brokers more than they compute.
jobs=$(($(nproc 2>/dev/null || echo 2) + 1))
quick=0
[ $few = 50 ] || ctest --test-dir build/release --output-on-failure --timeout 300 -j "$jobs" || quick=$?
[ $long = yes ] || exit $quick

# ---- the full counts ----
passed=0 failed=0 skipped=0
[ $quick = 0 ] || failed=1

# count NAME NEEDED_FILE COMMAND...
count()
{
	name=$1 file=$2
	shift 2
	if [ ! -e "$file" ]; then
		echo "skipped: $name ($file is not there)"
		skipped=$((skipped + 1))
		return 0
	fi
	echo "---- $name"
	began=$(date +%s)
	code=0
	"$@" || code=$?
	case $code in
	0) passed=$((passed + 1)) word=passed ;;
	77) skipped=$((skipped + 1)) word='skipped (it cannot run here)' ;;
	*) failed=$((failed + 1)) word=FAILED ;;
	esac
	echo "$word: $name, $(($(date +%s) - began)) s"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
program=build/release/bin/jincai steps=build/release/tests/crash/libcount.so

# matrix NAME OPTIONS...
matrix()
{
	name=$1
	shift
	count "$name" tests/crash/matrix.py python3 tests/crash/matrix.py --jincai "$program" --count-lib "$steps" \
		--seed "$JINCAI_SEED" --work "$work" --check 'balance --deep' "$@" $each
}
matrix 'kills: each durable step, 300 at random, failing calls, full disks' --kills $(some 300) --fail $(some 50) --full $(some 20)
matrix 'kills: 300 at random, five batches of up to 40000 rows each' --rows $(some 40000) --every 100 --kills $(some 300)
for test in acts reread repair adapter_letters letters double adopt replay_topic replay_give replay_money; do
	count "acts: killed at each durable step ($test)" "tests/e2e/${test}_test.py" python3 "tests/e2e/${test}_test.py" \
		--count "$steps" $sample "$program"
done
count 'a day is closed, and a journal begins: killed 100 times each' tests/e2e/closing_test.py python3 tests/e2e/closing_test.py \
	"$program" build/release/tests/tamper --count "$steps" --kills $(some 100)
count 'replays: killed 100 times' tests/e2e/replay_test.py python3 tests/e2e/replay_test.py "$program" --count "$steps" --kills $(some 100)
for test in restore stop; do
	count "acts: killed at each durable step ($test)" "tests/e2e/${test}_test.py" python3 "tests/e2e/${test}_test.py" \
		"$program" build/release/tests/put_position --count "$steps" $sample
done
for test in acts approve letters modes repair trace replay replay_topic replay_give replay_money; do
	count "on Kafka: $test" "tests/e2e/${test}_test.py" python3 tests/kafka/here.py --start python3 "tests/e2e/${test}_test.py" "$program"
done
for test in replay_topic replay_give; do
	count "on Kafka: $test, killed 100 times" "tests/e2e/${test}_test.py" python3 tests/kafka/here.py --start \
		python3 "tests/e2e/${test}_test.py" "$program" --count "$steps" --kills "$(some 100)" killed_at_any_moment_it_is_as_if_done_once
done
count 'consumers on the embedded bus: 100 kills' tests/e2e/group_test.py python3 tests/e2e/group_test.py "$program" \
	build/release/tests/dump_topic --kills $(some 100) -k killed
count 'on Kafka: tail --group' tests/e2e/group_test.py python3 tests/kafka/here.py --start python3 tests/e2e/group_test.py "$program" \
	build/release/tests/dump_topic
count 'on Kafka: closing' tests/e2e/closing_test.py python3 tests/kafka/here.py --start python3 tests/e2e/closing_test.py "$program" \
	build/release/tests/tamper
count 'on Kafka: topic' tests/e2e/topic_test.py python3 tests/kafka/here.py --start python3 tests/e2e/topic_test.py "$program" \
	build/release/tests/dump_topic
count "the contract of a site, by AsyncAPI's own parser" tests/e2e/contract_test.py python3 tests/e2e/contract_test.py "$program" --parser
count 'consumers: five clients, and a group of three of which one is killed each 10 s for 5 minutes' tests/consumers/clients_test.py \
	python3 tests/kafka/here.py --start python3 tests/consumers/clients_test.py "$program" build/release/tests/dump_topic --all --minutes $(some 5)
count 'on Kafka: the router, and destinations that gather by partition, in shares, 300 batches' tests/kafka/shares_test.py \
	python3 tests/kafka/here.py --start python3 tests/kafka/shares_test.py --long --batches $batches "$program"
count 'on Kafka: signs of life while one flow is slow' tests/e2e/kafka_conditions_test.py \
	python3 tests/e2e/kafka_conditions_test.py --long --only "a flow for which" "$program"
count 'Kafka 3.9: bad conditions' tests/e2e/kafka_conditions_test.py python3 tests/e2e/kafka_conditions_test.py --line 3.9 "$program"
count 'the same events, totals and parcels on both buses: Kafka 3.9' tests/e2e/same_test.py python3 tests/e2e/same_test.py \
	"$program" build/release/tests/dump_topic --line 3.9
for test in "bus_contract_test kafka" kafka_driver_test; do
	count "Kafka 3.9: $test" "build/release/tests/${test%% *}" python3 tests/kafka/here.py --line 3.9 build/release/tests/$test
done
count 'Kafka 3.9: who is let in, who may what; SCRAM' tests/e2e/kafka_security_test.py python3 tests/e2e/kafka_security_test.py \
	--line 3.9 "$program"
count 'tries to change a payment, behind each durable step' tests/e2e/tamper_test.py python3 tests/e2e/tamper_test.py \
	"$program" --count "$steps" $sample
matrix 'kills over five systems: each durable step, 200 at random, failing calls, full disks' --systems five --rows 5 \
	--kills $(some 200) --fail $(some 50) --full $(some 20)
matrix 'kills over five systems, packed files and workbooks too: each tenth step, 200 at random' --systems all --every 10 --kills $(some 200)
count 'power cuts: 100' tests/crash/power.py python3 tests/crash/power.py --jincai "$program" --count-lib "$steps" \
	--seed "$JINCAI_SEED" --work "$work" --cuts $(some 100)
count 'power cuts over five systems: 100' tests/crash/power.py python3 tests/crash/power.py --jincai "$program" \
	--count-lib "$steps" --seed "$JINCAI_SEED" --work "$work" --systems five --cuts $(some 100)
# cluster NAME OPTIONS...: on a real Kafka cluster
cluster()
{
	name=$1
	shift
	count "$name" tests/crash/cluster.py python3 tests/crash/cluster.py --jincai "$program" --count-lib "$steps" \
		--seed "$JINCAI_SEED" --work "$work" --rows 5 --jobs 5 "$@" $each
}
cluster 'Kafka, kills: each durable step and request, 300 at random, 300 of single flows' --kills $(some 300) --apart $(some 300)
cluster 'Kafka, sleepers: 10, whose successors commit 1000 times' --sleepers $(some 10) --commits $(some 1000)
cluster 'Kafka, brokers: 20 killed or stopped in open transactions' --bounces $(some 20)
cluster 'Kafka, late requests: 100' --late $(some 100)
cluster 'Kafka, late requests when none are counted: 50' --blind $(some 50)
for flow in region units register router; do
	count "Kafka, in shares: $flow killed at each durable step and request, 50 at random" tests/crash/shares.py python3 \
		tests/crash/shares.py --jincai "$program" --count-lib "$steps" --seed "$JINCAI_SEED" --work "$work" --rows 5 --jobs 3 \
		--flow $flow --kills $(some 50) $each
done
count 'Kafka, three brokers: 3 rounds of restarts, 3 lost, 3 with a full disk, 20 coordinators killed' tests/crash/three.py python3 \
	tests/crash/three.py --jincai "$program" --count-lib "$steps" --seed "$JINCAI_SEED" --work "$work" --rows 5 \
	--check 'balance --deep' --rolls $(some 3) --lost $(some 3) --full $(some 3) --coordinators $(some 20)
count 'Kafka, three brokers: 100000 messages copied, 750 a transaction, brokers and copiers bounced' tests/kafka/copy_test.py \
	python3 tests/kafka/copy_test.py build/release/tests/copy_flow --seed "$JINCAI_SEED"
count 'Kafka, an hour: the broker restarted every three minutes' tests/crash/soak.py python3 tests/crash/soak.py \
	--jincai "$program" --seed "$JINCAI_SEED" --work "$work" --minutes $minutes --every $bounce
count 'trace beside 10 million events' tests/bench/trace_time.py python3 tests/bench/trace_time.py --jincai "$program" \
	--fill build/release/tests/bench/fill_events --folder "$work/trace" --events $(some 10000000)
count 'memory: 10 million rows' tests/bench/memory.py python3 tests/bench/memory.py --jincai "$program" \
	--folder "$work/memory" --rows $(some 10000000) --few $rows
# Behind the first 300,000 the pages of a commit are as many as they become.
count 'memory: 1 million rows of each system, from folder to receiver' tests/bench/memory.py \
	python3 tests/bench/memory.py --jincai "$program" --folder "$work/memory" --system all --rows $(some 1000000) \
	--few $((3 * rows))
count 'memory on Kafka: 1 million rows of each system, from folder to receiver' tests/bench/memory.py \
	python3 tests/kafka/here.py --start python3 tests/bench/memory.py --jincai "$program" --folder "$work/memory" --system all \
	--rows $(some 1000000) --few $((3 * rows))

echo '---- building the fuzz targets'
if cmake -S . -B build/fuzz -G Ninja -DCMAKE_C_COMPILER=clang-14 -DCMAKE_BUILD_TYPE=RelWithDebInfo -DJINCAI_FUZZ=ON \
	-DJINCAI_SANITIZE=address,undefined,fuzzer-no-link >build/fuzz.log 2>&1 && cmake --build build/fuzz >>build/fuzz.log 2>&1; then
	seconds=${FUZZ_SECONDS:-$(some 600)}
	for source in tests/fuzz/fuzz_*.c; do
		what=$(basename "$source" .c)
		mkdir -p "$work/$what"
		count "$what: $seconds s" "build/fuzz/tests/fuzz/$what" \
			"build/fuzz/tests/fuzz/$what" -max_total_time="$seconds" -seed="$JINCAI_SEED" -print_final_stats=1 \
			-verbosity=0 "$work/$what" "tests/fuzz/corpus/${what#fuzz_}"
	done
else
	tail -n 20 build/fuzz.log
	failed=$((failed + 1))
fi
echo "JINCAI_SEED=$JINCAI_SEED"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
