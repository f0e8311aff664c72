/* SPDX-License-Identifier: Apache-2.0 */
#include "verbs.h"

#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "say.h"

const struct verb verbs[] = {
	{"run", "[FLOW...] [--part I/N] [--until-idle] [--take-over]", " --part --until-idle --take-over", "runs the site: adapters, router, destinations",
		"运行站点：接入、路由、去向", "jincai run --until-idle", verb_run, VERB_ANY},
	{"check", "[--live] [--against SITE]", " --live --against",
		"checks the site file and all that it names, starts nothing; --live: the Kafka cluster too; --against: what breaks for consumers",
		"检查站点文件及其引用的一切，不启动任何东西；--live 还检查 Kafka 集群；--against 与旧站点文件比较，看哪些使用者会受影响", "jincai check", verb_check, 0},
	{"topics", "[--json] [--create | --acls]", " --json --create --acls",
		"lists the topics of the site with what lies on them, counted, and how far each flow has read; on Kafka makes them, or prints the "
		"rights that each service needs",
		"列出站点的主题、其上的事件（逐条清点）和各流读到了哪里；在 Kafka 上可建立主题，或列出各服务所需的权限", "jincai topics", verb_topics, 0},
	{"trace", "KEY | --unit UNIT --amount AMOUNT --day DAY [--full] [--json]", " --unit --amount --day --full --json",
		"tells all about one event: where it came from, where it is, what is missing. KEY: its id, its place (payment/0@17), or a number of "
		"voucher, payment or bank record",
		"查一笔：从哪里来、到了哪里、还缺什么。KEY 为事件标识、位置（payment/0@17），或凭证号、缴款码、银行流水号",
		"jincai trace --unit 602001 --amount 5300.99 --day 2026-12-05", verb_trace, 1},
	{"tail", "[SELECTION] [--all] [--follow] [--json] | --group NAME [--topic NAMES] [--from WHEN] [--commit-every N] [--follow] [--json]",
		VERB_SELECTION " --all --follow --json --group --commit-every",
		"shows events as they lie on the bus, the newest ones, masked; moves nobody's position. SELECTION: jincai help selection. --group: gives a "
		"consumer what is published for it, from where its group stands",
		"查看总线上最新的事件（个人信息已遮蔽），不移动任何位点。选择的写法：jincai help selection。--group：从消费组的位点起，把对外发布的事件交给消费程序",
		"jincai tail --topic payroll --unit '602*'", verb_tail, 0},
	{"contract", "[--pages]", " --pages", "prints what consumers outside may rely on: AsyncAPI 3.0, or a page for people",
		"输出对外发布的约定：AsyncAPI 3.0，或供人阅读的一页", "jincai contract", verb_contract, 0},
	{"try", "FILE --form FORM [--summary | --explain N] | EVENTS", " --form --summary --explain",
		"shows what a file would become, or which routes take an event and what they make of it; touches nothing",
		"试读一个文件，看会变成什么；或看哪些路由接收某个事件、送出什么；不动任何东西",
		"jincai try steps/2/payroll/gz_202612_001.txt --form payroll/pipe --summary", verb_try, 1},
	{"test", "[FORM...] [--update [--yes]]", " --update --yes", "runs the cases that forms bring along",
		"运行报文格式自带的用例", "jincai test payroll/pipe/batch",
		verb_test, VERB_ANY},
	{"new", "SYSTEM/NAME --sample FILE [--dir DIR]", " --sample --dir",
		"says what the bytes of an unseen file suggest, and begins a form from it", "说明一个陌生文件的字节能看出什么，并由此起草报文格式",
		"jincai new payroll/vendor --sample steps/2/payroll/gz_202612_001.txt", verb_new, 1},
	{"todo", "[NUMBER] [--json]", " --json", "lists all that waits for a person: what happened, what has not, what to type, whom to call",
		"列出全部待办：发生了什么、没有发生什么、下一步输入什么、找谁", "jincai todo", verb_todo, 1},
	{"dead list", "[NUMBER] [SELECTION] [--all] [--json]", VERB_SELECTION " --all --json",
		"lists the dead letters that are open: what could not go on, and why. SELECTION: jincai help selection", "列出未了结的死信：过不去的记录及原因。选择的写法：jincai help selection",
		"jincai dead list --from yesterday", verb_dead_list, 1},
	{"dead show", "NUMBER [--reveal --reason TEXT]", " --reveal --reason",
		"shows one dead letter with its bytes, masked; unmasked once that is recorded", "显示一封死信及其原文（已遮蔽）；留下记录后可显示未遮蔽的",
		"jincai dead show 1", verb_dead_show, 1},
	{"dead retry", "NUMBER --reason TEXT", " --reason", "tries again what could not go on, with what is in force now",
		"按现行报文格式和路由重试一封死信", "jincai dead retry 1 --reason 'the route was added'", verb_dead_retry, 1},
	{"dead return", "NUMBER --reason TEXT", " --reason", "gives a record that could not go on back to its source",
		"把过不去的一笔退回来源系统", "jincai dead return 1 --reason 'the account is closed'", verb_dead_return, 1},
	{"held list", "[SELECTION] [--json]", VERB_SELECTION " --json",
		"lists batches and parcels that wait for a person. SELECTION: jincai help selection, without --unit and --where",
		"列出等人处理的批次和发送批。选择的写法：jincai help selection，不含 --unit 和 --where",
		"jincai held list --from yesterday", verb_held_list, 0},
	{"held show", "BATCH", "", "shows why a batch waits", "显示某批次为何挂起",
		"jincai held show payroll:2026-12:005:62a863f40400", verb_held_show, 1},
	{"held return", "BATCH --reason TEXT", " --reason", "gives a file that waits back to its source, with a slip",
		"把等待的文件退回来源系统，并开退回单", "jincai held return payroll:2026-12:005:62a863f40400 --reason 'one line is bad'",
		verb_held_return, 1},
	{"held retry", "BATCH --reason TEXT", " --reason", "reads a file that waits again, with the form in force",
		"按现行报文格式重读等待的文件", "jincai held retry payroll:2026-12:005:62a863f40400 --reason 'the table was amended'",
		verb_held_retry, 1},
	{"held confirm", "BATCH --reason TEXT", " --reason",
		"lets a batch go that is held for suspected doubles; takes two people", "疑似重复付款的批次确应支付时，由两人签批放行",
		"jincai held confirm --help", verb_held_confirm, 1},
	{"held repair", "BATCH --line N --from FILE --reason TEXT", " --line --from --reason",
		"changes one line of a report that waits, and reads it again; the original stays as it came", "更正等待的报表中的一行并重读；原件不动",
		"jincai held repair cnnontax:103:2026-12-05:002:03facbdc38e5~3-0 --line 3 --from line.txt --reason 'a comma was lost'", verb_held_repair, 1},
	{"held seen", "BATCH --reason TEXT", " --reason", "puts a duplicate aside: nothing was done twice", "确认重复报送，不再列出",
		"jincai held seen payroll:2026-12:001:22b1ed106c39~4-0 --reason 'sent twice'", verb_held_seen, 1},
	{"approve list", "[--json]", " --json", "lists acts that wait for two people", "列出等待两人签批的操作单", "jincai approve list",
		verb_approve_list, 0},
	{"approve", "ACT [--key FILE [--as NAME] | --export FILE] | FILE --key FILE | --import FILE", " --key --as --export --import --yes",
		"approves an act that needs two people, by a key, here or on another machine", "签批须两人批准的操作单，可在别的机器上签名", "jincai approve list",
		verb_approve, 1},
	{"held came", "DESTINATION/NUMBER --reason TEXT", " --reason", "of a parcel of which nobody knew: its receiver has it",
		"不知是否送达的发送批：对方已收到", "jincai held came --help", verb_held_came, 1},
	{"held never", "DESTINATION/NUMBER --reason TEXT", " --reason", "its receiver never got it: hand it over once more; two people",
		"对方没有收到：再交付一次，须两人签批", "jincai held never --help", verb_held_never, 1},
	{"stop", "FLOW|BATCH|ID --reason TEXT", " --reason", "stops a flow, a batch or an event at once",
		"立即停下一个流、一个批次或一笔", "jincai stop units --reason 'a test'", verb_stop, 1},
	{"resume", "[FLOW|BATCH|ID] --reason TEXT", " --reason", "lets go on what was stopped; two people where money moves",
		"恢复已停下的；涉及资金的须两人签批", "jincai resume --help", verb_resume, 1},
	{"adopt", "[ITEM...] [--from DATE] [--reason TEXT]", " --from --reason",
		"shows which forms, tables and parts of the site that reach money wait to take effect; with a reason, asks two people for it",
		"列出等待生效的、涉及付款的格式、代码表和站点内容；写明原因即提请两人签批", "jincai adopt", verb_adopt, VERB_ANY},
	{"live", "DESTINATION --reason TEXT", " --reason", "asks two people to let a money destination go live",
		"提请两人签批，使付款去向转为正式运行", "jincai live bank-abc --reason 'compared for a month'", verb_live, 1},
	{"audit list", "[--json]", " --json", "lists what people decided, and what came of it", "列出各项人工操作及其结果", "jincai audit list",
		verb_audit_list, 0},
	{"audit verify", "[--json]", " --json", "proves that what people decided stands as it was written: edited, deleted, inserted, moved, cut off",
		"核验操作记录是否与写入时一致：有无改动、删除、插入、移动、截断", "jincai audit verify", verb_audit_verify, 0},
	{"audit export", "FILE", "", "writes all records of what people decided into a new file, for the auditor", "把全部操作记录写入一个新文件，供审计使用",
		"jincai audit export audit.jsonl", verb_audit_export, 1},
	{"balance", "[--day DAY] [--batch BATCH] [--flow FLOW] [--destination NAME] [--json] | --deep [--json] | --close DAY [--reason TEXT] [--json] | --merge FILE... [--json]",
		" --day --batch --flow --destination --deep --json --close --reason --merge",
		"proves that everything adds up, to the fen, also of a day or a batch; --close: closes a day, signed by two people; --merge: what several hosts counted, each with --deep --json",
		"平账：各项相等，一分不差，也可按日、按批次查看；--close 关账，须两人签批；--merge 汇总各主机用 --deep --json 清点的结果", "jincai balance",
		verb_balance, VERB_ANY},
	{"replay list", "", "", "lists the replays that were planned on this host, and how far each is", "列出在本机制定的重放计划及其进度", "jincai replay list",
		verb_replay_list, 0},
	{"replay show", "PLAN [--json]", " --json", "shows a plan as it was printed, with each line that is left out because another bank was given it",
		"显示重放计划，并逐笔列出因已交给其他付款去向而不交付的", "jincai replay show --help", verb_replay_show, 1},
	{"replay run", "PLAN [--rate N]", " --rate", "does what the plan says; Ctrl-C pauses it, the same again goes on", "执行重放计划；按 Ctrl-C 暂停，再次执行即继续",
		"jincai replay run --help", verb_replay_run, 1},
	{"replay pause", "PLAN", "", "has a replay onto a topic wait until it is run again", "暂停写入主题的重放，再次执行即继续", "jincai replay pause --help",
		verb_replay_pause, 1},
	{"replay cancel", "PLAN", "", "ends a plan for good; a file that was begun is taken away, what is on a topic stays there",
		"取消重放计划：清除已写的文件；主题上已有的留在原处", "jincai replay cancel --help", verb_replay_cancel, 1},
	{"replay", "SELECTION (--to-file FILE | --to-topic NAME | --to-destination NAME) --reason TEXT", VERB_SELECTION " --to-file --to-topic --to-destination --reason",
		"plans to give events out once more: into a file of their own, masked onto a topic of their own, or batches to a destination that "
		"never had them; says what that would be, nothing has moved",
		"制定重放计划：把所选事件再次写入一个新文件，或遮蔽个人信息后写入一个新主题，或把批次补给从未处理过的去向；列明内容，此时尚未动任何东西",
		"jincai replay --topic payroll --to-topic history-2026-12 --reason 'a new consumer'", verb_replay, 0},
	{"compare", "DESTINATION FILE [--parcel NUMBER]", " --parcel",
		"says in which lines and fields a file made by hand differs from ours", "逐行逐栏比较手工文件与本系统所做的文件",
		"jincai compare units out/units/602001/mx_000001.csv", verb_compare, 2},
	{"help", "[VERB | CODE]", "", "shows how a verb is used, or what an error code means and what to do", "看某个命令的用法，或某个错误代码的含义和处理办法",
		"jincai help balance", verb_help, VERB_ANY},
	{"demo", "[--dir DIR] [--bus kafka:HOST:PORT,...]", " --dir --bus", "runs a small site with planted faults", "用小样例站点演示，含预埋的各种差错", "jincai demo",
		verb_demo, 0},
};
const unsigned nverbs = sizeof verbs / sizeof *verbs;

/* The first three go with every verb. */
const struct verb_option options[] = {
	{"-c", "SITE", "the site file; else $JINCAI_SITE, ./jincai.yaml, /etc/jincai/jincai.yaml",
		"站点文件；缺省依次为 $JINCAI_SITE、./jincai.yaml、/etc/jincai/jincai.yaml"},
	{"--library", "DIR", "more dialects, schemas and code tables; stands before those of the program",
		"另加一处方言、模式和代码表，优先于程序自带的"},
	{"--lang", "zh|en", "language; else the locale's", "语言；缺省按系统区域设置"},
	{"--form", "FORM", "form, such as payment/lambeth", "报文格式，如 payment/lambeth"},
	{"--sample", "FILE", "a file as the source writes it", "来源系统原样的一个文件"},
	{"--dir", "DIR", "folder to work in", "工作文件夹"},
	{"--bus", "URL", "run it on this bus, instead of one of its own", "在此总线上运行，不用自带的"},
	{"--key", "KEY", "number or id of an event, or its batch", "事件的号码、标识或批次"},
	{"--topic", "NAMES", "of these topics: payroll,payment or to.bank-abc", "这些主题的：payroll,payment 或 to.bank-abc"},
	{"--to", "WHEN|NAME", "that came up to then; or that this destination was given", "到达不晚于此时的；或送交过该去向的"},
	{"--amount", "AMOUNT", "of this amount, 1234.50", "金额，如 1234.50"},
	{"--full", NULL, "with its bytes, how they were read, and what each destination would get", "连同原文、怎样读出、各去向会得到什么"},
	{"--day", "DAYS", "of these days of business: 2026-12-05, yesterday, 2026-12", "业务日期：2026-12-05、昨天、2026-12"},
	{"--unit", "UNIT", "of this budget unit; 602* for all that begin so", "该预算单位的；602* 为以此开头的全部"},
	{"--where", "COND", "for which this condition holds: 'data.amount = \"12.50\"'", "符合条件的：'data.amount = \"12.50\"'"},
	{"--as", "NAME", "name of who signs; else the one to whom the key belongs", "签名人名称；缺省按密钥查找"},
	{"--export", "FILE", "write the act to a file, and the page to be printed to FILE.txt", "把操作单写入文件，另写供打印的 FILE.txt"},
	{"--import", "FILE", "bring the signatures of such a file in", "把该文件里的签名带回来"},
	{"--explain", "N", "how record N was read: bytes, columns, rules, checks", "第 N 笔是怎样读出来的：原文、各列、规则、检查"},
	{"--reason", "TEXT", "why; stands in the slip and in the audit", "原因，写进退回单和操作记录"},
	{"--parcel", "NUMBER", "number of the parcel, when the file's name does not tell", "发送批编号，文件名看不出时用"},
	{"--line", "N", "number of a line in the file, from 1", "文件中的行号，从 1 起"},
	{"--from", "WHEN", "that came since then", "自此时起到达的"},
	{"--summary", NULL, "one JSON object for the whole file", "整个文件只输出一个 JSON 对象"},
	{"--to-file", "FILE", "into this file, which is not there yet", "写入此文件（须尚不存在）"},
	{"--to-topic", "NAME", "onto the topic jincai.replay.NAME, on which nothing is yet", "写入主题 jincai.replay.名称（须尚无内容）"},
	{"--to-destination", "NAME", "whole batches to this destination, which was never offered them; two people, where it moves money",
		"把完整批次补给此去向（从未处理过这些批次的；付款去向须两人签批）"},
	{"--rate", "N", "at most so many events a second", "每秒最多多少条"},
	{"--close", "DAY", "close the accounts of this day: what is open is carried forward", "关这一天的账：未了结的结转下一日"},
	{"--batch", "BATCH", "of this batch alone; or of a file, as its source called it", "只看该批次；也可写来源的文件名"},
	{"--flow", "FLOW", "as this flow counted it: an adapter, the router, a destination", "只看该流的统计：接入、路由或去向"},
	{"--destination", "NAME", "to this destination alone", "只看该去向"},
	{"--deep", NULL, "recount everything from files and topics", "从文件和主题重新清点"},
	{"--merge", NULL, "add up the reports of several hosts", "汇总各主机的清点报告"},
	{"--json", NULL, "as JSON", "以 JSON 输出"},
	{"--update", NULL, "write what was found as what is expected, having shown what differs", "显示不同之处后，把实际结果写成预期"},
	{"--yes", NULL, "do not ask", "不再询问"},
	{"--reveal", NULL, "with the personal data in it; who and why is recorded first", "连同其中的个人信息；先记录何人、何故"},
	{"--all", NULL, "also those that are settled", "连同已了结的"},
	{"--against", "SITE", "the site file as it was before", "改动之前的站点文件"},
	{"--pages", NULL, "as a page for people, in Markdown", "供人阅读的一页（Markdown）"},
	{"--group", "NAME", "reads for that group of consumers and keeps its position; the consumer writes the place of each line that it has done to stdin",
		"为该消费组读取并保存其位点；消费程序每处理完一行，把该行的 place 写到标准输入"},
	{"--commit-every", "N", "of a group: reads nothing from stdin; lines that were written out are done, the position moves each N lines",
		"消费组：不读标准输入；写出即算处理完，每 N 行移动一次位点"},
	{"--follow", NULL, "go on with what comes", "继续显示新到的"},
	{"--part", "I/N", "run one share of the router alone, on Kafka: 0/3 is the first of three", "只运行路由器的一份（Kafka）：0/3 为三份中的第一份"},
	{"--until-idle", NULL, "end when nothing is left to do", "没有事可做时结束"},
	{"--live", NULL, "look at the cluster itself: topics, brokers, rights", "查看集群本身：主题、Kafka 服务器、权限"},
	{"--create", NULL, "make those that are missing", "建立缺少的主题"},
	{"--acls", NULL, "print commands that give each service what it needs", "输出为各服务授权的命令"},
	{"--take-over", NULL, "do not wait for a process on another host that no longer answers", "不再等待别的主机上已无应答的进程"},
};
const unsigned noptions = sizeof options / sizeof *options;

/* What a name means to one verb alone. */
static const struct {
	const char *verb;
	struct verb_option option;
} own_options[] = {
	{"approve", {"--key", "FILE", "private key of who signs, PEM: Ed25519 or SM2", "签名人的私钥文件（PEM，Ed25519 或 SM2）"}},
	{"balance", {"--day", "DAY", "of batches that ended on this day: 2026-12-05, yesterday", "该日办结的批次：2026-12-05、昨天"}},
	{"held repair", {"--from", "FILE", "a file that holds what is to stand there", "内容所在的文件"}},
	{"adopt", {"--from", "DATE", "first day on which it is in force; else today", "从哪一天起生效，缺省为今天"}},
	{"tail", {"--all", NULL, "all records, however many", "全部记录，不论多少"}},
};

static bool verb_takes(const struct verb *v, const char *option)
{
	size_t n = strlen(option);

	for (const char *at = v->options; (at = strstr(at, option)) != NULL; at += n)
		if (at > v->options && at[-1] == ' ' && (at[n] == ' ' || !at[n]))
			return true;
	return false;
}

const struct verb_option *verb_option(const struct verb *v, const char *name)
{
	for (unsigned i = 0; i < sizeof own_options / sizeof *own_options; i++)
		if (strcmp(own_options[i].verb, v->name) == 0 && strcmp(own_options[i].option.name, name) == 0)
			return &own_options[i].option;
	for (unsigned i = 0; i < noptions; i++)
		if (strcmp(options[i].name, name) == 0)
			return i < VERB_COMMON_OPTIONS || verb_takes(v, name) ? &options[i] : NULL;
	return NULL;
}

int verb_misused(const struct args *a)
{
	struct err e;

	err_set(&e, E_USAGE, "what=jincai %s %s\nverb=%s", a->verb->name, a->verb->usage, a->verb->name);
	return verb_failed(&e);
}

int verb_failed(const struct err *e)
{
	err_print(e, say_lang(), stderr);
	return err_code(e->id)->exit;
}

struct site *verb_site_noted(const struct args *a, int *ret_code, unsigned *ret_notes)
{
	char *path = site_find(a->site);
	struct findings f;
	struct site *s;

	findings_init(&f);
	s = site_load(path, a->libraries, &f);
	if (!s || ret_notes)
		findings_print(&f, say_lang(), 0, stderr);
	if (!s) {
		struct err first;

		fprintf(stderr, say("共 %u 个问题，什么也没有启动\n", "%u findings, nothing was started\n"), f.count);
		findings_first(&f, &first);
		*ret_code = err_code(first.id)->exit == 5 ? 5 : 3;
	}
	if (ret_notes)
		*ret_notes = f.notes;
	findings_done(&f);
	free(path);
	return s;
}

struct site *verb_site(const struct args *a, int *ret_code)
{
	return verb_site_noted(a, ret_code, NULL);
}

struct bus *verb_look(const struct site *s, int *ret_code)
{
	struct bus_conf c = site_bus(s);
	struct bus *b = NULL;
	struct err e;

	if (bus_open(&c, BUS_LOOK, &b, &e) != 0)
		*ret_code = verb_failed(&e);
	return b;
}

void verb_stand_in(struct library *l)
{
	static const char no_key[32];

	hash_key_free(l->key);
	free(l->keys);
	free(l->site_division);
	free(l->site_unit);
	l->key = hash_key_new(no_key, sizeof no_key);
	l->keys = NULL;
	l->site_division = mem_text(SPAN("000000"));
	l->site_unit = mem_text(SPAN("000000"));
}

struct library *verb_library(const struct args *a, struct site **ret_site, int *ret_code)
{
	char *path = site_find(a->site);
	bool there = a->site || access(path, R_OK) == 0;
	struct library *l;

	free(path);
	*ret_site = NULL;
	if (there) {
		*ret_site = verb_site(a, ret_code);
		return *ret_site ? (*ret_site)->library : NULL;
	}
	l = library_new();
	for (const char *const *dir = a->libraries; *dir; dir++)
		library_add(l, *dir);
	library_add_own(l);
	verb_stand_in(l);
	return l;
}

void verb_progress(const char *what, int64_t done, int64_t all)
{
	static int64_t began, shown;
	int64_t now = clock_steady_ms();

	if (done < 0) {
		if (shown && isatty(STDERR_FILENO))
			fputs("\r\033[K", stderr);
		began = shown = 0;
		return;
	}
	if (!began)
		began = now;
	if (now - shown < 200 || now == began)
		return;
	shown = now;
	if (!isatty(STDERR_FILENO))      /* asked now and then only: it is called for each row */
		return;
	fprintf(stderr, "\r%s: %lld %s, %lld/s", what, (long long)done, say("行", "rows"),
		(long long)(done * 1000 / (now - began)));
	if (all > 0 && done > 0)
		fprintf(stderr, ", %lld%%, %s %lld s", (long long)(done * 100 / all), say("还需", "left"),
			(long long)((all - done) * (now - began) / done / 1000));
	fputs("\033[K", stderr);
}

void verb_reason(struct buf *b, struct span code, struct span args, struct span where)
{
	char words[768];
	struct err e;

	err_restore(&e, code.p, code.n, args.p, args.n);
	err_words(&e, say_lang(), words, sizeof words);
	if (where.n)
		buf_printf(b, "%.*s: ", SPAN_F(where));
	buf_printf(b, "%s [%.*s]", e.id ? words : "", SPAN_F(code));
}

void verb_remedy(struct buf *b, struct span code, struct span args)
{
	char words[512];
	struct err e;

	err_restore(&e, code.p, code.n, args.p, args.n);
	err_remedy(&e, say_lang(), words, sizeof words);
	buf_str(b, words);
}
