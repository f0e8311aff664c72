/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "say.h"
#include "verbs.h"

/* ---- verbs ---- */

static int widest(int so_far, const char *text)
{
	const int n = text ? (int)strlen(text) : 0;

	return n > so_far ? n : so_far;
}

void verb_show_help(const struct verb *v)
{
	const struct verb_option *o;
	int name = 0, value = 0;

	for (unsigned i = 0; i < noptions; i++)
		if ((o = verb_option(v, options[i].name)) != NULL) {
			name = widest(name, o->name);
			value = widest(value, o->value);
		}
	printf("jincai %s%s%s\n\n  %s\n\n", v->name, v->usage[0] ? " " : "", v->usage, say(v->zh, v->en));
	for (unsigned i = 0; i < noptions; i++)
		if ((o = verb_option(v, options[i].name)) != NULL)
			printf("  %-*s  %-*s  %s\n", name, o->name, value, o->value ? o->value : "", say(o->zh, o->en));
	printf("\n%s\n  %s\n", say("示例：", "Example:"), v->example);
}

static int show_all(void)
{
	int name = 0;

	printf("%s\n\n", say("金财总线：把财政各系统的报文接进来、分出去，一分不差。",
		"jincai: brings the records of a finance bureau's systems in and hands them out, to the fen."));
	for (unsigned i = 0; i < nverbs; i++)
		name = widest(name, verbs[i].name);
	for (unsigned i = 0; i < nverbs; i++)
		printf("  %-*s  %s\n", name, verbs[i].name, say(verbs[i].zh, verbs[i].en));
	printf("\n%s\n", say("jincai help 命令，看某个命令的用法；jincai help 代码，看某个错误代码，如 jincai help route.none。",
		"jincai help VERB shows one of them; jincai help CODE explains an error code, such as route.none."));
	return 0;
}

static void show_selection(void)
{
	struct buf b = BUF_INIT;

	selection_help(&b);
	fwrite(b.p, 1, b.n, stdout);
	buf_done(&b);
}

/* "dead list", and for "dead" all of its verbs. How many there were. */
static unsigned show_verbs(struct span word)
{
	unsigned n = 0;

	for (unsigned i = 0; i < nverbs; i++) {
		struct span name = span_of(verbs[i].name);

		if (!span_starts(name, word) || (name.n > word.n && name.p[word.n] != ' '))
			continue;
		if (n++)
			putchar('\n');
		verb_show_help(&verbs[i]);
	}
	return n;
}

/* ---- codes ---- */

static const struct {
	const char *en, *zh;
} kinds[] = {
	[ERR_NONE] = {"", ""},
	[ERR_RETRY] = {"may work later; nothing was committed, it is tried again by itself", "以后可能成功；什么也没有提交，会自动重试"},
	[ERR_DATA] = {"data; this record or file never gets through: it is put aside or holds its batch, the rest goes on",
		"数据问题：这笔记录或这个文件过不去，放在一边或扣住所在批次，其余照常"},
	[ERR_CONF] = {"a file that was given is wrong, or a rule forbids it; nothing is started, or the flow stops",
		"所给的文件有误，或规则不允许；不启动，或该流程停下"},
	[ERR_NOTE] = {"a note; nothing is refused for it", "提醒；不因此拒绝任何东西"},
	[ERR_HALT] = {"no further with what is in memory; the flow closes and opens anew, or the process ends",
		"不再使用内存里的内容；该流程重新打开，或进程结束"},
}, exits[] = {
	{"done", "完成"},
	{"there are findings, or something waits for a person", "有问题，或有事等人处理"},
	{"used in a way that it does not know", "命令用法不对"},
	{"a file that was given is wrong; nothing was started", "所给的文件有误，什么也没有启动"},
	{"something it needs is away or full; it may work later", "所需的东西不在或已满，以后可能成功"},
	{"refused by a rule; nothing was done", "按规则拒绝，什么也没有做"},
	{"it stopped itself, so that nothing goes wrong; a restart is the recovery", "为防出错自行停下，重启即恢复"},
	{"another owner has taken over", "已由另一进程接管"},
};

/* Arguments that stand for themselves: words are shown with their {placeholders}. */
static void name_args(struct err *e, const char *words)
{
	for (const char *at = strchr(words, '{'), *end; at && (end = strchr(at, '}')) != NULL; at = strchr(end, '{')) {
		size_t n = (size_t)(end - at), used = strlen(e->args);

		snprintf(e->args + used, sizeof e->args - used, "%.*s=%.*s}\n", (int)(n - 1), at + 1, (int)n, at);
	}
}

static void show_code(enum err_id id)
{
	const struct err_code *c = err_code(id);
	struct err e = {.id = id};
	char words[1024];

	name_args(&e, say(c->zh, c->en));
	name_args(&e, say(c->do_zh, c->do_en));
	err_words(&e, say_lang(), words, sizeof words);
	printf("%s\n  %s\n", c->name, words);
	err_remedy(&e, say_lang(), words, sizeof words);
	if (words[0])
		printf("  → %s\n", words);
	printf("  %s%s\n", say("性质：", "kind: "), say(kinds[c->kind].zh, kinds[c->kind].en));
	printf("  %s%d%s%s\n", say("退出码：", "exit code: "), c->exit, say("，", ", "),
		say(exits[c->exit].zh, exits[c->exit].en));
	if (e.args[0])
		printf("  %s\n", say("{ } 里的内容在出错时填入。", "What stands in { } is filled in when it happens."));
}

/* "route.none", and for "route" all codes that begin with it, by name alone. How many there were. */
static unsigned show_codes(struct span word)
{
	char *name = mem_text(word);
	enum err_id id = err_by_name(name);
	unsigned n = id != E_NONE;

	free(name);
	if (n)
		show_code(id);
	for (int i = 1; !id && i < E_COUNT; i++) {
		struct span code = span_of(err_code((enum err_id)i)->name);

		if (!span_starts(code, word) || code.p[word.n] != '.')
			continue;
		n++;
		printf("  %s\n", code.p);
	}
	return n;
}

static int unknown(struct span word)
{
	const char **names = mem_new((nverbs + E_COUNT + 1u) * sizeof *names), *near;
	unsigned n = 0;
	struct err e;

	for (unsigned i = 0; i < nverbs; i++)
		names[n++] = verbs[i].name;
	for (int i = 1; i < E_COUNT; i++)
		names[n++] = err_code((enum err_id)i)->name;
	near = conf_nearest(word, names);
	err_set(&e, E_HELP_NONE, "name=%.*s\nnear=%s", SPAN_F(word), near ? near : "-");
	free(names);
	return verb_failed(&e);
}

int verb_help(const struct args *a)
{
	struct buf text = BUF_INIT;
	struct span word;
	int code = 0;

	for (unsigned i = 0; i < a->nwords; i++)
		buf_printf(&text, "%s%s", i ? " " : "", a->words[i]);
	word = buf_as_span(&text);
	if (span_starts(word, SPAN("[")) && span_ends(word, SPAN("]")))
		word = (struct span){word.p + 1, word.n - 2};
	if (!a->nwords)
		show_all();
	else if (span_is(word, "selection"))
		show_selection();
	else if (!show_verbs(word) && !show_codes(word))
		code = unknown(word);
	buf_done(&text);
	return code;
}
