#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds jincai and runs its demo: a small site with planted faults, in a folder of its own.
#   sh demo.sh [--no-install] [--kafka] [options of jincai demo]
# --kafka starts a Kafka broker for it, in a folder of its own too (Java, and 60 MB that Maven fetches once), and ends it
# when Enter is pressed, or Ctrl-C.
# What is missing is installed by apt-get (Debian 12); with --no-install it is only listed (exit 3).
set -eu
cd "$(dirname "$0")"
. cmake/ready.sh

install=yes kafka=no
while :; do
	case "${1:-}" in
	--no-install) install=no ;;
	--kafka) kafka=yes ;;
	*) break ;;
	esac
	shift
done
if [ $kafka = no ]; then
	ready $install "$needs_build"
	build_release jincai
	exec build/release/bin/jincai demo "$@"
fi

ready $install "$needs_build" "$needs_test" "$needs_kafka"
build_release jincai
folder=$(mktemp -d "${TMPDIR:-/tmp}/jincai-kafka-XXXXXX")
export JINCAI_KAFKA=require PYTHONDONTWRITEBYTECODE=1

# The broker goes with this shell, whatever ends it; its folder goes with the broker.
leave()
{
	python3 tests/kafka/broker.py stop "$folder/broker" >/dev/null || :
	rm -rf "$folder"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say '正在启动 Kafka（首次要下载约 60 MB）……' 'starting a Kafka broker (the first time some 60 MB are fetched) ...' >&2
python3 tests/kafka/broker.py start "$folder/broker" --with $$ >/dev/null
address=$(cat "$folder/broker/address")
code=0
build/release/bin/jincai demo --bus "kafka:$address" "$@" || code=$?

# A topic of the demo, by the folder that the broker has for it.
for topic in "$folder"/broker/node1/data/*jincai.payroll-0; do
	[ -d "$topic" ] || continue
	topic=${topic##*/}
	echo
	say '用 Kafka 自带的消费者查看主题（只看已提交的）：' "to look at a topic with Kafka's own consumer (what is committed):"
	path=$(python3 tests/kafka/libs.py)
	echo "  java -cp '${path%:*}' -Dorg.slf4j.simpleLogger.defaultLogLevel=off org.apache.kafka.tools.consumer.ConsoleConsumer" \
		"--bootstrap-server $address --topic ${topic%-0} --from-beginning --isolation-level read_committed --timeout-ms 5000"
	echo
	say '此时可在另一个终端输入以上命令；按回车键停止 Kafka（演示文件夹保留，但不再能访问总线）。' \
		'Type these commands in another terminal now; press Enter to end the broker (the folder of the demo stays, without its bus).'
	read -r _ || :
done
exit $code
