/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "contract.h"
#include "say.h"
#include "show.h"
#include "verbs.h"

int verb_contract(const struct args *a)
{
	int code = 0;
	struct site *s = verb_site(a, &code);
	struct buf b = BUF_INIT;
	json_t *document;
	char *text;

	if (!s)
		return code;
	if (a->pages) {
		contract_page(s, &b);
	} else {
		document = contract_asyncapi(s);
		text = json_dumps(document, JSON_INDENT(2));
		buf_printf(&b, "%s\n", text);
		free(text);
		json_decref(document);
	}
	show_flush(&b, stdout);
	buf_done(&b);
	site_free(s);
	return 0;
}

struct against {
	struct buf lines;
	unsigned consumers, producers;
};

static void add_words(void *arg, const struct contract_change *c)
{
	struct against *g = arg;

	contract_words(c, &g->lines);
	g->consumers += (contract_whom(c->what) & BREAKS_CONSUMER) != 0;
	g->producers += (contract_whom(c->what) & BREAKS_PRODUCER) != 0;
}

int verb_check_against(struct site *now, const struct args *a)
{
	struct findings f;
	struct against g = {.lines = BUF_INIT};
	struct site *old;
	unsigned n;

	findings_init(&f);
	old = site_load(a->against, a->libraries, &f);
	if (!old)
		findings_print(&f, say_lang(), 0, stderr);
	findings_done(&f);
	if (!old)
		return 3;
	n = contract_compare(old, now, add_words, &g);
	show_flush(&g.lines, stdout);
	if (n)
		fprintf(stderr, say("与 %s 相比，有 %u 处会影响使用者、%u 处会影响来源；没有启动任何东西。请改回，或另立新版本、新主题并通知以上各方\n",
			"against %s %u things break for consumers, %u for producers; nothing was started. Put them "
			"back, or make a new version on a topic of its own and tell those above\n"), a->against,
			g.consumers, g.producers);
	else
		fprintf(stderr, say("与 %s 相比，使用者照旧可用\n", "against %s: all is for consumers as it was\n"), a->against);
	buf_done(&g.lines);
	site_free(old);
	return n ? 1 : 0;
}
