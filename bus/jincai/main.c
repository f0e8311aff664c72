/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jincai: the integration bus of a finance bureau. See verbs.c for what it can do.
 */
#include <errno.h>
#include <jansson.h>
#include <libfyaml.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "kafka_admin.h"
#include "say.h"
#include "store.h"
#include "verbs.h"
#include "version.h"

/* verb: whose help says more; near: what may have been meant. Either may be NULL. */
static int usage(const char *what, const char *word, const char *verb, const char *near)
{
	struct err e;

	err_set(&e, E_USAGE, "what=%s%s\nverb=%s\nnear=%s", what, word, verb ? verb : "", near ? near : "");
	return verb_failed(&e);
}

static int version(void)
{
	printf("jincai %s (%s, librdkafka %s, libfyaml %s, jansson %s, %s)\n", JINCAI_VERSION, store_library_version(),
		kafka_library_version(), fy_library_version(), jansson_version_str(), OpenSSL_version(OPENSSL_VERSION));
	return 0;
}

/* The verb that the first words name; *ret_used of them. */
static const struct verb *find_verb(int argc, const char *const *argv, int *ret_used)
{
	for (unsigned i = 0; i < nverbs; i++) {
		const char *second = strchr(verbs[i].name, ' ');
		size_t n = second ? (size_t)(second - verbs[i].name) : strlen(verbs[i].name);

		if (strlen(argv[0]) != n || strncmp(argv[0], verbs[i].name, n) != 0)
			continue;
		if (second && (argc < 2 || strcmp(argv[1], second + 1) != 0))
			continue;
		*ret_used = second ? 2 : 1;
		return &verbs[i];
	}
	return NULL;
}

/* Up to when, and a destination: two of them. */
static int store_to(struct selection_words *w, const char *value)
{
	if (w->to[1])
		return -1;
	w->to[w->to[0] != NULL] = value;
	return 0;
}

/* Where in struct args an option is kept. */
#define AT(member) offsetof(struct args, member)
struct kept_at {
	const char *name;
	size_t at;
};
static const struct kept_at option_words[] = {
	{"-c", AT(site)}, {"--form", AT(form)}, {"--sample", AT(sample)}, {"--dir", AT(dir)}, {"--bus", AT(bus)},
	{"--explain", AT(explain)}, {"--reason", AT(reason)}, {"--line", AT(line)}, {"--from", AT(select.from)},
	{"--topic", AT(select.topic)}, {"--day", AT(select.day)}, {"--unit", AT(select.unit)},
	{"--amount", AT(amount)}, {"--to-file", AT(to_file)}, {"--to-topic", AT(to_topic)},
	{"--to-destination", AT(to_destination)}, {"--rate", AT(rate)}, {"--close", AT(close_day)},
	{"--batch", AT(batch)}, {"--flow", AT(flow)}, {"--destination", AT(destination)},
	{"--where", AT(select.where)}, {"--group", AT(group)}, {"--commit-every", AT(commit_every)},
	{"--against", AT(against)}, {"--part", AT(part)}, {"--parcel", AT(parcel)}, {"--key", AT(select.key)},
	{"--as", AT(as)}, {"--export", AT(export_to)}, {"--import", AT(import_from)},
	{NULL, 0},
};
static const struct kept_at option_flags[] = {
	{"--full", AT(full)}, {"--follow", AT(follow)}, {"--pages", AT(pages)}, {"--summary", AT(summary)},
	{"--deep", AT(deep)}, {"--merge", AT(merge)}, {"--json", AT(json)}, {"--until-idle", AT(until_idle)},
	{"--take-over", AT(take_over)}, {"--create", AT(create)}, {"--acls", AT(acls)}, {"--live", AT(live)},
	{"--update", AT(update)}, {"--yes", AT(yes)}, {"--reveal", AT(reveal)}, {"--all", AT(all)},
	{NULL, 0},
};

/* NULL: it is not among them. */
static void *place_in(struct args *a, const struct kept_at *rows, const char *name)
{
	for (; rows->name; rows++)
		if (strcmp(rows->name, name) == 0)
			return (char *)a + rows->at;
	return NULL;
}

static int store_library(struct args *a, const char *value)
{
	const unsigned max = sizeof a->libraries / sizeof *a->libraries - 1;
	unsigned n = 0;

	while (n < max && a->libraries[n])
		n++;
	if (n == max)
		return -1;
	a->libraries[n] = value;
	return 0;
}

/* Stores one option; -1 when there are too many. */
static int store(struct args *a, const char *name, const char *value)
{
	const char **word = place_in(a, option_words, name);
	bool *flag = place_in(a, option_flags, name);

	if (word)
		*word = value;
	else if (flag)
		*flag = true;
	else if (strcmp(name, "--to") == 0)
		return store_to(&a->select, value);
	else if (strcmp(name, "--library") == 0)
		return store_library(a, value);
	else if (strcmp(name, "--lang") == 0)
		say_set_lang(strcmp(value, "zh") == 0 ? ERR_ZH : ERR_EN);
	else
		abort();             /* a row of options[] that is kept nowhere */
	return 0;
}

/* A name that is misspelt, or an option of other verbs. */
static int no_option(const struct verb *v, struct span name)
{
	const char **names = mem_new((noptions + 1u) * sizeof *names);
	char *word = mem_text(name);
	unsigned n = 0;
	int code;

	for (unsigned i = 0; i < noptions; i++)
		if (verb_option(v, options[i].name))
			names[n++] = options[i].name;
	names[n] = NULL;
	code = usage(say("该命令没有选项 ", "this verb has no option "), word, v->name, conf_nearest(name, names));
	free(names);
	free(word);
	return code;
}

/* What is there up to the '=' of "--day=2026-12-05". */
static struct span name_of(const char *word)
{
	const char *is = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;

	return is ? (struct span){word, (size_t)(is - word)} : span_of(word);
}

/* Reads the option at *i, which is moved to its last word. 0, or an exit code + 1. */
static int read_option(const struct verb *v, int argc, const char *const *argv, int *i, struct args *a)
{
	const struct span name = name_of(argv[*i]);
	const char *value = name.p[name.n] ? name.p + name.n + 1 : NULL;
	const struct verb_option *o = NULL;

	for (unsigned n = 0; n < noptions && !o; n++)
		if (span_is(name, options[n].name))
			o = verb_option(v, options[n].name);
	if (!o)
		return no_option(v, name) + 1;
	if (value && !o->value)
		return usage(say("这个选项不带值：", "takes no value: "), o->name, v->name, NULL) + 1;
	if (o->value && !value && ++*i == argc)
		return usage(say("缺少选项值：", "a value is missing for "), o->name, v->name, NULL) + 1;
	if (o->value && !value)
		value = argv[*i];
	if (strcmp(o->name, "--lang") == 0 && strcmp(value, "zh") != 0 && strcmp(value, "en") != 0)
		return usage(say("--lang 只能是 zh 或 en，不是 ", "--lang is zh or en, not "), value, v->name, NULL) + 1;
	if (store(a, o->name, value) != 0)
		return usage(say("给得太多：", "given too often: "), o->name, v->name, NULL) + 1;
	return 0;
}

/* Reads what follows the verb. 0, or an exit code + 1. */
static int read_args(const struct verb *v, int argc, const char *const *argv, struct args *a)
{
	for (int i = 0; i < argc; i++) {
		int code;

		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			verb_show_help(v);
			return 1;
		}
		if (argv[i][0] == '-' && argv[i][1]) {
			if ((code = read_option(v, argc, argv, &i, a)) != 0)
				return code;
		} else if (a->nwords == v->words) {
			return verb_misused(a) + 1;
		} else {
			a->words[a->nwords++] = argv[i];
		}
	}
	a->from = a->select.from;
	a->key = a->select.key;
	return 0;
}

/* What is in memory is salaries. A pattern that pipes to a program gets dumps at limit 0, too, but none of who is not dumpable. */
static void no_core(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
}

/* Each client of a cluster has threads that fill buffers which others free: an arena for each thread keeps what it once had for
 * good (160 MB where 60 are in use). And what is large goes back at once. */
static void few_arenas(void)
{
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 2 << 20);
}

/* "dead" alone, "dead lsit", "balanec", or an option where the verb stands. */
static int no_verb(int nwords, const char *const *words)
{
	const char **names = mem_new((nverbs + 1u) * sizeof *names), *near, *group = NULL;
	struct buf typed = BUF_INIT;
	int code;

	for (unsigned i = 0; i < nverbs; i++) {
		names[i] = verbs[i].name;
		if (span_starts(span_of(verbs[i].name), span_of(words[0])) && verbs[i].name[strlen(words[0])] == ' ')
			group = words[0];
	}
	names[nverbs] = NULL;
	buf_str(&typed, words[0]);
	near = conf_nearest(buf_as_span(&typed), names);
	if (!near && nwords > 1 && words[1][0] != '-') {
		buf_printf(&typed, " %s", words[1]);
		near = conf_nearest(buf_as_span(&typed), names);
	}
	if (words[0][0] == '-')
		code = usage(say("选项写在命令之后：", "options stand behind the verb: "), words[0], NULL, NULL);
	else
		code = usage(say("没有这个命令：", "there is no verb "), near || group ? buf_text(&typed) : words[0], group, near);
	buf_done(&typed);
	free(names);
	return code;
}

int verb_call(int nwords, const char *const *words)
{
	struct args a = {0};
	int used = 0, stop;

	a.verb = find_verb(nwords, words, &used);
	if (!a.verb)
		return no_verb(nwords, words);
	stop = read_args(a.verb, nwords - used, words + used, &a);
	return stop ? stop - 1 : a.verb->run(&a);
}

/* What did not get out (a full disk behind '>') is no answer, whatever the verb says. */
static int written(int code)
{
	struct err e;

	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	err_set(&e, E_OUTPUT, "errno=%s", strerror(errno ? errno : EIO));
	return verb_failed(&e);
}

int main(int argc, char **argv)
{
	struct args a = {0};

	umask(077);
	no_core();
	few_arenas();
	say_set_lang(say_lang_from_env());
	if (argc < 2 && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return verb_menu();
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return written(verb_help(&a));
	if (strcmp(argv[1], "--version") == 0)
		return written(version());
	return written(verb_call(argc - 1, (const char *const *)argv + 1));
}
