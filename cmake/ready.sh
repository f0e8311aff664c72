# SPDX-License-Identifier: Apache-2.0
# For demo.sh, test.sh and .ci/run (POSIX sh, sourced in the repository's folder): what building needs, and a release
# build. Exit codes as those of the program: 2 usage, 3 something is missing and was not to be installed, 4 packages
# cannot be had.

# Package, what has to be there (a command, a header or a file), what for.
needs_build='gcc|gcc|compiles C17|编译 C17
libc6-dev|stdio.h|headers of the C library|C 库头文件
cmake|cmake|configures the build|配置构建
ninja-build|ninja|runs the build|执行构建
pkg-config|pkg-config|finds libraries|查找库
liblmdb-dev|lmdb.h|the store of a county (LMDB)|县级存储（LMDB）
libfyaml-dev|libfyaml.h|reads the site file and forms (YAML)|读站点文件和报文格式（YAML）
libjansson-dev|jansson.h|reads schemas and positions (JSON)|读模式和位点（JSON）
libexpat1-dev|expat.h|reads XML documents and workbooks|读 XML 文档和工作簿
libssl-dev|openssl/evp.h|digests and keyed hashes (libcrypto)|摘要与带密钥散列（libcrypto）
zlib1g-dev|zlib.h|unpacks gz and ZIP files|解开 gz、ZIP 文件
libarchive-dev|archive.h|reads workbooks (libarchive)|读工作簿（libarchive）
librdkafka-dev|librdkafka/rdkafka.h|speaks to a Kafka cluster (librdkafka)|与 Kafka 集群通信（librdkafka）
libcmocka-dev|cmocka.h|runs the unit tests|运行单元测试'
needs_test='python3|python3|runs the tests of the house and of crashes|运行代码结构与故障测试'
# For tests on a real broker; JINCAI_KAFKA=skip goes without.
needs_kafka='default-jdk-headless|javac|runs the Kafka of the tests|运行测试用的 Kafka
maven|mvn|gets the Kafka of the tests|获取测试用的 Kafka
openssl|openssl|makes certificates for tests|生成测试证书
kcat|kcat|reads the topics of consumers|读取对外主题'
needs_clang='clang-14|clang-14|the second compiler, and fuzzing|第二编译器与模糊测试
libclang-rt-14-dev|/usr/lib/llvm-14/lib/clang/14.0.6/share/asan_ignorelist.txt|its sanitizers and fuzzer|其检查器与模糊测试库'

say() # ZH EN
{
	case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in
	zh*) printf '%s\n' "$1" ;;
	*) printf '%s\n' "$2" ;;
	esac
}

there() # PROBE
{
	case "$1" in
	/*) [ -e "$1" ] ;;
	*.h) echo "#include <$1>" | gcc -E -x c - >/dev/null 2>&1 || [ -f "/usr/include/$1" ] ;;
	*) command -v "$1" >/dev/null 2>&1 ;;
	esac
}

# ready INSTALL NEEDS...: INSTALL is yes or no. Returns when all is there; else says what is missing and why, and installs
# it or ends.
ready()
{
	install=$1 missing=
	shift
	list=$(for needs; do printf '%s\n' "$needs"; done)
	while IFS='|' read -r package probe en zh; do
		there "$probe" && continue
		[ -n "$missing" ] || say '缺少以下软件包：' 'missing:' >&2
		printf '  %-20s %s\n' "$package" "$(say "$zh" "$en")" >&2
		missing="$missing $package"
	done <<-END
	$list
	END
	[ -n "$missing" ] || return 0
	if [ "$install" = no ]; then
		say "没有安装任何东西。请安装：apt-get install$missing" "nothing was installed. Install: apt-get install$missing" >&2
		exit 3
	fi
	as_root=
	if [ "$(id -u)" != 0 ]; then
		as_root=sudo
		command -v sudo >/dev/null 2>&1 || {
			say "安装软件包需要 root 或 sudo；没有安装任何东西。请安装：$missing" \
				"installing takes root or sudo; nothing was installed. Install:$missing" >&2
			exit 3
		}
	fi
	command -v apt-get >/dev/null 2>&1 || {
		say "这里没有 apt-get（需要 Debian 12）；请自行安装：$missing" "no apt-get here (Debian 12 has it); install by hand:$missing" >&2
		exit 3
	}
	say '正在用 apt-get 安装……' 'installing them by apt-get ...' >&2
	log=$(mktemp)
	# shellcheck disable=SC2086
	if ! { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y \
		--no-install-recommends $missing; } >"$log" 2>&1 </dev/null; then
		tail -n 15 "$log" >&2
		say "软件包没有装上，全部输出见 $log" "the packages could not be installed; all of the output: $log" >&2
		exit 4
	fi
	rm -f "$log"
}

# ready_kafka INSTALL: what tests on a real broker need. JINCAI_KAFKA=require: as ready; auto, the default: what cannot be had
# is no reason to end, the tests that need it are skipped; skip: nothing is asked for.
ready_kafka()
{
	case "${JINCAI_KAFKA:-auto}" in
	require) ready "$1" "$needs_kafka" ;;
	auto) (ready "$1" "$needs_kafka") || say '将跳过需要 Kafka 的测试。' 'tests on Kafka are skipped.' >&2 ;;
	esac
}

# build_release [TARGET]: configures and builds build/release; the compiler's words are shown when it fails.
build_release()
{
	say '正在编译（首次约一分钟）……' 'building (the first time takes about a minute) ...' >&2
	mkdir -p build
	if ! { cmake --preset release && cmake --build --preset release --target "${1:-all}"; } >build/release.log 2>&1; then
		grep -E -A 5 'error|FAILED' build/release.log >&2 || tail -n 30 build/release.log >&2
		say '编译失败，全部输出见 build/release.log' 'the build failed; all of the output: build/release.log' >&2
		exit 6
	fi
}
