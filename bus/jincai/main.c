/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jincai: the integration bus of a finance bureau. See verbs.c for what it can do.
 */
#include <jansson.h>
#include <libfyaml.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "say.h"
#include "store.h"
#include "verbs.h"
#include "version.h"

struct option {
	const char *name, *value;    /* value: what it takes, NULL for none */
	const char *en, *zh;
};

static const struct option options[] = {
	{"-c", "SITE", "the site file; else $JINCAI_SITE, ./jincai.yaml, /etc/jincai/jincai.yaml",
		"站点文件；缺省依次为 $JINCAI_SITE、./jincai.yaml、/etc/jincai/jincai.yaml"},
	{"--library", "DIR", "more dialects, schemas and code tables; stands before those of the program",
		"另加一处方言、模式和代码表，优先于程序自带的"},
	{"--lang", "zh|en", "language; else the locale's", "语言；缺省按系统区域设置"},
	{"--form", "FORM", "form, such as payment/lambeth", "报文格式，如 payment/lambeth"},
	{"--sample", "FILE", "a file as the source writes it", "来源系统原样的一个文件"},
	{"--dir", "DIR", "folder to work in", "工作文件夹"},
	{"--explain", "N", "how record N was read: bytes, columns, rules, checks", "第 N 笔是怎样读出来的：原文、各列、规则、检查"},
	{"--summary", NULL, "one JSON object for the whole file", "整个文件只输出一个 JSON 对象"},
	{"--deep", NULL, "recount everything from files and topics", "从文件和主题重新清点"},
	{"--json", NULL, "as JSON", "以 JSON 输出"},
	{"--until-idle", NULL, "end when nothing is left to do", "没有事可做时结束"},
};

#define NOPTIONS (sizeof options / sizeof *options)

static int usage(const char *what_en, const char *what_zh, const char *word)
{
	struct err e;

	err_set(&e, E_USAGE, "what=%s%s%s", say(what_zh, what_en), word ? " " : "", word ? word : "");
	err_print(&e, say_lang(), stderr);
	return 2;
}

static void help_verb(const struct verb *v)
{
	printf("jincai %s %s\n\n  %s\n\n", v->name, v->usage, say(v->zh, v->en));
	for (size_t i = 0; i < NOPTIONS; i++) {
		const char *at = strstr(v->options, options[i].name);

		if (!at && i > 2)
			continue;
		printf("  %-12s %-8s %s\n", options[i].name, options[i].value ? options[i].value : "",
			say(options[i].zh, options[i].en));
	}
	printf("\n%s\n  %s\n", say("示例：", "Example:"), v->example);
}

static int help(const char *verb)
{
	for (unsigned i = 0; verb && i < nverbs; i++)
		if (strncmp(verbs[i].name, verb, strlen(verb)) == 0) {
			help_verb(&verbs[i]);
			return 0;
		}
	printf("%s\n\n", say("金财总线：把财政各系统的报文接进来、分出去，一分不差。",
		"jincai: brings the records of a finance bureau's systems in and hands them out, to the fen."));
	for (unsigned i = 0; i < nverbs; i++)
		printf("  %-12s  %s\n", verbs[i].name, say(verbs[i].zh, verbs[i].en));
	printf("\n%s\n", say("jincai VERB --help 看某个命令的用法。", "jincai VERB --help shows one of them."));
	return 0;
}

static int version(void)
{
	printf("jincai %s (%s, libfyaml %s, jansson %s, %s)\n", JINCAI_VERSION, store_library_version(),
		fy_library_version(), jansson_version_str(), OpenSSL_version(OPENSSL_VERSION));
	return 0;
}

/* The verb that the first words name; *ret_used of them. */
static const struct verb *find_verb(int argc, char **argv, int *ret_used)
{
	for (unsigned i = 0; i < nverbs; i++) {
		const char *second = strchr(verbs[i].name, ' ');
		size_t n = second ? (size_t)(second - verbs[i].name) : strlen(verbs[i].name);

		if (strlen(argv[1]) != n || strncmp(argv[1], verbs[i].name, n) != 0)
			continue;
		if (second && (argc < 3 || strcmp(argv[2], second + 1) != 0))
			continue;
		*ret_used = second ? 2 : 1;
		return &verbs[i];
	}
	return NULL;
}

/* Stores one option; -1 when there are too many. */
static int store(struct args *a, const char *name, const char *value)
{
	unsigned n = 0;

	if (strcmp(name, "-c") == 0)
		a->site = value;
	else if (strcmp(name, "--form") == 0)
		a->form = value;
	else if (strcmp(name, "--sample") == 0)
		a->sample = value;
	else if (strcmp(name, "--dir") == 0)
		a->dir = value;
	else if (strcmp(name, "--explain") == 0)
		a->explain = value;
	else if (strcmp(name, "--summary") == 0)
		a->summary = true;
	else if (strcmp(name, "--deep") == 0)
		a->deep = true;
	else if (strcmp(name, "--json") == 0)
		a->json = true;
	else if (strcmp(name, "--until-idle") == 0)
		a->until_idle = true;
	else if (strcmp(name, "--lang") == 0)
		say_set_lang(strcmp(value, "zh") == 0 ? ERR_ZH : ERR_EN);
	else {
		while (n < 8 && a->libraries[n])
			n++;
		if (n == 8)
			return -1;
		a->libraries[n] = value;
	}
	return 0;
}

static bool takes(const struct verb *v, size_t option)
{
	char word[32];

	if (option < 3)
		return true;
	snprintf(word, sizeof word, " %s", options[option].name);
	return strstr(v->options, word) != NULL;
}

/* Reads what follows the verb. 0, or an exit code + 1. */
static int read_args(const struct verb *v, int argc, char **argv, struct args *a)
{
	for (int i = 0; i < argc; i++) {
		size_t o = 0;

		if (strcmp(argv[i], "--help") == 0) {
			help_verb(v);
			return 1;
		}
		if (argv[i][0] != '-' || !argv[i][1]) {
			if (a->nwords == sizeof a->words / sizeof *a->words - 1)
				return usage("too many words:", "参数太多：", argv[i]) + 1;
			a->words[a->nwords++] = argv[i];
			continue;
		}
		while (o < NOPTIONS && strcmp(options[o].name, argv[i]) != 0)
			o++;
		if (o == NOPTIONS || !takes(v, o))
			return usage("this verb has no option", "该命令没有选项", argv[i]) + 1;
		if (options[o].value && ++i == argc)
			return usage("a value is missing for", "缺少选项值：", options[o].name) + 1;
		if (store(a, options[o].name, options[o].value ? argv[i] : NULL) != 0)
			return usage("given too often:", "给得太多：", options[o].name) + 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct verb *v;
	struct args a = {0};
	int used = 0, stop;

	umask(077);
	prctl(PR_SET_DUMPABLE, 0);   /* what is in memory is salaries: no core files */
	say_set_lang(say_lang_from_env());
	if (argc < 2 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0)
		return help(argc > 2 ? argv[2] : NULL);
	if (strcmp(argv[1], "--version") == 0)
		return version();
	v = find_verb(argc, argv, &used);
	if (!v)
		return usage("there is no verb", "没有这个命令：", argv[1]);
	stop = read_args(v, argc - 1 - used, argv + 1 + used, &a);
	return stop ? stop - 1 : v->run(&a);
}
