/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jincai: the integration bus of a finance bureau. See verbs.c for what it can do.
 */
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

#include "kafka_admin.h"
#include "say.h"
#include "store.h"
#include "verbs.h"
#include "version.h"

static int usage(const char *what_en, const char *what_zh, const char *word)
{
	struct err e;

	err_set(&e, E_USAGE, "what=%s%s%s", say(what_zh, what_en), word ? " " : "", word ? word : "");
	err_print(&e, say_lang(), stderr);
	return 2;
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

static bool takes(const struct verb *v, size_t option)
{
	return option < VERB_COMMON_OPTIONS || verb_takes(v, options[option].name);
}

/* Reads what follows the verb. 0, or an exit code + 1. */
static int read_args(const struct verb *v, int argc, const char *const *argv, struct args *a)
{
	for (int i = 0; i < argc; i++) {
		size_t o = 0;

		if (strcmp(argv[i], "--help") == 0) {
			verb_show_help(v);
			return 1;
		}
		if (argv[i][0] != '-' || !argv[i][1]) {
			if (a->nwords == sizeof a->words / sizeof *a->words - 1)
				return usage("too many words:", "参数太多：", argv[i]) + 1;
			a->words[a->nwords++] = argv[i];
			continue;
		}
		while (o < noptions && strcmp(options[o].name, argv[i]) != 0)
			o++;
		if (o == noptions || !takes(v, o))
			return usage("this verb has no option", "该命令没有选项", argv[i]) + 1;
		if (options[o].value && ++i == argc)
			return usage("a value is missing for", "缺少选项值：", options[o].name) + 1;
		if (store(a, options[o].name, options[o].value ? argv[i] : NULL) != 0)
			return usage("given too often:", "给得太多：", options[o].name) + 1;
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

int verb_call(int nwords, const char *const *words)
{
	struct args a = {0};
	int used = 0, stop;
	const struct verb *v = find_verb(nwords, words, &used);

	if (!v)
		return usage("there is no verb", "没有这个命令：", words[0]);
	stop = read_args(v, nwords - used, words + used, &a);
	return stop ? stop - 1 : v->run(&a);
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
	if (argc < 2 || strcmp(argv[1], "--help") == 0)
		return verb_help(&a);
	if (strcmp(argv[1], "--version") == 0)
		return version();
	return verb_call(argc - 1, (const char *const *)argv + 1);
}
